/**
 * S13: however hints arrive, the end is the same. The same releases are pushed at the same moments into worlds that differ only in
 * what becomes of the hints, and in the order in which calls are answered.
 */
import type { PolicySet } from "../src/domain/policy/policy-set.ts";
import { Chance } from "./chance.ts";
import { LONGEST_WAIT, type Decision, type DecisionSource, type Situation } from "./decisions.ts";
import { MINUTE } from "./facts.ts";
import { run, type RunResult } from "./run.ts";
import { setupOf, type Setup } from "./setup.ts";
import { breach } from "./checkers/reading.ts";
import type { Breach } from "./world-view.ts";

const WAYS = ["deliver", "lose", "double", "reorder"] as const;
type Way = (typeof WAYS)[number];

export interface Confluence {
  readonly runs: readonly RunResult[];
  readonly breach: Breach | null;
}

/** Runs a seed's releases in every way that hints can go. */
export async function confluence(seed: number, policies: PolicySet): Promise<Confluence> {
  const setup = withoutPeople(setupOf(seed));
  const runs: RunResult[] = [];
  for (const way of WAYS) runs.push(await run({ seed, setup, source: new Releases(seed, way), policies }));
  const [first, ...others] = runs.map(({ pins }) => JSON.stringify(pins));
  const other = others.findIndex((pins) => pins !== first);
  if (other === -1) return { runs, breach: null };
  return { runs, breach: breach("S13", `when hints ${WAYS[other + 1] ?? ""}, the end is ${others[other] ?? ""}, and otherwise ${first ?? ""}`) };
}

/** Everything by itself: what people do depends on when they see it. */
function withoutPeople(setup: Setup): Setup {
  const environments = setup.config.environments.map((one) => ({
    ...one,
    promote: "auto" as const,
    merge: "auto" as const,
    approvals: { count: 0, teams: [] },
  }));
  return { ...setup, config: { ...setup.config, environments }, replicas: 1, troubled: 0, clockSetBack: false };
}

/** A few pushes at fixed moments, minutes apart. */
class Releases implements DecisionSource {
  readonly #chance: Chance;
  readonly #way: Way;
  readonly #pushes: { readonly after: number; readonly roll: number }[] = [];
  #begun: number | null = null;

  constructor(seed: number, way: Way) {
    const plan = new Chance(seed);
    this.#chance = new Chance(seed + WAYS.indexOf(way));
    this.#way = way;
    for (let push = 0; push < 4; push += 1) this.#pushes.push({ after: (push * 20 + plan.below(15)) * MINUTE, roll: plan.roll() });
  }

  next({ now, calls, hints }: Situation): Decision | null {
    this.#begun ??= now;
    if (calls > 0) return { do: "serve", pick: this.#way === "reorder" ? this.#chance.below(calls) : 0, trouble: null };
    const [push] = this.#pushes;
    if (push !== undefined && now >= this.#begun + push.after) {
      this.#pushes.shift();
      return { do: "act", actor: "releaser", roll: push.roll };
    }
    if (hints > 0) return { do: "hint", pick: this.#way === "reorder" ? this.#chance.below(hints) : 0, fate: this.#fate(), replica: 0 };
    return push === undefined ? null : { do: "wait", most: Math.min(LONGEST_WAIT, this.#begun + push.after - now) };
  }

  #fate(): "deliver" | "lose" | "double" {
    if (this.#way === "double") return this.#chance.percent(50) ? "double" : "deliver";
    return this.#way === "lose" ? "lose" : "deliver";
  }
}
