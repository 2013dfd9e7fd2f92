import { describe, expect, it } from "vitest";
import { overlay } from "./onlooker.ts";
import { begin, DEV, MINUTE, type Story } from "./story.ts";

const LATER = "prod: { after: dev, watch: 2m, promote: on-request, merge: on-approval, approvals: { count: 1 } }";

/** 1.4.2 and then 1.4.3 have run in dev. */
async function twoReleases(): Promise<Story> {
  const story = await begin({ environmentLines: [DEV, LATER] });
  await story.until("verified dev 1.4.2");
  await story.world.push("checkout", "1.4.3");
  await story.until("verified dev 1.4.3");
  return story;
}

describe("two people who want different releases in one environment", () => {
  it("are both answered: the later word is opened, and the earlier one is told of it", async () => {
    const story = await twoReleases();
    const { world } = story;
    const [older, newer] = [story.pull("Promote checkout 1.4.2 to dev").number, story.pull("Promote checkout 1.4.3 to dev").number];
    await world.stop();
    await world.person("alice").label(older, "promote:prod");
    world.clock.advance(MINUTE);
    await world.person("bob").label(newer, "promote:prod");
    await story.wake();
    await world.pass(MINUTE);
    expect(story.titles("open")).toEqual(["Promote checkout 1.4.3 to prod"]);
    expect(story.said(older)).toEqual(["@alice, the label `promote:prod` was not acted on: it was overtaken by the request for 1.4.3 by bob."]);
    expect([...story.labels(older), ...story.labels(newer)]).toEqual([]);
    expect(await story.doubled()).toEqual([]);
  });
});

describe("a promotion to the first environment that a person closed", () => {
  it("comes when it is asked for on the closed pull request, as that one says", async () => {
    const story = await begin({ environmentLines: ["dev: { promote: auto, merge: on-approval, approvals: { count: 1 }, watch: 2m }"] });
    const { world } = story;
    await world.pass(MINUTE);
    const closed = story.pull("Promote checkout 1.4.2 to dev").number;
    await world.person("carol").closePullRequest(closed);
    await world.pass(MINUTE);
    expect(story.titles("open")).toEqual([]);
    const [said = ""] = story.said(closed);
    const command = /comment `([^`]+)` here/.exec(said)?.[1] ?? "";
    await world.person("alice").comment(closed, command);
    await world.pass(MINUTE);
    const again = story.pulls().at(-1)?.number ?? 0;
    expect(story.said(closed).at(-1)).toBe(`The promotion of \`checkout 1.4.2\` to \`dev\` is in #${again}.`);
    await world.person("alice").approve(again);
    await world.pass(MINUTE);
    expect(story.titles("merged")).toEqual([]);
    await world.person("bob").approve(again);
    await story.until("verified dev 1.4.2");
  });
});

describe("what stood in an environment before Pinion came", () => {
  it("reaches the next one, which takes releases on request only, by a person's own pull request", async () => {
    const story = await begin({ environmentLines: [DEV, LATER], pushed: "", asleep: true });
    const { world } = story;
    const older = await world.registry.push("acme/checkout", "1.4.0");
    const newer = await story.fileOf("dev");
    await world.person("alice").push("main", { [overlay("prod")]: story.fileWith("1.4.0", older) }, "Production is behind");
    await story.wake();
    await world.pass(MINUTE);
    await world.person("alice").push("mine", { [overlay("prod")]: newer }, "Go on by hand");
    const mine = await world.person("alice").openPullRequest({ head: "mine", title: "Go on by hand" });
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Go on by hand"))).toBe("in_progress: Waiting: 1 approval from anyone with write permission");
    await world.person("bob").approve(mine);
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Go on by hand"))).toMatch(/^success: /);
  });
});
