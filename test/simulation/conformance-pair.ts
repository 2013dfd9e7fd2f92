/** A world in memory and a world of servers, in which the same is done at the same time. */
import { HttpPeople } from "../../simulator/http/people.ts";
import { HttpWorld } from "../../simulator/http/http-world.ts";
import { MAIN, type PullFacts } from "../../simulator/facts.ts";
import type { Setup } from "../../simulator/setup.ts";
import { UNDISTORTED, type Distortion, type Reach, type SimulatedWorld, type Target } from "../../simulator/simulated-world.ts";
import type { Awaitable, WorldActions } from "../../simulator/world-view.ts";
import { People } from "../../simulator/world/people.ts";
import { World } from "../../simulator/world/world.ts";
import type { Milliseconds } from "../../src/domain/answer.ts";
import type { Actor } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import { PortFailure } from "../../src/ports.ts";
import { Names } from "./conformance-names.ts";

/** One of the two worlds. */
export class Side {
  readonly world: SimulatedWorld;
  readonly people: WorldActions;
  readonly names: Names;
  /** Opens a draft of what stands on a branch. */
  readonly openDraft: (branch: string) => Awaitable<number>;
  readonly #reach: Reach;

  constructor(world: SimulatedWorld, people: WorldActions, openDraft: Side["openDraft"], addresses: ReadonlyMap<string, string> = new Map()) {
    this.world = world;
    this.people = people;
    this.openDraft = openDraft;
    this.names = new Names(addresses);
    this.#reach = world.reach(1, () => world.clock.now());
  }

  async ask<T>(ask: (target: Target) => Awaitable<T>, distortion: Partial<Distortion> = {}): Promise<T> {
    return this.#reach({ ...UNDISTORTED, ...distortion }, ask);
  }

  branch(name: string): Oid {
    return this.world.facts().branches.get(name) ?? "f".repeat(40);
  }

  /** The pull requests that there are, oldest first; the last one for -1. */
  pull(index: number): PullFacts {
    const found = [...this.world.facts().pulls.values()].at(index);
    if (found === undefined) throw new Error(`there is no pull request ${index}`);
    return found;
  }
}

const DRAFTER: Actor = { login: "alice", kind: "user" };

function draftInMemory({ github }: World, branch: string): number {
  const number = github.openPull(DRAFTER, { title: "Draft", base: MAIN, headRef: branch, head: github.branch(branch) ?? "", fork: false }, null);
  github.changePull(number, { draft: true });
  return number;
}

/** What came of it in each world, as it was answered and in plain words. */
export interface Both<T> {
  readonly memory: { readonly value: T | null; readonly plain: unknown };
  readonly servers: { readonly value: T | null; readonly plain: unknown };
}

export class Pair {
  readonly memory: Side;
  readonly servers: Side;
  #known: readonly unknown[] = [];

  private constructor(memory: Side, servers: Side) {
    this.memory = memory;
    this.servers = servers;
  }

  static async of(setup: Setup): Promise<Pair> {
    const world = new World(setup);
    const httpWorld = new HttpWorld(setup);
    const servers = await httpWorld.begin(setup);
    const addresses = new Map([
      [servers.environment["GITHUB_URL"] ?? "", "https://github.example"],
      [servers.registryHost, "registry.example"],
    ]);
    const draft = (head: string) => servers.github.person(DRAFTER.login, servers.repository).openPullRequest({ head, title: "Draft", draft: true });
    return new Pair(
      new Side(world, new People(world), (branch) => draftInMemory(world, branch)),
      new Side(httpWorld, new HttpPeople(httpWorld, servers), draft, addresses),
    );
  }

  /** Does it here and there. */
  async both<T>(act: (side: Side) => Awaitable<T>): Promise<Both<T>> {
    return { memory: await once(this.memory, act), servers: await once(this.servers, act) };
  }

  pass(time: Milliseconds): void {
    for (const { world } of [this.memory, this.servers]) world.clock.advance(world.clock.now() + time);
  }

  /** Whether nothing has happened at GitHub, here nor there, since this was asked last. */
  rests(): boolean {
    const now = [this.memory.world.facts(), this.servers.world.facts()];
    const same = now.every((facts, index) => facts === this.#known[index]);
    this.#known = now;
    return same;
  }

  async close(): Promise<void> {
    await this.servers.world.close();
  }
}

async function once<T>(side: Side, act: (side: Side) => Awaitable<T>): Promise<Both<T>["memory"]> {
  try {
    const value = await act(side);
    await side.world.settle();
    return { value, plain: side.names.plain(value) };
  } catch (problem) {
    if (!(problem instanceof PortFailure)) throw problem;
    await side.world.settle();
    return { value: null, plain: side.names.plain(problem) };
  }
}

export interface InWords {
  readonly memory: unknown;
  readonly servers: unknown;
}

/** What both worlds are like: for whoever lives in them, and as the App is told. */
export async function bothAsTheyAre(pair: Pair, distortion: Partial<Distortion> = {}): Promise<InWords> {
  const { memory, servers } = await pair.both(async (side) => ({
    facts: side.world.facts(),
    snapshot: await side.ask(({ forge }) => forge.snapshot(side.world.repository, 0), distortion),
  }));
  return { memory: memory.plain, servers: servers.plain };
}
