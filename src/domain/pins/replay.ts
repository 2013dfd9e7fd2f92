import { readsAsString } from "../yaml-document.ts";
import { parseYamlAddress } from "../yaml-path.ts";
import { findPinnedValues, mayHoldPins } from "./find-values.ts";
import type { PinnedValue } from "./pinned-value.ts";
import { setValues } from "./set-values.ts";
import type { ValueChange } from "./set-values.ts";

/** A file before and after a commit, as text that keeps every byte. */
export interface ReplayedFile {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** What came of making a file's change again. */
export type ReplayedEdit =
  | { readonly outcome: "reproduced"; readonly edits: number }
  /** The engine would not make the change, and says why. */
  | { readonly outcome: "refused"; readonly edits: number; readonly reason: string }
  /** The engine made another file of it. `reason` shows the first line that is not the same. */
  | { readonly outcome: "differs"; readonly edits: number; readonly reason: string }
  /** No line came or went, but the file cannot be read, so whether only pins changed is not known. */
  | { readonly outcome: "unknown"; readonly edits: 0; readonly reason: string };

/**
 * Whether a commit can have changed pins alone: it only changes files, and such as may hold pins.
 */
export function mayChangePinsOnly(files: readonly { readonly path: string | null; readonly before: string | null; readonly after: string | null }[]): boolean {
  return files.length > 0 && files.every(({ path, before, after }) => path !== null && mayHoldPins(path) && before !== null && after !== null);
}

/**
 * Makes a file's change again from what it means, if it changes the values of pins alone: from the values before and after, the engine
 * edits the text before; that must give the text after, character by character. Null when anything else was changed too, comments
 * and spaces included, or pins came or went.
 *
 * A file that cannot be read is `unknown`, unless lines came or went in it.
 */
export function replayFile({ path, before, after }: ReplayedFile): ReplayedEdit | null {
  const lines = changedLines(before, after);
  if (lines === null) return null;
  const [old, now] = [findPinnedValues(path, before), findPinnedValues(path, after)];
  const unreadable = [old, now].find((found) => !found.ok);
  if (unreadable?.ok === false) return { outcome: "unknown", edits: 0, reason: unreadable.problem };
  if (!old.ok || !now.ok || withoutPins(before, lines, old.values) !== withoutPins(after, lines, now.values)) return null;
  const changed = changedPins(old.values, now.values);
  if (changed === null || changed.length === 0) return null;
  const edits = changed.length;
  for (const pin of changed) {
    const more = moreThanValue(pin);
    if (more !== null) return { outcome: "refused", edits, reason: `${path}:${pin.to.line}: ${pin.to.path} became ${pin.to.value}, ${more}` };
  }
  const result = setValues(path, before, changed.map(({ to }) => asChange(to)));
  if (result.outcome === "refused") return { outcome: "refused", edits, reason: result.reason };
  const made = result.outcome === "changed" ? result.text : before;
  return made === after ? { outcome: "reproduced", edits } : { outcome: "differs", edits, reason: firstDifference(path, made, after) };
}

/** Numbers of the lines, from 1, that are not the same; null where lines came or went. */
function changedLines(before: string, after: string): ReadonlySet<number> | null {
  const [left, right] = [before.split("\n"), after.split("\n")];
  if (left.length !== right.length) return null;
  return new Set(left.flatMap((line, index) => (line === right[index] ? [] : [index + 1])));
}

/** The text with a mark instead of each pin on these lines. */
function withoutPins(text: string, lines: ReadonlySet<number>, pins: readonly PinnedValue[]): string {
  let rest = "";
  let done = 0;
  for (const { start, end, line, path } of pins) {
    if (!lines.has(line) || start < done) continue;
    rest += `${text.slice(done, start)}\0${path}\0`;
    done = end;
  }
  return rest + text.slice(done);
}

interface ChangedPin {
  readonly from: PinnedValue;
  readonly to: PinnedValue;
}

/** The pins that have another value now; null where a pin came or went. */
function changedPins(old: readonly PinnedValue[], now: readonly PinnedValue[]): readonly ChangedPin[] | null {
  const before = new Map(old.map((pin) => [pin.path, pin]));
  const pairs = now.flatMap((to): ChangedPin[] => {
    const from = before.get(to.path);
    return from === undefined ? [] : [{ from, to }];
  });
  return pairs.length === old.length && pairs.length === now.length ? pairs.filter(({ from, to }) => from.value !== to.value) : null;
}

/** What the commit changed beside the value, which no engine could know that is told the value, or null. */
function moreThanValue({ from, to }: ChangedPin): string | null {
  if (to.form === "other" || (to.form === "integer" && from.form !== "integer")) {
    return "without quotes, which is not text to every YAML reader; Pinion writes text";
  }
  const wasPlain = from.form === "plain" || from.form === "integer" || from.form === "other";
  if (wasPlain) return to.form === "plain" || to.form === "integer" || !readsAsString(to.value) ? null : "and got quotes that it does not need";
  return to.form === from.form ? null : "and lost its quotes, or got others";
}

function asChange({ path, value }: PinnedValue): ValueChange {
  const parsed = parseYamlAddress(path);
  if (!parsed.ok) throw new Error(parsed.problem);
  return { address: parsed.address, value };
}

function firstDifference(path: string, made: string, after: string): string {
  const [left, right] = [made.split("\n"), after.split("\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  return `${path}:${at + 1}: made ${JSON.stringify(left[at] ?? "")}, committed ${JSON.stringify(right[at] ?? "")}`;
}
