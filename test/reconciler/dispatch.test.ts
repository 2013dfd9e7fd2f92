import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import type { Repository } from "../../src/domain/observation.ts";
import { PortFailure, type Journal } from "../../src/ports.ts";
import { createDispatcher } from "../../src/reconciler/dispatch.ts";
import type { Hint } from "../../src/reconciler/hint.ts";

const MINUTE = 60_000;

function repository(id: number, name = `manifests-${id}`): Repository {
  return { installation: 7, id, owner: "acme", name };
}

/** A dispatcher over a list that the test changes, with every look written down. */
function dispatcherUnderTest(installed: Repository[]) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const looks: { name: string; hints: readonly Hint[] }[] = [];
  const errors: string[] = [];
  const forgotten: number[] = [];
  const journal: Journal = { info: () => undefined, warn: (message) => errors.push(message), error: (message) => errors.push(message) };
  const world = {
    list: (): Promise<readonly Repository[]> => Promise.resolve([...installed]),
    unreachable: new Set<number>(),
    again: null as number | null,
    pins: (_image: string, among: readonly Repository[]): readonly Repository[] => among,
  };
  const dispatcher = createDispatcher({
    forge: {
      installations: async () => [...new Set([7, ...installed.map(({ installation }) => installation)])],
      repositories: async (installation) => {
        if (world.unreachable.has(installation)) throw new PortFailure("dependency", `installation ${installation} is rate limited`);
        return (await world.list()).filter((one) => one.installation === installation);
      },
    },
    reconciler: {
      look: (looked, hints) => {
        looks.push({ name: looked.name, hints });
        return Promise.resolve({ again: world.again });
      },
      pinning: (image, among) => world.pins(image, among),
      forget: (id) => forgotten.push(id),
    },
    clock,
    journal,
    random: () => 0,
    concurrency: 2,
    sweepInterval: 5 * MINUTE,
  });
  const advance = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await dispatcher.idle();
  };
  return { dispatcher, world, looks, errors, forgotten, clock, advance };
}

describe("sweeps", () => {
  it("look at every repository at the start and at every interval", async () => {
    const { dispatcher, looks, advance } = dispatcherUnderTest([repository(1), repository(2)]);
    expect(dispatcher.hasSwept()).toBe(false);
    dispatcher.sweep();
    await dispatcher.idle();
    expect(dispatcher.hasSwept()).toBe(true);
    expect(looks).toEqual([1, 2].map((id) => ({ name: `manifests-${id}`, hints: [{ kind: "sweep" }] })));
    await advance(5 * MINUTE - 1);
    expect(looks).toHaveLength(2);
    await advance(1);
    expect(looks).toHaveLength(4);
  });

  it("come back soon, and then later and later, while GitHub does not answer", async () => {
    const { dispatcher, world, looks, errors, clock, advance } = dispatcherUnderTest([repository(1)]);
    const works = world.list;
    world.list = () => Promise.reject(new PortFailure("dependency", "GitHub is down"));
    dispatcher.sweep();
    await dispatcher.idle();
    const delays: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      const delay = (clock.nextDue() ?? 0) - clock.now();
      delays.push(delay / 1_000);
      await advance(delay);
    }
    expect(delays).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    expect(dispatcher.hasSwept()).toBe(false);
    expect(errors).toHaveLength(9);
    world.list = works;
    await advance(300_000);
    expect(dispatcher.hasSwept()).toBe(true);
    expect(looks).toHaveLength(1);
    expect(((clock.nextDue() ?? 0) - clock.now()) / 1_000).toBe(300);
  });

  it("wait for the moment that GitHub tells, within the interval", async () => {
    const { dispatcher, world, clock } = dispatcherUnderTest([]);
    world.list = () => Promise.reject(new PortFailure("dependency", "rate limit", { retryAt: clock.now() + 2 * MINUTE }));
    dispatcher.sweep();
    await dispatcher.idle();
    expect((clock.nextDue() ?? 0) - clock.now()).toBe(2 * MINUTE);
  });

  it("asked for many times at once are one more sweep", async () => {
    const { dispatcher, world, clock } = dispatcherUnderTest([repository(1)]);
    let listed = 0;
    const works = world.list;
    world.list = () => {
      listed += 1;
      return works();
    };
    for (let times = 0; times < 5; times += 1) dispatcher.sweep();
    await dispatcher.idle();
    expect(listed).toBe(2);
    clock.advance(5 * MINUTE);
    await dispatcher.idle();
    expect(listed).toBe(3);
  });
});

describe("an installation that cannot be asked", () => {
  it("costs none of the others, and keeps what is known of it", async () => {
    const other = { ...repository(2), installation: 8 };
    const { dispatcher, world, looks, errors, forgotten, advance } = dispatcherUnderTest([repository(1), other]);
    world.unreachable.add(8);
    dispatcher.sweep();
    await dispatcher.idle();
    expect(dispatcher.hasSwept()).toBe(true);
    expect(looks.map(({ name }) => name)).toEqual(["manifests-1"]);
    expect(errors).toHaveLength(1);
    world.unreachable.clear();
    await advance(5 * MINUTE);
    expect(looks.map(({ name }) => name)).toEqual(["manifests-1", "manifests-1", "manifests-2"]);
    world.unreachable.add(8);
    await advance(5 * MINUTE);
    expect(looks.slice(3).map(({ name }) => name)).toEqual(["manifests-1", "manifests-2"]);
    expect(forgotten).toEqual([]);
  });
});

describe("repositories", () => {
  it("that are no longer installed are forgotten, with the looks that they wait for", async () => {
    const installed = [repository(1), repository(2)];
    const { dispatcher, world, looks, clock, advance } = dispatcherUnderTest(installed);
    world.again = clock.now() + 20 * MINUTE;
    dispatcher.sweep();
    await dispatcher.idle();
    installed.pop();
    await advance(5 * MINUTE);
    looks.length = 0;
    await advance(16 * MINUTE);
    expect(new Set(looks.map((look) => look.name))).toEqual(new Set(["manifests-1"]));
  });

  it("that speak up while a sweep is listing are not forgotten by it", async () => {
    const { dispatcher, world, looks } = dispatcherUnderTest([]);
    const answer = Promise.withResolvers<readonly Repository[]>();
    world.list = () => answer.promise;
    dispatcher.sweep();
    dispatcher.hint(repository(9), { kind: "forge" });
    answer.resolve([]);
    await dispatcher.idle();
    dispatcher.imagePushed("ghcr.io/acme/app");
    await dispatcher.idle();
    expect(looks.map((look) => look.hints)).toEqual([[{ kind: "forge" }], [{ kind: "registry", repository: "ghcr.io/acme/app" }]]);
  });

  it("are looked at under the name that was heard last", async () => {
    const { dispatcher, looks } = dispatcherUnderTest([repository(1)]);
    dispatcher.sweep();
    await dispatcher.idle();
    dispatcher.hint(repository(1, "renamed"), { kind: "forge" });
    await dispatcher.idle();
    expect(looks.map((look) => look.name)).toEqual(["manifests-1", "renamed"]);
  });

  it("that were deleted are not looked at any more", async () => {
    const { dispatcher, looks } = dispatcherUnderTest([repository(1), repository(2), repository(3)]);
    dispatcher.sweep();
    await dispatcher.idle();
    looks.length = 0;
    dispatcher.hint(repository(1), { kind: "forge" });
    dispatcher.forget(1);
    expect(dispatcher.imagePushed("ghcr.io/acme/app")).toBe(2);
    await dispatcher.idle();
    expect(looks.map((look) => look.name)).toEqual(["manifests-2", "manifests-3"]);
  });
});

it("hints only the repositories that pin a pushed image, each image by itself", async () => {
  const { dispatcher, world, looks } = dispatcherUnderTest([repository(1), repository(2)]);
  dispatcher.sweep();
  await dispatcher.idle();
  looks.length = 0;
  world.pins = (image, among) => among.filter(({ id }) => image.endsWith("both") || id === 2);
  expect(dispatcher.imagePushed("ghcr.io/acme/both")).toBe(2);
  expect(dispatcher.imagePushed("ghcr.io/acme/one")).toBe(1);
  expect(dispatcher.imagePushed("ghcr.io/acme/one")).toBe(1);
  await dispatcher.idle();
  expect(looks).toEqual([
    { name: "manifests-1", hints: [{ kind: "registry", repository: "ghcr.io/acme/both" }] },
    { name: "manifests-2", hints: ["both", "one"].map((name) => ({ kind: "registry", repository: `ghcr.io/acme/${name}` })) },
  ]);
});

it("stops for good when it drains: no sweep, no look, no wake", async () => {
  const { dispatcher, looks, clock, advance } = dispatcherUnderTest([repository(1)]);
  dispatcher.sweep();
  await dispatcher.idle();
  expect(await dispatcher.drain(1_000)).toEqual([]);
  dispatcher.sweep();
  dispatcher.hint(repository(1), { kind: "forge" });
  await advance(60 * MINUTE);
  expect(looks).toHaveLength(1);
  expect(clock.nextDue()).toBeNull();
  expect(dispatcher.state().draining).toBe(true);
});
