import { simpleGit, type SimpleGit } from "simple-git";
import type { Milliseconds } from "../../domain/answer.ts";
import { PortFailure } from "../../ports.ts";
import { presentable, type Remote } from "./environment.ts";
import { DamagedMirror, troubleIn } from "./failure.ts";

export interface Transfer {
  /** The repository's name, for messages. */
  readonly name: string;
  readonly mirror: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly deadline: Milliseconds;
}

/** So that a command line stays short, however many pull requests are open. */
const REFSPECS_PER_FETCH = 400;
const TIDY_DEADLINE: Milliseconds = 15 * 60 * 1000;

/**
 * Fetches refspecs. `gone`: the remote has not got one of them any more, and some or all were not fetched.
 *
 * @throws {PortFailure} `stalled` when the remote refuses, `dependency` when it does not answer well.
 * @throws {DamagedMirror} when it is the mirror that fails.
 */
export async function fetchFrom(remote: Remote, refspecs: readonly string[], transfer: Transfer): Promise<"fetched" | "gone"> {
  const url = checkedUrl(remote.url);
  let outcome: "fetched" | "gone" = "fetched";
  for (let start = 0; start < refspecs.length; start += REFSPECS_PER_FETCH) {
    const signal = AbortSignal.timeout(transfer.deadline);
    try {
      await porcelain(transfer.mirror, transfer.environment, signal).raw([
        "fetch",
        // Not --quiet: simple-git waits 50 ms for a child that has said nothing.
        "--no-tags",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        url,
        ...refspecs.slice(start, start + REFSPECS_PER_FETCH),
      ]);
    } catch (cause) {
      if (signal.aborted) {
        throw new PortFailure("dependency", `fetching ${transfer.name} took longer than ${transfer.deadline / 1000} s and was stopped`);
      }
      const failure = fetchFailure(transfer.name, presentable(cause instanceof Error ? cause.message : "", transfer.mirror, remote));
      if (failure !== "gone") throw failure;
      outcome = "gone";
    }
  }
  return outcome;
}

function fetchFailure(name: string, stderr: string): PortFailure | DamagedMirror | "gone" {
  switch (troubleIn(stderr)) {
    case "no-such-ref":
    case "no-such-object":
      return "gone";
    case "damaged":
      return new DamagedMirror(stderr);
    case "refused":
      return new PortFailure(
        "stalled",
        `${name} cannot be fetched: check that the App is installed there and may read its contents (${stderr})`,
      );
    case "disk":
      return new PortFailure("stalled", `${name} cannot be stored: the disk under PINION_DATA_DIR is full or not writable (${stderr})`);
    case "absent":
    case "other":
      return new PortFailure("dependency", `fetching ${name} failed: ${stderr}`);
  }
}

/**
 * Drops refs that were not asked for lately, so that what only they held can go, brings the index of histories up to
 * date, and lets Git decide whether to repack.
 */
export async function tidy(mirror: string, environment: Readonly<Record<string, string>>, inUse: (ref: string) => boolean): Promise<void> {
  const git = porcelain(mirror, environment, AbortSignal.timeout(TIDY_DEADLINE));
  const refs = (await git.raw(["for-each-ref", "--format=%(refname)", "refs/pinion/"])).split("\n").filter((ref) => ref !== "");
  for (const ref of refs) {
    if (!inUse(ref)) await git.raw(["update-ref", "-d", ref]);
  }
  await git.raw(["commit-graph", "write", "--reachable", "--changed-paths", "--split", "--no-progress"]);
  await git.raw(["gc", "--auto", "--quiet"]);
}

/** simple-git with exactly this environment. It lets `GIT_*` through only by name, and some only when told twice. */
function porcelain(mirror: string, environment: Readonly<Record<string, string>>, signal: AbortSignal): SimpleGit {
  return simpleGit({
    baseDir: mirror,
    abort: signal,
    maxConcurrentProcesses: 1,
    allowEnvironment: Object.keys(environment).filter((name) => name.startsWith("GIT_")),
    // The settings so allowed are our own (environment.ts): they take powers away from Git, and none comes from outside.
    unsafe: {
      allowUnsafeConfigEnvCount: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeHooksPath: true,
      allowUnsafeCredentialHelper: true,
    },
  }).env({ ...environment });
}

function checkedUrl(url: string): string {
  const { protocol, username, password } = new URL(url);
  if (!["https:", "http:", "file:"].includes(protocol) || username !== "" || password !== "") {
    throw new PortFailure("error", "a repository is fetched by https, http or file, and without a password in the URL");
  }
  return url;
}
