import type { Instant, Milliseconds } from "../../src/domain/answer.ts";
import type { Actor, Permission } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { Happening } from "../events.ts";
import { APP_EMAIL, LOG, MAIN, type GitHubFacts, type PullFacts, type QueuedFacts } from "../facts.ts";
import { GitStore } from "./git-store.ts";

export interface GitHubRules {
  /** Merging takes a green check of the App on the head. */
  readonly checkRequired: boolean;
  /** Only the App updates the log, and nobody moves it back or deletes it. */
  readonly logGuarded: boolean;
  readonly deletesMergedBranches: boolean;
  /** A pull request younger than this is not merged: whether it can be has not been worked out yet. */
  readonly mergeableAfter: Milliseconds;
}

const WRITERS: ReadonlySet<Permission> = new Set(["admin", "maintain", "write"]);
/** Earlier states are kept for this long, for reads that lag behind. */
const KEPT: Milliseconds = 10 * 60_000;

export type MergeRefusal = { readonly status: 405 | 409; readonly words: string };

/**
 * A repository on GitHub. What is so is one immutable value, so that a read can be answered from an earlier one; each change
 * makes a new value and tells what happened.
 */
export class GitHub {
  readonly git = new GitStore();
  readonly rules: GitHubRules;
  readonly #now: () => Instant;
  readonly #tell: (happening: Happening) => void;
  #facts: GitHubFacts;
  readonly #past: { readonly until: Instant; readonly facts: GitHubFacts }[] = [];
  #lastId = 0;

  constructor(now: () => Instant, tell: (happening: Happening) => void, rules: GitHubRules, facts: GitHubFacts) {
    this.#now = now;
    this.#tell = tell;
    this.rules = rules;
    this.#facts = facts;
  }

  get facts(): GitHubFacts {
    return this.#facts;
  }

  /** GitHub's times are in whole seconds. */
  get second(): Instant {
    return Math.floor(this.#now() / 1_000) * 1_000;
  }

  factsAt(at: Instant): GitHubFacts {
    return this.#past.find(({ until }) => until > at)?.facts ?? this.#facts;
  }

  id(prefix: string): string {
    this.#lastId += 1;
    return `${prefix}_${this.#lastId}`;
  }

  number(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  tell(happening: Happening): void {
    this.#tell(happening);
  }

  change(part: Partial<GitHubFacts>): void {
    const now = this.#now();
    this.#past.push({ until: now, facts: this.#facts });
    while (this.#past[0] !== undefined && this.#past[0].until < now - KEPT) this.#past.shift();
    this.#facts = { ...this.#facts, ...part };
  }

  changePull(number: number, part: Partial<PullFacts>): void {
    const pull = this.#facts.pulls.get(number);
    if (pull === undefined) return;
    this.change({ pulls: new Map(this.#facts.pulls).set(number, { ...pull, updatedAt: this.second, ...part }) });
  }

  get main(): Oid {
    return this.branch(MAIN) ?? "";
  }

  branch(name: string): Oid | null {
    return this.#facts.branches.get(name) ?? null;
  }

  permission(login: string): Permission {
    return this.#facts.people.get(login) ?? "none";
  }

  mayWrite(actor: Actor): boolean {
    return actor.kind === "app" || WRITERS.has(this.permission(actor.login));
  }

  /** Whether this actor may push to this branch: the log is the App's, where it is guarded. */
  mayMove(actor: Actor, branch: string): boolean {
    if (branch === MAIN && (this.#needsCheck(actor) || (this.#facts.queue !== null && this.permission(actor.login) !== "admin"))) return false;
    return this.mayWrite(actor) && (branch !== LOG || actor.kind === "app" || !this.rules.logGuarded);
  }

  /** A required check is required of what is pushed as well, and a new commit has none. Administrators are let through. */
  #needsCheck(actor: Actor): boolean {
    return this.rules.checkRequired && (actor.kind === "app" || this.permission(actor.login) !== "admin");
  }

  /** Moves, makes or deletes a branch; open pull requests from it follow, or close with it. */
  move(actor: Actor, branch: string, to: Oid | null, tells = true): void {
    const from = this.branch(branch);
    if (from === to) return;
    const branches = new Map(this.#facts.branches);
    if (to === null) branches.delete(branch);
    else branches.set(branch, to);
    this.change({ branches });
    if (tells) this.#tell({ kind: "moved", branch, from, to, by: actor });
    for (const pull of this.#facts.pulls.values()) {
      if (pull.state !== "open" || pull.fork || pull.headRef !== branch) continue;
      if (to === null) this.close(actor, pull.number);
      else this.changePull(pull.number, { head: to });
    }
    if (from !== null && to !== null) this.#land(actor, branch, from, to);
  }

  /** Pull requests whose commits arrived on their base by other ways count as merged. */
  #land(actor: Actor, base: string, from: Oid, to: Oid): void {
    const waiting = [...this.#facts.pulls.values()].filter((pull) => pull.state === "open" && pull.base === base);
    const arrived = new Set(waiting.length === 0 ? [] : this.git.between(from, to));
    for (const { number, head } of waiting) {
      if (!arrived.has(head)) continue;
      this.#merged(actor, number, to, this.git.between(from, head));
      this.#tell({ kind: "merged", pull: number, by: actor, head, base: from, commit: to, expectedHead: null, bot: null });
    }
  }

  #merged(actor: Actor, number: number, commit: Oid, mergedCommits: readonly Oid[]): void {
    this.changePull(number, { state: "merged", merged: { commit, at: this.second, by: actor }, mergedCommits });
  }

  close(actor: Actor, number: number): void {
    this.changePull(number, { state: "closed", closed: { at: this.second, by: actor } });
    this.#tell({ kind: "closed", pull: number, by: actor });
  }

  /** A commit by this actor on `parent`. The App's are signed by GitHub. */
  commitOn(actor: Actor, parent: Oid | null, edits: Readonly<Record<string, string | null>>, message: string): Oid {
    const own = actor.kind === "app";
    const authorEmail = own ? APP_EMAIL : `${actor.login}@example.com`;
    const tree = this.git.edited(parent, edits);
    const parents = parent === null ? [] : [parent];
    return this.git.commit({ tree, parents, at: this.second, authorName: actor.login, authorEmail, by: actor, own, message }).oid;
  }

  openPull(actor: Actor, pull: Pick<PullFacts, "title" | "base" | "headRef" | "head" | "fork">, bot: number | null): number {
    const number = this.number();
    const now = this.second;
    const opened: PullFacts = {
      ...pull,
      number,
      author: actor,
      state: "open",
      draft: false,
      createdAt: now,
      updatedAt: now,
      labels: [],
      labelEvents: [],
      reviews: [],
      comments: [],
      reviewersAsked: [],
      merged: null,
      closed: null,
      mergedCommits: null,
    };
    this.change({ pulls: new Map(this.#facts.pulls).set(number, opened) });
    this.#tell({ kind: "opened", pull: number, by: actor, bot });
    return number;
  }

  /** Merges as the API and the button do: 409 when the head is another, 405 for everything else that is in the way. */
  merge(
    actor: Actor,
    number: number,
    how: { readonly expectedHead: Oid | null; readonly message: string; readonly bot: number | null; readonly squash: boolean },
  ): { readonly commit: Oid } | MergeRefusal {
    const pull = this.#facts.pulls.get(number);
    if (pull === undefined || pull.state !== "open") return { status: 405, words: "Pull Request is not mergeable" };
    if (how.expectedHead !== null && how.expectedHead !== pull.head) {
      return { status: 409, words: "Head branch was modified. Review and try the merge again." };
    }
    if (pull.draft) return { status: 405, words: "Pull Request is still a draft" };
    if (this.#now() < pull.createdAt + this.rules.mergeableAfter) return { status: 405, words: "Pull Request is not mergeable" };
    if (this.#facts.queue !== null) return { status: 405, words: "Changes must be made through the merge queue" };
    if (this.#needsCheck(actor) && this.check(pull.head)?.conclusion !== "success") {
      return { status: 405, words: 'Required status check "Pinion" is expected.' };
    }
    const base = this.branch(pull.base) ?? "";
    const commit = this.mergeCommit(actor, pull, base, how);
    if (commit === null) return { status: 405, words: "Pull Request is not mergeable" };
    const mergedCommits = this.git.between(base, pull.head);
    this.#merged(actor, number, commit, mergedCommits);
    this.move(actor, pull.base, commit, false);
    this.#tell({ kind: "merged", pull: number, by: actor, head: pull.head, base, commit, expectedHead: how.expectedHead, bot: how.bot });
    if (this.rules.deletesMergedBranches && !pull.fork) this.move(actor, pull.headRef, null);
    return { commit };
  }

  /** What merging would put on top of `base`; null when there is a conflict. */
  mergeCommit(actor: Actor, pull: PullFacts, base: Oid, how: { readonly message: string; readonly squash: boolean; readonly at?: Instant }): Oid | null {
    const merged = this.git.merge(base, pull.head);
    if ("conflicts" in merged) return null;
    const byApp = how.squash ? pull.author.kind === "app" : actor.kind === "app";
    const author = how.squash ? pull.author : actor;
    return this.git.commit({
      tree: merged.tree,
      parents: how.squash ? [base] : [base, pull.head],
      at: how.at ?? this.second,
      authorName: author.login,
      authorEmail: byApp ? APP_EMAIL : `${author.login}@example.com`,
      by: actor,
      own: byApp,
      message: how.message,
    }).oid;
  }

  /** The merge queue puts a pull request onto its base: the commit is there already. */
  mergeQueued({ pull: number, by, group }: QueuedFacts): void {
    const pull = this.#facts.pulls.get(number);
    if (pull === undefined || group === null) return;
    const { base, head: commit } = group;
    this.#merged(by, number, commit, this.git.between(base, pull.head));
    this.move(by, pull.base, commit, false);
    this.#tell({ kind: "merged", pull: number, by, head: pull.head, base, commit, expectedHead: null, bot: null, queued: true });
    if (this.rules.deletesMergedBranches && !pull.fork) this.move(by, pull.headRef, null);
  }

  /** The App's newest check on a commit. */
  check(head: Oid) {
    return this.#facts.checks.get(head)?.at(-1) ?? null;
  }

  commentOn(actor: Actor, number: number, body: string): void {
    const pull = this.#facts.pulls.get(number);
    if (pull === undefined) return;
    const made = { id: this.id("IC"), author: actor, body, at: this.second, editedByOther: false };
    this.changePull(number, { comments: [...pull.comments, made] });
    this.#tell({ kind: "commented", pull: number, by: actor, body });
  }

  removeLabel(actor: Actor, number: number, label: string): void {
    const pull = this.#facts.pulls.get(number);
    if (pull === undefined || !pull.labels.includes(label)) return;
    this.changePull(number, { labels: pull.labels.filter((other) => other !== label) });
    this.#tell({ kind: "unlabelled", pull: number, by: actor, label });
  }

  /** Using a label makes it. */
  knowLabels(names: readonly string[]): void {
    const unknown = names.filter((name) => !this.#facts.labels.includes(name));
    if (unknown.length > 0) this.change({ labels: [...this.#facts.labels, ...unknown] });
  }

  openIssue(actor: Actor, title: string, labels: readonly string[]): number {
    const number = this.number();
    this.knowLabels(labels);
    const events = labels.map((label) => ({ id: this.id("LE"), label, actor, at: this.second }));
    const issue = { number, title, author: actor, state: "open" as const, labels, labelEvents: events, closedBy: null };
    this.change({ issues: new Map(this.#facts.issues).set(number, issue) });
    this.#tell({ kind: "issue", issue: number, by: actor, what: "opened" });
    return number;
  }
}
