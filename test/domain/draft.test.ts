import { describe, expect, it } from "vitest";
import { known, unknown, type Answer } from "../../src/domain/answer.ts";
import { Draft } from "../../src/domain/draft.ts";
import type { Knowledge, NeedAnswers, Need } from "../../src/domain/observation.ts";
import { WorldBuilder } from "./world-builder.ts";

const NEED = { kind: "tags", repository: "ghcr.io/acme/checkout" } as const;
const CONFIGURED = `version: 1
environments: { dev: {} }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  checkout: { images: ["registry.acme.example:5000/acme/checkout"] }
`;
const SECOND = 1_000;
const MINUTE = 60_000;

/** Asks at a moment, with one answer at hand. Tells whether it was taken, and when the question is due again. */
function asking(answer: Answer<readonly string[]>, now: number, maxAge: number) {
  const world = new WorldBuilder();
  if (world.config?.ok !== true) throw new Error("the configuration of the test is wrong");
  const knowledge: Knowledge = { get: <K extends Need["kind"]>() => answer as Answer<NeedAnswers[K]> };
  const draft = new Draft(world.observation(), world.config.config, { policies: [] }, knowledge, now);
  const taken = draft.ask<"tags">(NEED, maxAge) !== null;
  const { needs, nextLookAt } = draft.finish();
  expect(needs).toHaveLength(taken ? 0 : 1);
  return { taken, nextLookAt };
}

describe("how long an answer stands", () => {
  it.each<readonly [string, Answer<readonly string[]>, number, boolean]>([
    ["an answer that is young", known([], 0), MINUTE, true],
    ["an answer that is too old", known([], 0), MINUTE + 1, false],
    ["an answer from the future", known([], 1), 0, false],
    ["what was not to be had half a minute ago", unknown("down", "dependency", 0), 30 * SECOND, true],
    ["what was not to be had longer ago", unknown("down", "dependency", 0), 30 * SECOND + 1, false],
    ["what a person must mend, five minutes ago", unknown("no permission", "stalled", 0), 5 * MINUTE, true],
    ["what a person must mend, longer ago", unknown("no permission", "stalled", 0), 5 * MINUTE + 1, false],
    ["what was not to be had, from the future", unknown("down", "dependency", 1), 0, false],
  ])("%s", (_, answer, now, taken) => {
    expect(asking(answer, now, MINUTE).taken).toBe(taken);
  });

  it("asks again by itself when what is unknown may be known", () => {
    expect(asking(unknown("no permission", "stalled", 0), 0, MINUTE).nextLookAt).toBe(5 * MINUTE + 1);
    expect(asking(unknown("down", "dependency", 0), 0, MINUTE).nextLookAt).toBe(30 * SECOND + 1);
  });
});

describe("what is asked for pull requests of people", () => {
  const tags = (repository: string) => ({ kind: "tags", repository }) as const;
  function draftOf(world = new WorldBuilder()) {
    if (world.config?.ok !== true) throw new Error("the configuration of the test is wrong");
    const nothing: Knowledge = { get: () => null };
    return new Draft(world.observation(), world.config.config, { policies: [] }, nothing, world.now);
  }

  it("has its turn with the rest, and each pull request with the others, however much one asks", () => {
    const draft = draftOf();
    const ask = (names: readonly string[]) => names.map((name) => draft.ask<"tags">(tags(`ghcr.io/acme/${name}`), MINUTE));
    draft.asGuest({ pullRequest: 1, registries: new Set() }, () => ask(["a1", "a2", "a3", "a4", "a5", "a6"]));
    draft.asGuest({ pullRequest: 2, registries: new Set() }, () => ask(["b1", "both"]));
    ask(["own1", "both", "own2", "own3"]);
    const asked = draft.finish().needs.map((need) => (need.kind === "tags" ? need.repository.slice("ghcr.io/acme/".length) : need.kind));
    expect(asked).toEqual(["own1", "a1", "both", "b1", "own2", "a2", "own3", "a3", "a4", "a5", "a6"]);
  });

  it("is asked of no registry that the default branch does not speak of, and the reason says what to do", () => {
    const draft = draftOf(new WorldBuilder(CONFIGURED));
    const asGuest = (repository: string) => draft.asGuest({ pullRequest: 1, registries: new Set(["quay.io"]) }, () => draft.ask<"tags">(tags(repository), MINUTE));
    for (const repository of ["ghcr.io/other/x", "quay.io/x", "registry.acme.example:5000/y"]) expect(asGuest(repository)).toBeNull();
    for (const repository of ["127.0.0.1:8080/x", "registry.acme.example/y", "registry.acme.example:5001/y"]) {
      expect(asGuest(repository)).toMatchObject({ known: false, failure: "stalled", reason: expect.stringContaining("apps.<name>.images") });
    }
    expect(draft.finish().needs).toHaveLength(3);
    expect(draft.ask<"tags">(tags("127.0.0.1:8080/x"), MINUTE)).toBeNull();
  });

  it("is no registry's build time either", () => {
    const draft = draftOf();
    const image = { repository: "127.0.0.1:8080/x", tag: "1", digest: `sha256:${"a".repeat(64)}` } as const;
    draft.asGuest({ pullRequest: 1, registries: new Set() }, () => draft.builds.builtAt(image));
    expect(draft.finish().needs).toEqual([]);
  });

  const evidence = (number: number) =>
    ({ kind: "evidence", repository: "ghcr.io/acme/checkout", digest: `sha256:${String(number).padStart(64, "0")}`, signers: [] }) as const;
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

  it("is a thousand questions for one pull request, and nothing where it would be more: that is said of all of them", () => {
    const draft = draftOf();
    const asked = (pullRequest: number, to: number) =>
      draft.asGuest({ pullRequest, registries: new Set() }, () => numbers(0, to).map((number) => draft.ask<"tags">(tags(`ghcr.io/acme/${number % 1_001}`), MINUTE)));
    expect(asked(1, 1_000).every((answer) => answer === null)).toBe(true);
    const tooMuch = { known: false, failure: "stalled", reason: expect.stringMatching(/asks for too much: split it into several; .* more than 1,000 questions/u) };
    expect(asked(2, 1_001)).toEqual(numbers(0, 1_001).map(() => expect.objectContaining(tooMuch)));
    // The same question twice is one.
    draft.ask<"tags">(tags("ghcr.io/acme/own"), MINUTE);
    const names = draft.finish().needs.map((need) => (need.kind === "tags" ? need.repository : ""));
    expect(names[0]).toBe("ghcr.io/acme/own");
    expect(names).toHaveLength(201);
  });

  it("is counted whether it has been answered or not", () => {
    const world = new WorldBuilder();
    for (const number of numbers(0, 1_001)) world.know<"tags">(tags(`ghcr.io/acme/${number}`), []);
    if (world.config?.ok !== true) throw new Error("the configuration of the test is wrong");
    const draft = new Draft(world.observation(), world.config.config, { policies: [] }, world.knowledge(), world.now);
    const asked = (pullRequest: number, to: number) =>
      draft.asGuest({ pullRequest, registries: new Set() }, () => numbers(0, to).every((number) => draft.ask<"tags">(tags(`ghcr.io/acme/${number}`), MINUTE)?.known));
    expect([asked(1, 1_000), asked(2, 1_001)]).toEqual([true, false]);
    expect(draft.finish().needs).toEqual([]);
  });

  it("has the signatures of fifty images verified, and not of any number", () => {
    const draft = draftOf();
    const asked = (pullRequest: number, to: number) =>
      draft.asGuest({ pullRequest, registries: new Set() }, () => numbers(0, to).map((number) => draft.ask<"evidence">(evidence(number), MINUTE)));
    expect(asked(1, 50).every((answer) => answer === null)).toBe(true);
    expect(asked(2, 51).every((answer) => answer?.known === false)).toBe(true);
    expect(draft.finish().needs).toHaveLength(50);
    expect(draft.ask<"evidence">(evidence(99), MINUTE)).toBeNull();
  });
});
