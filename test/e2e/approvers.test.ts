import { describe, expect, it } from "vitest";
import { overlay, shown } from "./onlooker.ts";
import { begin, MINUTE, type StoryOptions } from "./story.ts";

const OWNED = "dev: { promote: auto, merge: on-approval, watch: 2m, approvals: { count: 1, codeOwners: true } }";
const CODEOWNERS = "/.github/CODEOWNERS @carol\n/apps/ @acme/sre\n/notes.md someone@acme.test\n";

/** The pull request of 1.4.2 into dev, and what its gate of approvals says. */
async function opened(options: StoryOptions) {
  const story = await begin(options);
  await story.world.pass(MINUTE);
  const dev = story.pull("Promote checkout 1.4.2 to dev");
  const summaryOf = (pull: typeof dev) => story.check(pull).output.summary ?? "";
  const gate = () => summaryOf(dev).split("\n").find((line) => line.startsWith("| approvals |"))?.replaceAll("&#8203;", "") ?? "";
  return { story, world: story.world, dev, gate, summaryOf };
}

describe("code owners", () => {
  it("are asked for their review, and one of each changed file has to approve; the pull request's own CODEOWNERS is nothing", async () => {
    const { story, world, dev, gate, summaryOf } = await opened({ environmentLines: [OWNED], files: { ".github/CODEOWNERS": CODEOWNERS } });
    expect(dev.body).toContain("It merges once every gate passes; that takes 1 approval from anyone with write permission, and the approval of a code owner.");
    expect(dev.requestedTeams.map(({ slug }) => slug)).toEqual(["sre"]);
    expect(gate()).toContain(`1 approval from anyone with write permission, and approval by code owners: @acme/sre for ${overlay("dev")}`);
    await world.person("carol").approve(dev.number);
    await world.pass(MINUTE);
    expect(gate()).toContain(`approval by code owners: @acme/sre for ${overlay("dev")}`);
    expect(shown(dev)).toBe("open");
    await world.person("bob").approve(dev.number);
    await story.until("verified dev 1.4.2");
    expect((await story.recordsOf("judged")).at(-1)?.approvals.map(({ by }) => by)).toEqual(["carol", "bob"]);

    const changes = { [overlay("dev")]: story.fileWith("1.4.0", `sha256:${"f".repeat(64)}`), ".github/CODEOWNERS": "* @mallory\n", "notes.md": "new\n" };
    await world.person("alice").push("change", changes, "My own owners", { from: "main" });
    const number = await world.person("alice").openPullRequest({ head: "change", title: "My own owners" });
    await world.pass(MINUTE);
    await world.person("bob").approve(number);
    await world.pass(MINUTE);
    const mine = story.pulls().find((pull) => pull.number === number);
    if (mine === undefined) throw new Error("it is not there");
    const told = summaryOf(mine).replaceAll("&#8203;", "");
    expect(told).toContain("whether an owner of notes.md has approved: the owner someone@acme.test is not known: an e-mail address does not tell whose account it is");
  });

  it("cannot be told without a CODEOWNERS file, and nothing is merged until there is one", async () => {
    const { story, world, dev, gate } = await opened({ environmentLines: [OWNED] });
    await world.person("bob").approve(dev.number);
    await world.pass(MINUTE);
    expect(gate()).toContain("there is no CODEOWNERS file on the default branch. Add .github/CODEOWNERS there, or take `codeOwners` out of the configuration");
    expect(story.verdict(dev)).toMatch(/^in_progress: Waiting/);
    await world.person("carol").push("main", { "docs/CODEOWNERS": "*.md @carol\n" }, "Owners");
    await story.until("verified dev 1.4.2");
  });
});

describe("an account that is gone", () => {
  it("has approved nothing, and its request for changes holds until somebody dismisses it", async () => {
    const { story, world, dev, gate } = await opened({ environmentLines: ["dev: { promote: auto, merge: on-approval, watch: 2m, approvals: { count: 1 } }"] });
    await world.person("carol").requestChanges(dev.number, "Not like this");
    await world.pass(MINUTE);
    expect(gate()).toContain("changes asked for by carol");
    world.github.deleteAccount("carol");
    await world.person("bob").approve(dev.number);
    await world.pass(10 * MINUTE);
    expect(gate()).toContain("changes asked for by an account that is gone (dismiss its review to go on)");
    expect(shown(dev)).toBe("open");
    const [review] = dev.reviews;
    await world.person("alice").dismissReview(dev.number, review?.id ?? 0, "Carol has left");
    await story.until("verified dev 1.4.2");
  });

  it("is told of among the approvals that do not count", async () => {
    const { world, dev, gate } = await opened({ environmentLines: ["dev: { promote: auto, merge: on-approval, watch: 2m, approvals: { count: 2 } }"] });
    await world.person("carol").approve(dev.number);
    world.github.deleteAccount("carol");
    await world.person("bob").approve(dev.number);
    await world.pass(10 * MINUTE);
    expect(gate()).toContain("1 approval from anyone with write permission; not counted: an account that is gone");
    expect(shown(dev)).toBe("open");
  });
});

it("a thousand approvals of strangers count for nothing and keep nobody's from counting", async () => {
  const { story, world, dev, gate } = await opened({ environmentLines: ["dev: { promote: auto, merge: on-approval, watch: 2m, approvals: { count: 1 } }"] });
  const { github, repository } = world;
  repository.collaborators.set(github.account("stranger-0").id, "read");
  await world.person("stranger-0").approve(dev.number);
  const [first] = dev.reviews;
  if (first === undefined) throw new Error("it is not there");
  for (let index = 1; index < 1000; index += 1) dev.reviews.push({ ...first, ...github.state.identify("review"), author: github.account(`stranger-${index}`) });
  await world.pass(2 * MINUTE);
  expect(gate()).toContain("1 approval from anyone with write permission; not counted: @stranger-0 (has no write permission)");
  expect(shown(dev)).toBe("open");
  await world.person("bob").approve(dev.number);
  await story.until("merged dev 1.4.2");
  expect((await story.recordsOf("judged")).at(-1)?.approvals.map(({ by }) => by)).toEqual(["bob"]);
});

it("a team that cannot be read makes unknown whose approval counts, and says what to do", async () => {
  const { story, world, dev, gate } = await opened({ environmentLines: ["dev: { promote: auto, merge: on-approval, watch: 2m, approvals: { count: 1, teams: [gone] } }"] });
  await world.person("bob").approve(dev.number);
  await world.pass(10 * MINUTE);
  expect(gate()).toContain("whose approval counts: Could not list the members of the team acme/gone: GitHub shows no such team. Check its name, that it is visible, and that the App may read members.");
  expect(story.verdict(dev)).toMatch(/^in_progress: Waiting/);
  world.github.team("gone", ["bob"]);
  await story.until("verified dev 1.4.2");
});

it("a commit status lets a release on only in the name of the account that has to set it", async () => {
  const dev = "dev: { promote: auto, merge: auto, watch: 2m }";
  const staging = "staging: { after: dev, promote: auto, merge: auto, watch: 2m, policies: { upstream-check: { checks: ['@carol:ci/smoke'] } } }";
  const story = await begin({ environmentLines: [dev, staging] });
  const { world } = story;
  await story.until("verified dev 1.4.2");
  await world.pass(MINUTE);
  const pull = story.pull("Promote checkout 1.4.2 to staging");
  const gate = () => story.check(pull).output.summary?.replaceAll("&#8203;", "") ?? "";
  const merged = (await story.recordsOf("merged")).at(-1)?.commit ?? "";
  await world.person("bob").status(merged, "ci/smoke", "success");
  await world.pass(5 * MINUTE);
  expect(gate()).toContain("to pass before: @carol:ci/smoke");
  await world.person("carol").status(merged, "ci/smoke", "failure");
  await world.pass(5 * MINUTE);
  expect(gate()).toContain("failed before: @carol:ci/smoke");
  await world.person("carol").status(merged, "ci/smoke", "success");
  await story.until("verified staging 1.4.2");
});
