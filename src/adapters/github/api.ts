import type { Instant, Milliseconds } from "../../domain/answer.ts";
import type { WriteOutcome } from "../../ports.ts";
import { PortFailure } from "../../ports.ts";
import type { GraphqlError } from "./failure.ts";
import { clean, failureOf, failureOfGraphql, isOwnTrouble, refusalIn } from "./failure.ts";
import { cutOff } from "./fetch.ts";
import type { Client, GitHubClients } from "./octokit.ts";
import { isRecord } from "../../domain/json.ts";
import { Reader } from "./reader.ts";

/**
 * From the call to its answer, with the time Octokit holds a write back so as not to annoy GitHub. The exchange itself
 * is bounded by `boundedFetch`.
 */
const CALL_LIMIT: Milliseconds = 30_000;

export interface RestCall {
  /** As `PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge`. */
  readonly route: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What the call is for, after "Could not". */
  readonly what: string;
  /** Statuses beside 2xx that the caller understands; all others are thrown. */
  readonly accept?: readonly number[];
}

export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface MutationAnswer {
  /** What the alias gave, or why it gave nothing. */
  part(alias: string): { readonly ok: true; readonly value: Reader } | { readonly ok: false; readonly error: GraphqlError };
}

/** GitHub's two languages with deadlines, and failures in the words of the ports. */
export class GitHubApi {
  readonly #clients: GitHubClients;
  readonly #now: () => Instant;

  constructor(clients: GitHubClients, now: () => Instant) {
    this.#clients = clients;
    this.#now = now;
  }

  now(): Instant {
    return this.#now();
  }

  /** A REST call as an installation, or as the App itself when that is null. Only GET is ever sent twice, after a failure that may pass. */
  async rest(installation: number | null, call: RestCall): Promise<RestAnswer> {
    // Given a number, Octokit sends again whatever the status was; without one, only what may pass by itself.
    const retries = call.route.startsWith("GET ") ? {} : { retries: 0 };
    try {
      return await this.#bounded(installation, call.what, async (client, signal) => {
        const response = await client.request(call.route, { ...call.parameters, request: { signal, ...retries } });
        const body: unknown = response.data;
        // Octokit gives JSON that does not parse as text.
        if (typeof body === "string" && body !== "") throw cutOff();
        return { status: response.status, body };
      });
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal !== null && call.accept?.includes(refusal.status) === true) return { status: refusal.status, body: refusal.body };
      throw failureOf(error, call.what, this.#now());
    }
  }

  /** A query that is answered whole or not at all: what GitHub leaves out with an error is unknown, not empty. */
  async query(installation: number, document: string, variables: Readonly<Record<string, unknown>>, what: string): Promise<Reader> {
    const answer = await this.#graphql(installation, document, variables, what);
    if (answer.errors.length > 0) throw failureOfGraphql(answer.errors, answer.headers, what, this.#now());
    return new Reader(answer.data, "");
  }

  /**
   * The same, but one field that the App may not read is left null where GitHub forbids it: `without` tells why, or is null.
   */
  async queryBut(
    installation: number,
    document: string,
    variables: Readonly<Record<string, unknown>>,
    what: string,
    field: string,
  ): Promise<{ readonly data: Reader; readonly without: string | null }> {
    const answer = await this.#graphql(installation, document, variables, what);
    const isOfField = ({ place, type }: GraphqlError) => type === "FORBIDDEN" && (place === field || place.startsWith(`${field}.`));
    const others = answer.errors.filter((error) => !isOfField(error));
    if (others.length > 0) throw failureOfGraphql(others, answer.headers, what, this.#now());
    const forbidden = answer.errors[0];
    return { data: new Reader(answer.data, ""), without: forbidden === undefined ? null : forbidden.message };
  }

  /** Mutations that each succeed or fail by themselves. Never sent twice. Throws when the request as a whole failed. */
  async mutate(
    installation: number,
    document: string,
    variables: Readonly<Record<string, unknown>>,
    what: string,
  ): Promise<MutationAnswer> {
    const { data, errors, headers } = await this.#graphql(installation, document, variables, what);
    const whole = errors.filter((error) => error.alias === null || error.type === "RATE_LIMITED");
    if (whole.length > 0 || !isRecord(data)) throw failureOfGraphql(whole.length > 0 ? whole : errors, headers, what, this.#now());
    return {
      part(alias) {
        const error = errors.find((candidate) => candidate.alias === alias);
        if (error !== undefined) return { ok: false, error };
        const fields = data[alias];
        if (isRecord(fields)) return { ok: true, value: new Reader(fields, alias) };
        return { ok: false, error: { type: null, message: "GitHub gave neither a result nor an error", alias, place: alias } };
      },
    };
  }

  async #graphql(
    installation: number,
    document: string,
    variables: Readonly<Record<string, unknown>>,
    what: string,
  ): Promise<GraphqlAnswer> {
    try {
      const data = await this.#bounded(installation, what, (client, signal) =>
        // A mutation must not be sent twice, and a query that GitHub gave up on is better asked in smaller pieces.
        client.graphql<unknown>(document, { ...variables, request: { signal, retries: 0 } }),
      );
      if (!isRecord(data)) throw cutOff();
      return { data, errors: [], headers: {} };
    } catch (error) {
      const answer = graphqlAnswerIn(error);
      if (answer !== null) return answer;
      throw failureOf(error, what, this.#now());
    }
  }

  async #bounded<T>(installation: number | null, what: string, run: (client: Client, signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(CALL_LIMIT);
    const late = Promise.withResolvers<never>();
    const expire = (): void => {
      late.reject(new PortFailure("dependency", `Could not ${what}: no answer within ${CALL_LIMIT} ms.`));
    };
    signal.addEventListener("abort", expire, { once: true });
    const work = async (): Promise<T> => {
      const client = await (installation === null ? this.#clients.app() : this.#clients.installation(installation));
      return run(client, signal);
    };
    try {
      // Octokit holds requests in a queue that knows no signals, so the wait is ended here; the request itself then
      // finds its signal aborted and is not sent.
      return await Promise.race([work(), late.promise]);
    } finally {
      signal.removeEventListener("abort", expire);
    }
  }
}

interface GraphqlAnswer {
  readonly data: unknown;
  readonly errors: readonly GraphqlError[];
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Octokit throws when there are errors, even when there is data beside them. */
function graphqlAnswerIn(error: unknown): GraphqlAnswer | null {
  if (!(error instanceof Error) || !("response" in error) || !isRecord(error.response)) return null;
  const { response } = error;
  if (error.name === "GraphqlResponseError") return graphqlAnswer(response, "headers" in error ? error.headers : null);
  // The throttling plugin throws the whole HTTP answer when it says that a rate limit is used up.
  return response["status"] === 200 && isRecord(response["data"]) ? graphqlAnswer(response["data"], response["headers"]) : null;
}

function graphqlAnswer(body: Readonly<Record<string, unknown>>, headers: unknown): GraphqlAnswer | null {
  const { data, errors } = body;
  if (!Array.isArray(errors)) return null;
  return { data, errors: errors.map((entry: unknown) => graphqlError(entry)), headers: isRecord(headers) ? headers : {} };
}

function graphqlError(entry: unknown): GraphqlError {
  if (!isRecord(entry)) return { type: null, message: "an error without words", alias: null, place: "" };
  const { type, message, path } = entry;
  const steps = Array.isArray(path) ? path.map(String) : [];
  return {
    type: typeof type === "string" ? type : null,
    message: typeof message === "string" ? clean(message) : "an error without words",
    alias: steps[0] ?? null,
    place: steps.join("."),
  };
}

/**
 * Tells a world that has moved, and trouble of GitHub's that passes, from GitHub's own refusal: after the first two, one looks
 * again. The words are GitHub's of today; those it has no type for are told apart by reading them, and what is not known is
 * a refusal, which people get to see.
 */
export function outcomeOf(error: GraphqlError): Exclude<WriteOutcome<never>, { readonly outcome: "done" }> {
  const conflict = isPassing(error) || error.type === "STALE_DATA" || error.type === "NOT_FOUND" || MOVED.test(error.message);
  if (conflict && !RULES.test(error.message)) return { outcome: "conflict", reason: error.message };
  const advice = error.type === "FORBIDDEN" ? ". Give the App the permission for it, and accept it for this installation" : "";
  return { outcome: "refused", reason: `${error.message}${advice}` };
}

/** Whether it is trouble of GitHub's own, which passes. */
export function isPassing({ type, message }: GraphqlError): boolean {
  return type === "INTERNAL" || type === "SERVICE_UNAVAILABLE" || isOwnTrouble(message);
}

const MOVED = /already exists|expected branch to point to|no commit found|does not exist|no commits between/i;
const RULES = /rule violation|protected branch|ruleset/i;
