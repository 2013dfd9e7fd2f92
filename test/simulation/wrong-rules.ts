/** Histories made by hand in which the rules that people make are not kept. */
import { DEV, manifest, placePath, type EnvironmentSetup, type NamedPolicies, type WindowSetup } from "../../simulator/facts.ts";
import { REPOSITORY } from "../../simulator/world/forge.ts";
import { imageRepository } from "../../simulator/world/world.ts";
import { keyFile } from "../../simulator/signing.ts";
import { brokenFile, ownRuleFiles, type OwnRule } from "../../simulator/own-rules.ts";
import { digestOf, PROD, type HandMade, type Opened } from "./hand-made.ts";
import type { Wrong } from "./wrong-histories.ts";

/** Worlds made by hand begin at 9:01 UTC on a Monday, which is 10:01 in Berlin. */
const LATER: WindowSetup = { rule: "allow", minute: 30, hours: null, lasts: 10, zone: "UTC" };
const UNTIL_NINE: WindowSetup = { rule: "allow", minute: 0, hours: [8], lasts: 60, zone: "UTC" };
const NINE_IN_BERLIN: WindowSetup = { rule: "allow", minute: 0, hours: [9], lasts: 60, zone: "Europe/Berlin" };
const NOW: WindowSetup = { rule: "allow", minute: 0, hours: null, lasts: 40, zone: "UTC" };
const NOT_NOW: WindowSetup = { rule: "deny", minute: 55, hours: null, lasts: 10, zone: "UTC" };

function devWith(...windows: readonly WindowSetup[]): { readonly environments: readonly EnvironmentSetup[] } {
  return { environments: [{ ...DEV, windows }, PROD] };
}

export interface Options {
  readonly environments?: readonly EnvironmentSetup[];
}

const promoted: Wrong = (world) => void world.promote();

function withFiles(files: Readonly<Record<string, string>>): Wrong {
  return (world) => {
    world.people.push("olive", "main", files, "Rules");
    world.promote();
  };
}

function withRule(rule: OwnRule): Wrong {
  return withFiles(ownRuleFiles([rule]));
}

function naming(policies: NamedPolicies): Options {
  return { environments: [{ ...DEV, policies }, PROD] };
}

const SIGNED = naming({ signed: { signers: ["ci"] } });

/** An image is pushed and promoted after so many seconds. */
function pushed(world: HandMade, seconds: number, meanwhile: (digest: string) => void = () => undefined): void {
  world.people.publish("checkout", "1.1.0", "good");
  const digest = world.world.registry.tagsOf(imageRepository("checkout")).get("1.1.0") ?? "";
  meanwhile(digest);
  world.pass(seconds);
  world.promote({ digest });
}

export const WRONG_RULES: Readonly<Record<string, readonly (readonly [string, Wrong, Options?])[]>> = {
  H5: [
    ["it is merged before the window opens", promoted, devWith(LATER)],
    ["it is merged after the window has closed", promoted, devWith(UNTIL_NINE)],
    ["it is merged when the window is open by the clocks of another zone", promoted, devWith(NINE_IN_BERLIN)],
    ["it is merged while one window allows it and another denies it", promoted, devWith(NOW, NOT_NOW)],
  ],
  H7: [
    ["it is merged while a policy of the repository is broken", withFiles(Object.fromEntries([brokenFile(0, "dev")]))],
    ["it is merged while a policy names an environment that is not there", withFiles(Object.fromEntries([brokenFile(3, "dev")]))],
    [
      "the check lets pins through while a policy is broken",
      (world) => {
        world.people.push("olive", "main", Object.fromEntries([brokenFile(1, "dev")]), "Break");
        world.pass(150);
        check(world, world.open(), "success", "");
      },
    ],
  ],
  H8: [
    ["it is merged with fewer approvals than a rule wants", withRule({ is: "approved", in: "dev", least: 1 })],
    ["it is merged where a rule bars the app", withRule({ is: "barred", in: "dev", app: "checkout" })],
    ["it is merged with a version that a rule bars", withRule({ is: "superstitious", in: "dev", ending: "1.0" })],
    [
      "it is merged before it was proven for as long as a rule wants",
      (world) => {
        world.people.push("olive", "main", ownRuleFiles([{ is: "proven", in: "prod", minutes: 5 }]), "A rule");
        const { commit, tag, digest } = world.promote();
        const release = world.release(tag, digest);
        world.record({ event: "deployed", environment: "dev", release, commit }, { event: "verified", environment: "dev", release, commit });
        world.pass(180);
        const opened = world.open({ environment: "prod" });
        world.people.review("alice", opened.number, "approved");
        world.judge(opened);
        world.merge(opened);
      },
    ],
    [
      "the check lets through what a rule bars, because the pull request takes the rule away",
      (world) => {
        const files = ownRuleFiles([{ is: "barred", in: "dev", app: "checkout" }]);
        world.people.push("olive", "main", files, "A rule");
        world.pass(150);
        const pin = manifest({ repository: imageRepository("checkout"), tag: "1.1.0", digest: digestOf("a") });
        const edits = { [placePath("checkout", "dev")]: pin, ...Object.fromEntries(Object.keys(files).map((path) => [path, null])) };
        const number = world.people.openPull("carol", "mine", false, edits) ?? 0;
        check(world, { head: world.world.facts().pulls.get(number)?.head ?? "" }, "success", "");
      },
    ],
  ],
  H9: [
    ["it is merged though images of it may not come from there", promoted, naming({ "allowed-registries": { allowed: ["registry.example/acme/check"] } })],
    ["it is merged when its image is too young", (world) => pushed(world, 30), naming({ "image-age": { at_least: "1m" } })],
    ["it is merged when its image is too old", (world) => pushed(world, 300), naming({ "image-age": { at_least: "1m", at_most: "4m" } })],
    [
      "it is merged though its tag names another image",
      (world) => {
        pushed(world, 0, () => {
          world.people.moveTag("checkout", "1.1.0", "good");
          world.pass(700);
        });
      },
      naming({ "moved-tag": {} }),
    ],
  ],
  H10: [
    ["it is merged unsigned", (world) => pushed(world, 1), SIGNED],
    ["it is merged with a stranger's signature", (world) => pushed(world, 1, (digest) => void world.people.sign(digest, digest, "stranger")), SIGNED],
    ["it is merged with the signature of another image", (world) => pushed(world, 1, (digest) => void world.people.sign(digest, digestOf("b"), "ci")), SIGNED],
    [
      "it is merged with a key that does not count any more",
      (world) =>
        pushed(world, 1, (digest) => {
          world.people.sign(digest, digest, "ci");
          world.people.push("olive", "main", keyFile("stranger"), "Another key");
        }),
      SIGNED,
    ],
  ],
  H11: [
    [
      "the tag is moved back, and it is followed",
      (world) => {
        for (const letter of ["a", "b"]) world.promote({ tag: "main", digest: digestOf(letter) });
        world.open({ tag: "main", digest: digestOf("a") });
      },
    ],
  ],
  H6: [
    [
      "what a person merged while the check was red is called judged",
      (world) => {
        const opened = world.open();
        world.judge(opened);
        check(world, opened, "failure", "");
        world.people.merge("bob", opened.number);
        const commit = world.world.facts().pulls.get(opened.number)?.merged?.commit ?? "";
        world.recordMerge(opened, commit);
      },
    ],
  ],
};

/** What is promoted keeps these as well. */
export const RIGHT_IMAGES: readonly (readonly [string, Wrong, Options])[] = [
  ["of an allowed registry", promoted, naming({ "allowed-registries": { allowed: ["registry.example/acme"] } })],
  ["of the right age", (world) => pushed(world, 90), naming({ "image-age": { at_least: "1m", at_most: "4m" } })],
  ["whose tag has not moved", (world) => pushed(world, 700), naming({ "moved-tag": {} })],
  ["signed", (world) => pushed(world, 1, (digest) => void world.people.sign(digest, digest, "ci")), SIGNED],
];

/** What the windows allow now, each with the rules that it keeps. */
export const RIGHT_RULES: readonly (readonly [string, Options, OwnRule?])[] = [
  ["a window that is open", devWith(NOW)],
  ["a window of the zone that is open", devWith({ ...NINE_IN_BERLIN, hours: [10] })],
  ["one that denies, and is over", devWith({ ...NOT_NOW, lasts: 5 })],
  ["a rule for another app", {}, { is: "barred", in: "dev", app: "search" }],
  ["a rule for another environment", {}, { is: "barred", in: "prod", app: "checkout" }],
  ["a rule that only warns", {}, { is: "gloomy", in: "dev" }],
];

/** It waits for a window that has been open for long. */
export const WAITS_ON: Wrong = (world) => check(world, world.open(), null, "Waiting: a window of dev to open, until 2026-11-23 10:30 UTC");

function check(world: HandMade, { head }: Pick<Opened, "head">, conclusion: "success" | "failure" | null, title: string): void {
  const status = conclusion === null ? "in_progress" : "completed";
  world.asApp((forge) => forge.publish(REPOSITORY, [{ head, check: { status, conclusion, title, summary: "", fingerprint: "1" }, existing: null }], null));
}
