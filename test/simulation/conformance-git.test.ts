import { expect } from "vitest";
import { LOG, MAIN } from "../../simulator/facts.ts";
import { setupOf, type Setup } from "../../simulator/setup.ts";
import type { Awaitable } from "../../simulator/world-view.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { Target } from "../../simulator/simulated-world.ts";
import type { Side } from "./conformance-pair.ts";
import { DEV } from "../../simulator/facts.ts";
import { LATER, tell, type Step } from "./conformance-story.ts";

const NOWHERE: Oid = "f".repeat(40);
const SETUP: Setup = { ...setupOf(2), apps: ["checkout"], config: { environments: [DEV], slo: false, limit: 50 }, checkRequired: false, logGuarded: false, pinnedByDigest: true };

type Manifests = Target["manifests"];

/** Asks the mirror, once it has everything. */
async function git<T>(side: Side, ask: (manifests: Manifests, side: Side) => Awaitable<T>): Promise<T> {
  const wanted = [...side.world.facts().branches].map(([name, oid]) => ({ ref: `refs/heads/${name}`, oid }));
  await side.ask(({ manifests }) => manifests.ensure(side.world.repository, wanted));
  return side.ask(({ manifests }) => ask(manifests, side));
}

const main = (side: Side, back = 0): Oid => side.world.mainline().at(-1 - back) ?? "";
const byPath = <T extends { readonly path: string }>(entries: readonly T[]) => entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));

async function blobOf(side: Side, path: string): Promise<Oid> {
  const entries = await git(side, (manifests) => manifests.files(side.world.repository, main(side)));
  return entries.find((entry) => entry.path === path)?.blob ?? NOWHERE;
}

const append = (side: Side, path: string, text: string) =>
  side.ask(({ forge }) => forge.publish(side.world.repository, [], { expectedHead: side.branch(LOG), files: [{ path, bytes: new TextEncoder().encode(text) }], headline: "log: more" }));

const READING: readonly Step[] = [
  ["a commit that is not there is fetched", (side) => side.ask(({ manifests }) => manifests.ensure(side.world.repository, [{ ref: `refs/heads/${MAIN}`, oid: NOWHERE }])), LATER],
  ["some files are pushed", (side) => side.people.push("alice", MAIN, { "docs/a.txt": "a\n", "docs/deep/b.txt": "b\n", "été.txt": "ü\n" }, "Some files"), true],
  ["one is changed", (side) => side.people.push("bob", MAIN, { "docs/a.txt": "other\n" }, "Change it\n\nAnd say why"), true],
  ["and changed back, and one goes", (side) => side.people.push("carol", MAIN, { "docs/a.txt": "a\n", "docs/deep/b.txt": null }, "Back"), true],
  ["all files", async (side) => byPath(await git(side, (manifests) => manifests.files(side.world.repository, main(side)))).map(({ path }) => path), [".github/pinion.yaml", "README.md", "apps/checkout/overlays/dev/kustomization.yaml", "docs/a.txt", "été.txt"]],
  ["all files of a commit that is not there", (side) => git(side, (manifests) => manifests.files(side.world.repository, NOWHERE)), LATER],
  ["a folder", (side) => git(side, (manifests) => manifests.folder(side.world.repository, main(side, 1), "docs/")), [{ path: "docs/a.txt", blob: expect.anything() }, { path: "docs/deep/", blob: null }]],
  ["a folder that is not there", (side) => git(side, (manifests) => manifests.folder(side.world.repository, main(side), "docs/deep/")), []],
  ["a folder where a file stands", (side) => git(side, (manifests) => manifests.folder(side.world.repository, main(side), "docs/a.txt/deep/")), [{ path: "docs/a.txt", blob: expect.anything() }]],
  ["what changed", async (side) => byPath(await git(side, (manifests) => manifests.changedFiles(side.world.repository, main(side, 1), main(side)))), [{ path: "docs/a.txt", blob: expect.anything() }, { path: "docs/deep/b.txt", blob: null }]],
  ["what changed from a commit that is not there", (side) => git(side, (manifests) => manifests.changedFiles(side.world.repository, NOWHERE, main(side))), LATER],
  ["what was touched by several", async (side) => byPath(await git(side, (manifests) => manifests.touchedFiles(side.world.repository, main(side, 2), main(side), 100))), [{ path: "docs/a.txt", commits: [expect.anything(), expect.anything()] }, { path: "docs/deep/b.txt", commits: [expect.anything()] }]],
  ["what was touched by one", (side) => git(side, (manifests) => manifests.touchedFiles(side.world.repository, main(side, 1), main(side), 100)), []],
  ["what was touched by none", (side) => git(side, (manifests) => manifests.touchedFiles(side.world.repository, main(side), main(side), 100)), []],
  ["a file", (side) => git(side, (manifests) => manifests.file(side.world.repository, main(side), "docs/a.txt")), "a\n"],
  ["a file that was", (side) => git(side, (manifests) => manifests.file(side.world.repository, main(side, 1), "docs/a.txt")), "other\n"],
  ["a file that is not there", (side) => git(side, (manifests) => manifests.file(side.world.repository, main(side), "docs/deep/b.txt")), null],
  ["a file of a commit that is not there", (side) => git(side, (manifests) => manifests.file(side.world.repository, NOWHERE, "README.md")), LATER],
  ["a blob", async (side) => { const blob = await blobOf(side, "été.txt"); return [...(await git(side, (manifests) => manifests.read(side.world.repository, [blob]))).values()]; }, ["ü\n"]],
  ["no blobs", (side) => git(side, (manifests) => manifests.read(side.world.repository, [])), []],
  ["the history of a file", (side) => git(side, (manifests) => manifests.history(side.world.repository, "docs/a.txt", null, main(side), 10)), [expect.objectContaining({ authorName: "alice" }), expect.objectContaining({ authorName: "bob" }), expect.objectContaining({ authorName: "carol" })]],
  ["the newest of it", (side) => git(side, (manifests) => manifests.history(side.world.repository, "docs/a.txt", null, main(side), 1)), [expect.objectContaining({ authorName: "carol" })]],
  ["what came since", (side) => git(side, (manifests) => manifests.history(side.world.repository, "docs/a.txt", main(side, 1), main(side), 10)), [expect.objectContaining({ authorName: "carol" })]],
  ["the history of nothing", (side) => git(side, (manifests) => manifests.history(side.world.repository, "none.txt", null, main(side), 10)), []],
  ["the history up to a commit that is not there", (side) => git(side, (manifests) => manifests.history(side.world.repository, "docs/a.txt", null, NOWHERE, 10)), LATER],
  ["an ancestor", (side) => git(side, (manifests) => manifests.isAncestor(side.world.repository, main(side, 2), main(side))), true],
  ["itself", (side) => git(side, (manifests) => manifests.isAncestor(side.world.repository, main(side), main(side))), true],
  ["a descendant", (side) => git(side, (manifests) => manifests.isAncestor(side.world.repository, main(side), main(side, 2))), false],
  ["an ancestor that is not there", (side) => git(side, (manifests) => manifests.isAncestor(side.world.repository, NOWHERE, main(side))), LATER],
  ["a branch beside", (side) => side.people.push("alice", "beside", { "docs/c.txt": "c\n" }, "Beside"), true],
  ["a branch against", (side) => side.people.push("bob", "against", { "docs/a.txt": "against\n" }, "Against"), true],
  ["the default branch goes on", (side) => side.people.push("carol", MAIN, { "docs/a.txt": "on\n" }, "On"), true],
  ["what merges", async (side) => ("tree" in (await git(side, (manifests) => manifests.mergeTree(side.world.repository, main(side), side.branch("beside"))))), true],
  ["what a merge would change", async (side) => {
    const merged = await git(side, (manifests) => manifests.mergeTree(side.world.repository, main(side), side.branch("beside")));
    return "tree" in merged ? git(side, (manifests) => manifests.changedFiles(side.world.repository, main(side), merged.tree)) : merged;
  }, [{ path: "docs/c.txt", blob: expect.anything() }]],
  ["what conflicts", (side) => git(side, (manifests) => manifests.mergeTree(side.world.repository, main(side), side.branch("against"))), { conflicts: ["docs/a.txt"] }],
  ["what is merged already", (side) => git(side, async (manifests) => Object.keys(await manifests.mergeTree(side.world.repository, main(side), main(side, 2)))), ["tree"]],
  ["a merge of a commit that is not there", (side) => git(side, (manifests) => manifests.mergeTree(side.world.repository, main(side), NOWHERE)), LATER],
  ["a blob that is not there", (side) => git(side, (manifests) => manifests.read(side.world.repository, [NOWHERE])), LATER],
  ["a blob, once more", async (side) => { const blob = await blobOf(side, "README.md"); return [...(await git(side, (manifests) => manifests.read(side.world.repository, [blob]))).values()]; }, ["# Manifests\n"]],
];

const LOGGING: readonly Step[] = [
  ["the log begins", (side) => side.ask(({ forge }) => forge.startLog(side.world.repository, [{ path: "records/0.json", bytes: new TextEncoder().encode("{}\n") }], "log: begin")), expect.objectContaining({ outcome: "done" })],
  ["a record", (side) => append(side, "records/1.json", "{}\n"), expect.anything()],
  ["a person's record", (side) => side.people.push("ivan", LOG, { "records/2.json": "{}\n" }, "log: mine"), true],
  ["a record is written over", (side) => side.people.push("ivan", LOG, { "records/1.json": "{ }\n", "records/3.json": "{}\n" }, "log: over"), true],
  ["the whole log", (side) => git(side, (manifests) => manifests.logCommits(side.world.repository, null, side.branch(LOG))), [
    expect.objectContaining({ appendsOnly: true }),
    expect.objectContaining({ appendsOnly: true }),
    expect.objectContaining({ appendsOnly: true }),
    expect.objectContaining({ appendsOnly: false }),
  ]],
  ["nothing new in it", (side) => git(side, (manifests) => manifests.logCommits(side.world.repository, side.branch(LOG), side.branch(LOG))), []],
  ["one more", (side) => append(side, "records/4.json", "{}\n"), expect.anything()],
  ["what is new since then", async (side) => {
    const before = side.world.commit(side.branch(LOG))?.parents[0] ?? null;
    return git(side, (manifests) => manifests.logCommits(side.world.repository, before, side.branch(LOG)));
  }, [{ appendsOnly: true, authorEmail: expect.anything(), files: [{ path: "records/4.json", bytes: "{}\n" }], oid: expect.anything() }]],
  ["whose they are", (side) => side.ask(({ forge }) => forge.ownCommits(side.world.repository, side.world.isAncestor(side.branch(LOG), side.branch(LOG)) ? [side.branch(LOG), side.world.commit(side.branch(LOG))?.parents[0] ?? ""] : [])), [expect.anything()]],
  ["the log up to a commit that is not there", (side) => git(side, (manifests) => manifests.logCommits(side.world.repository, null, NOWHERE)), LATER],
];

tell("reading Git", SETUP, 1_300, READING);
tell("reading the log", SETUP, 1_300, LOGGING);
