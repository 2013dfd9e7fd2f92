import type { SchemaProblem } from "./schema-check.ts";
import { offsetOf, parseYaml, plainValue, TextPositions, type TextPosition, type YamlLimits, type YamlProblem, type YamlValue } from "./yaml-document.ts";

/** Something wrong in a file, where a person finds it. Lines and columns start at 1. */
export interface PlacedProblem extends TextPosition {
  readonly message: string;
}

export type CheckedYaml =
  | { readonly ok: true; readonly value: YamlValue; readonly placeOf: (path: SchemaProblem["path"]) => TextPosition }
  | { readonly ok: false; readonly problems: readonly PlacedProblem[] };

/** More than anyone mends in one go. */
const MOST_PROBLEMS = 100;

/** Reads one YAML document and checks it: its value, or all that is wrong with it in the order of the file. */
export function readCheckedYaml(text: string, limits: YamlLimits, check: (value: YamlValue) => readonly SchemaProblem[]): CheckedYaml {
  const parsed = parseYaml(text, limits);
  if (!parsed.ok) return refused(text, parsed.problems);
  const { document, duplicates } = parsed;
  const plain = plainValue(document);
  if (!plain.ok) return refused(text, [...duplicates, plain.problem]);
  const problems = check(plain.value).slice(0, MOST_PROBLEMS);
  const placed = problems.map(({ path, at, message }) => ({ offset: offsetOf(document, path, at), message }));
  if (placed.length > 0 || duplicates.length > 0) return refused(text, [...duplicates, ...placed]);
  const positions = new TextPositions(text);
  return { ok: true, value: plain.value, placeOf: (path) => positions.at(offsetOf(document, path, "value")) };
}

function refused(text: string, problems: readonly YamlProblem[]): CheckedYaml {
  const positions = new TextPositions(text);
  const ordered = problems.toSorted((left, right) => left.offset - right.offset).slice(0, MOST_PROBLEMS);
  return { ok: false, problems: ordered.map(({ offset, message }) => ({ ...positions.at(offset), message })) };
}
