import type { LogRecord } from "../domain/record.ts";
import { appendRecords, EMPTY_LEDGER, type Ledger } from "../domain/ledger.ts";
import { LOG_BRANCH, parseRecord, printRecord, recordPath } from "../domain/record-file.ts";
import type { Repository } from "../domain/observation.ts";
import type { Oid } from "../domain/release.ts";
import type { FileContent, LogCommit, Ports } from "../ports.ts";

/** GitHub is asked about this many commits at once. */
const PROOF_BATCH = 100;

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
    return head === this.#head || (head !== null && this.#ownNext(head) !== null);
  }

  /** This process's own commit, if it is the one after what is known. */
  #ownNext(head: Oid): WrittenLog | null {
    const written = this.#written.get(head);
    return written !== undefined && written.parent === this.#head ? written : null;
  }

  /**
   * Reads on to `head`. A record counts only if its commit was signed by GitHub for the App, has one parent
   * and only adds files; anything else on the branch is somebody's doing, is left out, and is told loudly.
   */
  async update(ports: Ports, repository: Repository, head: Oid | null): Promise<void> {
    if (head === this.#head) return;
    if (head === null) {
      ports.journal.error("the promotion log is gone; a new one begins", { repository: repository.id });
      this.#head = null;
      this.#ledger = EMPTY_LEDGER;
      return;
    }
    const own = this.#ownNext(head);
    if (own !== null) {
      // GitHub made this commit from these files, on exactly what is known: fetching it would tell nothing new.
      this.#ledger = appendRecords(this.#ledger, readRecords(ports, own.commit, own.files));
      this.#written.delete(head);
      this.#head = head;
      return;
    }
    await ports.manifests.ensure(repository, [{ ref: `refs/heads/${LOG_BRANCH}`, oid: head }]);
    const since = this.#head !== null && (await ports.manifests.isAncestor(repository, this.#head, head)) ? this.#head : null;
    if (since === null && this.#head !== null) ports.journal.error("the promotion log was rewritten; it is read anew", { repository: repository.id });
    const commits = await ports.manifests.logCommits(repository, since, head);
    const proven = await this.#prove(ports, repository, commits);
    // All at once: each time that records are added, what is known so far is copied.
    const records: LogRecord[] = [];
    for (const commit of commits) {
      if (!commit.appendsOnly || !proven.has(commit.oid)) {
        ports.journal.error("a commit of the promotion log is not the App's own; its records do not count", { commit: commit.oid });
        continue;
      }
      for (const record of readRecords(ports, commit.oid, commit.files)) records.push(record);
    }
    this.#ledger = appendRecords(since === null ? EMPTY_LEDGER : this.#ledger, records);
    this.#head = head;
  }

  async #prove(ports: Ports, repository: Repository, commits: readonly LogCommit[]): Promise<ReadonlySet<Oid>> {
    const proven = new Set<Oid>();
    const open: Oid[] = [];
    for (const { oid } of commits) {
      if (this.#written.delete(oid)) proven.add(oid);
      else open.push(oid);
    }
    for (let start = 0; start < open.length; start += PROOF_BATCH) {
      for (const oid of await ports.forge.ownCommits(repository, open.slice(start, start + PROOF_BATCH))) proven.add(oid);
    }
    return proven;
  }
}

function readRecords(ports: Ports, commit: Oid, files: readonly FileContent[]): readonly LogRecord[] {
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
  const words = first.event === "installed" ? "installed" : `${first.event} ${first.app} in ${first.environment}`;
  return more.length === 0 ? `log: ${words}` : `log: ${words} and ${more.length} more`;
}
