import { Cron } from "croner";
import { Temporal } from "temporal-polyfill";
import type { Instant, Milliseconds } from "./answer.ts";

/**
 * A time span that comes again and again, in which promotions may (`allow`) or must not (`deny`) be merged. Where a time of day does not exist
 * (the clock is put forward) it begins at the first moment after the gap, and where one comes twice (put back), at the first of the two.
 */
export interface Window {
  readonly rule: "allow" | "deny";
  /** When it begins, by the clocks of its zone: a cron expression of five fields, whose first is one minute. */
  readonly starts: string;
  readonly lasts: WindowLength;
  /** A name of the IANA time zone database. */
  readonly zone: string;
}

/** Days are those of the calendar and end at the same time of day; hours and less are exact, also where clocks are changed in between. */
export type WindowLength = { readonly days: number } | { readonly milliseconds: Milliseconds };

/** How an environment's windows stand together at one moment. */
export interface WindowsState {
  readonly open: boolean;
  /** The first moment at which `open` turns; null when that is not in sight: not within a year, or a week of windows that come each hour. */
  readonly changesAt: Instant | null;
}

const HOUR: Milliseconds = 3_600_000;
const HORIZON: Milliseconds = 366 * 24 * HOUR;
/** Beginnings and ends that are looked at, so that it takes a tenth of a second at most. */
const MOST_STEPS = 200;
/**
 * Clocks are put back, or forward, by a day at most (a zone that crosses the date line), so of windows that last for days, one that began
 * this much earlier than another may end later.
 */
const MOST_SHIFT: Milliseconds = 26 * HOUR;

/**
 * Whether these windows let promotions through now, and until when that is so. Half-open: a window is open at the moment it begins, and
 * closed at the moment it ends. `deny` wins over `allow`; without any `allow` everything is open that is not denied.
 */
export function windowsAt(windows: readonly Window[], now: Instant): WindowsState {
  const spans = windows.map((window) => new Spans(window, now + HORIZON));
  const allows = spans.filter(({ rule }) => rule === "allow");
  const denies = spans.filter(({ rule }) => rule === "deny");
  const isOpen = (at: Instant) => denies.every((span) => !span.at(at).within) && (allows.length === 0 || allows.some((span) => span.at(at).within));
  const open = isOpen(now);
  let at = now;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const next = open ? openUntil(allows, denies, at) : closedUntil(allows, denies, at);
    if (next === null || next > now + HORIZON) break;
    if (isOpen(next) !== open) return { open, changesAt: next };
    at = next;
  }
  return { open, changesAt: null };
}

/** Up to when what is open now surely stays open: a `deny` begins, or the last `allow` ends. */
function openUntil(allows: readonly Spans[], denies: readonly Spans[], at: Instant): Instant | null {
  const begins = denies.map((span) => span.at(at).until);
  const ends = allows.map((span) => span.at(at)).filter(({ within }) => within);
  return earliest([...begins, ...(ends.length === 0 ? [] : [lastOf(ends.map(({ until }) => until))])]);
}

/** Up to when what is closed now surely stays closed: the last `deny` ends, or without one the first `allow` begins. */
function closedUntil(allows: readonly Spans[], denies: readonly Spans[], at: Instant): Instant | null {
  const ends = denies.map((span) => span.at(at)).filter(({ within }) => within);
  return ends.length > 0 ? lastOf(ends.map(({ until }) => until)) : earliest(allows.map((span) => span.at(at).until));
}

function earliest(moments: readonly (Instant | null)[]): Instant | null {
  const known = moments.filter((moment) => moment !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function lastOf(moments: readonly (Instant | null)[]): Instant | null {
  const known = moments.filter((moment) => moment !== null);
  return known.length < moments.length ? null : Math.max(...known);
}

interface Span {
  readonly from: Instant;
  readonly within: boolean;
  /** When it is otherwise; null when that is not in sight. */
  readonly until: Instant | null;
}

/** One window along time. Its spans that touch or overlap are one. */
class Spans {
  readonly rule: Window["rule"];
  readonly #window: Window;
  readonly #starts: Cron;
  readonly #horizon: Instant;
  #last: Span | null = null;

  constructor(window: Window, horizon: Instant) {
    this.rule = window.rule;
    this.#window = window;
    this.#starts = startsOf(window.starts, window.zone);
    this.#horizon = horizon;
  }

  /** Moments are asked after in their order. */
  at(moment: Instant): Span {
    if (this.#last !== null && this.#last.from <= moment && (this.#last.until === null || moment < this.#last.until)) return this.#last;
    const end = this.#endOfStarted(moment);
    const within = end !== null && end > moment;
    this.#last = { from: moment, within, until: within ? this.#joined(end) : this.#nextStart(moment) };
    return this.#last;
  }

  #joined(end: Instant): Instant | null {
    let reached = end;
    for (let step = 0; step < MOST_STEPS && reached <= this.#horizon; step += 1) {
      const next = this.#endOfStarted(reached);
      if (next === null || next <= reached) return reached;
      reached = next;
    }
    return null;
  }

  #nextStart(after: Instant): Instant | null {
    return this.#starts.nextRun(new Date(after))?.getTime() ?? null;
  }

  /** The last end of the windows that had begun by then, or null when none had. */
  #endOfStarted(by: Instant): Instant | null {
    const latest = this.#startBefore(by + 1);
    if (latest === null) return null;
    let end = endOf(this.#window, latest);
    if ("milliseconds" in this.#window.lasts) return end;
    for (let start = this.#startBefore(latest); start !== null && start > latest - MOST_SHIFT; start = this.#startBefore(start)) {
      end = Math.max(end, endOf(this.#window, start));
    }
    return end;
  }

  #startBefore(moment: Instant): Instant | null {
    return this.#starts.previousRuns(1, new Date(moment))[0]?.getTime() ?? null;
  }
}

function endOf({ lasts, zone }: Window, start: Instant): Instant {
  if ("milliseconds" in lasts) return start + lasts.milliseconds;
  return Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(zone).add({ days: lasts.days }).epochMilliseconds;
}

/** A list of times, like 2 and 14 o'clock, counts as fixed times: none of them is lost where clocks are put forward. */
function startsOf(pattern: string, timezone: string): Cron {
  return new Cron(pattern, { mode: "5-part", fixedTimeRule: "no-wildcard", timezone, paused: true });
}

/** Words, numbers and the signs of cron; not `?`, which croner takes for the time at which it reads the pattern. */
const PATTERN = /^([0-9]{1,2})( +[0-9A-Za-z*,/#-]+){4}$/;
const FIELDS = "minute hour day-of-month month day-of-week";

/** What is wrong with a cron expression, in words that end the sentence "<key> …"; or null. */
export function startsProblem(pattern: string): string | null {
  if (!PATTERN.test(pattern)) return `must be a cron expression of five fields (${FIELDS}) that begins with one minute, such as "0 9 * * 1-4"`;
  try {
    startsOf(pattern, "UTC");
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "it cannot be read";
    return `must be a cron expression, such as "0 9 * * 1-4": ${why}`;
  }
}

/** Whether there is any such day in all the years to come, as there is none for 30 February. Slow where there is none. */
export function everStarts(pattern: string): boolean {
  return startsOf(pattern, "UTC").nextRun(new Date(0)) !== null;
}

/** Every time zone by its usual name. */
export function timeZones(): readonly string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone")];
}

export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}
