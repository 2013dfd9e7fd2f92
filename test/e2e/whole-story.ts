import { expect } from "vitest";
import { begin, DEV, HOUR, MINUTE, type Story, type StoryOptions } from "./story.ts";

/** Production right after dev, so that a story about production is short. */
export const LIVE = "prod: { after: dev, watch: 2m, promote: on-request, merge: on-approval, approvals: { count: 1, teams: [sre] } }";

/** What the log says in the end; each line once. */
const HISTORY = [
  "installed",
  ...["adopted dev 1.4.1", "deployed dev 1.4.1", "verified dev 1.4.1"],
  ...["opened dev 1.4.2", "judged dev 1.4.2", "merged dev 1.4.2", "deployed dev 1.4.2", "verified dev 1.4.2"],
  ...["adopted prod 1.4.1", "deployed prod 1.4.1", "verified prod 1.4.1"],
  ...["requested prod 1.4.2", "opened prod 1.4.2", "judged prod 1.4.2", "merged prod 1.4.2", "deployed prod 1.4.2", "verified prod 1.4.2"],
];

/**
 * A story with every write in it that a promotion makes: 1.4.2 comes into dev by itself, and into prod because alice asks
 * and bob approves. Whatever happens to Pinion meanwhile, its end must be the same.
 */
export function beginWholeStory(options: StoryOptions = {}): Promise<Story> {
  return begin({ environmentLines: [DEV, LIVE], ...options });
}

/** Lets time pass to the end of the story. `meddle` is called before each step of time. */
export async function tellWholeStory(story: Story, meddle: (history: readonly string[]) => Promise<void> | void = () => undefined): Promise<void> {
  await story.world.until(
    "the end of the story",
    async () => {
      const history = await story.history();
      await people(story, history);
      await meddle(history);
      return history.includes("verified prod 1.4.2") && story.deployments().every((line) => line.endsWith("success"));
    },
    3 * HOUR,
  );
  // What is only shown may come a little later than what is true.
  await story.world.pass(6 * MINUTE);
}

/** What alice and bob do, each as soon as it can be done. */
async function people(story: Story, history: readonly string[]): Promise<void> {
  const { world } = story;
  const [dev, prod] = story.pulls();
  const asked = dev?.timeline.some(({ event, actor }) => event === "labeled" && actor.login === "alice") ?? false;
  if (dev !== undefined && !asked && history.includes("verified dev 1.4.2")) await world.person("alice").label(dev.number, "promote:prod");
  const wanted = prod?.timeline.some(({ event }) => event === "review_requested") ?? false;
  if (prod?.state === "open" && wanted && prod.reviews.length === 0) await world.person("bob").approve(prod.number);
}

/** Everything that people and Git can see is as it must be, and nothing is there twice but what is named. */
export async function expectWholeStory(story: Story, mayDouble: readonly string[] = []): Promise<void> {
  expect((await story.history()).toSorted()).toEqual(HISTORY.toSorted());
  const [dev, prod] = story.pulls();
  expect(story.list()).toEqual([
    `#${dev?.number} Promote checkout 1.4.2 to dev: merged`,
    `#${prod?.number} Promote checkout 1.4.2 to prod: merged`,
  ]);
  expect([await story.version("dev"), await story.version("prod")]).toEqual(["1.4.2", "1.4.2"]);
  expect(new Set(story.said(dev?.number ?? 0))).toEqual(new Set([`The promotion of \`checkout 1.4.2\` to \`prod\` is in #${prod?.number}.`]));
  expect(story.labels(dev?.number ?? 0)).toEqual([]);
  for (const pull of story.pulls()) expect(story.verdict(pull)).toMatch(/^success: All \d+ gates passed$/);
  expect(prod?.timeline.filter(({ event }) => event === "review_requested")).toHaveLength(1);
  expect([...new Set(story.deployments())]).toEqual(["dev promote:checkout success", "prod promote:checkout success"]);
  expect((await story.recordsOf("merged")).map(({ judgement, mergedBy }) => `${judgement} ${mergedBy}`)).toEqual([
    "judged pinion[bot]",
    "judged pinion[bot]",
  ]);
  expect(story.branches()).toEqual(["main", "pinion-log"]);
  expect((await story.doubled()).filter((what) => !mayDouble.some((kind) => what.startsWith(kind)))).toEqual([]);
}
