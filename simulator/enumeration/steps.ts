/** What can happen in a small world beside Pinion: all of it, wherever it can. */
import { sameRelease, type Release } from "../../src/domain/release.ts";
import {
  closed,
  committed,
  FREE_RESULTS,
  HOUR,
  mayWrite,
  merged,
  oidOf,
  OUTAGES,
  PEOPLE,
  PINION,
  pushed,
  replaced,
  STAGES,
  START,
  type Cluster,
  type Login,
  type Pull,
  type Review,
  type Scenario,
  type SmallIssue,
  type Stage,
  type World,
} from "./small-world.ts";

export interface Step {
  /** In plain words. */
  readonly words: string;
  readonly world: World;
}

/**
 * Everything that can happen now. What is no disturbance is the usual course of things; of the others only so many come together.
 * That an hour passes before Pinion has done what it has to (`busy`) is one.
 */
export function stepsFrom(world: World, busy: boolean, scenario: Scenario): readonly Step[] {
  const usual = [...builds(world, scenario), ...STAGES.flatMap((stage) => syncs(world, stage)), ...ends(world)];
  if (!busy) usual.push(...time(world, scenario));
  if (world.disturbances === 0) return usual;
  const disturbed = { ...world, disturbances: world.disturbances - 1 };
  const pulls = world.pulls.filter(({ state }) => state === "open");
  return [
    ...usual,
    ...(busy ? time(disturbed, scenario) : []),
    ...pulls.flatMap((pull) => [...reviews(disturbed, pull), ...hands(disturbed, pull)]),
    ...wishes(disturbed),
    ...STAGES.flatMap((stage) => [...byHand(disturbed, stage), ...freezes(disturbed, stage), ...goesBad(disturbed, stage)]),
    ...thaws(disturbed),
    ...ownPull(disturbed),
    ...unknowns(disturbed),
  ];
}

function time(world: World, { hours }: Scenario): readonly Step[] {
  return world.now < START + hours * HOUR ? [{ words: "an hour passes", world: { ...world, now: world.now + HOUR } }] : [];
}

function builds(world: World, { releases }: Scenario): readonly Step[] {
  const next = releases[world.released.length];
  return next === undefined ? [] : [{ words: `${next.version} is pushed to the registry`, world: { ...world, released: [...world.released, next] } }];
}

function withCluster(world: World, stage: Stage, part: Partial<Cluster>): World {
  return { ...world, clusters: { ...world.clusters, [stage]: { ...world.clusters[stage], ...part } } };
}

/** Argo CD brings what is pinned, and what progressed comes to be healthy. */
function syncs(world: World, stage: Stage): readonly Step[] {
  const { at, health } = world.clusters[stage];
  const isBehind = world.main.slice(at).some((commit) => commit.stage === stage);
  if (!isBehind && health !== "progressing") return [];
  const next = withCluster(world, stage, { at: world.main.length, health: "healthy", since: world.now, failingSince: null });
  return [{ words: `${world.pins[stage].version} runs well in ${stage}`, world: next }];
}

/** What was unknown becomes known again, and the free policy passes. */
function ends(world: World): readonly Step[] {
  return [
    ...world.outages.map((outage) => ({ words: `${outage} can be asked again`, world: { ...world, outages: world.outages.filter((one) => one !== outage) } })),
    ...(world.free === "pass" ? [] : [{ words: "the free policy passes again", world: { ...world, free: "pass" as const } }]),
  ];
}

function unknowns(world: World): readonly Step[] {
  return [
    ...OUTAGES.filter((outage) => !world.outages.includes(outage)).map((outage) => {
      const outages = OUTAGES.filter((one) => one === outage || world.outages.includes(one));
      return { words: `${outage} cannot be asked`, world: { ...world, outages } };
    }),
    ...(world.free !== "pass" ? [] : FREE_RESULTS.flatMap((free) => (free === "pass" ? [] : [{ words: `the free policy says ${free}`, world: { ...world, free } }]))),
  ];
}

function reviews(world: World, pull: Pull): readonly Step[] {
  const say = (by: Login, state: Review["state"]): Step => {
    const review = { by, head: pull.head.oid, state, at: world.now };
    const others = pull.reviews.filter((one) => one.by !== by);
    const verb = state === "approved" ? "approves" : state === "dismissed" ? "has the review dismissed of" : "asks for changes on";
    return { words: `${by} ${verb} #${pull.number}`, world: { ...world, pulls: replaced(world.pulls, pull, { ...pull, reviews: [...others, review] }) } };
  };
  const said = (by: Login) => pull.reviews.find((review) => review.by === by && review.head === pull.head.oid)?.state ?? null;
  return PEOPLE.flatMap((by) => [
    ...(said(by) === "approved" ? [] : [say(by, "approved")]),
    ...(by === "bob" && said(by) !== "changes-requested" ? [say(by, "changes-requested")] : []),
    ...(said(by) === "approved" ? [say(by, "dismissed")] : []),
  ]);
}

/** What whoever may write can do to a pull request with the hands. */
function hands(world: World, pull: Pull): readonly Step[] {
  const afterMerge = merged(world, pull, "alice");
  const branchIsThere = world.branches.some(({ name }) => name === pull.branch);
  return [
    { words: `alice closes #${pull.number}`, world: closed(world, pull, "alice") },
    ...(afterMerge === null ? [] : [{ words: `alice merges #${pull.number} with the button`, world: afterMerge }]),
    ...(pull.author === PINION && pull.head.by === PINION && branchIsThere ? pushes(world, pull) : []),
  ];
}

function pushes(world: World, pull: Pull): readonly Step[] {
  const oid = oidOf("branch", world.made + 1);
  const { head } = pull;
  const other = world.released.find((release) => !sameRelease(release, head.to) && !sameRelease(release, head.from));
  const foreign = { ...head, oid, by: "bob" };
  return [
    { words: `bob pushes another file to #${pull.number}`, world: pushed(world, pull.branch, { ...foreign, otherFile: true }) },
    ...(other === undefined ? [] : [{ words: `bob pushes ${other.version} to #${pull.number}`, world: pushed(world, pull.branch, { ...foreign, to: other }) }]),
  ];
}

/** Somebody asks for a promotion: by a label on what was merged in dev, or by a command on Pinion's pull request for prod that was closed. */
function wishes(world: World): readonly Step[] {
  const labelled = world.pulls.filter(({ state, head, labels }) => state === "merged" && head.stage === "dev" && labels.length === 0);
  const commanded = world.pulls.filter(({ state, openedFor }) => state === "closed" && openedFor?.stage === "prod" && openedFor.kind === "promotion");
  const asking = (by: Login, release: Release): World => (mayWrite(by) ? { ...world, asked: [...world.asked, { stage: "prod", release, by }] } : world);
  return (["alice", "eve"] as const).flatMap((by) => [
    ...labelled.map((pull) => {
      const label = { id: `L_${pull.number}_${by}_${world.now}`, label: "promote:prod", by, at: world.now };
      return { words: `${by} sets promote:prod on #${pull.number}`, world: { ...asking(by, pull.head.to), pulls: replaced(world.pulls, pull, { ...pull, labels: [label] }) } };
    }),
    ...commanded.map((pull) => {
      const said = { id: `IC_${by}_${pull.comments.length}`, by, text: "/pinion promote checkout prod", at: world.now };
      const wanted = pull.openedFor?.release ?? pull.head.to;
      return { words: `${by} asks for it on #${pull.number}`, world: { ...asking(by, wanted), pulls: replaced(world.pulls, pull, { ...pull, comments: [...pull.comments, said] }) } };
    }),
  ]);
}

function byHand(world: World, stage: Stage): readonly Step[] {
  const others = world.released.filter((release) => !sameRelease(release, world.pins[stage]));
  return [
    ...others.map((to) => ({ words: `bob pins ${to.version} in ${stage} by hand`, world: committed(world, { stage, to, by: "bob", pull: null }) })),
    ...(stage === "dev" && world.quarantine.length > 0
      ? [{ words: "bob takes the quarantine away", world: committed({ ...world, quarantine: [] }, { stage: null, to: world.pins.dev, by: "bob", pull: null }) }]
      : []),
  ];
}

function freezes(world: World, stage: Stage): readonly Step[] {
  const isFrozen = world.issues.some(({ state, freeze }) => state === "open" && freeze?.stage === stage);
  if (isFrozen) return [];
  return (["bob", "eve"] as const).map((by) => {
    const number = 100 + world.issues.length;
    const issue = { number, title: `stop ${stage}`, author: by, state: "open" as const, closedBy: null, freeze: { stage, by, at: world.now } };
    return { words: `${by} freezes ${stage} by #${number}`, world: { ...world, issues: [...world.issues, issue] } };
  });
}

/** Closing an issue ends a freeze, or says that a stopped app may move again. */
function thaws(world: World): readonly Step[] {
  const close = (issue: SmallIssue, by: Login): Step => {
    const issues = replaced(world.issues, issue, { ...issue, state: "closed", closedBy: by });
    return { words: `${by} closes the issue #${issue.number}`, world: { ...world, issues } };
  };
  return world.issues.flatMap((issue) => {
    if (issue.state === "closed") return [];
    return issue.freeze === null ? [close(issue, "bob"), close(issue, "eve")] : [close(issue, "bob")];
  });
}

function goesBad(world: World, stage: Stage): readonly Step[] {
  const { at, health, failingSince } = world.clusters[stage];
  const version = world.pins[stage].version;
  const isBehind = world.main.slice(at).some((commit) => commit.stage === stage);
  const sync = (state: Cluster["health"], words: string): Step => {
    return { words: `${version} ${words} in ${stage}`, world: withCluster(world, stage, { at: world.main.length, health: state, since: world.now, failingSince: null }) };
  };
  if (isBehind) return [sync("sync-failed", "cannot be applied"), sync("progressing", "does not get ready"), sync("degraded", "is degraded")];
  const turn = (state: Cluster["health"], words: string): Step => {
    return { words: `${version} ${words} in ${stage}`, world: withCluster(world, stage, { health: state, since: world.now }) };
  };
  return [
    ...(health === "healthy" ? [turn("degraded", "becomes degraded")] : [turn("healthy", "is well again")]),
    ...(failingSince === null ? [{ words: `requests to ${version} begin to fail in ${stage}`, world: withCluster(world, stage, { failingSince: world.now }) }] : []),
  ];
}

/** A person proposes the newest release for prod. */
function ownPull(world: World): readonly Step[] {
  const newest = world.released.at(-1);
  const there = world.pulls.some(({ author }) => author !== PINION);
  if (newest === undefined || there || sameRelease(newest, world.pins.prod)) return [];
  const number = world.pulls.length + 1;
  const branch = `alice-${number}`;
  const oid = oidOf("branch", world.made + 1);
  const commit = { oid, parent: world.main.length, stage: "prod" as const, from: world.pins.prod, to: newest, quarantines: [], by: "alice", otherFile: false };
  const pull: Pull = {
    number,
    author: "alice",
    branch,
    head: commit,
    createdAt: world.now,
    state: "open",
    end: null,
    openedFor: null,
    reviews: [],
    labels: [],
    comments: [],
  };
  const next = { ...world, made: world.made + 1, pulls: [...world.pulls, pull] };
  return [{ words: `alice opens #${number}, which pins ${newest.version} in prod`, world: next }];
}
