import type { LogRecord } from "../domain/record.ts";
import { appendRecords, EMPTY_LEDGER, type Ledger } from "../domain/ledger.ts";
import { LOG_BRANCH, parseRecord, printRecord, recordPath } from "../domain/record-file.ts";
import type { Repository } from "../domain/observation.ts";
import type { Oid } from "../domain/release.ts";
import { PortFailure, type FileContent, type LogCommit, type ReadPorts } from "../ports.ts";

/** Commits that are asked about and taken in at once: what was proven of a long log is kept when GitHub then fails. */
const AT_ONCE = 1_000;

/** A commit of the log that this process made. */
export interface WrittenLog {
  readonly commit: Oid;
  /** What it was made on, or null for the first. GitHub made sure of it. */
  readonly parent: Oid | null;
  readonly files: readonly FileContent[];
}

/** The promotion log as read so far, kept up by its new commits alone. */
export class PromotionLog {
  #head: Oid | null = null;
  #ledger: Ledger = EMPTY_LEDGER;
  /** By commit. Their proof is first hand. */
  readonly #written = new Map<Oid, WrittenLog>();

  get ledger(): Ledger {
    return this.#ledger;
  }

  wrote(written: WrittenLog): void {
    this.#written.set(written.commit, written);
  }

  /** Whether the log can be told up to `head` without fetching it. */
  knows(head: Oid | null): boolean {
    return head === this.#head || (head !== null && this.#ownUpTo(head) !== null);
  }

  /** This process's own commits from what is known up to `head`, oldest first, or null if they do not lead there. */
  #ownUpTo(head: Oid): readonly WrittenLog[] | null {
    const chain: WrittenLog[] = [];
    for (let at: Oid | null = head; at !== this.#head; at = chain[0]?.parent ?? null) {
      const written: WrittenLog | undefined = at === null ? undefined : this.#written.get(at);
      if (written === undefined) return null;
      chain.unshift(written);
    }
    return chain;
  }

  /**
   * Reads on to `head`. A record counts only if its commit was signed by GitHub for the App, has one parent
   * and only adds files; anything else on the branch is somebody's doing, is left out, and is told loudly.
   * @throws {PortFailure} when the log does not go on from what this process has seen of it, or has written to it. Without its
   *   records everything would begin anew: soaks, requests, and what went bad. And GitHub answers a look at once: where it shows the
   *   log of a while ago, the branches are those of then as well.
   */
  async update(ports: ReadPorts, repository: Repository, head: Oid | null): Promise<void> {
    if (head !== this.#head) await this.#readOn(ports, repository, head);
    const own = [...this.#written.keys()].at(-1);
    if (own === undefined) return;
    throw new PortFailure(
      "dependency",
      `Pinion has written ${own} to the branch ${LOG_BRANCH}, and GitHub shows the older ${head ?? "nothing"}; if that stays so: ${cure(own)}`,
    );
  }

  async #readOn(ports: ReadPorts, repository: Repository, head: Oid | null): Promise<void> {
    if (head === null) throw new PortFailure("stalled", `the branch ${LOG_BRANCH} is gone; ${cure(this.#head)}`);
    const own = this.#ownUpTo(head);
    if (own !== null) {
      // GitHub made these commits from these files, on exactly what is known: fetching them would tell nothing new.
      const records = own.flatMap(({ commit, files }) => readRecords(ports, commit, files));
      this.#ledger = appendRecords(this.#ledger, records);
      for (const { commit } of own) this.#written.delete(commit);
      this.#head = head;
      return;
    }
    await ports.manifests.ensure(repository, [{ ref: `refs/heads/${LOG_BRANCH}`, oid: head }]);
    await this.#mustGoOn(ports, repository, head);
    const since = this.#head;
    const commits = await ports.manifests.logCommits(repository, since, head);
    for (let start = 0; start < commits.length; start += AT_ONCE) await this.#take(ports, repository, commits.slice(start, start + AT_ONCE));
    this.#head = head;
  }

  /** Takes in commits that follow what is known. Many at a time, because what is known so far is copied each time. */
  async #take(ports: ReadPorts, repository: Repository, commits: readonly LogCommit[]): Promise<void> {
    const proven = await this.#prove(ports, repository, commits);
    const records: LogRecord[] = [];
    for (const commit of commits) {
      if (!commit.appendsOnly || !proven.has(commit.oid)) {
        ports.journal.error("a commit of the promotion log is not the App's own; its records do not count", { commit: commit.oid });
        continue;
      }
      for (const record of readRecords(ports, commit.oid, commit.files)) records.push(record);
    }
    this.#ledger = appendRecords(this.#ledger, records);
    this.#head = commits.at(-1)?.oid ?? this.#head;
  }

  async #mustGoOn(ports: ReadPorts, repository: Repository, head: Oid): Promise<void> {
    if (this.#head === null || (await ports.manifests.isAncestor(repository, this.#head, head))) return;
    // GitHub's reads may lag behind its writes, and then show an older commit for a while: that mends itself.
    const older = await ports.manifests.isAncestor(repository, head, this.#head);
    const what = older ? `was at ${this.#head} before, and GitHub shows the older ${head} now; if that stays so` : "was rewritten";
    throw new PortFailure(older ? "dependency" : "stalled", `the branch ${LOG_BRANCH} ${what}: ${cure(this.#head)}`);
  }

  async #prove(ports: ReadPorts, repository: Repository, commits: readonly LogCommit[]): Promise<ReadonlySet<Oid>> {
    const proven = new Set<Oid>();
    const open: Oid[] = [];
    for (const { oid } of commits) {
      if (this.#written.delete(oid)) proven.add(oid);
      else open.push(oid);
    }
    if (open.length > 0) for (const oid of await ports.forge.ownCommits(repository, open)) proven.add(oid);
    return proven;
  }
}

function cure(known: Oid | null): string {
  const command = `git push --force origin ${known ?? "<its last commit>"}:refs/heads/${LOG_BRANCH}`;
  return `restore it with \`${command}\` from a clone that has it, or restart Pinion to go on with what is there`;
}

function readRecords(ports: ReadPorts, commit: Oid, files: readonly FileContent[]): readonly LogRecord[] {
  const records: { readonly record: LogRecord; readonly sequence: number }[] = [];
  for (const { path, bytes } of files) {
    if (!path.startsWith("records/")) continue;
    const parsed = parseRecord(path, new TextDecoder().decode(bytes));
    if (parsed.ok) records.push(parsed);
    else ports.journal.error("a record cannot be read and does not count", { commit, problem: parsed.problem });
  }
  return records.toSorted((a, b) => a.sequence - b.sequence).map(({ record }) => record);
}

/** Records of one commit, in the order in which they come about. */
export function recordFiles(records: readonly LogRecord[]): readonly FileContent[] {
  return records.map((record, index) => ({ path: recordPath(record), bytes: new TextEncoder().encode(printRecord(record, index)) }));
}

/** The headline of a log commit: its first event in words, and how many more there are. */
export function logHeadline(records: readonly LogRecord[]): string {
  const [first, ...more] = records;
  if (first === undefined) return "log: nothing";
  const where = first.event === "installed" ? "" : "app" in first ? ` ${first.app} in ${first.environment}` : ` in ${first.environment}`;
  const words = `${first.event}${where}`;
  return more.length === 0 ? `log: ${words}` : `log: ${words} and ${more.length} more`;
}
