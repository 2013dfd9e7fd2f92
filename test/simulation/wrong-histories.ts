/** Histories made by hand, each of which violates something. */
import { expect } from "vitest";
import { configText } from "../../simulator/world/config-text.ts";
import { REPOSITORY } from "../../simulator/world/forge.ts";
import { imageRepository } from "../../simulator/world/world.ts";
import { DEV } from "../../simulator/facts.ts";
import { digestOf, PROD, type HandMade } from "./hand-made.ts";

export type Wrong = (world: HandMade) => void;

/** Histories, each of which violates the invariant that it is under. */
export const WRONG: Readonly<Record<string, readonly (readonly [string, Wrong, { readonly slo: boolean }?])[]>> = {
  S1: [["a head that was never judged is merged", (world) => void world.merge(world.open())]],
  S2: [
    ["a file beside the pin is merged", (world) => void world.promote({ beside: { "README.md": "# Mine\n" } })],
    ["more of the manifest than the pin is merged", (world) => void world.promote({ beside: { "apps/checkout/overlays/prod/kustomization.yaml": "kind: Other\n" } })],
  ],
  S3: [["a digest that is none is merged", (world) => void world.promote({ digest: "sha256:abc" })]],
  S4: [
    [
      "another digest than the judged one is merged",
      (world) => {
        const opened = world.open();
        world.judge({ ...opened, digest: digestOf("b") });
        world.merge(opened);
      },
    ],
  ],
  S6: [
    [
      "nobody approved",
      (world) => {
        soak(world);
        world.promote({ environment: "prod" });
      },
    ],
    ["somebody who may not write approved", (world) => approvedBy(world, "mallory")],
    ["an earlier head was approved", (world) => approvedBy(world, "alice", true)],
  ],
  S7: [
    [
      "the merge does not say which head",
      (world) => {
        const { number, head } = world.open();
        world.happen({ kind: "merged", pull: number, by: { login: "pinion[bot]", kind: "app" }, head, base: world.main, commit: world.main, expectedHead: null, bot: 1 });
      },
    ],
  ],
  S8: [
    [
      "the configuration is merged",
      (world) => void world.promote({ beside: { ".github/pinion.yaml": configText({ environments: [DEV], slo: false, limit: 50 }) } }),
    ],
  ],
  S9: [
    [
      "a digest in quarantine is merged",
      (world) => {
        world.people.push("olive", "main", { ".github/pinion/quarantine/checkout-a.yaml": `app: checkout\ndigest: ${digestOf("a")}\nenvironments:\n  - dev\n` }, "Bar");
        world.promote();
      },
    ],
  ],
  S10: [
    [
      "it was never verified upstream",
      (world) => {
        const opened = world.open({ environment: "prod" });
        world.people.review("alice", opened.number, "approved");
        world.judge(opened);
        world.merge(opened);
      },
    ],
    [
      "it went bad here before",
      (world) => {
        const bad = world.promote();
        world.became("sync-failed", bad);
        world.promote({ tag: "1.2.0", digest: digestOf("b") });
        world.pass(60);
        world.promote({ tag: "1.3.0" });
      },
    ],
    ["it did not soak for long enough", (world) => approvedBy(world, "alice", false, 30)],
  ],
  S11: [
    [
      "the environment is frozen",
      (world) => {
        world.people.openIssue("alice", "Stop", ["freeze:dev"]);
        world.promote();
      },
    ],
    [
      "the environment is paused",
      (world) => {
        world.people.setConfig("olive", { environments: [{ ...DEV, paused: "no" }, PROD], slo: false, limit: 50 });
        world.promote();
      },
    ],
  ],
  S12: [
    [
      "a second promotion is opened beside one that is open",
      (world) => {
        world.open({ tag: "1.1.0" });
        world.look();
        world.open({ tag: "1.2.0", digest: digestOf("b") });
      },
    ],
  ],
  S14: [
    [
      "an older version replaces a newer one",
      (world) => {
        world.promote({ tag: "1.5.0" });
        world.promote({ tag: "1.4.0", digest: digestOf("b") });
      },
    ],
  ],
  S15: [
    [
      "what never ran is called deployed",
      (world) => {
        const merged = world.promote();
        world.became("deployed", merged);
      },
    ],
  ],
  S16: [
    ["an unknown gate is called passed", (world) => world.judge(world.open(), [{ policy: "soak", result: "unknown" }])],
    [
      "what is healthy is called degraded",
      (world) => {
        const merged = good(world);
        world.became("degraded", merged);
      },
    ],
    [
      "what fails its users is called verified",
      (world) => {
        const merged = good(world);
        world.people.outage("checkout", "dev", world.world.now() + 10 * 60_000);
        world.pass(5 * 60);
        world.became("verified", merged, { how: "slo" });
      },
      { slo: true },
    ],
  ],
  S17: [
    [
      "it goes back by itself from what did not go bad",
      (world) => {
        const first = good(world);
        world.became("verified", first, { how: "rollout-only" });
        world.promote({ tag: "1.2.0", digest: digestOf("b") });
        world.promote({ tag: "1.1.0", revert: true });
      },
    ],
    [
      "its users had failed as badly before it came",
      (world) => {
        world.people.outage("checkout", "dev", world.world.now() + 20 * 60_000);
        world.pass(5 * 60);
        const merged = good(world);
        world.pass(2 * 60);
        world.became("breached", merged);
      },
      { slo: true },
    ],
  ],
  S18: [["it goes back to what was never verified", (world) => void world.promote({ tag: "1.0.1", digest: digestOf("c"), revert: true })]],
  S19: [
    [
      "a second revert within a day",
      (world) => {
        world.record({ event: "verified", environment: "dev", release: world.release("1.0.0", digestOf("a")), commit: world.main });
        const bad = world.promote({ tag: "1.2.0", digest: digestOf("b") });
        world.record({ event: "reverted", environment: "dev", release: world.release("1.1.0", digestOf("c")), commit: world.main });
        world.became("sync-failed", bad);
        world.promote({ tag: "1.0.0", digest: digestOf("a"), revert: true });
      },
    ],
  ],
  S22: [
    [
      "a request by somebody who may not is heeded",
      (world) => {
        const merged = world.promote();
        world.people.comment("mallory", merged.number, "/pinion promote checkout prod");
        const comment = world.world.facts().pulls.get(merged.number)?.comments.at(-1)?.id ?? "";
        world.record({ event: "requested", environment: "prod", by: "mallory", pullRequest: merged.number, source: `comment:${comment}` });
      },
    ],
    ["a request that nobody made is recorded", (world) => world.record({ event: "requested", environment: "prod", by: "alice", pullRequest: 1, source: "label:LE_1" })],
  ],
  S24: [
    [
      "a merge is recorded twice",
      (world) => {
        const merged = world.promote();
        world.recordMerge(merged, merged.commit);
      },
    ],
    [
      "somebody else's commit is recorded as what was opened",
      (world) => {
        const { number, environment, tag, digest } = world.open();
        const branch = world.world.facts().pulls.get(number)?.headRef ?? "";
        world.people.push("ivan", branch, { "notes.txt": "mine" }, "Mine");
        const head = world.world.github.branch(branch);
        world.record({ event: "opened", environment, kind: "promotion", pullRequest: number, head, release: world.release(tag, digest), source: "again" });
      },
    ],
    [
      "what a merge brought is recorded as adopted",
      (world) => {
        const { main } = world;
        world.became("adopted", { ...world.promote(), commit: main });
      },
    ],
    [
      "a commit that changed nothing is called a change by hand",
      (world) => {
        const [from, release] = [world.release("1.0.0", digestOf("a")), world.release("1.1.0", digestOf("b"))];
        world.people.push("bob", "main", { "README.md": "# Mine\n" }, "Say more");
        world.record({ event: "out-of-band", environment: "dev", from, release, commit: world.main });
      },
    ],
    ["a merge that never was is recorded", (world) => world.recordMerge(world.open(), world.main)],
    [
      "the log is moved back",
      (world) => {
        const head = world.world.github.branch("pinion-log");
        world.world.github.move({ login: "pinion[bot]", kind: "app" }, "pinion-log", world.main);
        expect(head).not.toBeNull();
      },
    ],
  ],
  S26: [
    [
      "the same pull request is opened again after its merge",
      (world) => {
        const branch = `pinion/dev/checkout/1.1.0-${"a".repeat(10)}`;
        world.promote({ branch });
        world.look();
        world.asApp((forge) => forge.deleteBranch(REPOSITORY, branch, world.world.github.branch(branch) ?? ""));
        world.people.push("alice", "main", { "apps/checkout/overlays/dev/kustomization.yaml": "kind: Kustomization\n" }, "Away");
        world.open({ branch });
      },
    ],
  ],
  S27: [
    ["the App pushes to the default branch", (world) => world.world.github.move({ login: "pinion[bot]", kind: "app" }, "main", world.open().head)],
    [
      "the App deletes a branch with a commit of somebody else",
      (world) => {
        const { number } = world.open();
        const branch = world.world.facts().pulls.get(number)?.headRef ?? "";
        world.people.push("alice", branch, { "notes.txt": "mine" }, "Mine");
        world.asApp((forge) => forge.deleteBranch(REPOSITORY, branch, world.world.github.branch(branch) ?? ""));
      },
    ],
  ],
  S28: [["the App approves", (world) => world.happen({ kind: "reviewed", pull: 1, by: { login: "pinion[bot]", kind: "app" }, state: "approved" })]],
  S31: [
    [
      "a commit of somebody else is merged",
      (world) => {
        const opened = world.open();
        const branch = world.world.facts().pulls.get(opened.number)?.headRef ?? "";
        world.people.push("ivan", branch, { "notes.txt": "mine" }, "Mine");
        const head = world.world.github.branch(branch) ?? "";
        world.judge({ ...opened, head });
        world.merge({ ...opened, head });
      },
    ],
  ],
  S32: [
    [
      "a clock that is behind makes a soak look long",
      (world) => {
        const at = new Date(world.world.now() - 10 * 60_000).toISOString();
        const release = world.release("1.1.0", digestOf("a"));
        world.record({ event: "deployed", environment: "dev", release, commit: world.main, at }, { event: "verified", environment: "dev", release, commit: world.main });
        const opened = world.open({ environment: "prod" });
        world.people.review("alice", opened.number, "approved");
        world.judge(opened);
        world.merge(opened);
      },
    ],
  ],
  H1: [
    [
      "what a person took away is brought again",
      (world) => {
        world.record({ event: "held", environment: "dev", displaced: world.release("1.1.0", digestOf("a")), commit: world.main });
        world.pass(5);
        world.look();
        world.open();
      },
    ],
  ],
  X1: [["something nobody foresaw", (world) => world.happen({ kind: "bewildered", bot: 1, message: "TypeError" })]],
};

/** A release that really runs in dev, healthily. */
export function good(world: HandMade) {
  world.people.publish("checkout", "1.1.0", "good");
  const digest = world.world.registry.tagsOf(imageRepository("checkout")).get("1.1.0") ?? "";
  const merged = world.promote({ tag: "1.1.0", digest });
  world.pass(90);
  world.became("deployed", merged);
  return merged;
}

/** Verified in dev, and soaked so many seconds. */
function soak(world: HandMade, seconds = 130): void {
  const release = world.release("1.1.0", digestOf("a"));
  world.record({ event: "deployed", environment: "dev", release, commit: world.main }, { event: "verified", environment: "dev", release, commit: world.main });
  world.pass(seconds);
}

function approvedBy(world: HandMade, login: string, earlier = false, seconds = 130): void {
  soak(world, seconds);
  const opened = world.open({ environment: "prod" });
  world.people.review(login, opened.number, "approved");
  let { head } = opened;
  if (earlier) {
    const branch = world.world.facts().pulls.get(opened.number)?.headRef ?? "";
    const files = [{ path: "apps/checkout/overlays/prod/kustomization.yaml", bytes: new TextEncoder().encode("images:\n  - name: x\n    newTag: 1.1.0\n") }];
    const swapped = world.asApp((forge) => forge.replaceHead(REPOSITORY, branch, head, world.main, { headline: "Again", body: "", files }));
    head = swapped.outcome === "done" ? swapped.value : head;
  }
  world.judge({ ...opened, head });
  world.merge({ ...opened, head });
}
