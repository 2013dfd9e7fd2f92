import { onTestFinished } from "vitest";
import { createWorld, kustomization, notifyPushes, type World, type WorldOptions } from "../../sandbox/world.ts";
import type { SeenRequest } from "../../sandbox/github/server.ts";
import type { CheckRun, PullRequest, Repository } from "../../sandbox/github/model.ts";
import { parseRecord, recordIdentity } from "../../src/domain/record-file.ts";
import type { EventName, LogRecord } from "../../src/domain/record.ts";
import type { Digest } from "../../src/domain/release.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const SLO = `
slos:
  availability:
    objective: 99.9
    errors: 'sum(increase(http_requests_total{app="{app}",env="{env}",code=~"5.."}[{window}]))'
    total: 'sum(increase(http_requests_total{app="{app}",env="{env}"}[{window}]))'
`;

const APPS = `
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  defaults: { slo: availability }
`;

/** A configuration with these lines under `environments:`. */
export function configOf(...environments: readonly string[]): string {
  return `version: 1\nenvironments:\n${environments.map((line) => `  ${line}\n`).join("")}${APPS.trimStart()}${SLO.trimStart()}`;
}

/** The README's environments, with shorter times. */
export const DEV = "dev: { promote: auto, merge: auto, watch: 2m, deadline: 5m, rollback: auto }";
export const STAGING = "staging: { after: dev, promote: auto, merge: auto, watch: 2m, rollback: auto }";
export const PROD =
  "prod: { after: staging, soak: 10m, watch: 5m, promote: on-request, merge: on-approval, approvals: { count: 1, teams: [sre] }, rollback: auto }";

export interface StoryOptions extends Partial<WorldOptions> {
  /** Lines under `environments:` of the configuration. */
  readonly environmentLines?: readonly string[];
  /** Pushed before Pinion starts, so that it is the first thing that Pinion promotes. */
  readonly pushed?: string;
  /** Leaves Pinion not running yet. */
  readonly asleep?: boolean;
}

/**
 * A world with Pinion in it, as onlookers see it: pull requests, checks, files and the log, never what is inside. It ends
 * with the test that began it.
 */
export async function begin(options: StoryOptions = {}): Promise<Story> {
  const { environmentLines = [DEV], pushed = "1.4.2", asleep = false, apps = ["checkout"], ...world } = options;
  const names = environmentLines.map((line) => line.slice(0, line.indexOf(":")));
  const made = await createWorld({
    config: configOf(...environmentLines),
    people: { alice: "write", bob: "write", carol: "write", mallory: "triage" },
    teams: { sre: ["bob", "alice"] },
    environments: names,
    digests: true,
    apps,
    ...world,
  });
  onTestFinished(() => made.close());
  const story = new Story(made);
  for (const app of apps) for (const environment of names) story.serve(environment, 0, { app, from: made.clock.now() - 24 * HOUR });
  if (pushed !== "") await made.push("checkout", pushed);
  if (!asleep) await story.wake();
  return story;
}

/** `merged` and `closed` are told apart as on GitHub's page. */
export type Shown = "open" | "merged" | "closed";

export class Story {
  readonly world: World;
  #records: { readonly head: string; readonly records: readonly LogRecord[] } = { head: "", records: [] };

  constructor(world: World) {
    this.world = world;
  }

  get repository(): Repository {
    return this.world.repository;
  }

  /** Starts Pinion, with the registry telling it of pushes. */
  async wake(): Promise<void> {
    await this.world.start();
    notifyPushes(this.world);
  }

  /** What users meet from then on, or from now. */
  serve(environment: string, errorRatio: number, { app = "checkout", perSecond = 50, from = this.world.clock.now() } = {}): void {
    this.world.prometheus.traffic(app, environment, { perSecond, errorRatio, from });
  }

  pulls(): readonly PullRequest[] {
    return [...this.repository.threads.values()].filter((thread) => thread.kind === "pull-request");
  }

  /** The only pull request with this title. */
  pull(title: string): PullRequest {
    const found = this.pulls().filter((pull) => pull.title === title);
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} pull requests "${title}", among: ${this.list().join("; ")}`);
    return only;
  }

  /** Every pull request as its number, title and state, oldest first. */
  list(): readonly string[] {
    return this.pulls().map((pull) => `#${pull.number} ${pull.title}: ${shown(pull)}`);
  }

  titles(state: Shown): readonly string[] {
    return this.pulls().filter((pull) => shown(pull) === state).map(({ title }) => title);
  }

  /** The newest check `Pinion` on the head of the pull request. */
  check(pull: PullRequest): CheckRun {
    const found = this.repository.checkRuns.findLast((run) => run.headSha === pull.head.oid && run.name === "Pinion");
    if (found === undefined) throw new Error(`#${pull.number} has no check`);
    return found;
  }

  /** `success: All 8 gates passed`, `in_progress: Waiting: …`. */
  verdict(pull: PullRequest): string {
    const { conclusion, status, output } = this.check(pull);
    return `${conclusion ?? status}: ${output.title ?? ""}`;
  }

  /** What the App said there, without its hidden markers. */
  said(number: number): readonly string[] {
    const comments = this.repository.threads.get(number)?.comments ?? [];
    return comments.filter(({ app }) => app !== null).map(({ body }) => body.replace(/^<!--.*?-->\n/, ""));
  }

  labels(number: number): readonly string[] {
    return this.repository.threads.get(number)?.labels.map(({ name }) => name) ?? [];
  }

  issues(): readonly string[] {
    return [...this.repository.threads.values()].filter(({ kind }) => kind === "issue").map(({ title, state }) => `${title}: ${state}`);
  }

  /** A file's text on the default branch. */
  async onMain(path: string): Promise<string | null> {
    const head = this.repository.refs.get(`refs/heads/${this.repository.defaultBranch}`) ?? "";
    return (await this.repository.git.file(head, path))?.toString("utf8") ?? null;
  }

  async fileOf(environment: string, app = "checkout"): Promise<string> {
    return (await this.onMain(overlay(environment, app))) ?? "";
  }

  /** The file of an environment as it was made, with these pins in it. */
  fileWith(tag: string, digest: Digest, app = "checkout"): string {
    return kustomization(`${this.world.registry.host}/acme/${app}`, tag, digest);
  }

  /** The tag that the environment's file pins on the default branch. */
  async version(environment: string, app = "checkout"): Promise<string> {
    return /newTag: "?([^\s"]+)/.exec(await this.fileOf(environment, app))?.[1] ?? "";
  }

  /** The records of the log, oldest first, read by Git. */
  async records(): Promise<readonly LogRecord[]> {
    const head = this.repository.refs.get("refs/heads/pinion-log") ?? "";
    if (head !== "" && head !== this.#records.head) this.#records = { head, records: await readLog(this.repository, head) };
    return this.#records.records;
  }

  async recordsOf<E extends EventName>(event: E): Promise<readonly (LogRecord & { readonly event: E })[]> {
    const isOf = (record: LogRecord): record is LogRecord & { readonly event: E } => record.event === event;
    return (await this.records()).filter(isOf);
  }

  /** The log in short, as `merged dev 1.4.2`. */
  async history(): Promise<readonly string[]> {
    return (await this.records()).map(inShort);
  }

  /** Lets time pass until the log says so. */
  async until(line: string, atMost = HOUR): Promise<void> {
    try {
      await this.world.until(`${line} in the log`, async () => (await this.history()).includes(line), atMost);
    } catch (problem) {
      throw new Error(`no "${line}"\n${await this.#situation()}`, { cause: problem });
    }
  }

  /** For a test that fails: what there is, and what Pinion says that it waits for. */
  async #situation(): Promise<string> {
    const { pinion } = this.world;
    const [repository] = await pinion.ports.forge.repositories();
    const blocked = repository === undefined ? [] : (await pinion.reconciler.preview(repository)).plan.blocked;
    const waiting = blocked.map(({ app, environment, reason }) => `waiting: ${app ?? ""} ${environment ?? ""} ${reason}`);
    const said = this.world.log.filter((logged) => !logged.includes('"msg":"waiting"')).slice(-20);
    return [...this.list(), ...(await this.history()), ...waiting, ...said.map((logged) => logged.trim())].join("\n");
  }

  /** The newest state of each Deployment, as `dev promote:checkout success`. */
  deployments(): readonly string[] {
    return this.repository.deployments.map(({ environment, task, statuses }) => `${environment} ${task} ${statuses.at(-1)?.state ?? "none"}`);
  }

  branches(): readonly string[] {
    return [...this.repository.refs.keys()].filter((ref) => ref.startsWith("refs/heads/")).map((ref) => ref.slice("refs/heads/".length));
  }

  /** Requests to GitHub that may have changed something. */
  writes(): number {
    const isWrite = ({ method, route, document }: SeenRequest) =>
      document === null ? method !== "GET" && !route.startsWith("git-") && !route.endsWith("/access_tokens") : /^\s*mutation\b/.test(document);
    return this.world.github.requests.filter((request) => request.by === "installation" && isWrite(request)).length;
  }

  /** Whatever must not be there twice and is; empty when all is well. */
  async doubled(): Promise<readonly string[]> {
    const keys = [
      ...(await this.records()).map((record) => `record ${recordIdentity(record)}`),
      ...this.pulls().filter(({ app }) => app !== null).map(({ head }) => `pull request from ${head.ref}`),
      ...this.repository.deployments.map(({ environment, task, sha }) => `deployment ${environment} ${task} ${sha}`),
      ...this.repository.checkRuns.map(({ headSha, externalId }) => `check ${headSha} ${externalId ?? ""}`),
      ...[...this.repository.threads.values()].flatMap((thread) => [
        ...(thread.kind === "issue" && thread.app !== null ? [`issue ${thread.title}`] : []),
        ...thread.comments.filter(({ app }) => app !== null).map(({ body }) => `comment on #${thread.number}: ${body.split("\n", 1)[0] ?? ""}`),
      ]),
    ];
    return keys.filter((key, index) => keys.indexOf(key) !== index);
  }
}

export function overlay(environment: string, app = "checkout"): string {
  return `apps/${app}/overlays/${environment}/kustomization.yaml`;
}

export function shown(pull: PullRequest): Shown {
  return pull.mergedAt !== null ? "merged" : pull.state;
}

function inShort(record: LogRecord): string {
  if (record.event === "installed") return "installed";
  const what = "release" in record ? record.release?.version : "pinned" in record ? record.pinned.version : undefined;
  return [record.event, record.environment, what].filter((word) => word !== undefined).join(" ");
}

async function readLog({ git }: Repository, head: string): Promise<readonly LogRecord[]> {
  // Oldest commit first, so that records of one moment stand in the order in which they were written.
  const added = await git.text(["log", "--reverse", "--first-parent", "--format=", "--name-status", "--root", head]);
  const records: LogRecord[] = [];
  for (const line of added.split("\n")) {
    const [status = "", path = ""] = line.split("\t");
    if (!path.startsWith("records/")) continue;
    if (status !== "A") throw new Error(`the log was changed: ${line}`);
    const parsed = parseRecord(path, (await git.file(head, path))?.toString("utf8") ?? "");
    if (!parsed.ok) throw new Error(parsed.problem);
    records.push(parsed.record);
  }
  return records;
}
