import fc from "fast-check";
import { expect, it } from "vitest";
import type { LogRecord } from "../../src/domain/record.ts";
import { versionOf, type Release } from "../../src/domain/release.ts";
import { actions, HOUR } from "./planner.ts";
import { digestOf } from "./releases.ts";
import { START, WorldBuilder } from "./world-builder.ts";

const REPOSITORY = "ghcr.io/acme/checkout";

/** How builds are tagged, and what an app that takes them selects by. */
interface Naming {
  readonly select: string;
  readonly tagOf: (build: number) => string;
  readonly moving: string | null;
}

const MOVING: Naming = { select: "{ tag: main }", tagOf: () => "main", moving: "main" };
const NUMBERED: Naming = {
  select: "{ order: numerical, filter: { pattern: 'main-[0-9]-(?<build>[0-9]+)', extract: $build } }",
  tagOf: (build) => `main-${(build * 7) % 10}-${build}`,
  moving: null,
};

const DATED: Naming = { select: "{ newest: build }", tagOf: (build) => `build-${(build * 7) % 10}-${build}`, moving: null };

type Step =
  /** A new build, or a tag that is moved back to an old one, or an old one that is deleted. */
  | { readonly kind: "build" }
  | { readonly kind: "back"; readonly to: number }
  | { readonly kind: "look" }
  | { readonly kind: "hand"; readonly environment: "dev" | "staging"; readonly to: number };

/** The real planner's openings, merged and verified at once, among builds and people. What it must never do is told by the numbers of builds alone. */
class Story {
  readonly #naming: Naming;
  readonly #world: WorldBuilder;
  readonly #had = { dev: [0], staging: [0] };
  #builds = 0;
  #newest = 0;
  #records = 0;
  readonly #offered: number[] = [];

  constructor(naming: Naming) {
    this.#naming = naming;
    this.#world = new WorldBuilder(`version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 10m }
  staging: { after: dev, promote: auto, merge: auto, watch: 10m }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  checkout: { select: ${naming.select} }
`);
    this.#world.pins.get("checkout")?.delete("prod");
    for (const environment of ["dev", "staging"] as const) this.#world.pin(environment, this.#release(0));
  }

  take(step: Step): void {
    this.#world.now += 2 * HOUR;
    if (step.kind === "build") this.#newest = this.#builds += 1;
    else if (step.kind === "back") this.#newest = Math.min(step.to, this.#builds);
    else if (step.kind === "hand") this.#setByHand(step.environment, Math.min(step.to, this.#builds));
    else this.#look();
  }

  /** Once nothing happens any more, a build that never was there before gets everywhere. */
  end(): void {
    this.take({ kind: "build" });
    for (let look = 0; look < 3; look += 1) this.take({ kind: "look" });
    expect([this.#pinned("dev"), this.#pinned("staging")]).toEqual([this.#builds, this.#builds]);
  }

  #look(): void {
    const { tagOf, moving } = this.#naming;
    const known = Array.from({ length: this.#newest + 1 }, (_, build) => build);
    this.#world.know<"tags">({ kind: "tags", repository: REPOSITORY }, known.map(tagOf));
    for (const build of moving === null ? known : [this.#newest]) this.#world.know<"digest">({ kind: "digest", repository: REPOSITORY, reference: tagOf(build) }, digestOf(`build ${build}`));
    for (let build = 0; build <= this.#builds; build += 1) {
      const digest = digestOf(`build ${build}`);
      this.#world.know<"digest">({ kind: "digest", repository: REPOSITORY, reference: digest }, digest);
      this.#world.know<"created">({ kind: "created", repository: REPOSITORY, digest }, START - 1_000 * HOUR + build * HOUR);
    }
    for (const { environment, record } of actions(this.#world, "open")) {
      if (environment === "dev" || environment === "staging") this.#merge(environment, record(this.#records, "8".repeat(40)));
    }
  }

  #merge(environment: "dev" | "staging", opened: LogRecord): void {
    if (opened.event !== "opened" || opened.from === null) throw new Error("nothing was opened");
    const build = this.#buildOf(opened.release.images[0]?.digest ?? null);
    this.#judge(environment, build);
    if (!this.#offered.includes(build)) this.#offered.push(build);
    const { app, at, kind, from, release, pullRequest, requestedBy } = opened;
    const commit = this.#commit();
    this.#world.records.push(opened, { event: "merged", app, environment, at, kind, from, release, pullRequest, head: "8".repeat(40), commit, mergedBy: "pinion", requestedBy, judgement: "judged" });
    this.#settle(environment, build, commit);
  }

  /** What a person had, and left, never comes again by itself; and of what came by itself, never the earlier after the later. */
  #judge(environment: "dev" | "staging", build: number): void {
    expect(this.#had[environment]).not.toContain(build);
    const pinned = this.#pinned(environment);
    if (this.#naming.moving === null) return expect(build).toBeGreaterThan(pinned);
    if (environment === "dev") expect(build).toBe(this.#newest);
    if (!this.#offered.includes(build) || !this.#offered.includes(pinned)) return;
    expect(this.#offered.indexOf(build)).toBeGreaterThan(this.#offered.indexOf(pinned));
  }

  #setByHand(environment: "dev" | "staging", build: number): void {
    const before = this.#pinned(environment);
    if (build === before) return;
    const [from, release, commit, at] = [this.#release(before), this.#release(build), this.#commit(), this.#world.now];
    const base = { app: "checkout", environment, at, commit };
    this.#world.records.push({ ...base, event: "out-of-band", from, release, by: "alice", pullRequest: null }, { ...base, event: "held", displaced: from, reason: "by hand" });
    this.#settle(environment, build, commit);
  }

  #settle(environment: "dev" | "staging", build: number, commit: string): void {
    const base = { app: "checkout", environment, release: this.#release(build), commit };
    this.#world.records.push({ ...base, event: "deployed", at: this.#world.now, evidence: "" }, { ...base, event: "verified", at: this.#world.now + 1, how: "slo", evidence: "" });
    this.#had[environment].push(build);
    this.#world.pin(environment, this.#release(build));
  }

  #pinned(environment: "dev" | "staging"): number {
    return this.#had[environment].at(-1) ?? 0;
  }

  #release(build: number): Release {
    const images = [{ repository: REPOSITORY, tag: this.#naming.tagOf(build), digest: digestOf(`build ${build}`) }];
    return { app: "checkout", version: versionOf(images, this.#naming.moving), images };
  }

  #buildOf(digest: string | null): number {
    return Array.from({ length: this.#builds + 1 }, (_, build) => build).findIndex((build) => digestOf(`build ${build}`) === digest);
  }

  #commit(): string {
    this.#records += 1;
    return this.#records.toString(16).padStart(40, "0");
  }
}

const environment = fc.constantFrom("dev" as const, "staging" as const);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ kind: "build" }) },
  { weight: 6, arbitrary: fc.constant<Step>({ kind: "look" }) },
  { weight: 2, arbitrary: fc.nat(6).map((to): Step => ({ kind: "back", to })) },
  { weight: 2, arbitrary: fc.tuple(environment, fc.nat(6)).map(([where, to]): Step => ({ kind: "hand", environment: where, to })) },
);

it.each([["a moving tag", MOVING], ["numbered builds", NUMBERED], ["dated builds", DATED]])("%s: whatever comes between, nothing goes back by itself, and what is new arrives", (_, naming) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const story = new Story(naming);
      for (const one of steps) story.take(one);
      story.end();
    }),
    { numRuns: 100 },
  );
});
