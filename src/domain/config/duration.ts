import type { Milliseconds } from "../answer.ts";

const UNITS: ReadonlyMap<string, Milliseconds> = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** The longest time anything in the config may take. */
export const LONGEST_DURATION: Milliseconds = 90 * 86_400_000;

/** Reads `90s`, `30m`, `1h` or `2d`; null for anything else. A day is 24 hours. */
export function parseDuration(text: string): Milliseconds | null {
  const [, digits, unit] = /^([0-9]{1,7})([smhd])$/.exec(text) ?? [];
  const factor = UNITS.get(unit ?? "");
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}
