import type { Action, Plan } from "../domain/action.ts";
import type { Observation, Repository } from "../domain/observation.ts";
import type { LogRecord } from "../domain/record.ts";
import { LOG_BRANCH } from "../domain/record-file.ts";
import { PortFailure, type CheckWrite, type Ports } from "../ports.ts";
import { filesOf, standsAlready } from "./commit-files.ts";
import { logHeadline, recordFiles, type WrittenLog } from "./promotion-log.ts";

type ActionOf<K extends Action["kind"]> = Extract<Action, { readonly kind: K }>;

/** What applying a plan came to. */
export interface Applied {
  readonly done: readonly Action[];
  /** The world was not as planned: look again now. */
  readonly conflicts: readonly string[];
  /** GitHub, or a file, said no. */
  readonly refusals: readonly { readonly action: Action; readonly reason: string }[];
  /** What this run added to the promotion log, or null. */
  readonly log: WrittenLog | null;
}

/** Events after which more may be due at once. */
const CONSEQUENTIAL: ReadonlySet<LogRecord["event"]> = new Set([
  "adopted",
  "requested",
  "merged",
  "out-of-band",
  "deployed",
  "verified",
  "degraded",
  "sync-failed",
  "deadline",
  "breached",
  "reverted",
  "withdrawn",
  "frozen",
  "unfrozen",
]);

/** Whether these writes change what the next plan would say, so that waiting for an event would lose time. */
export function isConsequential(action: Action): boolean {
  if (action.kind === "record") return CONSEQUENTIAL.has(action.record.event);
  return action.kind === "start-log" || action.kind === "open" || action.kind === "merge" || action.kind === "close" || action.kind === "rebuild";
}

/**
 * Carries out a plan. Every write is a compare-and-swap or finds what an earlier run made; the order is such that
 * a crash after any of them leaves a state from which the next look goes on. The first conflict ends it.
 */
export class Application {
  readonly #ports: Ports;
  readonly #repository: Repository;
  readonly #observation: Observation;
  readonly #done: Action[] = [];
  readonly #conflicts: string[] = [];
  readonly #refusals: { readonly action: Action; readonly reason: string }[] = [];
  readonly #checks: CheckWrite[] = [];
  readonly #records: LogRecord[] = [];
  #log: WrittenLog | null = null;

  constructor(ports: Ports, observation: Observation) {
    this.#ports = ports;
    this.#repository = observation.repository;
    this.#observation = observation;
  }

  async run(plan: Plan): Promise<Applied> {
    const steps: readonly (() => Promise<void>)[] = [
      () => this.#each(plan, "start-log", (action) => this.#startLog(action)),
      () => this.#each(plan, "open", (action) => this.#open(action)),
      () => this.#each(plan, "open-issue", (action) => this.#openIssue(action)),
      () => this.#publish(plan),
      () => this.#each(plan, "merge", (action) => this.#merge(action)),
      () => this.#each(plan, "rebuild", (action) => this.#rebuild(action)),
      () => this.#each(plan, "comment", (action) => this.#comment(action)),
      () => this.#each(plan, "remove-label", (action) => this.#removeLabel(action)),
      () => this.#each(plan, "close", (action) => this.#close(action)),
      () => this.#each(plan, "delete-branch", (action) => this.#deleteBranch(action)),
      () => this.#each(plan, "ask-reviewers", (action) => this.#askReviewers(action)),
      () => this.#each(plan, "show-deployment", (action) => this.#showDeployment(action)),
      () => this.#each(plan, "create-label", (action) => this.#createLabel(action)),
    ];
    for (const step of steps) {
      if (this.#conflicts.length > 0) break;
      await step();
    }
    return { done: this.#done, conflicts: this.#conflicts, refusals: this.#refusals, log: this.#log };
  }

  async #each<K extends Action["kind"]>(plan: Plan, kind: K, apply: (action: ActionOf<K>) => Promise<void>): Promise<void> {
    for (const action of plan.actions) {
      if (this.#conflicts.length > 0) return;
      if (isOf(action, kind)) await apply(action);
    }
  }

  /** Notes how a write ended. Answers whether it was done. */
  #settle(action: Action, result: { readonly outcome: "done" | "conflict" | "refused"; readonly reason?: string }): boolean {
    if (result.outcome === "done") this.#done.push(action);
    else if (result.outcome === "conflict") this.#conflicts.push(`${action.id}: ${result.reason ?? ""}`);
    else this.#refusals.push({ action, reason: result.reason ?? "" });
    return result.outcome === "done";
  }

  async #startLog(action: ActionOf<"start-log">): Promise<void> {
    const files = recordFiles([action.record]);
    const result = await this.#ports.forge.startLog(this.#repository, files, logHeadline([action.record]));
    if (this.#settle(action, result) && result.outcome === "done") this.#log = { commit: result.value, parent: null, files };
  }

  async #open(action: ActionOf<"open">): Promise<void> {
    const { forge, manifests } = this.#ports;
    const { snapshot } = this.#observation;
    const files = await filesOf(manifests, this.#repository, action.commit);
    if ("refusal" in files) {
      this.#settle(action, { outcome: "refused", reason: files.refusal });
      return;
    }
    let branchAt = action.adopt;
    let commit: { readonly headline: string; readonly body: string; readonly files: typeof files.files } | null = { ...action.commit, files: files.files };
    if (action.adopt !== null && action.adopt !== snapshot.head) {
      await manifests.ensure(this.#repository, [{ ref: `refs/heads/${action.branch}`, oid: action.adopt }]);
      if (await standsAlready(manifests, this.#repository, snapshot.head, action.adopt, files.files)) commit = null;
      else {
        // What an earlier run left is not what is wanted now: the name is freed, and the next look begins anew.
        const freed = await forge.deleteBranch(this.#repository, action.branch, action.adopt);
        this.#settle(action, { outcome: "conflict", reason: freed.outcome === "done" ? "an old branch was in the way and is gone" : freed.reason });
        return;
      }
    }
    const { branch, title, body } = action;
    const result = await forge.openPullRequest(this.#repository, { branch, base: snapshot.defaultBranch, baseOid: snapshot.head, branchAt, commit, title, body });
    if (!this.#settle(action, result) || result.outcome !== "done") return;
    const { number, head } = result.value;
    this.#checks.push({ head, check: action.check, existing: null });
    this.#records.push(action.record(number, head));
  }

  async #openIssue(action: ActionOf<"open-issue">): Promise<void> {
    const { title, body, labels } = action;
    const number = await this.#ports.forge.openIssue(this.#repository, { title, body, labels });
    this.#records.push(action.record(number));
    this.#done.push(action);
  }

  /** All checks and all records of this look in one request. */
  async #publish(plan: Plan): Promise<void> {
    const checks = plan.actions.filter((action) => action.kind === "check");
    const records = plan.actions.filter((action) => action.kind === "record");
    const writes = [...checks.map(({ head, check, existing }) => ({ head, check, existing })), ...this.#checks];
    const events = [...records.map(({ record }) => record), ...this.#records];
    const { logHead } = this.#observation.snapshot;
    if (writes.length === 0 && events.length === 0) return;
    const log = events.length === 0 || logHead === null ? null : { expectedHead: logHead, files: recordFiles(events), headline: logHeadline(events) };
    const result = await this.#ports.forge.publish(this.#repository, writes, log);
    for (const [index, outcome] of result.checks.entries()) {
      const action = checks[index];
      // The check of a pull request opened just now is planned again by the next look, should it be missing.
      if (action !== undefined) this.#settle(action, outcome);
    }
    if (result.records === null) return;
    if (result.records.outcome === "done") {
      this.#log = log === null ? null : { commit: result.records.value, parent: log.expectedHead, files: log.files };
      this.#done.push(...records);
      return;
    }
    if (result.records.outcome === "conflict") this.#conflicts.push(`the promotion log: ${result.records.reason}`);
    // Without its records Pinion would forget what it did: nothing more is done until a person mends it.
    else throw new PortFailure("stalled", `GitHub does not let Pinion write its log (${LOG_BRANCH}): ${result.records.reason}`);
  }

  /** Merges only what stands as it was judged: same head (checked by GitHub), same base (checked here by the first merge winning). */
  async #merge(action: ActionOf<"merge">): Promise<void> {
    const { pullRequest, head, method, title, message } = action;
    this.#settle(action, await this.#ports.forge.merge(this.#repository, pullRequest, { head, method, title, message }));
  }

  async #rebuild(action: ActionOf<"rebuild">): Promise<void> {
    const files = await filesOf(this.#ports.manifests, this.#repository, action.commit);
    if ("refusal" in files) {
      this.#settle(action, { outcome: "refused", reason: files.refusal });
      return;
    }
    const { branch, head, commit } = action;
    this.#settle(action, await this.#ports.forge.replaceHead(this.#repository, branch, head, commit.base, { ...commit, files: files.files }));
  }

  async #comment(action: ActionOf<"comment">): Promise<void> {
    await this.#ports.forge.comment(this.#repository, action.pullRequest, action.body);
    this.#done.push(action);
  }

  async #removeLabel(action: ActionOf<"remove-label">): Promise<void> {
    await this.#ports.forge.removeLabel(this.#repository, action.pullRequest, action.label);
    this.#done.push(action);
  }

  async #close(action: ActionOf<"close">): Promise<void> {
    await this.#ports.forge.close(this.#repository, action.pullRequestId);
    this.#done.push(action);
    await this.#ports.forge.deleteBranch(this.#repository, action.branch, action.head);
  }

  async #deleteBranch(action: ActionOf<"delete-branch">): Promise<void> {
    this.#settle(action, await this.#ports.forge.deleteBranch(this.#repository, action.branch, action.head));
  }

  async #askReviewers(action: ActionOf<"ask-reviewers">): Promise<void> {
    this.#settle(action, await this.#ports.forge.askReviewers(this.#repository, action.pullRequest, action.teams, action.users));
  }

  async #showDeployment(action: ActionOf<"show-deployment">): Promise<void> {
    const { existing, app, environment, commit, state, description } = action;
    await this.#ports.forge.showDeployment(this.#repository, { existing, app, environment, commit, state, description });
    this.#done.push(action);
  }

  async #createLabel(action: ActionOf<"create-label">): Promise<void> {
    const { name, color, description } = action;
    await this.#ports.forge.createLabel(this.#repository, { name, color, description });
    this.#done.push(action);
  }
}

function isOf<K extends Action["kind"]>(action: Action, kind: K): action is ActionOf<K> {
  return action.kind === kind;
}
