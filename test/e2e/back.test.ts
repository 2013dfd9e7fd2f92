import { describe, expect, it } from "vitest";
import { overlay, shown } from "./onlooker.ts";
import { begin, DEV, HOUR, MINUTE, type Story } from "./story.ts";

const PROPOSING = DEV.replace("rollback: auto", "rollback: propose");
const FOLLOWER = "live: { after: dev, promote: auto, merge: auto, watch: 2m }";
const REVERT = "Revert checkout in dev to 1.4.1";

/** Dev is given 1.4.2, and the cluster is as told. */
async function promoted(environmentLines: readonly string[], prepare: (story: Story, digest: string) => void = () => undefined): Promise<Story> {
  const story = await begin({ environmentLines, pushed: "" });
  const digest = await story.world.push("checkout", "1.4.2");
  prepare(story, digest);
  await story.until("merged dev 1.4.2");
  return story;
}

const quarantine = (digest: string) => `.github/pinion/quarantine/checkout-${digest.slice("sha256:".length, "sha256:".length + 12)}.yaml`;

describe("a release that breaks its objective", () => {
  it("is taken back by a pull request, kept out by a file in Git, and not offered again, here or further on", async () => {
    const story = await promoted([DEV, FOLLOWER]);
    const { world } = story;
    const before = await story.fileOf("live");
    await story.until("deployed dev 1.4.2");
    story.serve("dev", 0.2);
    await story.until("reverted dev 1.4.2");
    story.serve("dev", 0);
    const revert = story.pull(REVERT);
    expect(shown(revert)).toBe("merged");
    expect(revert.body).toMatch(/`1\.4\.2` went bad\. This is what was seen:\n\n```text\n.+/);
    expect(story.verdict(revert)).toMatch(/^success: All \d+ gates passed$/);
    expect(await story.fileOf("dev")).toBe(before);
    const bad = (await story.recordsOf("breached"))[0]?.release.images[0]?.digest ?? "";
    expect(await story.onMain(quarantine(bad))).toContain(`app: checkout\ndigest: ${bad}\nenvironments:\n  - dev\n  - live\nreason: "breached: `);
    expect((await story.recordsOf("quarantined")).map(({ digest }) => digest)).toEqual([bad]);
    expect((await story.recordsOf("held")).map(({ environment, displaced }) => `${environment} ${displaced.version}`)).toEqual(["dev 1.4.2"]);

    // What is back is followed like any release; the bad one does not come again, though the registry still has it.
    await story.until("verified dev 1.4.1");
    await world.pass(HOUR);
    expect(story.titles("open")).toEqual([]);
    expect(story.titles("merged")).toEqual(["Promote checkout 1.4.2 to dev", REVERT]);
    expect(await story.fileOf("live")).toBe(before);
    expect(story.deployments()).toEqual(["dev promote:checkout failure", "dev promote:checkout success"]);

    // A newer one ends the hold.
    await world.push("checkout", "1.4.3");
    await story.until("verified dev 1.4.3");
    expect(await story.doubled()).toEqual([]);
  });

  it("may be brought again by a person once it is out of quarantine, has to prove itself anew, and moves on", async () => {
    const story = await promoted([DEV, FOLLOWER]);
    await story.until("deployed dev 1.4.2");
    story.serve("dev", 0.2);
    await story.until("reverted dev 1.4.2");
    story.serve("dev", 0);
    await story.world.pass(5 * MINUTE);
    const [bad] = await story.recordsOf("breached");
    const digest = bad?.release.images[0]?.digest ?? "sha256:";
    const carol = story.world.person("carol");
    await carol.push("again", { [overlay("dev")]: story.fileWith("1.4.2", digest) }, "1.4.2 again");
    const number = await carol.openPullRequest({ head: "again", title: "1.4.2 again" });
    await story.world.pass(MINUTE);
    expect(story.verdict(story.pull("1.4.2 again"))).toContain("in quarantine");
    await carol.push("main", { [quarantine(digest)]: null }, "It was the network");
    await story.world.pass(MINUTE);
    expect(story.verdict(story.pull("1.4.2 again"))).toMatch(/^success: /);
    expect(story.titles("open")).toEqual(["1.4.2 again"]);
    await carol.mergeWithButton(number);
    await story.until("verified live 1.4.2");
    expect(story.titles("merged")).toEqual(["Promote checkout 1.4.2 to dev", REVERT, "1.4.2 again", "Promote checkout 1.4.2 to live"]);
    expect(await story.doubled()).toEqual([]);
  });

  it("waits for an approval where the way back is only proposed, and a closed proposal stays closed", async () => {
    const story = await promoted([PROPOSING]);
    await story.until("deployed dev 1.4.2");
    story.serve("dev", 0.2);
    await story.until("breached dev 1.4.2");
    await story.world.pass(MINUTE);
    const revert = story.pull(REVERT);
    expect(shown(revert)).toBe("open");
    expect(story.verdict(revert)).toBe("in_progress: Waiting: 1 approval from anyone with write permission");
    await story.world.person("carol").closePullRequest(revert.number);
    await story.world.pass(HOUR);
    expect(story.titles("open")).toEqual([]);
    expect(await story.version("dev")).toBe("1.4.2");
    expect(await story.doubled()).toEqual([]);
  });
});

describe("a rollout that goes bad", () => {
  it("is taken back when it is degraded for long", async () => {
    const story = await promoted([DEV], ({ world }, digest) => world.argocd.degradeOn("checkout-dev", digest));
    await story.until("reverted dev 1.4.2");
    const [degraded] = await story.recordsOf("degraded");
    const [merged] = await story.recordsOf("merged");
    expect((degraded?.at ?? 0) - (merged?.at ?? 0)).toBeGreaterThan(MINUTE);
    expect(await story.version("dev")).toBe("1.4.1");
    await story.until("verified dev 1.4.1");
  });

  it("is taken back when it is degraded during the watch", async () => {
    const story = await promoted([DEV], ({ world }, digest) => world.argocd.degradeOn("checkout-dev", digest, { after: MINUTE / 2 }));
    await story.until("deployed dev 1.4.2");
    await story.until("reverted dev 1.4.2");
    expect(await story.recordsOf("verified")).toHaveLength(1);
  });

  it("is taken back when Argo CD cannot sync it", async () => {
    const story = await promoted([DEV], ({ world }, digest) => world.argocd.failSyncOn("checkout-dev", digest));
    await story.until("reverted dev 1.4.2");
    expect((await story.recordsOf("sync-failed"))[0]?.evidence).toContain("admission webhook");
  });

  it("is only proposed to be taken back when it is not healthy by the deadline, even with rollback: auto", async () => {
    const story = await promoted([DEV], ({ world }, digest) => world.argocd.hangOn("checkout-dev", digest));
    await story.until("deadline dev 1.4.2");
    await story.world.pass(HOUR);
    const revert = story.pull(REVERT);
    expect(shown(revert)).toBe("open");
    expect(story.verdict(revert)).toBe("in_progress: Waiting: 1 approval from anyone with write permission");
    await story.world.person("carol").approve(revert.number);
    await story.world.pass(MINUTE);
    expect(shown(revert)).toBe("merged");
    await story.until("verified dev 1.4.1");
  });

  it("that was only late is verified after all, once a person has closed the proposal, and moves on", async () => {
    const story = await promoted([DEV, FOLLOWER], ({ world }, digest) => world.argocd.hangOn("checkout-dev", digest));
    const { world } = story;
    await story.until("deadline dev 1.4.2");
    await world.pass(MINUTE);
    await world.person("carol").closePullRequest(story.pull(REVERT).number);
    await world.pass(HOUR);
    world.argocd.behave("checkout-dev", (await story.recordsOf("deadline"))[0]?.release.images[0]?.digest ?? "");
    await story.until("verified live 1.4.2");
    expect(story.titles("open")).toEqual([]);
    expect(await story.doubled()).toEqual([]);
  });

  it("is not taken back for flapping, and not verified while it does", async () => {
    const story = await promoted([DEV], ({ world }, digest) => world.argocd.flapOn("checkout-dev", digest));
    const { world } = story;
    await world.pass(4 * MINUTE);
    expect(await story.history()).not.toContain("deployed dev 1.4.2");
    expect(story.titles("merged")).toEqual(["Promote checkout 1.4.2 to dev"]);
  });
});

describe("what a person took out", () => {
  it("is not put back when what they put there goes bad too: the app is stopped, and people are told", async () => {
    const story = await begin({ pushed: "" });
    const { world } = story;
    const before = await story.fileOf("dev");
    await world.push("checkout", "1.4.2");
    await story.until("verified dev 1.4.2");
    const carol = world.person("carol");
    await carol.push("back", { [overlay("dev")]: before }, "Back to 1.4.1");
    const number = await carol.openPullRequest({ head: "back", title: "Back to 1.4.1" });
    await world.pass(MINUTE);
    world.argocd.degradeOn("checkout-dev", /sha256:[0-9a-f]{64}/.exec(before)?.[0] ?? "");
    await carol.mergeWithButton(number);
    await story.until("frozen dev 1.4.1");
    await world.pass(HOUR);
    expect(story.titles("open")).toEqual([]);
    expect(await story.version("dev")).toBe("1.4.1");
    expect((await story.recordsOf("frozen")).map(({ reason }) => reason)).toEqual([`1.4.2 was taken out: @carol changed the pin in #${number}`]);
    expect(await story.recordsOf("quarantined")).toEqual([]);
  });
});

describe("nothing to go back to", () => {
  it("stops the app and tells people in an issue, until one who may write closes it", async () => {
    // The Application of what ran before is missing, so nothing was ever seen to run here.
    const story = await begin({ pushed: "", asleep: true });
    const { world } = story;
    world.argocd.remove("checkout-dev");
    const digest = await world.push("checkout", "1.4.2");
    await story.wake();
    await story.until("merged dev 1.4.2");
    world.argocd.add({ name: "checkout-dev", path: "apps/checkout/overlays/dev/kustomization.yaml" });
    world.argocd.degradeOn("checkout-dev", digest, { after: MINUTE });
    story.serve("dev", 0.2);
    await story.until("frozen dev 1.4.2");
    story.serve("dev", 0);
    expect(story.issues()[0]).toMatch(/^checkout is stopped in dev: 1\.4\.2 went bad \([0-9a-f]{10}\): open$/);
    const [frozen] = await story.recordsOf("frozen");
    await world.push("checkout", "1.4.3");
    await world.pass(HOUR);
    expect(story.titles("open")).toEqual([]);
    expect(story.issues()).toHaveLength(1);

    await world.person("mallory").closeIssue(frozen?.issue ?? 0);
    await world.pass(10 * MINUTE);
    expect(story.titles("open")).toEqual([]);
    await world.person("carol").reopenIssue(frozen?.issue ?? 0);
    await world.person("carol").closeIssue(frozen?.issue ?? 0);
    await story.until("merged dev 1.4.3");
    await story.until("verified dev 1.4.3");
    expect(await story.doubled()).toEqual([]);
  });
});
