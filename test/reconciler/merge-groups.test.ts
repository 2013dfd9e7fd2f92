import { describe, expect, it } from "vitest";
import { known, unknown, type Answer } from "../../src/domain/answer.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import { compileDiscover } from "../../src/domain/discover.ts";
import type { ForgeSnapshot, MergeQueue, ProposedChange } from "../../src/domain/observation.ts";
import type { ManifestsRepository } from "../../src/ports.ts";
import { MergeGroups } from "../../src/reconciler/merge-groups.ts";
import { mirrorOf, REPOSITORY, Upstream } from "../adapters/git-upstream.ts";
import { portsWith, snapshotOf } from "./small-world.ts";

const GITHUB = { login: "github-merge-queue[bot]", kind: "bot" } as const;
const fileOf = (app: string): string => `apps/${app}/dev/kustomization.yaml`;
const pinning = (app: string, tag: string): string => `images:\n  - name: x\n    newName: ghcr.io/acme/${app}\n    newTag: ${tag}\n    digest: sha256:${tag.charAt(2).repeat(64)}\n`;

/** A repository whose queue tries one commit for each app, each on top of the one before. */
function tried(apps: readonly string[], baseOf: (heads: readonly string[], index: number) => string = (heads, index) => heads[index] ?? "") {
  const parsed = parseConfig(`version: 1\nenvironments: { dev: {} }\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\n`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { config } = parsed;
  const upstream = new Upstream();
  const main = upstream.commit(Object.fromEntries(apps.map((app) => [fileOf(app), pinning(app, "1.0.0")])));
  upstream.git("checkout", "--quiet", "--detach", main);
  const heads = [main, ...apps.map((app) => upstream.commit({ [fileOf(app)]: pinning(app, "1.1.0") }))];
  const entries: MergeQueue["entries"] = apps.map((_app, index) => {
    const [base, head] = [baseOf(heads, index), heads[index + 1] ?? ""];
    upstream.git("update-ref", `refs/heads/gh-readonly-queue/main/pr-${index + 1}-${base}`, head);
    return { pullRequest: index + 1, by: GITHUB, at: 0, group: { base, head, check: null } };
  });
  const { manifests, clock } = mirrorOf(upstream.url);
  let merges = 0;
  const counting: ManifestsRepository = {
    ...manifests,
    mergeTree: (...a) => {
      merges += 1;
      return manifests.mergeTree(...a);
    },
  };
  const groups = new MergeGroups();
  const discover = compileDiscover(config.discover, config.environments);
  const rules = { shipped: { policies: [] }, files: null, version: "", judgeManifests: false };
  const read = async (queue: ForgeSnapshot["queue"] = known({ allGreen: true, entries }, clock.now())): Promise<ReadonlyMap<string, Answer<ProposedChange>>> => {
    await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: main }]);
    const snapshot = snapshotOf({ at: clock.now(), head: main, queue });
    return groups.update({ ports: portsWith({ manifests: counting, clock }), repository: REPOSITORY, config, discover, rules, codeOwners: null }, snapshot);
  };
  const again = (): number | null => groups.again;
  return { read, heads, entries, clock, again, merges: () => merges };
}

function promotionsOf(answer: Answer<ProposedChange> | undefined): readonly string[] {
  return answer?.known === true ? answer.value.promotions.map(({ app, to }) => `${app} ${to?.version ?? "none"}`) : [];
}

describe("what the merge queue tries", () => {
  it.each([
    ["as GitHub names their bases", undefined],
    ["where GitHub names the default branch as the base of all of them", (heads: readonly string[]) => heads[0] ?? ""],
  ] as const)("is read as each one's own change on top of the one before: %s", async (_what, baseOf) => {
    const { read, heads } = tried(["one", "two", "three"], baseOf);
    const groups = await read();
    expect(heads.slice(1).map((head) => promotionsOf(groups.get(head)))).toEqual([["one 1.1.0"], ["two 1.1.0"], ["three 1.1.0"]]);
    expect(heads.slice(1).map((head) => groups.get(head)).map((answer) => (answer?.known === true ? answer.value.base : ""))).toEqual(heads.slice(0, 3));
  });

  it("is read once, and looked at again while there is any", async () => {
    const { read, merges, again, clock } = tried(["one", "two"]);
    await read();
    expect(again()).toBe(clock.now() + 30_000);
    await read();
    expect(merges()).toBe(2);
    await read(known({ allGreen: true, entries: [] }, clock.now()));
    expect(again()).toBeNull();
    expect(await read(known(null, clock.now()))).toEqual(new Map());
    expect(await read(unknown("no", "stalled", clock.now()))).toEqual(new Map());
  });

  it("is unknown where it does not stand on what it is said to stand on, and costs none of the others", async () => {
    const { read, heads, entries } = tried(["one", "two"]);
    const [one, two] = entries;
    if (one === undefined || two === undefined) throw new Error("two are tried");
    const [main = "", first = "", second = ""] = heads;
    const aside = { ...two, group: { base: second, head: first, check: null } };
    const groups = await read(known({ allGreen: true, entries: [{ ...two, group: { base: main, head: second, check: null } }, aside] }, 0));
    expect(groups.get(first)).toMatchObject({ known: false, failure: "dependency", reason: expect.stringContaining("does not stand on its base") });
    expect(promotionsOf(groups.get(second))).toEqual(["one 1.1.0", "two 1.1.0"]);
    const gone = { ...one, group: { base: main, head: "9".repeat(40), check: null } };
    const others = await read(known({ allGreen: true, entries: [gone, { ...two, group: { base: first, head: second, check: null } }] }, 0));
    expect(others.get("9".repeat(40))).toMatchObject({ known: false });
    expect(promotionsOf(others.get(second))).toEqual(["two 1.1.0"]);
  });

  it("is none before the queue has made it", async () => {
    const { read, entries, again } = tried(["one"]);
    expect(await read(known({ allGreen: true, entries: entries.map((entry) => ({ ...entry, group: null })) }, 0))).toEqual(new Map());
    expect(again()).not.toBeNull();
  });
});
