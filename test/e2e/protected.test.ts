import { describe, expect, it } from "vitest";
import type { Rule } from "../../sandbox/github/model.ts";
import { begin, DEV, HOUR, MINUTE, type Story } from "./story.ts";
import { beginWholeStory, expectWholeStory, tellWholeStory } from "./whole-story.ts";

const LOG = "refs/heads/pinion-log";

/** The repository's rules as docs/installation.md and docs/promotion-log.md want them. */
function guard({ world: { github, repository } }: Story): void {
  const { id: appId } = github.app;
  github.addRuleset(repository, {
    name: "main",
    include: ["~DEFAULT_BRANCH"],
    rules: [
      { type: "required_status_checks", strict: false, required: [{ context: "Pinion", appId }] },
      { type: "pull_request", approvals: 0, dismissStale: true, codeOwners: false },
      { type: "deletion" },
      { type: "non_fast_forward" },
    ],
  });
  github.addRuleset(repository, {
    name: "only Pinion writes its log",
    include: [LOG],
    rules: [{ type: "creation" }, { type: "update" }],
    bypass: [{ type: "Integration", appId, mode: "always" }],
  });
  github.addRuleset(repository, { name: "nobody takes it back", include: [LOG], rules: [{ type: "deletion" }, { type: "non_fast_forward" }] });
}

it("goes its whole way under the rules that the documentation asks for", async () => {
  const story = await beginWholeStory({ asleep: true });
  guard(story);
  await story.wake();
  await tellWholeStory(story);
  await expectWholeStory(story);
});

it("leaves nobody a way around the check, and nobody a hand in the log", async () => {
  const story = await begin({ environmentLines: [DEV], asleep: true });
  guard(story);
  const { world } = story;
  await story.wake();
  await story.until("verified dev 1.4.2");
  const carol = world.person("carol");
  await expect(carol.push("pinion-log", { "records/x.json": "{}\n" }, "A record")).rejects.toThrow(/rule violations/i);
  await expect(carol.deleteBranch("pinion-log")).rejects.toThrow(/rule violations/i);
  await world.push("checkout", "1.4.3");
  await story.until("opened dev 1.4.3");
  await carol.push("by-hand", { "apps/checkout/overlays/dev/kustomization.yaml": "images:\n  - name: x\n    newTag: latest\n" }, "By hand", { from: "main" });
  const number = await carol.openPullRequest({ head: "by-hand", title: "By hand" });
  await world.pass(HOUR);
  await expect(carol.mergeWithButton(number)).rejects.toThrow(/Pinion/);
});

describe("a rule that Pinion cannot meet", () => {
  it.each<[what: string, rule: Rule, title: RegExp, cure: RegExp]>([
    [
      "approvals of every pull request",
      { type: "pull_request", approvals: 1, dismissStale: true, codeOwners: false },
      /^success: GitHub does not let Pinion merge: .*approving review is required/,
      /approve this one, or leave approvals to Pinion's own gate/,
    ],
  ])("is told with its cure, and the promotion goes in once it is gone: %s", async (_what, rule, title, cure) => {
    const story = await begin({ environmentLines: [DEV], asleep: true });
    const { world } = story;
    world.github.addRuleset(world.repository, { name: "main", include: ["~DEFAULT_BRANCH"], rules: [rule] });
    await story.wake();
    await world.pass(3 * MINUTE);
    expect(story.verdict(story.pull("Promote checkout 1.4.2 to dev"))).toMatch(title);
    expect(world.repository.checkRuns.at(-1)?.output.summary).toMatch(cure);
    world.repository.rulesets.length = 0;
    await story.until("merged dev 1.4.2", 2 * HOUR);
    expect(await story.doubled()).toEqual([]);
  });
});
