import type { Answer, Milliseconds } from "./answer.ts";
import { badUpstreamOrHere, standingBad } from "./badness.ts";
import type { Environment } from "./config.ts";
import type { Draft } from "./draft.ts";
import type { Facts, UnknownFact } from "./facts.ts";
import { approvalsFact } from "./facts/approvals.ts";
import { approversFact } from "./facts/approvers.ts";
import { sourceCiFact, upstreamChecksFact } from "./facts/checks.ts";
import { driftFact } from "./facts/drift.ts";
import { errorBudgetFact } from "./facts/error-budget.ts";
import { builtFact, imagesFact, labelsFact, platformsFact, tagsFact } from "./facts/images.ts";
import { mayWrite } from "./facts/people.ts";
import { windowFact } from "./facts/window.ts";
import { soakOf, type Stay } from "./ledger.ts";
import type { Issue, LabelEvent, ProposedChange, PullRequest } from "./observation.ts";
import { planAdopted } from "./progress.ts";
import type { HotfixWord, PromotionKind } from "./record.ts";
import { isCalled, sameRelease, type AppName, type EnvironmentName, type Pinned } from "./release.ts";
import type { Verdict } from "./rollout.ts";
import { provenanceFact, sbomsFact, scansFact, signaturesFact } from "./supply-chain-facts.ts";
import { rolloutOf } from "./rollout-question.ts";
import { directionOf, goingBack, unlearnedOf, type ReleaseOrder } from "./version-order.ts";

/** One promotion as it is judged: what a pull request makes, or would make when it is opened. */
export interface JudgedPromotion {
  readonly app: AppName;
  readonly environment: Environment;
  readonly kind: PromotionKind;
  /** By whose word it is a hotfix; null for any other kind. */
  readonly hotfix: HotfixWord | null;
  readonly origin: "bot" | "person";
  /** Everyone who asked for it; empty when it is automatic. */
  readonly requesters: readonly string[];
  /** Who asks for it in words that nothing has answered yet. */
  readonly asking: readonly string[];
  /** Pinion opened it, but it is not what Pinion opened any more. */
  readonly changedByOthers: boolean;
  readonly from: Pinned | null;
  readonly to: Pinned;
  /** The pin goes away, and `to` is empty. */
  readonly removal: boolean;
  /** A revert that only people may let through, whatever `rollback` says. */
  readonly proposedOnly: boolean;
  readonly pullRequest: PullRequest | null;
  /** What merging would change; null while the pull request is not open yet, and nothing else changes. */
  readonly proposal: ProposedChange | null;
}

/** A manifest in a registry is immutable by digest; that it was deleted may be learned this late. */
const REGISTRY_MAX_AGE: Milliseconds = 10 * 60_000;
/** How old a look at the upstream cluster may be when it counts as proof. */
const UPSTREAM_MAX_AGE: Milliseconds = 60_000;

/** Facts that are at hand and cost no question; every policy may read them. */
type FactAtHand = "now" | "promotion";

/** How each group of facts is gathered. Gathering is asking: what is not called here is not asked of the world. */
const GATHERERS: { readonly [K in Exclude<keyof Facts, FactAtHand>]: (draft: Draft, promotion: JudgedPromotion) => Facts[K] } = {
  order: (draft, { app, to, from }) => orderFact(to, from, draft.order(app)),
  change: (_draft, promotion) => changeFact(promotion),
  manifests: (_draft, { proposal }) => manifestsFact(proposal),
  registry: (draft, { to }) => registryFact(draft, to),
  upstream: upstreamFact,
  approvals: approvalsFact,
  approvers: approversFact,
  freeze: (draft, { app, environment }) => freezeFact(draft, app, environment.name),
  quarantine: quarantineFact,
  rollout: rolloutFact,
  signatures: signaturesFact,
  provenance: provenanceFact,
  sboms: sbomsFact,
  scans: scansFact,
  paused: pausedFact,
  window: (draft, { environment }) => windowFact(draft, environment),
  images: (_draft, { to }) => imagesFact(to),
  tags: (draft, { to }) => tagsFact(draft, to),
  platforms: (draft, { to }) => platformsFact(draft, to),
  labels: (draft, { to }) => labelsFact(draft, to),
  built: (draft, { to }) => builtFact(draft, to),
  error_budget: errorBudgetFact,
  upstream_checks: upstreamChecksFact,
  source_ci: (draft, promotion) => keptFromStrangers(draft, promotion) ?? sourceCiFact(draft, promotion.to),
  drift: driftFact,
};

/** What Pinion itself reads of the facts, whatever the policies do: the log and the pull request tell of approvals. */
const ALWAYS_GATHERED: ReadonlySet<string> = new Set(["approvals"]);

/** So that a fact that nobody asked for is never taken for known. */
const NOT_ASKED: UnknownFact = { unknown: "it was not asked for, since no policy that judges here mentions it" };

/**
 * What the policies may read of one promotion, each fact known or unknown with its reason. Only groups among `wanted` are gathered,
 * and so asked of registries, clusters and people.
 */
export function promotionFacts(draft: Draft, promotion: JudgedPromotion, wanted: ReadonlySet<string>): Facts {
  const { app, environment, kind, origin, to, from } = promotion;
  const gather = <K extends keyof typeof GATHERERS>(name: K): Facts[K] | UnknownFact =>
    wanted.has(name) || ALWAYS_GATHERED.has(name) ? GATHERERS[name](draft, promotion) : NOT_ASKED;
  return {
    now: draft.now,
    promotion: {
      app,
      environment: environment.name,
      kind,
      origin,
      requester: promotion.requesters[0] ?? "",
      version: to.version,
      from_version: from?.version ?? "",
      first: environment.after.length === 0,
      every_image_has_digest: to.images.every((image) => image.digest !== null),
      went_bad: kind === "revert" ? "" : (badUpstreamOrHere(draft, app, environment.name, to) ?? ""),
    },
    order: gather("order"),
    change: gather("change"),
    manifests: gather("manifests"),
    registry: gather("registry"),
    upstream: gather("upstream"),
    approvals: gather("approvals"),
    approvers: gather("approvers"),
    freeze: gather("freeze"),
    quarantine: gather("quarantine"),
    rollout: gather("rollout"),
    signatures: gather("signatures"),
    provenance: gather("provenance"),
    sboms: gather("sboms"),
    scans: gather("scans"),
    paused: gather("paused"),
    window: gather("window"),
    images: gather("images"),
    tags: gather("tags"),
    platforms: gather("platforms"),
    labels: gather("labels"),
    built: gather("built"),
    error_budget: gather("error_budget"),
    upstream_checks: gather("upstream_checks"),
    source_ci: gather("source_ci"),
    drift: gather("drift"),
  };
}

function pausedFact(draft: Draft, { app, environment }: JudgedPromotion): Facts["paused"] {
  const paused = environment.paused ?? draft.settings(app).paused;
  return { active: paused !== null, reason: paused ?? "" };
}

function orderFact(to: Pinned, from: Pinned | null, order: ReleaseOrder): Facts["order"] {
  if (from === null) return { direction: "up", going_back: [] };
  const direction = directionOf(to, from, order);
  // One image that goes back is enough; of one that goes forward, another may still go back.
  const unlearned = direction === "down" ? null : unlearnedOf(to, from, order);
  if (unlearned !== null) return { unknown: unlearned };
  return { direction, going_back: to.images.length < 2 ? [] : goingBack(to, from, order) };
}

function changeFact(promotion: JudgedPromotion): Facts["change"] {
  const proposal = promotion.proposal;
  if (proposal === null) return { pins_only: true, other_files: [], conflicts: false };
  return {
    pins_only: proposal.otherFiles.length === 0 && (promotion.kind === "revert" || proposal.quarantines.length === 0),
    other_files: proposal.otherFiles,
    conflicts: proposal.conflicts.length > 0,
  };
}

function manifestsFact(proposal: ProposedChange | null): Facts["manifests"] {
  if (proposal === null) return { unknown: "what the files will say is known once the pull request is open" };
  if (proposal.conflicts.length > 0) return { unknown: "what the files would say is known once it does not conflict with the default branch" };
  return proposal.manifests ?? { unknown: "the files that it changes have not been read yet" };
}

function registryFact(draft: Draft, to: Pinned): Facts["registry"] {
  const missing: string[] = [];
  const moved: string[] = [];
  let unlearned: string | null = null;
  for (const image of to.images) {
    if (image.digest === null) {
      missing.push(`${image.repository}:${image.tag ?? ""} (no digest)`);
      continue;
    }
    const byDigest = draft.ask({ kind: "digest", repository: image.repository, reference: image.digest }, REGISTRY_MAX_AGE);
    if (byDigest === null || !byDigest.known) unlearned ??= byDigest?.reason ?? "the registry has not been asked yet";
    else if (byDigest.value !== image.digest) missing.push(`${image.repository}@${image.digest}`);
    if (image.tag === null) continue;
    const byTag = draft.ask({ kind: "digest", repository: image.repository, reference: image.tag }, REGISTRY_MAX_AGE);
    if (byTag?.known === true && byTag.value !== null && byTag.value !== image.digest) moved.push(`${image.repository}:${image.tag}`);
  }
  return unlearned === null ? { missing, moved } : { unknown: unlearned };
}

function upstreamFact(draft: Draft, promotion: JudgedPromotion): Facts["upstream"] {
  const { app, environment, to } = promotion;
  const entries = [];
  let unlearned: string | null = null;
  for (const name of environment.after) {
    const place = draft.place(app, name);
    const run = place.runs.findLast((candidate) => sameRelease(candidate.release, to) && candidate.verified !== null && !candidate.wentBad);
    const { soakedFor, doneAt } = soakOf(place, to, environment.soak, draft.now);
    // What stood there before Pinion is known of only once it was asked after.
    if (run === undefined && pinsWhat(draft, app, name, to)) planAdopted(draft, app, name);
    const running = place.current !== null && sameRelease(place.current.release, to) && place.current.deployedAt !== null;
    let bad = standingBad(draft, app, name, to) !== null;
    // When the stay there ended is known once the change is in the log: until then it would be taken to last on.
    if (draft.isChanging(app, name)) unlearned ??= `what was changed in ${name} is not in the promotion log yet`;
    // Soak counts while the cluster can be seen: what runs there now must still be well.
    else if (running && run !== undefined && !bad) {
      const verdict = rolloutOf(draft, app, name, UPSTREAM_MAX_AGE);
      if (verdict === null) unlearned ??= `${name} has not been looked at yet`;
      else if (verdict.verdict === "unknown" || verdict.verdict === "stale")
        unlearned ??= `how ${app} does in ${name} cannot be seen: ${verdict.reason}`;
      else if (verdict.verdict === "degraded" || verdict.verdict === "sync-failed") bad = true;
    }
    const soaked_at = doneAt ?? 0;
    if (doneAt !== null && doneAt > draft.now) draft.due(doneAt);
    const ran = place.runs.some((candidate) => sameRelease(candidate.release, to));
    const soak_lost = ran && doneAt === null;
    entries.push({
      environment: name,
      verified: run !== undefined,
      bad,
      soaked_for: soakedFor,
      soak: environment.soak,
      soaked_at,
      soak_lost,
    });
  }
  return unlearned === null ? entries : { unknown: unlearned };
}

/** Whether an environment's file pins this release, by digest or by a tag that the release has. */
function pinsWhat(draft: Draft, app: AppName, environment: EnvironmentName, release: Pinned): boolean {
  const pins = draft.pins(app, environment);
  return pins?.ok === true && isCalled(release, pins.pinned);
}

function quarantineFact(draft: Draft, promotion: JudgedPromotion): Facts["quarantine"] {
  const { quarantine } = draft.observation;
  if (!quarantine.known) return { unknown: quarantine.reason };
  const digests = new Set(promotion.to.images.map((image) => image.digest));
  const hits = quarantine.value
    .filter((entry) => digests.has(entry.digest as `sha256:${string}`))
    .filter((entry) => entry.environments.length === 0 || entry.environments.includes(promotion.environment.name))
    .map((entry) => `${entry.digest.slice(0, 19)} (${entry.reason})`);
  return { hits };
}

function rolloutFact(draft: Draft, promotion: JudgedPromotion): Facts["rollout"] {
  const current = draft.place(promotion.app, promotion.environment.name).current;
  const isOpen = current !== null && current.via !== "adopted" && current.verified === null && current.bad === null;
  const underWay = isOpen && isRollingOut(draft, promotion.environment, current);
  if (!underWay || sameRelease(current.release, promotion.to)) return { in_progress: false, version: "", reason: "" };
  const verdict = rolloutOf(draft, promotion.app, promotion.environment.name, UPSTREAM_MAX_AGE);
  return { in_progress: true, version: current.release.version, reason: verdict === null ? "" : obstacleOf(verdict) };
}

/** What keeps a rollout from ending by itself. While it goes on as it should, its steps are no news, and each would be another check. */
function obstacleOf({ verdict, reason }: Verdict): string {
  return verdict === "pending" || verdict === "deployed" ? "" : reason;
}

/** Until it runs, and then while it is watched: after that nothing more is learned of it by waiting. */
function isRollingOut(draft: Draft, environment: Environment, stay: Stay): boolean {
  if (stay.deployedAt === null) return true;
  const watched = stay.deployedAt + environment.watch;
  if (draft.now < watched) draft.due(watched);
  return draft.now < watched;
}

/** Why other repositories are not asked, or null: the answer, whatever it is, would tell whoever opened the pull request that one is there. */
function keptFromStrangers(draft: Draft, { pullRequest }: JudgedPromotion): UnknownFact | null {
  // Only who may write can push to a branch of this repository.
  if (pullRequest === null || !pullRequest.head.fork) return null;
  const write = mayWrite(draft, pullRequest.author.login);
  if (write === null || !write.known) return { unknown: write?.reason ?? "whether its author may write here has not been asked yet" };
  if (write.value) return null;
  return { unknown: "it comes from a fork, by somebody without write permission, so no other repository is asked for it; open it from a branch of this one" };
}

/** The person who set a label last, in the order of the timeline. */
export function lastLabelled(events: readonly LabelEvent[], label: string): LabelEvent | null {
  return events.findLast((event) => event.label.toLowerCase() === label.toLowerCase()) ?? null;
}

/** GitHub's label names differ by more than case. */
export function hasLabel(labels: readonly string[], label: string): boolean {
  return labels.some((other) => other.toLowerCase() === label.toLowerCase());
}

function freezeFact(draft: Draft, app: AppName, environment: EnvironmentName): Facts["freeze"] {
  const reasons: string[] = [];
  const frozen = draft.place(app, environment).frozen;
  if (frozen !== null) reasons.push(`${app} is stopped here by #${frozen.issue}: ${frozen.reason}`);
  const label = `freeze:${environment}`;
  const open = draft.observation.snapshot.issues.filter((issue) => issue.state === "open" && hasLabel(issue.labels, label));
  for (const { issue, effective } of open.map((one) => ({ issue: one, effective: freezeStands(draft, one, label) }))) {
    if (effective === null || !effective.known)
      return { unknown: `whether #${issue.number} stops ${environment}: ${effective?.reason ?? "not asked yet"}` };
    if (effective.value) reasons.push(`#${issue.number} ${issue.title}`);
  }
  return { active: reasons.length > 0, reasons };
}

function freezeStands(draft: Draft, issue: Issue, label: string): Answer<boolean> | null {
  const event = lastLabelled(issue.labelEvents, label);
  // Where nobody can be asked after, the safe reading of a freeze is that it stands.
  if (event === null || event.actor.kind !== "user") return { known: true, value: true, at: draft.now };
  return mayWrite(draft, event.actor.login);
}
