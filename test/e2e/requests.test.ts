import { describe, expect, it } from "vitest";
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
