import { known as answered } from "../../src/domain/answer.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import type { ForgeSnapshot, PullRequest, Repository } from "../../src/domain/observation.ts";
import type { Clock, Forge, Journal, ManifestsRepository, Ports } from "../../src/ports.ts";
import { oid } from "../domain/releases.ts";

export const REPOSITORY: Repository = { installation: 1, id: 42, owner: "acme", name: "manifests" };

/** Any question that the test did not foresee is told by name. */
function silent<T extends object>(what: string, known: Partial<T>): T {
  return new Proxy(known, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name) as unknown;
      throw new Error(`nobody foresaw ${what}.${String(name)}`);
    },
  }) as T;
}

interface Known {
  readonly forge?: Partial<Forge>;
  readonly manifests?: Partial<ManifestsRepository>;
  readonly registry?: Partial<Ports["registry"]>;
  readonly rollouts?: Partial<Ports["rollouts"]>;
  readonly metrics?: Partial<Ports["metrics"]>;
  readonly clock?: Clock;
  readonly journal?: Partial<Journal>;
}

/** A world that answers only what a test tells it. */
export function portsWith(known: Known): Ports {
  return {
    forge: silent<Forge>("forge", known.forge ?? {}),
    manifests: silent<ManifestsRepository>("manifests", known.manifests ?? {}),
    registry: silent<Ports["registry"]>("registry", known.registry ?? {}),
    rollouts: silent<Ports["rollouts"]>("rollouts", known.rollouts ?? {}),
    metrics: silent<Ports["metrics"]>("metrics", known.metrics ?? {}),
    clock: known.clock ?? new VirtualClock(Date.UTC(2026, 0, 1)),
    journal: { info: () => undefined, warn: () => undefined, error: () => undefined, ...known.journal },
  };
}

export function snapshotOf(known: Partial<ForgeSnapshot>): ForgeSnapshot {
  return {
    at: Date.UTC(2026, 0, 1),
    defaultBranch: "main",
    head: oid("a"),
    logHead: null,
    mergeMethods: ["squash"],
    queue: answered(null, Date.UTC(2026, 0, 1)),
    open: [],
    ended: [],
    issues: [],
    branches: [],
    labels: [],
    deployments: [],
    ...known,
  };
}

export function pullRequestOf(known: Partial<PullRequest> & { readonly number: number }): PullRequest {
  return {
    id: `PR_${known.number}`,
    title: "a change",
    url: `https://github.com/acme/manifests/pull/${known.number}`,
    author: { login: "ada", kind: "user" },
    state: "open",
    draft: false,
    createdAt: Date.UTC(2026, 0, 1),
    base: "main",
    head: { ref: "change", oid: oid("b"), fork: false },
    commits: { count: 1, allOwn: false, people: ["ada"] },
    labels: [],
    labelEvents: [],
    reviews: [],
    comments: [],
    truncated: false,
    reviewersAsked: [],
    queueEvents: [],
    groupPassed: null,
    check: null,
    merge: null,
    closed: null,
    ...known,
  };
}
