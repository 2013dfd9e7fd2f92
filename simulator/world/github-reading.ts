import { known, type Instant } from "../../src/domain/answer.ts";
import type { ExistingCheck, ForgeSnapshot, MergeQueue, PullRequest, QueueEvent } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import { LOG, MAIN, type GitHubFacts, type PullFacts } from "../facts.ts";
import type { GitHub } from "./github.ts";
import { QUEUE } from "./merge-queue.ts";

/** GitHub's answers to questions, as the adapter gives them, from what was so at some moment. */
export class GitHubReading {
  readonly #github: GitHub;
  readonly #facts: GitHubFacts;
  readonly #pulls: GitHubFacts;

  /** @param pulls what was so when pull requests were as they are told of: their commits are counted from the base of then. */
  constructor(github: GitHub, facts: GitHubFacts, pulls: GitHubFacts) {
    this.#github = github;
    this.#facts = facts;
    this.#pulls = pulls;
  }

  snapshot(at: Instant, endedSince: Instant): ForgeSnapshot {
    const pulls = [...this.#facts.pulls.values()];
    const ended = pulls.filter((pull) => pull.state !== "open" && pull.updatedAt >= endedSince);
    return {
      at,
      defaultBranch: MAIN,
      head: this.#facts.branches.get(MAIN) ?? "",
      logHead: this.#facts.branches.get(LOG) ?? null,
      mergeMethods: ["squash", "merge"],
      queue: known(this.#queue(), at),
      open: pulls
        .filter((pull) => pull.state === "open")
        .toSorted((a, b) => b.createdAt - a.createdAt || b.number - a.number)
        .map((pull) => this.pullRequest(pull)),
      ended: ended.toSorted((a, b) => endOf(b) - endOf(a) || b.number - a.number).map((pull) => this.#withPassed(this.pullRequest(pull))),
      issues: this.#issues(),
      branches: [...this.#facts.branches]
        .filter(([name]) => name.startsWith("pinion/"))
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, oid]) => ({ name, oid, own: this.#github.git.find(oid)?.own === true })),
      labels: this.#facts.labels,
      deployments: this.#facts.deployments.map(({ id, app, environment, commit, state }) => ({ id, app, environment, commit, state })),
    };
  }

  /** Those with a `freeze:` label, and those of the App. */
  #issues(): ForgeSnapshot["issues"] {
    const listed = [...this.#facts.issues.values()].filter(
      (issue) => issue.author.kind === "app" || issue.labels.some((label) => label.startsWith("freeze:")),
    );
    return listed.toSorted((a, b) => b.number - a.number).map((issue) => ({ ...issue, labelEvents: issue.labelEvents.filter(({ label }) => label.startsWith("freeze:")) }));
  }

  pullRequest(pull: PullFacts): PullRequest {
    const commits = this.#commits(pull);
    // GitHub shows checks of the last commit that a pull request has.
    const check = commits.count === 0 ? null : this.#check(pull.head);
    return {
      id: `PR_${pull.number}`,
      number: pull.number,
      title: pull.title,
      url: `https://github.example/acme/manifests/pull/${pull.number}`,
      author: pull.author,
      state: pull.state,
      draft: pull.draft,
      createdAt: pull.createdAt,
      base: pull.base,
      head: { ref: pull.headRef, oid: pull.head, fork: pull.fork },
      commits: pull.state === "open" ? commits : UNREAD,
      labels: this.#facts.labels.filter((label) => pull.labels.includes(label)),
      labelEvents: pull.labelEvents,
      reviews: pull.state === "open" ? pull.reviews.map((review) => ({ ...review, canPush: this.#mayPush(review.author.login) })) : [],
      comments: pull.comments,
      truncated: false,
      reviewersAsked: pull.reviewersAsked,
      queueEvents: this.#queueEvents(pull.number),
      groupPassed: null,
      check,
      merge: pull.merged,
      closed: pull.state === "closed" ? pull.closed : null,
    };
  }

  #check(head: Oid): ExistingCheck | null {
    const check = this.#facts.checks.get(head)?.at(-1);
    if (check === undefined) return null;
    const { id, fingerprint, status, conclusion, startedAt } = check;
    return { id, fingerprint, status, passed: status === "completed" && conclusion === "success", startedAt };
  }

  #queue(): MergeQueue | null {
    const { queue } = this.#facts;
    if (queue === null) return null;
    const entries = queue.entries.map(({ pull, by, at, group }) => {
      return { pullRequest: pull, by, at, group: group === null ? null : { base: group.base, head: group.head, check: this.#check(group.head) } };
    });
    return { allGreen: true, entries };
  }

  #queueEvents(number: number): readonly QueueEvent[] {
    const { entries, exits } = this.#pulls.queue ?? { entries: [], exits: [] };
    const over = exits.filter(({ pull }) => pull === number).flatMap(({ by, at, reason, enqueued }): readonly QueueEvent[] => [
      { kind: "added", by: enqueued.by, at: enqueued.at },
      { kind: "removed", by: by ?? QUEUE, at, reason },
    ]);
    return [...over, ...entries.flatMap(({ pull, by, at }): readonly QueueEvent[] => (pull === number ? [{ kind: "added", by, at }] : []))];
  }

  /** Only of those that are listed as ended, and came through the queue, the check on what it merged is read. */
  #withPassed(pull: PullRequest): PullRequest {
    if (pull.merge === null || pull.queueEvents.length === 0) return pull;
    return { ...pull, groupPassed: this.#check(pull.merge.commit)?.passed === true };
  }

  #mayPush(login: string): boolean {
    return ["admin", "maintain", "write"].includes(this.#facts.people.get(login) ?? "read");
  }

  #commits(pull: PullFacts): PullRequest["commits"] {
    const { git } = this.#github;
    const oids = pull.mergedCommits ?? git.between(this.#pulls.branches.get(pull.base) ?? "", pull.head);
    if (oids.length === 0) return UNREAD;
    const commits = oids.flatMap((oid) => git.find(oid) ?? []);
    const people = new Set(commits.map((commit) => (commit.own ? "pinion[bot]" : commit.authorName)));
    return { count: commits.length, allOwn: commits.every(({ own }) => own), people: [...people].toSorted() };
  }
}

/** Of no commits nobody can tell anything; the adapter reads those of open ones only, and their reviews. */
const UNREAD: PullRequest["commits"] = { count: 0, allOwn: false, people: null };

function endOf(pull: PullFacts): Instant {
  return pull.merged?.at ?? pull.closed?.at ?? pull.createdAt;
}
