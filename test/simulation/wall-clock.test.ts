import { describe, expect, it } from "vitest";
import { isOpen } from "../../simulator/checkers/wall-clock.ts";
import { MINUTE, type WindowSetup } from "../../simulator/facts.ts";

const AT_HALF_PAST_TWO: WindowSetup = { rule: "allow", minute: 30, hours: [2], lasts: 10, zone: "Europe/Berlin" };

/** When it opens and closes between two moments. */
function turns(window: WindowSetup, from: string, minutes: number): readonly string[] {
  const begin = Date.parse(from);
  const moments = Array.from({ length: minutes }, (_, minute) => begin + minute * MINUTE);
  return moments.flatMap((at) => (isOpen([window], at) === isOpen([window], at - MINUTE) ? [] : new Date(at).toISOString().slice(11, 16)));
}

describe("the clock that checkers look at", () => {
  it.each<readonly [string, WindowSetup, string, readonly string[]]>([
    ["what is left out when clocks are put forward comes after the gap", AT_HALF_PAST_TWO, "2026-03-29T00:00Z", ["01:00", "01:10"]],
    ["what comes twice when clocks are put back counts the first time", AT_HALF_PAST_TWO, "2026-10-25T00:00Z", ["00:30", "00:40"]],
    ["each hour is each hour, also the one that comes twice", { ...AT_HALF_PAST_TWO, hours: null }, "2026-10-25T00:00Z", ["00:30", "00:40", "01:30", "01:40"]],
    ["half an hour is left out", { ...AT_HALF_PAST_TWO, zone: "Australia/Lord_Howe", minute: 15 }, "2026-10-03T15:00Z", ["15:30", "15:40"]],
  ])("%s", (_, window, from, expected) => {
    expect(turns(window, from, 119)).toEqual(expected);
  });
});
