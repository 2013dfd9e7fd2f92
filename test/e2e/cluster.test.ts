import { describe, expect, it } from "vitest";
import type { PrometheusFault } from "../../sandbox/prometheus.ts";
import { overlay } from "./onlooker.ts";
import { begin, DEV, HOUR, MINUTE, type Story } from "./story.ts";
import { LIVE } from "./whole-story.ts";

const PROMOTED = "Promote checkout 1.4.2 to dev";

/** Nothing is concluded from what cannot be seen: neither good nor bad, and nothing moves. */
async function expectNothingConcluded(story: Story, since: "merged" | "deployed"): Promise<void> {
  const concluded = ["verified", "breached", "degraded", "sync-failed", "deadline", "reverted", "frozen", ...(since === "merged" ? ["deployed"] : [])];
  const said = (await story.history()).filter((line) => line.endsWith(" 1.4.2"));
  expect(said.filter((line) => concluded.some((event) => line.startsWith(`${event} `)))).toEqual([]);
  expect(story.list()).toEqual([`#1 ${PROMOTED}: merged`]);
  expect(story.issues()).toEqual([]);
}

describe("an Argo CD that does not tell", () => {
  it.each([
    ["answers 503", (story: Story) => story.world.argocd.outage("unavailable"), (story: Story) => story.world.argocd.outage(null)],
    [
      "has no such Application",
      (story: Story) => story.world.argocd.remove("checkout-dev"),
      (story: Story) => story.world.argocd.add({ name: "checkout-dev", path: overlay("dev") }),
    ],
  ])("because it %s leads nowhere, however long it lasts, and things go on when it is back", async (_why, fail, mend) => {
    const story = await begin({ pushed: "" });
    const { world } = story;
    await world.push("checkout", "1.4.2");
    await story.until("merged dev 1.4.2");
    fail(story);
    await world.pass(30 * MINUTE);
    await expectNothingConcluded(story, "merged");
    mend(story);
    await story.until("verified dev 1.4.2");
    expect(story.list()).toEqual([`#1 ${PROMOTED}: merged`]);
  });

  it("at the first promotion of all is waited for, so that there is a way back", async () => {
    const story = await begin({ asleep: true });
    const { world } = story;
    world.argocd.outage("unavailable");
    await story.wake();
    await world.pass(3 * MINUTE);
    expect(story.titles("open")).toEqual([PROMOTED]);
    world.argocd.outage(null);
    await story.until("merged dev 1.4.2", 3 * MINUTE);
    expect(await story.history()).toContain("verified dev 1.4.1");
    await story.until("deployed dev 1.4.2");
    story.serve("dev", 0.2);
    await story.until("reverted dev 1.4.2");
  });

  it("during the watch leaves a release unverified until it tells again", async () => {
    const story = await begin({ environmentLines: [DEV, LIVE] });
    const { world } = story;
    await story.until("deployed dev 1.4.2");
    world.argocd.outage("unavailable");
    await world.pass(30 * MINUTE);
    await expectNothingConcluded(story, "deployed");
    await world.person("alice").comment(1, "/pinion promote checkout prod");
    await world.pass(MINUTE);
    const prod = story.pull("Promote checkout 1.4.2 to prod");
    expect(story.verdict(prod)).toMatch(/^in_progress: /);
    world.argocd.outage(null);
    await story.until("verified dev 1.4.2");
  });
});

describe("a Prometheus that does not tell", () => {
  it.each<PrometheusFault>(["nan", "empty", "error", "warnings", "unavailable"])("(%s) never verifies by it, and never reverts for it", async (fault) => {
    const story = await begin();
    const { world } = story;
    await story.until("deployed dev 1.4.2");
    // Even over errors that would be a breach, if they could be seen.
    story.serve("dev", 0.3);
    world.prometheus.fault(fault);
    await world.pass(20 * MINUTE);
    await expectNothingConcluded(story, "deployed");
    // What burned during the watch is still there to be seen.
    world.prometheus.fault(null);
    await story.until("reverted dev 1.4.2");
  });

  it("for a while costs that while", async () => {
    const story = await begin();
    const { world } = story;
    await story.until("deployed dev 1.4.2");
    world.prometheus.fault("unavailable");
    await world.pass(10 * MINUTE);
    world.prometheus.fault(null);
    await story.until("verified dev 1.4.2", 10 * MINUTE);
    expect((await story.recordsOf("verified")).at(-1)?.how).toBe("slo");
  });

  it("of too little traffic verifies by the rollout only, and says so", async () => {
    const story = await begin({ asleep: true });
    story.serve("dev", 0, { perSecond: 0.01 });
    await story.world.pass(24 * HOUR);
    await story.wake();
    await story.until("verified dev 1.4.2");
    expect((await story.recordsOf("verified")).at(-1)).toMatchObject({ how: "rollout-only", evidence: expect.stringMatching(/\S/) });
  });

  it("of errors that were there before does not blame the release", async () => {
    const story = await begin({ asleep: true });
    story.serve("dev", 0.2);
    await story.world.pass(2 * HOUR);
    await story.wake();
    await story.until("deployed dev 1.4.2");
    await story.world.pass(20 * MINUTE);
    await expectNothingConcluded(story, "deployed");
  });
});
