import type { Plan } from "../domain/action.ts";
import type { Observation } from "../domain/observation.ts";
import { plan } from "../domain/plan.ts";
import type { PolicySet } from "../domain/policy/policy-set.ts";
import type { ReadPorts } from "../ports.ts";
import { gather } from "./gather.ts";
import type { AnswerStore } from "./knowledge.ts";
import { unwatched, type Watch } from "./watch.ts";

/** The planner may ask twice before it must decide with what it has. */
const GATHER_ROUNDS = 2;

/** Plans; what the plan needs to know is asked, and planned with again. */
export async function planKnowingly(
  ports: ReadPorts,
  policies: PolicySet,
  observation: Observation,
  answers: AnswerStore,
  watch: Watch = unwatched,
): Promise<Plan> {
  let decided = plan(observation, policies, answers, ports.clock.now());
  for (let round = 0; round < GATHER_ROUNDS && decided.needs.length > 0; round += 1) {
    await gather(ports, observation.repository, decided.needs, answers, watch);
    decided = plan(observation, policies, answers, ports.clock.now());
  }
  return decided;
}
