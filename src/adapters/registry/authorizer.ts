import { NewestEntries } from "../../domain/newest-entries.ts";
import type { Instant } from "../../domain/answer.ts";
import { PortFailure } from "../../ports.ts";
import type { HttpResponse } from "../http.ts";
import type { RepositoryAddress } from "./address.ts";
import { bearerOf, offersBasic, parseChallenges, type BearerChallenge } from "./challenge.ts";
import { basicAuthorization, isIdentityToken } from "./credentials.ts";
import { Keychain, type KeychainOptions, type Login } from "./keychain.ts";
import { askTokenServer, type TokenServerOptions } from "./token-server.ts";

const MOST_REPOSITORIES = 20_000;

/** What a read never needs, whatever a challenge names. */
const WRITES: ReadonlySet<string> = new Set(["push", "delete", "*"]);

/** What is known of getting into one repository. */
interface Entry {
  readonly authorization: string;
  readonly until: Instant;
  readonly bearer: BearerChallenge | null;
}

export type AuthorizerOptions = TokenServerOptions & KeychainOptions;

/**
 * Gets the `Authorization` that a registry wants (distribution "Token Authentication Specification"). Tokens are kept
 * per repository, which is what their scope names, and are asked for once however many calls wait for one.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #entries = new NewestEntries<string, Entry>(MOST_REPOSITORIES);
  readonly #fetching = new Map<string, Promise<Entry>>();
  readonly #keychain: Keychain;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#keychain = new Keychain(options);
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
      this.#entries.set(address.repository, entry);
      return entry.authorization;
    } catch (problem) {
      this.#entries.delete(address.repository);
      throw problem;
    } finally {
      this.#fetching.delete(address.repository);
    }
  }

  /**
   * What else to send, after `refused`, which had just been got, was refused too: the newer password of a helper. Null when there is
   * none. Throws {@link PortFailure} when the helper fails.
   */
  async newerPassword(address: RepositoryAddress, refused: string): Promise<string | null> {
    if (!refused.startsWith("Basic ")) return null;
    const login = await this.#keychain.login(address);
    const newer = basicEntry(login)?.authorization === refused ? await this.#keychain.newer(address, login) : login;
    const entry = newer === null ? null : basicEntry(newer);
    if (entry !== null) this.#entries.set(address.repository, entry);
    return entry?.authorization ?? null;
  }

  /** What to do when a repository stays shut to whoever signed in. Throws {@link PortFailure} when a helper fails. */
  async advice(address: RepositoryAddress): Promise<string> {
    return adviceFor(await this.#keychain.login(address), address);
  }

  async #obtain(address: RepositoryAddress, response: HttpResponse): Promise<Entry> {
    const known = this.#entries.get(address.repository);
    const challenges = parseChallenges(response.headers.get("www-authenticate") ?? "");
    // A 403 to an old token or password (ECR's) brings no challenge; the last one still holds.
    const bearer = withScopesOf(bearerOf(challenges), known?.bearer ?? null, address);
    if (bearer !== null) return await this.#signIn(address, bearer);
    const login = await this.#keychain.login(address);
    const answer = `${address.origin.host} answered ${response.status}`;
    if (!offersBasic(challenges) && known === undefined) throw noWayIn(address, `${answer} without saying how to sign in. ${adviceFor(login, address)}`);
    const usable = login.credentials === null ? await this.#keychain.newer(address, login) : login;
    const entry = usable === null ? null : basicEntry(usable);
    if (entry !== null) return entry;
    throw noWayIn(address, `${answer} and wants a user and a password. ${adviceFor(login, address)}`);
  }

  /** Goes to the token server, and once more if a helper knows something newer than what was refused there. */
  async #signIn(address: RepositoryAddress, bearer: BearerChallenge): Promise<Entry> {
    const { clock } = this.#options;
    const login = await this.#keychain.login(address);
    let asked = clock.now();
    let answer = await askTokenServer(address, bearer, login.credentials, this.#options);
    const newer = answer.ok ? null : await this.#keychain.newer(address, login);
    if (newer !== null) {
      asked = clock.now();
      answer = await askTokenServer(address, bearer, newer.credentials, this.#options);
    }
    if (answer.ok) return { authorization: `Bearer ${answer.token}`, until: asked + answer.life, bearer };
    const problem = `${bearer.realm.host} ${answer.problem}. ${adviceFor(newer ?? login, address)}`;
    throw new PortFailure("stalled", `Could not get a token to read ${address.repository}: ${problem}.`);
  }
}

/** Null when there is no user with a password. */
function basicEntry({ credentials, until }: Login): Entry | null {
  if (credentials === null || isIdentityToken(credentials)) return null;
  return { authorization: basicAuthorization(credentials), until, bearer: null };
}

function noWayIn(address: RepositoryAddress, problem: string): PortFailure {
  return new PortFailure("stalled", `Could not get into ${address.repository}: ${problem}.`);
}

/** What to do about a refusal, by who signed in. */
function adviceFor({ credentials, helper }: Login, { domain }: RepositoryAddress): string {
  const program = helper === null ? "" : `docker-credential-${helper}`;
  if (credentials === null && helper === null) return `There are no credentials for ${domain}: give some by PINION_REGISTRY_CONFIG`;
  if (credentials === null) return `${program} gave no credentials for ${domain}: check that it is signed in`;
  const from = helper === null ? "" : ` of ${program}`;
  const what = isIdentityToken(credentials) ? "identity token" : "credentials";
  return `Check that the ${what}${from} for ${domain} still hold${isIdentityToken(credentials) ? "s" : ""} and may pull it`;
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
