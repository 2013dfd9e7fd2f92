import { spawn, type ChildProcess } from "node:child_process";
import type { Milliseconds } from "../../domain/answer.ts";

export interface ProgramCall {
  /** Looked for on the PATH of `environment`. */
  readonly program: string;
  readonly args: readonly string[];
  /** For its standard input. */
  readonly input: string;
  /** All that it gets of one. */
  readonly environment: Readonly<Record<string, string>>;
  readonly deadlineMs: Milliseconds;
  /** Of what it prints. */
  readonly maxBytes: number;
}

export type ProgramEnd =
  | {
      readonly kind: "ended";
      /** Null when a signal ended it. */
      readonly code: number | null;
      /** Its standard output; what else it printed is lost. */
      readonly printed: string;
    }
  /** `code` is the system's: `ENOENT`. */
  | { readonly kind: "not started"; readonly code: string }
  | { readonly kind: "too late" }
  | { readonly kind: "too much" };

/**
 * Runs a program without a shell and without a terminal, and never throws. Whatever comes of it, and however Pinion ends (but by SIGKILL), all that
 * the program started is killed with it; only what left for a session of its own (setsid(2)), as daemons do, stays.
 */
export function runProgram({ program, args, input, environment, deadlineMs, maxBytes }: ProgramCall): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    // Detached: the leader of a process group of its own, which can be killed as a whole.
    const child: ChildProcess = spawn(program, args, { cwd: "/", env: environment, detached: true, stdio: ["pipe", "pipe", "ignore"] });
    const group = child.pid;
    if (group !== undefined) watch(group);
    const timer = setTimeout(() => settle({ kind: "too late" }), deadlineMs);
    let settled = false;
    const settle = (end: ProgramEnd): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (group !== undefined) kill(group);
      child.stdin?.destroy();
      child.stdout?.destroy();
      resolve(end);
    };
    const chunks: Buffer[] = [];
    let length = 0;
    child.stdout?.on("data", (chunk: Buffer) => {
      length += chunk.byteLength;
      chunks.push(chunk);
      if (length > maxBytes) settle({ kind: "too much" });
    });
    child.on("error", (problem: NodeJS.ErrnoException) => settle({ kind: "not started", code: problem.code ?? "unknown" }));
    // Not "close": what the program left behind may keep its output open.
    child.on("exit", (code) => afterReading(() => settle({ kind: "ended", code, printed: Buffer.concat(chunks, length).toString("utf8") })));
    // A program that reads nothing closes the pipe; how it ended tells why.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** After all that is there to be read has been: between two immediates the event loop goes once to every stream that has something. */
function afterReading(then: () => void): void {
  setImmediate(() => setImmediate(then));
}

/** The process groups of the programs that run. */
const running = new Set<number>();
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

function watch(group: number): void {
  if (running.size === 0) {
    process.on("exit", killAll);
    for (const signal of SIGNALS) process.on(signal, endBy);
  }
  running.add(group);
}

function kill(group: number): void {
  running.delete(group);
  if (running.size === 0) {
    process.off("exit", killAll);
    for (const signal of SIGNALS) process.off(signal, endBy);
  }
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}

function killAll(): void {
  for (const group of running) kill(group);
}

/** Signals of the terminal do not reach groups of their own. If anybody else listens to the signal, it is theirs to say whether this is the end. */
function endBy(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  killAll();
  process.kill(process.pid, signal);
}
