import type { Spoiling, WireTrouble } from "./wire.ts";

type Answered = Extract<Spoiling, { kind: "answered" }>;

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const HTML_TYPE = { "content-type": "text/html; charset=utf-8" };

function refused(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Answered {
  return { kind: "answered", done: false, status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify({ message, status: String(status) }) };
}

function page(status: number, title: string): Answered {
  return { kind: "answered", done: false, status, headers: HTML_TYPE, body: `<!doctype html><html><title>${title}</title><body><h1>${title}</h1></body></html>` };
}

/** What servers answer instead of what was asked for. Who refuses has done nothing. */
const REFUSALS: readonly Spoiling[] = [
  refused(401, "Bad credentials"),
  refused(403, "Resource not accessible by integration"),
  refused(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", { "retry-after": "60" }),
  refused(404, "Not Found"),
  refused(409, "Git Repository is busy"),
  refused(422, "Validation Failed"),
  refused(429, "Too many requests", { "retry-after": "30" }),
];

/** What comes in the place of an answer, whether or not the server has done what was asked of it. */
const FAILURES: readonly Spoiling[] = [
  refused(500, "Server Error"),
  page(502, "Unicorn!"),
  page(503, "No server is available to handle your request"),
  page(504, "We couldn't respond to your request in time"),
  page(200, "Sign in to your network"),
  { kind: "dropped", done: false },
];

/** How many requests of a call go well. Most calls are one request. */
const AFTER = [0, 0, 0, 1, 2] as const;

/** Reads from one number what is wrong with the wire during a call: which requests meet it, and what they meet. */
export function wireTroubleFrom(roll: number): WireTrouble {
  return { after: AFTER[(roll >> 3) % AFTER.length] ?? 0, lasting: ((roll >> 5) & 1) === 1, spoiling: spoilingFrom(roll) };
}

function spoilingFrom(roll: number): Spoiling {
  const further = roll >> 8;
  switch (roll % 5) {
    case 0:
    case 1:
      return REFUSALS[further % REFUSALS.length] ?? { kind: "truncated" };
    case 2:
      return failureFrom(further, false);
    case 3:
      return failureFrom(further, true);
    default:
      return { kind: "truncated" };
  }
}

function failureFrom(further: number, done: boolean): Spoiling {
  const failure = FAILURES[further % FAILURES.length] ?? { kind: "truncated" };
  return failure.kind === "truncated" ? failure : { ...failure, done };
}
