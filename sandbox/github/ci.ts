import type { Actor, App, CheckConclusion, CheckRun, Installation, Oid, Repository } from "./model.ts";
import type { GitHubState } from "./state.ts";
import { createCheckRun, updateCheckRun } from "./state/checks.ts";

/** Another App beside the one under test, which reports checks: when it is told to, or by itself for every group of a merge queue. */
export class OtherCi {
  readonly app: App;
  readonly #state: GitHubState;
  readonly #actor: Extract<Actor, { readonly kind: "installation" }>;

  constructor(state: GitHubState, app: App, installation: Installation) {
    this.#state = state;
    this.app = app;
    this.#actor = { kind: "installation", account: app.bot, app, installation, permissions: installation.permissions, repositories: null };
  }

  /** Reports a new run on a commit: begun and no more, with null. */
  report(repository: Repository, headSha: Oid, name: string, conclusion: CheckConclusion | null): Promise<CheckRun> {
    const outcome = conclusion === null ? { status: "in_progress" as const } : { conclusion };
    return createCheckRun(this.#state, this.#actor, repository, { name, headSha, ...outcome });
  }

  async conclude(run: CheckRun, conclusion: CheckConclusion): Promise<void> {
    await updateCheckRun(this.#state, this.#actor, run, { conclusion });
  }

  /**
   * Reports on each group as soon as its checks are asked for, what is chosen by the number of the pull request it was built
   * for; null: nothing. Answers how to end it.
   */
  answerGroups(repository: Repository, name: string, choose: (pullRequest: number) => CheckConclusion | null): () => void {
    return this.#state.listen((event) => {
      if (event.name !== "merge_group" || event.action !== "checks_requested" || event.repository !== repository) return;
      const number = Number(/\/pr-(\d+)-[0-9a-f]+$/.exec(event.group.ref)?.[1]);
      const conclusion = choose(number);
      if (conclusion !== null) void this.report(repository, event.group.head, name, conclusion);
    });
  }
}
