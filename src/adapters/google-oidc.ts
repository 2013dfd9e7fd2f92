import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from "jose";
import type { Instant, Milliseconds } from "../domain/answer.ts";
import { PortFailure, type Clock, type PushIdentity } from "../ports.ts";
import { request } from "./http.ts";

export interface GoogleOidcOptions {
  /** What the push subscription was told to put into `aud`. */
  readonly audience: string;
  /** The e-mail address of the service account that the subscription pushes as. */
  readonly serviceAccount: string;
  readonly clock: Clock;
  /** Where the keys are; Google's own unless a test brings others. */
  readonly keys?: string;
}

/** `jwks_uri` of https://accounts.google.com/.well-known/openid-configuration. */
const GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs";
const ISSUERS = ["https://accounts.google.com", "accounts.google.com"];
/** Two keys are two kilobytes. */
const KEYS_LIMIT = 64 * 1024;
/** A push is answered within ten seconds, or comes again (cloud.google.com, "Push subscriptions", acknowledgement deadline). */
const KEYS_DEADLINE: Milliseconds = 5_000;
/** How long keys hold where `Cache-Control` does not say, and what is believed of it. */
const LIFE: Milliseconds = 3_600_000;
const SHORTEST_LIFE: Milliseconds = 60_000;
const LONGEST_LIFE: Milliseconds = 86_400_000;
/** Anybody can send tokens: an unknown key, or an answer that does not come, makes no more than one question in this time. */
const PATIENCE: Milliseconds = 60_000;
const PATIENCE_AFTER_FAILURE: Milliseconds = 5_000;
/** Clocks differ. */
const TOLERANCE: Milliseconds = 60_000;

interface Keys {
  readonly set: JSONWebKeySet;
  readonly fetchedAt: Instant;
  readonly until: Instant;
}

/**
 * Judges the tokens that Pub/Sub signs for a push subscription with authentication: a JWT of Google for this audience, of this
 * service account (cloud.google.com, "Authenticate push subscriptions").
 */
export function createPushIdentity(options: GoogleOidcOptions): PushIdentity {
  const keys = new GoogleKeys(options.keys ?? GOOGLE_KEYS, options.clock);
  return {
    problem: async (token) => {
      // What is wrong in the token's own words costs no question.
      const claimed = claimsOf(token);
      if (claimed === null) return "the token is no JWT signed with RS256 that names its key";
      const early = whoseProblem(claimed, options);
      if (early !== null) return early;
      const verified = await verify(token, await keys.current(), options);
      if (verified !== UNKNOWN_KEY && verified !== UNUSABLE_KEY) return verified;
      const again = await verify(token, await keys.newer(), options);
      if (again === UNUSABLE_KEY) throw unusableKey(token);
      return again === UNKNOWN_KEY ? "the token is signed with a key that Google does not have" : again;
    },
  };
}

const UNKNOWN_KEY = Symbol("unknown key");
/** What there is by the key's name cannot be used, so nothing is known of the token. */
const UNUSABLE_KEY = Symbol("unusable key");
type Verified = string | null | typeof UNKNOWN_KEY | typeof UNUSABLE_KEY;

function unusableKey(token: string): PortFailure {
  const key = JSON.stringify(decodeProtectedHeader(token).kid);
  const advice = "Pinion asks for the keys again in a minute; if this lasts, look at what a proxy on the way makes of them";
  return new PortFailure("dependency", `Could not judge a token of Google: its key, ${key}, cannot be used. ${advice}.`);
}

function claimsOf(token: string): JWTPayload | null {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    return alg === "RS256" && typeof kid === "string" ? decodeJwt(token) : null;
  } catch {
    return null;
  }
}

function whoseProblem({ iss, aud, email, email_verified }: JWTPayload, { audience, serviceAccount }: GoogleOidcOptions): string | null {
  if (!ISSUERS.includes(iss ?? "")) return "the token is not of Google";
  if (![aud].flat().includes(audience)) return "the token is for another audience";
  return email === serviceAccount && email_verified === true ? null : "the token is of another service account";
}

async function verify(token: string, { set }: Keys, options: GoogleOidcOptions): Promise<Verified> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(set), {
      algorithms: ["RS256"],
      issuer: ISSUERS,
      audience: options.audience,
      requiredClaims: ["exp", "iat"],
      currentDate: new Date(options.clock.now()),
      clockTolerance: TOLERANCE / 1_000,
    });
    return whoseProblem(payload, options);
  } catch (cause) {
    if (cause instanceof errors.JWKSNoMatchingKey) return UNKNOWN_KEY;
    if (cause instanceof errors.JWTExpired) return "the token has expired";
    if (cause instanceof errors.JOSEError && !isAboutKeys(cause)) return "the token's signature or claims are wrong";
    return UNUSABLE_KEY;
  }
}

/** Beside these, a key that cannot be imported, or is too short, is told by errors of the platform. */
function isAboutKeys(cause: errors.JOSEError): boolean {
  return cause instanceof errors.JWKInvalid || cause instanceof errors.JWKSInvalid || cause instanceof errors.JWKSMultipleMatchingKeys;
}

/** Google's keys, asked for when they are needed and kept for as long as Google says. */
class GoogleKeys {
  readonly #url: string;
  readonly #clock: Clock;
  #keys: Keys | null = null;
  #asking: Promise<Keys> | null = null;
  #failed: { readonly at: Instant; readonly cause: unknown } | null = null;

  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /** Keys that still hold. @throws {PortFailure} when they cannot be had: then nothing can be judged. */
  async current(): Promise<Keys> {
    const keys = this.#keys;
    return keys !== null && this.#isWithin(keys.fetchedAt, keys.until - keys.fetchedAt) ? keys : this.#ask();
  }

  /** Keys that were asked for lately, since a key is not among those that are known. @throws {PortFailure} as {@link current} does. */
  async newer(): Promise<Keys> {
    const keys = this.#keys;
    return keys !== null && this.#isWithin(keys.fetchedAt, PATIENCE) ? keys : this.#ask();
  }

  /** A clock that goes backwards makes nothing last longer. */
  #isWithin(since: Instant, length: Milliseconds): boolean {
    const now = this.#clock.now();
    return since <= now && now < since + length;
  }

  /** One question at a time, whoever waits for it. */
  async #ask(): Promise<Keys> {
    if (this.#failed !== null && this.#isWithin(this.#failed.at, PATIENCE_AFTER_FAILURE)) throw this.#failed.cause;
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #fetch(): Promise<Keys> {
    const fetchedAt = this.#clock.now();
    try {
      const what = "read the keys that Google signs tokens with";
      const response = await request(this.#url, { what, deadlineMs: KEYS_DEADLINE, maxBytes: KEYS_LIMIT, now: () => this.#clock.now() });
      const set = response.json();
      if (!isKeySet(set)) throw new PortFailure("dependency", `Could not ${what}: ${response.url.host} sent no JSON Web Key Set.`);
      this.#keys = { set, fetchedAt, until: fetchedAt + lifeOf(response.headers.get("cache-control")) };
      this.#failed = null;
      return this.#keys;
    } catch (cause) {
      this.#failed = { at: this.#clock.now(), cause };
      throw cause;
    }
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== "object" || value === null || !("keys" in value) || !Array.isArray(value.keys)) return false;
  return value.keys.every((key: unknown) => typeof key === "object" && key !== null && "kty" in key && typeof key.kty === "string");
}

/** `max-age` (RFC 9111 §5.2.2.1), within limits. */
function lifeOf(cacheControl: string | null): Milliseconds {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/.exec(cacheControl ?? "")?.[1];
  const life = seconds === undefined ? LIFE : Number(seconds) * 1_000;
  return Math.min(Math.max(life, SHORTEST_LIFE), LONGEST_LIFE);
}
