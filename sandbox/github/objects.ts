import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

export interface GitObject {
  readonly type: string;
  readonly bytes: Buffer;
}

interface Question {
  readonly resolve: (answer: GitObject | null) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Reads objects through one long-lived `git cat-file --batch`, since a process for each would cost more than all
 * the rest. It sees objects written after it was started, and does not keep Node running while nobody waits for it.
 */
export class ObjectReader {
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcessByStdio<Writable, Readable, null> | null = null;
  #waiting: Question[] = [];
  #received: Buffer[] = [];
  #length = 0;
  /** Bytes needed before it is worth looking again, so that a big object is not put together at every chunk. */
  #needed = 0;

  constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.#environment = environment;
  }

  /** The object that an id or `<commit>:<path>` names, or null. Names with a line break name nothing. */
  read(name: string): Promise<GitObject | null> {
    if (name.includes("\n")) return Promise.resolve(null);
    const child = this.#child ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#hold(child, true);
      child.stdin.write(`${name}\n`);
    });
  }

  close(): void {
    this.#child?.kill();
    this.#child = null;
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    const child = spawn("git", ["-C", this.#directory, "cat-file", "--batch"], {
      env: this.#environment,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#child = child;
    this.#received = [];
    this.#length = 0;
    this.#needed = 0;
    child.stdout.on("data", (chunk: Buffer) => this.#take(child, chunk));
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => this.#fail(child, error));
    child.on("close", () => this.#fail(child, new Error("git cat-file ended")));
    child.unref();
    this.#hold(child, false);
    return child;
  }

  #hold(child: ChildProcessByStdio<Writable, Readable, null>, needed: boolean): void {
    for (const pipe of [child.stdin, child.stdout]) {
      if (!(pipe instanceof Socket)) continue;
      if (needed) pipe.ref();
      else pipe.unref();
    }
  }

  #fail(child: ChildProcessByStdio<Writable, Readable, null>, reason: Error): void {
    if (this.#child === child) this.#child = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(reason);
  }

  #take(child: ChildProcessByStdio<Writable, Readable, null>, chunk: Buffer): void {
    this.#received.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return;
    let bytes = Buffer.concat(this.#received);
    for (;;) {
      const answer = parse(bytes);
      if (!answer.complete) {
        this.#needed = answer.needed;
        break;
      }
      bytes = bytes.subarray(answer.length);
      this.#waiting.shift()?.resolve(answer.object);
    }
    this.#received = [bytes];
    this.#length = bytes.length;
    if (this.#waiting.length === 0) this.#hold(child, false);
  }
}

type Parsed =
  | { readonly complete: true; readonly object: GitObject | null; readonly length: number }
  | { readonly complete: false; readonly needed: number };

/** One answer: `<oid> <type> <size>`, the bytes and a line break; or a line that ends in `missing`, `ambiguous` or the like. */
function parse(bytes: Buffer): Parsed {
  const end = bytes.indexOf(0x0a);
  if (end === -1) return { complete: false, needed: 0 };
  const header = /^[0-9a-f]{40} (\w+) (\d+)$/.exec(bytes.subarray(0, end).toString("utf8"));
  if (header === null) return { complete: true, object: null, length: end + 1 };
  const start = end + 1;
  const size = Number(header[2]);
  const length = start + size + 1;
  if (bytes.length < length) return { complete: false, needed: length };
  return { complete: true, object: { type: header[1] ?? "", bytes: bytes.subarray(start, start + size) }, length };
}
