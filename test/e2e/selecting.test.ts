import { expect, it } from "vitest";
import { begin, configOf, DEV, HOUR, STAGING } from "./story.ts";

function configured(select: string): string {
  return configOf(DEV, STAGING).replace("defaults: {", `defaults: { select: ${select},`);
}

function called(digest: string): string {
  return `main (${digest.slice("sha256:".length, "sha256:".length + 12)})`;
}

it("follows a moving tag from digest to digest, and not back", async () => {
  const story = await begin({ environmentLines: [DEV, STAGING], pushed: "", asleep: true, config: configured("{ tag: main }") });
  const { world } = story;
  const first = await world.push("checkout", "main");
  await story.wake();
  await story.until(`verified staging ${called(first)}`);
  const second = await world.push("checkout", "main");
  await story.until(`verified staging ${called(second)}`);
  const merged = [first, second].flatMap((digest) => ["dev", "staging"].map((environment) => `Promote checkout ${called(digest)} to ${environment}`));
  expect(story.titles("merged")).toEqual(merged);
  expect(await story.fileOf("staging")).toBe(story.fileWith("main", second));

  await world.registry.moveTag("acme/checkout", "main", first);
  await world.pass(HOUR);
  expect(story.titles("open")).toEqual([]);
  expect(await story.fileOf("dev")).toBe(story.fileWith("main", second));
  expect(await story.doubled()).toEqual([]);
});

it("takes numbered builds by their number, and leaves the smaller ones when the greatest is gone", async () => {
  const filter = "{ pattern: 'main-[0-9a-f]{3}-(?<build>[0-9]+)', extract: $build }";
  const story = await begin({ environmentLines: [DEV, STAGING], pushed: "", asleep: true, config: configured(`{ order: numerical, filter: ${filter} }`) });
  const { world } = story;
  for (const tag of ["main-fff-9", "2.0.0", "latest", "main-000-11-debug"]) await world.push("checkout", tag);
  const ten = await world.push("checkout", "main-000-10");
  await story.wake();
  await story.until("verified staging main-000-10");
  expect(story.titles("merged")).toEqual(["Promote checkout main-000-10 to dev", "Promote checkout main-000-10 to staging"]);
  world.registry.deleteManifest("acme/checkout", ten);
  await world.pass(HOUR);
  expect(story.titles("open")).toEqual([]);
  expect(await story.fileOf("dev")).toBe(story.fileWith("main-000-10", ten));
});

it("takes what was built last by what the images say, and asks each image once", async () => {
  const story = await begin({ environmentLines: [DEV, STAGING], pushed: "", asleep: true, config: configured("{ newest: build, allow: ['b-*', 1.4.1] }") });
  const { world } = story;
  const now = world.clock.now();
  const times = [["b-late", now - HOUR], ["b-early", now - 9 * HOUR], ["b-epoch", 0], ["b-future", now + 1_000 * HOUR], ["latest", now]] as const;
  for (const [tag, created] of times) await world.registry.push("acme/checkout", tag, { created });
  // What is pinned from the beginning was built when it was pushed there, which is now.
  await story.wake();
  await world.pass(HOUR);
  expect(story.titles("merged")).toEqual([]);
  await world.registry.push("acme/checkout", "b-last", { created: world.clock.now(), platforms: ["linux/amd64", "linux/arm64"] });
  await story.until("verified staging b-last");
  expect(story.titles("merged")).toEqual(["Promote checkout b-last to dev", "Promote checkout b-last to staging"]);
  const asked = world.registry.requests.filter((line) => line.includes("/blobs/"));
  expect(asked.length).toBe(new Set(asked).size);
});
