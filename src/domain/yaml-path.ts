import type { YamlPath } from "./yaml-document.ts";

/** A value in a file that may hold several YAML documents. */
export interface YamlAddress {
  /** From 0. */
  readonly document: number;
  readonly path: YamlPath;
}

export type YamlAddressResult =
  | { readonly ok: true; readonly address: YamlAddress }
  /** `problem` says what is wrong with the text and how to write it. */
  | { readonly ok: false; readonly problem: string };

const PLAIN_KEY = /^[A-Za-z0-9_$~-]+$/;
/** One step of a path: a key, a number in brackets, or a JSON string in brackets. */
const STEP = /(\.?)([A-Za-z0-9_$~-]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y;
const DOCUMENT = /^doc\[(\d{1,6})\]:/;
const LONGEST = 2_000;

/**
 * The address as people write it: `spec.containers[0].image`; keys with other characters as `["app.kubernetes.io/name"]`;
 * `doc[1]:` before it in a document after the first. {@link parseYamlAddress} reads the same address from it.
 */
export function formatYamlAddress({ document, path }: YamlAddress): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (PLAIN_KEY.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return document === 0 ? text : `doc[${document}]:${text}`;
}

/** Reads what {@link formatYamlAddress} writes. Lists and documents are counted from 0. Never throws. */
export function parseYamlAddress(text: string): YamlAddressResult {
  if (text.length > LONGEST) return { ok: false, problem: `a path is longer than ${LONGEST} characters` };
  const [prefix, number] = DOCUMENT.exec(text) ?? ["", "0"];
  const path: (string | number)[] = [];
  const step = new RegExp(STEP);
  step.lastIndex = prefix.length;
  while (step.lastIndex < text.length) {
    const at = step.lastIndex;
    const match = step.exec(text);
    const read = match === null ? null : readStep(match, path.length === 0);
    if (read === null) return { ok: false, problem: notAPath(text, at) };
    path.push(read);
  }
  if (path.length === 0) return { ok: false, problem: notAPath(text, 0) };
  return { ok: true, address: { document: Number(number), path } };
}

function readStep([, dot, key, index, quoted]: RegExpExecArray, first: boolean): string | number | null {
  if (key !== undefined) return (dot === ".") === first ? null : key;
  if (index !== undefined) return Number(index);
  try {
    const parsed: unknown = JSON.parse(quoted ?? "");
    return typeof parsed === "string" ? parsed : null;
  } catch {
    return null;
  }
}

function notAPath(text: string, at: number): string {
  const place = text === "" ? "" : ` (at "${text.slice(at, at + 20)}")`;
  return `${JSON.stringify(text)} is not a path${place}: write it as spec.containers[0].image, and keys with other characters as ["a.b/c"]`;
}
