import type { Action, ManifestCommit } from "./action.ts";
import { promotionBranch } from "./branch.ts";
import { candidateFor } from "./candidate.ts";
import { isOwn } from "./changes.ts";
import type { Environment } from "./config.ts";
import { downstreamOf, type Draft } from "./draft.ts";
import { askedAsHotfix } from "./hotfix.ts";
import type { Facts } from "./facts.ts";
import { needsCodeOwners } from "./facts/code-owners.ts";
import { BRANCH_ATTEMPTS, gate, generationOf, type JudgedPullRequest } from "./judge-pull-request.ts";
import { isWhatWasOpened, soakOf } from "./ledger.ts";
import { carries, openPromotionIn, type OpenPromotion } from "./open-promotion.ts";
import { planAdopted } from "./progress.ts";
import { isQueued } from "./queue-events.ts";
import type { JudgedPromotion } from "./promotion-facts.ts";
import type { EnvironmentPins, PullRequest } from "./observation.ts";
import { checkContent } from "./report/check.ts";
import { commentMarker, movedOnComment, newerReadyComment, supersededComment } from "./report/comment.ts";
import { commitMessage } from "./report/commit-message.ts";
import { hotfixNotes } from "./hotfix-notices.ts";
import { promotionBody, type BodyEvidence } from "./report/promotion-body.ts";
import { promotionTitle } from "./report/promotion-title.ts";
import { revertFiles } from "./revert-files.ts";
import { asRelease, isStillPinned, releaseKey, sameRelease, sameRepositories, type AppName, type Pinned, type Release } from "./release.ts";
import { directionOf } from "./version-order.ts";

const HOUR = 3_600_000;
type ReadablePins = Extract<EnvironmentPins, { readonly ok: true }>;

/** Counts what may still be opened now, so that a large repository does not become a flood. */
export class OpeningBudget {
  #open: number;
  #hour: number;

  constructor(draft: Draft, judged: readonly JudgedPullRequest[]) {
    const { limits } = draft.config;
    const recent = draft.observation.ledger.opened.filter((at) => draft.now - at < HOUR);
    this.#open = limits.openPullRequests - judged.filter(({ own }) => own).length;
    this.#hour = limits.newPullRequestsPerHour - recent.length;
    const oldest = recent[0];
    if (this.#hour <= 0 && oldest !== undefined) draft.due(oldest + HOUR);
  }

  take(): boolean {
    if (this.#open <= 0 || this.#hour <= 0) return false;
    this.#open -= 1;
    this.#hour -= 1;
    return true;
  }
}

/** Opens the pull request that this place wants: the one a person asked for, else the automatic candidate. */
export function planOpening(
  draft: Draft,
  app: AppName,
  environment: Environment,
  judged: readonly JudgedPullRequest[],
  budget: OpeningBudget,
): void {
  const pins = draft.pins(app, environment.name);
  if (pins === null) return;
  if (!pins.ok) return draft.block(app, environment.name, pins.problem);
  const place = draft.place(app, environment.name);
  const settings = draft.settings(app);
  const paused = environment.paused ?? settings.paused;
  const request = place.request !== null && !sameRelease(place.request.release, pins.pinned) ? place.request : null;
  if (request === null && environment.promote === "on-request") return;
  if (request === null && paused !== null) return draft.block(app, environment.name, `paused: ${paused}`);
  const candidate = request !== null ? { release: request.release } : candidateFor(draft, app, environment, pins.pinned);
  if (candidate === null) return;
  if ("none" in candidate) return draft.block(app, environment.name, candidate.none);
  if (!sameRepositories(candidate.release, pins.pinned))
    return draft.block(app, environment.name, `${candidate.release.version} is made of other images than ${app} is now`);
  const refusal = pins.pins.find(
    (pin) => pin.refusal !== null && candidate.release.images.some((image) => image.repository === pin.repository),
  );
  if (refusal !== undefined && refusal.refusal !== null) return draft.block(app, environment.name, refusal.refusal);
  // What is replaced must be known to run, or there is nothing to go back to: once merged over, it cannot be seen any more.
  if (planAdopted(draft, app, environment.name) === "asking") return;
  const forward = forwardIn(draft, judged, app, environment.name);
  const leaving = judged.find((other) => other.movedOn !== null && (forward.has(other) || touches(other, app, environment.name)));
  if (leaving !== undefined) return draft.block(app, environment.name, `#${leaving.pullRequest.number} is closed first`);
  if ([...forward.values()].some((open) => carries(open, candidate.release))) return;
  if (forward.size > 0) return supersede(draft, forward, environment.name, candidate.release, request !== null);
  // The limits are against floods; what a person asks for is none.
  if (request === null && !budget.take())
    return draft.block(app, environment.name, `${candidate.release.version} waits: the limit of open or new pull requests is reached`);
  open(draft, environment, pins, { app, release: candidate.release, requesters: place.askers.get(releaseKey(candidate.release)) ?? [] });
}

function touches(judged: JudgedPullRequest, app: AppName, environment: string): boolean {
  return judged.promotions.some(({ promotion }) => promotion.app === app && promotion.environment.name === environment);
}

type Forward = ReadonlyMap<JudgedPullRequest, OpenPromotion>;

function forwardIn(draft: Draft, judged: readonly JudgedPullRequest[], app: AppName, environment: string): Forward {
  const forward = new Map<JudgedPullRequest, OpenPromotion>();
  for (const other of judged) {
    const open = openPromotionIn(draft, other, app, environment);
    if (open !== null && !open.revert) forward.set(other, open);
  }
  return forward;
}

/**
 * Makes room for another release: older pull requests that nobody cares for are closed. The new one opens at the next look, when
 * they are seen closed, so that there is one open promotion for a place at any time. What a person asks for comes before what
 * came by itself, newer or not.
 */
function supersede(draft: Draft, forward: Forward, environment: string, release: Release, requested: boolean): void {
  for (const [judged, open] of forward) {
    const { pullRequest, promotions } = judged;
    if (open.release === null) {
      draft.block(release.app, environment, `#${pullRequest.number} is open here, and what it promotes cannot be told`);
      continue;
    }
    const approved = pullRequest.reviews.some((review) => review.state === "approved");
    const cared = approved || promotions.some(({ promotion }) => promotion.requesters.length > 0) || judged.foreign || isQueued(draft.observation.snapshot, pullRequest, draft.now);
    const newer = directionOf(release, open.release, draft.order(release.app)) !== "down";
    const marker = releaseKey(release).slice(-12);
    if (!cared && (requested || newer)) {
      closeOwn(draft, judged, `superseded:${marker}`, (mark) => supersededComment({ marker: mark, version: release.version }));
    } else if (requested || newer) {
      commentOnce(draft, judged, `newer:${marker}`, (mark) => newerReadyComment({ marker: mark, version: release.version }));
      draft.block(release.app, environment, `${release.version} waits for #${pullRequest.number}, which people care for`);
    }
  }
}

export function commentOnce(draft: Draft, judged: JudgedPullRequest, marker: string, body: (marker: string) => string): void {
  const { pullRequest } = judged;
  if (pullRequest.comments.some((comment) => comment.author.kind === "app" && commentMarker(comment.body) === marker)) return;
  draft.act({ id: `comment #${pullRequest.number} ${marker}`, kind: "comment", pullRequest: pullRequest.number, body: body(marker) });
}

export function closeOwn(draft: Draft, judged: JudgedPullRequest, marker: string, body: (marker: string) => string): void {
  const { pullRequest } = judged;
  commentOnce(draft, judged, marker, body);
  draft.act({
    id: `close #${pullRequest.number}`,
    kind: "close",
    pullRequest: pullRequest.number,
    pullRequestId: pullRequest.id,
    // What somebody else put on the branch is theirs.
    branch: judged.foreign ? null : { name: pullRequest.head.ref, head: pullRequest.head.oid },
  });
}

/**
 * A branch name that is free, or holds what an earlier run of ours left. From what others put there it steps aside only where the
 * pull request of that name is known to have ended: else it may be one that is open, and GitHub does not list just now.
 */
function claim(
  draft: Draft,
  name: (attempt: number) => string,
): { readonly branch: string; readonly adopt: string | null } | { readonly taken: string } {
  const { emptyBranches, snapshot } = draft.observation;
  const { branches, open: listed, ended } = snapshot;
  for (let attempt = 1; attempt <= BRANCH_ATTEMPTS; attempt += 1) {
    const branch = name(attempt);
    const standing = branches.find((other) => other.name === branch);
    if (standing === undefined) return { branch, adopt: null };
    const isOf = (other: PullRequest) => !other.head.fork && other.head.ref === branch;
    // The log knows of a pull request from this very commit, which GitHub does not list just now: it must not be opened once more.
    if (isRecorded(draft, standing.oid)) return { taken: `the branch ${branch} has a pull request that GitHub does not list just now` };
    // A branch without a commit of its own is one whose commit never came: apply takes it over, or away where it stands further back.
    if (!listed.some(isOf) && (standing.own || emptyBranches.has(branch))) return { branch, adopt: standing.oid };
    if (!ended.some(isOf)) return { taken: `the branch ${branch} was made or changed by somebody else; delete it` };
  }
  return { taken: `branches named ${name(1)} were made by somebody else; delete them` };
}

/** Whether a pull request with this head was opened and, as far as the log knows, has not been withdrawn. */
function isRecorded(draft: Draft, head: string): boolean {
  const { openedAs, withdrawn } = draft.observation.ledger;
  return [...openedAs.values()].some((opened) => opened.head === head && !withdrawn.has(opened.pullRequest));
}

export interface Opening {
  readonly app: AppName;
  readonly release: Release;
  readonly requesters: readonly string[];
}

function open(draft: Draft, environment: Environment, pins: ReadablePins, opening: Opening): void {
  const { word } = askedAsHotfix(draft, opening.app, environment.name, opening.release);
  const promotion: JudgedPromotion = {
    app: opening.app,
    environment,
    kind: word === null ? "promotion" : "hotfix",
    hotfix: word,
    origin: "bot",
    requesters: opening.requesters,
    asking: [],
    changedByOthers: false,
    from: pins.pinned,
    to: opening.release,
    removal: false,
    proposedOnly: false,
    pullRequest: null,
    proposal: null,
  };
  openPullRequest(draft, promotion, opening.release, pins, [], null);
}

/** Opens the pull request of a promotion or a revert, with its check run. */
export function openPullRequest(
  draft: Draft,
  promotion: JudgedPromotion,
  release: Release,
  pins: ReadablePins,
  newFiles: ManifestCommit["newFiles"],
  bad: { readonly version: string; readonly evidence: string } | null,
): void {
  const { app, environment, kind, hotfix, requesters } = promotion;
  const revert = kind === "revert";
  // What was there before Pinion counts from the installation, whether the log has adopted it yet or not.
  const generation = generationOf(draft, app, environment.name);
  const naming = { app, environment: environment.name, release, from: pins.pinned, revert };
  const claimed = claim(draft, (attempt) => promotionBranch(naming, generation, attempt));
  if ("taken" in claimed) return draft.block(app, environment.name, claimed.taken);
  const branches = Array.from({ length: BRANCH_ATTEMPTS }, (_, index) => promotionBranch(naming, generation, index + 1));
  if (closedByPerson(draft, branches, promotion, release)) return;
  const gated = gate(draft, promotion);
  const text = { kind, app, environment: environment.name, version: release.version };
  const body = promotionBody({
    ...text,
    from: pins.pinned,
    to: release,
    file: pins.file,
    requesters,
    hotfix: hotfix === null ? null : { ...hotfix, passedBy: gated.passedBy },
    evidence: evidenceFrom(draft, revert ? [environment.name] : environment.after, environment, release),
    bad,
    quarantine: newFiles.map(({ file }) => file),
    mergeRule: mergeRule(promotion, gated.facts.approvals),
    nextOnRequest: requestableAfter(draft, environment),
  });
  const action: Action = {
    id: `open ${claimed.branch}`,
    kind: "open",
    app,
    environment: environment.name,
    branch: claimed.branch,
    adopt: claimed.adopt,
    commit: manifestCommit(draft, environment, pins, release, kind, newFiles),
    title: promotionTitle(text),
    body,
    check: checkContent({
      promotions: [{ ...text, fromVersion: pins.pinned.version, gates: gated.gates, judgement: gated.judgement }],
      notes: hotfixNotes([gated]),
    }),
    gates: gated.gates,
    record: (pullRequest, head) => ({
      event: "opened",
      app,
      environment: environment.name,
      at: draft.now,
      kind,
      from: pins.pinned,
      release,
      pullRequest,
      head,
      requestedBy: requesters[0] ?? hotfix?.by ?? null,
    }),
  };
  draft.act(action);
}

/** Environments right after this one that take a promotion only when somebody asks. */
function requestableAfter(draft: Draft, environment: Environment): readonly string[] {
  return downstreamOf(draft.config, environment.name)
    .filter((next) => next.promote === "on-request" && next.after.includes(environment.name))
    .map((next) => next.name);
}

/** A person closed it before the log had noted its opening: that is put down now, and its withdrawal by the next look. */
function closedByPerson(draft: Draft, branches: readonly string[], { app, environment, kind, from }: JudgedPromotion, release: Release): boolean {
  const { request } = draft.place(app, environment.name);
  const closed = draft.observation.snapshot.ended.find(
    (other) =>
      isOwn(other) && other.state === "closed" && branches.includes(other.head.ref) && other.closed !== null && other.closed.by.kind !== "app",
  );
  if (closed?.closed == null || (request !== null && request.at > closed.closed.at)) return false;
  const { number, createdAt } = closed;
  const isNew = draft.record({
    event: "opened",
    app,
    environment: environment.name,
    at: createdAt,
    kind,
    from,
    release,
    pullRequest: number,
    head: null,
    requestedBy: null,
  });
  if (isNew) draft.due(draft.now);
  return true;
}

export function manifestCommit(
  draft: Draft,
  environment: Environment,
  pins: ReadablePins,
  release: Release,
  kind: JudgedPromotion["kind"],
  newFiles: ManifestCommit["newFiles"],
): ManifestCommit {
  const { headline, body } = commitMessage({
    kind,
    promotions: [{ app: release.app, environment: environment.name, from: pins.pinned, to: release }],
  });
  return {
    base: draft.observation.snapshot.head,
    headline,
    body,
    edits: [{ file: pins.file, pins: release.images.map(({ repository, tag, digest }) => ({ repository, tag, digest })) }],
    newFiles,
  };
}

function mergeRule(promotion: JudgedPromotion, approvals: Facts["approvals"]): string {
  const required = "unknown" in approvals ? 1 : approvals.required;
  const who = "unknown" in approvals ? "anyone with write permission" : approvals.who;
  const owners = "unknown" in approvals ? needsCodeOwners(promotion) : approvals.owners_missing.length > 0;
  if (promotion.kind !== "revert" && promotion.environment.merge === "manual") return "A person merges it once every gate passes.";
  if (required === 0 && !owners) return "It merges by itself once every gate passes.";
  const wanted = [...(required > 0 ? [`${required === 1 ? "1 approval" : `${required} approvals`} from ${who}`] : []), ...(owners ? ["the approval of a code owner"] : [])];
  return `It merges once every gate passes; that takes ${wanted.join(", and ")}.`;
}

/** What speaks for a release: how it did in each environment before this one; for the way back, how it did here. */
function evidenceFrom(draft: Draft, places: readonly string[], environment: Environment, release: Pinned): readonly BodyEvidence[] {
  return places.map((name) => {
    const place = draft.place(release.app, name);
    const run = place.runs.findLast((candidate) => sameRelease(candidate.release, release));
    if (run === undefined) return { environment: name, deployedAt: null, verified: null };
    const { soakedFor } = soakOf(place, release, environment.soak, draft.now);
    return { environment: name, deployedAt: run.deployedAt, soakedFor, verified: run.verified };
  });
}

/** Builds the commit of an own pull request anew when it conflicts with the default branch as it is now. */
export function planRebuild(draft: Draft, judged: JudgedPullRequest): void {
  const { pullRequest, own, proposal } = judged;
  // What it promotes cannot be told while it conflicts; the commit that goes is the App's own, and comes again from the record.
  if (!own || !pullRequest.commits.allOwn || proposal?.known !== true || proposal.value.conflicts.length === 0) return;
  const opened = draft.observation.ledger.openedAs.get(pullRequest.number);
  if (opened === undefined) {
    const reason = "it conflicts with the default branch, and the log does not say what it was opened for";
    return closeOwn(draft, judged, "moved-on", (marker) => movedOnComment({ marker, reason }));
  }
  const environment = draft.config.environments.find(({ name }) => name === opened.environment);
  const pins = draft.pins(opened.app, opened.environment);
  if (environment === undefined || pins === null || !pins.ok) return;
  if (isWhatWasOpened(opened, pins.pinned) || (opened.from !== null && !isStillPinned(opened.from, pins.pinned))) {
    closeOwn(draft, judged, "moved-on", (marker) => supersededComment({ marker, version: pins.pinned.version }));
    return;
  }
  const release = asRelease(opened.release);
  if (release === null) return;
  const newFiles = opened.kind === "revert" ? revertFiles(draft, environment, opened.from, release) : [];
  draft.act({
    id: `rebuild #${pullRequest.number}@${pullRequest.head.oid}`,
    kind: "rebuild",
    pullRequest: pullRequest.number,
    branch: pullRequest.head.ref,
    head: pullRequest.head.oid,
    commit: manifestCommit(draft, environment, pins, release, opened.kind, newFiles),
  });
}
