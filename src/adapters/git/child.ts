import { spawn } from "node:child_process";
import type { Milliseconds } from "../../domain/answer.ts";
import { PortFailure } from "../../ports.ts";

export interface GitChild {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** A directory that exists; the repository is named by the environment's GIT_DIR. */
  readonly cwd: string;
  readonly input: string;
  /** The child is killed when it runs longer than this. */
  readonly deadline: Milliseconds;
  /** More output than this many bytes kills the child. */
  readonly outputLimit: number;
}

export interface GitExit {
  readonly code: number;
  readonly stdout: Buffer;
  /** The first part of it. */
  readonly stderr: string;
}

const STDERR_LIMIT = 8_192;

/**
 * Runs one Git child and keeps what simple-git loses: the exit code, the bytes as they are, and an input that may be empty.
 *
 * @throws {PortFailure} `stalled` without a `git` to run or over the output limit, `dependency` past the deadline.
 */
export function runGit(child: GitChild): Promise<GitExit> {
  return new Promise((resolve, reject) => {
    const what = `git ${child.args[0] ?? ""}`;
    const git = spawn("git", child.args, { cwd: child.cwd, env: child.environment, stdio: ["pipe", "pipe", "pipe"] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let stdoutBytes = 0;
    let stderrBytes = 0;
    let failure: PortFailure | null = null;
    const stop = (reason: PortFailure): void => {
      failure ??= reason;
      git.kill("SIGKILL");
    };
    const timer = setTimeout(() => {
      stop(new PortFailure("dependency", `${what} took longer than ${child.deadline / 1000} s and was stopped: is the machine busy?`));
    }, child.deadline);

    git.stdout.on("data", (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes > child.outputLimit) {
        stop(new PortFailure("stalled", `${what} gave more than ${child.outputLimit} bytes: the repository is larger than Pinion reads`));
      } else {
        stdout.push(chunk);
      }
    });
    git.stderr.on("data", (chunk: Buffer) => {
      if (stderrBytes < STDERR_LIMIT) stderr.push(chunk.subarray(0, STDERR_LIMIT - stderrBytes));
      stderrBytes += chunk.length;
    });
    // A child that ends before it has read everything closes the pipe; its exit code tells why.
    git.stdin.on("error", () => undefined);
    git.on("error", (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        cause.code === "ENOENT"
          ? new PortFailure("stalled", `git was not found: install git 2.38 or newer, on PATH, and check PINION_DATA_DIR`, { cause })
          : new PortFailure("error", `${what} could not be started (${cause.code ?? "unknown reason"})`, { cause }),
      );
    });
    git.on("close", (code) => {
      clearTimeout(timer);
      if (failure !== null) reject(failure);
      else resolve({ code: code ?? 128, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString("utf8") });
    });
    git.stdin.end(child.input);
  });
}
