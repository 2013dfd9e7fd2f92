import type { PolicySet } from "../src/domain/policy/policy-set.ts";
import type { Repository } from "../src/domain/observation.ts";
import type { Oid } from "../src/domain/release.ts";
import { PortFailure, type Forge, type Journal } from "../src/ports.ts";
import { createDispatcher, type Dispatcher } from "../src/reconciler/dispatch.ts";
import { createReconciler } from "../src/reconciler/reconcile.ts";
import { Chance } from "./chance.ts";
import type { BotId } from "./events.ts";
import { troubledPorts, type CallPool } from "./faults.ts";
import { MachineClock } from "./world/clock.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

const SWEEP = 5 * 60_000;

/** One process of Pinion: the real reconciler and the real queue, over ports that can fail. */
export class Bot {
  readonly id: BotId;
  readonly #clock: MachineClock;
  readonly #dispatcher: Dispatcher;
  readonly #repository: Repository;

  constructor(id: BotId, world: SimulatedWorld, pool: CallPool, policies: PolicySet, seed: number) {
    this.id = id;
    this.#repository = world.repository;
    const clock = new MachineClock(world.clock, () => world.behind);
    this.#clock = clock;
    const chance = new Chance(seed + id * 7919);
    const journal = journalOf((message) => world.note({ kind: "bewildered", bot: id, message }));
    const troubled = troubledPorts(pool, id, world.reach(id, () => clock.now()));
    const merge: Forge["merge"] = (repository, pull, wanted) => {
      world.note({ kind: "merging", pull, head: wanted.head, bot: id });
      return troubled.forge.merge(repository, pull, wanted);
    };
    const asking = (what: "check" | "enqueue", head: Oid) => world.note({ kind: "asking", what, head, bot: id });
    const publish: Forge["publish"] = (repository, checks, records) => {
      for (const { head, check } of checks) if (check.conclusion === "success") asking("check", head);
      return troubled.forge.publish(repository, checks, records);
    };
    const enqueue: Forge["enqueue"] = (repository, pull, head) => {
      asking("enqueue", head);
      return troubled.forge.enqueue(repository, pull, head);
    };
    const ports = { ...troubled, forge: { ...troubled.forge, merge, publish, enqueue }, clock, journal };
    const reconciler = createReconciler(ports, policies);
    const random = () => chance.fraction();
    const { forge } = ports;
    this.#dispatcher = createDispatcher({ forge, reconciler, clock, journal, random, concurrency: 4, sweepInterval: SWEEP });
  }

  start(): void {
    this.#dispatcher.sweep();
  }

  hint(image: string | null): void {
    if (image === null) this.#dispatcher.hint(this.#repository, { kind: "forge" });
    else this.#dispatcher.imagePushed(image);
  }

  /** The machine goes dark: no timer of it runs any more. */
  kill(): void {
    this.#clock.stop();
  }
}

/** What no port has explained is a mistake in Pinion, and is told. */
function journalOf(bewildered: (message: string) => void): Journal {
  const nothing = () => undefined;
  return {
    info: nothing,
    warn: nothing,
    error: (message, fields = {}) => {
      const cause = fields["err"] ?? fields["error"];
      if (cause instanceof Error && !(cause instanceof PortFailure)) bewildered(`${message}: ${cause.stack ?? cause.message}`);
    },
  };
}
