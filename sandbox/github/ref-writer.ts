import { spawn, type ChildProcessByStdio } from "node:child_process";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

const DONE = "commit: ok\n";

/**
 * Moves refs through one long-lived `git update-ref --stdin`, since a process for each would cost more than all the rest. Git ends it
 * with the first transaction that it refuses; the next one starts another. It does not keep Node running while nobody waits for it.
 */
export class RefWriter {
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcessByStdio<Writable, Readable, null> | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.#environment = environment;
  }

  /** All of these commands (git docs, git-update-ref, `--stdin`) or none. False when Git refuses. */
  transact(commands: readonly string[]): Promise<boolean> {
    const mine = this.#turn.then(() => this.#ask(["start", ...commands, "prepare", "commit", ""].join("\n")));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  close(): void {
    this.#child?.kill();
    this.#child = null;
  }

  #ask(transaction: string): Promise<boolean> {
    const child = this.#child ?? this.#start();
    const answered = Promise.withResolvers<boolean>();
    let said = "";
    const take = (chunk: Buffer): void => {
      said += chunk.toString("utf8");
      if (said.endsWith(DONE)) answered.resolve(true);
    };
    const end = (): void => {
      if (this.#child === child) this.#child = null;
      answered.resolve(false);
    };
    child.stdout.on("data", take);
    child.once("error", answered.reject);
    child.once("close", end);
    hold(child, true);
    child.stdin.write(transaction);
    return answered.promise.finally(() => {
      child.stdout.off("data", take);
      child.off("error", answered.reject);
      child.off("close", end);
      hold(child, false);
    });
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    const child = spawn("git", ["-C", this.#directory, "update-ref", "--stdin"], { env: this.#environment, stdio: ["pipe", "pipe", "ignore"] });
    this.#child = child;
    child.stdin.on("error", () => undefined);
    child.on("error", () => undefined);
    child.on("close", () => {
      if (this.#child === child) this.#child = null;
    });
    child.unref();
    return child;
  }
}

function hold(child: ChildProcessByStdio<Writable, Readable, null>, needed: boolean): void {
  for (const pipe of [child.stdin, child.stdout]) {
    if (!(pipe instanceof Socket)) continue;
    if (needed) pipe.ref();
    else pipe.unref();
  }
}
