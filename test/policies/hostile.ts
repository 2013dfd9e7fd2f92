import { parseConfig } from "../../src/domain/config-file.ts";
import type { Facts } from "../../src/domain/facts.ts";
import { readManifests } from "../../src/domain/manifest-documents.ts";
import { parseCases } from "../../src/domain/policy/cases.ts";
import { evaluatePolicies } from "../../src/domain/policy/evaluate.ts";
import { MAX_CHARACTERS, MAX_ENTRIES, MAX_TEXT } from "../../src/domain/policy/fact-types.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import { SOUND_FACTS } from "../../src/domain/policy/sound-facts.ts";
import { tagFilter } from "../../src/domain/tag-filter.ts";

/** Something as bad as its cap allows. */
export interface Hostile {
  readonly name: string;
  /** Makes it ready, and answers what is to be measured. That says what came of it. */
  readonly prepare: () => () => string;
}

/** As many texts as a list may have, as long as they may be together, alike up to their last characters. */
const TEXTS = Array.from({ length: MAX_ENTRIES }, (_, index) => `${"a".repeat(Math.floor(MAX_CHARACTERS / MAX_ENTRIES) - 5)}${String(index).padStart(5, "0")}`);
/** Found in none of them, which is known only at its first character when looked for from the end. */
const NEEDLE = `b${"a".repeat(MAX_TEXT / 20)}`;

export const HOSTILE_FACTS: Facts = {
  ...SOUND_FACTS,
  promotion: { ...SOUND_FACTS.promotion, went_bad: NEEDLE },
  change: { pins_only: false, other_files: TEXTS, conflicts: false },
  registry: { missing: TEXTS.map((text) => `${text.slice(0, -1)}x`), moved: [] },
};

const times = (count: number, part: string, between: string): string => Array<string>(count).fill(part).join(between);

/** A condition that holds only after all of the work. */
export const HOSTILE_CONDITIONS: Readonly<Record<string, string>> = {
  "as many nodes as allowed, for each entry": `change.other_files.all(f, ${times(58, "f.size()>0", "&&")})`,
  "one text written anew, again and again": `change.other_files.all(f, ${times(28, '!f.lowerAscii().contains("~")', "&&")})`,
  "one text looked for in another": `change.other_files.all(f, ${times(20, "!f.contains(promotion.went_bad)", "&&")})`,
  "one list looked through for each entry of another": `change.other_files.all(f, ${times(3, "!(f in registry.missing)", " && ")})`,
  "texts that grow": `change.other_files.map(f, f+f+f+f).map(f, f+f+f+f).map(f, f+f+f).all(f, !f.contains("~"))`,
  "lists that grow": `(${times(9, "change.other_files", " + ")}).filter(f, f != "").map(f, f.lowerAscii()).all(f, !f.contains("~"))`,
  "nested as deep as allowed": `${"(".repeat(28)}change.other_files.size() > 0${")".repeat(28)}`,
};

/** A policy file with this condition everywhere. */
export function policyText(condition: string): string {
  const line = JSON.stringify(condition);
  const shown = JSON.stringify(`{{ ${condition} ? "yes" : "no" }}`);
  return `name: hostile\ndescription: As much work as one may ask for.\nenforce: block\nwhen: ${line}\nwait: ${JSON.stringify(`!(${condition})`)}\npass: ${line}\nmessages: { pass: ${shown}, fail: no, wait: no }\n`;
}

function judging(text: string): () => string {
  const parsed = parsePolicy("hostile.yaml", text);
  if (!parsed.ok) return () => `refused: ${parsed.problems[0]?.message ?? ""}`;
  return () => {
    const [gate] = evaluatePolicies({ policies: [parsed.policy] }, HOSTILE_FACTS);
    return `${gate?.result ?? ""}: ${gate?.reason ?? ""}`;
  };
}

function loading(text: string): () => string {
  return () => {
    const parsed = parsePolicy("hostile.yaml", text);
    return parsed.ok ? "loaded" : `refused: ${parsed.problems[0]?.message ?? ""}`;
  };
}

const facts = (changed: Partial<Facts>) => (): string => {
  const sound = parsePolicy("p.yaml", "name: p\ndescription: p\nenforce: block\npass: change.pins_only\nmessages: { pass: a, fail: b }\n");
  if (!sound.ok) return "refused";
  const [gate] = evaluatePolicies({ policies: [sound.policy] }, { ...SOUND_FACTS, ...changed });
  return `${gate?.result ?? ""}: ${gate?.reason ?? ""}`;
};

const MAX_FILE = 64 * 1024;

/** A file of exactly this many characters. */
function filled(head: string, part: string, tail: string): string {
  return `${head}${part.repeat(Math.floor((MAX_FILE - head.length - tail.length) / part.length))}${tail}`;
}

const expressions: readonly Hostile[] = Object.entries(HOSTILE_CONDITIONS).map(([name, condition]) => ({ name, prepare: () => judging(policyText(condition)) }));

const files: readonly Hostile[] = [
  { name: "policy file: nested as deep as it is long", prepare: () => loading(filled("name: ", "[", "")) },
  { name: "policy file: one key after the other", prepare: () => loading(filled("", "k: 1\n", "")) },
  { name: "policy file: aliases of aliases", prepare: () => loading(filled(`a: &a [${times(9, "x", ",")}]\n`, "b: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", "")) },
  { name: "policy file: as many placeholders as allowed, all wrong", prepare: () => loading(policyText("true").replace("fail: no", `fail: "${times(285, "{{ a }}", "")}"`)) },
  {
    name: "case file: as long as allowed",
    prepare: () => {
      const text = `policy: soak\ncases:\n${Array.from({ length: 500 }, (_, index) => `  - { name: c${index}, expect: pass, given: { change: { other_files: [${times(100, "aa", ",")}] } } }\n`).join("")}`;
      return () => {
        const read = parseCases("hostile.test.yaml", text);
        return read.ok ? `loaded ${read.cases.cases.length}` : `refused: ${read.problems[0]?.message ?? ""}`;
      };
    },
  },
];

/** A schema policy with this schema, in one line. */
function schemaPolicy(schema: string): string {
  return `name: hostile\ndescription: As much work as one may ask for.\nenforce: block\nschema: ${schema}\nmessages: { pass: yes, fail: no }\n`;
}

/** Reads a file as a changed manifest, and holds it against a schema. */
function holding(schema: string, text: string): () => string {
  const parsed = parsePolicy("hostile.yaml", schemaPolicy(schema));
  if (!parsed.ok) return () => `refused: ${parsed.problems[0]?.message ?? ""}`;
  return () => {
    const read = readManifests([{ path: "hostile.yaml", text }]);
    const manifests = read.ok ? read.manifests : { unknown: read.problem };
    const [gate] = evaluatePolicies({ policies: [parsed.policy] }, { ...SOUND_FACTS, manifests });
    return `${gate?.result ?? ""}: ${gate?.reason ?? ""}`;
  };
}

/** What a schema may be at most: each level refers to the next one twice. */
const DOUBLING = `{ $ref: "#/$defs/d0", $defs: { ${Array.from({ length: 4 }, (_, index) => `d${index}: { allOf: [{ $ref: "#/$defs/d${index + 1}" }, { $ref: "#/$defs/d${index + 1}" }] }`).join(", ")}, d4: { type: object } } }`;

/** Schemas, and manifests held against them, that are refused or unknown, or else judged. */
const schemas: readonly Hostile[] = [
  { name: "schema, refused: references that double", prepare: () => loading(schemaPolicy(`{ $ref: "#/$defs/d0", $defs: { ${Array.from({ length: 100 }, (_, index) => `d${index}: { allOf: [{ $ref: "#/$defs/d${index + 1}" }, { $ref: "#/$defs/d${index + 1}" }] }`).join(", ")}, d100: {} } }`)) },
  { name: "schema, refused: one value after the other", prepare: () => loading(schemaPolicy(`{ enum: [${times(20_000, "1", ",")}] }`)) },
  { name: "schema, refused: nested as deep as it is long", prepare: () => loading(schemaPolicy(`${times(2_000, "{ not: ", "")}{}${times(2_000, "}", "")}`)) },
  { name: "schema, loaded: as many branches as allowed", prepare: () => loading(schemaPolicy(`{ anyOf: [${times(330, "{ type: object, minProperties: 1 }", ",")}] }`)) },
  { name: "schema, loaded: as many patterns as allowed", prepare: () => loading(schemaPolicy(`{ type: object, properties: { ${Array.from({ length: 240 }, (_, index) => `p${index}: { type: string, pattern: "(x{9}|${index}){9}" }`).join(", ")} } }`)) },
  { name: "schema, loaded: references written out as far as allowed", prepare: () => loading(schemaPolicy(DOUBLING)) },
  { name: "manifest: a problem for each value", prepare: () => holding("{ type: object, additionalProperties: { anyOf: [{ type: integer }, { type: array }, { type: object }] } }", Array.from({ length: 12_000 }, (_, index) => `k${index}: "a"\n`).join("")) },
  { name: "manifest: as much as may be held against a schema", prepare: () => holding("{ type: object, additionalProperties: false }", Array.from({ length: 25_000 }, (_, index) => `k${index}: 1\n`).join("")) },
  { name: "manifest: long texts for a pattern", prepare: () => holding('{ type: object, additionalProperties: { type: string, pattern: "(a|aa)+$" } }', Array.from({ length: 100 }, (_, index) => `k${index}: ${"a".repeat(1_000)}b\n`).join("")) },
  { name: "manifest, unknown: a text too long for a pattern", prepare: () => holding('{ type: object, additionalProperties: { type: string, pattern: "(a{1,20}){1,4}$" } }', `a: ${"a".repeat(250_000)}\n`) },
  { name: "manifest, unknown: aliases of aliases", prepare: () => holding("{ type: object }", `a: &a [${times(9, "x", ",")}]\n${"bcdefghi".split("").map((name, index) => `${name}: &${name} [${times(9, `*${"abcdefgh".charAt(index)}`, ",")}]\n`).join("")}`) },
  { name: "manifest, unknown: nested as deep as it is long", prepare: () => holding("{ type: object }", `a: ${"[".repeat(260_000)}`) },
  { name: "manifest, unknown: as many values as a file can hold", prepare: () => holding("{ type: object }", `a: [${times(130_000, "1", ",")}]\n`) },
  { name: "manifest, unknown: too many documents", prepare: () => holding("{ type: object }", "---\na: 1\n".repeat(29_000)) },
];

const documents: readonly Hostile[] = [
  { name: "facts: a list of a million", prepare: () => facts({ change: { pins_only: true, other_files: Array<string>(1_000_000).fill("a"), conflicts: false } }) },
  { name: "facts: a text of 100 million characters", prepare: () => facts({ change: { pins_only: true, other_files: ["a".repeat(100_000_000)], conflicts: false } }) },
  { name: "facts: texts that are too long together", prepare: () => facts({ change: { pins_only: true, other_files: Array<string>(MAX_ENTRIES).fill("a".repeat(MAX_TEXT)), conflicts: false } }) },
];

const MAX_CONFIGURATION = 256 * 1024;
const CONFIGURATION = "version: 1\nenvironments: { dev: {} }\napps:\n  discover: ['apps/{app}/{env}/kustomization.yaml']\n";

/** A `.github/pinion.yaml` that is as long as allowed, as a pull request may bring it. */
function configuration(head: string, part: (index: number) => string): () => string {
  let text = head;
  for (let index = 0; text.length + part(index).length <= MAX_CONFIGURATION; index += 1) text += part(index);
  return () => {
    const read = parseConfig(text);
    return read.ok ? `loaded ${read.config.apps.size} apps` : `refused: ${read.problems[0]?.message ?? ""}`;
  };
}

const configurations: readonly Hostile[] = [
  { name: "configuration, refused: a mistake for each character", prepare: () => configuration("a: [", () => ",") },
  { name: "configuration, refused: brackets that nothing opened", prepare: () => configuration("a: ", () => "]") },
  { name: "configuration, refused: anchors of anchors", prepare: () => configuration("a: [", () => "& ") },
  { name: "configuration, refused: as many values as a file can hold", prepare: () => configuration("a: [", () => "[],") },
  { name: "configuration, refused: one unknown key after the other", prepare: () => configuration("", (index) => `k${index}: 1\n`) },
  { name: "configuration, loaded: as many apps as fit", prepare: () => configuration(CONFIGURATION, (index) => `  a${index}: {}\n`) },
];

const LONGEST_TAG = "a".repeat(128);
const TAGS = 10_000;

/** Regular expressions for tags, tried on as many tags, as long as a tag may be, as a large repository has. */
const patterns: readonly Hostile[] = [
  ["loops in loops", "((a|a?)*){20}c"],
  ["as much to follow at once as allowed", "(?:[a-z0-9._-]*[a-z]){30}-c"],
].map(([what = "", pattern = ""]) => ({
  name: `regex of ${TAGS} tags: ${what}`,
  prepare: () => {
    const made = tagFilter(pattern, null);
    if (!made.ok) return () => `refused: ${made.problem}`;
    return () => `fits ${Array.from({ length: TAGS }, () => made.filter.keyOf(LONGEST_TAG)).filter((key) => key !== null).length}`;
  },
}));
const refusedPattern: Hostile = {
  name: "regex, refused: more than allowed",
  prepare: () => () => {
    const made = tagFilter("(((a{1,10}){1,10}){1,10})*", null);
    return made.ok ? "loaded" : `refused: ${made.problem}`;
  },
};

export const HOSTILE: readonly Hostile[] = [...expressions, ...files, ...documents, ...schemas, ...configurations, ...patterns, refusedPattern];
