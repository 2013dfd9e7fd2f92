import { ProbotOctokit } from "probot";
import { isRecord } from "../../domain/json.ts";

/**
 * The Octokit class to build Probot with. Its throttling spaces out requests as GitHub asks, but never waits for a rate
 * limit to end: that can take an hour, and it is the caller who decides when to look again. What fails for a reason that
 * may pass is asked once more, and not three times over fourteen seconds.
 *
 * @param throttled false only against a GitHub that is not GitHub's: one request a second is slow for tests and demos, and so
 * is a second of waiting before what failed is asked again.
 */
export function pinionOctokit(throttled: boolean): typeof ProbotOctokit {
  // A function, because Probot gives its own throttle settings, which would replace those of an object.
  return ProbotOctokit.defaults((options: Readonly<Record<string, unknown>> = {}) => {
    const { throttle } = options;
    const given = isRecord(throttle) ? throttle : {};
    return {
      ...options,
      auth: askingThere(options),
      throttle: { ...given, onRateLimit: giveUp, onSecondaryRateLimit: giveUp, ...(throttled ? {} : { enabled: false }) },
      retry: { retries: 1, ...(throttled ? {} : { retryAfterBaseValue: 1 }) },
    };
  });
}

/** Probot asks for an installation's token at the same address as for all else, but for one that is asked for by itself (`auth()`). */
function askingThere({ auth, baseUrl }: Readonly<Record<string, unknown>>): unknown {
  if (typeof baseUrl !== "string" || !isRecord(auth) || !isRequest(auth["request"])) return auth;
  return { ...auth, request: auth["request"].defaults({ baseUrl }) };
}

interface Request {
  defaults(parameters: { readonly baseUrl: string }): unknown;
}

function isRequest(value: unknown): value is Request {
  return typeof value === "function" && "defaults" in value && typeof value.defaults === "function";
}

function giveUp(): boolean {
  return false;
}

/** What the adapter uses of an Octokit. */
export type Client = Pick<InstanceType<typeof ProbotOctokit>, "request" | "graphql">;

/** Clients as Probot's `auth` gives them; both made with {@link pinionOctokit} and `boundedFetch`. */
export interface GitHubClients {
  /** Speaks as the App itself, by its key. */
  app(): Promise<Client>;
  /** Speaks as one installation. */
  installation(id: number): Promise<Client>;
}
