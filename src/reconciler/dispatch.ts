import type { Instant, Milliseconds } from "../domain/answer.ts";
import type { Repository } from "../domain/observation.ts";
import { PortFailure, type Clock, type Forge, type Journal } from "../ports.ts";
import type { Hint } from "./hint.ts";
import type { Reconciler } from "./reconcile.ts";
import { createWorkqueue, type Workqueue, type WorkqueueState } from "./workqueue.ts";

export interface DispatcherOptions {
  readonly forge: Pick<Forge, "installations" | "repositories">;
  readonly reconciler: Pick<Reconciler, "look" | "pinning" | "forget">;
  readonly clock: Clock;
  readonly journal: Journal;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Repositories that are looked at side by side. */
  readonly concurrency: number;
  /** The time from one sweep to the next: how long a lost webhook can go unnoticed. */
  readonly sweepInterval: Milliseconds;
}

/** Everything that happens outside comes in here, as a hint for repositories; none of it decides anything. */
export interface Dispatcher {
  hint(repository: Repository, hint: Hint): void;
  /** Hints all repositories that pin an image of this repository (normalised). Answers how many those are. */
  imagePushed(imageRepository: string): number;
  /** The App has been taken off this repository, or the repository is gone. */
  forget(repositoryId: number): void;
  /** Lists the repositories anew and looks at each. Called while a sweep is under way, it makes one more follow. */
  sweep(): void;
  /** Whether GitHub has answered and every repository has been queued at least once. */
  hasSwept(): boolean;
  /** Resolves when no sweep and no look is under way or ready. */
  idle(): Promise<void>;
  /** Stops for good, letting looks under way end. Answers the repositories whose looks did not by the deadline. */
  drain(deadline: Milliseconds): Promise<readonly string[]>;
  state(): WorkqueueState;
}

/**
 * A registry that is asked right after it told of a push may not show it yet: CNCF Distribution sends the event before it writes
 * the tag, and others keep lists that are a little old. So it is asked once more, this long after the last event.
 */
const ASK_AGAIN: Milliseconds = 5_000;
/** After a sweep that failed, the next comes sooner than usual, but later with each failure. */
const FIRST_RETRY: Milliseconds = 5_000;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new RepositoryDispatcher(options);
}

class RepositoryDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #queue: Workqueue<Hint>;
  /** By id, under the name that was heard last. */
  readonly #known = new Map<string, Repository>();
  /** Those that spoke up while a sweep was listing: its list may be older than they are. */
  readonly #heardDuringSweep = new Set<string>();
  /** By image repository: takes back the second question after a push. */
  readonly #cancelAskAgain = new Map<string, () => void>();
  #sweeping: Promise<void> | null = null;
  #sweepAgain = false;
  #swept = false;
  #failures = 0;
  #stopped = false;
  #cancelNext: () => void = () => undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#queue = createWorkqueue<Hint>({
      run: async (key, hints) => {
        const repository = this.#known.get(key);
        return repository === undefined ? { again: null } : options.reconciler.look(repository, hints);
      },
      clock: options.clock,
      journal: options.journal,
      random: options.random,
      concurrency: options.concurrency,
      identity: (hint) => (hint.kind === "registry" ? `registry ${hint.repository}` : hint.kind),
      due: { kind: "due" },
      describe: (key) => this.#nameOf(key),
    });
  }

  hint(repository: Repository, hint: Hint): void {
    const key = String(repository.id);
    this.#known.set(key, repository);
    if (this.#sweeping !== null) this.#heardDuringSweep.add(key);
    this.#queue.add(key, hint);
  }

  imagePushed(imageRepository: string): number {
    const hinted = this.#hintPinning(imageRepository);
    this.#cancelAskAgain.get(imageRepository)?.();
    this.#cancelAskAgain.delete(imageRepository);
    if (hinted === 0 || this.#stopped) return hinted;
    const { clock } = this.#options;
    const cancel = clock.schedule(clock.now() + ASK_AGAIN, () => {
      this.#cancelAskAgain.delete(imageRepository);
      this.#hintPinning(imageRepository);
    });
    this.#cancelAskAgain.set(imageRepository, cancel);
    return hinted;
  }

  #hintPinning(imageRepository: string): number {
    const pinning = this.#options.reconciler.pinning(imageRepository, [...this.#known.values()]);
    for (const { id } of pinning) this.#queue.add(String(id), { kind: "registry", repository: imageRepository });
    return pinning.length;
  }

  forget(repositoryId: number): void {
    const key = String(repositoryId);
    this.#queue.forget(key);
    this.#known.delete(key);
    this.#options.reconciler.forget(repositoryId);
  }

  sweep(): void {
    if (this.#stopped) return;
    if (this.#sweeping !== null) {
      this.#sweepAgain = true;
      return;
    }
    this.#cancelNext();
    this.#sweeping = this.#sweepOnce();
  }

  hasSwept(): boolean {
    return this.#swept;
  }

  async idle(): Promise<void> {
    while (this.#sweeping !== null) await this.#sweeping;
    await this.#queue.idle();
  }

  drain(deadline: Milliseconds): Promise<readonly string[]> {
    this.#stopped = true;
    this.#cancelNext();
    for (const cancel of this.#cancelAskAgain.values()) cancel();
    this.#cancelAskAgain.clear();
    return this.#queue.drain(deadline).then((keys) => keys.map((key) => this.#nameOf(key)));
  }

  state(): WorkqueueState {
    return this.#queue.state();
  }

  #nameOf(key: string): string {
    const repository = this.#known.get(key);
    return repository === undefined ? `repository ${key}` : `${repository.owner}/${repository.name}`;
  }

  async #sweepOnce(): Promise<void> {
    const { clock, sweepInterval } = this.#options;
    let next: Instant;
    try {
      this.#replace(await this.#list());
      this.#swept = true;
      this.#failures = 0;
      next = clock.now() + sweepInterval;
    } catch (cause) {
      next = this.#retryAfter(cause);
    }
    this.#heardDuringSweep.clear();
    this.#sweeping = null;
    if (this.#stopped) return;
    if (this.#sweepAgain) {
      this.#sweepAgain = false;
      this.sweep();
      return;
    }
    this.#cancelNext = clock.schedule(next, () => this.sweep());
  }

  /**
   * What each installation has. One that cannot be asked costs none of the others: what is known of it stays known.
   *
   * @throws the first problem, when no installation could be asked.
   */
  async #list(): Promise<readonly Repository[]> {
    const { forge, journal } = this.#options;
    const installations = await forge.installations();
    const found: Repository[] = [];
    const problems = new Map<number, unknown>();
    for (const installation of installations) {
      try {
        found.push(...(await forge.repositories(installation)));
      } catch (cause) {
        problems.set(installation, cause);
        found.push(...[...this.#known.values()].filter((known) => known.installation === installation));
      }
    }
    if (problems.size > 0 && problems.size === installations.length) throw problems.values().next().value;
    for (const [installation, err] of problems) {
      journal.warn("the repositories of an installation could not be listed; those known are kept", { installation, err });
    }
    return found;
  }

  #replace(repositories: readonly Repository[]): void {
    const listed = new Set(repositories.map(({ id }) => String(id)));
    for (const [key, { id }] of this.#known) {
      if (!listed.has(key) && !this.#heardDuringSweep.has(key)) this.forget(id);
    }
    for (const repository of repositories) {
      this.#known.set(String(repository.id), repository);
      this.#queue.add(String(repository.id), { kind: "sweep" });
    }
  }

  #retryAfter(cause: unknown): Instant {
    const { clock, journal, sweepInterval } = this.#options;
    this.#failures += 1;
    journal.error("the repositories could not be listed", { failures: this.#failures, err: cause });
    const told = cause instanceof PortFailure ? cause.retryAt : null;
    const delay = Math.min(FIRST_RETRY * 2 ** (this.#failures - 1), sweepInterval);
    return Math.max(clock.now() + delay, Math.min(told ?? 0, clock.now() + sweepInterval));
  }
}
