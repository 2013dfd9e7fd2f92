import type { Milliseconds } from "../../src/domain/answer.ts";

export interface Matcher {
  readonly label: string;
  /** A label that a series does not have is empty. */
  matches(value: string): boolean;
}

/** `sum(increase(<metric>{<matchers>}[<seconds>s]))`, with ` or vector(0)` after it perhaps. */
export interface Query {
  readonly matchers: readonly Matcher[];
  readonly window: Milliseconds;
  readonly orZero: boolean;
}

export type QueryResult = { readonly ok: true; readonly query: Query } | { readonly ok: false; readonly problem: string };

const WHOLE = /^sum\(increase\(([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\}\[([1-9]\d*)(s|m|h)\]\)\)(\s+or\s+vector\(0\))?$/;
const MATCHER = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\\n]|\\.)*)"\s*(,|$)/;
const UNIT: Readonly<Record<string, Milliseconds>> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** What RE2 and JavaScript read alike. */
const PLAIN_REGEX = /^[A-Za-z0-9_.\-[\]\\|()?*+^]*$/;

/** Reads the one shape of query that the sandbox can answer, strictly, so that a wrong query is noticed. */
export function parseQuery(expression: string): QueryResult {
  const whole = WHOLE.exec(expression.trim());
  if (whole === null) return { ok: false, problem: `parse error: only sum(increase(metric{…}[300s])) is known here, not ${expression}` };
  const [, metric = "", inner = "", amount = "", unit = "", zero] = whole;
  const matchers: Matcher[] = [{ label: "__name__", matches: (value) => value === metric }];
  for (let rest = inner; rest.trim() !== ""; ) {
    const found = MATCHER.exec(rest);
    const [all = "", label = "", operator = "", literal = "", end] = found ?? [];
    const matches = found === null ? null : matcherOf(operator, literal);
    if (matches === null) return { ok: false, problem: `parse error: unexpected label matcher in {${rest}}` };
    matchers.push({ label, matches });
    rest = rest.slice(all.length);
    if (end !== "," && rest.trim() !== "") return { ok: false, problem: `parse error: unexpected ${rest}` };
  }
  return { ok: true, query: { matchers, window: Number(amount) * (UNIT[unit] ?? 0), orZero: zero !== undefined } };
}

function matcherOf(operator: string, literal: string): ((value: string) => boolean) | null {
  const text = literal.replaceAll(/\\(.)/g, "$1");
  if (operator === "=") return (value) => value === text;
  if (operator === "!=") return (value) => value !== text;
  if (!PLAIN_REGEX.test(text) || !isRegex(text)) return null;
  const regex = new RegExp(`^(?:${text})$`);
  return (value) => regex.test(value) === (operator === "=~");
}

function isRegex(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
