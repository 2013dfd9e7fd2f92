import type { Instant, Milliseconds } from "../../src/domain/answer.ts";
import type { WorldBase } from "./base.ts";
import type { Blindness } from "./metrics.ts";

/** What befalls the cluster and its users: the same in every world, since all of them have the same cluster. */
export abstract class ClusterHands {
  readonly #world: WorldBase;

  constructor(world: WorldBase) {
    this.#world = world;
  }

  abstract registryDown(down: boolean): void;

  flap(app: string, environment: string, until: Instant, every?: Milliseconds): void {
    this.#world.application(app, environment)?.flap(this.#world.now(), until, every);
  }

  unreachable(until: Instant): void {
    this.#world.unreachableUntil = until;
  }

  lag(app: string, environment: string, until: Instant, how?: "blind" | "cached"): void {
    this.#world.application(app, environment)?.lag(this.#world.now(), until, how);
  }

  blind(mode: Blindness, until: Instant): void {
    this.#world.traffic.blind(mode, until);
  }

  outage(app: string, environment: string, until: Instant): void {
    this.#world.traffic.outage(app, environment, this.#world.now(), until);
  }

  calm(): void {
    this.registryDown(false);
    this.#world.unreachableUntil = 0;
    this.#world.traffic.calm();
    for (const application of this.#world.applications) application.calm(this.#world.now());
  }
}
