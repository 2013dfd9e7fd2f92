import type { Instant } from "../../src/domain/answer.ts";
import type { ForgeSnapshot, PullRequest } from "../../src/domain/observation.ts";
import { LOG, MAIN, type GitHubFacts, type PullFacts } from "../facts.ts";
import type { GitHub } from "./github.ts";

/** GitHub's answers to questions, as the adapter gives them, from what was so at some moment. */
export class GitHubReading {
  readonly #github: GitHub;
  readonly #facts: GitHubFacts;

  constructor(github: GitHub, facts: GitHubFacts) {
    this.#github = github;
    this.#facts = facts;
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
      open: pulls.filter((pull) => pull.state === "open").map((pull) => this.pullRequest(pull)),
      ended: ended.toSorted((a, b) => endOf(b) - endOf(a) || b.number - a.number).map((pull) => this.pullRequest(pull)),
      issues: this.#issues(),
      branches: [...this.#facts.branches]
        .filter(([name]) => name.startsWith("pinion/"))
        .map(([name, oid]) => ({ name, oid, own: this.#github.git.find(oid)?.own === true })),
      labels: this.#facts.labels,
      deployments: this.#facts.deployments.map(({ id, app, environment, commit, state }) => ({ id, app, environment, commit, state })),
    };
  }

  /** Open ones with a `freeze:` label, and those of the App. */
  #issues(): ForgeSnapshot["issues"] {
    const listed = [...this.#facts.issues.values()].filter(
      (issue) => issue.author.kind === "app" || (issue.state === "open" && issue.labels.some((label) => label.startsWith("freeze:"))),
    );
    return listed.map((issue) => ({ ...issue, labelEvents: issue.labelEvents.filter(({ label }) => label.startsWith("freeze:")) }));
  }

  pullRequest(pull: PullFacts): PullRequest {
    const check = this.#facts.checks.get(pull.head)?.at(-1) ?? null;
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
      commits: this.#commits(pull),
      labels: pull.labels,
      labelEvents: pull.labelEvents,
      reviews: pull.reviews.map((review) => ({ ...review, canPush: this.#mayPush(review.author.login) })),
      comments: pull.comments,
      truncated: false,
      reviewersAsked: pull.reviewersAsked,
      check:
        check === null
          ? null
          : {
              id: check.id,
              fingerprint: check.fingerprint,
              status: check.status,
              passed: check.status === "completed" && check.conclusion === "success",
              startedAt: check.startedAt,
            },
      merge: pull.merged,
      closed: pull.state === "closed" ? pull.closed : null,
    };
  }

  #mayPush(login: string): boolean {
    return ["admin", "maintain", "write"].includes(this.#facts.people.get(login) ?? "read");
  }

  #commits(pull: PullFacts): PullRequest["commits"] {
    const { git } = this.#github;
    const oids = pull.mergedCommits ?? git.between(this.#facts.branches.get(pull.base) ?? "", pull.head);
    const commits = oids.flatMap((oid) => git.find(oid) ?? []);
    const people = new Set(commits.map((commit) => (commit.own ? "pinion[bot]" : commit.authorName)));
    return { count: commits.length, allOwn: commits.every(({ own }) => own), people: [...people].toSorted() };
  }
}

function endOf(pull: PullFacts): Instant {
  return pull.merged?.at ?? pull.closed?.at ?? pull.createdAt;
}
