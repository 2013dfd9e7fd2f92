import type { Actor } from "./model.ts";
import { SandboxRefusal } from "./refusal.ts";
import type { GitHubState } from "./state.ts";

const HOUR = 3_600_000;
/** What GitHub gives to callers that are not signed in. */
const ANONYMOUS_LIMIT = 60;

interface Window {
  readonly resetAt: number;
  used: number;
}

export interface Rate {
  readonly limit: number;
  readonly remaining: number;
  readonly used: number;
  /** Seconds since the epoch, by the sandbox's clock. */
  readonly reset: number;
}

function callerKey(actor: Actor): string {
  switch (actor.kind) {
    case "anonymous":
      return "anonymous";
    case "app":
      return `app ${actor.app.id}`;
    case "installation":
      return `installation ${actor.installation.id}`;
    case "user":
      return `user ${actor.account.id}`;
  }
}

/** GitHub's primary rate limit of the REST API, counted by caller and hour. */
export class RateMeter {
  /** Requests an hour for an App or person: 5,000 at GitHub, more for big installations. */
  limit = 5_000;
  readonly #state: GitHubState;
  readonly #windows = new Map<string, Window>();

  constructor(state: GitHubState) {
    this.#state = state;
  }

  #window(actor: Actor): Window {
    const key = callerKey(actor);
    const now = this.#state.now();
    const running = this.#windows.get(key);
    if (running !== undefined && running.resetAt > now) return running;
    const fresh = { resetAt: now + HOUR, used: 0 };
    this.#windows.set(key, fresh);
    return fresh;
  }

  rate(actor: Actor): Rate {
    const { resetAt, used } = this.#window(actor);
    const limit = actor.kind === "anonymous" ? Math.min(ANONYMOUS_LIMIT, this.limit) : this.limit;
    return { limit, used: Math.min(used, limit), remaining: Math.max(0, limit - used), reset: Math.ceil(resetAt / 1000) };
  }

  /** Counts one request. Throws 403 when there are none left. */
  count(actor: Actor): void {
    if (this.rate(actor).remaining === 0) {
      const whom = actor.kind === "installation" ? `installation ID ${actor.installation.id}` : callerKey(actor);
      throw new SandboxRefusal(403, "forbidden", `API rate limit exceeded for ${whom}.`);
    }
    this.#window(actor).used += 1;
  }

  /** A 304 is free (docs, "Use conditional requests"). */
  giveBack(actor: Actor): void {
    this.#window(actor).used -= 1;
  }

  headers(actor: Actor): Record<string, string> {
    const { limit, remaining, used, reset } = this.rate(actor);
    return {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-used": String(used),
      "x-ratelimit-reset": String(reset),
      "x-ratelimit-resource": "core",
    };
  }

  /** `GET /rate_limit`, which itself is free. */
  overview(actor: Actor): unknown {
    const core = this.rate(actor);
    const search = { limit: 30, remaining: 30, used: 0, reset: core.reset };
    return { resources: { core, search, graphql: { ...core, limit: 5_000 }, integration_manifest: core }, rate: core };
  }
}
