import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { audit } from "./chapters/audit.ts";
import { badRelease } from "./chapters/bad-release.ts";
import { beginning } from "./chapters/beginning.ts";
import { firstRelease } from "./chapters/first-release.ts";
import { intoProduction } from "./chapters/into-production.ts";
import { powerCut } from "./chapters/power-cut.ts";
import { inkFor, NO_INK } from "./ink.ts";
import { exitCodeOf, lastLines, lineOf } from "./outcome.ts";
import { Paper, timeOf } from "./paper.ts";
import { Stage } from "./stage.ts";
import { playStorm } from "./storm.ts";
import { NotSo, playSteps, type Outcome, type Step } from "./steps.ts";
import type { Telling } from "./telling.ts";

const USAGE = `Usage: npm run demo [-- --json]
       npm run demo -- --storm [--seed N] [--json]

Plays a release's whole life in a sandbox: a GitHub, a registry, an Argo CD, a Prometheus and Pinion, all in one process.
Nothing leaves this machine. It needs Node.js, npm and Git.

Options:
  --storm     another scenario: the same while everything around Pinion fails. Two processes crash again and again, answers
              are refused, cut off, late or old, webhooks get lost; what must never happen is checked after every step
  --seed N    another storm; the same number gives the same one
  --json      one line of JSON for each step, {"step": …, "ok": …, "at": …, "proven": […], …}, and at the end
              {"ok": …, "steps": …, "github_requests": …}: what Pinion asked of GitHub's API, without Git's transfers.
              With --storm one line only, {"ok": …, "steps": …, "faults": …, "crashes": …, "came_true": […], "violations": […]}
  -h, --help  this text

Exit codes:
  0  everything happened, and was found in the world afterwards
  1  something did not; the step and the reason are told
  2  the command line cannot be used
`;

/** The first with \`git merge-tree --write-tree\`, by which a merge is judged before it is made. */
const OLDEST_GIT = [2, 38] as const;

interface Wish {
  readonly json: boolean;
  readonly help: boolean;
  readonly storm: boolean;
  readonly seed: number;
}

/** What the command line asks for, or null when it cannot be understood. */
function asked(args: readonly string[]): Wish | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: "boolean", default: false },
        storm: { type: "boolean", default: false },
        seed: { type: "string", default: "1" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const seed = Number(values.seed);
    return Number.isSafeInteger(seed) && seed >= 0 ? { ...values, seed } : null;
  } catch {
    return null;
  }
}

function requireGit(): void {
  const answer = spawnSync("git", ["--version"], { encoding: "utf8" });
  const [major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(answer.stdout ?? "")?.slice(1).map(Number) ?? [];
  const wanted = OLDEST_GIT.join(".");
  if (answer.status !== 0) throw new NotSo(`Git was not found: install Git ${wanted} or newer`);
  const old = major < OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor < OLDEST_GIT[1]);
  if (old) throw new NotSo(`Git ${major}.${minor} is too old: install Git ${wanted} or newer`);
}

function storyOf(telling: Telling): readonly Step[] {
  return [beginning, firstRelease, intoProduction, badRelease, powerCut, audit].flatMap((chapter) => chapter(telling));
}

interface Performance {
  readonly outcome: Outcome;
  readonly requests: number;
  /** Of the sandbox's clock. */
  readonly hours: number;
}

/** Opens the sandbox, plays the story in it and closes it again, whatever became of it. */
async function play(paper: Paper, told: (line: string) => void): Promise<Performance> {
  let stage: Stage;
  try {
    requireGit();
    stage = await Stage.open();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { outcome: { steps: 0, failed: { step: "the sandbox opens", why } }, requests: 0, hours: 0 };
  }
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    void stage.world.close().finally(() => process.exit(130));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const beganAt = stage.now;
  stage.onTime = (now) => paper.meanwhile(`… ${timeOf(now)}`);
  try {
    const outcome = await playSteps(storyOf({ stage, paper }), (played) => {
      paper.proven(played.proven);
      told(lineOf(played, new Date(stage.now).toISOString()));
    });
    // The world is being closed under the story; what fails for that is nobody's fault.
    if (stopped) await new Promise(() => undefined);
    return { outcome, requests: stage.githubRequests, hours: (stage.now - beganAt) / 3_600_000 };
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    await stage.world.close();
  }
}

async function storm({ seed, json }: Wish): Promise<number> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const ink = json ? NO_INK : inkFor(process.stdout);
  if (!json) {
    print(ink.heading(`Pinion in a storm (number ${seed})`));
    print("Every line is a decision of chance, with what came of it below. The clock is the world's own.\n");
  }
  const { ok, result, cameTrue } = await playStorm(seed, json ? () => undefined : (line) => print(/^ {6}/.test(line) ? ink.faint(line) : line));
  const faults = Object.values(result.faults).reduce((sum, times) => sum + times, 0);
  const { steps, crashes, violation } = result;
  if (json) {
    print(JSON.stringify({ ok, steps, faults, crashes, came_true: cameTrue, violations: violation === null ? [] : [violation] }));
    return ok ? 0 : 1;
  }
  print("");
  for (const wish of cameTrue) print(ink.good(`✓ ${wish}`));
  if (violation === null) print(ink.good(`✓ after each of ${steps} steps, ${faults} faults and ${crashes} crashes: nothing lost, nothing doubled, nothing wrongly let through`));
  else print(ink.bad(`✗ ${violation.invariant} at step ${violation.step}: ${violation.sentence}`));
  if (!ok && violation === null) print(ink.bad("✗ the story did not come to its end"));
  return ok ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  const wish = asked(args);
  if (wish === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (wish.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  // Whoever reads only the beginning closes the pipe; the story ends all the same.
  process.stdout.on("error", () => undefined);
  if (wish.storm) return storm(wish);
  const print = (text: string): void => void process.stdout.write(text);
  const silent = (): void => undefined;
  const paper = wish.json ? new Paper(silent, NO_INK) : new Paper(print, inkFor(process.stdout), process.stdout.isTTY ? print : null);
  const startedAt = performance.now();
  paper.title(
    "Pinion: a release's whole life",
    "A GitHub, a registry, an Argo CD, a Prometheus and Pinion run in this one process; nothing leaves your machine. Titles, texts, " +
      "checks and commits are as they stand on that GitHub, and each ✓ was looked up in this world. The clock on the left is the " +
      "world's own: hours pass in a moment.",
  );
  const { outcome, requests, hours } = await play(paper, wish.json ? (line) => print(`${line}\n`) : silent);
  const seconds = (performance.now() - startedAt) / 1000;
  if (wish.json) for (const line of lastLines(outcome, requests)) print(`${line}\n`);
  else if (outcome.failed !== null) paper.failed(outcome.failed.step, outcome.failed.why);
  else paper.end(outcome.steps, requests, hours, seconds);
  return exitCodeOf(outcome);
}

process.exitCode = await main(process.argv.slice(2));
