import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { composeClone } from "../../src/compose-clone.ts";
import { readEndpointSettings } from "../../src/config.ts";
import { outlook } from "../../src/domain/outlook.ts";
import { rehearse } from "../../src/reconciler/rehearse.ts";
import { overlay } from "./onlooker.ts";
import { begin, DEV, HOUR, MINUTE, PROD, STAGING, type Story } from "./story.ts";

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", env: { PATH: process.env["PATH"], GIT_CONFIG_NOSYSTEM: "1", HOME: folder } }).trim();
}

/** A clone of the story's repository, as somebody would have it on a laptop. */
function clone(story: Story): string {
  const folder = mkdtempSync(join(tmpdir(), "pinion-clone-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  git(folder, "clone", "--quiet", story.world.repository.git.directory, "manifests");
  return join(folder, "manifests");
}

/** What a plan in the clone says, with what is told beside it. */
async function planIn(folder: string, { world }: Story) {
  const { PINION_ARGOCD_URL = "", PINION_ARGOCD_TOKEN = "", PINION_PROMETHEUS_URL = "" } = world.environment;
  const read = readEndpointSettings({ PINION_ARGOCD_URL, PINION_ARGOCD_TOKEN, PINION_PROMETHEUS_URL });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const composed = await composeClone(folder, read.settings, { PATH: process.env["PATH"] }, world.clock, silent);
  const asked = world.github.requests.length;
  const refs = git(folder, "for-each-ref");
  const rehearsal = await rehearse(composed.ports, composed.policies, composed.repository).finally(() => composed.close());
  expect([world.github.requests.length, git(folder, "for-each-ref"), git(folder, "status", "--porcelain")]).toEqual([asked, refs, ""]);
  const { places } = outlook(rehearsal.observation, rehearsal.plan);
  const told = Object.fromEntries(places.map((place) => [place.environment, place]));
  const titles = places.flatMap(({ opening }) => opening?.title ?? []);
  return { ...rehearsal, told, titles };
}

describe("a plan in a clone, without GitHub", () => {
  it("of a new installation is what the App then does", async () => {
    const story = await begin({ environmentLines: [DEV, STAGING], asleep: true });
    const before = await planIn(clone(story), story);
    expect([before.asIfInstalled, before.titles]).toEqual([true, ["Promote checkout 1.4.2 to dev"]]);
    const opening = before.told["dev"]?.opening;
    await story.wake();
    await story.until("verified dev 1.4.2");
    const real = story.pull("Promote checkout 1.4.2 to dev");
    expect(opening?.commit.edits.map(({ file }) => file)).toEqual([overlay("dev")]);
    expect([opening?.title, opening?.branch.replace(/-[0-9a-f]+$/, "")]).toEqual([real.title, real.head.ref.replace(/-[0-9a-f]+$/, "")]);
    expect(await story.fileOf("dev")).toContain(opening?.commit.edits[0]?.pins[0]?.digest ?? "no digest");
  });

  it("goes on from the log: what was promoted is not offered again, and what waits says for what", async () => {
    const story = await begin({ environmentLines: [DEV, STAGING.replace("merge: auto", "merge: on-approval"), PROD] });
    await story.until("verified dev 1.4.2");
    await story.world.until("the pull request for staging", () => story.titles("open").length > 0, HOUR);
    const staging = story.pull("Promote checkout 1.4.2 to staging");
    const { asIfInstalled, told, titles } = await planIn(clone(story), story);
    expect([asIfInstalled, titles]).toEqual([false, ["Promote checkout 1.4.2 to staging"]]);
    expect(told["dev"]).toMatchObject({ pinned: "1.4.2", opening: null, reasons: ["1.4.2 is the newest and is pinned"] });
    expect(told["staging"]).toMatchObject({ pinned: "1.4.1", openedAs: staging.number });
    expect(told["prod"]).toMatchObject({ pinned: "1.4.1", opening: null, reasons: ["promoted when somebody asks"] });
  });

  it("takes no change that only GitHub could explain for anybody's", async () => {
    const story = await begin({ environmentLines: [DEV] });
    await story.until("verified dev 1.4.2");
    await story.world.stop();
    await story.world.push("checkout", "1.5.0");
    const digest = await story.world.registry.push("acme/checkout", "1.4.0");
    await story.world.person("alice").push("main", { [overlay("dev")]: story.fileWith("1.4.0", digest) }, "An old one");
    story.world.clock.advance(10 * MINUTE);
    const { told, titles, plan } = await planIn(clone(story), story);
    expect(titles).toEqual([]);
    expect(told["dev"]?.reasons).toEqual([expect.stringContaining("only GitHub can tell by whom")]);
    expect(plan.actions.filter(({ kind }) => kind === "record")).toEqual([]);
  });

  it("tells what would be done in observe mode, and that the App would not", async () => {
    const story = await begin({ environmentLines: [DEV], asleep: true });
    const config = ".github/pinion.yaml";
    const folder = clone(story);
    const text = git(folder, "show", `HEAD:${config}`).replace("version: 1", "version: 1\nmode: observe");
    await story.world.person("alice").push("main", { [config]: `${text}\n` }, "Observe");
    const { asIfEnforcing, titles } = await planIn(clone(story), story);
    expect([asIfEnforcing, titles]).toEqual([true, ["Promote checkout 1.4.2 to dev"]]);
  });

  it("knows nothing where a registry does not answer, and says so", async () => {
    const story = await begin({ environmentLines: [DEV], asleep: true });
    const folder = clone(story);
    await story.world.registry.close();
    const { told, titles } = await planIn(folder, story);
    expect(titles).toEqual([]);
    expect(told["dev"]?.reasons.join()).toContain("could not be reached");
  });
});
