import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { beginning } from "../../sandbox/demo/chapters/beginning.ts";
import { firstRelease } from "../../sandbox/demo/chapters/first-release.ts";
import { NO_INK } from "../../sandbox/demo/ink.ts";
import { exitCodeOf, lastLines, lineOf } from "../../sandbox/demo/outcome.ts";
import { Paper } from "../../sandbox/demo/paper.ts";
import { Stage } from "../../sandbox/demo/stage.ts";
import { playSteps, type Step } from "../../sandbox/demo/steps.ts";

const ROOT = join(import.meta.dirname, "../..");
/** A whole story plays, on a machine that other tests keep busy. */
const DEADLINE = 180_000;

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function demo(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["sandbox/demo/main.ts", ...args], { cwd: ROOT, env: environment, timeout: DEADLINE });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

function linesOf(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  return stdout.trimEnd().split("\n").map((line) => {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== "object" || parsed === null) throw new Error(`not an object: ${line}`);
    return { ...parsed };
  });
}

describe("npm run demo", () => {
  it("plays the whole story, and says as JSON what was found in the world", { timeout: DEADLINE }, async () => {
    const temporary = await mkdtemp(join(tmpdir(), "demo-test-"));
    onTestFinished(() => rm(temporary, { recursive: true, force: true }));
    const { code, stdout, stderr } = await demo(["--json"], { ...process.env, TMPDIR: temporary });
    const lines = linesOf(stdout);
    const steps = lines.slice(0, -1);
    expect(stderr).toBe("");
    expect(lines.at(-1)).toEqual({ ok: true, steps: steps.length, github_requests: expect.any(Number) });
    expect(lines.at(-1)?.["github_requests"]).toBeGreaterThan(0);
    for (const step of steps) {
      expect(step).toMatchObject({ ok: true, at: expect.stringMatching(/^2026-11-23T[\d:.]+Z$/), proven: expect.any(Array) });
      expect(step["proven"]).not.toEqual([]);
    }
    // What the story must not lose, in its order.
    expect(steps.map(({ step }) => step)).toEqual([
      "the world before",
      "Pinion starts",
      "a push opens a pull request",
      "dev takes it by itself",
      "dev runs it well",
      "staging follows",
      "not everybody may ask",
      "alice asks for prod",
      "alice's own approval does not count",
      "bob's approval counts",
      "a freeze stops the line",
      "closing the issue lets it go",
      "prod runs it well",
      "the next release goes the same way",
      "it breaks the SLO",
      "a revert is opened and merged",
      "prod runs the former release again",
      "the bad release does not come back",
      "the power fails in the middle of a merge",
      "another Pinion goes on, and nothing is doubled",
      "the mended release reaches prod",
      "Git shows every change",
      "Git shows why",
      "Git shows what ran where, and when",
    ]);
    expect(steps.find(({ step }) => step === "a push opens a pull request")).toMatchObject({
      pull_request: 1,
      title: "Promote checkout 1.4.2 to dev",
      check: "All 8 gates passed",
    });
    expect(code).toBe(0);
    expect(await readdir(temporary), "the demo leaves nothing behind").toEqual([]);
  });

  it("answers a command line that it does not know with its usage", async () => {
    const { code, stdout, stderr } = await demo(["--fast"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^Usage: npm run demo /);
    expect((await demo(["--json", "more"])).code).toBe(2);
  });

  it("helps", async () => {
    const { code, stdout, stderr } = await demo(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Usage: npm run demo .*\n/);
  });

  it("fails in so many words on a machine without Git", async () => {
    const { code, stdout } = await demo(["--json"], { ...process.env, PATH: "/nonexistent" });
    const why = "Git was not found: install Git 2.38 or newer";
    expect(linesOf(stdout)).toEqual([
      { step: "the sandbox opens", ok: false, why },
      { ok: false, steps: 0, github_requests: 0, failed: "the sandbox opens", why },
    ]);
    expect(code).toBe(1);
    const told = await demo([], { ...process.env, PATH: "/nonexistent" });
    expect(told.stdout).toContain(`✗ the sandbox opens\n  ${why}\n`);
  });
});

describe("the story", () => {
  it("ends where the world is not as it should be", async () => {
    const stage = await Stage.open();
    onTestFinished(() => stage.world.close());
    const telling = { stage, paper: new Paper(() => undefined, NO_INK) };
    stage.world.prometheus.fault("nan");
    const told: string[] = [];
    const outcome = await playSteps([...beginning(telling), ...firstRelease(telling)], (played) => told.push(played.step));
    expect(told).toEqual(["the world before", "Pinion starts", "a push opens a pull request", "dev takes it by itself"]);
    expect(outcome.failed?.step).toBe("dev runs it well");
    expect(outcome.failed?.why).toContain("verified 1.4.2 in dev");
  });
});

function step(name: string, play: Step["play"]): Step {
  return { name, play };
}

describe("the steps of a story", () => {
  const good = step("good", async (proof) => {
    proof.that("it is so", true);
    return { pull_request: 1 };
  });

  it("end at the first thing that is not so, and say what it is", async () => {
    const told: string[] = [];
    const bad = step("bad", async (proof) => {
      proof.that("one thing is so", true);
      proof.equal("prod runs 1.4.2", "1.4.3", "1.4.2");
      return {};
    });
    const outcome = await playSteps([good, bad, good], (played) => told.push(lineOf(played, "now")));
    expect(told).toEqual([JSON.stringify({ step: "good", ok: true, at: "now", proven: ["it is so"], pull_request: 1 })]);
    const why = 'not so: prod runs 1.4.2\nexpected: "1.4.2"\nfound:    "1.4.3"';
    expect(outcome).toEqual({ steps: 1, failed: { step: "bad", why } });
    expect(exitCodeOf(outcome)).toBe(1);
    expect(lastLines(outcome, 7).map((line) => JSON.parse(line))).toEqual([
      { step: "bad", ok: false, why },
      { ok: false, steps: 1, github_requests: 7, failed: "bad", why },
    ]);
  });

  it("end at what nobody foresaw, and say where it came from", async () => {
    const broken = step("broken", async () => {
      throw new TypeError("no such thing");
    });
    const { steps, failed } = await playSteps([broken, good], () => undefined);
    expect([steps, failed?.step]).toEqual([0, "broken"]);
    expect(failed?.why).toMatch(/^TypeError: no such thing\n\s+at .*demo\.test\.ts/);
  });

  it("must each prove something", async () => {
    const { failed } = await playSteps([step("idle", async () => ({}))], () => undefined);
    expect(failed).toEqual({ step: "idle", why: "the step proved nothing" });
  });

  it("may prove many things as one, which fails when one of them does", async () => {
    const together = (...all: readonly boolean[]) =>
      step("together", async (proof) => {
        await proof.together("all is well", async (each) => {
          for (const one of all) each.that("one is well", one);
        });
        return {};
      });
    const told: (readonly string[])[] = [];
    expect((await playSteps([together(true, true)], ({ proven }) => told.push(proven))).failed).toBeNull();
    expect(told).toEqual([["all is well"]]);
    expect((await playSteps([together(true, false)], () => undefined)).failed?.why).toBe("not so: one is well");
    // Nothing looked at is nothing proven.
    expect((await playSteps([together()], () => undefined)).failed?.why).toBe("not so: all is well");
  });
});
