/** One run: a world, some processes of Pinion, and decisions, one after the other; checked after each. */
import type { Instant, Milliseconds } from "../src/domain/answer.ts";
import type { PolicySet } from "../src/domain/policy/policy-set.ts";
import { CAST } from "./actors/cast.ts";
import { Bot } from "./bots.ts";
import { Chance } from "./chance.ts";
import { allCheckers, allHopes } from "./checkers/all.ts";
import { calmDecision, DrawnDecisions, type Decision, type DecisionSource, type Situation } from "./decisions.ts";
import { isNews } from "./events.ts";
import { CallPool } from "./faults.ts";
import { MAIN, MINUTE, pinIn, placeOfPath } from "./facts.ts";
import { mending } from "./own-rules.ts";
import { setupOf, type Setup } from "./setup.ts";
import { toldEvent, TROUBLE_IN_WORDS } from "./telling.ts";
import type { Breach, Checker, WorldActions } from "./world-view.ts";
import { World } from "./world/world.ts";
import type { Inhabited, SimulatedWorld } from "./simulated-world.ts";
import { People } from "./world/people.ts";

export interface Violation extends Breach {
  readonly seed: number;
  readonly step: number;
}

export interface RunResult {
  readonly seed: number;
  readonly steps: number;
  /** Troubles by kind; hints lost or doubled, and timeouts, beside those of calls. */
  readonly faults: Readonly<Record<string, number>>;
  readonly crashes: number;
  readonly violation: Violation | null;
  /** What was decided, to be replayed. */
  readonly decisions: readonly Decision[];
  /** What happened in the world, as one line each: the same for the same seed. */
  readonly trace: readonly string[];
  readonly merges: number;
  readonly records: number;
  /** What is pinned in the end, by file. */
  readonly pins: Readonly<Record<string, string>>;
}

/** How long the world is given to come to rest once trouble has ended. */
const REST: Milliseconds = 100 * MINUTE;
/** What one step takes at least. */
const STEP_TAKES: Milliseconds = 40;
/** Steps after which a world that has been calm is not going to come to rest. */
const MOST_CALM_STEPS = 30_000;

/** More are not looked at in one look. */
const MOST_ATTACHED = 24;

interface Hint {
  /** An image that was pushed, or null for an event of GitHub. */
  readonly image: string | null;
}

/** Makes the world that a run takes place in. */
export type Worlds = (setup: Setup) => Promise<Inhabited>;

export interface RunOptions {
  readonly seed: number;
  readonly setup: Setup;
  readonly source: DecisionSource;
  readonly policies: PolicySet;
  /** In memory unless told. */
  readonly worlds?: Worlds | undefined;
  /** What watches, if not everything. */
  readonly checkers?: readonly Checker[];
  /** Ends with the last decision: what must come true later is not waited for. */
  readonly restless?: boolean;
  /** Gets the story line by line, as it happens. Without it the story is not told, which saves time. */
  readonly tell?: (line: string) => void;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const inhabited = await (options.worlds ?? inMemory)(options.setup);
  try {
    return await new Simulation(options, inhabited).run();
  } finally {
    await inhabited.world.close();
  }
}

async function inMemory(setup: Setup): Promise<Inhabited> {
  const world = new World(setup);
  return { world, people: new People(world) };
}

/** How worlds are made. */
export interface Tier {
  setupOf(seed: number): Setup;
  readonly worlds: Worlds;
}

export const IN_MEMORY: Tier = { setupOf, worlds: inMemory };

/** Everything from one number: the world and what happens in it. `restless` as in {@link RunOptions}. */
export function runSeed(seed: number, steps: number, policies: PolicySet, tier = IN_MEMORY, restless = false): Promise<RunResult> {
  const setup = tier.setupOf(seed);
  const source = new DrawnDecisions(new Chance(seed + 1_000_003), setup, steps);
  return run({ seed, setup, source, policies, worlds: tier.worlds, restless });
}

class Simulation {
  readonly #options: RunOptions;
  readonly #world: SimulatedWorld;
  readonly #people: WorldActions;
  readonly #pool: CallPool;
  readonly #checkers: readonly Checker[];
  readonly #decisions: Decision[] = [];
  readonly #faults = new Map<string, number>();
  #bots: Bot[] = [];
  #started = 0;
  #hints: Hint[] = [];
  #heard = 0;
  #checked = 0;
  #steps = 0;
  #crashes = 0;
  /** Documents that are attached to images, as far as they can take Pinion more than one turn. */
  #attached = 0;
  #violation: Violation | null = null;
  /** The call that was answered last, should it turn out to be worth telling. */
  #untold = "";

  constructor(options: RunOptions, { world, people }: Inhabited) {
    this.#options = options;
    this.#checkers = options.checkers ?? allCheckers();
    this.#world = world;
    this.#people = people;
    this.#pool = new CallPool(
      () => this.#world.clock.now(),
      (at, run) => void this.#world.clock.schedule(at, run),
      world.wired,
    );
  }

  async run(): Promise<RunResult> {
    for (let replica = 0; replica < this.#options.setup.replicas; replica += 1) this.#boot();
    await this.#comeToRest();
    for (let decision = this.#next(); decision !== null && this.#violation === null; decision = this.#next()) {
      this.#decisions.push(decision);
      await this.#step(decision);
    }
    if (this.#violation === null && this.#options.restless !== true) await this.#calmDown();
    return this.#result();
  }

  #next(): Decision | null {
    return this.#options.source.next(this.#situation());
  }

  #situation(): Situation {
    return {
      now: this.#world.clock.now(),
      calls: this.#pool.size,
      hints: this.#hints.length,
      isWrite: (pick) => this.#pool.isWrite(pick),
      canSuffer: (pick, kind) => this.#pool.canSuffer(pick, kind),
    };
  }

  #boot(): void {
    this.#started += 1;
    const bot = new Bot(this.#started, this.#world, this.#pool, this.#options.policies, this.#options.seed);
    this.#bots.push(bot);
    this.#world.note({ kind: "started", bot: bot.id });
    bot.start();
  }

  async #step(decision: Decision): Promise<void> {
    this.#steps += 1;
    const told = await this.#carryOut(decision);
    await this.#world.settle();
    if (this.#options.tell !== undefined) this.#tell(told, this.#options.tell);
    if (decision.do !== "wait") this.#world.clock.advance(this.#world.clock.now() + STEP_TAKES);
    await this.#pool.settled();
    this.#count("timeout", this.#pool.timeOut());
    await this.#comeToRest();
    this.#listen();
    this.#check();
  }

  /** Lets everything that Pinion can do without an answer come to its end. */
  async #comeToRest(): Promise<void> {
    // Between two documents that are attached to images Pinion lets others have a turn.
    for (let turns = 0; turns <= this.#attached; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    await this.#world.settle();
  }

  /** Answers what is worth telling; null for what goes as it should. */
  async #carryOut(decision: Decision): Promise<string | null> {
    switch (decision.do) {
      case "serve":
        return this.#serve(decision);
      case "hint":
        return this.#hint(decision);
      case "act": {
        const actor = CAST.get(decision.actor);
        return (await actor?.({ view: this.#world, world: this.#people, chance: new Chance(decision.roll) })) ?? "nobody acts";
      }
      case "wait": {
        const before = this.#world.clock.now();
        this.#world.clock.advance(before + decision.most);
        const passed = Math.round((this.#world.clock.now() - before) / 1_000);
        return passed < 60 ? null : `${passed} s pass`;
      }
      case "crash":
        return this.#crash(this.#bots[decision.replica % this.#bots.length], decision.inFlight, "between two calls");
      case "set-back":
        this.#world.behind += decision.by;
        this.#world.note({ kind: "clock-set-back", by: decision.by });
        return `the machines' clocks are set back by ${decision.by / 1_000} s`;
    }
  }

  async #serve({ pick, trouble: wanted }: Extract<Decision, { do: "serve" }>): Promise<string | null> {
    const trouble = wanted !== null && this.#pool.canSuffer(pick, wanted.kind) ? wanted : null;
    const about = this.#pool.about(pick);
    const botId = this.#pool.botOf(pick);
    await this.#pool.serve(pick, trouble);
    this.#untold = about;
    if (trouble === null || botId === null) return null;
    this.#count(trouble.kind, 1);
    const words = `${about}: ${TROUBLE_IN_WORDS[trouble.kind]}`;
    if (trouble.kind !== "crash-before" && trouble.kind !== "crash-after") return words;
    return this.#crash(this.#bots.find(({ id }) => id === botId), trouble.roll, words);
  }

  #hint({ pick, fate, replica }: Extract<Decision, { do: "hint" }>): string | null {
    const hint = this.#hints[pick % Math.max(1, this.#hints.length)];
    if (hint === undefined) return null;
    if (fate !== "double") this.#hints.splice(this.#hints.indexOf(hint), 1);
    if (fate !== "deliver") this.#count(`hint-${fate}`, 1);
    if (fate === "lose") return "a webhook is lost";
    this.#bots[replica % this.#bots.length]?.hint(hint.image);
    return fate === "double" ? "a webhook arrives, and will again" : null;
  }

  #crash(bot: Bot | undefined, inFlight: number, words: string): string {
    if (bot === undefined) return "nothing to crash";
    this.#crashes += 1;
    bot.kill();
    this.#pool.bury(bot.id, inFlight);
    this.#bots = this.#bots.filter((other) => other !== bot);
    this.#world.note({ kind: "crashed", bot: bot.id });
    this.#boot();
    return `process ${bot.id} dies (${words}), and another starts`;
  }

  #count(kind: string, times: number): void {
    if (times > 0) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + times);
  }

  /** GitHub and the registry tell of what happened. */
  #listen(): void {
    for (const event of this.#world.events.slice(this.#heard)) {
      if (event.kind === "signed") this.#attached = Math.min(this.#attached + 1, MOST_ATTACHED);
      if (event.kind === "image") this.#hints.push({ image: event.repository });
      else if (isNews(event)) this.#hints.push({ image: null });
    }
    this.#heard = this.#world.events.length;
  }

  #check(): void {
    const { events } = this.#world;
    for (; this.#checked < events.length; this.#checked += 1) {
      const event = events[this.#checked];
      if (event === undefined) continue;
      for (const checker of this.#checkers) {
        const [breach] = checker.see(event, this.#world);
        if (breach !== undefined) this.#violation ??= { ...breach, seed: this.#options.seed, step: this.#steps };
      }
    }
  }

  /** Trouble ends. What must come true is looked at when the world has had its time. */
  async #calmDown(): Promise<void> {
    this.#people.calm();
    this.#hints = [];
    if (this.#world.configAt(this.#world.mainline().at(-1) ?? "") === null) await this.#people.setConfig("olive", this.#options.setup.config);
    const edits = mending(this.#world, this.#world.mainline().at(-1) ?? "", (config) => this.#people.configEdits(config));
    if (Object.keys(edits).length > 0) await this.#people.push("olive", MAIN, edits, "Mend the policies");
    const end = this.#world.clock.now() + REST + this.#world.behind;
    for (let steps = 0; this.#violation === null && !this.#rests(end); steps += 1) {
      if (steps > MOST_CALM_STEPS) {
        const sentence = "the world does not come to rest, though nothing goes wrong any more";
        this.#violation = { invariant: "L0", sentence, seed: this.#options.seed, step: this.#steps };
        return;
      }
      await this.#step(calmDecision(this.#situation()));
    }
    if (this.#violation !== null) return;
    for (const hope of allHopes()) {
      const [breach] = hope.look(this.#world);
      if (breach !== undefined) this.#violation ??= { ...breach, seed: this.#options.seed, step: this.#steps };
    }
  }

  #rests(end: Instant): boolean {
    return this.#world.clock.now() >= end && this.#pool.size === 0 && this.#hints.length === 0;
  }

  /** One line for each decision that did something, in plain words, and one for each thing that happened then. */
  #tell(words: string | null, tell: (line: string) => void): void {
    const news = this.#world.events.slice(this.#heard).flatMap((event) => toldEvent(event) ?? []);
    if (words === null && news.length === 0) return;
    const at = new Date(this.#world.clock.now()).toISOString().slice(11, 19);
    tell(`${String(this.#steps).padStart(5)} ${at} ${words ?? this.#untold}`);
    for (const line of news) tell(`${" ".repeat(17)}${line}`);
  }

  #result(): RunResult {
    return {
      seed: this.#options.seed,
      steps: this.#steps,
      faults: Object.fromEntries([...this.#faults].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      crashes: this.#crashes,
      violation: this.#violation,
      decisions: this.#decisions,
      trace: this.#world.events.map((event) => JSON.stringify(event)),
      merges: this.#world.events.filter(({ kind }) => kind === "merged").length,
      records: this.#world.log().length,
      pins: this.#pins(),
    };
  }

  #pins(): Readonly<Record<string, string>> {
    const tree = this.#world.tree(this.#world.mainline().at(-1) ?? "");
    const places = [...tree].filter(([path]) => placeOfPath(path) !== null);
    return Object.fromEntries(places.map(([path, blob]) => [path, pinIn(this.#world.text(blob))?.tag ?? ""]));
  }
}
