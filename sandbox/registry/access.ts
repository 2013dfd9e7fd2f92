import type { Milliseconds } from "../../src/domain/answer.ts";
import type { Clock } from "../../src/ports.ts";

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface TokenRules {
  /** Who gets tokens; null for a registry that gives them to anyone, for pulling. */
  readonly account: Account | null;
  /** What `expires_in` says and what is kept to; left out of the answer when null. */
  readonly life?: Milliseconds | null;
  /** Where clients are sent; the registry's own `/token` unless told. */
  readonly realm?: string;
  /** Put before the Bearer challenge in the header. */
  readonly otherChallenge?: string;
  /** What a token that is old or does not suffice is answered with; some registries say 403, with no challenge. */
  readonly refusal?: 401 | 403;
}

interface Grant {
  readonly scopes: ReadonlySet<string>;
  readonly until: number;
}

/** The status and the challenge to answer with; null lets the request in. */
export type Refusal = { readonly status: 401 | 403; readonly challenge: string | null } | null;

/** The door of the registry: open, behind Basic, or behind tokens of its own token server. */
export class AccessControl {
  readonly #clock: Pick<Clock, "now">;
  readonly #origin: () => string;
  #basic: Account | null = null;
  #tokens: TokenRules | null = null;
  readonly #grants = new Map<string, Grant>();
  #issued = 0;

  constructor(clock: Pick<Clock, "now">, origin: () => string) {
    this.#clock = clock;
    this.#origin = origin;
  }

  requireNothing(): void {
    this.#basic = null;
    this.#tokens = null;
  }

  requireBasic(account: Account): void {
    this.#basic = account;
    this.#tokens = null;
  }

  requireToken(rules: TokenRules): void {
    this.#basic = null;
    this.#tokens = rules;
  }

  revokeTokens(): void {
    this.#grants.clear();
  }

  /** Tokens given out so far. */
  get issued(): number {
    return this.#issued;
  }

  check(authorization: string | undefined, repository: string | null, action: "pull" | "push"): Refusal {
    if (this.#basic !== null) {
      if (isAccount(authorization, this.#basic)) return null;
      return { status: 401, challenge: 'Basic realm="Registry Realm"' };
    }
    if (this.#tokens === null) return null;
    const scope = repository === null ? "" : `repository:${repository}:${action}`;
    const grant = this.#grants.get(/^Bearer (.+)$/.exec(authorization ?? "")?.[1] ?? "");
    const alive = grant !== undefined && grant.until > this.#clock.now();
    if (alive && (scope === "" || grant.scopes.has(scope))) return null;
    if (authorization !== undefined && this.#tokens.refusal === 403) return { status: 403, challenge: null };
    const realm = this.#tokens.realm ?? `${this.#origin()}/token`;
    const wanted = repository === null ? "" : `,scope="repository:${repository}:${action === "push" ? "pull,push" : "pull"}"`;
    const error = authorization === undefined ? "" : `,error="${alive ? "insufficient_scope" : "invalid_token"}"`;
    const other = this.#tokens.otherChallenge === undefined ? "" : `${this.#tokens.otherChallenge}, `;
    return { status: 401, challenge: `${other}Bearer realm="${realm}",service="sandbox, registry"${wanted}${error}` };
  }

  /** The token server: the answer's status and JSON. */
  issue(authorization: string | undefined, query: URLSearchParams): { readonly status: number; readonly body: object } {
    const rules = this.#tokens;
    if (rules === null) return { status: 404, body: { errors: [] } };
    if (rules.account !== null && !isAccount(authorization, rules.account)) {
      return { status: 401, body: { details: "incorrect username or password" } };
    }
    const scopes = new Set<string>();
    for (const scope of query.getAll("scope").flatMap((text) => text.split(" "))) {
      const [, resource = "", actions = ""] = /^(.+):([^:]*)$/.exec(scope) ?? [];
      // Less may be given than was asked for, without a word (specification).
      for (const action of actions.split(",")) if (rules.account !== null || action === "pull") scopes.add(`${resource}:${action}`);
    }
    this.#issued += 1;
    const token = `token-${this.#issued}`;
    const life = rules.life ?? 60_000;
    this.#grants.set(token, { scopes, until: this.#clock.now() + life });
    const expiry = rules.life === null ? {} : { expires_in: life / 1000 };
    return { status: 200, body: { token, access_token: token, ...expiry, issued_at: new Date(this.#clock.now()).toISOString() } };
  }
}

function isAccount(authorization: string | undefined, account: Account): boolean {
  return authorization === `Basic ${Buffer.from(`${account.username}:${account.password}`).toString("base64")}`;
}
