import { ProbotOctokit } from "probot";
import { isRecord } from "./reader.ts";

/**
 * The Octokit class to build Probot with. Its throttling spaces out writes as GitHub asks, but never waits for a rate
 * limit to end: that can take an hour, and it is the caller who decides when to look again. What fails for a reason that
 * may pass is asked once more, and not three times over fourteen seconds.
 */
export const PinionOctokit = ProbotOctokit.defaults((options: Readonly<Record<string, unknown>> = {}) => {
  const { throttle, retry } = options;
  return {
    ...options,
    throttle: { ...(isRecord(throttle) ? throttle : {}), onRateLimit: giveUp, onSecondaryRateLimit: giveUp },
    retry: { retries: 1, ...(isRecord(retry) ? retry : {}) },
  };
});

function giveUp(): boolean {
  return false;
}

/** What the adapter uses of an Octokit. */
export type Client = Pick<InstanceType<typeof ProbotOctokit>, "request" | "graphql">;

/** Clients as Probot's `auth` gives them; both made with {@link PinionOctokit} and `boundedFetch`. */
export interface GitHubClients {
  /** Speaks as the App itself, by its key. */
  app(): Promise<Client>;
  /** Speaks as one installation. */
  installation(id: number): Promise<Client>;
}
