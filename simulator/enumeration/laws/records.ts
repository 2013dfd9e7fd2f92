/** That the log tells the truth: S15 and S16 (what became of a release), S17 (what went bad), S22 (who may), S24 (what happened). */
import type { LogRecord } from "../../../src/domain/record.ts";
import { sameRelease } from "../../../src/domain/release.ts";
import type { Breach } from "../../world-view.ts";
import { indexOf, isStage, mayWrite, PINION, type Scenario, type Stage, type World } from "../small-world.ts";
import { whyNotThrough } from "./gates.ts";
import { breach, environmentOf, isUntouched, placeIn, runsIn, runsWell } from "./reading.ts";

type Of<E extends LogRecord["event"]> = Extract<LogRecord, { readonly event: E }>;

export function untrueRecords(world: World, record: LogRecord, scenario: Scenario): readonly Breach[] {
  if (!("environment" in record) || !isStage(record.environment)) return [];
  const stage = record.environment;
  const words = `${record.event} in ${stage} is to be recorded`;
  switch (record.event) {
    case "deployed":
      return runsWell(world, stage, record.release, record.commit) ? [] : [breach("S15", `${words} of ${record.release.version}, which does not run well`)];
    case "verified":
      return verified(world, stage, record, words, scenario);
    case "degraded":
    case "sync-failed":
    case "deadline":
    case "breached":
      return bad(world, stage, record, words);
    case "requested":
      return requested(world, record, words);
    case "freeze-begun":
    case "unfrozen":
      return mayWrite(record.by) ? [] : [breach("S22", `${words} by ${record.by}, who may not`)];
    case "freeze-ignored":
      return mayWrite(record.by) ? [breach("S22", `${words} of ${record.by}, who may freeze`)] : [];
    case "opened":
      return opened(world, record, words);
    case "judged":
      return judged(world, record, words, scenario);
    case "merged":
      return merged(world, stage, record, words);
    case "out-of-band":
      return byHand(world, record, words);
    case "withdrawn": {
      const pull = world.pulls.find(({ number }) => number === record.pullRequest);
      return pull?.state === "closed" && pull.end?.by !== PINION ? [] : [breach("S24", `${words}, and nobody closed #${record.pullRequest}`)];
    }
    case "adopted":
    case "reverted":
    case "quarantined":
    case "frozen":
    case "freeze-ended":
    case "held":
      return [];
  }
}

function verified(world: World, stage: Stage, { release, commit }: Of<"verified">, words: string, scenario: Scenario): readonly Breach[] {
  const found: Breach[] = [];
  const told = `${words} of ${release.version}`;
  if (!runsWell(world, stage, release, commit)) found.push(breach("S15", `${told}, which does not run well`));
  const { current } = placeIn(world, stage);
  if (current === null || current.via === "adopted") return found;
  const end = current.deployedAt === null ? Number.POSITIVE_INFINITY : current.deployedAt + environmentOf(scenario, stage).watch;
  if (world.now < end) found.push(breach("S16", `${told} before its watch is over`));
  if (scenario.config.defaults.slo === null) return found;
  const { failingSince } = world.clusters[stage];
  if (world.outages.includes("metrics")) found.push(breach("S16", `${told}, and the SLO cannot be measured`));
  if (failingSince !== null && failingSince < end) found.push(breach("S16", `${told}, whose requests fail`));
  return found;
}

function bad(world: World, stage: Stage, { event, release, commit }: Of<"degraded" | "sync-failed" | "deadline" | "breached">, words: string): readonly Breach[] {
  const { health, since, failingSince, at } = world.clusters[stage];
  const told = `${words} of ${release.version}`;
  const index = indexOf(world, commit);
  const stay = placeIn(world, stage).current;
  const found: Breach[] = [];
  if (index === null || at < index || !runsIn(world, stage, release)) found.push(breach("S17", `${told}, which is not there`));
  if (event !== "breached" && world.outages.includes("cluster")) found.push(breach("S16", `${told}, and the cluster cannot be seen`));
  if (event === "degraded" && (health !== "degraded" || since < (stay?.since ?? 0))) found.push(breach("S17", `${told}, which did not become degraded after it came`));
  if (event === "sync-failed" && health !== "sync-failed") found.push(breach("S17", `${told}, which was applied`));
  if (event === "deadline" && health !== "progressing") found.push(breach("S17", `${told}, which is not on its way`));
  if (event === "breached" && (failingSince === null || failingSince < (stay?.since ?? 0))) found.push(breach("S17", `${told}, whose requests did not begin to fail after it came`));
  if (event === "breached" && world.outages.includes("metrics")) found.push(breach("S16", `${told}, and the SLO cannot be measured`));
  return found;
}

function requested(world: World, { by, pullRequest, release }: Of<"requested">, words: string): readonly Breach[] {
  const pull = world.pulls.find(({ number }) => number === pullRequest);
  const said = pull !== undefined && (pull.labels.some((label) => label.by === by) || pull.comments.some((comment) => comment.by === by));
  if (!said) return [breach("S22", `${words}, for which ${by} never asked`)];
  const found = mayWrite(by) ? [] : [breach("S22", `${words} by ${by}, who may not ask`)];
  const brought = pull.state === "merged" ? pull.head.to : (pull.openedFor?.release ?? pull.head.to);
  return sameRelease(brought, release) ? found : [...found, breach("S22", `${words} of ${release.version}, and ${brought.version} was asked for`)];
}

function opened(world: World, { pullRequest, release, kind, environment }: Of<"opened">, words: string): readonly Breach[] {
  const meant = world.pulls.find(({ number }) => number === pullRequest)?.openedFor ?? null;
  const isTrue = meant !== null && meant.stage === environment && meant.kind === kind && sameRelease(meant.release, release);
  return isTrue ? [] : [breach("S24", `${words} of #${pullRequest} as ${kind} of ${release.version}, and it was opened for something else`)];
}

function judged(world: World, { pullRequest, head, release }: Of<"judged">, words: string, scenario: Scenario): readonly Breach[] {
  const pull = world.pulls.find(({ number }) => number === pullRequest);
  if (pull === undefined || pull.head.oid !== head) return [breach("S24", `${words} of #${pullRequest} at a head that it does not have`)];
  if (!sameRelease(pull.head.to, release)) return [breach("S4", `${words} of #${pullRequest} with another release than it brings`)];
  return whyNotThrough(world, pull, `${words} of #${pullRequest}`, scenario);
}

function merged(world: World, stage: Stage, record: Of<"merged">, words: string): readonly Breach[] {
  const { pullRequest, commit, judgement, head, kind, release } = record;
  const told = `${words} of #${pullRequest}`;
  const pull = world.pulls.find(({ number }) => number === pullRequest);
  if (pull?.state !== "merged" || pull.end?.commit !== commit) return [breach("S24", `${told}, which was not merged so`)];
  const found: Breach[] = [];
  const change = world.main.find(({ oid }) => oid === commit);
  if (change?.stage !== stage || !sameRelease(change.to, release)) found.push(breach("S24", `${told}, which brought something else`));
  const passed = world.ledger.passed.has(`${pullRequest}@${head}`);
  if (judgement === "judged" && !passed) found.push(breach("S24", `${told} as judged, and it was not`));
  if (isUntouched(pull) && pull.openedFor?.kind !== kind) found.push(breach("S24", `${told} as ${kind}, and it was opened as ${pull.openedFor?.kind ?? "nothing"}`));
  if (pull.end.by === PINION && judgement !== "judged") found.push(breach("S1", `${told} as ${judgement}, and Pinion merged it`));
  return found;
}

/** What Pinion merged itself is nobody's change by hand. */
function byHand(world: World, { commit, pullRequest }: Of<"out-of-band">, words: string): readonly Breach[] {
  const change = world.main.find(({ oid }) => oid === commit);
  const told = `${words} by ${commit.slice(0, 1)}${Number(commit.slice(1))}`;
  if (change === undefined) return [breach("S24", `${told}, which is not on the default branch`)];
  return change.pull === pullRequest && change.pull === null ? [] : [breach("S24", `${told}, which came by #${change.pull ?? 0}`)];
}
