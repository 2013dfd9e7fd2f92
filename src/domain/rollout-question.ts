import type { Answer, Instant, Milliseconds } from "./answer.ts";
import { environmentOf } from "./config.ts";
import type { Draft } from "./draft.ts";
import { parseImageReference } from "./image-reference.ts";
import type { Need } from "./observation.ts";
import type { AppName, EnvironmentName, Oid, Pinned, Release } from "./release.ts";
import { verdictOf, type ObservedApplication, type Verdict } from "./rollout.ts";

/** The release whose rollout is asked about. */
export interface Wanted {
  readonly release: Pinned;
  readonly commit: Oid;
  readonly since: number;
}

/** The question to Argo CD and Git about one rollout. */
function rolloutNeed(draft: Draft, app: AppName, environment: EnvironmentName, wanted: Wanted): Extract<Need, { kind: "rollout" }> | null {
  const pins = draft.pins(app, environment);
  if (pins === null) return null;
  const applications = draft.settings(app).argocd.map((template) => template.replaceAll("{app}", app).replaceAll("{env}", environment));
  const endpoint = environmentOf(draft.config, environment)?.argocd ?? null;
  return { kind: "rollout", app, environment, commit: wanted.commit, applications, endpoint, file: pins.file, wanted: wanted.release };
}

/** What Argo CD shows of the Applications of what is pinned here now; null while that has not been asked, or when nothing is known to be pinned. */
export function applicationsOf(draft: Draft, app: AppName, environment: EnvironmentName, maxAge: Milliseconds): Answer<readonly ObservedApplication[]> | null {
  const { current } = draft.place(app, environment);
  const need = current === null ? null : rolloutNeed(draft, app, environment, current);
  return need === null ? null : draft.ask(need, maxAge);
}

/** Degraded for this long counts as bad; shorter is a flap. */
export const DEGRADED_FOR: Milliseconds = 60_000;

/** What became of a release in the cluster, or null while that has not been asked since then. */
export function verdictFor(
  draft: Draft,
  app: AppName,
  environment: EnvironmentName,
  wanted: Wanted,
  maxAge: Milliseconds,
  since: Instant = 0,
): Verdict | null {
  const need = rolloutNeed(draft, app, environment, wanted);
  if (need === null) return { verdict: "unknown", reason: "its file is gone" };
  const verdict = judged(draft, need, wanted, maxAge, since);
  const decisive = verdict === null ? null : decisiveMoment(verdict);
  if (decisive === null || draft.now < decisive) return verdict;
  // Healthy, or degraded, for long enough is only what is so at the end of that time: an older look may have been the last good one.
  return judged(draft, need, wanted, maxAge, Math.max(since, decisive));
}

/** When the time that counts is over, or null when this verdict does not wait for any. */
function decisiveMoment(verdict: Verdict): Instant | null {
  if (verdict.verdict === "pending") return verdict.until;
  return verdict.verdict === "degraded" ? verdict.since + DEGRADED_FOR : null;
}

/** Judges what was seen as of the moment at which it was seen. */
function judged(draft: Draft, need: Extract<Need, { kind: "rollout" }>, wanted: Wanted, maxAge: Milliseconds, since: Instant): Verdict | null {
  const answer = draft.ask(need, maxAge, { since });
  if (answer === null) return null;
  if (!answer.known) return { verdict: "unknown", reason: answer.reason };
  const images = wanted.release.images.flatMap(({ repository, digest }) => (digest === null ? [] : [{ repository, digest }]));
  return verdictOf(answer.value, { commit: wanted.commit, mergedAt: wanted.since, images }, answer.at);
}

/** What became of what is pinned here now, or null while that has not been asked. */
export function rolloutOf(draft: Draft, app: AppName, environment: EnvironmentName, maxAge: Milliseconds): Verdict | null {
  const current = draft.place(app, environment).current;
  if (current === null) return { verdict: "unknown", reason: "nothing is known to be pinned there" };
  return verdictFor(draft, app, environment, current, maxAge);
}

/**
 * A digest that runs here for one of the release's images and is not the release's: where a pin is only a tag, the tag may have
 * been moved since. Null when the pods show nothing else.
 */
export function otherDigestRuns(draft: Draft, app: AppName, environment: EnvironmentName, wanted: Wanted, release: Release): string | null {
  const need = rolloutNeed(draft, app, environment, wanted);
  const answer = need === null ? null : draft.ask(need, Number.MAX_SAFE_INTEGER);
  if (answer?.known !== true) return null;
  const live = answer.value
    .flatMap(({ status }) => status.images)
    .flatMap((text) => {
      const parsed = parseImageReference(text);
      return parsed.ok && parsed.reference.digest !== null ? [parsed.reference] : [];
    });
  for (const image of release.images) {
    const same = live.filter(({ repository }) => repository === image.repository);
    if (same.length > 0 && same.every(({ digest }) => digest !== image.digest)) return `${image.repository}@${same[0]?.digest ?? ""}`;
  }
  return null;
}
