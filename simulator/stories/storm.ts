/**
 * One release's whole life while everything around Pinion fails: a good release goes to production, and a bad one is taken back
 * where it first runs. The same story as the demo's, with two processes, crashes, a spoilt wire and late or lost webhooks.
 */
import { BAD, GOOD, has } from "../actors/protagonist.ts";
import { Chance } from "../chance.ts";
import { DrawnDecisions, type Decision, type DecisionSource, type Situation } from "../decisions.ts";
import { TROUBLES, type Setup, type Trouble } from "../setup.ts";
import type { WorldView } from "../world-view.ts";

/** A story that has not come to its end by then never does. */
const MOST_DECISIONS = 6_000;

export function stormSetup(troubles: readonly Trouble[] = TROUBLES): Setup {
  const everywhere = { after: [], promote: "auto", merge: "auto", soak: 0, watch: 1, deadline: 5, approvals: { count: 0, teams: [] }, rollback: "auto", paused: null } as const;
  return {
    apps: ["checkout"],
    config: {
      environments: [
        { ...everywhere, name: "dev" },
        { ...everywhere, name: "staging", after: ["dev"] },
        { ...everywhere, name: "prod", after: ["staging"], soak: 1, promote: "on-request", merge: "on-approval", approvals: { count: 1, teams: ["sre"] } },
      ],
      slo: true,
      limit: 50,
    },
    checkRequired: false,
    logGuarded: true,
    deletesMergedBranches: false,
    pinnedByDigest: true,
    mergeableAfter: 0,
    replicas: 2,
    troubled: 4,
    troubles,
    deaths: 0.25,
    hintTrouble: 40,
    liveliness: 6,
    actors: ["protagonist"],
    clockSetBack: false,
  };
}

/** Chance decides until the story has come to its end; then trouble ends. */
export class StormDecisions implements DecisionSource {
  readonly #drawn: DrawnDecisions;
  readonly #isOver: () => boolean;

  constructor(seed: number, setup: Setup, isOver: () => boolean) {
    this.#drawn = new DrawnDecisions(new Chance(seed), setup, MOST_DECISIONS);
    this.#isOver = isOver;
  }

  next(situation: Situation): Decision | null {
    return this.#isOver() ? null : this.#drawn.next(situation);
  }
}

/** The good release runs in production, and the bad one was taken back. */
export function isOver(view: WorldView): boolean {
  return has({ view }, "verified", "prod", GOOD) && has({ view }, "breached", "dev", BAD) && pinned(view, "dev") === GOOD;
}

/** What came true, in the words of the demo; everything that did not is missing. */
export function cameTrue(view: WorldView): readonly string[] {
  const main = view.mainline().at(-1) ?? "";
  const barred = [...view.tree(main).keys()].some((path) => path.startsWith(".github/pinion/quarantine/checkout-"));
  return [
    ...(pinned(view, "prod") === GOOD ? [`production runs ${GOOD}, which was asked for by alice and approved by bob`] : []),
    ...(pinned(view, "dev") === GOOD && pinned(view, "staging") === GOOD ? [`${BAD} was taken back in dev, and never came to staging`] : []),
    ...(barred ? [`the digest of ${BAD} is in quarantine`] : []),
  ];
}

function pinned(view: WorldView, environment: string): string | null {
  return view.pinAt(view.mainline().at(-1) ?? "", "checkout", environment)?.tag ?? null;
}
