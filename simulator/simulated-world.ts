/** What a run needs of a world beside looking at it: a clock, processes that reach their ports, and an end. */
import type { Instant, Milliseconds } from "../src/domain/answer.ts";
import type { Repository } from "../src/domain/observation.ts";
import type { ArtifactRegistry, Forge, ManifestsRepository, Metrics, Rollouts } from "../src/ports.ts";
import type { BotId, Happening, WorldEvent } from "./events.ts";
import type { WorldClock } from "./world/clock.ts";
import type { Awaitable, WorldActions, WorldView } from "./world-view.ts";

/** How one call differs from what it should be. */
export interface Distortion {
  /** Reads are answered from so long ago. */
  readonly lag: Milliseconds;
  /** Which part of GitHub lags: everything, everything but branches, or only branches. */
  readonly lagging: "all" | "pulls" | "branches";
  readonly cut: number | null;
  /** What spoils the call's requests on their way, as a number to be read by who does it; null when nothing does. */
  readonly wire: number | null;
}

export const UNDISTORTED: Distortion = { lag: 0, lagging: "all", cut: null, wire: null };

/** A port as a world gives it: in memory the answer is there at once. */
export type Reached<P> = {
  readonly [K in keyof P]: P[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => Awaitable<R> : never;
};

/** The ports of one process. */
export interface Target {
  readonly forge: Reached<Forge>;
  readonly manifests: Reached<ManifestsRepository>;
  readonly registry: Reached<ArtifactRegistry>;
  readonly rollouts: Reached<Rollouts>;
  readonly metrics: Reached<Metrics>;
}

/** Asks something of the world for one process, as this call goes. */
export type Reach = <T>(distortion: Distortion, ask: (target: Target) => Awaitable<T>) => Awaitable<T>;

export interface SimulatedWorld extends WorldView {
  readonly clock: WorldClock;
  /** Everything that has happened, in order. */
  readonly events: readonly WorldEvent[];
  /** How far machines' clocks are behind, because somebody set them back. */
  behind: Milliseconds;
  note(happening: Happening): void;
  /** The one repository that there is. */
  readonly repository: Repository;
  /** Whether requests can be spoilt on their way. */
  readonly wired: boolean;
  /** What a process that starts now reaches its ports by; `now` is the clock of its machine. */
  reach(bot: BotId, now: () => Instant): Reach;
  /** Resolves when {@link events} and the view tell all that has happened. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A world, and the hands of those who live in it. */
export interface Inhabited {
  readonly world: SimulatedWorld;
  readonly people: WorldActions;
}
