import { spawn, type ChildProcessByStdio } from "node:child_process";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Milliseconds } from "../../domain/answer.ts";
import type { Oid } from "../../domain/release.ts";

/** One question about one object. `name` is an object id, or one followed by `^{tree}`; it never comes from outside. */
export interface ObjectQuestion {
  readonly ask: "info" | "contents";
  readonly name: string;
}

export interface ObjectAnswer {
  readonly oid: Oid;
  readonly type: string;
  readonly size: number;
  /** Empty for `info`. */
  readonly bytes: Buffer;
}

export interface ObjectReaderOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** A directory that exists; the repository is named by the environment's GIT_DIR. */
  readonly cwd: string;
  /** For all that is asked at once. */
  readonly deadline: Milliseconds;
}

interface Conversation {
  readonly questions: readonly ObjectQuestion[];
  readonly answers: (ObjectAnswer | null)[];
  readonly resolve: (answers: readonly (ObjectAnswer | null)[]) => void;
  readonly reject: (reason: Error) => void;
  readonly timer: NodeJS.Timeout;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Nobody asks for this long: the child goes, and with it whatever it holds open. */
const IDLE: Milliseconds = 10_000;
const HEADER = /^([0-9a-f]{40}|[0-9a-f]{64}) ([a-z]+) (\d+)$/;
/** A header that is longer is none. */
const LONGEST_HEADER = 1_000;
const NOTHING = Buffer.alloc(0);

/**
 * Reads objects through one `git cat-file --batch-command` that stays while it is asked. To start a child costs a large
 * process tens of milliseconds in which it can do nothing else, since the child begins as a copy of it.
 *
 * It explains no failure: whatever goes wrong rejects, and who asked asks a child of its own, whose words tell what it is.
 */
export class ObjectReader {
  readonly #options: ObjectReaderOptions;
  #child: Child | null = null;
  readonly #underWay: Conversation[] = [];
  #received: Buffer[] = [];
  #length = 0;
  /** With fewer bytes than this the answer under way is not complete. */
  #needed = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(options: ObjectReaderOptions) {
    this.#options = options;
  }

  /** Answers in the order of the questions; null for an object that is not there. */
  ask(questions: readonly ObjectQuestion[]): Promise<readonly (ObjectAnswer | null)[]> {
    if (questions.length === 0) return Promise.resolve([]);
    const child = this.#child ?? this.#start();
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    hold(child, true);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end(child, new Error("git cat-file took too long")), this.#options.deadline);
      this.#underWay.push({ questions, answers: [], resolve, reject, timer });
      child.stdin.write(`${questions.map(({ ask, name }) => `${ask} ${name}\n`).join("")}flush\n`);
    });
  }

  /** Lets go of everything. The next question starts anew. */
  close(): void {
    if (this.#child !== null) this.#end(this.#child, new Error("the reader was closed"));
  }

  #start(): Child {
    const child = spawn("git", ["cat-file", "--batch-command", "--buffer"], {
      cwd: this.#options.cwd,
      env: this.#options.environment,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#child = child;
    this.#received = [];
    this.#length = 0;
    this.#needed = 0;
    child.unref();
    child.stdout.on("data", (chunk: Buffer) => this.#take(child, chunk));
    // A child that ends closes the pipe; that it ended is what matters.
    child.stdin.on("error", () => undefined);
    child.on("error", (cause) => this.#end(child, cause));
    child.on("close", () => this.#end(child, new Error("git cat-file ended")));
    return child;
  }

  #end(child: Child, reason: Error): void {
    child.kill("SIGKILL");
    if (this.#child !== child) return;
    this.#child = null;
    for (const { reject, timer } of this.#underWay.splice(0)) {
      clearTimeout(timer);
      reject(reason);
    }
  }

  #take(child: Child, chunk: Buffer): void {
    if (this.#child !== child) return;
    this.#received.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return;
    let bytes = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    for (let conversation = this.#underWay[0]; conversation !== undefined && bytes.length > 0; conversation = this.#underWay[0]) {
      const step = readAnswer(bytes, conversation.questions[conversation.answers.length]?.ask === "contents");
      if (step === null) return this.#end(child, new Error("git cat-file gave an answer that cannot be read"));
      this.#needed = step.needed;
      if (step.answer === undefined) break;
      conversation.answers.push(step.answer);
      bytes = bytes.subarray(step.needed);
      this.#needed = 0;
      if (conversation.answers.length === conversation.questions.length) this.#finish(child, conversation);
    }
    this.#received = [bytes];
    this.#length = bytes.length;
  }

  #finish(child: Child, conversation: Conversation): void {
    this.#underWay.shift();
    clearTimeout(conversation.timer);
    conversation.resolve(conversation.answers);
    if (this.#underWay.length > 0) return;
    hold(child, false);
    this.#idle = setTimeout(() => this.close(), IDLE);
    this.#idle.unref();
  }
}

/** Whether Node must go on for this child's sake. */
function hold(child: Child, needed: boolean): void {
  for (const pipe of [child.stdin, child.stdout]) {
    if (!(pipe instanceof Socket)) continue;
    if (needed) pipe.ref();
    else pipe.unref();
  }
}

/**
 * One answer (git-cat-file(1), "BATCH OUTPUT"): `<oid> <type> <size>` and, with contents, the bytes and a line break; or a
 * line that ends in `missing`. `needed` is its length, as far as that can be told; null when it is neither.
 */
function readAnswer(bytes: Buffer, contents: boolean): { readonly answer?: ObjectAnswer | null; readonly needed: number } | null {
  const end = bytes.indexOf(0x0a);
  if (end === -1) return bytes.length > LONGEST_HEADER ? null : { needed: 0 };
  const line = bytes.toString("latin1", 0, Math.min(end, LONGEST_HEADER));
  if (line.endsWith(" missing")) return { answer: null, needed: end + 1 };
  const [, oid, type, digits] = HEADER.exec(line) ?? [];
  if (oid === undefined || type === undefined || digits === undefined) return null;
  const size = Number(digits);
  if (!contents) return { answer: { oid, type, size, bytes: NOTHING }, needed: end + 1 };
  const from = end + 1;
  const needed = from + size + 1;
  if (bytes.length < needed) return { needed };
  // A copy: a slice would keep all that came with it in memory.
  return { answer: { oid, type, size, bytes: Buffer.from(bytes.subarray(from, from + size)) }, needed };
}
