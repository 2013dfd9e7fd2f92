import type { Instant, Milliseconds } from "../../src/domain/answer.ts";

/** A first-parent commit of the branch that an Application follows. */
export interface Commit {
  readonly oid: string;
  readonly at: Instant;
  /** The Application's kustomization file as of this commit, or null when it is not there. */
  readonly manifest: string | null;
}

/** What a version does instead of becoming healthy. */
export type Misbehaviour =
  | { readonly kind: "fail-sync" }
  /** Degraded once its rollout is over, or this long after it became healthy. */
  | { readonly kind: "degrade"; readonly after: Milliseconds }
  /** Progressing for ever. */
  | { readonly kind: "hang" }
  /** Healthy and Progressing in turn. */
  | { readonly kind: "flap"; readonly every: Milliseconds };

/** All that an Application's state follows from, beside the time. */
export interface Story {
  /** When Argo CD began to follow it. What Git held then counts as deployed an hour before. */
  readonly from: Instant;
  /** Oldest first, with times that never go back. */
  readonly commits: readonly Commit[];
  readonly poll: Milliseconds;
  readonly syncTakes: Milliseconds;
  readonly rolloutTakes: Milliseconds;
  /** When somebody asked for a refresh; in order. */
  readonly refreshes: readonly Instant[];
  /** When somebody synced by hand; in order. */
  readonly handSyncs: readonly Instant[];
  readonly automated: boolean;
  imagesOf(manifest: string): readonly string[];
  misbehaviour(images: readonly string[]): Misbehaviour | null;
}

export interface Health {
  readonly status: "Healthy" | "Progressing" | "Degraded" | "Missing";
  readonly since: Instant;
}

export interface Operation {
  readonly revision: string;
  readonly byHand: boolean;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly phase: "Running" | "Succeeded" | "Failed";
}

/** The state at one moment. */
export interface Scene {
  readonly revision: string | null;
  readonly reconciledAt: Instant;
  readonly sync: "Synced" | "OutOfSync" | "Unknown";
  readonly health: Health;
  readonly operation: Operation | null;
  readonly images: readonly string[];
}

interface Live {
  readonly manifest: string;
  readonly images: readonly string[];
  /** What ran before it: its pods stay until the new ones are healthy. */
  readonly before: readonly string[];
  readonly appliedAt: Instant;
  /** It was already Progressing when this was applied, since then. */
  readonly progressingSince: Instant;
  readonly settled: boolean;
}

const BEFORE: Milliseconds = 60 * 60_000;

/**
 * Plays the story up to `now`. There are no timers and nothing is remembered between two calls, so the time may
 * jump by hours, and the same story and time always give the same scene.
 */
export function sceneAt(story: Story, now: Instant): Scene {
  const play = new Play(story);
  play.until(now);
  return play.scene(now);
}

/** One run through a story. */
class Play {
  readonly #story: Story;
  #cursor: Instant;
  #compared: number;
  #live: Live | null = null;
  #operation: (Omit<Operation, "phase"> & { readonly index: number }) | null = null;
  #running = false;
  #failed = false;
  #handSyncs = 0;

  constructor(story: Story) {
    this.#story = story;
    this.#cursor = story.from;
    this.#compared = newestAt(story.commits, story.from);
    const manifest = story.commits[this.#compared]?.manifest ?? null;
    if (manifest === null) return;
    const images = story.imagesOf(manifest);
    const at = story.from - BEFORE;
    this.#live = { manifest, images, before: [], appliedAt: at, progressingSince: at, settled: true };
  }

  until(now: Instant): void {
    for (;;) {
      const event = this.#next();
      if (event === null || event.at > now) return;
      this.#cursor = event.at;
      event.happens();
    }
  }

  /** What happens next, or null when nothing more does. */
  #next(): { readonly at: Instant; happens(): void } | null {
    if (this.#running && this.#operation !== null) {
      return { at: this.#operation.finishedAt, happens: () => this.#finish() };
    }
    const commit = this.#story.commits[this.#compared + 1];
    const noticed = commit === undefined ? null : this.#reconcileAfter(Math.max(commit.at, this.#cursor));
    const compare = noticed === null ? null : { at: noticed, happens: () => this.#compare() };
    const hand = this.#story.handSyncs[this.#handSyncs];
    if (hand === undefined || (compare !== null && compare.at <= hand)) return compare;
    return { at: Math.max(hand, this.#cursor), happens: () => this.#syncByHand() };
  }

  #reconcileAfter(at: Instant): Instant {
    const { from, poll, refreshes } = this.#story;
    const polled = from + Math.ceil((at - from) / poll) * poll;
    return Math.min(polled, refreshes.find((refresh) => refresh >= at) ?? polled);
  }

  #compare(): void {
    this.#compared = newestAt(this.#story.commits, this.#cursor);
    // As Argo CD does: by itself, it tries each commit once.
    const tried = this.#operation?.index === this.#compared && this.#failed;
    if (this.#story.automated && !tried && this.#isOutOfSync()) this.#start(false);
  }

  #syncByHand(): void {
    this.#handSyncs += 1;
    if (this.#isOutOfSync()) this.#start(true);
  }

  #isOutOfSync(): boolean {
    const manifest = this.#manifest();
    return manifest !== null && manifest !== this.#live?.manifest;
  }

  #manifest(): string | null {
    return this.#story.commits[this.#compared]?.manifest ?? null;
  }

  #start(byHand: boolean): void {
    const revision = this.#story.commits[this.#compared]?.oid ?? "";
    const finishedAt = this.#cursor + this.#story.syncTakes;
    this.#operation = { revision, byHand, startedAt: this.#cursor, finishedAt, index: this.#compared };
    this.#running = true;
  }

  #finish(): void {
    this.#running = false;
    const manifest = this.#manifest();
    const images = manifest === null ? [] : this.#story.imagesOf(manifest);
    this.#failed = this.#story.misbehaviour(images)?.kind === "fail-sync";
    if (!this.#failed && manifest !== null) this.#apply(manifest, images);
    // Argo CD compares again once an operation is over.
    this.#compare();
  }

  #apply(manifest: string, images: readonly string[]): void {
    const live = this.#live;
    if (live !== null && live.images.join() === images.join()) {
      this.#live = { ...live, manifest };
      return;
    }
    const health = this.#health(this.#cursor);
    this.#live = {
      manifest,
      images,
      before: live?.images ?? [],
      appliedAt: this.#cursor,
      progressingSince: health.status === "Progressing" ? health.since : this.#cursor,
      settled: false,
    };
  }

  #health(at: Instant): Health {
    const live = this.#live;
    if (live === null) return { status: "Missing", since: this.#story.from };
    if (live.settled) return { status: "Healthy", since: live.appliedAt };
    const ready = live.appliedAt + this.#story.rolloutTakes;
    const behaviour = this.#story.misbehaviour(live.images);
    if (at < ready || behaviour?.kind === "hang") return { status: "Progressing", since: live.progressingSince };
    if (behaviour?.kind === "degrade" && at >= ready + behaviour.after) return { status: "Degraded", since: ready + behaviour.after };
    if (behaviour?.kind === "flap") {
      const turn = Math.floor((at - ready) / behaviour.every);
      return { status: turn % 2 === 0 ? "Healthy" : "Progressing", since: ready + turn * behaviour.every };
    }
    return { status: "Healthy", since: ready };
  }

  scene(now: Instant): Scene {
    const { story, health } = { story: this.#story, health: this.#health(now) };
    const polled = story.from + Math.floor(Math.max(0, now - story.from) / story.poll) * story.poll;
    const refreshed = story.refreshes.findLast((refresh) => refresh <= now) ?? story.from;
    const phase = this.#running ? "Running" : this.#failed ? "Failed" : "Succeeded";
    const live = this.#live;
    const old = health.status === "Healthy" ? [] : (live?.before ?? []);
    return {
      revision: story.commits[this.#compared]?.oid ?? null,
      reconciledAt: Math.max(polled, refreshed, this.#running ? 0 : (this.#operation?.finishedAt ?? 0)),
      sync: this.#manifest() === null ? "Unknown" : this.#isOutOfSync() ? "OutOfSync" : "Synced",
      health,
      operation: this.#operation === null ? null : { ...this.#operation, phase },
      images: [...new Set([...old, ...(live?.images ?? [])])],
    };
  }
}

/** The index of the newest commit at that time, or -1 before the first. */
function newestAt(commits: readonly Commit[], at: Instant): number {
  return commits.findLastIndex((commit) => commit.at <= at);
}
