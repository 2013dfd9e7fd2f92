/**
 * Goes through a small world completely: a breadth-first search over all states that can be reached (explicit-state model checking), so
 * that the way to a violation is the shortest there is.
 *
 * A state is a world (`small-world.ts`) and what each process of Pinion still has to write of a plan that it made earlier. From it lead
 * all steps of everybody else (`steps.ts`), a look, the next write, and the death of the process: so a plan is cut off after each of its
 * writes, and each write comes into every world that can have come about since the look.
 *
 * Real: the planner with all it uses, the folding of the log, the policies that are shipped, the reading of the configuration and of
 * quarantine files, and the judging of Argo CD's and Prometheus's answers. Of policies that are not shipped there is one, whose result
 * the world decides.
 *
 * Not real, and so not covered:
 * - Git, the ports and the reconciler. `writes.ts` says once more what `src/reconciler/apply.ts` does, and `observed.ts` what
 *   `src/reconciler/pin-changes.ts` and `proposals.ts` find out; `npm run sim` runs those themselves.
 * - Answers are fresh and whole: nothing is old, cut off, or not asked yet. Rights do not change.
 * - Time goes in whole hours. What happens between two of them happens at one moment, so limits of seconds and minutes lie between two
 *   hours, and a day never passes. That an hour passes while Pinion has something to do counts as a disturbance.
 * - One app with one image; tags are not moved; the configuration stays; nobody rewrites the default branch.
 * - More disturbances at once than the search is told to allow.
 */
import { hash } from "node:crypto";
import type { Plan } from "../../src/domain/action.ts";
import type { Breach } from "../world-view.ts";
import { keyOf, textOf } from "./key.ts";
import { planFor } from "./observed.ts";
import type { Scenario, World } from "./small-world.ts";
import { stepsFrom } from "./steps.ts";
import { growsLog, takeOff, told, writeNext, writesOf, type Flight, type Write, type Written } from "./writes.ts";

/** What must hold in every state and at every step. */
export interface Laws {
  /** Of what is planned in a world. */
  readonly ofPlan: (world: World, plan: Plan, scenario: Scenario) => readonly Breach[];
  /** Of a world in which Pinion finds nothing to do. */
  readonly ofRest: (world: World, plan: Plan, scenario: Scenario) => readonly Breach[];
  /** Of one write. */
  readonly ofWrite: (before: World, written: Written) => readonly Breach[];
}

export interface Violation extends Breach {
  readonly scenario: string;
  /** What happened, in plain words, from the beginning: as short as it can be. */
  readonly path: readonly string[];
}

export interface Enumerated {
  readonly scenario: string;
  readonly states: number;
  readonly transitions: number;
  /** The steps to the state that is farthest from the beginning. */
  readonly depth: number;
  /** Worlds for which a plan was made. */
  readonly worlds: number;
  /** The first of each invariant. */
  readonly violations: readonly Violation[];
}

interface State {
  readonly world: World;
  /** The same for worlds that are the same. */
  readonly name: string;
  /** What each process is about; null: nothing. In one order, since processes are alike. */
  readonly flights: readonly (Flight | null)[];
}

/** The name of no world. */
const AT_REST = "";

interface Planned {
  readonly writes: readonly Write[];
  readonly breaches: readonly Breach[];
  /** The world that comes of it when nobody interferes. */
  readonly leadsTo: string;
  /** A state in which this world was met. */
  readonly index: number;
}

/** Goes through every state that can be reached, the nearest first; with `first` only until something is violated. */
export function enumerate(scenario: Scenario, laws: Laws, first: boolean): Enumerated {
  return new Search(scenario, laws, first).run();
}

class Search {
  readonly #scenario: Scenario;
  readonly #laws: Laws;
  readonly #first: boolean;
  readonly #seen = new Set<string>();
  readonly #plans = new Map<string, Planned>();
  /** How each state was first reached: from which, and by what. */
  readonly #from: number[] = [];
  readonly #by: string[] = [];
  readonly #violations = new Map<string, Violation>();
  #transitions = 0;
  #next: { readonly state: State; readonly index: number }[] = [];
  #over = false;

  constructor(scenario: Scenario, laws: Laws, first: boolean) {
    this.#scenario = scenario;
    this.#laws = laws;
    this.#first = first;
  }

  run(): Enumerated {
    const { begin, processes } = this.#scenario;
    this.#reach({ world: begin, name: nameOf(begin), flights: Array.from({ length: processes }, () => null) }, -1, "");
    let depth = -1;
    while (this.#next.length > 0 && !this.#over) {
      const level = this.#next;
      this.#next = [];
      depth += 1;
      for (const { state, index } of level) {
        this.#expand(state, index);
        if (this.#over) break;
      }
    }
    if (!this.#over) this.#findCircles();
    return {
      scenario: this.#scenario.name,
      states: this.#seen.size,
      transitions: this.#transitions,
      depth,
      worlds: this.#plans.size,
      violations: [...this.#violations.values()],
    };
  }

  #reach(state: State, from: number, by: string): void {
    const key = hash("md5", `${state.name}\n${state.flights.map((flight) => flight?.key ?? "").join("\n")}`, "base64");
    if (from >= 0) this.#transitions += 1;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#from.push(from);
    this.#by.push(by);
    this.#next.push({ state, index: this.#from.length - 1 });
  }

  #expand(state: State, index: number): void {
    const { world, flights } = state;
    const planned = this.#planFor(state, index);
    for (const breach of planned.breaches) this.#note(breach, index, null);
    const busy = planned.writes.length > 0 || flights.some((flight) => flight !== null);
    for (const step of stepsFrom(world, busy, this.#scenario)) this.#reach({ world: step.world, name: nameOf(step.world), flights }, index, step.words);
    for (const [slot, flight] of flights.entries()) {
      if (flight === null) {
        // Processes are alike: that one looks while others do nothing is said once.
        if (planned.writes.length > 0 && flights.indexOf(null) === slot) {
          this.#reach({ ...state, flights: inOrder(flights.with(slot, takeOff(world, planned.writes))) }, index, "Pinion looks, and plans");
        }
        continue;
      }
      this.#reach({ ...state, flights: inOrder(flights.with(slot, null)) }, index, "Pinion's process dies");
      this.#write(state, slot, flight, index);
    }
  }

  #write({ world, flights }: State, slot: number, flight: Flight, index: number): void {
    const written = writeNext(world, flight);
    const words = told(written);
    for (const breach of this.#laws.ofWrite(world, written)) this.#note(breach, index, words);
    const moved = growsLog(world.ledger, written.world.ledger);
    const others = flights.map((other, at) => (at === slot ? written.flight : other === null || !moved ? other : takenBy(other)));
    this.#reach({ world: written.world, name: nameOf(written.world), flights: inOrder(others) }, index, words);
  }

  #planFor({ world, name }: State, index: number): Planned {
    const known = this.#plans.get(name);
    if (known !== undefined) return known;
    const plan = planFor(world, this.#scenario);
    const writes = writesOf(plan);
    const breaches = [...this.#laws.ofPlan(world, plan, this.#scenario), ...(writes.length === 0 ? this.#laws.ofRest(world, plan, this.#scenario) : [])];
    const planned = { writes, breaches, leadsTo: this.#afterwards(world, writes), index };
    this.#plans.set(name, planned);
    return planned;
  }

  /** The world that comes of a plan, or nothing where Pinion is then at rest. What a check says in words is no part of a world's name. */
  #afterwards(world: World, writes: readonly Write[]): string {
    if (writes.length === 0) return AT_REST;
    const after = writtenWhole(world, writes);
    const saysOnly = writes.every(({ kind }) => kind === "checks");
    return saysOnly && writesOf(planFor(after, this.#scenario)).length === 0 ? AT_REST : nameOf(after);
  }

  /** X2: Pinion, left alone, comes to rest. What it does over and over again leads round in a circle. */
  #findCircles(): void {
    const resting = new Set([AT_REST]);
    for (const start of this.#plans.keys()) {
      const trail = new Set<string>();
      let at = start;
      while (!resting.has(at) && !trail.has(at)) {
        trail.add(at);
        at = this.#plans.get(at)?.leadsTo ?? AT_REST;
      }
      if (!resting.has(at)) this.#note({ invariant: "X2", sentence: "left alone, Pinion does the same again and again" }, this.#plans.get(at)?.index ?? 0, null);
      for (const one of trail) resting.add(one);
    }
  }

  #note(breach: Breach, index: number, last: string | null): void {
    if (!this.#violations.has(breach.invariant)) {
      const path = [...this.#pathTo(index), ...(last === null ? [] : [last])];
      this.#violations.set(breach.invariant, { ...breach, scenario: this.#scenario.name, path });
    }
    this.#over ||= this.#first;
  }

  #pathTo(index: number): readonly string[] {
    const path: string[] = [];
    for (let at = index; at > 0; at = this.#from[at] ?? 0) path.unshift(this.#by[at] ?? "");
    return path;
  }
}

function nameOf(world: World): string {
  return hash("md5", textOf(world), "base64");
}

/** All of a plan is written, and nothing else happens. */
function writtenWhole(world: World, writes: readonly Write[]): World {
  let flight: Flight | null = takeOff(world, writes);
  let after = world;
  while (flight !== null) ({ world: after, flight } = writeNext(after, flight));
  return after;
}

function inOrder(flights: State["flights"]): State["flights"] {
  return flights.toSorted((a, b) => ((a?.key ?? "") < (b?.key ?? "") ? -1 : 1));
}

/** Another process has written to the log since this one looked. */
function takenBy(flight: Flight): Flight {
  const { key: _, ...rest } = { ...flight, logMoved: true };
  return { ...rest, key: keyOf(rest) };
}
