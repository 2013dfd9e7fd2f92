import { ProbotOctokit } from "probot";
import { isRecord } from "./reader.ts";

/**
 * The Octokit class to build Probot with. Its throttling spaces out writes as GitHub asks, but never waits for a rate
 * limit to end: that can take an hour, and it is the caller who decides when to look again.
 */
export const PinionOctokit = ProbotOctokit.defaults((options: Readonly<Record<string, unknown>> = {}) => {
  const throttle = options["throttle"];
  return { ...options, throttle: { ...(isRecord(throttle) ? throttle : {}), onRateLimit: giveUp, onSecondaryRateLimit: giveUp } };
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
