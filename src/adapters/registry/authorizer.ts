import type { Instant, Milliseconds } from "../../domain/answer.ts";
import type { Clock } from "../../ports.ts";
import { PortFailure } from "../../ports.ts";
import { request, type HttpResponse, type TargetGuard } from "../http.ts";
import type { RepositoryAddress } from "./address.ts";
import { bearerOf, offersBasic, parseChallenges, type BearerChallenge } from "./challenge.ts";
import { credentialHost, type Credentials } from "./credentials.ts";

/** The shortest life of a token: the default of the specification, also for servers that say less. */
const SHORTEST_LIFE: Milliseconds = 60_000;
const LONGEST_LIFE: Milliseconds = 60 * 60_000;
const LARGEST_TOKEN_ANSWER = 256 * 1024;
const MOST_REPOSITORIES = 20_000;

/** What a read never needs, whatever a challenge names. */
const WRITES: ReadonlySet<string> = new Set(["push", "delete", "*"]);

/** What is known of getting into one repository. */
interface Entry {
  readonly authorization: string;
  readonly until: Instant;
  readonly bearer: BearerChallenge | null;
}

export interface AuthorizerOptions {
  /** By {@link credentialHost}. */
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly clock: Pick<Clock, "now">;
  readonly guard: TargetGuard;
  readonly deadlineMs: Milliseconds;
  readonly fetch: typeof globalThis.fetch | undefined;
}

/**
 * Gets the `Authorization` that a registry wants (distribution "Token Authentication Specification"). Tokens are kept
 * per repository, which is what their scope names, and are asked for once however many calls wait for one.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #fetching = new Map<string, Promise<Entry>>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** What to send along, or null when nothing is known to be needed. */
  current(address: RepositoryAddress): string | null {
    const entry = this.#entries.get(address.repository);
    return entry === undefined || entry.until <= this.#options.clock.now() ? null : entry.authorization;
  }

  /**
   * What to send instead of `refused`, after the registry answered 401 or 403. Throws {@link PortFailure}: `stalled` when
   * there is no way in without a person, `dependency` when the token server does not answer.
   */
  async renew(address: RepositoryAddress, refused: string | null, response: HttpResponse): Promise<string> {
    const present = this.current(address);
    // Another call was quicker.
    if (present !== null && present !== refused) return present;
    const running = this.#fetching.get(address.repository);
    if (running !== undefined) return (await running).authorization;
    const fetching = this.#obtain(address, response);
    this.#fetching.set(address.repository, fetching);
    try {
      const entry = await fetching;
      this.#remember(address.repository, entry);
      return entry.authorization;
    } catch (problem) {
      this.#entries.delete(address.repository);
      throw problem;
    } finally {
      this.#fetching.delete(address.repository);
    }
  }

  #remember(repository: string, entry: Entry): void {
    this.#entries.delete(repository);
    this.#entries.set(repository, entry);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > MOST_REPOSITORIES && oldest.done !== true) this.#entries.delete(oldest.value);
  }

  async #obtain(address: RepositoryAddress, response: HttpResponse): Promise<Entry> {
    const known = this.#entries.get(address.repository)?.bearer ?? null;
    const challenges = parseChallenges(response.headers.get("www-authenticate") ?? "");
    const credentials = this.#options.credentials.get(credentialHost(address.domain));
    // A 403 to an old token brings no challenge; the last one still holds.
    const bearer = withScopesOf(bearerOf(challenges), known, address);
    if (bearer !== null) return await this.#token(address, bearer, credentials);
    if (offersBasic(challenges) && credentials !== undefined) {
      return { authorization: basic(credentials), until: Number.POSITIVE_INFINITY, bearer: null };
    }
    throw new PortFailure("stalled", `Could not get into ${address.repository}: ${refusal(address, response, credentials)}`);
  }

  async #token(address: RepositoryAddress, bearer: BearerChallenge, credentials: Credentials | undefined): Promise<Entry> {
    const { clock, guard, deadlineMs, fetch } = this.#options;
    const refusal = await guard(bearer.realm, address.origin);
    if (refusal !== null) {
      const text = `Could not get a token to read ${address.repository}: ${address.origin.host} ${refusal.reason}.`;
      throw new PortFailure(refusal.kind, text);
    }
    const url = new URL(bearer.realm);
    if (bearer.service !== null) url.searchParams.set("service", bearer.service);
    for (const scope of bearer.scopes) url.searchParams.append("scope", scope);
    const asked = clock.now();
    const response = await request(url, {
      what: `get a token to read ${address.repository}`,
      headers: { accept: "application/json", ...(credentials === undefined ? {} : { authorization: basic(credentials) }) },
      deadlineMs,
      maxBytes: LARGEST_TOKEN_ANSWER,
      redirects: guard,
      now: () => clock.now(),
      ...(fetch === undefined ? {} : { fetch }),
    });
    const { token, life } = tokenOf(response.json());
    if (token === null) {
      const text = `Could not get a token to read ${address.repository}: ${url.host} answered without one. See its log.`;
      throw new PortFailure("dependency", text);
    }
    return { authorization: `Bearer ${token}`, until: asked + life, bearer };
  }
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function refusal(address: RepositoryAddress, response: HttpResponse, credentials: Credentials | undefined): string {
  const answer = `${address.origin.host} answered ${response.status}`;
  if (credentials === undefined) return `${answer} and there are no credentials for ${address.domain}. Give some.`;
  return `${answer} without saying how to sign in. Check that the credentials for ${address.domain} may pull it.`;
}

/**
 * One scope per resource with every reading action that was asked for so far, since some registries (Azure's) want
 * another action for tags than for manifests and would otherwise be asked for a token each time.
 */
function withScopesOf(fresh: BearerChallenge | null, known: BearerChallenge | null, address: RepositoryAddress): BearerChallenge | null {
  const bearer = fresh ?? known;
  if (bearer === null) return null;
  const actions = new Map<string, Set<string>>();
  for (const scope of [...(known?.scopes ?? []), ...(fresh?.scopes ?? [])]) {
    const end = scope.lastIndexOf(":");
    const resource = scope.slice(0, end);
    const reads = scope
      .slice(end + 1)
      .split(",")
      .filter((action) => action !== "" && !WRITES.has(action));
    if (end > 0) actions.set(resource, new Set([...(actions.get(resource) ?? []), ...reads, "pull"]));
  }
  if (actions.size === 0) actions.set(`repository:${address.path}`, new Set(["pull"]));
  // A registry that names ever new resources must not make the request grow.
  const scopes = [...actions].slice(-4).map(([resource, names]) => `${resource}:${[...names].toSorted().join(",")}`);
  return { realm: bearer.realm, service: bearer.service, scopes };
}

function tokenOf(answer: unknown): { readonly token: string | null; readonly life: Milliseconds } {
  if (typeof answer !== "object" || answer === null) return { token: null, life: 0 };
  const stated = "token" in answer && answer.token !== "" ? answer.token : "access_token" in answer ? answer.access_token : null;
  const token = typeof stated === "string" && /^[\x21-\x7e]+$/.test(stated) ? stated : null;
  const seconds = "expires_in" in answer && typeof answer.expires_in === "number" ? answer.expires_in : 0;
  return { token, life: Math.min(Math.max(seconds * 1000, SHORTEST_LIFE), LONGEST_LIFE) };
}
