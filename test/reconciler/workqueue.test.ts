import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import type { Instant } from "../../src/domain/answer.ts";
import { PortFailure, type Journal } from "../../src/ports.ts";
import { createWorkqueue, type Workqueue } from "../../src/reconciler/workqueue.ts";

const START = Date.UTC(2026, 0, 1);

interface Run {
  readonly key: string;
  readonly hints: readonly string[];
  readonly at: Instant;
  end(again?: Instant | null): Promise<void>;
  fail(cause: unknown): Promise<void>;
}

/** Lets promises that are settled already run on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A queue whose runs the test ends by hand. */
function queueUnderTest(options: { concurrency?: number; random?: () => number } = {}) {
  const clock = new VirtualClock(START);
  const runs: Run[] = [];
  const told: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const tell = (level: string) => (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    told.push({ level, message, fields });
  };
  const journal: Journal = { info: tell("info"), warn: tell("warn"), error: tell("error") };
  const queue: Workqueue<string> = createWorkqueue<string>({
    run: (key, hints) =>
      new Promise((resolve, reject) => {
        runs.push({
          key,
          hints,
          at: clock.now(),
          end: (again = null) => {
            resolve({ again });
            return settled();
          },
          fail: (cause) => {
            reject(cause);
            return settled();
          },
        });
      }),
    clock,
    journal,
    random: options.random ?? (() => 0),
    concurrency: options.concurrency ?? 2,
    identity: (hint) => hint,
    due: "due",
    describe: (key) => `repository ${key}`,
  });
  const last = (): Run => {
    const run = runs.at(-1);
    if (run === undefined) throw new Error("nothing ran");
    return run;
  };
  const advance = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await settled();
  };
  return { queue, clock, runs, told, last, advance };
}

describe("hints", () => {
  it("come together in one run, each of them once", async () => {
    const { queue, runs } = queueUnderTest();
    queue.add("a", "push");
    queue.add("a", "image");
    queue.add("a", "push");
    expect(runs).toHaveLength(0);
    await settled();
    expect(runs.map(({ key, hints }) => [key, hints])).toEqual([["a", ["push", "image"]]]);
  });

  it("wait together while their key waits for its turn", async () => {
    const { queue, runs, last } = queueUnderTest({ concurrency: 1 });
    queue.add("a", "push");
    for (const hint of ["image", "push", "image", "sweep"]) queue.add("b", hint);
    await settled();
    await last().end();
    expect(runs.map(({ key, hints }) => [key, hints])).toEqual([
      ["a", ["push"]],
      ["b", ["image", "push", "sweep"]],
    ]);
  });

  it("that come while their key runs make it run once more, and never at the same time", async () => {
    const { queue, runs, last } = queueUnderTest();
    queue.add("a", "first");
    await settled();
    queue.add("a", "second");
    queue.add("a", "third");
    await settled();
    expect(runs).toHaveLength(1);
    await last().end();
    expect(runs.map((run) => run.hints)).toEqual([["first"], ["second", "third"]]);
    await last().end();
    expect(runs).toHaveLength(2);
    expect(queue.state()).toEqual({ queued: 0, running: 0, waiting: 0, oldest: null, draining: false });
  });

  it("are bounded for one key", async () => {
    const { queue, runs, last } = queueUnderTest();
    queue.add("a", "first");
    await settled();
    for (let index = 0; index < 5_000; index += 1) queue.add("a", `hint ${index}`);
    await last().end();
    expect(runs[1]?.hints).toHaveLength(1_000);
  });

  it("survive a run that fails", async () => {
    const { queue, runs, last, advance } = queueUnderTest();
    queue.add("a", "push");
    await settled();
    queue.add("a", "image");
    await last().fail(new Error("bug"));
    await advance(60_000);
    expect(runs[1]?.hints.toSorted()).toEqual(["image", "push"]);
  });
});

describe("turns", () => {
  it("are taken in the order in which keys became ready, and a busy key goes to the end", async () => {
    const { queue, runs, last } = queueUnderTest({ concurrency: 1 });
    for (const key of ["a", "b", "c"]) queue.add(key, "x");
    await settled();
    queue.add("a", "more");
    for (let turn = 0; turn < 4; turn += 1) await last().end();
    expect(runs.map((run) => run.key)).toEqual(["a", "b", "c", "a"]);
  });

  it("run side by side up to the limit", async () => {
    const { queue, runs } = queueUnderTest({ concurrency: 3 });
    for (const key of ["a", "b", "c", "d", "e"]) queue.add(key, "x");
    await settled();
    expect(runs.map((run) => run.key)).toEqual(["a", "b", "c"]);
    expect(queue.state()).toMatchObject({ queued: 2, running: 3, oldest: START });
    await runs[1]?.end();
    expect(runs.map((run) => run.key)).toEqual(["a", "b", "c", "d"]);
  });
});

describe("another run that was asked for", () => {
  it("comes at its moment, with a hint of its own", async () => {
    const { queue, runs, last, advance } = queueUnderTest();
    queue.add("a", "push");
    await settled();
    await last().end(START + 60_000);
    expect(queue.state()).toMatchObject({ waiting: 1, queued: 0 });
    await advance(59_999);
    expect(runs).toHaveLength(1);
    await advance(1);
    expect(runs.map((run) => run.hints)).toEqual([["push"], ["due"]]);
  });

  it("is forgotten when an earlier hint gave a newer answer", async () => {
    const { queue, runs, last, advance } = queueUnderTest();
    queue.add("a", "push");
    await settled();
    await last().end(START + 60_000);
    queue.add("a", "image");
    await settled();
    await last().end(null);
    await advance(3_600_000);
    expect(runs).toHaveLength(2);
  });

  it("comes at once when its moment is now, but not for ever without time in between", async () => {
    const { queue, runs, last, clock, advance } = queueUnderTest({ random: () => 0.999 });
    queue.add("a", "push");
    await settled();
    for (let turn = 0; turn < 11; turn += 1) await last().end(clock.now());
    expect(runs).toHaveLength(11);
    expect(runs.every((run) => run.at === START)).toBe(true);
    await advance(1_000);
    expect(runs).toHaveLength(12);
    await last().end(clock.now());
    await advance(1_000);
    expect(runs).toHaveLength(12);
    await advance(1_000);
    expect(runs).toHaveLength(13);
    await last().end(null);
    queue.add("a", "push");
    await settled();
    expect(runs).toHaveLength(14);
  });
});

it("a plan that wants the next run a moment later, again and again, is a mistake too, and gets time in between", async () => {
  const { queue, runs, last, clock, advance } = queueUnderTest({ random: () => 0.999 });
  queue.add("a", "push");
  await settled();
  for (let turn = 0; turn < 11; turn += 1) {
    await last().end(clock.now() + 1);
    await advance(1);
  }
  expect(runs).toHaveLength(11);
  await advance(1_000);
  expect(runs).toHaveLength(12);
});

describe("a run that fails", () => {
  it("by a mistake of ours comes back later and later, up to a cap, and loudly", async () => {
    const { queue, runs, last, told, clock } = queueUnderTest();
    queue.add("a", "push");
    await settled();
    const delays: number[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const failedAt = clock.now();
      await last().fail(new Error("bug"));
      clock.advance((clock.nextDue() ?? Infinity) - clock.now());
      await settled();
      delays.push(last().at - failedAt);
    }
    expect(delays.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
    expect(delays.slice(-2)).toEqual([150_000, 150_000]);
    expect(runs).toHaveLength(13);
    expect(told[0]).toMatchObject({ level: "error", fields: { key: "repository a", kind: "error", failures: 1 } });
    await last().end();
    queue.add("a", "push");
    await settled();
    await last().fail(new Error("bug"));
    expect((clock.nextDue() ?? 0) - clock.now()).toBe(500);
  });

  it("for something outside waits a fixed time, and hints do not shorten it", async () => {
    const { queue, runs, last, told, advance } = queueUnderTest();
    queue.add("a", "push");
    await settled();
    await last().fail(new PortFailure("dependency", "the registry is down"));
    queue.add("a", "image");
    await settled();
    expect(runs).toHaveLength(1);
    await advance(14_999);
    expect(runs).toHaveLength(1);
    await advance(1);
    expect(runs[1]?.hints.toSorted()).toEqual(["image", "push"]);
    expect(told[0]?.level).toBe("warn");
  });

  it.each([
    ["the moment it was told", 1_800_000, 1_800_000],
    ["no longer than rate limits last, whatever it was told", 365 * 86_400_000, 3_900_000],
    ["not at all when the moment has passed", -5_000, 0],
  ])("for something outside waits until %s", async (_name, told, waited) => {
    const { queue, runs, last, advance } = queueUnderTest();
    queue.add("a", "push");
    await settled();
    await last().fail(new PortFailure("dependency", "rate limit", { retryAt: START + told }));
    queue.add("a", "push");
    await settled();
    if (waited > 0) {
      await advance(waited - 1);
      expect(runs).toHaveLength(1);
      await advance(1);
    }
    expect(runs).toHaveLength(2);
  });

  it("because a person must act is not repeated until somebody hints", async () => {
    const { queue, runs, last, told, clock, advance } = queueUnderTest();
    queue.add("a", "push");
    await settled();
    await last().fail(new PortFailure("stalled", "no permission"));
    expect(clock.nextDue()).toBeNull();
    await advance(86_400_000);
    expect(runs).toHaveLength(1);
    queue.add("a", "sweep");
    await settled();
    expect(runs[1]?.hints.toSorted()).toEqual(["push", "sweep"]);
    expect(told[0]).toMatchObject({ level: "warn", message: "a look stalled: a person must act" });
  });

  it("at once, before it began, is a failure like any other", async () => {
    const clock = new VirtualClock(START);
    const errors: string[] = [];
    const journal: Journal = { info: () => undefined, warn: () => undefined, error: (message) => errors.push(message) };
    const queue = createWorkqueue<string>({
      run: () => {
        throw new Error("before any promise");
      },
      clock, journal, random: () => 0, concurrency: 1, identity: (hint) => hint, due: "due", describe: (key) => key,
    });
    queue.add("a", "push");
    await queue.idle();
    expect(errors).toEqual(["a look failed"]);
  });

  it("spreads its retries", async () => {
    const delays = await Promise.all(
      [0, 0.5, 0.999].map(async (random) => {
        const { queue, last, clock } = queueUnderTest({ random: () => random });
        queue.add("a", "push");
        await settled();
        await last().fail(new Error("bug"));
        return (clock.nextDue() ?? 0) - START;
      }),
    );
    expect(delays).toEqual([500, 750, 999.5]);
  });
});

describe("forget", () => {
  it("drops what waits: turns, retries and wakes", async () => {
    const { queue, runs, last, clock, advance } = queueUnderTest({ concurrency: 1 });
    queue.add("a", "push");
    queue.add("b", "push");
    await settled();
    queue.forget("b");
    await last().end(START + 1_000);
    queue.forget("a");
    expect(clock.nextDue()).toBeNull();
    await advance(60_000);
    expect(runs.map((run) => run.key)).toEqual(["a"]);
  });

  it("heeds nothing that a run under way still asks for, but a newer hint", async () => {
    const { queue, runs, last, clock } = queueUnderTest();
    queue.add("a", "push");
    await settled();
    queue.forget("a");
    await last().end(START + 1_000);
    expect(clock.nextDue()).toBeNull();
    queue.add("a", "again");
    await settled();
    queue.forget("a");
    queue.add("a", "installed again");
    await settled();
    expect(runs).toHaveLength(2);
    await last().fail(new Error("gone"));
    expect(runs.map((run) => run.hints)).toEqual([["push"], ["again"], ["installed again"]]);
  });
});

describe("drain", () => {
  it("lets runs under way end, and starts no other", async () => {
    const { queue, runs, advance, clock, told } = queueUnderTest();
    for (const key of ["a", "b", "c"]) queue.add(key, "x");
    await settled();
    let unfinished: readonly string[] | null = null;
    const drained = queue.drain(25_000).then((keys) => (unfinished = keys));
    queue.add("d", "too late");
    await runs[0]?.end(clock.now());
    expect(unfinished).toBeNull();
    await runs[1]?.fail(new Error("bug"));
    await drained;
    expect(unfinished).toEqual([]);
    expect(told).toMatchObject([{ level: "warn", fields: { key: "repository b", kind: "error" } }]);
    await advance(3_600_000);
    expect(runs.map((run) => run.key)).toEqual(["a", "b"]);
    expect(clock.nextDue()).toBeNull();
  });

  it("says which runs did not end in time", async () => {
    const { queue, runs, advance } = queueUnderTest();
    for (const key of ["a", "b"]) queue.add(key, "x");
    await settled();
    const drained = queue.drain(25_000);
    await runs[1]?.end();
    await advance(25_000);
    expect(await drained).toEqual(["a"]);
  });

  it("is over at once when there is nothing to wait for", async () => {
    const { queue, clock } = queueUnderTest();
    expect(await queue.drain(25_000)).toEqual([]);
    expect(clock.nextDue()).toBeNull();
    expect(queue.state().draining).toBe(true);
  });
});

it("keeps its promises whatever happens in whatever order", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), key: fc.constantFrom("a", "b", "c", "d"), hint: fc.constantFrom("x", "y", "z") }),
    fc.record({ kind: fc.constant("end" as const), which: fc.nat(3), again: fc.option(fc.integer({ min: -1_000, max: 100_000 })) }),
    fc.record({ kind: fc.constant("fail" as const), which: fc.nat(3), how: fc.constantFrom("stalled" as const, "dependency" as const, "error" as const) }),
    fc.record({ kind: fc.constant("advance" as const), by: fc.nat(400_000) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue, runs, clock, advance } = queueUnderTest({ concurrency: 2 });
      const open = new Map<string, Run>();
      const owed = new Map<string, Set<string>>();
      let seen = 0;
      const observe = async (): Promise<void> => {
        await settled();
        for (; seen < runs.length; seen += 1) {
          const run = runs[seen];
          if (run === undefined) continue;
          expect(open.has(run.key), "one run per key").toBe(false);
          expect(run.hints.length, "a run has a reason").toBeGreaterThan(0);
          open.set(run.key, run);
          for (const hint of run.hints) owed.get(run.key)?.delete(hint);
        }
        expect(open.size).toBeLessThanOrEqual(2);
      };
      const owe = (key: string, hints: readonly string[]): void => {
        owed.set(key, new Set([...(owed.get(key) ?? []), ...hints.filter((hint) => hint !== "due")]));
      };
      for (const current of steps) {
        const run = current.kind === "end" || current.kind === "fail" ? [...open.values()][current.which] : undefined;
        if (run !== undefined) open.delete(run.key);
        if (current.kind === "add") {
          owe(current.key, [current.hint]);
          queue.add(current.key, current.hint);
        } else if (current.kind === "advance") {
          await advance(current.by);
        } else if (current.kind === "end") {
          await run?.end(current.again === null ? null : clock.now() + current.again);
        } else if (run !== undefined) {
          owe(run.key, run.hints);
          await run.fail(new PortFailure(current.how, "as told"));
        }
        await observe();
      }
      // Every hint gets its run in the end, when all is well again: none is lost.
      for (const key of ["a", "b", "c", "d"]) queue.add(key, "sweep");
      for (let turn = 0; turn < 200 && [...owed.values()].some((hints) => hints.size > 0); turn += 1) {
        const first = [...open.values()][0];
        if (first === undefined) {
          await advance(400_000);
        } else {
          open.delete(first.key);
          await first.end(null);
        }
        await observe();
      }
      expect([...owed.values()].every((hints) => hints.size === 0)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
