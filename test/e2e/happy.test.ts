import { expect, it } from "vitest";
import { overlay, shown } from "./onlooker.ts";
import { begin, configOf, DEV, HOUR, MINUTE, PROD, STAGING } from "./story.ts";

it("takes a pushed image into dev and staging by itself, and into prod when it is asked for and approved", async () => {
  const story = await begin({ environmentLines: [DEV, STAGING, PROD], pushed: "" });
  const { world, repository } = story;
  const before = await story.fileOf("prod");
  const digest = await world.push("checkout", "1.4.2");
  const after = story.fileWith("1.4.2", digest);

  await story.until("verified dev 1.4.2");
  const dev = story.pull("Promote checkout 1.4.2 to dev");
  expect(shown(dev)).toBe("merged");
  expect(dev.body).toContain("Moves `checkout` from `1.4.1` to `1.4.2` in `dev`");
  expect(story.verdict(dev)).toBe("success: All 8 gates passed");
  expect(await story.fileOf("dev")).toBe(after);
  expect((await repository.git.diff(dev.base.oid, dev.head.oid)).map(({ path }) => path)).toEqual([overlay("dev")]);
  const [merged] = await story.recordsOf("merged");
  expect(merged).toMatchObject({ environment: "dev", pullRequest: dev.number, head: dev.head.oid, commit: dev.mergeCommit, judgement: "judged" });
  expect((await story.recordsOf("verified")).map(({ environment, how, release }) => `${environment} ${release.version} ${how}`)).toContain("dev 1.4.2 slo");

  await story.until("verified staging 1.4.2");
  expect(story.titles("merged")).toEqual(["Promote checkout 1.4.2 to dev", "Promote checkout 1.4.2 to staging"]);
  expect(await story.fileOf("staging")).toBe(after);
  expect(await story.fileOf("prod")).toBe(before);
  expect(story.deployments()).toEqual(["dev promote:checkout success", "staging promote:checkout success"]);

  const staging = story.pull("Promote checkout 1.4.2 to staging");
  await world.person("alice").label(staging.number, "promote:prod");
  await world.settle();
  const prod = story.pull("Promote checkout 1.4.2 to prod");
  expect(story.said(staging.number)).toEqual([`The promotion of \`checkout 1.4.2\` to \`prod\` is in #${prod.number}.`]);
  expect(story.labels(staging.number)).toEqual([]);
  expect(prod.body).toContain("@alice asked for it.");
  expect(prod.requestedTeams.map(({ slug }) => slug)).toEqual(["sre"]);
  expect(story.verdict(prod)).toBe("in_progress: Waiting: 1 approval from team sre (and 1 more)");

  await world.person("bob").approve(prod.number);
  await world.settle();
  expect(shown(prod)).toBe("open");
  expect(story.verdict(prod)).toMatch(/^in_progress: Waiting: the soak of 10 min in staging, until 2026-11-23 \d\d:\d\d UTC$/);
  await story.until("verified prod 1.4.2");
  expect(shown(prod)).toBe("merged");
  const inStaging = (await story.recordsOf("deployed")).findLast(({ environment }) => environment === "staging");
  expect((prod.mergedAt ?? 0) - (inStaging?.at ?? 0)).toBeGreaterThanOrEqual(10 * MINUTE);
  expect(await story.fileOf("prod")).toBe(after);
  expect((await repository.git.commit(prod.mergeCommit ?? ""))?.message).toContain(
    `Pinion-Requested-By: alice\nPinion-Approved-By: bob at ${prod.head.oid}\n`,
  );
  expect((await story.recordsOf("requested")).map(({ by, environment }) => `${by} ${environment}`)).toEqual(["alice prod"]);
  expect((await story.recordsOf("judged")).at(-1)?.approvals.map(({ by, commit }) => ({ by, commit }))).toEqual([{ by: "bob", commit: prod.head.oid }]);
  expect(story.branches()).toEqual(["main", "pinion-log"]);
  expect(await story.doubled()).toEqual([]);

  // All is done: however long it goes on, nothing is written any more.
  const writes = story.writes();
  await world.pass(HOUR);
  expect(story.writes()).toBe(writes);
});

/** Production right after dev, so that a story about production is short. */
const LIVE = "prod: { after: dev, watch: 2m, promote: on-request, merge: on-approval, approvals: { count: 1, teams: [sre] } }";

it("lets only people with write permission ask, and says so where they asked", async () => {
  const story = await begin({ environmentLines: [DEV, LIVE] });
  const { world } = story;
  await story.until("verified dev 1.4.2");
  const dev = story.pull("Promote checkout 1.4.2 to dev");
  await world.person("mallory").label(dev.number, "promote:prod");
  await world.settle();
  expect(story.labels(dev.number)).toEqual([]);
  expect(story.said(dev.number)).toEqual([
    "@mallory, the label `promote:prod` was not acted on: that takes write permission on this repository, and yours is triage.",
  ]);
  await world.person("mallory").comment(dev.number, "/pinion promote checkout prod");
  await world.settle();
  expect(story.said(dev.number)).toHaveLength(2);
  expect(story.titles("open")).toEqual([]);
  expect(await story.recordsOf("requested")).toEqual([]);

  await world.person("carol").comment(dev.number, "/pinion promote checkout prod\nfor the sale tomorrow");
  await world.settle();
  const prod = story.pull("Promote checkout 1.4.2 to prod");
  expect(story.said(dev.number).at(-1)).toBe(`The promotion of \`checkout 1.4.2\` to \`prod\` is in #${prod.number}.`);
  expect(prod.body).toContain("@carol asked for it.");
});

it("counts neither the requester's own approval nor one of somebody outside the team, until one that counts", async () => {
  const story = await begin({ environmentLines: [DEV, LIVE] });
  const { world } = story;
  await story.until("verified dev 1.4.2");
  await world.person("alice").label(story.pull("Promote checkout 1.4.2 to dev").number, "promote:prod");
  await world.settle();
  const prod = story.pull("Promote checkout 1.4.2 to prod");
  await world.person("alice").approve(prod.number);
  await world.person("carol").approve(prod.number);
  await world.person("mallory").approve(prod.number);
  await world.pass(10 * MINUTE);
  expect(shown(prod)).toBe("open");
  expect(story.verdict(prod)).toMatch(/^in_progress: Waiting: 1 approval from team sre; not counted: /);
  for (const why of ["@alice (asked for this promotion)", "@carol (is not in team sre)", "@mallory (has no write permission)"]) {
    expect(story.check(prod).output.title).toContain(why);
  }
  // Whether people may approve is asked anew all the time; as long as the answer is the same, nothing is written.
  const writes = story.writes();
  await world.pass(10 * MINUTE);
  expect(story.writes()).toBe(writes);
  await world.person("bob").approve(prod.number);
  await world.pass(MINUTE);
  expect(shown(prod)).toBe("merged");
  expect((await story.recordsOf("judged")).at(-1)?.approvals.map(({ by }) => by)).toEqual(["bob"]);
});

it("stops the line while an issue says so, and goes on when it is closed", async () => {
  const story = await begin({ pushed: "" });
  const { world } = story;
  await world.person("mallory").openIssue("I would like to stop everything", ["freeze:dev"]);
  const issue = await world.person("carol").openIssue("The database is being moved", ["freeze:dev"]);
  await world.push("checkout", "1.4.2");
  await world.pass(MINUTE);
  const dev = story.pull("Promote checkout 1.4.2 to dev");
  expect(story.verdict(dev)).toBe(`in_progress: Waiting: the freeze of dev to end (#${issue} The database is being moved)`);
  const writes = story.writes();
  await world.pass(HOUR);
  expect(shown(dev)).toBe("open");
  expect(story.writes()).toBe(writes);
  await world.person("carol").closeIssue(issue);
  await world.settle();
  expect(shown(dev)).toBe("merged");
});

it("judges and shows, but writes nothing else, in observe mode", async () => {
  const story = await begin({ config: `mode: observe\n${configOf(DEV)}` });
  const { world, repository } = story;
  await world.person("alice").push("mine", { [overlay("dev")]: story.fileWith("1.4.2", await world.push("checkout", "1.4.2")) }, "Mine");
  const mine = await world.person("alice").openPullRequest({ head: "mine", title: "Mine" });
  await world.pass(HOUR);
  expect(story.list()).toEqual([`#${mine} Mine: open`]);
  expect(story.verdict(story.pull("Mine"))).toMatch(/^success: /);
  expect(story.branches()).toEqual(["main", "mine"]);
  expect([repository.labels.size, repository.deployments.length, story.said(mine).length]).toEqual([0, 0, 0]);
});

it("says nothing before there is a configuration, and begins when there is one", async () => {
  const story = await begin({ config: null });
  const { world } = story;
  await world.person("alice").push("text", { "README.md": "# More\n" }, "More");
  await world.person("alice").openPullRequest({ head: "text", title: "More" });
  await world.pass(HOUR);
  expect(story.writes()).toBe(0);
  await world.person("alice").editInBrowser("main", { ".github/pinion.yaml": configOf(DEV) }, "Pinion");
  await story.until("verified dev 1.4.2");
  expect(story.verdict(story.pull("More"))).toBe("success: No pins change");
});

it("takes a label on an open pull request for what it will bring, and answers what cannot be done", async () => {
  const story = await begin({ environmentLines: ["dev: { promote: auto, merge: on-approval, approvals: { count: 1 }, watch: 2m }", LIVE] });
  const { world } = story;
  await world.pass(MINUTE);
  const dev = story.pull("Promote checkout 1.4.2 to dev");
  await world.person("alice").label(dev.number, "promote:prod");
  await world.pass(10 * MINUTE);
  expect(story.labels(dev.number)).toEqual(["promote:prod"]);
  await world.person("bob").approve(dev.number);
  await story.until("requested prod 1.4.2");
  await world.pass(MINUTE);
  expect(story.labels(dev.number)).toEqual([]);
  // It is not verified in dev yet: asked for is asked for, and the check says what is missing.
  expect(story.verdict(story.pull("Promote checkout 1.4.2 to prod"))).toMatch(/^in_progress: Waiting: /);

  await world.person("bob").comment(dev.number, "/pinion promote checkout nowhere");
  await world.person("bob").comment(dev.number, "/pinion promote search prod");
  await world.pass(MINUTE);
  expect(story.said(dev.number).slice(-2)).toEqual([
    "@bob, `/pinion promote checkout nowhere` was not acted on: there is no environment nowhere; there are dev, prod.",
    "@bob, `/pinion promote search prod` was not acted on: this pull request did not promote search; it promoted checkout; ask on the merged pull request that brought the release to dev, or, for what was there before Pinion, open a pull request of your own that sets the pin in prod.",
  ]);
});
