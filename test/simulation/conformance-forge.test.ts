import { expect } from "vitest";
import { LOG, MAIN } from "../../simulator/facts.ts";
import { setupOf, type Setup } from "../../simulator/setup.ts";
import type { CheckContent } from "../../src/domain/action.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { FileContent } from "../../src/ports.ts";
import type { Side } from "./conformance-pair.ts";
import { LATER, STALLED, tell, type Step } from "./conformance-story.ts";

const NOWHERE: Oid = "f".repeat(40);
const SETUP: Setup = { ...setupOf(1), apps: ["checkout"], checkRequired: true, logGuarded: true, deletesMergedBranches: false, pinnedByDigest: true };

const done = (value: unknown = expect.anything()) => ({ outcome: "done", value });
const CONFLICT = { outcome: "conflict" };
const REFUSED = { outcome: "refused" };

const file = (path: string, text: string): FileContent => ({ path, bytes: new TextEncoder().encode(text) });
const commit = (path: string, text: string) => ({ headline: "Promote", body: "Pinion-Promotion: one", files: [file(path, text)] });

function check(fingerprint: string, conclusion: CheckContent["conclusion"]): CheckContent {
  return { status: conclusion === null ? "in_progress" : "completed", conclusion, title: "Gates", summary: "Waits", fingerprint };
}

function open(side: Side, branch: string, change: Partial<{ branchAt: Oid; commit: ReturnType<typeof commit> | null; baseOid: Oid }> = {}) {
  const proposal = { branch, base: MAIN, baseOid: side.branch(MAIN), branchAt: null, commit: commit(`${branch}.yaml`, "new\n"), title: "Promote", body: "By Pinion", ...change };
  return side.ask(({ forge }) => forge.openPullRequest(side.world.repository, proposal));
}

function publish(side: Side, checks: readonly (readonly [Oid, CheckContent, "anew" | "again"])[], at: Oid | null = null, path = "records/x.json") {
  const writes = checks.map(([head, content, how]) => ({
    head,
    check: content,
    existing: how === "anew" ? null : (side.world.facts().checks.get(head)?.at(-1)?.id ?? 999_999),
  }));
  const records = at === null ? null : { expectedHead: at, files: [file(path, "{}\n")], headline: "log: more" };
  return side.ask(({ forge }) => forge.publish(side.world.repository, writes, records));
}

function merge(side: Side, number: number, head: Oid, method: "squash" | "merge" = "squash") {
  return side.ask(({ forge }) => forge.merge(side.world.repository, number, { head, method, title: "Promote", message: "Because" }));
}

function askReviewers(side: Side, teams: readonly string[], users: readonly string[]) {
  return side.ask(({ forge }) => forge.askReviewers(side.world.repository, side.pull(0).number, teams, users));
}

function replaceHead(side: Side, branch: string, from: Oid) {
  return side.ask(({ forge }) => forge.replaceHead(side.world.repository, branch, from, side.branch(MAIN), commit("again.yaml", "anew\n")));
}

async function pullNode(side: Side, index: number): Promise<string> {
  const { open: opened, ended } = await side.ask(({ forge }) => forge.snapshot(side.world.repository, 0));
  return [...opened, ...ended].find(({ number }) => number === side.pull(index).number)?.id ?? "";
}

async function showDeployment(side: Side, state: "queued" | "success", at: Oid, existing: number | null = null) {
  const shown = { existing, app: "checkout", environment: "dev", commit: at, state, description: "Running" };
  return { deployment: await side.ask(({ forge }) => forge.showDeployment(side.world.repository, shown)) };
}

const LOOKING: readonly Step[] = [
  ["where the App is installed", async (side) => (await side.ask(({ forge }) => forge.installations())).length, 1],
  [
    "which repositories it may use",
    async (side) => (await side.ask(({ forge }) => forge.repositories(side.world.repository.installation))).map(({ owner, name }) => `${owner}/${name}`),
    ["acme/manifests"],
  ],
  ["what an administrator may", (side) => side.ask(({ forge }) => forge.permission(side.world.repository, "olive")), "admin"],
  ["what a writer may", (side) => side.ask(({ forge }) => forge.permission(side.world.repository, "alice")), "write"],
  ["what somebody with triage may", (side) => side.ask(({ forge }) => forge.permission(side.world.repository, "tom")), "triage"],
  ["what a reader may", (side) => side.ask(({ forge }) => forge.permission(side.world.repository, "mallory")), "read"],
  ["what an App may", (side) => side.ask(({ forge }) => forge.permission(side.world.repository, "pinion[bot]")), "none"],
  ["what somebody may who is not there", (side) => side.ask(({ forge }) => forge.permission(side.world.repository, "nobody-at-all")), STALLED],
  ["who is in a team", async (side) => [...(await side.ask(({ forge }) => forge.teamMembers(side.world.repository, "sre")))].toSorted(), ["alice", "bob"]],
  ["who is in a team that is not there", (side) => side.ask(({ forge }) => forge.teamMembers(side.world.repository, "nobody")), STALLED],
  ["what a commit that is not there was brought by", (side) => side.ask(({ forge }) => forge.pullRequestOf(side.world.repository, NOWHERE)), LATER],
  ["what a pushed commit was brought by", (side) => side.ask(({ forge }) => forge.pullRequestOf(side.world.repository, side.branch(MAIN))), null],
  ["whether a commit that is not there is its own", (side) => side.ask(({ forge }) => forge.ownCommits(side.world.repository, [NOWHERE])), LATER],
  ["whether a person's commit is its own", (side) => side.ask(({ forge }) => forge.ownCommits(side.world.repository, [side.branch(MAIN)])), []],
];

const RECORDING: readonly Step[] = [
  ["records before there is a log", (side) => publish(side, [], side.branch(MAIN)), { checks: [], records: CONFLICT }],
  ["the log begins", (side) => side.ask(({ forge }) => forge.startLog(side.world.repository, [file("records/0.json", "{}\n")], "log: begin")), done()],
  ["the log begins again", (side) => side.ask(({ forge }) => forge.startLog(side.world.repository, [file("records/0.json", "{}\n")], "log: begin")), CONFLICT],
  ["a record at the log's head", (side) => publish(side, [], side.branch(LOG), "records/1.json"), { checks: [], records: done() }],
  ["a record at another head", (side) => publish(side, [], side.branch(MAIN), "records/2.json"), { checks: [], records: CONFLICT }],
  ["nothing to write", (side) => publish(side, []), { checks: [], records: null }],
  ["a check", (side) => publish(side, [[side.branch(MAIN), check("a", null), "anew"]]), { checks: [done()], records: null }],
  ["the same check again", (side) => publish(side, [[side.branch(MAIN), check("b", null), "again"]]), { checks: [done()], records: null }],
  ["it completes", (side) => publish(side, [[side.branch(MAIN), check("c", "success"), "again"]]), { checks: [done()], records: null }],
  ["it turns red", (side) => publish(side, [[side.branch(MAIN), check("d", "failure"), "again"]]), { checks: [done()], records: null }],
  ["it is opened again", (side) => publish(side, [[side.branch(MAIN), check("e", null), "again"]]), { checks: [REFUSED], records: null }],
  ["a new one beside it", (side) => publish(side, [[side.branch(MAIN), check("f", "action_required"), "anew"]]), { checks: [done()], records: null }],
  ["a check that is not there", (side) => publish(side, [[side.branch(LOG), check("g", null), "again"]]), { checks: [CONFLICT], records: null }],
  [
    "one that fails between two that do not, and a record that fails",
    (side) => publish(side, [[side.branch(LOG), check("h", null), "anew"], [NOWHERE, check("i", null), "anew"], [side.branch(MAIN), check("j", "success"), "again"]], NOWHERE),
    { checks: [done(), CONFLICT, done()], records: CONFLICT },
  ],
  [
    "one that fails beside a record that does not",
    (side) => publish(side, [[NOWHERE, check("k", null), "anew"]], side.branch(LOG), "records/3.json"),
    { checks: [CONFLICT], records: done() },
  ],
  ["a person writes into the log", (side) => side.people.push("olive", LOG, { "records/9.json": "{}" }, "Mine"), false],
  ["a person takes the log away", (side) => side.people.force("olive", LOG, null), false],
  ["the App takes the log away", (side) => side.ask(({ forge }) => forge.deleteBranch(side.world.repository, LOG, side.branch(LOG))), REFUSED],
  ["the App rewrites the log", (side) => replaceHead(side, LOG, side.branch(LOG)), REFUSED],
];

const OPENING: readonly Step[] = [
  ["a new pull request", (side) => open(side, "pinion/dev/checkout/1.1.0-a"), done({ head: expect.anything(), number: expect.anything() })],
  ["the same again", (side) => open(side, "pinion/dev/checkout/1.1.0-a"), CONFLICT],
  [
    "the own one, as it stands",
    (side) => open(side, "pinion/dev/checkout/1.1.0-a", { branchAt: side.branch("pinion/dev/checkout/1.1.0-a"), commit: null }),
    done(),
  ],
  [
    "the own one, as it stood",
    (side) => open(side, "pinion/dev/checkout/1.1.0-a", { branchAt: side.branch(MAIN), commit: null }),
    CONFLICT,
  ],
  ["a branch that is taken by somebody", (side) => side.people.push("ivan", "pinion/dev/checkout/1.2.0-b", { "mine.txt": "mine\n" }, "Mine"), true],
  ["is not opened for long", (side) => open(side, "pinion/dev/checkout/1.2.0-b"), CONFLICT],
  ["and taken over only with what stands there", (side) => open(side, "pinion/dev/checkout/1.2.0-b", { branchAt: side.branch(MAIN) }), CONFLICT],
  ["a branch that has nothing new", (side) => open(side, "pinion/dev/checkout/1.3.0-c", { commit: null }), CONFLICT],
  ["that branch, taken over", (side) => open(side, "pinion/dev/checkout/1.3.0-c", { branchAt: side.branch("pinion/dev/checkout/1.3.0-c") }), done()],
  ["a branch that is not there, taken over", (side) => open(side, "pinion/dev/checkout/1.4.0-d", { branchAt: side.branch(MAIN), commit: null }), REFUSED],
  ["from a commit that is not there", (side) => open(side, "pinion/dev/checkout/1.5.0-e", { baseOid: NOWHERE }), CONFLICT],
  ["another head is built", (side) => replaceHead(side, "pinion/dev/checkout/1.1.0-a", side.branch("pinion/dev/checkout/1.1.0-a")), done()],
  ["from elsewhere", (side) => replaceHead(side, "pinion/dev/checkout/1.1.0-a", side.branch(MAIN)), CONFLICT],
  ["of a branch that is not there", (side) => replaceHead(side, "pinion/dev/checkout/9.9.9-z", side.branch(MAIN)), CONFLICT],
  ["whose the new head is", (side) => side.ask(({ forge }) => forge.ownCommits(side.world.repository, [side.branch("pinion/dev/checkout/1.1.0-a"), side.branch(MAIN)])), [expect.anything()]],
  ["a branch is deleted that is elsewhere", (side) => side.ask(({ forge }) => forge.deleteBranch(side.world.repository, "pinion/dev/checkout/1.2.0-b", side.branch(MAIN))), CONFLICT],
  ["a branch is deleted", (side) => side.ask(({ forge }) => forge.deleteBranch(side.world.repository, "pinion/dev/checkout/1.2.0-b", side.branch("pinion/dev/checkout/1.2.0-b"))), done(null)],
  ["a branch is deleted again", (side) => side.ask(({ forge }) => forge.deleteBranch(side.world.repository, "pinion/dev/checkout/1.2.0-b", NOWHERE)), CONFLICT],
  ["what it was opened from goes", (side) => side.ask(({ forge }) => forge.deleteBranch(side.world.repository, "pinion/dev/checkout/1.3.0-c", side.branch("pinion/dev/checkout/1.3.0-c"))), done(null)],
  ["a pull request is closed", async (side) => side.ask(async ({ forge }) => forge.close(side.world.repository, await pullNode(side, 0))), undefined],
  ["it is closed again", async (side) => side.ask(async ({ forge }) => forge.close(side.world.repository, await pullNode(side, 0))), undefined],
  ["one that is not there is closed", (side) => side.ask(({ forge }) => forge.close(side.world.repository, "PR_none")), STALLED],
];

const TALKING: readonly Step[] = [
  ["a pull request to talk of", (side) => open(side, "pinion/dev/checkout/2.0.0-a"), done()],
  ["a comment", (side) => side.ask(({ forge }) => forge.comment(side.world.repository, side.pull(0).number, "<!-- pinion --> Hello")), undefined],
  ["the same comment", (side) => side.ask(({ forge }) => forge.comment(side.world.repository, side.pull(0).number, "<!-- pinion --> Hello")), undefined],
  ["a comment on nothing", (side) => side.ask(({ forge }) => forge.comment(side.world.repository, 999, "Hello")), STALLED],
  ["a label", (side) => side.people.label("alice", side.pull(0).number, "promote:prod"), true],
  ["it is taken off", (side) => side.ask(({ forge }) => forge.removeLabel(side.world.repository, side.pull(0).number, "promote:prod")), undefined],
  ["it is taken off again", (side) => side.ask(({ forge }) => forge.removeLabel(side.world.repository, side.pull(0).number, "promote:prod")), undefined],
  ["it is called otherwise", (side) => side.ask(({ forge }) => forge.retitle(side.world.repository, side.pull(0).number, "Another title")), undefined],
  ["a label is made", (side) => side.ask(({ forge }) => forge.createLabel(side.world.repository, { name: "freeze:dev", color: "b60205", description: "Stop" })), undefined],
  ["it is made again", (side) => side.ask(({ forge }) => forge.createLabel(side.world.repository, { name: "freeze:dev", color: "b60205", description: "Stop" })), undefined],
  ["nobody is asked", (side) => askReviewers(side, [], []), done(null)],
  ["a team and a person are asked", (side) => askReviewers(side, ["sre"], ["carol"]), done(null)],
  ["they are asked again", (side) => askReviewers(side, ["sre"], ["carol"]), done(null)],
  ["a team that is not there is asked", (side) => askReviewers(side, ["nobody"], ["alice"]), REFUSED],
  ["somebody from nowhere is asked", (side) => askReviewers(side, [], ["nobody-at-all"]), REFUSED],
  ["an issue", async (side) => ({ issue: await side.ask(({ forge }) => forge.openIssue(side.world.repository, { title: "Stopped", body: "Why", labels: ["pinion"] })) }), { issue: expect.anything() }],
  ["a comment on it", (side) => side.ask(({ forge }) => forge.comment(side.world.repository, [...side.world.facts().issues.keys()][0] ?? 0, "Over")), undefined],
  ["a deployment", (side) => showDeployment(side, "queued", side.branch(MAIN)), { deployment: "deployment 1" }],
  ["the same, whose number was lost", (side) => showDeployment(side, "success", side.branch(MAIN)), { deployment: "deployment 1" }],
  ["the same by its number", (side) => showDeployment(side, "success", side.branch(MAIN), side.world.facts().deployments[0]?.id ?? null), { deployment: "deployment 1" }],
  ["another commit", (side) => showDeployment(side, "queued", side.pull(0).head), { deployment: "deployment 2" }],
  ["a commit that is not there", (side) => showDeployment(side, "queued", NOWHERE), { failed: "error" }],
  ["a person freezes", async (side) => ({ issue: await side.people.openIssue("alice", "Stop", ["freeze:dev"]) }), { issue: expect.anything() }],
  ["and resumes", (side) => side.people.closeIssue("alice", [...side.world.facts().issues.keys()].at(-1) ?? 0), true],
  ["whoever may only read cannot label an issue", async (side) => ({ issue: await side.people.openIssue("mallory", "Stop", ["freeze:dev"]) }), { issue: expect.anything() }],
];

const MERGING: readonly Step[] = [
  ["a pull request to merge", (side) => open(side, "pinion/dev/checkout/1.1.0-a"), done()],
  ["without its check", (side) => merge(side, side.pull(0).number, side.pull(0).head), REFUSED],
  ["with a check that is not over", async (side) => { await publish(side, [[side.pull(0).head, check("a", null), "anew"]]); return merge(side, side.pull(0).number, side.pull(0).head); }, REFUSED],
  ["with a red check", async (side) => { await publish(side, [[side.pull(0).head, check("b", "failure"), "again"]]); return merge(side, side.pull(0).number, side.pull(0).head); }, REFUSED],
  ["a writer presses the button all the same", (side) => side.people.merge("alice", side.pull(0).number), false],
  ["with a green check, at another head", async (side) => { await publish(side, [[side.pull(0).head, check("c", "success"), "again"]]); return merge(side, side.pull(0).number, side.branch(MAIN)); }, CONFLICT],
  ["at its head", (side) => merge(side, side.pull(0).number, side.pull(0).head), done()],
  ["once more", (side) => merge(side, side.pull(0).number, side.pull(0).head), REFUSED],
  ["one that is not there", (side) => merge(side, 999, side.pull(0).head), CONFLICT],
  ["what brought the merge commit", async (side) => ({ pull: (await side.ask(({ forge }) => forge.pullRequestOf(side.world.repository, side.branch(MAIN))))?.number }), { pull: "thread 1" }],
  ["all that is told of it", (side) => side.ask(({ forge }) => forge.pullRequestOf(side.world.repository, side.branch(MAIN))), expect.objectContaining({ state: "merged" })],
  ["the merge commit is not its own, though its words are", (side) => side.ask(({ forge }) => forge.ownCommits(side.world.repository, [side.branch(MAIN)])), []],
  ["a second one, merged by a merge commit", async (side) => { await open(side, "pinion/dev/checkout/1.2.0-b"); await side.world.settle(); await publish(side, [[side.pull(1).head, check("d", "success"), "anew"]]); return merge(side, side.pull(1).number, side.pull(1).head, "merge"); }, done()],
  ["two that change the same file", async (side) => [await side.people.openPull("alice", "one", false, { "same.txt": "one\n" }), await side.people.openPull("bob", "two", false, { "same.txt": "two\n" })].length, 2],
  ["an administrator needs no check", (side) => side.people.merge("olive", side.pull(2).number), true],
  ["the other conflicts then", async (side) => { await publish(side, [[side.pull(3).head, check("e", "success"), "anew"]]); return merge(side, side.pull(3).number, side.pull(3).head); }, REFUSED],
  ["a writer pushes to the default branch", (side) => side.people.push("bob", MAIN, { "README.md": "By bob\n" }, "By hand"), false],
  ["an administrator pushes to it", (side) => side.people.push("olive", MAIN, { "README.md": "By olive\n" }, "By hand"), true],
  ["a branch for a draft", (side) => side.people.push("alice", "draft", { "draft.txt": "draft\n" }, "Draft"), true],
  ["a draft", async (side) => ({ pull: await side.openDraft("draft") }), { pull: expect.anything() }],
  ["it is merged", async (side) => { await publish(side, [[side.pull(-1).head, check("f", "success"), "anew"]]); return merge(side, side.pull(-1).number, side.pull(-1).head); }, REFUSED],
  ["nobody takes it back", (side) => side.people.force("olive", MAIN, side.world.mainline()[0] ?? ""), false],
  ["a reader pushes nowhere", (side) => side.people.push("mallory", "hers", { "a.txt": "hers\n" }, "Mine"), false],
];

tell("looking around", SETUP, 1_700, LOOKING);
tell("recording", SETUP, 1_700, RECORDING);
tell("opening and closing", SETUP, 1_700, OPENING);
tell("talking", SETUP, 1_700, TALKING);
tell("merging", SETUP, 1_700, MERGING);
