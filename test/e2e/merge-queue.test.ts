import { expect, it } from "vitest";
import type { MergeQueueSettings, PullRequest } from "../../sandbox/github/model.ts";
import { begin, DEV, HOUR, MINUTE, type Story, type StoryOptions } from "./story.ts";

/** A default branch that is merged into by a merge queue alone, with Pinion's check required and, where one is named, that of a CI. */
async function queued(options: StoryOptions & { readonly queue?: Partial<MergeQueueSettings>; readonly ci?: string } = {}): Promise<Story> {
  const { queue = {}, ci, ...rest } = options;
  const story = await begin({ environmentLines: [DEV], asleep: true, ...rest });
  const { github, repository } = story.world;
  const required = [{ context: "Pinion", appId: github.app.id }, ...(ci === undefined ? [] : [{ context: ci, appId: null }])];
  github.addRuleset(repository, {
    name: "main",
    include: ["~DEFAULT_BRANCH"],
    rules: [{ type: "merge_queue", minToMerge: 1, ...queue }, { type: "required_status_checks", strict: false, required }],
  });
  await story.wake();
  return story;
}

/** What Pinion's check said on the commits that the queue tried of a pull request, in order. */
function triedOf(story: Story, pull: PullRequest): readonly string[] {
  const heads = new Set([...(story.repository.mergeQueues.get("main")?.heads ?? [])]);
  return story.repository.checkRuns
    .filter((run) => run.name === "Pinion" && heads.has(run.headSha) && run.headSha !== pull.head.oid)
    .map(({ conclusion, status, output }) => `${conclusion ?? status}: ${output.title ?? ""}`);
}

it("merges its own promotion through the queue, judged once more on what the queue made of it, and records who put it there", async () => {
  const story = await queued();
  const { world } = story;
  await story.until("verified dev 1.4.2");
  const pull = story.pull("Promote checkout 1.4.2 to dev");
  const [merged] = await story.recordsOf("merged");
  expect(merged).toMatchObject({ judgement: "judged", enqueuedBy: "pinion[bot]", commit: pull.mergeCommit });
  const heads = (await story.recordsOf("judged")).map(({ head }) => head);
  expect(heads).toEqual([pull.head.oid, pull.mergeCommit]);
  expect(triedOf(story, pull)).toEqual([expect.stringMatching(/^success: All \d+ gates passed/)]);
  expect(await story.doubled()).toEqual([]);
  await world.pass(HOUR);
  expect(story.titles("open")).toEqual([]);
  expect(MINUTE).toBe(60_000);
});
