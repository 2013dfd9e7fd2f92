/** When windows are open, told by walking along the minutes and looking at a clock on the wall of their zone. */
import type { Instant } from "../../src/domain/answer.ts";
import { MINUTE, type WindowSetup } from "../facts.ts";

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Clocks are put forward or back by less than this. */
const MOST_SHIFT = 3 * HOUR;

const walls = new Map<string, Intl.DateTimeFormat>();
const begins = new Map<string, Instant>();

/** What the clock on the wall shows, as if it were one that shows UTC. */
function shown(zone: string, at: Instant): Instant {
  const wall = walls.get(zone) ?? new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  walls.set(zone, wall);
  return Date.parse(`${wall.format(at).replace(" ", "T")}Z`);
}

/** The first minute at which the wall shows this or something later: what is left out comes right after, what comes twice counts once. */
function firstShown(zone: string, wanted: Instant): Instant {
  const key = `${zone} ${wanted}`;
  const known = begins.get(key);
  if (known !== undefined) return known;
  let at = wanted - (shown(zone, wanted) - wanted) - MOST_SHIFT;
  while (shown(zone, at) < wanted) at += MINUTE;
  begins.set(key, at);
  return at;
}

function isWithin({ minute, hours, lasts, zone }: WindowSetup, at: Instant): boolean {
  const floor = Math.floor(at / MINUTE) * MINUTE;
  if (hours === null) {
    for (let then = floor; then > at - lasts * MINUTE; then -= MINUTE) if ((shown(zone, then) / MINUTE) % 60 === minute) return true;
    return false;
  }
  const today = Math.floor(shown(zone, at) / DAY) * DAY;
  return [today, today - DAY].some((day) =>
    hours.some((hour) => {
      const wanted = day + hour * HOUR + minute * MINUTE;
      // What is far away need not be walked to.
      if (Math.abs(wanted - shown(zone, at)) > lasts * MINUTE + MOST_SHIFT) return false;
      const begin = firstShown(zone, wanted);
      return begin <= at && at < begin + lasts * MINUTE;
    }),
  );
}

/** Whether promotions may be merged at that moment. */
export function isOpen(windows: readonly WindowSetup[], at: Instant): boolean {
  const [allows, denies] = [windows.filter(({ rule }) => rule === "allow"), windows.filter(({ rule }) => rule === "deny")];
  return !denies.some((window) => isWithin(window, at)) && (allows.length === 0 || allows.some((window) => isWithin(window, at)));
}
