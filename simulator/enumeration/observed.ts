/** What Pinion would see of a small world, and what it would be answered: as the adapters tell it, fresh and whole. */
import { known, unknown, type Answer } from "../../src/domain/answer.ts";
import { plan } from "../../src/domain/plan.ts";
import type { Plan } from "../../src/domain/action.ts";
import { placeOf } from "../../src/domain/ledger.ts";
import type {
  Actor,
  EnvironmentPins,
  ForgeSnapshot,
  Issue,
  Knowledge,
  Need,
  NeedAnswers,
  Observation,
  PinChange,
  ProposedChange,
  PullRequest,
} from "../../src/domain/observation.ts";
import { sameRelease, type Release } from "../../src/domain/release.ts";
import {
  APP,
  fileOf,
  headOf,
  HOUR,
  indexOf,
  isStage,
  mayWrite,
  mergeOf,
  newQuarantines,
  oidOf,
  pinAt,
  PINION,
  STAGES,
  type Outage,
  type Pull,
  type Scenario,
  type SmallIssue,
  type Stage,
  type World,
} from "./small-world.ts";

/** The plan that Pinion's own planner makes of this world, with the policies that it ships and one whose result the world decides. */
export function planFor(world: World, { config, policies }: Scenario): Plan {
  return plan(observationOf(world, config), policies[world.free], knowledgeOf(world), world.now);
}

function observationOf(world: World, config: Scenario["config"]): Observation {
  return {
    repository: { installation: 1, id: 1, owner: "acme", name: "manifests" },
    snapshot: snapshotOf(world),
    config: { ok: true, config },
    ownPolicies: [],
    pins: new Map([[APP, new Map(STAGES.map((stage) => [stage, pinsOf(stage, world.pins[stage])]))]]),
    signers: [],
    quarantine: world.outages.includes("quarantine") ? cannot("a quarantine file is broken", world) : known(world.quarantine, world.now),
    codeOwners: null,
    ledger: world.ledger,
    changes: STAGES.flatMap((stage) => changesOf(world, stage)),
    unexplained: [],
    proposals: new Map(world.pulls.filter(({ state }) => state === "open").map((pull) => [pull.number, known(proposalOf(world, pull), world.now)])),
    groups: new Map(),
    emptyBranches: new Set(world.branches.filter(({ commit }) => commit === null).map(({ name }) => name)),
    refusedMerges: new Map(),
  };
}

function snapshotOf(world: World): ForgeSnapshot {
  const pulls = world.pulls.map((pull) => pullRequestOf(world, pull));
  return {
    at: world.now,
    defaultBranch: "main",
    head: headOf(world),
    logHead: world.ledger.installed === null ? null : "c".repeat(40),
    mergeMethods: ["squash"],
    queue: known(null, world.now),
    open: pulls.filter(({ state }) => state === "open"),
    ended: pulls.filter(({ state }) => state !== "open").toReversed(),
    issues: world.issues.map(issueOf),
    branches: world.branches.map(({ name, oid, commit }) => ({ name, oid, own: commit?.by === PINION })),
    labels: ["promote:prod", "freeze:dev", "freeze:prod", "hotfix"],
    deployments: [],
  };
}

function actorOf(login: string): Actor {
  return { login, kind: login === PINION ? "app" : "user" };
}

function pinsOf(stage: Stage, pinned: Release): EnvironmentPins {
  const file = fileOf(stage);
  const pins = pinned.images.map((image) => ({ ...image, kind: "kustomize-image" as const, file, path: "images[0]", line: 3, name: APP, refusal: null }));
  return { ok: true, file, pinned, pins };
}

function pullRequestOf(world: World, pull: Pull): PullRequest {
  const { number, author, head, branch, state, end, createdAt } = pull;
  const own = head.by === PINION;
  const check = world.checks.get(head.oid);
  return {
    id: `PR_${number}`,
    number,
    title: "",
    url: "",
    author: actorOf(author),
    state,
    draft: false,
    createdAt,
    base: "main",
    head: { ref: branch, oid: head.oid, fork: false },
    commits: { count: own || author !== PINION ? 1 : 2, allOwn: own, people: own ? [] : [head.by] },
    labels: pull.labels.map(({ label }) => label),
    labelEvents: pull.labels.map(({ id, label, by, at }) => ({ id, label, actor: actorOf(by), at })),
    reviews: pull.reviews.map(({ by, head: commit, state: word, at }, index) => {
      return { id: `R_${index}`, author: actorOf(by), state: word, commit, at, canPush: mayWrite(by) };
    }),
    comments: pull.comments.map(({ id, by, text: body, at }) => ({ id, author: actorOf(by), body, at, editedByOther: false })),
    truncated: false,
    reviewersAsked: [],
    queueEvents: [],
    groupPassed: null,
    check: check === undefined ? null : { ...check, id: 1, startedAt: world.now },
    merge: state === "merged" && end !== null ? { commit: end.commit ?? "", at: end.at, by: actorOf(end.by) } : null,
    closed: state === "closed" && end !== null ? { at: end.at, by: actorOf(end.by) } : null,
  };
}

function issueOf({ number, title, author, state, closedBy, freeze }: SmallIssue): Issue {
  const label = `freeze:${freeze?.stage ?? ""}`;
  return {
    number,
    title,
    state,
    author: actorOf(author),
    labels: freeze === null ? [] : [label],
    labelEvents: freeze === null ? [] : [{ id: `F_${number}`, label, actor: actorOf(freeze.by), at: freeze.at }],
    closedBy: closedBy === null ? null : actorOf(closedBy),
  };
}

/** Changes of a pin since the one that the log tells of last. */
function changesOf(world: World, stage: Stage): readonly PinChange[] {
  if (world.ledger.installed === null) return [];
  const { current } = placeOf(world.ledger, APP, stage);
  const since = indexOf(world, current?.commit ?? world.ledger.installed.commit) ?? 0;
  return world.main.slice(since).flatMap(({ stage: there, from, to, oid, at, by, pull: number }) => {
    if (there !== stage) return [];
    const pull = world.pulls.find((one) => one.number === number);
    const author = actorOf(pull?.author ?? by);
    return [{ app: APP, environment: stage, from, to, commit: oid, at, author, pullRequest: pull === undefined ? null : pullRequestOf(world, pull) }];
  });
}

function proposalOf(world: World, { head }: Pull): ProposedChange {
  const base = { base: headOf(world), head: head.oid, config: null, broken: [], shared: [] };
  const outcome = mergeOf(world, head);
  if (outcome === "conflict") return { ...base, conflicts: [fileOf(head.stage)], promotions: [], otherFiles: [], quarantines: [] };
  const from = world.pins[head.stage];
  return {
    ...base,
    conflicts: [],
    promotions: outcome === "nothing" ? [] : [{ app: APP, environment: head.stage, from, to: head.to }],
    otherFiles: head.otherFile ? ["README.md"] : [],
    quarantines: newQuarantines(world, head),
  };
}

function knowledgeOf(world: World): Knowledge {
  return {
    // Each question is answered with what its kind asks for; the type of the answer follows from the question, which only the switch knows.
    get: <K extends Need["kind"]>(need: Extract<Need, { kind: K }>) => answerTo(world, need) as Answer<NeedAnswers[K]>,
  };
}

function answerTo(world: World, need: Need): Answer<NeedAnswers[Need["kind"]]> {
  const outage = OUTAGE_OF[need.kind];
  if (world.outages.includes(outage)) return cannot(`${outage}: no answer`, world);
  return known(valueFor(world, need), world.now);
}

const OUTAGE_OF: Readonly<Record<Need["kind"], Outage>> = {
  tags: "registry",
  digest: "registry",
  created: "registry",
  evidence: "registry",
  platforms: "registry",
  labels: "registry",
  checks: "permissions",
  permission: "permissions",
  team: "permissions",
  rollout: "cluster",
  metric: "metrics",
};

function cannot(reason: string, world: World): Answer<never> {
  return unknown(reason, "dependency", world.now);
}

function valueFor(world: World, need: Need): NeedAnswers[Need["kind"]] {
  switch (need.kind) {
    case "tags":
      return world.released.map(({ version }) => version);
    case "digest":
      return digestFor(world, need.reference);
    case "created":
    case "platforms":
    case "labels":
      return null;
    case "evidence":
      return { signatures: [], provenance: [], sboms: [], scans: [], refused: [], unread: [] };
    case "checks":
      return [];
    case "permission":
      return mayWrite(need.login) ? "write" : "read";
    case "team":
      return [];
    case "rollout":
      return isStage(need.environment) ? [applicationIn(world, need.environment, need)] : [];
    case "metric":
      return { kind: "number", value: countOf(world, need.expression, need.at) };
  }
}

function digestFor(world: World, reference: string): string | null {
  const named = world.released.find(({ version, images }) => version === reference || images[0]?.digest === reference);
  return named?.images[0]?.digest ?? null;
}

function applicationIn(world: World, stage: Stage, { commit, wanted }: Extract<Need, { kind: "rollout" }>): NeedAnswers["rollout"][number] {
  const { at, health, since } = world.clusters[stage];
  const revision = oidOf("main", at);
  const index = indexOf(world, commit);
  const failed = health === "sync-failed";
  // What is well has been so for a while: how long Pinion wants to see that for is tried elsewhere (`test/domain/rollout.test.ts`).
  const settledAt = health === "healthy" ? world.now - HOUR : since;
  return {
    status: {
      name: `${APP}-${stage}`,
      sync: failed ? "OutOfSync" : "Synced",
      revisions: [revision],
      health: health === "degraded" ? "Degraded" : health === "progressing" ? "Progressing" : "Healthy",
      healthSince: settledAt,
      reconciledAt: world.now,
      operating: false,
      operation: { phase: failed ? "Failed" : "Succeeded", message: failed ? "no" : "", startedAt: since, finishedAt: settledAt, revisions: [revision], partial: false },
      errors: [],
      images: [],
    },
    includesCommit: index !== null && index <= at,
    pinsAtRevision: sameRelease(pinAt(world, stage, at), { ...wanted }) ? "wanted" : "other",
  };
}

/** How many requests there were, or failed: all of those since the environment began to fail. */
function countOf(world: World, expression: string, at: number): number {
  const stage = STAGES.find((name) => expression.includes(`env="${name}"`));
  const failingSince = stage === undefined ? null : world.clusters[stage].failingSince;
  const fails = failingSince !== null && at > failingSince;
  return expression.includes("errors{") && !fails ? 0 : 1_000;
}
