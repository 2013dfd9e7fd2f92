import { isScalar } from "yaml";
import type { ParsedNode, Scalar } from "yaml";
import { readsAsString } from "../yaml-document.ts";

/** How the place looks that a text is written into. */
export interface ScalarForm {
  /** How the scalar there is written. */
  readonly style: Scalar.Type | undefined;
  /** Whether it stands within braces or brackets, where a comma would end it. */
  readonly flow: boolean;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_ON_ONE_LINE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Whether a text can be written as it is on one line of YAML. */
export function fitsOneLine(text: string): boolean {
  return !NOT_ON_ONE_LINE.test(text);
}

/** Writes a text ({@link fitsOneLine}). Keeps the quotes there are; adds them only where the plain text would not be read as text. */
export function spell(text: string, { style, flow }: ScalarForm): string {
  if (style === "QUOTE_SINGLE") return `'${text.replaceAll("'", "''")}'`;
  if (style === "QUOTE_DOUBLE" || !readsAsString(text) || (flow && /[,[\]{}]/.test(text))) return JSON.stringify(text);
  return text;
}

/** Integers that every reader takes for the same number and writes again in the same characters; from a million on, Helm writes 1e+06. */
const INTEGER = /^(?:0|[1-9]\d{0,5})$/;

/**
 * Whether a scalar is such a number without quotes. Where one stands, as in `tag: 16`, whatever reads it wants a number or makes a text of
 * it, so another one may follow it as it is; `1.20` is another matter, since it is read as 1.2.
 */
export function isPlainInteger(node: ParsedNode | null): boolean {
  return isScalar(node) && node.type === "PLAIN" && node.tag === undefined && INTEGER.test(node.source);
}

/** Writes a text in place of a scalar: as {@link spell} does, but a plain integer may follow a plain integer. */
export function spellInPlace(text: string, scalar: Scalar.Parsed, flow: boolean): string {
  return isPlainInteger(scalar) && INTEGER.test(text) ? text : spell(text, { style: scalar.type, flow });
}
