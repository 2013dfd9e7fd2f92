/** A repository with a merge queue, people, an App with the real client, and a CI. */
import { ProbotOctokit } from "probot";
import { VirtualClock } from "../../../sandbox/clock.ts";
import type { OtherCi } from "../../../sandbox/github/ci.ts";
import type { CheckConclusion, MergeQueueSettings, Oid, PullRequest, Repository, Rule } from "../../../sandbox/github/model.ts";
import type { Person } from "../../../sandbox/github/people.ts";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { startGitHub } from "../../../sandbox/github/sandbox.ts";
import { pullNumbered, setDraft } from "../../../sandbox/github/state/pulls.ts";
import { at, installationToken } from "./client.ts";

export const MINUTE = 60_000;

const QUEUED = `query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    mergeQueue(branch: "main") {
      configuration { checkResponseTimeout maximumEntriesToBuild maximumEntriesToMerge mergeMethod mergingStrategy minimumEntriesToMerge minimumEntriesToMergeWaitTime }
      entries(first: 10) { totalCount nodes { position pullRequest { number } } }
    }
    pullRequest(number: $number) {
      isMergeQueueEnabled isInMergeQueue
      mergedBy { login }
      mergeQueue { url }
      mergeQueueEntry { id state position jump solo enqueuedAt enqueuer { login } headCommit { oid } baseCommit { oid } pullRequest { number } mergeQueue { id } }
      timelineItems(first: 20, itemTypes: [ADDED_TO_MERGE_QUEUE_EVENT, REMOVED_FROM_MERGE_QUEUE_EVENT, MERGED_EVENT]) {
        nodes {
          __typename
          ... on AddedToMergeQueueEvent { createdAt actor { login } enqueuer { login } mergeQueue { id } }
          ... on RemovedFromMergeQueueEvent { reason actor { login } enqueuer { login } beforeCommit { oid } }
          ... on MergedEvent { actor { login } commit { oid } }
        }
      }
    }
  }
}`;

/** One GitHub for a file of tests; each test begins with a repository of its own. */
export class QueueWorld {
  readonly clock: VirtualClock;
  readonly github: GitHubSandbox;
  readonly ci: OtherCi;
  readonly repository: Repository;
  readonly alice: Person;
  readonly bob: Person;
  readonly token: string;
  readonly app: ProbotOctokit;
  readonly #since: number;

  private constructor(clock: VirtualClock, github: GitHubSandbox, ci: OtherCi, repository: Repository, token: string) {
    this.clock = clock;
    this.github = github;
    this.ci = ci;
    this.repository = repository;
    this.alice = github.person("alice", repository);
    this.bob = github.person("bob", repository);
    this.token = token;
    this.app = new ProbotOctokit({ baseUrl: github.url, auth: { token }, retry: { enabled: false }, throttle: { enabled: false } });
    this.#since = github.webhooks.log.length;
  }

  static async create(): Promise<QueueWorld> {
    const clock = new VirtualClock(Date.UTC(2026, 0, 5, 10));
    const github = await startGitHub({ clock });
    return QueueWorld.#on(clock, github, github.ci("ci"), "queued-0");
  }

  static async #on(clock: VirtualClock, github: GitHubSandbox, ci: OtherCi, name: string): Promise<QueueWorld> {
    const files = { "a.yaml": "tag: 1\n", "b.yaml": "tag: 1\n", "c.yaml": "tag: 1\n" };
    const repository = await github.seedRepository(name, files, { collaborators: { alice: "write", bob: "write" } });
    return new QueueWorld(clock, github, ci, repository, await installationToken(github));
  }

  /** The same GitHub with another repository. */
  fresh(): Promise<QueueWorld> {
    return QueueWorld.#on(this.clock, this.github, this.ci, `queued-${this.github.state.repositories.length}`);
  }

  /** Gives the default branch a queue and a required check of the CI. */
  queue(settings: Partial<MergeQueueSettings> = {}, ...more: readonly Rule[]): void {
    const check: Rule = { type: "required_status_checks", strict: false, required: [{ context: "ci", appId: this.ci.app.id }] };
    const rules: readonly Rule[] = [{ type: "merge_queue", ...settings }, check, ...more];
    this.github.addRuleset(this.repository, { name: "main", include: ["~DEFAULT_BRANCH"], rules });
  }

  tip(branch = "main"): Oid {
    return this.repository.refs.get(`refs/heads/${branch}`) ?? "";
  }

  pull(number: number): PullRequest {
    return pullNumbered(this.repository, number);
  }

  /** A pull request that changes one file, with its own check green. */
  async proposal(file: string, tag = "2"): Promise<number> {
    const branch = `change-${file}-${tag}`;
    const head = await this.alice.push(branch, { [`${file}.yaml`]: `tag: ${tag}\n` }, `Set ${file} to ${tag}`);
    const number = await this.alice.openPullRequest({ head: branch, title: `Change ${file}` });
    await this.ci.report(this.repository, head, "ci", "success");
    return number;
  }

  groups(): readonly { readonly number: number; readonly head: Oid; readonly base: Oid }[] {
    const entries = this.repository.mergeQueues.get("main")?.entries ?? [];
    return entries.flatMap(({ pull, group }) => (group === null ? [] : [{ number: pull.number, head: group.head, base: group.base }]));
  }

  /** The branches of groups that are there. */
  groupBranches(): readonly string[] {
    return [...this.repository.refs.keys()].filter((name) => name.includes("gh-readonly-queue"));
  }

  headOf(number: number): Oid {
    const found = this.groups().find((group) => group.number === number);
    if (found === undefined) throw new Error(`#${number} has no group`);
    return found.head;
  }

  async enqueued(...numbers: readonly number[]): Promise<void> {
    for (const number of numbers) await this.alice.enqueue(number);
    await this.github.idle();
  }

  /** The CI's check on the head of a pull request's group. */
  async report(number: number, conclusion: CheckConclusion): Promise<void> {
    await this.ci.report(this.repository, this.headOf(number), "ci", conclusion);
    await this.github.idle();
  }

  draft(number: number): Promise<void> {
    return setDraft(this.github.state, { kind: "user", account: this.alice.account }, this.pull(number), true);
  }

  /** What the App was told since the test began, of the events of queues. */
  async told(): Promise<readonly string[]> {
    await this.github.idle();
    await this.github.webhooks.settled();
    return this.github.webhooks.log.slice(this.#since).flatMap(({ event, action, body }) => {
      const payload: unknown = JSON.parse(body);
      const reason = at(payload, "reason");
      const said = `${event} ${action ?? ""}${typeof reason === "string" ? ` ${reason}` : ""}`;
      if (event === "merge_group") return [said];
      const counts = event === "pull_request" && ["enqueued", "dequeued", "closed"].includes(action ?? "");
      return counts ? [`${said} #${String(at(payload, "number"))}`] : [];
    });
  }

  /** The bodies of the webhooks of groups. */
  async groupPayloads(): Promise<readonly unknown[]> {
    await this.told();
    return this.github.webhooks.log.slice(this.#since).filter(({ event }) => event === "merge_group").map(({ body }): unknown => JSON.parse(body));
  }

  /** All that GraphQL says of the queue and one pull request. */
  asked(number: number): Promise<unknown> {
    return this.app.graphql(QUEUED, { owner: "acme", name: this.repository.name, number });
  }
}
