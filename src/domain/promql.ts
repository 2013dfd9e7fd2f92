/** What stands for the placeholders of an SLO query. */
export interface PromqlValues {
  readonly app: string;
  readonly env: string;
  /** A PromQL duration, as `300s`. */
  readonly window: string;
}

export type PromqlResult = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

/** Nothing here has a meaning inside a PromQL string but the dot, in a regular expression. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const IDENTIFIER_PART = /^[A-Za-z0-9_]+$/;
const PLACEHOLDER = /^\{(app|env|window)\}/;

/**
 * Puts names and window into a query. A name goes into label values as it is, with its dots escaped where the value is a
 * regular expression (`=~`, `!~`); outside of strings, as in a metric's name, only if it cannot be read as anything else.
 * A query without `{window}` is refused, since it would not measure the time that is asked about.
 */
export function promql(template: string, values: PromqlValues): PromqlResult {
  for (const name of [values.app, values.env]) {
    if (!NAME.test(name)) return refused(`the name "${name}" has characters that cannot be put into a query safely`);
  }
  let text = "";
  let windows = 0;
  /** The string we are in: its quote, and whether it is matched as a regular expression. */
  let literal: { readonly quote: string; readonly regex: boolean } | null = null;
  for (let index = 0; index < template.length;) {
    const placeholder = PLACEHOLDER.exec(template.slice(index, index + "{window}".length));
    const name = placeholder?.[1];
    if (placeholder !== null && (name === "app" || name === "env" || name === "window")) {
      if (name === "window") windows += literal === null ? 1 : 0;
      else if (literal === null && !IDENTIFIER_PART.test(values[name])) {
        return refused(`{${name}} stands outside of quotes, where "${values[name]}" would be read as something else`);
      }
      text += literal?.regex === true ? values[name].replaceAll(".", "[.]") : values[name];
      index += placeholder[0].length;
      continue;
    }
    const token = tokenAt(template, index, literal?.quote ?? null);
    if (literal === null && isQuote(token)) literal = { quote: token, regex: /[=!]~$/.test(template.slice(0, index).trimEnd()) };
    else if (token === literal?.quote) literal = null;
    text += token;
    index += token.length;
  }
  if (literal !== null) return refused("a string in it does not end");
  return windows > 0 ? { ok: true, text } : refused("it has no {window}, so it would not measure the time that is asked about");
}

function refused(problem: string): PromqlResult {
  return { ok: false, problem };
}

function isQuote(token: string): boolean {
  return token === '"' || token === "'" || token === "`";
}

/** The next character, or what must be read as one: an escape in a string (not in backticks), a comment to the line's end. */
function tokenAt(template: string, index: number, quote: string | null): string {
  const character = template[index] ?? "";
  if (quote === null && character === "#") return /^[^\n]*/.exec(template.slice(index))?.[0] ?? character;
  if (quote !== null && quote !== "`" && character === "\\") return template.slice(index, index + 2);
  return character;
}
