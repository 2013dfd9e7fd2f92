import { describe, expect, it } from "vitest";
import { overlay, shown } from "./onlooker.ts";
import { begin, configOf, DEV, HOUR, MINUTE, type Story } from "./story.ts";
import { LIVE } from "./whole-story.ts";

const SLOWLY = "prod: { after: dev, soak: 30m, watch: 2m, promote: on-request, merge: on-approval, approvals: { count: 1, teams: [sre] } }";
const WITH_APPROVAL = "dev: { promote: auto, merge: on-approval, approvals: { count: 2 }, watch: 2m }";

/** 1.4.2 runs in dev, and alice has asked for it in prod. */
async function asked(environmentLines: readonly string[]): Promise<Story> {
  const story = await begin({ environmentLines });
  await story.until("verified dev 1.4.2");
  await story.world.person("alice").label(story.pull("Promote checkout 1.4.2 to dev").number, "promote:prod");
  await story.world.settle();
  return story;
}

describe("a branch of Pinion that somebody pushes to", () => {
  it("is not merged any more, no approval counts, and the check says so; who merges it all the same does it out of band", async () => {
    const story = await asked([DEV, SLOWLY]);
    const { world } = story;
    const prod = story.pull("Promote checkout 1.4.2 to prod");
    await world.person("bob").approve(prod.number);
    await world.settle();
    expect(story.check(prod).output.summary).toContain("approved by bob");
    const digest = (await story.recordsOf("opened")).at(-1)?.release.images[0]?.digest ?? "sha256:";
    await world.person("carol").push(prod.head.ref, { [overlay("prod")]: `${story.fileWith("1.4.2", digest)}namePrefix: blue-\n` }, "And blue");
    await world.pass(HOUR);
    expect(shown(prod)).toBe("open");
    expect(story.check(prod).output.summary).toContain("Somebody else changed this branch, so Pinion will not merge it.");
    expect(story.check(prod).output.summary).toContain("somebody changed Pinion's branch, so who may approve cannot be told");
    expect(await story.version("prod")).toBe("1.4.1");
    await world.person("bob").approve(prod.number);
    await world.pass(MINUTE);
    expect(story.verdict(prod)).toMatch(/^in_progress: Waiting/);
    expect(shown(prod)).toBe("open");
    await world.person("carol").mergeWithButton(prod.number);
    await story.until("verified prod 1.4.2");
    expect((await story.recordsOf("merged")).at(-1)).toMatchObject({ judgement: "out-of-band", mergedBy: "carol", requestedBy: "alice" });
  });

  it("is left to that person when only their part is still to be merged", async () => {
    const story = await asked([DEV, SLOWLY]);
    const { world } = story;
    const prod = story.pull("Promote checkout 1.4.2 to prod");
    await world.person("carol").push(prod.head.ref, { [overlay("prod")]: await story.fileOf("prod"), "notes.md": "Mine.\n" }, "Only my notes");
    await world.pass(MINUTE);
    expect(shown(prod)).toBe("open");
    expect(story.verdict(prod)).toBe("success: No pins change");
  });
});

describe("a pull request that a person closes", () => {
  it("is not opened again by itself, but when somebody asks; and a branch in its place that is not ours is left alone", async () => {
    const story = await asked([DEV, LIVE]);
    const { world, repository } = story;
    const first = story.pull("Promote checkout 1.4.2 to prod");
    await world.person("carol").closePullRequest(first.number);
    await world.settle();
    expect(story.said(first.number)).toEqual([
      "@carol withdrew this promotion. Pinion does not offer `checkout 1.4.2` to `prod` again unless somebody asks for it: comment `/pinion promote checkout prod` here.",
    ]);
    await world.pass(HOUR);
    expect(story.titles("open")).toEqual([]);
    expect((await story.recordsOf("withdrawn")).map(({ by }) => by)).toEqual(["carol"]);
    expect(story.branches()).toEqual(["main", "pinion-log"]);

    const theirs = await world.person("carol").push(first.head.ref, { "notes.md": "Mine.\n" }, "A branch of that name");
    await world.person("bob").comment(story.pull("Promote checkout 1.4.2 to dev").number, "/pinion promote checkout prod");
    await world.pass(MINUTE);
    const second = story.pulls().find(({ number }) => number > first.number);
    expect(second?.title).toBe("Promote checkout 1.4.2 to prod");
    expect(second?.head.ref).toBe(`${first.head.ref}-2`);
    await world.person("alice").approve(second?.number ?? 0);
    await story.until("merged prod 1.4.2");
    await world.pass(10 * MINUTE);
    expect(repository.refs.get(`refs/heads/${first.head.ref}`)).toBe(theirs);
    expect(await story.doubled()).toEqual([]);
  });

  it("withdraws an automatic promotion too, until there is a newer release", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world } = story;
    await world.pass(MINUTE);
    await world.person("carol").closePullRequest(story.pull("Promote checkout 1.4.2 to dev").number);
    await world.pass(HOUR);
    expect(story.list()).toEqual(["#1 Promote checkout 1.4.2 to dev: closed"]);
    await world.push("checkout", "1.4.3");
    await world.pass(MINUTE);
    expect(story.titles("open")).toEqual(["Promote checkout 1.4.3 to dev"]);
  });
});

describe("a newer release while a pull request is open", () => {
  it("takes its place, unless somebody has begun to care for it", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world } = story;
    await world.pass(MINUTE);
    await world.push("checkout", "1.4.3");
    await world.pass(MINUTE);
    const [first, second] = story.pulls();
    expect(story.list()).toEqual(["#1 Promote checkout 1.4.2 to dev: closed", "#2 Promote checkout 1.4.3 to dev: open"]);
    expect(story.said(first?.number ?? 0)).toEqual(["Closed, because `1.4.3` takes its place."]);
    await world.person("bob").approve(second?.number ?? 0);
    await world.push("checkout", "1.4.4");
    await world.pass(10 * MINUTE);
    expect(story.titles("open")).toEqual(["Promote checkout 1.4.3 to dev"]);
    expect(story.said(second?.number ?? 0)).toEqual([expect.stringMatching(/^A newer release, `1\.4\.4`, is ready\. This pull request stays open/)]);
    await world.person("carol").approve(second?.number ?? 0);
    await story.until("verified dev 1.4.3");
    await world.pass(MINUTE);
    expect(story.titles("open")).toEqual(["Promote checkout 1.4.4 to dev"]);
    expect(await story.doubled()).toEqual([]);
  });
});

describe("a person's own pull request that moves pins", () => {
  const file = (story: Story, digest: `sha256:${string}`) => `${story.fileWith("1.4.2", digest)}namePrefix: blue-\n`;

  it("is judged as what it is, merged by its author with the button, and recorded", async () => {
    const story = await begin({ environmentLines: [DEV, LIVE], pushed: "" });
    const { world } = story;
    const digest = await world.push("checkout", "1.4.2");
    await story.until("verified dev 1.4.2");
    await world.person("alice").push("mine", { [overlay("prod")]: file(story, digest) }, "Production by hand");
    const number = await world.person("alice").openPullRequest({ head: "mine", title: "Production by hand" });
    await world.pass(MINUTE);
    const mine = story.pull("Production by hand");
    expect(story.verdict(mine)).toBe("in_progress: Waiting: 1 approval from team sre");
    await world.person("bob").approve(number);
    await world.pass(MINUTE);
    expect(story.verdict(mine)).toBe("success: 9 gates passed, with 1 warning");
    expect(story.check(mine).output.summary).toContain(overlay("prod"));
    await world.pass(HOUR);
    expect(shown(mine)).toBe("open");
    await world.person("alice").mergeWithButton(number);
    await story.until("verified prod 1.4.2");
    const merged = (await story.recordsOf("merged")).at(-1);
    expect(merged).toMatchObject({ environment: "prod", judgement: "judged", mergedBy: "alice", pullRequest: number, commit: mine.mergeCommit });
    expect((await story.recordsOf("held")).map(({ environment, reason }) => `${environment}: ${reason}`)).toEqual([
      `prod: @alice changed the pin in #${number}`,
    ]);
  });

  it("is recorded as out of band when it is merged against the check", async () => {
    const story = await begin({ pushed: "" });
    const { world } = story;
    await world.person("carol").push("tag", { [overlay("dev")]: (await story.fileOf("dev")).replace(/newTag.*\n.*\n/, "newTag: 1.5.0\n") }, "By tag");
    const number = await world.person("carol").openPullRequest({ head: "tag", title: "By tag" });
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("By tag"))).toMatch(/^failure: Blocked: an image is pinned without a digest/);
    await world.person("carol").mergeWithButton(number, "merge");
    await world.pass(MINUTE);
    expect((await story.recordsOf("merged")).map(({ judgement, mergedBy }) => `${judgement} ${mergedBy}`)).toEqual(["out-of-band carol"]);
    expect(await story.recordsOf("held")).toHaveLength(1);
  });

  it("is judged and recorded when it comes from a fork, too", async () => {
    const story = await begin({ pushed: "", people: { carol: "write", dave: "read" } });
    const { world, repository } = story;
    const digest = await world.registry.push("acme/checkout", "1.4.2-rc.1");
    const fork = await world.github.fork(repository, "dave");
    const dave = world.person("dave");
    await dave.on(fork).push("patch-1", { [overlay("dev")]: story.fileWith("1.4.2-rc.1", digest) }, "Try the candidate");
    const number = await dave.openPullRequest({ head: "dave:patch-1", title: "Try the candidate" });
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Try the candidate"))).toMatch(/^success: /);
    await world.pass(HOUR);
    expect(shown(story.pull("Try the candidate"))).toBe("open");
    await world.person("carol").mergeWithButton(number);
    await world.pass(MINUTE);
    expect((await story.recordsOf("merged")).map(({ judgement, mergedBy }) => `${judgement} ${mergedBy}`)).toEqual(["judged carol"]);
  });
});

describe("an environment in which people press the button", () => {
  it("gets its pull request and its check, and the merge is recorded as judged", async () => {
    const story = await begin({ environmentLines: ["dev: { promote: auto, merge: manual, watch: 2m }"] });
    const { world } = story;
    await world.pass(HOUR);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    expect(story.verdict(dev)).toBe("success: All 8 gates passed");
    await world.person("carol").mergeWithButton(dev.number);
    await story.until("verified dev 1.4.2");
    expect((await story.recordsOf("merged"))[0]).toMatchObject({ judgement: "judged", mergedBy: "carol", kind: "promotion" });
    expect(await story.recordsOf("held")).toEqual([]);
  });
});

describe("a freeze by somebody who may not", () => {
  it("is told so on the issue, once, and stops nothing; by somebody who may, it stops the line until it is over", async () => {
    const story = await begin({ environmentLines: [DEV], asleep: true });
    const { world } = story;
    const theirs = await world.person("mallory").openIssue("Stop", ["freeze:dev"]);
    await story.wake();
    await story.until("merged dev 1.4.2");
    await world.pass(10 * MINUTE);
    expect(story.said(theirs)).toEqual([expect.stringMatching(/^@mallory, the label `freeze:dev` was not acted on: that takes write permission/)]);
    const real = await world.person("alice").openIssue("Really stop", ["freeze:dev"]);
    await world.pass(MINUTE);
    await world.push("checkout", "1.4.3");
    await world.pass(10 * MINUTE);
    expect(story.titles("open")).toEqual(["Promote checkout 1.4.3 to dev"]);
    await world.person("bob").closeIssue(real);
    await story.until("verified dev 1.4.3");
    expect(story.said(real)).toEqual(["The freeze of `dev` is over: @bob closed this issue."]);
    expect(await story.doubled()).toEqual([]);
  });
});

describe("a person's pull request that changes what environments share", () => {
  const BASE = "apps/checkout/base/deployment.yaml";
  const deployment = (image: string): string => `apiVersion: apps/v1\nkind: Deployment\nspec: { template: { spec: { containers: [{ image: "${image}" }] } } }\n`;

  it("is judged in all of them at once, and passes only where the configuration says that Pinion does not promote it", async () => {
    const story = await begin({ environmentLines: [DEV, LIVE] });
    const { world } = story;
    await story.until("verified dev 1.4.2");
    await world.person("alice").push("sidecar", { [BASE]: deployment("example.com/log:2") }, "A newer sidecar");
    await world.person("alice").openPullRequest({ head: "sidecar", title: "Sidecar" });
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Sidecar"))).toMatch(/^failure: Blocked: checkout in (?:dev|prod): /);
    expect(story.check(story.pull("Sidecar")).output.summary).toContain(`\`${BASE}\` changes what checkout runs in dev, prod at once, and is judged there.`);
    const images = `  checkout: { images: ["${world.registry.host}/acme/checkout"] }\n`;
    const config = configOf(DEV, LIVE).replace("slos:", `${images}slos:`);
    await world.person("alice").editInBrowser("main", { ".github/pinion.yaml": config }, "What Pinion promotes");
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Sidecar"))).toBe("success: No pins that Pinion promotes change, but others do");
  });

  it("passes where every environment pins the image itself", async () => {
    const story = await begin({ environmentLines: [DEV, LIVE] });
    const { world } = story;
    await world.person("alice").push("base", { [BASE]: deployment(`${world.registry.host}/acme/checkout:9`) }, "Another default");
    await world.person("alice").openPullRequest({ head: "base", title: "Base" });
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Base"))).toBe("success: No pins change");
  });
});
