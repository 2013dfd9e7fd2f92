import type { Environment } from "./config.ts";
import type { Draft } from "./draft.ts";
import { openPullRequest } from "./openings.ts";
import { mustBeProposed, type JudgedPullRequest } from "./judge-pull-request.ts";
import { ranAs, type Bad, type Stay } from "./ledger.ts";
import { openPromotionIn } from "./open-promotion.ts";
import { PEOPLE_MAX_AGE, WRITERS } from "./facts/people.ts";
import { sameRelease, type AppName, type Release } from "./release.ts";
import { revertFiles } from "./revert-files.ts";
import { revertTarget } from "./revert-target.ts";
import { frozenIssue } from "./report/frozen-issue.ts";

/** Answers a release that went bad: back to the last one verified here, or, where there is none, stop and tell people. */
export function planRevert(draft: Draft, app: AppName, environment: Environment, judged: readonly JudgedPullRequest[]): void {
  const place = draft.place(app, environment.name);
  const { current } = place;
  if (current === null || current.bad === null) return;
  const pins = draft.pins(app, environment.name);
  // Only what is still there is gone back from: a later change of the pin is somebody's answer already.
  if (pins === null || !pins.ok || !sameRelease(pins.pinned, current.release)) return;
  const leave = (why: string) => draft.block(app, environment.name, `${current.release.version} went bad, ${why}`);
  if (environment.rollback === "off") return leave("and with `rollback: off` is left to people");
  if (place.frozen !== null) return leave(`and the app is stopped by #${place.frozen.issue}: ${place.frozen.reason}`);
  const release = ranAs(place, current.release) ?? current.bad.release;
  if (place.toldOf === current.commit) return leave("and people have been told that there is no way back");
  if (judged.some((other) => openPromotionIn(draft, other, app, environment.name)?.revert === true)) return;
  if (current.kind === "revert") {
    freeze(draft, environment, current, release, current.bad, "the release that it was reverted to went bad as well");
    return;
  }
  if (withdrawnRevert(draft, app, environment.name, current)) return leave("and a person closed the revert");
  const target = revertTarget(draft, app, environment, release);
  if (target === null) return;
  if ("none" in target) {
    freeze(draft, environment, current, release, current.bad, target.none);
    return;
  }
  const files = revertFiles(draft, environment, release, target.release);
  openPullRequest(
    draft,
    {
      app,
      environment,
      kind: "revert",
      hotfix: null,
      origin: "bot",
      requesters: [],
      asking: [],
      changedByOthers: false,
      from: pins.pinned,
      to: target.release,
      removal: false,
      proposedOnly: mustBeProposed(draft, app, environment.name),
      pullRequest: null,
      proposal: null,
    },
    target.release,
    pins,
    files,
    { version: release.version, evidence: current.bad.evidence },
  );
}

function withdrawnRevert(draft: Draft, app: AppName, environment: string, current: Stay): boolean {
  const { openedAs, withdrawn } = draft.observation.ledger;
  for (const { kind, pullRequest, at, ...there } of openedAs.values()) {
    const isHere = kind === "revert" && there.app === app && there.environment === environment && at >= current.since;
    if (isHere && withdrawn.has(pullRequest)) return true;
  }
  return false;
}

function freeze(draft: Draft, environment: Environment, current: Stay, release: Release, bad: Bad, reason: string): void {
  const { app } = release;
  const { version } = release;
  const { title, body } = frozenIssue({ app, environment: environment.name, version, commit: current.commit, reason, evidence: bad.evidence });
  const base = { event: "frozen" as const, app, environment: environment.name, at: draft.now, release, reason };
  // Somebody may have closed it before it was in the log: then that is put down first, and what closing it means by the next look.
  const told = draft.observation.snapshot.issues.find((issue) => issue.author.kind === "app" && issue.title === title);
  if (told !== undefined) {
    draft.record({ ...base, issue: told.number });
    return;
  }
  draft.act({
    id: `open-issue ${app} ${environment.name} ${current.commit}`,
    kind: "open-issue",
    title,
    body,
    labels: [],
    record: (issue) => ({ ...base, issue }),
  });
}

/** A person closes the issue of a stopped app, and it may move again. */
export function planUnfreeze(draft: Draft, app: AppName, environment: string): void {
  const { frozen } = draft.place(app, environment);
  if (frozen === null) return;
  const issue = draft.observation.snapshot.issues.find((other) => other.number === frozen.issue);
  if (issue?.state !== "closed" || issue.closedBy === null || issue.closedBy.kind === "app") return;
  const allowed = draft.ask({ kind: "permission", login: issue.closedBy.login }, PEOPLE_MAX_AGE);
  if (allowed?.known !== true || !WRITERS.has(allowed.value)) return;
  draft.record({ event: "unfrozen", app, environment, at: draft.now, issue: frozen.issue, by: issue.closedBy.login });
}
