import { describe, expect, it, onTestFinished } from "vitest";
import { startPinion } from "../../sandbox/pinion.ts";
import { MINUTE } from "./story.ts";
import { beginWholeStory, expectWholeStory, tellWholeStory } from "./whole-story.ts";

describe("an event that is lost, doubled or late costs time, and nothing else", () => {
  it("comes to the same end when no webhook ever arrives", async () => {
    const story = await beginWholeStory({ pushed: "", asleep: true });
    const { world } = story;
    world.github.webhooks.mode = "drop";
    await world.start();
    await world.push("checkout", "1.4.2");
    await tellWholeStory(story);
    await expectWholeStory(story);
    expect(world.github.webhooks.log.filter(({ state }) => state !== "dropped")).toEqual([]);
  });

  it("comes to the same end when webhooks come late, backwards and twice", async () => {
    const story = await beginWholeStory();
    const { webhooks } = story.world.github;
    webhooks.mode = "hold";
    let before = 0;
    await tellWholeStory(story, async () => {
      const held = (await webhooks.held()).map(({ id }) => id);
      if (held.length < before + 5) return;
      await webhooks.flush((late) => late.toReversed());
      for (const id of held.slice(0, 3)) await webhooks.redeliver(id);
      before = (await webhooks.held()).length;
    });
    await expectWholeStory(story);
    expect(webhooks.log.some(({ attempts }) => attempts === 2)).toBe(true);
  });
});

describe("a process that ends goes on where it was", () => {
  it("comes to the same end when it is stopped and started again all the time", async () => {
    const story = await beginWholeStory({ asleep: true });
    const { world } = story;
    let starts = 0;
    let told = -1;
    await world.start();
    await tellWholeStory(story, async (history) => {
      // After everything that is new in the log, so that each restart meets another state.
      if (history.length === told) return;
      told = history.length;
      await world.stop();
      await world.start();
      starts += 1;
    });
    await expectWholeStory(story);
    expect(starts).toBeGreaterThan(6);
  });

  it("comes to the same end when it was away while people went on", async () => {
    const story = await beginWholeStory();
    const { world } = story;
    await story.until("verified dev 1.4.2");
    await world.stop();
    await world.person("alice").label(story.pull("Promote checkout 1.4.2 to dev").number, "promote:prod");
    await world.pass(30 * MINUTE);
    await world.start();
    await tellWholeStory(story);
    await expectWholeStory(story);
  });
});

describe("two processes", () => {
  it("do everything once, though both look at the same moments", async () => {
    const story = await beginWholeStory({ asleep: true });
    const { world } = story;
    const second = await startPinion({ clock: world.clock, environment: world.environment });
    onTestFinished(() => second.close());
    await world.start();
    await tellWholeStory(story, async () => {
      for (const { dispatcher } of [world.pinion, second]) dispatcher.sweep();
      await Promise.all([world.settle(), second.dispatcher.idle()]);
    });
    await second.dispatcher.idle();
    // GitHub takes a second check, comment or Deployment like the first, and nobody can claim one. They are only shown.
    await expectWholeStory(story, ["check ", "comment ", "deployment "]);
    // Both were at work, whoever was quicker each time.
    expect([world.log.length > 0, second.log.length > 0]).toEqual([true, true]);
  });
});
