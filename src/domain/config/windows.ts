import type { Window, WindowLength } from "../windows.ts";
import { everStarts, isTimeZone, startsProblem, timeZones } from "../windows.ts";
import { formatPath } from "../schema-check.ts";
import { didYouMean } from "../suggest.ts";
import { isYamlList, member } from "../yaml-document.ts";
import type { YamlPath, YamlValue } from "../yaml-document.ts";
import { LONGEST_DURATION, parseDuration } from "./duration.ts";
import { textOf } from "./reading.ts";
import { MOST_WINDOWS, STANDARD_ZONE } from "./windows-schema.ts";
import type { Report } from "./reading.ts";

const DAY = 86_400_000;

/** Finding out that something never starts takes time, so only this many that never do are told of at once. */
const MOST_NEVER = 3;

/** Reads the windows of all environments of one file. */
export class WindowReader {
  readonly #report: Report;
  #never = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  read(value: YamlValue | undefined, path: YamlPath): readonly Window[] {
    if (!isYamlList(value)) return [];
    return value.slice(0, MOST_WINDOWS).flatMap((entry, index) => this.#readOne(entry, [...path, index]) ?? []);
  }

  #readOne(value: YamlValue, path: YamlPath): Window | null {
    const [allow, deny] = [textOf(member(value, "allow")), textOf(member(value, "deny"))];
    if (member(value, "allow") !== undefined && member(value, "deny") !== undefined) {
      this.#report(path, `${formatPath(path)} has both allow and deny: write two windows`);
    }
    if (member(value, "allow") === undefined && member(value, "deny") === undefined) {
      this.#report(path, `${formatPath(path)} needs allow or deny, with the times at which the window begins`);
    }
    const rule = deny === null ? "allow" : "deny";
    const starts = (deny ?? allow ?? "").trim().replaceAll(/\s+/g, " ");
    if (starts !== "") this.#checkStarts(starts, [...path, rule]);
    const lasts = this.#readLength(member(value, "for"), [...path, "for"]);
    const zone = this.#readZone(member(value, "timezone"), [...path, "timezone"]);
    return starts === "" || lasts === null ? null : { rule, starts, lasts, zone };
  }

  #checkStarts(starts: string, path: YamlPath): void {
    const problem = startsProblem(starts);
    if (problem !== null) this.#report(path, `${formatPath(path)} ${problem}`);
    else if (this.#never < MOST_NEVER && !everStarts(starts)) {
      this.#never += 1;
      this.#report(path, `${formatPath(path)} never comes: there is no such day in "${starts}"`);
    }
  }

  #readLength(value: YamlValue | undefined, path: YamlPath): WindowLength | null {
    const text = textOf(value);
    const milliseconds = text === null ? null : parseDuration(text);
    if (text === null || milliseconds === null) return null;
    if (milliseconds === 0) this.#report(path, `${formatPath(path)} must be longer than 0`);
    if (milliseconds > LONGEST_DURATION) this.#report(path, `${formatPath(path)} is longer than 90 days: "${text}"`);
    return text.endsWith("d") ? { days: milliseconds / DAY } : { milliseconds };
  }

  #readZone(value: YamlValue | undefined, path: YamlPath): string {
    const name = textOf(value);
    if (name === null) return STANDARD_ZONE;
    if (isTimeZone(name)) return name;
    this.#report(path, `${formatPath(path)} is "${name}", which is no time zone of the IANA database, such as Europe/Berlin.${didYouMean(name, timeZones())}`);
    return STANDARD_ZONE;
  }
}
