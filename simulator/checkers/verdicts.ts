/**
 * What the log says of the cluster against what the cluster really did: S15 (deployed only what really ran, healthy for long
 * enough), S16 (verified and bad only what really was so: what cannot be seen is neither), S17 (bad only after it came).
 */
import type { Instant } from "../../src/domain/answer.ts";
import { LOG, MINUTE, type ClusterMoment } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { breach, environmentAt, holdsDigest } from "./reading.ts";

/** Argo CD writes whole seconds, cut off; ten of them must have passed. */
const HEALTHY_FOR = 9_000;
/** A minute, less what a sync takes: from its beginning on Argo CD does not tell old from new. */
const DEGRADED_FOR = 53_000;
const SECOND = 1_000;
/** A record is written this long after the look that it rests on, at most: slow calls, and a write that comes late. */
const LOOKED_BEFORE = 45_000;
/** The budget of 0.1 % burnt 6 times too fast, over hours: above this share nothing is good. */
const GOOD_BELOW = 0.006 * 1.1;
const BAD_ABOVE = 0.006 * 0.9;

export function verdictsChecker(): Checker {
  let read = 0;
  return {
    invariants: ["S15", "S16", "S17"],
    see(event, view) {
      if (event.kind !== "moved" || event.branch !== LOG) return [];
      const entries = view.log();
      const fresh = entries.slice(read);
      read = entries.length;
      return fresh.flatMap((entry) => judged(entry, view));
    },
  };
}

function judged(entry: LogEntry, view: WorldView): readonly Breach[] {
  switch (entry.event) {
    case "deployed":
      return deployed(entry, view);
    case "verified":
      return verified(entry, view);
    case "degraded":
      return degraded(entry, view);
    case "sync-failed":
      return syncFailed(entry, view);
    case "breached":
      return breached(entry, view);
    case "deadline":
      return deadline(entry, view);
    default:
      return [];
  }
}

interface Stretch extends ClusterMoment {
  readonly end: Instant;
}

/** What ran, as stretches of time until the moment of writing. */
function stretches(entry: LogEntry, view: WorldView): readonly Stretch[] {
  const moments = view.cluster(entry.app, entry.environment);
  const now = view.now();
  return moments.flatMap((moment, index) => {
    const end = Math.min(moments[index + 1]?.at ?? now, now);
    return end > moment.at ? [{ ...moment, end }] : [];
  });
}

function came(entry: LogEntry, view: WorldView): Instant {
  return view.commit(entry.commit ?? "")?.at ?? 0;
}

function ofRelease(entry: LogEntry, { digest }: Stretch): boolean {
  return digest !== null && holdsDigest(entry, digest);
}

function deployed(entry: LogEntry, view: WorldView): readonly Breach[] {
  const ran = stretches(entry, view).some(
    (one) => ofRelease(entry, one) && one.health === "Healthy" && one.end >= came(entry, view) && one.end - one.at >= HEALTHY_FOR,
  );
  return ran ? [] : [breach("S15", `${told(entry)} is recorded as deployed, and never ran there healthily`)];
}

function verified(entry: LogEntry, view: WorldView): readonly Breach[] {
  const entries = view.log().filter((other) => other.app === entry.app && other.environment === entry.environment);
  const start = entries.find((other) => other.event === "deployed" && other.commit === entry.commit);
  if (start === undefined) return [breach("S16", `${told(entry)} is recorded as verified, and was never deployed`)];
  // What was there before Pinion is taken as it is found.
  if (view.log().some((other) => other.event === "adopted" && other.commit === entry.commit)) return [];
  const main = view.facts().branches.get("main") ?? "";
  const environment = environmentAt(view, main, entry.environment);
  const watch = (environment?.watch ?? 0) * MINUTE;
  if (entry.at - start.at < watch - SECOND) return [breach("S16", `${told(entry)} is recorded as verified after ${entry.at - start.at} ms of ${watch}`)];
  const well = stretches(entry, view).some((one) => {
    return ofRelease(entry, one) && one.health === "Healthy" && one.end >= entry.writtenAt - LOOKED_BEFORE;
  });
  if (!well) return [breach("S16", `${told(entry)} is recorded as verified, and did not run well then`)];
  const config = view.configAt(main);
  if (config === null || environment === null || !config.slo) return [];
  if (entry.how !== "slo") return [breach("S16", `${told(entry)} is recorded as verified by ${entry.how ?? ""}, though users can be measured`)];
  return measuredGood(entry, start, watch, view) ? [] : [breach("S16", `${told(entry)} is recorded as good, and failed its users`)];
}

/** Whether users were well at some moment at which it may have been measured. */
function measuredGood(entry: LogEntry, start: LogEntry, watch: Instant, view: WorldView): boolean {
  // Once the watch is over it is measured ever more seldom: half of the time since then may have passed. By the clock of the machine, which may have been set back.
  const over = Math.max(0, entry.at - start.at - watch);
  for (let end = start.at + watch + Math.max(0, over / 2 - LOOKED_BEFORE); end <= view.now(); end += 2_000) {
    if (view.errorShare(entry.app, entry.environment, start.at, end) <= GOOD_BELOW) return true;
  }
  return view.errorShare(entry.app, entry.environment, start.at, view.now()) <= GOOD_BELOW;
}

function degraded(entry: LogEntry, view: WorldView): readonly Breach[] {
  const since = came(entry, view);
  const bad = stretches(entry, view).some((one) => {
    return ofRelease(entry, one) && one.health === "Degraded" && one.end - Math.max(one.at, since) >= DEGRADED_FOR;
  });
  return bad ? [] : [breach("S16", `${told(entry)} is recorded as degraded, and was not for long enough since it came`)];
}

function syncFailed(entry: LogEntry, view: WorldView): readonly Breach[] {
  const failed = stretches(entry, view).some(({ failedSync }) => failedSync !== null && view.isAncestor(entry.commit ?? "", failedSync));
  return failed ? [] : [breach("S16", `${told(entry)} is recorded as not synced, and no sync of it failed`)];
}

function breached(entry: LogEntry, view: WorldView): readonly Breach[] {
  const start = view.log().find((other) => other.event === "deployed" && other.commit === entry.commit && other.environment === entry.environment);
  if (start === undefined) return [breach("S17", `${told(entry)} is recorded as breached before it was deployed`)];
  // By the clock of its machine it came so much earlier, if that was set back.
  const behind = Math.max(0, entry.writtenAt - entry.at);
  let failed = false;
  for (let end = start.at + 60_000; end <= view.now(); end += 2_000) {
    if (view.errorShare(entry.app, entry.environment, start.at, end) <= BAD_ABOVE) continue;
    failed = true;
    const before = Math.min(came(entry, view), start.at);
    if ([before, before - behind].some((to) => view.errorShare(entry.app, entry.environment, to - (end - start.at), to) <= GOOD_BELOW)) return [];
  }
  // A machine whose clock was set back asks for what users met at other times than it means to.
  if (behind > MINUTE) return [];
  const words = `${told(entry)} is recorded as breached`;
  return [failed ? breach("S17", `${words}, and its users had been as bad before it came`) : breach("S16", `${words}, and its users were well`)];
}

function deadline(entry: LogEntry, view: WorldView): readonly Breach[] {
  const environment = environmentAt(view, view.facts().branches.get("main") ?? "", entry.environment);
  const waited = view.now() - came(entry, view);
  if (environment === null || waited >= environment.deadline * MINUTE) return [];
  return [breach("S16", `${told(entry)} is recorded as late after ${waited / 1_000} s`)];
}

function told({ app, environment, release }: LogEntry): string {
  return `${app} ${release?.version ?? ""} in ${environment}`;
}
