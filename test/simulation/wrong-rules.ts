/** Histories made by hand in which the rules that people make are not kept. */
import { DEV, type EnvironmentSetup, type WindowSetup } from "../../simulator/facts.ts";
import { REPOSITORY } from "../../simulator/world/forge.ts";
import { PROD, type HandMade, type Opened } from "./hand-made.ts";
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

export const WRONG_RULES: Readonly<Record<string, readonly (readonly [string, Wrong, Options?])[]>> = {
  H5: [
    ["it is merged before the window opens", promoted, devWith(LATER)],
    ["it is merged after the window has closed", promoted, devWith(UNTIL_NINE)],
    ["it is merged when the window is open by the clocks of another zone", promoted, devWith(NINE_IN_BERLIN)],
    ["it is merged while one window allows it and another denies it", promoted, devWith(NOW, NOT_NOW)],
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

/** What the window allows now, or nothing does. */
export const RIGHT_WINDOWS: readonly (readonly [string, Options])[] = [
  ["a window that is open", devWith(NOW)],
  ["a window of the zone that is open", devWith({ ...NINE_IN_BERLIN, hours: [10] })],
  ["one that denies, and is over", devWith({ ...NOT_NOW, lasts: 5 })],
];

/** It waits for a window that has been open for long. */
export const WAITS_ON: Wrong = (world) => check(world, world.open(), null, "Waiting: a window of dev to open, until 2026-11-23 10:30 UTC");

function check(world: HandMade, { head }: Opened, conclusion: "failure" | null, title: string): void {
  const status = conclusion === null ? "in_progress" : "completed";
  world.asApp((forge) => forge.publish(REPOSITORY, [{ head, check: { status, conclusion, title, summary: "", fingerprint: "1" }, existing: null }], null));
}
