import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { everStarts, isTimeZone, startsProblem, windowsAt, type Window } from "../../src/domain/windows.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function window(rule: Window["rule"], starts: string, lasts: string, zone: string): Window {
  const count = Number(lasts.slice(0, -1));
  const unit = lasts.endsWith("h") ? HOUR : MINUTE;
  return { rule, starts, zone, lasts: lasts.endsWith("d") ? { days: count } : { milliseconds: count * unit } };
}

const allow = (starts: string, lasts: string, zone = "UTC") => window("allow", starts, lasts, zone);
const deny = (starts: string, lasts: string, zone = "UTC") => window("deny", starts, lasts, zone);

function told(windows: readonly Window[], at: string): string {
  const { open, changesAt } = windowsAt(windows, Date.parse(at));
  const until = changesAt === null ? "for ever" : `until ${new Date(changesAt).toISOString().replace(/:00\.000Z$/, "Z")}`;
  return `${open ? "open" : "closed"} ${until}`;
}

const office = allow("0 9 * * 1-4", "8h", "Europe/Berlin");

describe("windows", () => {
  it.each<[what: string, windows: readonly Window[], at: string, says: string]>([
    ["before it begins", [office], "2026-11-23T07:59:59.999Z", "closed until 2026-11-23T08:00Z"],
    ["at its beginning", [office], "2026-11-23T08:00:00Z", "open until 2026-11-23T16:00Z"],
    ["in the last moment", [office], "2026-11-23T15:59:59.999Z", "open until 2026-11-23T16:00Z"],
    ["at its end", [office], "2026-11-23T16:00:00Z", "closed until 2026-11-24T08:00Z"],
    ["over the weekend", [office], "2026-11-26T16:00:00Z", "closed until 2026-11-30T08:00Z"],
    ["in summer", [office], "2026-07-01T06:59:00Z", "closed until 2026-07-01T07:00Z"],
    ["deny wins", [office, deny("0 12 * * *", "1h", "Europe/Berlin")], "2026-11-23T09:00:00Z", "open until 2026-11-23T11:00Z"],
    ["deny wins from its beginning", [office, deny("0 12 * * *", "1h", "Europe/Berlin")], "2026-11-23T11:00:00Z", "closed until 2026-11-23T12:00Z"],
    ["deny that goes on beyond", [office, deny("0 15 24 11 *", "7d", "UTC")], "2026-11-24T15:30:00Z", "closed until 2026-12-01T15:00Z"],
    ["only deny", [deny("0 0 20 12 *", "14d")], "2026-11-23T00:00:00Z", "open until 2026-12-20T00:00Z"],
    ["only deny, within", [deny("0 0 20 12 *", "14d")], "2026-12-25T00:00:00Z", "closed until 2027-01-03T00:00Z"],
    ["two that touch are one", [allow("0 9 * * *", "3h"), allow("0 12 * * *", "3h")], "2026-11-23T10:00:00Z", "open until 2026-11-23T15:00Z"],
    ["two that overlap are one", [allow("0 9 * * *", "4h"), allow("0 12 * * *", "3h")], "2026-11-23T10:00:00Z", "open until 2026-11-23T15:00Z"],
    ["one that overlaps itself", [allow("0 * * * *", "90m")], "2026-11-23T10:15:00Z", "open for ever"],
    ["every day, for a day", [allow("0 0 * * *", "1d", "Europe/Berlin")], "2026-11-23T10:15:00Z", "open for ever"],
    ["every day for 24 hours, over the longer day", [allow("0 0 * * *", "24h", "Europe/Berlin")], "2026-10-25T10:00:00Z", "open until 2026-10-25T22:00Z"],
    ["all is denied", [deny("0 0 * * *", "1d")], "2026-11-23T10:15:00Z", "closed for ever"],
    ["all that is allowed is denied", [allow("0 9 * * *", "1h"), deny("30 8 * * *", "2h")], "2026-11-23T10:15:00Z", "closed for ever"],
    ["a day that comes in two years", [allow("0 9 29 2 *", "1h")], "2026-11-23T10:15:00Z", "closed for ever"],
    ["a day that comes within the year", [allow("0 9 29 2 *", "1h")], "2027-11-23T10:15:00Z", "closed until 2028-02-29T09:00Z"],
    ["the first Monday", [allow("0 9 * * MON#1", "1h")], "2026-11-23T10:15:00Z", "closed until 2026-12-07T09:00Z"],

    ["a beginning in the gap of New York", [allow("30 2 * * *", "1h", "America/New_York")], "2026-03-08T06:59:00Z", "closed until 2026-03-08T07:00Z"],
    ["a beginning in the gap of New York, end", [allow("30 2 * * *", "1h", "America/New_York")], "2026-03-08T07:30:00Z", "open until 2026-03-08T08:00Z"],
    ["one of several in the gap", [deny("30 2,14 * * *", "1h", "America/New_York")], "2026-03-08T07:00:00Z", "closed until 2026-03-08T08:00Z"],
    ["a beginning in the gap of Berlin", [allow("30 2 * * *", "1h", "Europe/Berlin")], "2026-03-29T00:00:00Z", "closed until 2026-03-29T01:00Z"],
    ["a beginning that comes twice", [allow("30 1 * * *", "1h", "America/New_York")], "2026-11-01T05:00:00Z", "closed until 2026-11-01T05:30Z"],
    ["a beginning that comes twice counts once", [allow("30 1 * * *", "1h", "America/New_York")], "2026-11-01T06:30:00Z", "closed until 2026-11-02T06:30Z"],
    ["hours over the gap", [allow("0 22 * * *", "8h", "America/New_York")], "2026-03-08T10:59:59Z", "open until 2026-03-08T11:00Z"],
    ["hours over the overlap", [allow("0 22 * * *", "8h", "America/New_York")], "2026-11-01T09:59:59Z", "open until 2026-11-01T10:00Z"],
    ["days over the gap", [allow("0 0 * * SAT", "2d", "Europe/Berlin")], "2026-03-29T12:00:00Z", "open until 2026-03-29T22:00Z"],
    ["days over the overlap", [allow("0 0 * * SAT", "2d", "Europe/Berlin")], "2026-10-25T12:00:00Z", "open until 2026-10-25T23:00Z"],
    ["as many hours over the gap", [allow("0 0 * * SAT", "48h", "Europe/Berlin")], "2026-03-29T12:00:00Z", "open until 2026-03-29T23:00Z"],
    ["half an hour that is put back", [allow("0 1 * * *", "2h", "Australia/Lord_Howe")], "2026-04-04T14:30:00Z", "open until 2026-04-04T16:00Z"],
    ["days in the zone that left a day out", [deny("0 12 28 12 *", "4d", "Pacific/Apia")], "2011-12-29T00:00:00Z", "closed until 2011-12-31T22:00Z"],
  ])("%s", (_, windows, at, says) => {
    expect(told(windows, at)).toBe(says);
  });

  it.each(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])("are the same where the process lives in %s", (zone) => {
    const at = ["2026-03-08T06:59:00Z", "2026-03-08T07:30:00Z", "2026-11-01T05:45:00Z", "2026-11-23T12:00:00Z", "2026-04-04T15:00:00Z"];
    const windows = [office, allow("30 2 * * *", "1h", "America/New_York"), allow("30 1 * * *", "2d", "Australia/Lord_Howe"), deny("0 3 * * *", "30m", "Asia/Kolkata")];
    const module = join(import.meta.dirname, "../../src/domain/windows.ts");
    const program = `import { windowsAt } from ${JSON.stringify(module)};
      console.log(JSON.stringify(${JSON.stringify(at)}.map((moment) => windowsAt(${JSON.stringify(windows)}, Date.parse(moment)))));`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], { env: { ...process.env, TZ: zone }, encoding: "utf8" });
    expect(JSON.parse(out)).toEqual(at.map((moment) => windowsAt(windows, Date.parse(moment))));
  });

  it("turn at no other moment than they say", () => {
    fc.assert(
      fc.property(fc.array(anyWindow, { minLength: 1, maxLength: 3 }), anyMoment, (windows, now) => {
        const { open, changesAt } = windowsAt(windows, now);
        const isOpen = byTheClock(windows, now);
        expect(isOpen(now)).toBe(open);
        const end = Math.min(changesAt ?? Infinity, now + 3 * DAY);
        const quarters = Array.from({ length: Math.ceil((end - now) / (15 * MINUTE)) }, (_, index) => Math.ceil((now + 1) / (15 * MINUTE)) * 15 * MINUTE + index * 15 * MINUTE);
        expect(quarters.filter((at) => at < end && isOpen(at) !== open)).toEqual([]);
        if (changesAt === null || changesAt > now + 3 * DAY) return;
        expect([isOpen(changesAt - 1), isOpen(changesAt)]).toEqual([open, !open]);
      }),
      { numRuns: 150 },
    );
  });
});

const zones = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "Africa/Casablanca"] as const;
/** In their days clocks are changed somewhere. */
const turns = ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2026-04-05", "2026-10-04", "2026-04-04", "2026-09-05", "2026-02-15", "2026-03-22"];
const anyMoment = fc.tuple(fc.constantFrom(...turns), fc.integer({ min: -36 * 60, max: 36 * 60 })).map(([day, minutes]) => Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE);
const anyWindow: fc.Arbitrary<Window> = fc
  .record({
    rule: fc.constantFrom("allow" as const, "allow" as const, "deny" as const),
    minute: fc.constantFrom(0, 15, 30, 45),
    hours: fc.oneof(fc.constant("*"), fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 3 }).map((hours) => hours.join(","))),
    days: fc.constantFrom("*", "*", "1-5", "0,6", "0"),
    lasts: fc.constantFrom("15m", "30m", "90m", "1h", "3h", "24h", "26h", "1d", "2d"),
    zone: fc.constantFrom(...zones),
  })
  .map(({ rule, minute, hours, days, lasts, zone }) => window(rule, `${minute} ${hours} * * ${days}`, lasts, zone));

/** What is open by walking over the clocks of each zone, quarter by quarter, and by nothing that the code under test uses to find beginnings. */
function byTheClock(windows: readonly Window[], now: number): (at: number) => boolean {
  const spans = windows.map((one) => ({ rule: one.rule, spans: startsByTheClock(one, now - 4 * DAY, now + 5 * DAY).map((start) => [start, endByTheClock(one, start)] as const) }));
  return (at) => {
    const within = (rule: Window["rule"]) => spans.some((one) => one.rule === rule && one.spans.some(([start, end]) => start <= at && at < end));
    return !within("deny") && (within("allow") || windows.every(({ rule }) => rule === "deny"));
  };
}

function startsByTheClock({ starts, zone }: Window, from: number, to: number): readonly number[] {
  const [minute = "", hours = "", , , days = ""] = starts.split(" ");
  const isDay = (weekday: number) => days === "*" || (days === "1-5" ? weekday <= 5 : days.split(",").some((day) => (Number(day) || 7) === weekday));
  const found: number[] = [];
  if (hours === "*") {
    // Each hour of the clock, also the ones that come twice.
    for (let at = Math.floor(from / (15 * MINUTE)) * 15 * MINUTE; at < to; at += 15 * MINUTE) {
      const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
      if (local.minute === Number(minute) && isDay(local.dayOfWeek)) found.push(at);
    }
    return found;
  }
  const first = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone).toPlainDate();
  for (let day = 0; day < (to - from) / DAY + 1; day += 1) {
    const date = first.add({ days: day });
    if (!isDay(date.dayOfWeek)) continue;
    for (const hour of hours.split(",")) found.push(firstFrom(date.toPlainDateTime({ hour: Number(hour), minute: Number(minute) }), zone));
  }
  return found;
}

/** The first moment at which a clock shows this time or, where it is left out, a later one. */
function firstFrom(local: Temporal.PlainDateTime, zone: string): number {
  const earlier = local.toZonedDateTime(zone, { disambiguation: "earlier" });
  if (earlier.toPlainDateTime().equals(local)) return earlier.epochMilliseconds;
  return earlier.getTimeZoneTransition("next")?.epochMilliseconds ?? Number.NaN;
}

function endByTheClock({ lasts, zone }: Window, start: number): number {
  if ("milliseconds" in lasts) return start + lasts.milliseconds;
  const local = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(zone);
  return local.toPlainDateTime().add({ days: lasts.days }).toZonedDateTime(zone, { disambiguation: "compatible" }).epochMilliseconds;
}

describe("what is written of a window", () => {
  it.each([
    ["0 9 * * 1-4", null],
    ["30 2,14 1,15 JAN-MAR *", null],
    ["0 9 * * MON#1", null],
    ["0 9 L * *", null],
    ["? 9 * * *", "five fields"],
    ["0 9 ? * *", "five fields"],
    ["0 9 * * +1", "five fields"],
    ["*/5 9 * * *", "five fields"],
    ["0,30 9 * * *", "five fields"],
    ["0 9 * *", "five fields"],
    ["0 0 9 * * *", "five fields"],
    ["@daily", "five fields"],
    ["0 25 * * *", "Invalid value for hour: 25"],
    ["61 2 * * *", "Invalid value for minute: 61"],
  ])("%s: %s", (pattern, problem) => {
    if (problem === null) expect(startsProblem(pattern)).toBeNull();
    else expect(startsProblem(pattern)).toContain(problem);
  });

  it.each([
    ["0 0 30 2 *", false],
    ["0 0 31 4,6 *", false],
    ["0 0 29 2 *", true],
    ["0 0 31 * *", true],
  ])("%s ever begins: %s", (pattern, ever) => {
    expect(everStarts(pattern)).toBe(ever);
  });

  it.each([
    ["UTC", true],
    ["Europe/Berlin", true],
    ["america/new_york", true],
    ["Europe/Berlim", false],
    ["+02:00", false],
    ["CEST", false],
    ["", false],
  ])("%s is a time zone: %s", (name, known) => {
    expect(isTimeZone(name)).toBe(known);
  });
});
