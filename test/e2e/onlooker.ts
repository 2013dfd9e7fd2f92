import type { CheckRun, PullRequest, Repository } from "../../sandbox/github/model.ts";
import { kustomization } from "../../sandbox/world.ts";
import { parseRecord, recordIdentity } from "../../src/domain/record-file.ts";
import type { EventName, LogRecord } from "../../src/domain/record.ts";
import type { Digest } from "../../src/domain/release.ts";

/** `merged` and `closed` are told apart as on GitHub's page. */
export type Shown = "open" | "merged" | "closed";

/** Sees what people and Git can see of a repository, and nothing of what is inside Pinion. */
export class Onlooker {
  readonly repository: Repository;
  /** The registry's domain, as the manifests name it. */
  readonly host: string;
  #records: { readonly head: string; readonly records: readonly LogRecord[] } = { head: "", records: [] };

  constructor(repository: Repository, host: string) {
    this.repository = repository;
    this.host = host;
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
    return kustomization(`${this.host}/acme/${app}`, tag, digest);
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

  /** The newest state of each Deployment, as `dev promote:checkout success`. */
  deployments(): readonly string[] {
    return this.repository.deployments.map(({ environment, task, statuses }) => `${environment} ${task} ${statuses.at(-1)?.state ?? "none"}`);
  }

  branches(): readonly string[] {
    return [...this.repository.refs.keys()].filter((ref) => ref.startsWith("refs/heads/")).map((ref) => ref.slice("refs/heads/".length));
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
  const added = await git.text(["log", "--reverse", "--first-parent", "--format=tformat:commit", "--name-status", "--root", head]);
  const records: LogRecord[] = [];
  for (const commit of added.split(/^commit$/m)) {
    const written: { readonly record: LogRecord; readonly sequence: number }[] = [];
    for (const line of commit.split("\n")) {
      const [status = "", path = ""] = line.split("\t");
      if (!path.startsWith("records/")) continue;
      if (status !== "A") throw new Error(`the log was changed: ${line}`);
      const parsed = parseRecord(path, (await git.file(head, path))?.toString("utf8") ?? "");
      if (!parsed.ok) throw new Error(parsed.problem);
      written.push(parsed);
    }
    records.push(...written.toSorted((a, b) => a.sequence - b.sequence).map(({ record }) => record));
  }
  return records;
}
