import { describe, expect, it } from "vitest";
import type { OtherCi } from "../../sandbox/github/ci.ts";
import type { MergeQueueSettings, PullRequest } from "../../sandbox/github/model.ts";
import { overlay, shown } from "./onlooker.ts";
import { begin, DEV, HOUR, MINUTE, type Story, type StoryOptions } from "./story.ts";

interface Queued {
  readonly story: Story;
  readonly ci: OtherCi;
}

/** A default branch that only its merge queue merges into, with the checks of Pinion and of a CI required. The CI passes all pull requests. */
async function queued(options: StoryOptions & { readonly queue?: Partial<MergeQueueSettings> } = {}): Promise<Queued> {
  const { queue = {}, ...rest } = options;
  const story = await begin({ environmentLines: [DEV], ...rest, asleep: true });
  const { github, repository } = story.world;
  const ci = github.ci("ci");
  const required = [
    { context: "Pinion", appId: github.app.id },
    { context: "build", appId: ci.app.id },
  ];
  github.addRuleset(repository, {
    name: "main",
    include: ["~DEFAULT_BRANCH"],
    rules: [
      { type: "merge_queue", minToMerge: 1, ...queue },
      { type: "required_status_checks", strict: false, required },
    ],
  });
  github.state.listen((event) => {
    if (event.name === "pull_request" && (event.action === "opened" || event.action === "synchronize")) void ci.report(repository, event.pull.head.oid, "build", "success");
  });
  if (options.asleep !== true) await story.wake();
  return { story, ci };
}

/** The commits that the queue tries now, the front first. */
function groups({ repository }: Story): readonly { readonly number: number; readonly head: string }[] {
  const entries = repository.mergeQueues.get("main")?.entries ?? [];
  return entries.flatMap(({ pull, group }) => (group === null ? [] : [{ number: pull.number, head: group.head }]));
}

/** What Pinion's check says now on the commit that the queue tries of a pull request. */
function triedOf(story: Story, pull: PullRequest): string {
  const head = groups(story).find(({ number }) => number === pull.number)?.head;
  const run = story.repository.checkRuns.findLast(({ headSha, name }) => headSha === head && name === "Pinion");
  return run === undefined ? "nothing" : `${run.conclusion ?? run.status}: ${run.output.title ?? ""}`;
}

/** How it came into the queue and out of it. */
function queueStory({ timeline }: PullRequest): readonly string[] {
  return timeline.flatMap((event) => (event.event === "added_to_merge_queue" ? ["in"] : event.event === "removed_from_merge_queue" ? [event.reason] : []));
}

const FIRST = "Promote checkout 1.4.2 to dev";

it("merges its own promotion through the queue, judged once more on what the queue made of it, and records who put it there", async () => {
  const { story, ci } = await queued();
  ci.answerGroups(story.repository, "build", () => "success");
  await story.until("verified dev 1.4.2");
  const pull = story.pull(FIRST);
  const [merged] = await story.recordsOf("merged");
  expect(merged).toMatchObject({ judgement: "judged", enqueuedBy: "pinion[bot]", commit: pull.mergeCommit });
  expect((await story.recordsOf("judged")).map(({ head }) => head)).toEqual([pull.head.oid, pull.mergeCommit]);
  expect(queueStory(pull)).toEqual(["in", "MERGE"]);
  expect(story.said(pull.number)).toEqual([]);
  expect(await story.doubled()).toEqual([]);
});

it("goes its way all the same where GitHub does not tell of groups", async () => {
  const { story, ci } = await queued({ asleep: true });
  for (const installation of story.world.github.state.installations) {
    const { merge_queues: _, ...others } = installation.permissions;
    installation.permissions = others;
  }
  ci.answerGroups(story.repository, "build", () => "success");
  await story.wake();
  await story.until("verified dev 1.4.2", 10 * MINUTE);
  expect(await story.doubled()).toEqual([]);
});

describe("in the queue", () => {
  it("a freeze takes it out and tells why; when that is over it goes in again", async () => {
    const { story, ci } = await queued();
    await story.world.pass(MINUTE);
    const pull = story.pull(FIRST);
    expect(triedOf(story, pull)).toMatch(/^success: All \d+ gates passed/);
    const issue = await story.world.person("alice").openIssue("Stop", ["freeze:dev"]);
    await story.world.pass(MINUTE);
    expect(queueStory(pull)).toEqual(["in", "MANUAL"]);
    expect(story.said(pull.number)).toEqual([
      expect.stringMatching(/^Pinion takes this pull request out of the merge queue\. Waiting: the freeze of dev to end .*Stop.* It goes back by itself once every gate passes again\.$/),
    ]);
    ci.answerGroups(story.repository, "build", () => "success");
    await story.world.person("alice").closeIssue(issue);
    await story.until("verified dev 1.4.2");
    expect(queueStory(pull)).toEqual(["in", "MANUAL", "in", "MERGE"]);
    expect((await story.recordsOf("merged"))[0]).toMatchObject({ judgement: "judged" });
    // What the check said before the freeze, it says again after it, in a new run.
    expect((await story.doubled()).filter((key) => !key.startsWith("check "))).toEqual([]);
  });

  it("a window that closes for a moment turns the check of the group back, and its opening lets it through", async () => {
    // From 09:00 of 2026-11-23 on, UTC.
    const windowed = 'dev: { promote: auto, merge: auto, watch: 2m, windows: [{ allow: "0 9 * * *", for: 45m }, { allow: "52 9 * * *", for: 8h }] }';
    const { story, ci } = await queued({ environmentLines: [windowed] });
    await story.world.pass(MINUTE);
    const pull = story.pull(FIRST);
    expect(triedOf(story, pull)).toMatch(/^success/);
    await story.world.pass(20 * MINUTE);
    expect(triedOf(story, pull)).toMatch(/^in_progress: Waiting: .*until/);
    expect(queueStory(pull)).toEqual(["in"]);
    ci.answerGroups(story.repository, "build", () => "success");
    await story.until("verified dev 1.4.2", HOUR);
    expect((await story.recordsOf("merged"))[0]).toMatchObject({ judgement: "judged" });
  });

  it("of two in one group, the one that may not go in is taken out, and the other is merged", async () => {
    const { story, ci } = await queued({ apps: ["checkout", "search"], pushed: "" });
    const { world } = story;
    await world.push("checkout", "1.4.2");
    await world.push("search", "1.4.2");
    await world.pass(2 * MINUTE);
    // Whichever was put there first.
    const [one, two] = groups(story).map(({ number }) => story.pulls().find((pull) => pull.number === number));
    if (one === undefined || two === undefined) throw new Error("two are to be in the queue");
    const [front, back] = one.title === FIRST ? ["checkout", "search"] : ["search", "checkout"];
    expect(triedOf(story, two)).toBe("success: All 2 pull requests of this group pass");
    await world.person("bob").requestChanges(one.number, "Not today");
    await world.settle();
    expect(queueStory(one)).toEqual(["in", "MANUAL"]);
    expect(story.said(one.number)).toEqual([expect.stringMatching(/^Pinion takes this pull request out of the merge queue\. Waiting: changes asked for by bob/)]);
    ci.answerGroups(story.repository, "build", () => "success");
    const tried = groups(story)[0];
    if (tried === undefined) throw new Error("nothing is tried");
    await ci.report(story.repository, tried.head, "build", "success");
    await story.world.until("the other is merged", () => shown(two) === "merged", 5 * MINUTE);
    expect(await story.version("dev", back)).toBe("1.4.2");
    expect(await story.version("dev", front)).toBe("1.4.1");
    expect(shown(one)).toBe("open");
    await world.pass(HOUR);
    expect(shown(one)).toBe("open");
    expect(await story.doubled()).toEqual([]);
  });
});

describe("two promotions in one group", () => {
  /** Both are in the queue, one on top of the other, and the CI has said nothing yet. */
  async function two(queue: Partial<MergeQueueSettings>): Promise<Queued & { readonly front: PullRequest; readonly back: PullRequest }> {
    const { story, ci } = await queued({ apps: ["checkout", "search"], pushed: "", queue });
    await story.world.push("checkout", "1.4.2");
    await story.world.push("search", "1.4.2");
    await story.world.pass(2 * MINUTE);
    const [front, back] = groups(story).map(({ number }) => story.pulls().find((pull) => pull.number === number));
    if (front === undefined || back === undefined) throw new Error("two are to be in the queue");
    return { story, ci, front, back };
  }

  it("are merged by one push, and each is recorded as judged at the commit that it came in by", async () => {
    const { story, ci, front, back } = await two({ minToMerge: 2, minWaitMinutes: 60 });
    const heads = groups(story).map(({ head }) => head);
    for (const head of heads) await ci.report(story.repository, head, "build", "success");
    await story.world.until("both are recorded", async () => (await story.recordsOf("merged")).length === 2, 5 * MINUTE);
    const told = (await story.recordsOf("merged")).map(({ pullRequest, commit, judgement, enqueuedBy }) => ({ pullRequest, commit, judgement, enqueuedBy }));
    const each = { judgement: "judged", enqueuedBy: "pinion[bot]" };
    const expected = [front, back].map(({ number }, index) => ({ pullRequest: number, commit: heads[index], ...each }));
    expect(told.toSorted((a, b) => a.pullRequest - b.pullRequest)).toEqual(expected.toSorted((a, b) => a.pullRequest - b.pullRequest));
    expect(await story.recordsOf("out-of-band")).toEqual([]);
    expect(await story.doubled()).toEqual([]);
  });

  it("of which the first fails a check: it comes out and is told, and the other is merged without it", async () => {
    const { story, ci, front, back } = await two({ minToMerge: 2, minWaitMinutes: 60 });
    const said = story.said(back.number);
    // What stands on a commit that fails, fails as well; made anew without it, it passes.
    ci.answerGroups(story.repository, "build", (number) => (number === front.number ? "failure" : "success"));
    for (const { head } of groups(story)) await ci.report(story.repository, head, "build", "failure");
    await story.world.until("the other is merged", () => shown(back) === "merged", 2 * HOUR);
    expect(queueStory(back)).toEqual(["in", "MERGE"]);
    expect(story.said(back.number)).toEqual(said);
    await story.world.pass(6 * HOUR);
    expect(queueStory(front)).toEqual(Array.from({ length: 5 }, () => ["in", "CI_FAILURE"]).flat());
    expect(shown(front)).toBe("open");
    expect(story.said(front.number)[0]).toMatch(/^It came out of the merge queue: a required check failed on the commit that the queue made of it/);
    expect((await story.recordsOf("merged")).map(({ pullRequest, judgement }) => [pullRequest, judgement])).toEqual([[back.number, "judged"]]);
    expect(await story.doubled()).toEqual([]);
  });
});

describe("a person's pull request in the queue", () => {
  const APPROVED = "dev: { promote: auto, merge: on-approval, watch: 2m, approvals: { count: 1 } }";

  async function byHand(story: Story): Promise<PullRequest> {
    const { world } = story;
    const digest = await world.push("checkout", "1.5.0");
    const carol = world.person("carol");
    await carol.push("by-hand", { [overlay("dev")]: story.fileWith("1.5.0", digest) }, "By hand", { from: "main" });
    const number = await carol.openPullRequest({ head: "by-hand", title: "Bring 1.5.0" });
    await world.person("bob").approve(number);
    await world.pass(MINUTE);
    await carol.enqueue(number);
    await world.pass(MINUTE);
    return story.pull("Bring 1.5.0");
  }

  it("is judged on what the queue made of it, and recorded with who put it there", async () => {
    const { story, ci } = await queued({ environmentLines: [APPROVED], pushed: "" });
    ci.answerGroups(story.repository, "build", () => "success");
    const pull = await byHand(story);
    await story.until("merged dev 1.5.0");
    expect((await story.recordsOf("merged"))[0]).toMatchObject({ judgement: "judged", enqueuedBy: "carol", commit: pull.mergeCommit });
    const judged = (await story.recordsOf("judged")).find(({ head }) => head === pull.mergeCommit);
    expect(judged?.approvals.map(({ by }) => by)).toEqual(["bob"]);
  });

  it("is held by Pinion's check while it may not go in, until GitHub takes it out", async () => {
    const { story } = await queued({ environmentLines: [APPROVED], pushed: "" });
    const pull = await byHand(story);
    expect(triedOf(story, pull)).toMatch(/^success/);
    await story.world.person("bob").requestChanges(pull.number, "On second thoughts");
    await story.world.pass(MINUTE);
    expect(triedOf(story, pull)).toBe("in_progress: Waiting: changes asked for by bob");
    await story.world.pass(2 * HOUR);
    expect(queueStory(pull)).toEqual(["in", "CI_TIMEOUT"]);
    expect(shown(pull)).toBe("open");
    expect(story.said(pull.number)).toEqual([]);
  });
});

describe("what came out of the queue", () => {
  it("for another check goes in again after a while, longer each time, and at last only when somebody wants it", async () => {
    const { story, ci } = await queued();
    const stop = ci.answerGroups(story.repository, "build", () => "failure");
    await story.world.pass(6 * HOUR);
    const pull = story.pull(FIRST);
    expect(queueStory(pull)).toEqual(Array.from({ length: 5 }, () => ["in", "CI_FAILURE"]).flat());
    const times = pull.timeline.flatMap((event) => (event.event === "added_to_merge_queue" ? [event.at] : []));
    const rests = times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / MINUTE));
    expect(rests).toEqual([1, 5, 25, 60]);
    expect(story.said(pull.number)).toHaveLength(5);
    expect(story.said(pull.number)[0]).toMatch(
      /^It came out of the merge queue: a required check failed on the commit that the queue made of it\. Pinion puts it back after .* if every gate passes then\.$/,
    );
    expect(story.said(pull.number)[4]).toMatch(/It came out 5 times, so Pinion leaves it to people\. When the reason is gone, approve it again, comment `\/pinion promote checkout dev`, or put/);
    stop();
    ci.answerGroups(story.repository, "build", () => "success");
    await story.world.person("bob").approve(pull.number);
    await story.until("verified dev 1.4.2");
    expect(await story.doubled()).toEqual([]);
  });

  it("by a person's hand stays out until somebody wants it again", async () => {
    const { story, ci } = await queued();
    await story.world.pass(MINUTE);
    const pull = story.pull(FIRST);
    await story.world.person("carol").dequeue(pull.number);
    await story.world.pass(6 * HOUR);
    expect(queueStory(pull)).toEqual(["in", "MANUAL"]);
    expect(story.said(pull.number)).toEqual([
      "@carol took it out of the merge queue. Pinion does not put it back by itself: approve it again, comment `/pinion promote checkout dev`, or put it into the queue yourself.",
    ]);
    const mallory = story.world.person("mallory");
    await mallory.comment(pull.number, "/pinion promote checkout dev");
    await mallory.approve(pull.number);
    await story.world.pass(HOUR);
    expect(queueStory(pull)).toEqual(["in", "MANUAL"]);
    ci.answerGroups(story.repository, "build", () => "success");
    await story.world.person("bob").comment(pull.number, "/pinion promote checkout dev");
    await story.until("verified dev 1.4.2");
  });

  it("because somebody pushed to it is theirs", async () => {
    const { story } = await queued();
    await story.world.pass(MINUTE);
    const pull = story.pull(FIRST);
    await story.world.person("carol").push(pull.head.ref, { "notes.md": "Mine.\n" }, "And notes");
    await story.world.pass(HOUR);
    expect(queueStory(pull)).toEqual(["in", "MANUAL"]);
    expect(shown(pull)).toBe("open");
  });
});

it("is in the queue once when the answer to putting it there was lost", async () => {
  const { story, ci } = await queued({ asleep: true });
  story.world.github.faults.next((_method, _path, document) => document?.includes("enqueuePullRequest") === true, { kind: "drop-after" });
  ci.answerGroups(story.repository, "build", () => "success");
  await story.wake();
  await story.until("verified dev 1.4.2");
  expect(queueStory(story.pull(FIRST))).toEqual(["in", "MERGE"]);
  expect(await story.doubled()).toEqual([]);
});
