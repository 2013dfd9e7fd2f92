import type { Instant, Milliseconds } from "../answer.ts";

const SECOND = 1000;

/** Units of a length of time, greatest first. */
const UNITS: readonly (readonly [name: string, length: Milliseconds])[] = [
  ["d", 24 * 60 * 60 * SECOND],
  ["h", 60 * 60 * SECOND],
  ["min", 60 * SECOND],
  ["s", SECOND],
];

/** The greatest moment a Date can hold (ECMA-262, Time Values and Time Range). */
const LAST_MOMENT = 8_640_000_000_000_000;

/** A length of time in its two greatest units, rounded down: `2 h 15 min`. Less than a second is `0 s`. */
export function readableDuration(length: Milliseconds): string {
  if (!Number.isFinite(length)) return "an unknown time";
  if (length < 0) return `-${readableDuration(-length)}`;
  const first = UNITS.findIndex(([, unit]) => length >= unit);
  if (first === -1) return "0 s";
  let rest = length;
  const parts: string[] = [];
  for (const [name, unit] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}

/** A moment to the minute, always in UTC, so that everybody reads the same: `2026-11-21 14:00 UTC`. */
export function readableTime(moment: Instant): string {
  if (!(Math.abs(moment) <= LAST_MOMENT)) return "an unknown time";
  const [date, time] = new Date(moment).toISOString().split("T");
  return `${date ?? ""} ${time?.slice(0, 5) ?? ""} UTC`;
}

/** `1 approval`, `2 approvals`. */
export function plural(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 || count === 1n ? one : many}`;
}
