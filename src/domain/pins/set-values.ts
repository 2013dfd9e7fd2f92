import { isScalar } from "yaml";
import type { Scalar } from "yaml";
import type { EditResult } from "../pins.ts";
import { TextPositions } from "../yaml-document.ts";
import type { YamlDocument, YamlProblem } from "../yaml-document.ts";
import { formatYamlAddress } from "../yaml-path.ts";
import type { YamlAddress } from "../yaml-path.ts";
import { parseManifests } from "./manifests.ts";
import { findTemplate, locate } from "./locate.ts";
import { entriesAt, itemsAt, pathOf, rootPlace } from "./place.ts";
import type { Place } from "./place.ts";
import { fitsOneLine, spellInPlace } from "./spell.ts";
import { applySplices } from "./splice.ts";
import type { Splice } from "./splice.ts";
import { showsExactly } from "./verify.ts";

/** What one value of a file shall say. */
export interface ValueChange {
  readonly address: YamlAddress;
  /** As text; it is written so that every YAML reader takes it for text. */
  readonly value: string;
}

/**
 * Sets values by putting new characters in place of the old ones, and nothing else: the file is never written anew. Quotes stay, and
 * are added where the new text would not be read as text. The result is read again and must show exactly the intended change,
 * aliases included: a value that also shows elsewhere is set only if every place where it shows is asked for.
 * Refuses with place and reason what is not safe to edit, and then changes nothing at all.
 */
export function setValues(file: string, text: string, changes: readonly ValueChange[]): EditResult {
  const positions = new TextPositions(text);
  const refuse = ({ offset, message }: YamlProblem): EditResult => {
    const { line, column } = positions.at(offset);
    return { outcome: "refused", reason: `${file}:${line}:${column}: ${message}` };
  };
  const parsed = parseManifests(text);
  if (!parsed.ok) return refuse(parsed.problems[0] ?? { offset: 0, message: "not valid YAML" });
  const { documents } = parsed;
  const edit = prepare(documents, changes);
  if (!edit.ok) return refuse(edit.problem);
  const { replaced, splices } = edit;
  if (splices.length === 0) return { outcome: "unchanged" };
  const elsewhere = documents.flatMap((document, index) => shownElsewhere(document, index, replaced, changes))[0];
  if (elsewhere !== undefined) return refuse(edit.shared ?? elsewhere);

  const edited = applySplices(text, splices);
  if (!isSameAsJson(file, text, edited) || !isAsIntended(documents, edited, replaced)) {
    const offset = splices[0]?.start ?? 0;
    return refuse({ offset, message: "setting the value would change something else in the file; write it in a simpler form" });
  }
  return { outcome: "changed", text: edited };
}

type Prepared =
  | {
      readonly ok: true;
      readonly replaced: ReadonlyMap<Scalar.Parsed, string>;
      readonly splices: readonly Splice[];
      readonly shared: YamlProblem | null;
    }
  | { readonly ok: false; readonly problem: YamlProblem };

function prepare(documents: readonly YamlDocument[], changes: readonly ValueChange[]): Prepared {
  const replaced = new Map<Scalar.Parsed, string>();
  const splices: Splice[] = [];
  const wanted = new Map<Scalar.Parsed, string>();
  let shared: YamlProblem | null = null;
  for (const document of documents) {
    const template = findTemplate(document, document.root);
    if (template !== null) return failed(template.range[0], "the file is a template ({{ … }}): Pinion edits no templates");
  }
  for (const { address, value } of changes) {
    const here = formatYamlAddress(address);
    const document = documents[address.document];
    if (document === undefined) return failed(0, `${here} is not there: the file has ${documents.length} ${documents.length === 1 ? "document" : "documents"}, counted from 0`);
    const located = locate(document, address.path);
    if (!located.ok) return located;
    const { scalar, flow } = located;
    if (!fitsOneLine(value)) return failed(scalar.range[0], `${here}: the new value does not fit on one line of text`);
    shared ??= located.shared;
    const other = wanted.get(scalar);
    if (other !== undefined && other !== value) return failed(scalar.range[0], `${here} shall be both "${other}" and "${value}"`);
    wanted.set(scalar, value);
    if (other !== undefined || scalar.source === value) continue;
    replaced.set(scalar, value);
    splices.push({ start: scalar.range[0], end: scalar.range[1], text: spellInPlace(value, scalar, flow) });
  }
  return { ok: true, replaced, splices, shared };
}

function failed(offset: number, message: string): Prepared {
  return { ok: false, problem: { offset, message } };
}

/** Places at which a replaced scalar shows, through an alias, although nobody asked for a change there. */
function shownElsewhere(
  document: YamlDocument,
  index: number,
  replaced: ReadonlyMap<Scalar.Parsed, string>,
  changes: readonly ValueChange[],
): readonly YamlProblem[] {
  if (document.targets.size === 0) return [];
  const asked = new Set(changes.map(({ address }) => formatYamlAddress(address)));
  const problems: YamlProblem[] = [];
  const visit = (place: Place): void => {
    if (isScalar(place.node)) {
      const here = formatYamlAddress({ document: index, path: pathOf(place) });
      if (!replaced.has(place.node) || asked.has(here)) return;
      problems.push({ offset: place.offset, message: `the value shows here too, as ${here}, through an alias: set both, or write the value here` });
      return;
    }
    for (const [, child] of entriesAt(place)) visit(child);
    for (const child of itemsAt(place)) visit(child);
  };
  visit(rootPlace(document));
  return problems;
}

function isAsIntended(documents: readonly YamlDocument[], edited: string, replaced: ReadonlyMap<Scalar.Parsed, string>): boolean {
  const after = parseManifests(edited);
  if (!after.ok || after.documents.length !== documents.length) return false;
  return documents.every((before, index) => showsExactly(before.root, after.documents[index]?.root ?? null, { replaced, added: new Map() }));
}

/** YAML allows more than JSON does: what was JSON must stay it. */
function isSameAsJson(file: string, text: string, edited: string): boolean {
  return !file.endsWith(".json") || !isJson(text) || isJson(edited);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
