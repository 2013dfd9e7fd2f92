import { configSchema } from "../../src/domain/config-schema.ts";
import type { CaseFile } from "../../src/domain/policy/cases.ts";
import type { Parameter, ParameterValue } from "../../src/domain/policy/parameters.ts";
import type { Policy, PolicySet } from "../../src/domain/policy/policy-set.ts";
import type { PolicyScope } from "../../src/domain/policy.ts";

/** A part of a JSON Schema as far as the reference shows it. */
interface Shown {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shown>>;
  readonly additionalProperties?: Shown | boolean;
}

/** Text as a cell of a table. */
export function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim();
}

function code(value: unknown): string {
  return `\`${cell(typeof value === "string" ? value : JSON.stringify(value))}\``;
}

function rows(path: string, schema: Shown): readonly string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const name = path === "" ? key : `${path}.${key}`;
    const values = value.enum === undefined ? (value.examples?.slice(0, 1).map(code) ?? []) : value.enum.map(code);
    const fallback = value.default === undefined ? "" : code(value.default);
    return [`| \`${name}\` | ${cell(value.description ?? "")} | ${values.join(", ")} | ${fallback} |`, ...rows(name, value)];
  });
  const each = typeof schema.additionalProperties === "object" ? rows(`${path}.<name>`, schema.additionalProperties) : [];
  return [...own, ...each];
}

/** Every key of the config file, from the schema that checks it. */
export function configurationReference(): string {
  return [
    "# Configuration",
    "",
    "`.github/pinion.yaml` on the default branch says everything that belongs to the repository. It is read from there only: what a pull request",
    "does to it counts from its merge on. `pinion config check` tells every mistake at once, with line, column and what was probably meant.",
    "",
    "Editors complete and check it with the JSON Schema that `pinion config schema` prints (it is also in [`schema/`](../schema/pinion.schema.json)). Put it",
    "where the editor can reach it, and name it in the first line:",
    "",
    "```yaml",
    "# yaml-language-server: $schema=../schema/pinion.schema.json",
    "```",
    "",
    "In an SLO, `errors` should end in `or vector(0)`: a series of errors that never existed gives an empty answer, and an empty answer is \"cannot tell\".",
    "`total` needs none: before the first deployment of an app an empty answer counts as no traffic, and after a deployment it is better told than taken for silence.",
    "",
    "Durations are written with their unit: `90s`, `30m`, `1h`, `2d`. URLs, tokens and secrets are never in this file; the operator gives them",
    "as environment variables ([installation](installation.md)).",
    "",
    "| key | meaning | values | default |",
    "| :-- | :-- | :-- | :-- |",
    ...rows("", configSchema),
    "",
    "Under `apps`, every key besides `discover` and `defaults` is the name of an app, and says what differs from the defaults for it.",
    "",
  ].join("\n");
}

/** What a policy judges, how strictly, and whether it does by itself. */
function judging({ applies, warn, enforce, onlyWhenNamed, file }: Policy): readonly string[] {
  const softened = enforce === "warn" ? " It only warns." : warn === null ? "" : ` It only warns for ${scopeWords(warn)}.`;
  const on = onlyWhenNamed ? "**Off until the configuration names it.** " : "";
  return [`${on}Judges: ${scopeWords(applies)}.${softened} File: [\`${file}\`](../${file}).`, ""];
}

/** What is limited; the page says once that all else is not. */
function scopeWords({ kinds, origins, environments, apps }: PolicyScope): string {
  const names = (what: string, patterns: readonly string[]): string => (patterns.includes("*") ? "" : `, ${what} ${patterns.map(code).join(", ")} only`);
  const by = origins.length > 1 ? "" : origins[0] === "bot" ? " opened by Pinion" : " opened by a person";
  return `${kinds.join(", ")}${by}${names("into", environments)}${names("of", apps)}`;
}

function parametersTable(parameters: readonly Parameter[]): readonly string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map((parameter) => {
    const { name, type, description, fallback } = parameter;
    return `| \`${name}\` | \`${type}\` | ${cell(description)} | ${fallback === null ? "**required**" : written(parameter, fallback)} | ${boundsOf(parameter)} |`;
  });
  return ["| parameter | type | meaning | default | bounds |", "| :-- | :-- | :-- | :-- | :-- |", ...rows, ""];
}

function boundsOf(parameter: Parameter): string {
  const { type, minimum, maximum, oneOf } = parameter;
  const bound = (value: number): string => (type === "list<string>" ? `${value} ${value === 1 ? "entry" : "entries"}` : written(parameter, value));
  const told = [minimum === null ? [] : [`at least ${bound(minimum)}`], maximum === null ? [] : [`at most ${bound(maximum)}`], oneOf === null ? [] : [`one of ${oneOf.map(code).join(", ")}`]];
  return told.flat().join(", ");
}

/** As the configuration would write it. */
function written({ type }: Parameter, value: ParameterValue): string {
  if (type !== "duration" || typeof value !== "number") return code(value);
  const units = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000]] as const;
  const [unit, length] = value === 0 ? ["s", 1000] : (units.find(([, milliseconds]) => value % milliseconds === 0) ?? ["s", 1000]);
  return code(`${value / length}${unit}`);
}

/** Every gate, from the policy files that judge. */
export function gatesReference({ policies }: PolicySet, cases: ReadonlyMap<string, CaseFile>): string {
  const casesOf = (policy: string): readonly string[] => {
    const file = cases.get(policy);
    return file === undefined ? [] : casesTable(file);
  };
  return [
    "# Gates",
    "",
    "Every gate is a policy file in [`policies/`](../policies): data with a description, a condition over the facts of a promotion, and the words that people",
    "read on the pull request. Each says one of five things:",
    "",
    "| result | meaning |",
    "| :-- | :-- |",
    "| pass | the rule is met |",
    "| fail | it is not met, and time alone will not change that |",
    "| wait | it is not met yet; the check says until when, where that is known |",
    "| unknown | it cannot be told, because something could not be asked; never counts as a pass |",
    "| not applicable | the rule has nothing to say here |",
    "",
    "Pinion merges only when every blocking gate passes or is not applicable, and at least one passes.",
    "",
    `Always on: ${links(policies.filter(({ onlyWhenNamed }) => !onlyWhenNamed))}.`,
    "",
    `On only where the configuration names them: ${links(policies.filter(({ onlyWhenNamed }) => onlyWhenNamed))}. Name them for all environments or for one, with their parameters:`,
    "",
    "```yaml",
    "policies:",
    "  no-drift: {}                         # in every environment; {} where it has or needs no parameters",
    "environments:",
    "  prod:",
    "    policies:",
    "      image-age: { at_least: 2h }      # in prod",
    "```",
    "",
    "Each judges the kinds of promotions that it names, of every app into every environment, whether Pinion or a person opened the pull request, unless it says otherwise.",
    "A repository's own policies are always on, for the environments and apps that they name: [policies](policies.md). `pinion policy explain NAME` tells in a clone what is in force.",
    "",
    ...policies.flatMap((policy) => [
      `## ${policy.name}`,
      "",
      policy.description.trim(),
      "",
      policy.docs.trim(),
      "",
      ...judging(policy),
      ...parametersTable(policy.parameters),
      ...casesOf(policy.name),
    ]),
  ].join("\n");
}

function links(policies: readonly Policy[]): string {
  return policies.map(({ name }) => `[${name}](#${name})`).join(", ");
}

/** What a policy says of promotions, from its cases: they are run, so they are true. */
function casesTable({ cases, file }: CaseFile): readonly string[] {
  return [
    `| what it says of | result | by [its cases](../${file}) |`,
    "| :-- | :-- | :-- |",
    ...cases.map(({ name, expect }) => `| ${cell(name)} | ${expect.result}${expect.enforce === "warn" ? " (warns)" : ""} | ${cell(expect.reason ?? "")} |`),
    "",
  ];
}
