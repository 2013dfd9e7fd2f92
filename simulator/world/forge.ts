import type { Instant } from "../../src/domain/answer.ts";
import type { Repository } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import { PortFailure, type FileContent, type Forge, type WriteOutcome } from "../../src/ports.ts";
import type { BotId } from "../events.ts";
import { APP, LOG, type CheckFacts, type GitHubFacts, type PullFacts } from "../facts.ts";
import type { GitHub } from "./github.ts";
import { GitHubReading } from "./github-reading.ts";
import type { Immediate } from "./immediate.ts";
import type { MergeQueue } from "./merge-queue.ts";

export const REPOSITORY: Repository = { installation: 1, id: 42, owner: "acme", name: "manifests" };

type NewCommit = { readonly headline: string; readonly body: string; readonly files: readonly FileContent[] };

/** One conversation with GitHub: what its reads are answered from, and how far its writes get. */
export interface ForgeCall {
  readonly bot: BotId;
  /** The clock of the machine that asks. */
  readonly now: () => Instant;
  readonly facts: GitHubFacts;
  /** What was so when pull requests were as they are told of. */
  readonly pulls: GitHubFacts;
  /** A request of several parts breaks off after so many of them; null when it does not. */
  readonly cut: number | null;
  /** Called when a snapshot was given. */
  readonly told: () => void;
}

const done = <T>(value: T): WriteOutcome<T> => ({ outcome: "done", value });
const conflict = (reason: string): { readonly outcome: "conflict"; readonly reason: string } => ({ outcome: "conflict", reason });
const refused = (reason: string): { readonly outcome: "refused"; readonly reason: string } => ({ outcome: "refused", reason });

/** The port to GitHub as the App, without any failure of its own. */
export class AppForge implements Immediate<Forge> {
  readonly #github: GitHub;
  readonly #queue: MergeQueue;
  readonly #call: ForgeCall;
  #parts = 0;

  constructor(github: GitHub, queue: MergeQueue, call: ForgeCall) {
    this.#github = github;
    this.#queue = queue;
    this.#call = call;
  }

  /** Between the parts of a request that is no transaction. */
  #part(): void {
    if (this.#parts === this.#call.cut) throw new PortFailure("dependency", "GitHub broke off in the middle of a request");
    this.#parts += 1;
  }

  installations(): readonly number[] {
    return [REPOSITORY.installation];
  }

  repositories(): readonly Repository[] {
    return [REPOSITORY];
  }

  snapshot(_repository: Repository, endedSince: Instant) {
    this.#call.told();
    return new GitHubReading(this.#github, this.#call.facts, this.#call.pulls).snapshot(this.#call.now(), endedSince);
  }

  permission(_repository: Repository, login: string) {
    if (login === APP.login) return "none";
    const permission = this.#call.facts.people.get(login);
    if (permission === undefined) throw new PortFailure("stalled", `GitHub shows nobody called ${login}`);
    return permission;
  }

  teamMembers(_repository: Repository, team: string) {
    const members = this.#call.facts.teams.get(team);
    if (members === undefined) throw new PortFailure("stalled", `GitHub shows no team ${team}`);
    return members;
  }

  /** No other App checks anything in these worlds. */
  checksOf(_repository: Repository, _source: unknown, commit: Oid) {
    this.#requireCommit(commit);
    return [];
  }

  pullRequestOf(_repository: Repository, commit: Oid) {
    this.#requireCommit(commit);
    const merged = this.#broughtBy(commit);
    return merged === undefined ? null : new GitHubReading(this.#github, this.#call.facts, this.#call.pulls).pullRequest(merged);
  }

  ownCommits(_repository: Repository, commits: readonly Oid[]) {
    for (const oid of commits) this.#requireCommit(oid);
    return new Set(commits.filter((oid) => this.#github.git.find(oid)?.own === true && this.#broughtBy(oid) === undefined));
  }

  /** The pull request whose merge made this commit. */
  #broughtBy(commit: Oid): PullFacts | undefined {
    return [...this.#call.facts.pulls.values()].find((pull) => pull.merged?.commit === commit);
  }

  #requireCommit(oid: Oid): void {
    if (this.#github.git.find(oid) === null) throw new PortFailure("dependency", `GitHub does not show the commit ${oid}, perhaps not yet`);
  }

  startLog(_repository: Repository, files: readonly FileContent[], headline: string): WriteOutcome<Oid> {
    const oid = this.#github.commitOn(APP, null, editsOf(files), headline);
    this.#part();
    if (this.#github.branch(LOG) !== null) return conflict("Reference already exists");
    this.#github.move(APP, LOG, oid);
    return done(oid);
  }

  /** Records first, as the adapter does; a part that is cut fails by itself. */
  publish(...[, checks, records]: Parameters<Forge["publish"]>) {
    const cut = this.#call.cut;
    const reached = (part: number) => cut === null || ((cut >> part) & 1) === 0;
    const outcomeOfRecords = records === null ? null : reached(0) ? this.#append(records) : conflict("Something went wrong here");
    const outcomes = checks.map((write, index): WriteOutcome<number> => {
      return reached(index + 1) ? this.#check(write.head, write.check, write.existing) : refused("Something went wrong here");
    });
    return { checks: outcomes, records: outcomeOfRecords };
  }

  #append(records: NonNullable<Parameters<Forge["publish"]>[2]>): WriteOutcome<Oid> {
    return this.#commitOnBranch(LOG, records.expectedHead, { ...records, body: "" });
  }

  #commitOnBranch(branch: string, expectedHead: Oid, commit: NewCommit): WriteOutcome<Oid> {
    const head = this.#github.branch(branch);
    if (head === null) return conflict(`The branch ${branch} does not exist.`);
    if (head !== expectedHead) return conflict(`Expected branch to point to "${expectedHead}" but it did not.`);
    const oid = this.#github.commitOn(APP, head, editsOf(commit.files), `${commit.headline}\n\n${commit.body}`);
    this.#github.move(APP, branch, oid);
    return done(oid);
  }

  #check(head: Oid, content: Parameters<Forge["publish"]>[1][number]["check"], existing: number | null): WriteOutcome<number> {
    if (this.#github.git.find(head) === null) return conflict(`No commit found for SHA: ${head}`);
    const { checks } = this.#github.facts;
    const here = checks.get(head) ?? [];
    const old = existing === null ? null : (here.find(({ id }) => id === existing) ?? null);
    if (existing !== null && old === null) return conflict("The check run is not there any more.");
    if (old?.status === "completed" && content.status === "in_progress") return refused("a completed run takes no update backwards");
    const run: CheckFacts = {
      id: existing ?? this.#github.number(),
      head,
      fingerprint: content.fingerprint,
      status: content.status,
      conclusion: content.conclusion,
      title: content.title,
      startedAt: old?.startedAt ?? this.#github.second,
    };
    const others = here.filter(({ id }) => id !== run.id);
    this.#github.change({ checks: new Map(checks).set(head, [...others, run].toSorted((a, b) => a.id - b.id)) });
    this.#github.tell({ kind: "checked", head, conclusion: content.conclusion, by: APP });
    return done(run.id);
  }

  /** Three mutations in one document: the later ones run even when an earlier one failed. */
  openPullRequest(...[, proposal]: Parameters<Forge["openPullRequest"]>): ReturnType<Immediate<Forge>["openPullRequest"]> {
    const { branch, baseOid, branchAt, commit } = proposal;
    this.#part();
    const claimed = branchAt === null ? this.#claim(branch, baseOid) : null;
    this.#part();
    const committed = commit === null ? null : this.#commitOnBranch(branch, branchAt ?? baseOid, commit);
    this.#part();
    const opened = this.#openPull(proposal);
    const failed = [claimed, committed].flatMap((part) => (part === null || part.outcome === "done" ? [] : [part]))[0];
    if (failed !== undefined) {
      if (opened.outcome === "done") this.#closeUnlessOwn(opened.value);
      return failed;
    }
    const head = committed?.outcome === "done" ? committed.value : (branchAt ?? baseOid);
    if (opened.outcome !== "done") return this.#adopt(branch, head, opened);
    const pull = this.#github.facts.pulls.get(opened.value);
    if (pull?.head === head) return done({ number: opened.value, head });
    this.#closeUnlessOwn(opened.value);
    return conflict(`Somebody pushed to ${branch} while the pull request was opened.`);
  }

  #claim(branch: string, at: Oid): WriteOutcome<null> {
    if (this.#github.branch(branch) !== null) return conflict("Reference already exists");
    if (this.#github.git.find(at) === null) return conflict("Object does not exist");
    this.#github.move(APP, branch, at);
    return done(null);
  }

  #openPull({ branch, base, title }: { readonly branch: string; readonly base: string; readonly title: string }): WriteOutcome<number> {
    const head = this.#github.branch(branch);
    if (head === null) return refused(`no branch ${branch}`);
    const there = [...this.#github.facts.pulls.values()].some((pull) => pull.state === "open" && !pull.fork && pull.headRef === branch);
    if (there) return conflict(`A pull request already exists for acme:${branch}.`);
    const main = this.#github.branch(base) ?? "";
    if (this.#github.git.isAncestor(head, main)) return conflict(`No commits between ${base} and ${branch}`);
    return done(this.#github.openPull(APP, { title, base, headRef: branch, head, fork: false }, this.#call.bot));
  }

  #closeUnlessOwn(number: number): void {
    const pull = this.#github.facts.pulls.get(number);
    if (pull === undefined) return;
    const foreign = this.#github.git.between(this.#github.main, pull.head).some((oid) => this.#github.git.find(oid)?.own !== true);
    if (foreign) this.#github.close(APP, number);
  }

  #adopt(branch: string, head: Oid, failed: Exclude<WriteOutcome<number>, { outcome: "done" }>) {
    if (!failed.reason.includes("already exists")) return failed;
    const there = [...this.#github.facts.pulls.values()].find((pull) => pull.state === "open" && !pull.fork && pull.headRef === branch);
    if (there === undefined) return conflict(failed.reason);
    if (there.author.kind !== "app" || there.head !== head) return conflict(`#${there.number} of ${branch} is not what was to be opened.`);
    return done({ number: there.number, head });
  }

  replaceHead(...[, branch, expectedHead, baseOid, commit]: Parameters<Forge["replaceHead"]>): WriteOutcome<Oid> {
    const temporary = `pinion/_tmp/${this.#github.id("swap")}`;
    this.#part();
    this.#github.move(APP, temporary, baseOid);
    const built = this.#commitOnBranch(temporary, baseOid, commit);
    this.#part();
    const now = this.#github.branch(branch);
    const guarded = branch === LOG && this.#github.rules.logGuarded;
    if (built.outcome === "done" && now === expectedHead && !guarded) this.#github.move(APP, branch, built.value);
    this.#github.move(APP, temporary, null);
    if (guarded && now === expectedHead) return refused("Cannot force-push to this branch");
    if (built.outcome === "done" && now !== expectedHead) return conflict(`The branch ${branch} is at ${now ?? "nothing"}.`);
    return built;
  }

  merge(...[, number, wanted]: Parameters<Forge["merge"]>): WriteOutcome<Oid> {
    if (!this.#github.facts.pulls.has(number)) return conflict("The pull request is not there any more.");
    const merged = this.#github.merge(APP, number, {
      expectedHead: wanted.head,
      message: `${wanted.title}\n\n${wanted.message}`,
      bot: this.#call.bot,
      squash: wanted.method === "squash",
    });
    if ("commit" in merged) return done(merged.commit);
    return merged.status === 409 ? conflict(merged.words) : refused(merged.words);
  }

  /** That it is there already is as good. */
  enqueue(...[, pullRequestId, head]: Parameters<Forge["enqueue"]>): WriteOutcome<null> {
    const refusal = this.#queue.enqueue(APP, numberOf(pullRequestId), { expectedHead: head, jump: false, bot: this.#call.bot });
    if (refusal === null || refusal.refused.includes("already in")) return done(null);
    return refusal.refused.includes("modified") ? conflict(refusal.refused) : refused(refusal.refused);
  }

  /** That it is not there any more is as good. */
  dequeue(...[, pullRequestId]: Parameters<Forge["dequeue"]>): WriteOutcome<null> {
    const refusal = this.#queue.dequeue(APP, numberOf(pullRequestId));
    return refusal === null || refusal.refused.includes("not in") ? done(null) : refused(refusal.refused);
  }

  close(_repository: Repository, pullRequestId: string): void {
    const number = numberOf(pullRequestId);
    if (this.#requirePull(number).state === "open") this.#github.close(APP, number);
  }

  deleteBranch(_repository: Repository, branch: string, expectedHead: Oid): WriteOutcome<null> {
    const now = this.#github.branch(branch);
    if (now !== expectedHead) return conflict(`The branch ${branch} is at ${now ?? "nothing"}.`);
    if (branch === LOG && this.#github.rules.logGuarded) return refused("Cannot delete this branch");
    this.#github.move(APP, branch, null);
    return done(null);
  }

  #requirePull(number: number): PullFacts {
    const pull = this.#github.facts.pulls.get(number);
    if (pull === undefined) throw new PortFailure("stalled", `GitHub shows no pull request ${number}`);
    return pull;
  }

  comment(_repository: Repository, pullRequest: number, body: string): void {
    if (!this.#github.facts.issues.has(pullRequest)) this.#requirePull(pullRequest);
    this.#github.commentOn(APP, pullRequest, body);
  }

  retitle(_repository: Repository, pullRequest: number, title: string): void {
    this.#requirePull(pullRequest);
    this.#github.changePull(pullRequest, { title });
  }

  removeLabel(_repository: Repository, pullRequest: number, label: string): void {
    this.#github.removeLabel(APP, pullRequest, label);
  }

  createLabel(...[, { name }]: Parameters<Forge["createLabel"]>): void {
    this.#github.knowLabels([name]);
  }

  askReviewers(...[, number, teams, users]: Parameters<Forge["askReviewers"]>): WriteOutcome<null> {
    if (teams.length + users.length === 0) return done(null);
    const { people, teams: known } = this.#github.facts;
    const pull = this.#requirePull(number);
    const strangers = users.filter((user) => !people.has(user) || user === pull.author.login);
    if (strangers.length > 0 || teams.some((team) => !known.has(team))) return refused("Reviews may only be requested from collaborators.");
    const asked = new Set([...pull.reviewersAsked, ...users, ...teams]);
    if (asked.size > pull.reviewersAsked.length) this.#github.changePull(number, { reviewersAsked: [...asked] });
    return done(null);
  }

  openIssue(...[, { title, labels }]: Parameters<Forge["openIssue"]>): number {
    return this.#github.openIssue(APP, title, labels);
  }

  showDeployment(...[, wanted]: Parameters<Forge["showDeployment"]>): number {
    const { app, environment, commit, state } = wanted;
    const { deployments } = this.#github.facts;
    const found = deployments.find((one) => one.app === app && one.environment === environment && one.commit === commit);
    const made = wanted.existing ?? found?.id;
    if (made === undefined && this.#github.git.find(commit) === null) throw new PortFailure("error", `No ref found for: ${commit}`);
    const id = made ?? this.#github.number();
    this.#part();
    const shown = { id, app, environment, commit, state };
    const known = deployments.some((one) => one.id === id);
    const now = known ? deployments.map((one) => (one.id === id ? shown : one)) : [shown, ...deployments];
    this.#github.change({ deployments: now.slice(0, 50) });
    this.#github.tell({ kind: "deployment", app, environment, state });
    return id;
  }
}

function numberOf(pullRequestId: string): number {
  return Number(pullRequestId.replace("PR_", ""));
}

function editsOf(files: readonly FileContent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ path, bytes }) => [path, new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)]));
}
