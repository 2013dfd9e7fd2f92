/**
 * Policies that people of these worlds write for themselves: few, and of a kind that anybody can judge by looking. Each file says in its first line, as a
 * comment, what it means, so that checkers need not read policies; a file that does not say it is broken.
 */
import type { ConfigFacts } from "./facts.ts";
import type { Edits, WorldView } from "./world-view.ts";

export const OWN_RULES_FOLDER = ".github/pinion/policies/";

export type OwnRule = { readonly in: string } & (
  | { readonly is: "approved"; readonly least: number }
  | { readonly is: "barred"; readonly app: string }
  /** No version that ends like this. */
  | { readonly is: "superstitious"; readonly ending: string }
  /** Deployed for so many minutes in the environments before. The configuration can say another number. */
  | { readonly is: "proven"; readonly minutes: number }
  /** Never passes, and only warns. */
  | { readonly is: "gloomy" }
);

/** The name of a policy is that of its file. */
export function nameOf(rule: OwnRule): string {
  return `${rule.is}-${rule.in}`;
}

export function ownRuleFiles(rules: readonly OwnRule[]): Readonly<Record<string, string>> {
  return Object.fromEntries(rules.map((rule) => [`${OWN_RULES_FOLDER}${nameOf(rule)}.yaml`, textOf(rule)]));
}

export function textOf(rule: OwnRule): string {
  const lines = [
    `# ${JSON.stringify(rule)}`,
    `name: ${nameOf(rule)}`,
    "description: A rule of this repository.",
    `applies: { environments: [${rule.in}], kinds: [promotion] }`,
    `enforce: ${rule.is === "gloomy" ? "warn" : "block"}`,
    ...conditionOf(rule),
  ];
  return `${lines.join("\n")}\n`;
}

function conditionOf(rule: OwnRule): readonly string[] {
  const told = ["messages:", "  pass: it keeps the rule", "  fail: it does not keep the rule"];
  switch (rule.is) {
    case "approved":
      return [`pass: approvals.count >= ${rule.least}`, ...told];
    case "barred":
      return [`pass: promotion.app != "${rule.app}"`, ...told];
    case "superstitious":
      return [`pass: '!promotion.version.endsWith("${rule.ending}")'`, ...told];
    case "gloomy":
      return [`pass: promotion.app == ""`, ...told];
    case "proven":
      return [
        "parameters:",
        `  at_least: { type: duration, description: How long., default: ${rule.minutes}m }`,
        "wait: upstream.exists(env, env.soaked_for < params.at_least)",
        "pass: upstream.all(env, env.soaked_for >= params.at_least)",
        ...told,
        "  wait: it to be proven",
      ];
  }
}

/** Files that are no policies, or must not be there, each broken in another way. */
export function brokenFile(kind: number, environment: string): readonly [string, string] {
  const sound = textOf({ is: "gloomy", in: environment }).split("\n").slice(1).join("\n");
  const files: readonly (readonly [string, string])[] = [
    ["broken.yaml", "name: [\n"],
    ["misspelt.yaml", sound.replace("promotion.app", "promotion.ap").replace("gloomy", "misspelt")],
    ["again.yaml", textOf({ is: "gloomy", in: environment })],
    ["elsewhere.yaml", textOf({ is: "gloomy", in: "nowhere" })],
    ["soak.yaml", sound.replace(/^name: .*/m, "name: soak")],
    ["short.yml", textOf({ is: "gloomy", in: environment })],
  ];
  const [name, text] = files[kind % files.length] ?? ["broken.yaml", "name: [\n"];
  return [`${OWN_RULES_FOLDER}${name}`, text];
}

function ruleIn(text: string): OwnRule | null {
  try {
    const said: unknown = JSON.parse(/^# (\{.*\})$/m.exec(text.split("\n")[0] ?? "")?.[1] ?? "");
    return said as OwnRule;
  } catch {
    return null;
  }
}

/** What is wrong with the rules of a commit: files that cannot be used, and names in the configuration that no file has. */
interface Broken {
  readonly files: readonly string[];
  readonly names: readonly string[];
}

interface Read {
  readonly rules: readonly OwnRule[];
  readonly broken: Broken;
}

function read(view: WorldView, commit: string): Read {
  const config = view.configAt(commit);
  const environments = config?.environments.map(({ name }) => name) ?? [];
  const rules = new Map<string, OwnRule>();
  const broken: string[] = [];
  for (const [path, blob] of view.tree(commit)) {
    if (!path.startsWith(OWN_RULES_FOLDER)) continue;
    const rule = path.endsWith(".yaml") ? ruleIn(view.text(blob)) : null;
    if (rule === null || rules.has(nameOf(rule)) || (config !== null && !environments.includes(rule.in))) broken.push(path);
    else rules.set(nameOf(rule), rule);
  }
  const named = Object.keys(config?.policies ?? {}).filter((name) => name.startsWith("proven-"));
  return { rules: [...rules.values()], broken: { files: broken, names: named.filter((name) => !rules.has(name)) } };
}

/** The repository's own rules at a commit; null while one of them, or what the configuration says of them, cannot be used. */
export function ownRulesAt(view: WorldView, commit: string): readonly OwnRule[] | null {
  const { rules, broken } = read(view, commit);
  return broken.files.length + broken.names.length === 0 ? rules : null;
}

/** How long the configuration wants a release to be proven, in minutes. */
export function provenFor(rule: Extract<OwnRule, { readonly is: "proven" }>, config: ConfigFacts | null): number {
  const given = config?.policies?.[nameOf(rule)]?.["at_least"];
  return typeof given === "string" ? Number.parseInt(given, 10) : rule.minutes;
}

/** What makes the rules of a commit sound again. */
export function mending(view: WorldView, commit: string, edits: (config: ConfigFacts) => Edits): Edits {
  const { broken } = read(view, commit);
  const config = view.configAt(commit);
  const files = Object.fromEntries(broken.files.map((path) => [path, null]));
  if (config === null || broken.names.length === 0) return files;
  const policies = Object.fromEntries(Object.entries(config.policies ?? {}).filter(([name]) => !broken.names.includes(name)));
  return { ...files, ...edits({ ...config, policies }) };
}
