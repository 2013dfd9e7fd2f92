import type { Plan } from "../domain/action.ts";
import type { Unknown } from "../domain/answer.ts";
import type { Config, Environment } from "../domain/config.ts";
import { appendRecords } from "../domain/ledger.ts";
import type { Observation, Repository } from "../domain/observation.ts";
import type { PolicySet } from "../domain/policy/policy-set.ts";
import type { EnvironmentName } from "../domain/release.ts";
import type { ReadPorts } from "../ports.ts";
import { AnswerStore } from "./knowledge.ts";
import { RepositoryView } from "./observe.ts";
import { planKnowingly } from "./plan-knowingly.ts";
import { unwatched, type Watch } from "./watch.ts";

/** The App looks again a moment later while questions are left; some lead to others. */
const MOST_LOOKS = 5;

export interface Rehearsal {
  readonly observation: Observation;
  readonly plan: Plan;
  /** There is no promotion log, so that it was planned as if Pinion were installed now. */
  readonly asIfInstalled: boolean;
  /** The configuration says `observe`; it was planned as if it said `enforce`. */
  readonly asIfEnforcing: boolean;
  /** What it asked registries, Argo CD and Prometheus, and could not learn. Reasons in the plan have these reasons in them, as they stand. */
  readonly unlearned: readonly Unknown[];
}

/** A promotion that somebody asks for: the environment takes its candidate as if it promoted by itself. */
export interface Asked {
  readonly environment: EnvironmentName;
}

/**
 * Looks and plans without GitHub, and writes nothing. The planner is the real one. What GitHub alone could tell is left open:
 * no pull request, label or issue is known, and a pin that the log does not explain is not taken for anybody's change.
 *
 * @throws {PortFailure} when Git cannot be read.
 */
export async function rehearse(
  ports: ReadPorts,
  policies: PolicySet,
  repository: Repository,
  asked: Asked | null = null,
  watch: Watch = unwatched,
): Promise<Rehearsal> {
  const seen = await new RepositoryView(policies, { listsPullRequests: false, watch }).observe(ports, repository);
  const { config, ledger, changes, unexplained, snapshot } = seen;
  const asIfInstalled = ledger.installed === null;
  const asIfEnforcing = config?.ok === true && config.config.mode === "observe";
  const observation: Observation = {
    ...seen,
    config: config?.ok === true ? { ok: true, config: forRehearsal(config.config, asked) } : config,
    ledger: asIfInstalled ? appendRecords(ledger, [{ event: "installed", at: ports.clock.now(), commit: snapshot.head }]) : ledger,
    changes: [],
    unexplained: [...unexplained, ...changes.map(({ app, environment }) => ({ app, environment }))],
    refusedMerges: new Map(),
  };
  const answers = new AnswerStore();
  let plan = await planKnowingly(ports, policies, observation, answers, watch);
  for (let looks = 1; looks < MOST_LOOKS && plan.needs.length > 0; looks += 1) {
    plan = await planKnowingly(ports, policies, observation, answers, watch);
  }
  return { observation, plan, asIfInstalled, asIfEnforcing, unlearned: answers.unlearned() };
}

function forRehearsal(config: Config, asked: Asked | null): Config {
  const environments = config.environments.map(
    (environment): Environment => (environment.name === asked?.environment ? { ...environment, promote: "auto" } : environment),
  );
  return { ...config, mode: "enforce", environments };
}
