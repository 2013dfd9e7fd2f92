import type { Instant } from "../../domain/answer.ts";
import { PortFailure } from "../../ports.ts";
import { retryAfter } from "../http.ts";
import { AnswerTooLarge } from "./fetch.ts";
import { isRecord } from "../../domain/json.ts";

/** GitHub gave up on a query, or its answer is too large: asking for less at a time can help. */
export class TooHeavy extends PortFailure {}

/** One entry of `errors` in a GraphQL answer. */
export interface GraphqlError {
  /** GitHub's own word, as `NOT_FOUND`, `FORBIDDEN`, `STALE_DATA`, `UNPROCESSABLE`; null when it gives none. */
  readonly type: string | null;
  readonly message: string;
  /** The alias of the top-level field, or null when the whole request failed. */
  readonly alias: string | null;
  /** Where, for people: `repository.issues`. */
  readonly place: string;
}

/** An HTTP answer that is not a success. */
export interface Refusal {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** The answer inside an error that Octokit threw, or null when there was none. */
export function refusalIn(error: unknown): Refusal | null {
  if (!isRecord(error)) return null;
  const response = error["response"];
  if (!isRecord(response)) return null;
  // Not the answer's own status: GraphQL answers 200 when GitHub has trouble, and Octokit makes a 500 of that.
  const { status } = error;
  const { headers, data } = response;
  return typeof status === "number" ? { status, headers: isRecord(headers) ? headers : {}, body: data } : null;
}

/**
 * What an error of Octokit means. `stalled`: 401, 403 and 404 without a rate limit, with the permission that is missing when
 * GitHub names it. `dependency`: rate limits (with the time they end), 5xx, no answer, half an answer. `error`: the rest.
 *
 * @param what completes "Could not …", as in "read acme/manifests".
 */
export function failureOf(error: unknown, what: string, now: Instant): PortFailure {
  const known = portFailureIn(error);
  if (known instanceof AnswerTooLarge) return new TooHeavy(known.kind, `Could not ${what}: ${known.message}`);
  if (known !== null) return new PortFailure(known.kind, withWhat(known.message, what), { ...retry(known.retryAt), cause: known.cause });
  const refusal = refusalIn(error);
  if (refusal !== null) return failureOfRefusal(refusal, what, now);
  if (error instanceof Error && "status" in error) {
    const problem = `GitHub could not be reached (${codeIn(error)}). Check that this host may reach it`;
    // Octokit's own error is not passed on: it holds the request with everything that was in it.
    return new PortFailure("dependency", `Could not ${what}: ${problem}.`, { cause: error.cause });
  }
  return new PortFailure("error", `Could not ${what}: ${error instanceof Error ? error.name : "an unknown error"}.`, { cause: error });
}

export function failureOfRefusal(refusal: Refusal, what: string, now: Instant): PortFailure {
  const { status } = refusal;
  const said = wordsOf(refusal.body);
  const answer = `Could not ${what}: GitHub answered ${status}${said === "" ? "" : ` ("${said}")`}`;
  const limitedUntil = rateLimit(refusal, said, now);
  if (limitedUntil !== null) return rateLimited(answer, limitedUntil);
  switch (status) {
    case 401:
      return new PortFailure("stalled", `${answer}. Check the App's id and private key, and this host's clock.`);
    case 403: {
      const permissions = refusal.headers["x-accepted-github-permissions"];
      const missing = typeof permissions === "string" ? clean(permissions) : "";
      const advice = missing === "" ? "Check the App's permissions" : `Give the App one of these permissions: ${missing}`;
      return new PortFailure("stalled", `${answer}. ${advice}, and accept them for this installation.`);
    }
    case 404:
      return new PortFailure("stalled", `${answer}. Check that it exists and that the App is installed there and may read it.`);
    default:
      if (status === 408 || status === 429 || status >= 500) {
        const Kind = status === 500 || status === 502 || status === 504 ? TooHeavy : PortFailure;
        const retryAt = retryAfter(headerOf(refusal, "retry-after"), now);
        return new Kind("dependency", `${answer}. See githubstatus.com if it lasts.`, retry(retryAt));
      }
      return new PortFailure("error", `${answer}, which was not expected.`);
  }
}

/** What GraphQL errors that concern the whole request mean, or a query that must not be answered in part. */
export function failureOfGraphql(
  errors: readonly GraphqlError[],
  headers: Readonly<Record<string, unknown>>,
  what: string,
  now: Instant,
): PortFailure {
  const first = errors[0] ?? { type: null, message: "an error without words", alias: null, place: "" };
  const answer = `Could not ${what}: GitHub says "${clean(first.message)}"${first.place === "" ? "" : ` of ${first.place}`}`;
  const types = new Set(errors.map((error) => error.type));
  if (types.has("RATE_LIMITED") || errors.some((error) => SECONDARY_LIMIT.test(error.message))) {
    const until = rateLimit({ status: 429, headers, body: null }, first.message, now) ?? now + FALLBACK_WAIT;
    return rateLimited(answer, until);
  }
  if (types.has("RESOURCE_LIMITS_EXCEEDED") || types.has("MAX_NODE_LIMIT_EXCEEDED")) return new TooHeavy("error", `${answer}.`);
  if (types.has("FORBIDDEN") || types.has("INSUFFICIENT_SCOPES")) {
    return new PortFailure("stalled", `${answer}. Give the App the permission for it, and accept it for this installation.`);
  }
  if (types.has("NOT_FOUND")) {
    return new PortFailure("stalled", `${answer}. Check that it exists and that the App is installed there and may read it.`);
  }
  if (errors.some(({ message }) => UNKNOWN_TO_GITHUB.test(message))) {
    return new PortFailure("stalled", `${answer}. This GitHub is older than what Pinion asks it: bring GitHub Enterprise Server up to date.`);
  }
  // GitHub's words for its own trouble; it answers 200 with them.
  if (types.has("INTERNAL") || types.has("SERVICE_UNAVAILABLE") || errors.some(({ message }) => isOwnTrouble(message))) {
    return new TooHeavy("dependency", `${answer}. See githubstatus.com if it lasts.`);
  }
  return new PortFailure("error", `${answer}.`);
}

/** Whether these are GitHub's words for trouble of its own, which passes. */
export function isOwnTrouble(message: string): boolean {
  return OWN_TROUBLE.test(message);
}

const OWN_TROUBLE = /something went wrong|timed? ?out|timeout|couldn't respond|try again/i;
/** Of a document with a field or an argument that this GitHub's schema does not have. */
const UNKNOWN_TO_GITHUB = /doesn't (?:exist on type|accept argument)/;
const SECONDARY_LIMIT = /\bsecondary rate\b|abuse detection/i;
/** GitHub's advice for a secondary limit that names no time (Best practices for using the REST API). */
const FALLBACK_WAIT = 60_000;
const LONGEST_WORDS = 300;

/** When the limit ends, or null when this is no rate limit. */
function rateLimit(refusal: Refusal, said: string, now: Instant): Instant | null {
  if (refusal.status !== 403 && refusal.status !== 429) return null;
  const told = retryAfter(headerOf(refusal, "retry-after"), now);
  if (told !== null) return told;
  const reset = Number(headerOf(refusal, "x-ratelimit-reset") ?? Number.NaN);
  if (headerOf(refusal, "x-ratelimit-remaining") === "0" && Number.isSafeInteger(reset)) return Math.max(reset * 1000, now);
  return refusal.status === 429 || SECONDARY_LIMIT.test(said) ? now + FALLBACK_WAIT : null;
}

function rateLimited(answer: string, until: Instant): PortFailure {
  return new PortFailure("dependency", `${answer}, a rate limit until ${new Date(until).toISOString()}.`, { retryAt: until });
}

function headerOf(refusal: Refusal, name: string): string | null {
  const value = refusal.headers[name];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
}

/** GitHub's own words in an answer: its `message` and the messages of its `errors`, never the body as such. */
export function wordsOf(body: unknown): string {
  if (!isRecord(body)) return "";
  const { message, errors } = body;
  const details = Array.isArray(errors) ? errors.flatMap((entry: unknown) => detailOf(entry)) : [];
  return clean([...(typeof message === "string" ? [message] : []), ...details].join(": "));
}

function detailOf(entry: unknown): readonly string[] {
  if (typeof entry === "string") return [entry];
  if (!isRecord(entry)) return [];
  const { message, code, field } = entry;
  if (typeof message === "string") return [message];
  return typeof code === "string" ? [`${typeof field === "string" ? `${field} ` : ""}${code}`] : [];
}

/** What a proxy that repeats a request in its answer would tell of it: the credentials of a header, App tokens (JWTs) and GitHub's own tokens. */
const CREDENTIALS = /\b(?:bearer|basic|token)\s+[\w.~+/=-]{8,}|\beyJ[\w.=-]+|\bgh[a-z]_\w+|\bgithub_pat_\w+/gi;

/** One line, without control characters or credentials, not longer than people read. */
export function clean(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .replaceAll(CREDENTIALS, "[hidden]");
  return line.length > LONGEST_WORDS ? `${line.slice(0, LONGEST_WORDS)}…` : line;
}

function portFailureIn(error: unknown): PortFailure | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth += 1) {
    if (current instanceof PortFailure) return current;
  }
  return null;
}

function withWhat(message: string, what: string): string {
  return message.startsWith("Could not ") ? message : `Could not ${what}: ${message}`;
}

/** Only codes are shown: messages of the platform can quote headers. */
function codeIn(error: unknown): string {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth += 1) {
    if ("code" in current && typeof current.code === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(current.code)) return current.code;
  }
  return "network error";
}

function retry(at: Instant | null): { readonly retryAt?: Instant } {
  return at === null ? {} : { retryAt: at };
}
