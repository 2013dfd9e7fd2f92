import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DESCRIBED_FACTS } from "../../src/domain/policy/fact-docs.ts";
import { factsSchemaText } from "../../src/domain/policy/facts-schema.ts";
import { SOUND_FACTS } from "../../src/domain/policy/sound-facts.ts";
import { laidOver, wholeFacts, writtenFactProblems } from "../../src/domain/policy/written-facts.ts";
import { isYamlList, members, type YamlObject, type YamlValue } from "../../src/domain/yaml-document.ts";

const SOUND = JSON.parse(JSON.stringify(SOUND_FACTS)) as YamlObject;

/** The published schema, as an editor applies it. */
const published = new Ajv({ strict: true, allowUnionTypes: true }).addVocabulary(["errorMessage"]).compile(JSON.parse(factsSchemaText()) as object);

/** A value that may or may not fit where it is put. */
const anything: fc.Arbitrary<YamlValue> = fc.oneof(
  fc.constantFrom<YamlValue>(null, true, 0, -1, 1.5, "", "x", "3h", "2026-11-21T14:00:00Z", "pass", "bot", [], ["x"], [1], {}, { unknown: "x" }, { unknown: "" }, { unknown: null }),
  fc.string({ maxLength: 5 }),
  fc.integer(),
);

/** The sound facts with some groups and fields taken out, put in and changed. */
const documents: fc.Arbitrary<YamlObject> = fc
  .array(fc.tuple(fc.constantFrom(...DESCRIBED_FACTS), fc.nat(), fc.constantFrom("field", "group", "stranger", "away"), anything), { maxLength: 3 })
  .map((changes) => changes.reduce((facts, [fact, index, what, value]) => changed(facts, fact, index, what, value), SOUND));

function changed(facts: YamlObject, fact: (typeof DESCRIBED_FACTS)[number], index: number, what: string, value: YamlValue): YamlObject {
  const group = facts[fact.name];
  const field = fact.fields[index % fact.fields.length]?.name ?? "";
  if (what === "away") return Object.fromEntries(Object.entries(facts).filter(([name]) => name !== fact.name));
  if (what === "group" || typeof group !== "object" || group === null) return { ...facts, [fact.name]: value };
  const name = what === "stranger" ? "stranger" : field;
  const entry = (one: YamlValue): YamlObject => ({ ...Object.fromEntries(members(one)), [name]: value });
  const entries = isYamlList(group) ? group.map(entry) : entry(group);
  return { ...facts, [fact.name]: entries };
}

describe("facts as people write them", () => {
  it("the sound ones are sound, and are read as they are", () => {
    expect(writtenFactProblems(SOUND, [], false)).toEqual([]);
    expect(published(SOUND)).toBe(true);
    expect(wholeFacts(SOUND)).toEqual(SOUND_FACTS);
  });

  it("are held to the published schema, no more and no less", () => {
    fc.assert(
      fc.property(documents, (facts) => {
        expect(writtenFactProblems(facts, [], false).length === 0).toBe(published(facts));
      }),
      { numRuns: 1_000 },
    );
  });

  it("a moment that no calendar has is refused", () => {
    expect(writtenFactProblems({ ...SOUND, now: "2026-13-41T14:00:00Z" }, [], false)).toEqual([{ path: ["now"], at: "value", message: 'now: no calendar has "2026-13-41T14:00:00Z"' }]);
    const upstream = [{ environment: "staging", soaked_at: "2026-11-21T25:00:00Z" }];
    expect(writtenFactProblems({ upstream }, ["given"], true).map(({ message }) => message)).toEqual(['given.upstream[0].soaked_at: no calendar has "2026-11-21T25:00:00Z"']);
  });

  it("moments and lengths of time may be written as people do", () => {
    const facts = laidOver(SOUND_FACTS, { now: "2026-11-21T14:00:00Z", upstream: [{ soaked_for: "90s", soak: "2d", soaked_at: "2026-11-21T14:30:00.5Z" }] }, SOUND_FACTS);
    expect(facts.now).toBe(Date.UTC(2026, 10, 21, 14));
    expect(facts.upstream).toMatchObject([{ environment: "staging", soaked_for: 90_000, soak: 172_800_000, soaked_at: Date.UTC(2026, 10, 21, 14, 30, 0, 500) }]);
  });

  it("what is left out of a whole document is unknown, never known", () => {
    const { now, promotion } = SOUND;
    const facts = wholeFacts({ now: now ?? 0, promotion: promotion ?? {} });
    expect(facts.freeze).toEqual({ unknown: "the facts about freeze were not given" });
    expect(DESCRIBED_FACTS.filter(({ name }) => !(name in facts))).toEqual([]);
  });
});

describe("facts laid over others", () => {
  it("change what they name and nothing else", () => {
    expect(laidOver(SOUND_FACTS, {}, SOUND_FACTS)).toEqual(SOUND_FACTS);
    expect(laidOver(SOUND_FACTS, { promotion: { kind: "revert" } }, SOUND_FACTS)).toEqual({ ...SOUND_FACTS, promotion: { ...SOUND_FACTS.promotion, kind: "revert" } });
  });

  it("replace lists, each entry over the sound one", () => {
    const two = laidOver(SOUND_FACTS, { upstream: [{ environment: "eu" }, { environment: "us", bad: true }] }, SOUND_FACTS);
    const over = laidOver(two, { upstream: [{ verified: false }] }, SOUND_FACTS);
    expect(two.upstream).toMatchObject([{ environment: "eu", bad: false, verified: true }, { environment: "us", bad: true, verified: true }]);
    expect(over.upstream).toMatchObject([{ environment: "staging", bad: false, verified: false }]);
    expect(laidOver(SOUND_FACTS, { upstream: [] }, SOUND_FACTS).upstream).toEqual([]);
  });

  it("lie over the sound facts where those beneath are unknown, and may be unknown themselves", () => {
    const unknown = laidOver(SOUND_FACTS, { approvals: { unknown: "GitHub is down" } }, SOUND_FACTS);
    expect(unknown.approvals).toEqual({ unknown: "GitHub is down" });
    expect(laidOver(unknown, { approvals: { count: 2 } }, SOUND_FACTS).approvals).toMatchObject({ required: 1, count: 2 });
  });
});
