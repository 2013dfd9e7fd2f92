import { stringify } from "yaml";
import { CONFIG_PATH } from "../../domain/config.ts";
import type { Expression } from "../../domain/policy/cel.ts";
import { DESCRIBED_FACTS } from "../../domain/policy/fact-docs.ts";
import { factsReadBy } from "../../domain/policy/evaluate.ts";
import type { ManifestRule } from "../../domain/policy/manifest-rule.ts";
import { unmatchedApps } from "../../domain/policy/own-policies.ts";
import { parameterValues, type Parameter, type ParameterValue } from "../../domain/policy/parameters.ts";
import type { Policy } from "../../domain/policy/policy-set.ts";
import { fitsOne } from "../../domain/policy/scope.ts";
import type { Template } from "../../domain/policy/template.ts";
import type { PolicyScope } from "../../domain/policy.ts";
import { readableDuration } from "../../domain/report/readable.ts";
import type { YamlValue } from "../../domain/yaml-document.ts";
import { EXIT, type Command } from "../command.ts";
import { appsUnder } from "../pin-source.ts";
import { configuredFor, OWN_POLICIES, policyNamed, problemText, readRules, type LoadShipped, type Rules } from "./rules.ts";

export function policyExplain(loadShipped: LoadShipped): Command {
  return {
    name: "policy explain",
    parameters: "NAME [DIR] [--json]",
    summary: "what a policy wants, where, and what it reads",
    details: `Tells what the policy NAME wants and why, where it applies and judges, its parameters with the values in
force, its conditions and messages, and every fact it reads with its source and the access that takes.
Policies are those that come with Pinion and those in DIR, ${OWN_POLICIES} unless given.

  --json   {"name", "file", "description", "docs", "enforce", "applies", "warn"?, "override"?, "judges": [environment],
           "parameters": [{"name", "type", "description", "default"?, "values": {environment: value}}],
           "conditions": {"when"?, "wait"?, "until"?, "pass"?}, "schema"?: {"match", "schema"}, "messages",
           "facts": [{"name", "source", "access", "missing"?}], "warnings": [text]}`,
    accepts: { words: 2, json: true },
    run: async ({ words, json }, terminal) => {
      const [name, directory] = words;
      const read = await readRules(directory, loadShipped);
      if (!read.ok) {
        terminal.err(problemText(read));
        return EXIT.usage;
      }
      const { rules } = read;
      const policy = name === undefined ? `which policy? There are: ${rules.policies.map((one) => one.name).join(", ")}` : policyNamed(rules.policies, name);
      if (typeof policy === "string") {
        terminal.err(`pinion: ${policy}\n`);
        return EXIT.usage;
      }
      const told = { ...explained(rules, policy), warnings: await warningsOf(rules, policy) };
      terminal.out(json ? `${JSON.stringify(told, null, 2)}\n` : asText(rules, policy, told));
      return EXIT.ok;
    },
  };
}

/** What it says of apps that are not there. */
async function warningsOf({ config, root }: Rules, policy: Policy): Promise<readonly string[]> {
  if (config === null || root === null || policy.apps.length === 0) return [];
  return unmatchedApps([policy], await appsUnder(root, config)).map(({ line, column, message }) => `line ${line}:${column}: ${message}`);
}

interface ExplainedParameter {
  readonly name: string;
  readonly type: Parameter["type"];
  readonly description: string;
  /** Absent where the configuration must give it. */
  readonly default?: ParameterValue;
  /** By environment; `""` where there is no configuration. A value that is missing is null. */
  readonly values: Readonly<Record<string, ParameterValue | null>>;
}

interface Explained extends Pick<Policy, "name" | "file" | "description" | "docs" | "enforce" | "applies"> {
  readonly warn?: PolicyScope;
  readonly override?: string;
  readonly judges: readonly string[];
  readonly parameters: readonly ExplainedParameter[];
  readonly conditions: Readonly<Record<string, string>>;
  readonly schema?: { readonly match: { readonly apiVersion: readonly string[]; readonly kind: readonly string[] }; readonly schema: YamlValue };
  readonly messages: Readonly<Record<string, string>>;
  readonly facts: readonly { readonly name: string; readonly source: string; readonly access: string; readonly missing?: string }[];
}

function explained(rules: Rules, policy: Policy): Explained {
  const { name, file, description, docs, enforce, applies, warn, override } = policy;
  const judges = judging(rules, policy);
  const conditions = given({ when: policy.when, wait: policy.wait, until: policy.until, pass: policy.pass }, ({ source }: Expression<unknown>) => words(source));
  const messages = given(policy.messages, templateText);
  const read = factsReadBy(policy);
  return {
    ...{ name, file, description, docs, enforce, applies },
    ...(warn === null ? {} : { warn }),
    ...(override === null ? {} : { override }),
    judges,
    parameters: policy.parameters.map((parameter) => ({
      ...{ name: parameter.name, type: parameter.type, description: parameter.description },
      ...(parameter.fallback === null ? {} : { default: parameter.fallback }),
      values: Object.fromEntries((rules.config === null ? [""] : judges).map((environment) => [environment, valueIn(rules, policy, parameter, environment)])),
    })),
    conditions,
    ...(policy.schema === null ? {} : { schema: schemaOf(policy.schema) }),
    messages,
    facts: DESCRIBED_FACTS.filter((fact) => read.has(fact.name)).map(({ name, source, access, missing }) => ({ name, source, access, ...(missing === null ? {} : { missing }) })),
  };
}

/** The environments of the configuration in which it judges. */
function judging(rules: Rules, policy: Policy): readonly string[] {
  const environments = rules.config?.environments.map(({ name }) => name) ?? [];
  const on = (environment: string): boolean => !policy.onlyWhenNamed || configuredFor(rules, environment).has(policy.name);
  return environments.filter((environment) => fitsOne(policy.applies.environments, environment) && on(environment));
}

function valueIn(rules: Rules, policy: Policy, parameter: Parameter, environment: string): ParameterValue | null {
  const read = parameterValues([parameter], configuredFor(rules, environment).get(policy.name) ?? new Map());
  return read.ok ? (read.values[parameter.name] ?? null) : null;
}

function schemaOf({ scope, source }: ManifestRule): NonNullable<Explained["schema"]> {
  return { match: { apiVersion: scope.apiVersions, kind: scope.kinds }, schema: source };
}

function given<T>(parts: Readonly<Record<string, T | null>>, text: (part: T) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parts).flatMap(([key, part]) => (part === null ? [] : [[key, text(part)]])));
}

function templateText({ parts }: Template): string {
  return words(parts.map((part) => (typeof part === "string" ? part : `{{ ${part.source} }}`)).join(""));
}

/** Folded as people write it over several lines, told as one. */
function words(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

const WIDTH = 110;
const LEFT = 14;

function asText(rules: Rules, policy: Policy, told: Explained & { readonly warnings: readonly string[] }): string {
  const strictness = told.warn === undefined ? "" : `; only warns for ${scopeText(told.warn)}`;
  const rows: readonly (readonly [string, string])[] = [
    ["judges", `${scopeText(told.applies)}; ${told.enforce === "block" ? "blocks" : "only warns"}${strictness}`],
    ["switched on", whereOn(rules, policy, told.judges)],
    ["file", told.file],
    ...told.warnings.map((warning) => ["warning", warning] as const),
    ...(told.override === undefined ? [] : [["overrides", `the policy of this name that comes with Pinion: ${told.override}`] as const]),
    ["", ""],
    ...Object.entries(told.conditions).map(([key, source]) => [key, source] as const),
    ...(policy.schema === null ? [] : schemaRows(policy.schema)),
    ["", ""],
    ...told.parameters.map((parameter) => [`params.${parameter.name}`, `${plainLinks(parameter.description)} (${parameter.type}) ${valuesText(parameter)}`] as const),
    ...(told.parameters.length === 0 ? [] : [["", ""] as const]),
    ...told.facts.map(({ name, source, access, missing }) => [name, `from ${source}. Access: ${access}.${missing === undefined ? "" : ` Without: ${missing}.`}`] as const),
    ["", ""],
    ...Object.entries(told.messages).map(([result, text]) => [`says: ${result}`, text] as const),
  ];
  const schema = told.schema === undefined ? "" : `\nschema:\n${indented(told.schema.schema)}`;
  const left = rows.reduce((widest, [head]) => Math.max(widest, head.length), LEFT) + 2;
  const lines = rows.map(([head, text]) => (head === "" ? "" : `${head.padEnd(left)}${wrapped(text, left)}`));
  const docs = told.docs === "" ? "" : `${wrapped(plainLinks(told.docs), 0)}\n\n`;
  return `${told.name}\n${wrapped(plainLinks(told.description), 0)}\n\n${docs}${lines.join("\n")}\n${schema}`;
}

/** As text for a terminal: `[selecting](selecting.md)`, a link to a page beside that of the gates, is `docs/selecting.md`. */
function plainLinks(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_link, name: string, target: string) => {
    const page = /^[a-z][a-z-]*\.md(?:#|$)/.test(target) ? `docs/${target}` : target;
    return target === `${name}.md` ? page : `${name} (${page})`;
  });
}

function schemaRows({ words: what }: ManifestRule): readonly (readonly [string, string])[] {
  return [
    ["schema", `below, for each ${what} that the pull request changes`],
    ["not judged", "pull requests that move or remove no pin, whatever manifests they change"],
  ];
}

/** A schema as a policy file has it. */
function indented(schema: YamlValue): string {
  return stringify(schema).replaceAll(/^(?=.)/gm, "  ");
}

function scopeText({ kinds, origins, environments, apps }: PolicyScope): string {
  const names = (what: string, patterns: readonly string[]): string => (patterns.includes("*") ? "" : ` ${what} ${patterns.join(", ")}`);
  const by = origins.length === 2 ? "" : origins[0] === "bot" ? " opened by Pinion" : " opened by a person";
  return `${kinds.join(", ")}${by}${names("into", environments)}${names("of", apps)}`;
}

function whereOn({ config }: Rules, { onlyWhenNamed, name }: Policy, judges: readonly string[]): string {
  if (!onlyWhenNamed) return "always";
  if (config === null) return `where policies: of ${CONFIG_PATH} names it; none was found here`;
  if (judges.length > 0) return `in ${judges.join(", ")}`;
  return `nowhere: write ${name} under policies: of ${CONFIG_PATH}, for all environments or under one`;
}

function valuesText({ type, default: fallback, values }: ExplainedParameter): string {
  const shown = (value: ParameterValue | null): string =>
    value === null ? "not given" : type === "duration" && typeof value === "number" ? readableDuration(value) : JSON.stringify(value);
  const entries = Object.entries(values);
  if (entries.every(([, value]) => value === null)) return fallback === undefined ? "required" : `${shown(fallback)} by default`;
  const [only, ...others] = new Set(entries.map(([, value]) => shown(value)));
  return only !== undefined && others.length === 0 ? `= ${only}` : entries.map(([environment, value]) => `${environment} = ${shown(value)}`).join("; ");
}

/** Text in lines that fit, those after the first one indented. */
function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > WIDTH - indent) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
