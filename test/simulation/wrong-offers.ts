/** More histories made by hand that violate something: what is offered, how it goes back, and what is put down of it. */
import { manifest, placePath } from "../../simulator/facts.ts";
import { REPOSITORY } from "../../simulator/world/forge.ts";
import { imageRepository } from "../../simulator/world/world.ts";
import { DEV, digestOf, PROD, type HandMade } from "./hand-made.ts";
import { good, type Wrong } from "./wrong-histories.ts";

export const WRONG_OFFERS: Readonly<Record<string, readonly (readonly [string, Wrong])[]>> = {
  H1: [
    [
      "what a person took away is brought again, and no hold is in the log",
      (world) => {
        const [from, release] = [world.release("1.1.0", digestOf("a")), world.release("1.0.0", digestOf("b"))];
        world.record({ event: "out-of-band", environment: "dev", from, release, commit: world.main });
        world.pass(5);
        world.look();
        world.open();
      },
    ],
    [
      "what a person took away by a pull request is brought again",
      (world) => {
        const [from, release] = [world.release("1.1.0", digestOf("a")), world.release("1.0.0", digestOf("b"))];
        const number = world.people.openPull("alice", "back", false, {});
        world.record({ event: "merged", environment: "dev", kind: "promotion", pullRequest: number, from, release, commit: world.main });
        world.pass(5);
        world.look();
        world.open();
      },
    ],
    [
      "what a person took away by the first of two steps is brought again",
      (world) => {
        for (const [tag, letter] of [["1.1.0", "a"], ["1.0.0", "b"]] as const) {
          world.record({ event: "held", environment: "dev", displaced: world.release(tag, digestOf(letter)), commit: letter.repeat(40) });
        }
        world.pass(5);
        world.look();
        world.open();
      },
    ],
  ],
  H2: [
    [
      "a tag that was moved is offered",
      (world) => {
        world.promote();
        world.open({ digest: digestOf("b") });
      },
    ],
  ],
  H3: [["more is opened than the limit lets", (world) => configured(world, { limit: 0 })]],
  H4: [["what takes a request is offered by itself", (world) => configured(world, { promote: "on-request" })]],
  S4: [
    [
      "another digest is merged than it was opened for",
      (world) => {
        const opened = world.open();
        const branch = branchOf(world, opened.number);
        const text = manifest({ repository: imageRepository("checkout"), tag: "1.1.0", digest: digestOf("b") });
        const files = [{ path: placePath("checkout", "dev"), bytes: new TextEncoder().encode(text) }];
        const swapped = world.asApp((forge) => forge.replaceHead(REPOSITORY, branch, opened.head, world.main, { headline: "Again", body: "", files }));
        const other = { ...opened, digest: digestOf("b"), head: swapped.outcome === "done" ? swapped.value : "" };
        world.judge(other);
        world.merge(other);
      },
    ],
  ],
  S6: [["the check is green, and nobody has approved", (world) => green(world, world.open({ environment: "prod" }).head)]],
  S11: [["what is paused is offered", (world) => configured(world, { paused: "no" })]],
  S14: [
    [
      "something older is offered",
      (world) => {
        world.promote({ tag: "1.5.0" });
        world.open({ tag: "1.4.0", digest: digestOf("b") });
      },
    ],
  ],
  S16: [["the watch was not waited for", (world) => world.became("verified", good(world), { how: "rollout-only" })]],
  S17: [
    ["it is offered to go back where that is left to people", (world) => configured(world, { rollback: "off" }, true)],
    [
      "it goes back, as somebody approved, from what is not known to be bad",
      (world) => {
        const digest = world.world.pinAt(world.main, "checkout", "dev")?.digest ?? "";
        const barred = { ".github/pinion/quarantine/checkout.yaml": `app: checkout\ndigest: ${digest}\nenvironments:\n  - dev\n` };
        const opened = world.open({ tag: "1.0.0", digest: digestOf("b"), revert: true, beside: barred });
        world.people.review("alice", opened.number, "approved");
        world.judge(opened);
        world.merge(opened);
      },
    ],
    [
      "it goes back, and nothing keeps it from coming again",
      (world) => {
        const bad = world.promote();
        world.became("sync-failed", bad);
        world.promote({ tag: "1.0.0", digest: digestOf("b"), revert: true });
      },
    ],
  ],
  S18: [
    [
      "it is offered to go back to what went bad",
      (world) => {
        world.became("sync-failed", world.promote());
        world.promote({ tag: "1.2.0", digest: digestOf("b") });
        offeredBack(world);
      },
    ],
  ],
  S19: [
    [
      "it is offered to go back from a revert",
      (world) => {
        world.became("verified", world.promote());
        world.promote({ tag: "1.0.0", digest: digestOf("b"), revert: true });
        offeredBack(world);
      },
    ],
    [
      "it goes back by itself while many go bad",
      (world) => {
        world.record({ event: "verified", environment: "dev", release: world.release("1.0.0", digestOf("c")), commit: world.main });
        const bad = world.promote();
        for (const app of ["search", "cart"]) world.became("sync-failed", bad, { app });
        world.became("sync-failed", bad);
        world.promote({ tag: "1.0.0", digest: digestOf("c"), revert: true });
      },
    ],
  ],
  S24: [
    [
      "a merge of the App's own is called a change by hand",
      (world) => {
        const opened = world.open();
        world.judge(opened);
        const commit = world.merge(opened);
        world.became("out-of-band", { ...opened, commit });
      },
    ],
    [
      "a revert is called a promotion",
      (world) => {
        const opened = world.open({ revert: true });
        world.judge(opened);
        world.recordMerge(opened, world.merge(opened), "promotion");
      },
    ],
  ],
  X2: [
    [
      "the same is said again and again",
      (world) => {
        const { number } = world.open();
        for (let times = 0; times < 6; times += 1) world.asApp((forge) => forge.comment(REPOSITORY, number, "As I said"));
      },
    ],
  ],
};

function configured(world: HandMade, { limit = 50, ...change }: Partial<typeof DEV> & { readonly limit?: number }, revert = false): void {
  world.people.setConfig("olive", { environments: [{ ...DEV, ...change }, PROD], slo: false, limit });
  world.pass(60);
  world.look();
  world.open({ revert });
}

function offeredBack(world: HandMade): void {
  world.pass(5);
  world.look();
  world.open({ revert: true });
}

function branchOf(world: HandMade, pull: number): string {
  return world.world.facts().pulls.get(pull)?.headRef ?? "";
}

function green(world: HandMade, head: string): void {
  const check = { status: "completed", conclusion: "success", title: "", summary: "", fingerprint: "1" } as const;
  world.pass(150);
  world.asApp((forge) => forge.publish(REPOSITORY, [{ head, check, existing: null }], null));
}
