import type { Action, Plan } from "../domain/action.ts";
import type { Milliseconds } from "../domain/answer.ts";
import type { Observation, Repository } from "../domain/observation.ts";
import type { LogRecord } from "../domain/record.ts";
import { LOG_BRANCH, recordIdentity } from "../domain/record-file.ts";
import type { Oid } from "../domain/release.ts";
import { PortFailure, type CheckWrite, type Ports, type WriteOutcome } from "../ports.ts";
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
  /** What this run added to the promotion log, in order. */
  readonly log: readonly WrittenLog[];
}

/** What was judged longer ago than this is looked at again before it is merged: the default branch may have moved since. */
const MERGE_WITHIN: Milliseconds = 30_000;
/** Files of one commit of the log: GitHub takes them all in one request, which must not grow without bound. */
const RECORDS_PER_COMMIT = 500;

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
  return (
    action.kind === "start-log" || action.kind === "open" || action.kind === "merge" || action.kind === "close" || action.kind === "rebuild" ||
    action.kind === "enqueue" || action.kind === "dequeue"
  );
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
  /** Of what this run opened: published after the plan's own. */
  #checks: readonly CheckWrite[] = [];
  #records: readonly LogRecord[] = [];
  /** Places whose pins this run changed by merging. */
  readonly #merged = new Set<string>();
  readonly #log: WrittenLog[] = [];

  constructor(ports: Ports, observation: Observation) {
    this.#ports = ports;
    this.#repository = observation.repository;
    this.#observation = observation;
  }

  /** What was done so far, also when {@link run} has thrown. */
  get applied(): Applied {
    return { done: this.#done, conflicts: this.#conflicts, refusals: this.#refusals, log: this.#log };
  }

  /** @throws {PortFailure} when GitHub cannot be asked, or does not let the log be written. */
  async run(plan: Plan): Promise<void> {
    const merges = plan.actions.some(({ kind }) => kind === "merge" || kind === "enqueue");
    const steps: readonly (() => Promise<void>)[] = [
      () => this.#each(plan, "start-log", (action) => this.#startLog(action)),
      // Before its check fails in the queue: what GitHub takes out for that looks as if a CI had failed.
      () => this.#each(plan, "dequeue", (action) => this.#dequeue(action)),
      // Merges go by what was seen, so nothing slow comes before them; without any, everything is published at once.
      ...(merges ? [() => this.#publish(plan), () => this.#each(plan, "merge", (action) => this.#merge(action))] : []),
      () => this.#each(plan, "enqueue", (action) => this.#enqueue(action)),
      () => this.#each(plan, "open", (action) => this.#open(action)),
      () => this.#each(plan, "open-issue", (action) => this.#openIssue(action)),
      () => this.#publish(merges ? null : plan),
      () => this.#each(plan, "rebuild", (action) => this.#rebuild(action)),
      () => this.#each(plan, "comment", (action) => this.#comment(action)),
      () => this.#each(plan, "retitle", (action) => this.#retitle(action)),
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

  /**
   * A write that nothing else waits for. Where GitHub does not take it (a permission that is missing, issues that are turned
   * off), it counts as refused, and the rest goes on; only what may be over in a while ends the look.
   */
  async #courtesy(action: Action, write: () => Promise<WriteOutcome<unknown> | void>): Promise<boolean> {
    try {
      return this.#settle(action, (await write()) ?? { outcome: "done" });
    } catch (error) {
      if (!(error instanceof PortFailure) || error.kind === "dependency") throw error;
      return this.#settle(action, { outcome: "refused", reason: error.message });
    }
  }

  async #startLog(action: ActionOf<"start-log">): Promise<void> {
    const files = recordFiles([action.record]);
    const result = await this.#ports.forge.startLog(this.#repository, files, logHeadline([action.record]));
    if (this.#settle(action, result) && result.outcome === "done") this.#log.push({ commit: result.value, parent: null, files });
  }

  async #open(action: ActionOf<"open">): Promise<void> {
    // It was planned from the pins before the merge.
    if (this.#merged.has(`${action.environment}/${action.app}`) || this.#merged.has(EVERYWHERE)) return;
    const { forge, manifests } = this.#ports;
    const { snapshot } = this.#observation;
    const files = await filesOf(manifests, this.#repository, action.commit);
    if ("refusal" in files) {
      this.#settle(action, { outcome: "refused", reason: files.refusal });
      return;
    }
    let branchAt = action.adopt;
    let commit: { readonly headline: string; readonly body: string; readonly files: typeof files.files } | null = {
      ...action.commit,
      files: files.files,
    };
    if (action.adopt !== null && action.adopt !== snapshot.head) {
      await manifests.ensure(this.#repository, [{ ref: `refs/heads/${action.branch}`, oid: action.adopt }]);
      if (await standsAlready(manifests, this.#repository, snapshot.head, action.adopt, files.files)) commit = null;
      else {
        // What an earlier run left is not what is wanted now: the name is freed, and the next look begins anew.
        const freed = await forge.deleteBranch(this.#repository, action.branch, action.adopt);
        this.#settle(action, {
          outcome: "conflict",
          reason: freed.outcome === "done" ? "an old branch was in the way and is gone" : freed.reason,
        });
        return;
      }
    }
    const { branch, title, body } = action;
    const result = await forge.openPullRequest(this.#repository, {
      branch,
      base: snapshot.defaultBranch,
      baseOid: snapshot.head,
      branchAt,
      commit,
      title,
      body,
    });
    if (!this.#settle(action, result) || result.outcome !== "done") return;
    const { number, head } = result.value;
    this.#checks = [...this.#checks, { head, check: action.check, existing: null }];
    this.#records = [...this.#records, action.record(number, head)];
  }

  async #openIssue(action: ActionOf<"open-issue">): Promise<void> {
    const { title, body, labels } = action;
    await this.#courtesy(action, async () => {
      const number = await this.#ports.forge.openIssue(this.#repository, { title, body, labels });
      this.#records = [...this.#records, action.record(number)];
    });
  }

  /** The checks and records of the plan (null: they are published already) and of what was opened, in one request unless there are very many. */
  async #publish(plan: Plan | null): Promise<void> {
    const planned = plan?.actions ?? [];
    const checks = planned.filter((action) => action.kind === "check");
    const records = planned.filter((action) => action.kind === "record");
    // The merge queue goes on by itself once its check passes, and so that comes after the record of its judgement.
    const isJudged = (head: Oid) => records.some(({ record }) => record.event === "judged" && record.head === head);
    const lets = checks.filter(({ head, check }) => check.conclusion === "success" && this.#observation.groups.has(head) && isJudged(head));
    const others = checks.filter((action) => !lets.includes(action));
    const writes = [...others.map(asWrite), ...this.#checks];
    // What was taken over, and not made, is in the log already: a record is never written over.
    const { identities } = this.#observation.ledger;
    const events = [...records.map(({ record }) => record), ...this.#records.filter((record) => !identities.has(recordIdentity(record)))];
    [this.#checks, this.#records] = [[], []];
    const logged = this.#observation.snapshot.logHead === null ? [] : events;
    // The check of a pull request opened just now is planned again by the next look, should it be missing.
    this.#settleAll(others, await this.#write(writes, logged.slice(0, RECORDS_PER_COMMIT)));
    for (let start = 0; start < logged.length && this.#conflicts.length === 0; start += RECORDS_PER_COMMIT) {
      if (start > 0) await this.#write([], logged.slice(start, start + RECORDS_PER_COMMIT));
      if (this.#conflicts.length === 0) this.#done.push(...records.slice(start, start + RECORDS_PER_COMMIT));
    }
    if (this.#conflicts.length === 0) this.#settleAll(lets, await this.#write(lets.map(asWrite), []));
  }

  #settleAll(actions: readonly ActionOf<"check">[], outcomes: readonly WriteOutcome<number>[]): void {
    for (const [index, outcome] of outcomes.entries()) {
      const action = actions[index];
      if (action !== undefined) this.#settle(action, outcome);
    }
  }

  /** One request. A log that moved is a conflict. */
  async #write(checks: readonly CheckWrite[], events: readonly LogRecord[]): Promise<readonly WriteOutcome<number>[]> {
    const expectedHead = this.#log.at(-1)?.commit ?? this.#observation.snapshot.logHead;
    const log =
      events.length === 0 || expectedHead === null ? null : { expectedHead, files: recordFiles(events), headline: logHeadline(events) };
    if (checks.length === 0 && log === null) return [];
    const result = await this.#ports.forge.publish(this.#repository, checks, log);
    if (log === null || result.records === null) return result.checks;
    if (result.records.outcome === "done") this.#log.push({ commit: result.records.value, parent: log.expectedHead, files: log.files });
    else if (result.records.outcome === "conflict") this.#conflicts.push(`the promotion log: ${result.records.reason}`);
    // Without its records Pinion would forget what it did: nothing more is done until a person mends it.
    else throw new PortFailure("stalled", `GitHub does not let Pinion write its log (${LOG_BRANCH}): ${result.records.reason}`);
    return result.checks;
  }

  /**
   * Merges what stands as it was judged. GitHub makes sure of the head, but takes any base: so what was judged must be young,
   * and after one merge of this run only what that merge cannot have changed. The rest is judged anew by the next look.
   */
  async #merge(action: ActionOf<"merge">): Promise<void> {
    const { pullRequest, head, method, title, message } = action;
    const { proposals } = this.#observation;
    if (!this.#isFresh(action)) return;
    const proposal = proposals.get(pullRequest);
    const change = proposal?.known === true ? proposal.value : null;
    const places = change?.promotions.map(({ app, environment }) => `${environment}/${app}`) ?? [];
    // Quarantines and settings bear upon every place.
    const pinsAlone = change !== null && change.config === null && change.quarantines.length === 0 && change.otherFiles.length === 0;
    if (this.#merged.size > 0 && (!pinsAlone || this.#merged.has(EVERYWHERE) || places.some((place) => this.#merged.has(place)))) return;
    const merged = this.#settle(action, await this.#ports.forge.merge(this.#repository, pullRequest, { head, method, title, message }));
    if (merged) for (const place of pinsAlone ? places : [EVERYWHERE]) this.#merged.add(place);
  }

  /** Whether what was judged still stands. Where it does not, that is noted as a conflict. */
  #isFresh(action: ActionOf<"merge" | "enqueue">): boolean {
    const { before, base } = action;
    const { snapshot } = this.#observation;
    const now = this.#ports.clock.now();
    if (before !== null && now >= before) return this.#settle(action, { outcome: "conflict", reason: "its window has closed by now" });
    // A look from a time to come was made before the clock was set back: how old it is cannot be told.
    const age = now - snapshot.at;
    const isOld = base !== snapshot.head || age < 0 || age > MERGE_WITHIN;
    return !isOld || this.#settle(action, { outcome: "conflict", reason: "what was judged is old by now" });
  }

  /** It changes nothing yet: what the queue makes of it is judged once more, whatever else is merged until then. */
  async #enqueue(action: ActionOf<"enqueue">): Promise<void> {
    if (!this.#isFresh(action)) return;
    this.#settle(action, await this.#ports.forge.enqueue(this.#repository, action.pullRequestId, action.head));
  }

  async #dequeue(action: ActionOf<"dequeue">): Promise<void> {
    await this.#courtesy(action, () => this.#ports.forge.dequeue(this.#repository, action.pullRequestId));
  }

  async #rebuild(action: ActionOf<"rebuild">): Promise<void> {
    const files = await filesOf(this.#ports.manifests, this.#repository, action.commit);
    if ("refusal" in files) {
      this.#settle(action, { outcome: "refused", reason: files.refusal });
      return;
    }
    const { branch, head, commit } = action;
    this.#settle(
      action,
      await this.#ports.forge.replaceHead(this.#repository, branch, head, commit.base, { ...commit, files: files.files }),
    );
  }

  async #comment(action: ActionOf<"comment">): Promise<void> {
    await this.#courtesy(action, () => this.#ports.forge.comment(this.#repository, action.pullRequest, action.body));
  }

  async #retitle(action: ActionOf<"retitle">): Promise<void> {
    await this.#courtesy(action, () => this.#ports.forge.retitle(this.#repository, action.pullRequest, action.title));
  }

  async #removeLabel(action: ActionOf<"remove-label">): Promise<void> {
    await this.#courtesy(action, () => this.#ports.forge.removeLabel(this.#repository, action.pullRequest, action.label));
  }

  async #close(action: ActionOf<"close">): Promise<void> {
    const { forge } = this.#ports;
    if (!(await this.#courtesy(action, () => forge.close(this.#repository, action.pullRequestId)))) return;
    if (action.branch === null) return;
    try {
      await forge.deleteBranch(this.#repository, action.branch.name, action.branch.head);
    } catch (error) {
      // The branch that stays is planned by itself in the next look, which tells what is wrong.
      if (!(error instanceof PortFailure)) throw error;
    }
  }

  async #deleteBranch(action: ActionOf<"delete-branch">): Promise<void> {
    await this.#courtesy(action, () => this.#ports.forge.deleteBranch(this.#repository, action.branch, action.head));
  }

  async #askReviewers(action: ActionOf<"ask-reviewers">): Promise<void> {
    await this.#courtesy(action, () => this.#ports.forge.askReviewers(this.#repository, action.pullRequest, action.teams, action.users));
  }

  async #showDeployment(action: ActionOf<"show-deployment">): Promise<void> {
    const { existing, app, environment, commit, state, description } = action;
    const shown = { existing, app, environment, commit, state, description };
    await this.#courtesy(action, async () => void (await this.#ports.forge.showDeployment(this.#repository, shown)));
  }

  async #createLabel(action: ActionOf<"create-label">): Promise<void> {
    const { name, color, description } = action;
    await this.#courtesy(action, () => this.#ports.forge.createLabel(this.#repository, { name, color, description }));
  }
}

function asWrite({ head, check, existing }: ActionOf<"check">): CheckWrite {
  return { head, check, existing };
}

/** Stands for every place, where a merge brought more than pins. */
const EVERYWHERE = "*";

function isOf<K extends Action["kind"]>(action: Action, kind: K): action is ActionOf<K> {
  return action.kind === kind;
}
