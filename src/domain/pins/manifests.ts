import { expandedSize, parseYamlStream } from "../yaml-document.ts";
import type { YamlLimits, YamlStreamResult } from "../yaml-document.ts";

/** A file larger than any that people keep manifests in, and small enough to be read in seconds. Every scalar is read as the text it is. */
const LIMITS: YamlLimits = { characters: 4 * 1024 * 1024, aliases: 10_000, scalars: "text" };
/** Values that aliases may stand for in one document. */
const MOST_VALUES = 200_000;

/**
 * Texts read lately, the last one first: finding, setting and checking read the same ones one after the other, and so does who goes through a
 * history. No `Map`: one that loses a key for each that it gets is copied all the time, and what its copies hold outlives many collections of garbage.
 */
const lately: { readonly text: string; readonly result: YamlStreamResult }[] = [];
const LATELY = 8;

/** Reads a file of manifests or values, within limits that keep finding and editing pins quick. */
export function parseManifests(text: string): YamlStreamResult {
  const at = lately.findIndex((read) => read.text === text);
  const [known = { text, result: parse(text) }] = at === -1 ? [] : lately.splice(at, 1);
  lately.unshift(known);
  lately.length = Math.min(lately.length, LATELY);
  return known.result;
}

function parse(text: string): YamlStreamResult {
  const parsed = parseYamlStream(text, LIMITS);
  if (!parsed.ok) return parsed;
  const bomb = parsed.documents.find((document) => document.targets.size > 0 && expandedSize(document) > MOST_VALUES);
  if (bomb === undefined) return parsed;
  return { ok: false, problems: [{ offset: bomb.root?.range[0] ?? 0, message: `its aliases stand for more than ${MOST_VALUES} values` }] };
}
