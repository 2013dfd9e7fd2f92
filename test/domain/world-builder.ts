import { known, unknown, type Answer } from "../../src/domain/answer.ts";
import type { ConfigResult } from "../../src/domain/config.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import { appendRecords, EMPTY_LEDGER } from "../../src/domain/ledger.ts";
import { needKey } from "../../src/domain/need.ts";
import type {
  MergeQueue,
  EnvironmentPins,
  ForgeSnapshot,
  Knowledge,
  Need,
  NeedAnswers,
  Observation,
  PinChange,
  ProposedChange,
  PullRequest,
  QuarantineEntry,
} from "../../src/domain/observation.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import type { Policy } from "../../src/domain/policy/policy-set.ts";
import type { Pinned, Release } from "../../src/domain/release.ts";
import type { ApplicationStatus } from "../../src/domain/rollout.ts";
import { oid, release } from "./releases.ts";

export const START = Date.UTC(2026, 10, 21, 9, 0);
export const HEAD = oid("a");
export const APP_BOT = { login: "pinion", kind: "app" } as const;

const CONFIG = `version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 10m, deadline: 20m }
  staging: { after: dev, promote: auto, merge: auto, watch: 10m, soak: 1h }
  prod: { after: staging, promote: on-request, merge: on-approval, watch: 10m, rollback: auto }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`;

/** A world for the planner, in plain values: what is seen, what is known, what time it is. */
export class WorldBuilder {
  now = START + 24 * 3_600_000;
  config: ConfigResult | null;
  ownPolicies: readonly Policy[] = [];
  readonly records: LogRecord[] = [{ event: "installed", at: START, commit: oid("0") }];
  readonly pins = new Map<string, Map<string, EnvironmentPins>>();
  readonly open: PullRequest[] = [];
  readonly ended: PullRequest[] = [];
  readonly issues: ForgeSnapshot["issues"][number][] = [];
  readonly branches: ForgeSnapshot["branches"][number][] = [];
  readonly deployments: ForgeSnapshot["deployments"][number][] = [];
  readonly changes: PinChange[] = [];
  readonly unexplained: Observation["unexplained"][number][] = [];
  readonly proposals = new Map<number, Answer<ProposedChange>>();
  readonly emptyBranches = new Set<string>();
  readonly refusedMerges = new Map<string, string>();
  queue: MergeQueue | null = null;
  readonly groups = new Map<string, Answer<ProposedChange>>();
  readonly asked: Need[] = [];
  quarantine: Answer<readonly QuarantineEntry[]> = known([], START);
  codeOwners: Observation["codeOwners"] = null;
  signers: Observation["signers"] = [];
  readonly #answers = new Map<string, Answer<NeedAnswers[Need["kind"]]>>();

  constructor(config = CONFIG) {
    this.config = parseConfig(config);
    for (const environment of ["dev", "staging", "prod"]) this.pin(environment, release("1.4.1"));
  }

  pin(environment: string, pinned: Pinned): this {
    const file = `apps/${pinned.app}/overlays/${environment}/kustomization.yaml`;
    const pins = pinned.images.map((image) => ({ ...image, kind: "kustomize-image" as const, file, path: "images[0]", line: 3, name: pinned.app, refusal: null }));
    const environments = this.pins.get(pinned.app) ?? new Map<string, EnvironmentPins>();
    environments.set(environment, { ok: true, file, pinned, pins });
    this.pins.set(pinned.app, environments);
    return this;
  }

  /** A release that Pinion brought here some time ago, and that was deployed and verified. */
  proven(environment: string, version: Release, at: number, digit: string): this {
    const base = { app: version.app, environment, release: version, commit: oid(digit) };
    const change = { kind: "promotion", from: null, pullRequest: 100 + this.records.length, requestedBy: null } as const;
    this.records.push(
      { app: version.app, environment, release: version, ...change, event: "opened", at, head: oid("8") },
      { ...base, ...change, event: "merged", at, head: oid("8"), mergedBy: "pinion", judgement: "judged" },
      { ...base, event: "deployed", at: at + 60_000, evidence: "healthy" },
      { ...base, event: "verified", at: at + 120_000, how: "rollout-only", evidence: "no SLO" },
    );
    return this.pin(environment, version);
  }

  know<K extends Need["kind"]>(need: Extract<Need, { kind: K }>, value: NeedAnswers[K]): this {
    this.#answers.set(needKey(need), known(value, this.now));
    return this;
  }

  cannotKnow(need: Need, reason: string): this {
    this.#answers.set(needKey(need), unknown(reason, "dependency", this.now));
    return this;
  }

  /** The registry has these versions, each tag naming the digest that `release` gives it. */
  registry(...versions: readonly string[]): this {
    const repository = "ghcr.io/acme/checkout";
    this.know<"tags">({ kind: "tags", repository }, versions);
    for (const version of versions) {
      const digest = release(version).images[0]?.digest ?? "";
      this.know<"digest">({ kind: "digest", repository, reference: version }, digest);
      this.know<"digest">({ kind: "digest", repository, reference: digest }, digest);
    }
    return this;
  }

  /** Argo CD shows every rollout of this version healthy. */
  cluster: (need: Extract<Need, { kind: "rollout" }>) => NeedAnswers["rollout"] | null = (need) => [
    { status: { ...healthy(this.now), revisions: [need.commit] }, includesCommit: true, pinsAtRevision: "wanted" },
  ];

  /** What Prometheus answers; null where it does not. */
  prometheus: (need: Extract<Need, { kind: "metric" }>) => NeedAnswers["metric"] | null = () => null;

  knowledge(): Knowledge {
    return {
      get: <K extends Need["kind"]>(need: Extract<Need, { kind: K }>) => {
        this.asked.push(need);
        const question: Need = need;
        if (question.kind === "rollout") {
          const seen = this.cluster(question);
          return (seen === null ? unknown("Argo CD is down", "dependency", this.now) : known(seen, this.now)) as Answer<NeedAnswers[K]>;
        }
        if (question.kind === "metric") {
          const measured = this.prometheus(question);
          return (measured === null ? unknown("Prometheus is down", "dependency", this.now) : known(measured, this.now)) as Answer<NeedAnswers[K]>;
        }
        return (this.#answers.get(needKey(need)) as Answer<NeedAnswers[K]> | undefined) ?? null;
      },
    };
  }

  observation(): Observation {
    return {
      repository: { installation: 1, id: 1, owner: "acme", name: "manifests" },
      snapshot: {
        at: this.now,
        defaultBranch: "main",
        head: HEAD,
        logHead: oid("b"),
        mergeMethods: ["squash"],
        queue: known(this.queue, this.now),
        open: this.open,
        ended: this.ended,
        issues: this.issues,
        branches: this.branches,
        labels: ["promote:staging", "promote:prod", "freeze:dev", "freeze:staging", "freeze:prod", "hotfix"],
        deployments: this.deployments,
      },
      config: this.config,
      ownPolicies: this.ownPolicies,
      pins: this.pins,
      quarantine: this.quarantine,
      codeOwners: this.codeOwners,
      signers: this.signers,
      ledger: appendRecords(EMPTY_LEDGER, this.records),
      changes: this.changes,
      unexplained: this.unexplained,
      proposals: this.proposals,
      emptyBranches: new Set([...this.emptyBranches, ...this.branches.filter(({ oid: at }) => at === HEAD).map(({ name }) => name)]),
      groups: this.groups,
      refusedMerges: this.refusedMerges,
    };
  }

  /** An open pull request of Pinion that promotes `to` into an environment, as if it had been opened. */
  promotion(environment: string, from: Release, to: Release, changes: Partial<PullRequest> = {}): PullRequest {
    const number = 200 + this.open.length;
    const request = pullRequest({ number, head: { ref: `pinion/${environment}/${to.app}/${to.version}-x`, oid: oid("c"), fork: false }, ...changes });
    this.open.push(request);
    const promotions = [{ app: to.app, environment, from, to }];
    this.proposals.set(
      number,
      known({ base: HEAD, head: request.head.oid, conflicts: [], promotions, otherFiles: [], quarantines: [], config: null, broken: [], shared: [] }, this.now),
    );
    this.records.push({
      event: "opened",
      app: to.app,
      environment,
      at: this.now - 60_000,
      kind: "promotion",
      from,
      release: to,
      pullRequest: number,
      head: request.head.oid,
      requestedBy: null,
    });
    return request;
  }
}

export function healthy(now: number): ApplicationStatus {
  return {
    name: "checkout",
    sync: "Synced",
    revisions: [],
    health: "Healthy",
    healthSince: now - 3_600_000,
    reconciledAt: now,
    operating: false,
    operation: { phase: "Succeeded", message: "", finishedAt: now - 3_600_000, revisions: [], partial: false },
    errors: [],
    images: [],
  };
}

export function pullRequest(changes: Partial<PullRequest>): PullRequest {
  return {
    id: "PR_1",
    number: 1,
    title: "Promote",
    url: "https://github.example/acme/manifests/pull/1",
    author: APP_BOT,
    state: "open",
    draft: false,
    createdAt: START,
    base: "main",
    head: { ref: "pinion/dev/checkout/1.4.2-x", oid: oid("c"), fork: false },
    commits: { count: 1, allOwn: true, people: [] },
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
    ...changes,
  };
}
