import type { Milliseconds } from "../../domain/answer.ts";
import type { Clock } from "../../ports.ts";
import { PortFailure } from "../../ports.ts";
import { request, retryAfter, type HttpResponse, type TargetGuard } from "../http.ts";
import type { RepositoryAddress } from "./address.ts";
import type { BearerChallenge } from "./challenge.ts";
import { basicAuthorization, isIdentityToken, type Credentials, type IdentityToken } from "./credentials.ts";
import { TooManyRequests } from "./host-gate.ts";

export interface TokenServerOptions {
  readonly clock: Pick<Clock, "now">;
  readonly guard: TargetGuard;
  readonly deadlineMs: Milliseconds;
  readonly fetch: typeof globalThis.fetch | undefined;
}

export type TokenAnswer =
  | {
      readonly ok: true;
      readonly token: string;
      /** From the question on. */
      readonly life: Milliseconds;
    }
  /** `problem` goes on after the server's name. */
  | { readonly ok: false; readonly problem: string };

/** The shortest life of a token: the default of the specification, also for servers that say less. */
const SHORTEST_LIFE: Milliseconds = 60_000;
const LONGEST_LIFE: Milliseconds = 60 * 60_000;
const LARGEST_ANSWER = 256 * 1024;
/** What people who run a token server see of who asked (RFC 6749 §2.2). */
const CLIENT_ID = "pinion";

/**
 * Asks for a token to read one repository: with a GET and Basic, or without credentials (distribution "Token Authentication
 * Specification"); with a POST when there is an identity token (distribution "OAuth2 Token Authentication"). That credentials are not good
 * enough is an answer; all else throws {@link PortFailure}.
 */
export async function askTokenServer(
  address: RepositoryAddress,
  bearer: BearerChallenge,
  credentials: Credentials | null,
  options: TokenServerOptions,
): Promise<TokenAnswer> {
  const what = `get a token to read ${address.repository}`;
  const refusal = await options.guard(bearer.realm, address.origin);
  if (refusal !== null) throw new PortFailure(refusal.kind, `Could not ${what}: ${address.origin.host} ${refusal.reason}.`);
  const response = await ask(what, bearer, credentials, options);
  const { host } = response.url;
  if (response.status === 429) {
    const retryAt = retryAfter(response.headers.get("retry-after"), options.clock.now());
    throw new TooManyRequests(what, host, retryAt);
  }
  if (response.status === 404 || response.status === 405) {
    const advice = `Give a user and a password for ${address.domain} instead`;
    throw new PortFailure("stalled", `Could not ${what}: ${host} answered ${response.status}, so it takes no identity token. ${advice}.`);
  }
  if (response.status >= 400) return { ok: false, problem: `answered ${response.status}` };
  const { token, life } = tokenOf(response.json());
  if (token === null) throw new PortFailure("dependency", `Could not ${what}: ${host} answered without one. See its log.`);
  return { ok: true, token, life };
}

function ask(what: string, bearer: BearerChallenge, credentials: Credentials | null, options: TokenServerOptions): Promise<HttpResponse> {
  const { clock, guard, deadlineMs, fetch } = options;
  const common = {
    what,
    deadlineMs,
    maxBytes: LARGEST_ANSWER,
    now: () => clock.now(),
    ...(fetch === undefined ? {} : { fetch }),
  };
  if (credentials !== null && isIdentityToken(credentials)) {
    return request(bearer.realm, {
      ...common,
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: refreshForm(bearer, credentials).toString(),
      // RFC 6749 §5.2 has 400 for a token that does not hold any more.
      accept: [400, 401, 403, 404, 405, 429],
    });
  }
  const url = new URL(bearer.realm);
  if (bearer.service !== null) url.searchParams.set("service", bearer.service);
  for (const scope of bearer.scopes) url.searchParams.append("scope", scope);
  return request(url, {
    ...common,
    headers: { accept: "application/json", ...(credentials === null ? {} : { authorization: basicAuthorization(credentials) }) },
    accept: [401, 403, 429],
    redirects: guard,
  });
}

function refreshForm({ service, scopes }: BearerChallenge, { identityToken }: IdentityToken): URLSearchParams {
  const form = new URLSearchParams({ grant_type: "refresh_token", client_id: CLIENT_ID, refresh_token: identityToken });
  if (service !== null) form.set("service", service);
  // Here, unlike in a query, all scopes stand in one parameter.
  form.set("scope", scopes.join(" "));
  return form;
}

function tokenOf(answer: unknown): { readonly token: string | null; readonly life: Milliseconds } {
  if (typeof answer !== "object" || answer === null) return { token: null, life: 0 };
  const stated = ["token" in answer && answer.token, "access_token" in answer && answer.access_token];
  const token = stated.find((text): text is string => typeof text === "string" && /^[\x21-\x7e]+$/.test(text)) ?? null;
  const seconds = "expires_in" in answer && typeof answer.expires_in === "number" ? answer.expires_in : 0;
  return { token, life: Math.min(Math.max(seconds * 1000, SHORTEST_LIFE), LONGEST_LIFE) };
}
