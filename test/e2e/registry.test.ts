import { createHmac } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { shown } from "./onlooker.ts";
import { begin, configOf, DEV, HOUR, MINUTE } from "./story.ts";

const WITH_APPROVAL = "dev: { promote: auto, merge: on-approval, approvals: { count: 1 }, watch: 2m }";

describe("a registry that cannot be asked", () => {
  it.each([
    ["cuts its connections", "down"],
    ["says that it is overloaded", "overloaded"],
    ["says that it broke", "broken"],
  ])("that %s stops what depends on it, and nothing is merged until it can be asked again", async (_how, fault) => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world } = story;
    await world.pass(MINUTE);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    if (fault === "down") world.registry.down();
    else world.registry.fail(fault === "overloaded" ? 429 : 500, fault === "overloaded" ? "60" : null);
    await world.pass(HOUR);
    await world.person("bob").approve(dev.number);
    await world.pass(HOUR);
    expect(shown(dev)).toBe("open");
    expect(story.verdict(dev)).toMatch(/^in_progress: Waiting: digest-served is unknown: .*127\.0\.0\.1/);
    world.registry.recover();
    await story.until("verified dev 1.4.2", 30 * MINUTE);
    expect(await story.doubled()).toEqual([]);
  });

  it("because it is slow is waited for", async () => {
    const story = await begin({ asleep: true });
    const { world } = story;
    world.registry.slow();
    const asked = world.registry.requests.length;
    const started = story.wake();
    await vi.waitUntil(() => world.registry.requests.length > asked, { timeout: 20_000 });
    world.registry.recover();
    await started;
    await story.until("verified dev 1.4.2");
  });
});

describe("a registry that does not tell the truth", () => {
  it.each(["header", "bytes"] as const)("about a digest, in the %s, gets nothing promoted", async (lie) => {
    const story = await begin({ pushed: "", asleep: true });
    const { world } = story;
    await world.push("checkout", "1.4.2");
    world.registry.lie("acme/checkout", "1.4.2", lie);
    await story.wake();
    await world.pass(HOUR);
    expect(story.list()).toEqual([]);
    expect(await story.version("dev")).toBe("1.4.1");
    world.registry.lie("acme/checkout", "1.4.2", null);
    await story.until("verified dev 1.4.2");
  });
});

describe("a registry with its own ways", () => {
  it("that wants a token from its token server gets it", async () => {
    const story = await begin({ pushed: "", asleep: true });
    const { world } = story;
    await world.push("checkout", "1.4.2");
    world.registry.requireToken();
    await story.wake();
    await story.until("verified dev 1.4.2");
    expect(world.registry.access.issued).toBeGreaterThan(0);
  });

  it("that wants a password that Pinion does not have is told of, and stops only what depends on it", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world } = story;
    await world.pass(MINUTE);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    world.registry.requireBasic({ username: "pinion", password: "secret" });
    await world.pass(HOUR);
    await world.person("bob").approve(dev.number);
    await world.pass(10 * MINUTE);
    expect(story.verdict(dev)).toMatch(/^in_progress: Waiting: digest-served is unknown: .*(credential|password|sign)/i);
    expect(shown(dev)).toBe("open");
  });

  it("that gives its tags on many pages is read to the last one", async () => {
    const story = await begin({ pushed: "", asleep: true });
    const { world } = story;
    world.registry.setPageSize(3);
    for (const tag of ["0.1.0", "1.0.0", "1.4.10", "1.4.2", "1.4.9", "latest", "zebra"]) await world.push("checkout", tag);
    await story.wake();
    await story.until("verified dev 1.4.10");
    expect(story.titles("merged")).toEqual(["Promote checkout 1.4.10 to dev"]);
  });

  it("in which a tag is moved does not get the new image promoted under the old name", async () => {
    const story = await begin();
    const { world } = story;
    await story.until("verified dev 1.4.2");
    const before = await story.fileOf("dev");
    await world.registry.moveTag("acme/checkout", "1.4.2", await world.registry.push("acme/checkout", "nightly"));
    await world.pass(HOUR);
    expect(await story.fileOf("dev")).toBe(before);
    expect(story.titles("open")).toEqual([]);
  });

  it("from which the image is deleted before the merge gets nothing merged", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world } = story;
    await world.pass(MINUTE);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    const [opened] = await story.recordsOf("opened");
    world.registry.deleteManifest("acme/checkout", opened?.release.images[0]?.digest ?? "sha256:");
    await world.pass(20 * MINUTE);
    await world.person("bob").approve(dev.number);
    await world.pass(20 * MINUTE);
    expect(shown(dev)).toBe("open");
    expect(story.verdict(dev)).toMatch(/^failure: Blocked: the registry does not have /);
  });
});

it("that has prereleases and variants gives what the configuration selects, and nothing older when that is gone", async () => {
  const config = configOf(DEV).replace("defaults: {", 'defaults: { select: { semver: ">=1.0.0", prereleases: true, ignore: ["*-debug", "2.*"] },');
  const story = await begin({ pushed: "", asleep: true, config });
  const { world } = story;
  for (const tag of ["1.4.2", "1.5.0-rc.9", "1.5.0-rc.10", "1.5.0-rc.11-debug", "2.0.0", "latest"]) await world.push("checkout", tag);
  await story.wake();
  await story.until("verified dev 1.5.0-rc.10");
  expect(story.titles("merged")).toEqual(["Promote checkout 1.5.0-rc.10 to dev"]);
  const narrow = config.replace('["*-debug", "2.*"]', '["*-debug", "2.*", "*-rc.*"]');
  await world.person("alice").push("main", { ".github/pinion.yaml": narrow }, "No release candidates");
  await world.pass(HOUR);
  expect(story.titles("open")).toEqual([]);
  expect(await story.version("dev")).toBe("1.5.0-rc.10");
});

it("needs no notification of a push: new tags are found by asking now and then", async () => {
  const story = await begin({ environmentLines: [DEV], pushed: "", asleep: true });
  const { world } = story;
  await world.start();
  await world.push("checkout", "1.4.2");
  await story.until("merged dev 1.4.2", 15 * MINUTE);
});

const SECRET = "a secret for one webhook";

/** One webhook of each kind of proof, with what its sender would send of a push to the sandbox's registry. */
const WEBHOOKS = [
  {
    source: "distribution",
    how: "by a header",
    told: (host: string) => ({
      query: "",
      body: { events: [{ action: "push", target: { repository: "acme/checkout", tag: "1.4.2", digest: `sha256:${"0".repeat(64)}` }, request: { host } }] },
    }),
    prove: (): Record<string, string> => ({ authorization: `Bearer ${SECRET}` }),
  },
  {
    source: "quay",
    how: "by its address",
    told: (host: string) => ({
      query: `?secret=${encodeURIComponent(SECRET)}`,
      body: { docker_url: `${host}/acme/checkout`, updated_tags: ["1.4.2"] },
    }),
    prove: (): Record<string, string> => ({}),
  },
  {
    source: "nexus",
    how: "by a signature",
    told: (host: string) => ({
      query: `?registry=${host}`,
      body: { initiator: "someone", action: "CREATED", component: { format: "docker", name: "acme/checkout", version: "1.4.2" } },
    }),
    prove: (text: string): Record<string, string> => ({ "x-nexus-webhook-signature": createHmac("sha1", SECRET).update(text).digest("hex") }),
  },
] as const;

it.each(WEBHOOKS)("$how a registry tells of a push, and is asked again when it did so before it showed the tag", async ({ source, told, prove }) => {
  const story = await begin({ pushed: "", asleep: true, settings: { [`PINION_WEBHOOK_${source.toUpperCase()}_SECRET`]: SECRET } });
  const { world } = story;
  await world.start();
  const { query, body } = told(world.registry.host);
  const text = JSON.stringify(body);
  const post = (proof: Record<string, string>, at: string): Promise<Response> =>
    fetch(`${world.pinion.url}/webhooks/registry/${source}${at}`, { method: "POST", headers: { "content-type": "application/json", ...proof }, body: text });
  const asked = world.registry.requests.length;
  const forged = await post({}, query.replace(/secret=.*/, "secret=wrong"));
  await world.settle();
  expect([forged.status, world.registry.requests.length - asked]).toEqual([401, 0]);
  const answer = await post(prove(text), query);
  expect([answer.status, await answer.json()]).toEqual([202, { accepted: [`${world.registry.host}/acme/checkout`] }]);
  await world.settle();
  await world.push("checkout", "1.4.2");
  await story.until("merged dev 1.4.2", MINUTE);
  expect(world.log.join("")).not.toContain(SECRET);
});
