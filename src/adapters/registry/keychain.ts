import { NewestEntries } from "../../domain/newest-entries.ts";
import type { Instant, Milliseconds } from "../../domain/answer.ts";
import type { Clock } from "../../ports.ts";
import type { RepositoryAddress } from "./address.ts";
import { askCredentialHelper } from "./credential-helper.ts";
import { credentialHost, type Credentials } from "./credentials.ts";
import type { HelperNames } from "./docker-config.ts";

/**
 * How long what a helper said is used. Helpers do not say how long it holds: ECR's passwords live for twelve hours, Google's
 * for one at most. What is refused before that is asked for again.
 */
const LIFE: Milliseconds = 15 * 60_000;

/** A helper is not asked again sooner, however often what it said is refused. */
const SHORTEST_LIFE: Milliseconds = 60_000;

/** Manifests can name any number of registries. */
const MOST_HOSTS = 1_000;

/** Who signs in to read a repository. */
export interface Login {
  /** Null when nobody is known for it. */
  readonly credentials: Credentials | null;
  /** The helper that said so, by the part of its name after `docker-credential-`; null for the Docker config. */
  readonly helper: string | null;
  /** When it was asked for. */
  readonly asked: Instant;
  /** Until when it is used; for ever when it stands in the Docker config. */
  readonly until: Instant;
}

export interface KeychainOptions {
  readonly clock: Pick<Clock, "now">;
  /** By `credentialHost`, with a path behind it where they are for a part of the registry. */
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly helpers: HelperNames;
  /** The environment that helpers may take from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds who signs in where: a helper of the registry goes before an entry, an entry before the store of all others, and of
 * entries the one with the longest path that the repository is in (containers-auth.json(5)). A helper is run once for everybody who waits.
 */
export class Keychain {
  readonly #options: KeychainOptions;
  readonly #said = new NewestEntries<string, Login>(MOST_HOSTS);
  readonly #asking = new Map<string, Promise<Login>>();

  constructor(options: KeychainOptions) {
    this.#options = options;
  }

  /** Throws `PortFailure` when a helper fails. */
  async login(address: RepositoryAddress): Promise<Login> {
    const host = credentialHost(address.domain);
    const { byHost, store } = this.#options.helpers;
    const written = this.#written(`${host}/${address.path}`);
    const helper = byHost.get(host) ?? (written === null ? store : null);
    const now = this.#options.clock.now();
    if (helper === null) return { credentials: written, helper, asked: now, until: Number.POSITIVE_INFINITY };
    const said = this.#said.get(host);
    return said !== undefined && said.until > now ? said : await this.#ask(host, helper);
  }

  /**
   * What a helper says now, after what it had said was refused; null when there is nothing else to try. Throws `PortFailure` when it fails.
   */
  async newer(address: RepositoryAddress, refused: Login): Promise<Login | null> {
    const { helper } = refused;
    if (helper === null) return null;
    const current = await this.login(address);
    if (!isSame(current, refused)) return current;
    if (current.asked + SHORTEST_LIFE > this.#options.clock.now()) return null;
    const asked = await this.#ask(credentialHost(address.domain), helper);
    return isSame(asked, refused) ? null : asked;
  }

  #written(repository: string): Credentials | null {
    for (let scope = repository; ; scope = scope.slice(0, scope.lastIndexOf("/"))) {
      const found = this.#options.credentials.get(scope);
      if (found !== undefined) return found;
      if (!scope.includes("/")) return null;
    }
  }

  async #ask(host: string, helper: string): Promise<Login> {
    const running = this.#asking.get(host);
    if (running !== undefined) return await running;
    const asking = this.#run(host, helper).finally(() => this.#asking.delete(host));
    this.#asking.set(host, asking);
    return await asking;
  }

  async #run(host: string, helper: string): Promise<Login> {
    const { clock, environment } = this.#options;
    const credentials = await askCredentialHelper({ name: helper, host, environment });
    const asked = clock.now();
    const login = { credentials, helper, asked, until: asked + LIFE };
    this.#said.set(host, login);
    return login;
  }
}

function isSame(one: Login, other: Login): boolean {
  return JSON.stringify(one.credentials) === JSON.stringify(other.credentials);
}
