import { describe, expect, it } from "vitest";
import { badGateway, secondaryLimit, type Fault } from "../../sandbox/github/faults.ts";
import { overlay } from "./onlooker.ts";
import { begin, DEV, HOUR, MINUTE, type Story } from "./story.ts";
import { beginWholeStory, expectWholeStory, tellWholeStory } from "./whole-story.ts";

const FAULTS: readonly (readonly [string, Fault])[] = [
  ["is done, and the connection breaks before the answer", { kind: "drop-after" }],
  ["is done, and half of the answer arrives", { kind: "truncate" }],
  ["never arrives", { kind: "drop" }],
  ["meets GitHub's page with the unicorn", badGateway()],
  ["meets the secondary rate limit", secondaryLimit(90)],
  ["meets an internal error", { kind: "status", status: 500 }],
];

/** Every kind of write that the whole story makes: mutations by their fields, the rest by their path without its numbers. */
const WRITES = [
  "DELETE /repos/acme/manifests/issues/#/labels/promote:prod",
  "POST /repos/acme/manifests/deployments",
  "POST /repos/acme/manifests/deployments/#/statuses",
  "POST /repos/acme/manifests/git/commits",
  "POST /repos/acme/manifests/git/refs",
  "POST /repos/acme/manifests/git/trees",
  "POST /repos/acme/manifests/issues/#/comments",
  "POST /repos/acme/manifests/labels",
  "POST /repos/acme/manifests/pulls/#/requested_reviewers",
  "PUT /repos/acme/manifests/pulls/#/merge",
  "createCommitOnBranch",
  "createCommitOnBranch createCheckRun",
  "createCommitOnBranch updateCheckRun",
  "createRef createCommitOnBranch createPullRequest",
  "updateRefs",
];

/** What kind of write this is, or null for a read. */
function writeOf(method: string, path: string, document: string | null): string | null {
  if (document !== null) return /^\s*mutation/.test(document) ? [...document.matchAll(/\b(\w+)\(input:/g)].map(([, field]) => field).join(" ") : null;
  if (method === "GET" || path.endsWith("/access_tokens") || path.includes("git-upload-pack")) return null;
  // Only people do these, and they have no patience with faults.
  if (/\/(?:issues\/\d+\/labels|reviews)$/.test(path)) return null;
  return `${method} ${decodeURIComponent(path).replaceAll(/\/\d+(?=\/|$)/g, "/#")}`;
}

/** The first request of each kind meets the fault. Answers the kinds that have met it. */
function failFirstOfEach(story: Story, kindOf: typeof writeOf, fault: Fault): ReadonlySet<string> {
  const met = new Set<string>();
  for (let count = 0; count < 60; count += 1) {
    story.world.github.faults.next((method, path, document) => {
      const kind = kindOf(method, path, document);
      if (kind === null || met.has(kind)) return false;
      met.add(kind);
      return true;
    }, fault);
  }
  return met;
}

describe("every kind of write, the first time,", () => {
  it.each(FAULTS)("%s: the end is the same, and nothing is there twice", async (_what, fault) => {
    const story = await beginWholeStory({ asleep: true });
    const met = failFirstOfEach(story, writeOf, fault);
    await story.wake();
    await tellWholeStory(story);
    await expectWholeStory(story);
    expect([...met].toSorted()).toEqual(WRITES);
  });
});

describe("every kind of read, the first time,", () => {
  const readOf: typeof writeOf = (method, path, document) => {
    if (writeOf(method, path, document) !== null || path.endsWith("/labels") || path.endsWith("/reviews")) return null;
    if (document === null) return `${method} ${path.replaceAll(/\/\d+(?=\/|$)/g, "/#")}`;
    return document.replaceAll(/\s+/g, " ").slice(0, 120);
  };

  // Octokit asks once more after a second of real time, so not all faults are tried here.
  it.each(FAULTS.filter(([, { kind }]) => kind === "truncate" || kind === "drop"))("%s: the end is the same", async (_what, fault) => {
    const story = await beginWholeStory({ asleep: true });
    const met = failFirstOfEach(story, readOf, fault);
    await story.wake();
    await tellWholeStory(story);
    await expectWholeStory(story);
    expect([...met]).toEqual(
      expect.arrayContaining(["POST /app/installations/#/access_tokens", "GET /acme/manifests.git/info/refs", "POST /acme/manifests.git/git-upload-pack"]),
    );
    expect(met.size).toBeGreaterThan(7);
  });
});

describe("a merge that GitHub turns down", () => {
  const refusals: readonly (readonly [string, number, string])[] = [
    ["the base moved at that moment", 405, "Base branch was modified. Review and try the merge again."],
    ["the head moved at that moment", 409, "Head branch was modified. Review and try the merge again."],
    ["a rule is not met yet", 405, "Required status check \"build\" is expected."],
    ["GitHub does not know yet whether it can", 405, "Pull Request is not mergeable"],
  ];

  it.each(refusals)("because %s is tried again, judged anew", async (_why, status, message) => {
    const story = await begin({ environmentLines: [DEV], asleep: true });
    const { world } = story;
    const isMerge = (method: string, path: string) => method === "PUT" && path.endsWith("/merge");
    for (let count = 0; count < 3; count += 1) world.github.faults.next(isMerge, { kind: "status", status, body: { message } });
    await story.wake();
    await story.until("verified dev 1.4.2", 2 * HOUR);
    expect(world.github.faults.pending).toBe(0);
    expect((await story.recordsOf("merged")).map(({ judgement }) => judgement)).toEqual(["judged"]);
    expect(await story.doubled()).toEqual([]);
  });
});

describe("a merge that GitHub refuses for long", () => {
  it("is told on the pull request in GitHub's words, once, and made as soon as GitHub lets it", async () => {
    const story = await begin({ environmentLines: [DEV], asleep: true });
    const { world } = story;
    const isMerge = (method: string, path: string) => method === "PUT" && path.endsWith("/merge");
    const refuse = () => world.github.faults.next(isMerge, { kind: "status", status: 405, body: { message: 'Required status check "build" is expected.' } });
    for (let count = 0; count < 8; count += 1) refuse();
    await story.wake();
    await world.pass(3 * MINUTE);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    expect(story.verdict(dev)).toBe('success: GitHub does not let Pinion merge: Required status check "build" is expected');
    const before = story.writes();
    await world.pass(10 * MINUTE);
    // Nothing but the tries themselves.
    expect(story.writes() - before).toBeLessThanOrEqual(4);
    await story.until("merged dev 1.4.2", 2 * HOUR);
    expect(await story.doubled()).toEqual([]);
  });
});

describe("what is written only when something goes wrong", () => {
  it.each(FAULTS)("%s: there is one issue, one record and one way on", async (_what, fault) => {
    const story = await begin({ pushed: "", asleep: true });
    const { world } = story;
    world.argocd.remove("checkout-dev");
    await world.push("checkout", "1.4.2");
    await story.wake();
    await story.until("merged dev 1.4.2");
    world.argocd.add({ name: "checkout-dev", path: overlay("dev") });
    await story.until("deployed dev 1.4.2");
    story.serve("dev", 0.2);
    const met = failFirstOfEach(story, writeOf, fault);
    await story.until("frozen dev 1.4.2");
    await world.pass(10 * MINUTE);
    expect([...met]).toContain("POST /repos/acme/manifests/issues");
    expect(story.issues()).toEqual([expect.stringMatching(/^checkout is stopped in dev: 1\.4\.2 went bad \([0-9a-f]{10}\): open$/)]);
    expect(await story.doubled()).toEqual([]);
  });

  it.each(FAULTS)("%s: the way back is gone once", async (_what, fault) => {
    const story = await begin({ pushed: "" });
    const { world } = story;
    const digest = await world.push("checkout", "1.4.2");
    world.argocd.failSyncOn("checkout-dev", digest);
    await story.until("merged dev 1.4.2");
    failFirstOfEach(story, writeOf, fault);
    await story.until("reverted dev 1.4.2");
    await world.pass(10 * MINUTE);
    expect(story.list()).toEqual(["#1 Promote checkout 1.4.2 to dev: merged", "#2 Revert checkout in dev to 1.4.1: merged"]);
    expect(await story.history()).toContain("verified dev 1.4.1");
    for (const event of ["sync-failed", "reverted", "quarantined", "held"] as const) expect(await story.recordsOf(event)).toHaveLength(1);
    expect(await story.doubled()).toEqual([]);
  });
});
