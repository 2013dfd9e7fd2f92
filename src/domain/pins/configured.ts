import type { ConfiguredPin } from "../config.ts";
import { parseYamlAddress } from "../yaml-path.ts";
import type { YamlPath } from "../yaml-document.ts";
import { wholeImage } from "./image-parts.ts";
import { childAt, entriesAt, itemsAt, textAt } from "./place.ts";
import type { Place } from "./place.ts";
import type { Report } from "./pinned-value.ts";

/** The pins that a configuration names, ready to be looked for. */
export interface ConfiguredPins {
  /** Whether it names pins in a file of this path. */
  holds(file: string): boolean;
  /** Reports the pins that it names in a document of this file. */
  report(file: string, root: Place, report: Report): void;
}

const ANY = "*";
const LONGEST = 500;
/** Each `**` may be tried at every folder of a path, so only few keep matching quick. */
const MOST_WILDCARDS = 8;

/** What is wrong with a pattern of files, and how to mend it, or null. */
export function filePatternProblem(pattern: string): string | null {
  const shown = JSON.stringify(pattern);
  if (pattern.length > LONGEST) return `a pattern is longer than ${LONGEST} characters`;
  const folders = pattern.split("/");
  if (folders.some((folder) => folder === "" || folder === "." || folder === ".." || (folder.includes("**") && folder !== "**"))) {
    return `${shown} must be a path from the root of the repository; * stands for anything in one name, and ** alone for any folders`;
  }
  if ((pattern.match(/\*+/g) ?? []).length > MOST_WILDCARDS) return `${shown} has more than ${MOST_WILDCARDS} wildcards`;
  return /[\\?{}[\]]/.test(pattern) ? `${shown} may have no wildcards but * and **` : null;
}

/** What is wrong with a path in a file, and how to mend it, or null. */
export function pathPatternProblem(pattern: string): string | null {
  const parsed = parsePathPattern(pattern);
  return typeof parsed === "string" ? parsed : null;
}

/** Compiles sound patterns ({@link filePatternProblem}, {@link pathPatternProblem}). */
export function compileConfiguredPins(pins: readonly ConfiguredPin[]): ConfiguredPins {
  const compiled = pins.flatMap(({ files, path }) => {
    const parsed = parsePathPattern(path);
    return typeof parsed === "string" ? [] : [{ files: fileExpression(files), path: parsed }];
  });
  return {
    holds: (file) => compiled.some(({ files }) => files.test(file)),
    report: (file, root, report) => {
      for (const { files, path } of compiled) if (files.test(file)) reportAt(root, path, report);
    },
  };
}

function parsePathPattern(pattern: string): YamlPath | string {
  const spelled = pattern.replaceAll(/(^|\.|\[)\*(?:\]|(?=[.[]|$))/g, `["${ANY}"]`);
  const parsed = parseYamlAddress(spelled);
  if (!parsed.ok) return `${JSON.stringify(pattern)} is not a path: write it as clusters.*.version or items[*].tag`;
  if (spelled.startsWith("doc[")) return `${JSON.stringify(pattern)} may name no document: the path holds for all documents of a file`;
  return parsed.address.path;
}

function fileExpression(pattern: string): RegExp {
  const source = pattern
    .split("/")
    .map((folder) => (folder === "**" ? "(?:[^/]+/)*" : `${folder.replaceAll(/[\\^$.+()|]/g, "\\$&").replaceAll("*", "[^/]*")}/`))
    .join("");
  return new RegExp(`^${source.replace(/\/$/, "").replace(/\(\?:\[\^\/\]\+\/\)\*$/, ".*")}$`);
}

function reportAt(place: Place, [step, ...rest]: YamlPath, report: Report): void {
  if (step === undefined) {
    const text = textAt(place);
    const image = wholeImage(text);
    const named = image !== null && (image.tag !== null || image.digest !== null) && /[/@:]/.test(text ?? "") ? image : null;
    if (text !== null) report({ kind: "configured", place, image: named, part: named === null ? null : "whole" });
  } else if (step === ANY) {
    for (const [, child] of entriesAt(place)) reportAt(child, rest, report);
    for (const child of itemsAt(place)) reportAt(child, rest, report);
  } else {
    const child = typeof step === "number" ? (itemsAt(place)[step] ?? null) : childAt(place, step);
    if (child !== null) reportAt(child, rest, report);
  }
}

/** What holds where there is no configuration. */
export const NO_CONFIGURED_PINS: ConfiguredPins = compileConfiguredPins([]);
