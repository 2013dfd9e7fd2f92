import { isScalar } from "yaml";
import type { ParsedNode, Scalar } from "yaml";
import type { Digest } from "../release.ts";
import type { ImageEntry } from "./kustomization.ts";
import { spell } from "./spell.ts";
import type { IntendedChange } from "./verify.ts";

/** Puts `text` in place of the characters from `start` to before `end`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What an entry shall say, and the splices that make it say so. */
export interface EntryChange {
  readonly entry: ImageEntry;
  /** New values of scalars that are there. */
  readonly replaced: ReadonlyMap<Scalar.Parsed, string>;
  /** Values of keys that are not there yet. */
  readonly added: ReadonlyMap<string, string>;
  readonly splices: readonly Splice[];
}

/**
 * Sets tag and digest in the form that the entry has: `newTag` beside `digest`, `newTag: tag@digest`, or `digest`
 * alone. A missing digest is added behind the tag. Without a tag (null) the tag that stands there stays. An entry
 * with neither gets both, so that people can read a version.
 */
export function changeEntry(text: string, entry: ImageEntry, tag: string | null, digest: Digest): EntryChange {
  const replaced = new Map<Scalar.Parsed, string>();
  const added = new Map<string, string>();
  const replace = (scalar: Scalar.Parsed, value: string): void => {
    if (scalar.source !== value) replaced.set(scalar, value);
  };
  const wantedTag = tag ?? entry.tag;
  const inline = entry.newTag?.source.includes("@") === true;
  if (entry.newTag !== null && wantedTag !== null) replace(entry.newTag, inline ? `${wantedTag}@${digest}` : wantedTag);
  if (entry.newTag === null && entry.digestValue === null && wantedTag !== null) added.set("newTag", wantedTag);
  if (entry.digestValue !== null) replace(entry.digestValue, digest);
  else if (!inline) added.set("digest", digest);

  const splices = [...replaced].map(([scalar, value]): Splice => ({
    start: scalar.range[0],
    end: scalar.range[1],
    text: spell(value, { style: scalar.type, flow: entry.map.flow === true }),
  }));
  const insertion = added.size === 0 ? null : insert(text, entry, added);
  if (insertion !== null) splices.push(insertion);
  return { entry, replaced, added, splices };
}

/** What the changes together make different in the document. */
export function intendedBy(changes: readonly EntryChange[]): IntendedChange {
  return {
    replaced: new Map(changes.flatMap((change) => [...change.replaced])),
    added: new Map(changes.map((change) => [change.entry.map, change.added])),
  };
}

export function applySplices(text: string, splices: readonly Splice[]): string {
  let result = "";
  let done = 0;
  for (const { start, end, text: replacement } of splices.toSorted((left, right) => left.start - right.start)) {
    result += text.slice(done, start) + replacement;
    done = end;
  }
  return result + text.slice(done);
}

function insert(text: string, entry: ImageEntry, added: ReadonlyMap<string, string>): Splice | null {
  const { insertAfter, map } = entry;
  if (insertAfter === null || insertAfter.value === null) return null;
  const end = insertAfter.value.range[1];
  // Where keys are in quotes the file is probably JSON, and must stay it.
  const style = isScalar(insertAfter.key) && insertAfter.key.type !== "PLAIN" ? insertAfter.key.type : undefined;
  const form = { style, flow: map.flow === true };
  const lines = [...added].map(([key, value]) => `${spell(key, form)}: ${spell(value, form)}`);
  if (map.flow === true) return { start: end, end, text: lines.map((line) => `, ${line}`).join("") };
  return insertLines(text, insertAfter.key, end, lines);
}

/** Puts lines behind the line on which a value ends, indented as its key is, with the line ending that is in use there. */
function insertLines(text: string, key: ParsedNode, end: number, lines: readonly string[]): Splice {
  const lineStart = text.lastIndexOf("\n", key.range[0] - 1) + 1;
  const indent = text.slice(lineStart, key.range[0]).replace(/\S/g, " ");
  const lineEnd = text.indexOf("\n", end);
  if (lineEnd === -1) {
    const newline = text.includes("\r\n") ? "\r\n" : "\n";
    return { start: text.length, end: text.length, text: lines.map((line) => newline + indent + line).join("") };
  }
  const newline = text[lineEnd - 1] === "\r" ? "\r\n" : "\n";
  return { start: lineEnd + 1, end: lineEnd + 1, text: lines.map((line) => indent + line + newline).join("") };
}
