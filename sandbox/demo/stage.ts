import type { Instant } from "../../src/domain/answer.ts";
import { parseRecord } from "../../src/domain/record-file.ts";
import type { EventName, LogRecord } from "../../src/domain/record.ts";
import { isDigest, type Digest } from "../../src/domain/release.ts";
import type { CheckRun, Comment, Oid, PullRequest, Repository } from "../github/model.ts";
import type { Person } from "../github/people.ts";
import { createWorld, notifyPushes, type World } from "../world.ts";
import { NotSo } from "./steps.ts";

const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const APP = "checkout";
export const ENVIRONMENTS = ["dev", "staging", "prod"] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

export const CONFIG = `version: 1
environments:
  dev:     { promote: auto, merge: auto }
  staging: { after: dev, promote: auto, merge: auto }
  prod:
    after: staging
    soak: 1h                       # deployed in staging for this long first
    watch: 30m                     # the SLO is watched this long after the rollout
    promote: on-request            # the label promote:prod, or /pinion promote
    merge: on-approval
    approvals: { count: 1, teams: [sre] }
    rollback: auto
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  defaults: { slo: availability }
slos:
  availability:
    objective: 99.9
    errors: 'sum(increase(http_requests_total{app="{app}",env="{env}",code=~"5.."}[{window}])) or vector(0)'
    total:  'sum(increase(http_requests_total{app="{app}",env="{env}"}[{window}]))'
`;

/** The record of an event. Some events share one kind of record. */
export type RecordOf<E extends EventName, R extends LogRecord = LogRecord> = R extends LogRecord
  ? E extends R["event"]
    ? R
    : never
  : never;

/** Long enough for all that follows at once: Pinion may look several times, and leaves a second between two looks. */
const MOMENT = 10 * SECOND;

/** An Argo CD Application, as its API tells it. */
export interface Cluster {
  readonly health: string;
  readonly sync: string;
  readonly images: readonly string[];
}

/** The world of the story, and the ways to look at it from outside: GitHub's state, Git, Argo CD. Never what is inside Pinion. */
export class Stage {
  readonly world: World;
  /** Digests by version, as the registry gave them out. */
  readonly digests = new Map<string, Digest>();
  /** Told the time while it passes. */
  onTime: (now: Instant) => void = () => undefined;
  #asked = 0;
  #log: { readonly head: Oid; readonly records: readonly LogRecord[] } = { head: "", records: [] };

  constructor(world: World) {
    this.world = world;
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(
      await createWorld({
        config: CONFIG,
        digests: true,
        people: { alice: "write", bob: "write", carol: "write", mallory: "triage" },
        teams: { sre: ["alice", "bob"] },
        // Webhooks say all that happens here; the sweep, which finds what they lost, need not come often.
        settings: { PINION_SWEEP_INTERVAL: "30m" },
      }),
    );
    for (const environment of ENVIRONMENTS) stage.serve(environment, 0, stage.now - 24 * HOUR);
    const digest = /sha256:[0-9a-f]{64}/.exec(await stage.file("prod"))?.[0] ?? "";
    if (!isDigest(digest)) throw new NotSo("the files do not pin a digest in the beginning");
    stage.digests.set("1.4.1", digest);
    return stage;
  }

  get now(): Instant {
    return this.world.clock.now();
  }

  get repository(): Repository {
    return this.world.repository;
  }

  /** Starts Pinion, with the registry telling it of pushes. */
  async wake(): Promise<void> {
    await this.world.start();
    notifyPushes(this.world);
  }

  /** A build pushes an image, and what follows at once happens. */
  async push(version: string): Promise<void> {
    this.digests.set(version, await this.world.push(APP, version));
    await this.world.pass(MOMENT);
  }

  /** A build pushes an image, and time passes no further than until something is so. */
  async pushUntil(version: string, holds: () => boolean): Promise<void> {
    this.digests.set(version, await this.world.push(APP, version));
    await this.world.until(`what follows from the push of ${version}`, holds, MINUTE, SECOND);
  }

  digest(version: string): Digest {
    const found = this.digests.get(version);
    if (found === undefined) throw new NotSo(`${version} was never pushed`);
    return found;
  }

  /** Somebody does something on GitHub, and what follows at once happens. */
  async person<T>(login: string, act: (person: Person) => Promise<T>): Promise<T> {
    this.#asked += 1;
    const done = await act(this.world.person(login));
    await this.world.pass(MOMENT);
    return done;
  }

  /** Requests that Pinion has made to GitHub's API, without Git's transfers, which no rate limit counts. */
  get githubRequests(): number {
    const calls = this.world.github.requests.filter(({ route }) => !route.startsWith("git-"));
    return calls.length - this.#asked;
  }

  /** What share of users meets an error from then on. */
  serve(environment: EnvironmentName, errorRatio: number, from: Instant = this.now): void {
    this.world.prometheus.traffic(APP, environment, { perSecond: 50, errorRatio, from });
  }

  async until(what: string, holds: () => boolean | Promise<boolean>, atMost: number): Promise<void> {
    const told = (): boolean | Promise<boolean> => {
      this.onTime(this.now);
      return holds();
    };
    await this.world.until(what, told, atMost, MINUTE);
  }

  /** Lets time pass until the log has a record of this event for a version. */
  async untilRecorded<E extends EventName>(
    event: E,
    environment: EnvironmentName,
    version: string,
    atMost = 30 * MINUTE,
  ): Promise<RecordOf<E>> {
    let found: RecordOf<E> | undefined;
    await this.until(
      `${event} ${version} in ${environment}`,
      async () => {
        found = (await this.recordsOf(event, environment, version)).at(-1);
        return found !== undefined;
      },
      atMost,
    );
    return present(found, `a record ${event} of ${version} in ${environment}`);
  }

  get pullRequests(): readonly PullRequest[] {
    return [...this.repository.threads.values()].filter((thread) => thread.kind === "pull-request");
  }

  /** The pull requests of that title, oldest first. */
  titled(title: string): readonly PullRequest[] {
    return this.pullRequests.filter((pull) => pull.title === title);
  }

  /** The only pull request of that title. */
  pullRequest(title: string): PullRequest {
    const [only, second] = this.titled(title);
    if (only === undefined || second !== undefined) {
      const all = this.pullRequests.map((pull) => `#${pull.number} ${pull.title} (${pull.state})`).join("\n");
      throw new NotSo(`there is ${only === undefined ? "no" : "more than one"} pull request "${title}"; there are:\n${all}`);
    }
    return only;
  }

  /** The newest check of Pinion on the head of a pull request. */
  check(pull: PullRequest): CheckRun {
    const found = this.repository.checkRuns.findLast((run) => run.headSha === pull.head.oid && run.name === "Pinion");
    return present(found, `a check on #${pull.number}`);
  }

  /** What the App said on an issue or pull request. */
  comments(number: number): readonly Comment[] {
    return (this.repository.threads.get(number)?.comments ?? []).filter(({ app }) => app !== null);
  }

  labels(number: number): readonly string[] {
    return (this.repository.threads.get(number)?.labels ?? []).map(({ name }) => name);
  }

  /** The newest state of the Deployment of a commit. */
  deployment(environment: EnvironmentName, commit: Oid): string {
    const found = this.repository.deployments.filter((deployment) => deployment.sha === commit && deployment.environment === environment);
    return found.map(({ statuses }) => statuses.at(-1)?.state ?? "none").join(", ");
  }

  /** A file as it is on the default branch, or empty. */
  async onMain(path: string): Promise<string> {
    const head = this.repository.refs.get(`refs/heads/${this.repository.defaultBranch}`) ?? "";
    return (await this.repository.git.file(head, path))?.toString("utf8") ?? "";
  }

  file(environment: EnvironmentName): Promise<string> {
    return this.onMain(fileOf(environment));
  }

  /** The records of the log, oldest first. */
  async records(): Promise<readonly LogRecord[]> {
    const head = this.repository.refs.get("refs/heads/pinion-log") ?? "";
    if (head === "" || head === this.#log.head) return this.#log.records;
    const range = this.#log.head === "" ? head : `${this.#log.head}..${head}`;
    const lines = await this.repository.git.text(["log", "--reverse", "--first-parent", "--format=", "--name-status", range]);
    const records = [...this.#log.records];
    for (const line of lines.split("\n")) {
      const [status, path = ""] = line.split("\t");
      if (!path.startsWith("records/")) continue;
      if (status !== "A") throw new NotSo(`the log is not only added to: ${line}`);
      const parsed = parseRecord(path, (await this.repository.git.file(head, path))?.toString("utf8") ?? "");
      if (!parsed.ok) throw new NotSo(parsed.problem);
      records.push(parsed.record);
    }
    this.#log = { head, records };
    return records;
  }

  async recordsOf<E extends EventName>(event: E, environment: EnvironmentName, version: string): Promise<readonly RecordOf<E>[]> {
    const isOf = (record: LogRecord): record is RecordOf<E> => record.event === event;
    const here = (record: LogRecord): boolean => environmentOf(record) === environment && versionIn(record) === version;
    return (await this.records()).filter(isOf).filter(here);
  }

  async record<E extends EventName>(event: E, environment: EnvironmentName, version: string): Promise<RecordOf<E>> {
    const [only, second] = await this.recordsOf(event, environment, version);
    if (second !== undefined) throw new NotSo(`the log has ${event} of ${version} in ${environment} more than once`);
    return present(only, `a record ${event} of ${version} in ${environment}`);
  }

  /** What Argo CD says of the app there, over its API. */
  async cluster(environment: EnvironmentName): Promise<Cluster> {
    const { argocd } = this.world;
    const answer = await fetch(`${argocd.url}/api/v1/applications/${APP}-${environment}?project=default`, {
      headers: { authorization: `Bearer ${argocd.token}` },
    });
    const application: unknown = await answer.json();
    const images = read(application, "status", "summary", "images");
    return {
      health: String(read(application, "status", "health", "status")),
      sync: String(read(application, "status", "sync", "status")),
      images: Array.isArray(images) ? images.map(String) : [],
    };
  }
}

export function fileOf(environment: EnvironmentName): string {
  return `apps/${APP}/overlays/${environment}/kustomization.yaml`;
}

export function versionIn(record: LogRecord): string | null {
  return "release" in record ? (record.release?.version ?? null) : null;
}

export function environmentOf(record: LogRecord): string | null {
  return "environment" in record ? record.environment : null;
}

export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new NotSo(`missing: ${what}`);
  return value;
}

function read(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    return typeof inner === "object" && inner !== null ? Object.getOwnPropertyDescriptor(inner, key)?.value : undefined;
  }, value);
}
