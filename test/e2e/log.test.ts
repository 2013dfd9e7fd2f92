import { expect, it } from "vitest";
import { begin, HOUR, MINUTE } from "./story.ts";
import { beginWholeStory, expectWholeStory, tellWholeStory } from "./whole-story.ts";

const LOG = "pinion-log";

it("counts no record that somebody else wrote, says so loudly, and goes on", async () => {
  const story = await begin({ environmentLines: ["dev: { promote: auto, merge: auto, watch: 2h }", "prod: { after: dev, promote: auto, merge: auto }"] });
  const { world } = story;
  await story.until("deployed dev 1.4.2");
  const [deployed] = await story.recordsOf("deployed");
  const latest = (await story.recordsOf("deployed")).at(-1);
  const { at = 0, ...rest } = { ...latest };
  const forged = { version: 1, at: new Date(at + MINUTE).toISOString(), sequence: 0, ...rest, event: "verified", how: "slo", evidence: "trust me" };
  expect(deployed?.release.version).toBe("1.4.1");
  await world.person("carol").push(LOG, { "records/2026/11/23/dev/checkout/verified-000000000000.json": `${JSON.stringify(forged, null, 2)}\n` }, "Hurry up");
  await world.pass(HOUR);
  expect(story.titles("open")).toEqual([]);
  expect(await story.version("prod")).toBe("1.4.1");
  expect(world.log.filter((line) => line.includes("is not the App's own; its records do not count"))).not.toEqual([]);
  await world.pass(2 * HOUR);
  expect(await story.version("prod")).toBe("1.4.2");
});

it("counts no record that somebody brought by squashing a pull request of Pinion, though GitHub signs that in its name", async () => {
  const story = await begin({ environmentLines: ["dev: { promote: auto, merge: manual }", "prod: { after: dev, promote: auto, merge: auto }"] });
  const { world, repository } = story;
  await story.until("opened dev 1.4.2");
  const [pull] = story.pulls();
  const [opened] = await story.recordsOf("opened");
  const { at = 0, release } = { ...opened };
  const claim = { version: 1, at: new Date(at).toISOString(), sequence: 0, app: "checkout", environment: "dev", release, commit: repository.refs.get("refs/heads/main") };
  const forged = { ...claim, event: "verified", how: "slo", evidence: "trust me" };
  const carol = world.person("carol");
  const file = { "records/2026/11/23/dev/checkout/verified-000000000000.json": `${JSON.stringify(forged, null, 2)}\n` };
  await carol.push(pull?.head.ref ?? "", file, "A record", { from: LOG, force: true });
  await carol.retarget(pull?.number ?? 0, LOG);
  const squashed = await carol.mergeWithButton(pull?.number ?? 0);
  expect(await repository.git.text(["show", "--no-patch", "--format=%an", squashed])).toContain("pinion[bot]");
  await world.pass(HOUR);
  expect(world.log.filter((line) => line.includes("is not the App's own; its records do not count"))).not.toEqual([]);
  expect(await story.version("prod")).toBe("1.4.1");
});

it("counts no commit that changes or removes what was written", async () => {
  const story = await begin();
  const { world, repository } = story;
  await story.until("verified dev 1.4.2");
  const paths = await repository.git.text(["ls-tree", "-r", "--name-only", LOG]);
  const gone = Object.fromEntries(paths.split("\n").filter((path) => path.includes("/verified-")).map((path) => [path, null]));
  await world.person("carol").push(LOG, gone, "It never was");
  await world.push("checkout", "1.4.3");
  const digest = /sha256:[0-9a-f]{64}/.exec(await story.fileOf("dev"))?.[0] ?? "";
  await world.until("1.4.3 is merged", async () => (await story.version("dev")) === "1.4.3", HOUR);
  story.serve("dev", 0.3);
  // What was removed is still known: it is what the bad release goes back to.
  await world.until("1.4.2 is back", async () => (await story.fileOf("dev")).includes(digest), HOUR);
});

it("stops everything and says so when it is gone; a restart goes on with what is there, and merges nothing again", async () => {
  const story = await beginWholeStory();
  const { world } = story;
  await tellWholeStory(story);
  await expectWholeStory(story);
  const before = story.list();
  await world.person("carol").deleteBranch(LOG);
  await world.push("checkout", "1.4.3");
  await world.pass(HOUR);
  expect(story.list()).toEqual(before);
  expect(world.log.filter((line) => line.includes("the branch pinion-log is gone; restore it"))).not.toEqual([]);

  await world.stop();
  await world.start();
  await story.until("verified dev 1.4.3");
  expect((await story.history())[0]).toBe("installed");
  expect(story.list()).toEqual([...before, expect.stringMatching(/^#\d+ Promote checkout 1\.4\.3 to dev: merged$/)]);
});
