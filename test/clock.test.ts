import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../src/clock.ts";

describe("the machine's clock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("calls once, at the moment or at once when it has passed", () => {
    const calls: number[] = [];
    systemClock.schedule(1_005_000, () => calls.push(systemClock.now()));
    systemClock.schedule(0, () => calls.push(systemClock.now()));
    vi.advanceTimersByTime(0);
    expect(calls).toEqual([1_000_000]);
    vi.advanceTimersByTime(20_000);
    expect(calls).toEqual([1_000_000, 1_005_000]);
  });

  it("waits for longer than one timer can, and takes back what waits", () => {
    const days = 24 * 60 * 60 * 1_000;
    let called = 0;
    systemClock.schedule(1_000_000 + 60 * days, () => (called += 1));
    const cancel = systemClock.schedule(1_000_000 + 60 * days, () => (called += 100));
    vi.advanceTimersByTime(59 * days);
    cancel();
    expect(called).toBe(0);
    vi.advanceTimersByTime(1 * days);
    expect(called).toBe(1);
  });
});
