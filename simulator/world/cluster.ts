import type { Instant, Milliseconds } from "../../src/domain/answer.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { ApplicationStatus } from "../../src/domain/rollout.ts";
import type { ClusterMoment, Fate, PlacePin } from "../facts.ts";

/** How an Application of the cluster learns what Git says and what images do. */
export interface ClusterSurroundings {
  readonly begin: Instant;
  /** The default branch at a moment. */
  headAt(at: Instant): Oid;
  pinAt(commit: Oid): PlacePin | null;
  fateOf(digest: string): Fate;
  /** What a tag without a digest is pulled as. */
  resolve(pin: PlacePin): string | null;
}

const POLL: Milliseconds = 30_000;
const SYNC_TAKES: Milliseconds = 5_000;
const ROLLOUT_TAKES: Milliseconds = 20_000;
const FLAP_EVERY: Milliseconds = 7_000;

interface Operation {
  readonly commit: Oid;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  phase: "Running" | "Succeeded" | "Failed";
}

/** Degraded and healthy by turns, each so long. */
interface Flapping {
  readonly from: Instant;
  readonly until: Instant;
  readonly every: Milliseconds;
}

interface Live {
  readonly commit: Oid;
  readonly image: string;
  readonly digest: string | null;
  readonly appliedAt: Instant;
  readonly before: string | null;
}

/**
 * One Argo CD Application: it compares itself with the default branch now and then, syncs, and rolls out. What it is at a
 * moment follows from what it was told and the time alone: it is moved on whenever somebody looks.
 */
export class Application {
  readonly #name: string;
  readonly #around: ClusterSurroundings;
  readonly #moments: ClusterMoment[] = [];
  #cursor: Instant;
  #compared: Oid;
  #reconciledAt: Instant;
  #live: Live | null = null;
  #operation: Operation | null = null;
  #failed: Oid | null = null;
  #flaps: readonly Flapping[] = [];
  #blindUntil: Instant = 0;
  /** What Argo CD has of Git is from then, until then. */
  #cached: { readonly from: Instant; readonly until: Instant } = { from: 0, until: 0 };

  constructor(name: string, around: ClusterSurroundings) {
    this.#name = name;
    this.#around = around;
    this.#cursor = around.begin;
    this.#reconciledAt = around.begin;
    this.#compared = around.headAt(around.begin);
    const pin = around.pinAt(this.#compared);
    if (pin !== null) this.#apply(pin, around.begin - 60 * 60_000);
  }

  flap(from: Instant, until: Instant, every: Milliseconds = FLAP_EVERY): void {
    this.moveTo(from);
    this.#flaps = [...this.#flaps, { from, until, every }];
    this.#note();
  }

  /** Does not compare itself with Git for so long. */
  lag(from: Instant, until: Instant, how: "blind" | "cached" = "blind"): void {
    this.moveTo(from);
    if (how === "cached") this.#cached = { from: this.#cached.until > from ? this.#cached.from : from, until };
    else this.#blindUntil = Math.max(this.#blindUntil, until);
  }

  calm(now: Instant): void {
    this.moveTo(now);
    this.#flaps = this.#flaps.map((flap) => ({ ...flap, until: Math.min(flap.until, now) }));
    this.#blindUntil = Math.min(this.#blindUntil, now);
    this.#cached = { ...this.#cached, until: Math.min(this.#cached.until, now) };
    this.#note();
  }

  moments(now: Instant): readonly ClusterMoment[] {
    this.moveTo(now);
    return this.#moments;
  }

  moveTo(now: Instant): void {
    for (;;) {
      const running = this.#operation?.phase === "Running" ? this.#operation.finishedAt : null;
      const next = Math.min(running ?? Infinity, this.#nextPoll(), this.#nextHealth());
      if (next > now) break;
      this.#cursor = next;
      if (running === next) this.#finish();
      else if (this.#nextPoll() === next) this.#compare();
      this.#note();
    }
    this.#cursor = Math.max(this.#cursor, now);
  }

  #nextPoll(): Instant {
    return Math.max(this.#reconciledAt + POLL, this.#blindUntil);
  }

  /** When health may be another. */
  #nextHealth(): Instant {
    const moments = [this.#live === null ? 0 : this.#live.appliedAt + ROLLOUT_TAKES];
    for (const { from, until, every } of this.#flaps) {
      moments.push(from, until);
      if (this.#cursor >= from && this.#cursor < until) moments.push(this.#cursor + every - ((this.#cursor - from) % every));
    }
    return Math.min(...moments.filter((moment) => moment > this.#cursor), Infinity);
  }

  #compare(): void {
    this.#compared = this.#around.headAt(this.#cursor < this.#cached.until ? this.#cached.from : this.#cursor);
    this.#reconciledAt = this.#cursor;
    if (this.#operation?.phase === "Running" || !this.#outOfSync() || this.#failed === this.#compared) return;
    this.#operation = { commit: this.#compared, startedAt: this.#cursor, finishedAt: this.#cursor + SYNC_TAKES, phase: "Running" };
  }

  #outOfSync(): boolean {
    const pin = this.#around.pinAt(this.#compared);
    return pin !== null && imageOf(pin) !== this.#live?.image;
  }

  #finish(): void {
    const operation = this.#operation;
    if (operation === null) return;
    const pin = this.#around.pinAt(operation.commit);
    const digest = pin === null ? null : (pin.digest ?? this.#around.resolve(pin));
    const failed = digest === null || this.#around.fateOf(digest) === "fails-sync";
    operation.phase = failed ? "Failed" : "Succeeded";
    if (failed) this.#failed = operation.commit;
    else if (pin !== null) this.#apply(pin, this.#cursor, operation.commit);
    this.#reconciledAt = this.#cursor;
    this.#compare();
  }

  #apply(pin: PlacePin, at: Instant, commit = this.#compared): void {
    const digest = pin.digest ?? this.#around.resolve(pin);
    this.#live = { commit, image: imageOf(pin), digest, appliedAt: at, before: this.#live?.digest ?? null };
    this.#note();
  }

  /** What it is at the moment that was reached, and since when. */
  #health(): { readonly status: ClusterMoment["health"]; readonly since: Instant } {
    const live = this.#live;
    if (live === null) return { status: "Missing", since: this.#around.begin };
    const flap = this.#flaps.find(({ from, until }) => this.#cursor >= from && this.#cursor < until);
    if (flap !== undefined) {
      const turn = Math.floor((this.#cursor - flap.from) / flap.every);
      return { status: turn % 2 === 0 ? "Degraded" : "Healthy", since: flap.from + turn * flap.every };
    }
    const ready = live.appliedAt + ROLLOUT_TAKES;
    const fate = live.digest === null ? "hangs" : this.#around.fateOf(live.digest);
    if (this.#cursor < ready) return { status: "Progressing", since: live.appliedAt };
    const flapped = Math.max(ready, ...this.#flaps.filter(({ until }) => until <= this.#cursor).map(({ until }) => until));
    if (fate === "hangs") return { status: "Progressing", since: live.appliedAt };
    return { status: fate === "degrades" ? "Degraded" : "Healthy", since: flapped };
  }

  #note(): void {
    const moment = {
      at: this.#cursor,
      commit: this.#live?.commit ?? null,
      digest: this.#live?.digest ?? null,
      health: this.#health().status,
      failedSync: this.#operation?.phase === "Failed" ? this.#operation.commit : null,
    };
    const last = this.#moments.at(-1);
    const same = last?.commit === moment.commit && last.health === moment.health && last.failedSync === moment.failedSync;
    if (!same) this.#moments.push(this.#moments.length === 0 ? { ...moment, at: this.#live?.appliedAt ?? moment.at } : moment);
  }

  /** As Argo CD tells it, in whole seconds. */
  status(now: Instant): ApplicationStatus {
    this.moveTo(now);
    const health = this.#health();
    const operation = this.#operation;
    const live = this.#live;
    const old = health.status === "Progressing" && live?.before !== null ? (live?.before ?? null) : null;
    const repository = this.#around.pinAt(this.#compared)?.repository ?? "";
    const failed = operation?.phase === "Failed" && this.#outOfSync();
    return {
      name: this.#name,
      sync: this.#around.pinAt(this.#compared) === null ? "Unknown" : this.#outOfSync() ? "OutOfSync" : "Synced",
      revisions: [this.#compared],
      health: health.status,
      healthSince: seconds(health.since),
      reconciledAt: seconds(this.#reconciledAt),
      operating: operation?.phase === "Running",
      operation:
        operation === null
          ? null
          : {
              phase: operation.phase,
              message: operation.phase === "Failed" ? "one or more objects failed to apply" : "",
              startedAt: seconds(operation.startedAt),
              finishedAt: operation.phase === "Running" ? null : seconds(operation.finishedAt),
              revisions: [operation.commit],
              partial: false,
              selfHeal: false,
            },
      syncedFrom: [],
      errors: this.#around.pinAt(this.#compared) === null ? ["ComparisonError: app path does not exist"] : [],
      syncError: failed ? "Failed last sync attempt" : null,
      automated: true,
      images: [...new Set([old, live?.digest ?? null])].flatMap((digest) => (digest === null ? [] : [`${repository}@${digest}`])),
    };
  }
}

function imageOf(pin: PlacePin): string {
  return `${pin.repository}:${pin.tag}@${pin.digest ?? ""}`;
}

function seconds(at: Instant): Instant {
  return Math.floor(at / 1_000) * 1_000;
}
