import type { Instant } from "../../src/domain/answer.ts";
import type { Ink } from "./ink.ts";
import { rendered } from "./markdown.ts";
import { wrap } from "./wrap.ts";

const WIDTH = 100;
/** What is told stands to the right of the time at which it happened. */
const MARGIN = "       ";
const BAR = "│ ";
const ROOM = WIDTH - MARGIN.length;

/** Hours and minutes of the sandbox's clock, in UTC. */
export function timeOf(at: Instant): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** Lays the story out for people to read: times on the left, what is quoted from the world behind a bar. */
export class Paper {
  readonly #out: (text: string) => void;
  readonly #ink: Ink;
  readonly #transient: ((text: string) => void) | null;
  #waiting = false;

  /** `transient` writes to a terminal that can take a line back; null when there is none. */
  constructor(out: (text: string) => void, ink: Ink, transient: ((text: string) => void) | null = null) {
    this.#out = out;
    this.#ink = ink;
    this.#transient = transient;
  }

  /** Columns that a quoted line may take. */
  static readonly quoteWidth = ROOM - BAR.length;

  #line(text = ""): void {
    if (this.#waiting) this.#transient?.("\r\u001b[K");
    this.#waiting = false;
    this.#out(`${text.trimEnd()}\n`);
  }

  title(text: string, below: string): void {
    this.#line(this.#ink.heading(text));
    for (const line of wrap(below, WIDTH)) this.#line(line);
  }

  /** A line for the time until something happens; it goes away when that is told. */
  meanwhile(text: string): void {
    this.#waiting = true;
    this.#transient?.(`\r${MARGIN}${this.#ink.faint(text)}\u001b[K`);
  }

  chapter(number: number, text: string): void {
    this.#line();
    this.#line();
    const words = `${number}  ${text} `;
    this.#line(`${this.#ink.heading(words)}${this.#ink.faint("─".repeat(Math.max(0, WIDTH - words.length)))}`);
  }

  /** Something that happens at a moment. */
  event(at: Instant, text: string): void {
    this.#line();
    const [first = "", ...more] = wrap(text, ROOM);
    this.#line(`${this.#ink.strong(timeOf(at))}  ${first}`);
    for (const line of more) this.#line(`${MARGIN}${line}`);
  }

  /** The teller's own words. */
  say(text: string): void {
    this.#line();
    for (const line of wrap(text, ROOM)) this.#line(`${MARGIN}${line}`);
  }

  /** Lines of a file, a diff or a program's output, as they are. */
  quote(lines: readonly string[]): void {
    this.#line();
    for (const line of lines.flatMap((text) => wrap(text, Paper.quoteWidth, "    "))) this.#quoted(line);
  }

  /** The changed lines of a file. */
  diff(lines: readonly string[]): void {
    this.#line();
    for (const line of lines) this.#quoted(line, line.startsWith("+") ? this.#ink.good : line.startsWith("-") ? this.#ink.bad : undefined);
  }

  /** Text that GitHub would show as Markdown. */
  markdown(text: string): void {
    this.#line();
    for (const { text: line, heading } of rendered(text, Paper.quoteWidth)) this.#quoted(line, heading ? this.#ink.strong : undefined);
  }

  #quoted(line: string, colour = (text: string): string => text): void {
    this.#line(`${MARGIN}${this.#ink.faint(BAR.trimEnd())} ${colour(line)}`);
  }

  /** What was found to be so. */
  proven(texts: readonly string[]): void {
    if (texts.length === 0) return;
    this.#line();
    for (const text of texts) {
      const [first = "", ...more] = wrap(text, ROOM - 2);
      this.#line(`${MARGIN}${this.#ink.good(`✓ ${first}`)}`);
      for (const line of more) this.#line(`${MARGIN}  ${this.#ink.good(line)}`);
    }
  }

  end(steps: number, requests: number, hours: number, seconds: number): void {
    this.#line();
    this.#line();
    this.#line(this.#ink.heading(`All ${steps} steps happened as told.`));
    const cost = `${hours.toFixed(0)} hours passed in ${seconds.toFixed(0)} seconds. Pinion made ${requests} requests to GitHub's API.`;
    for (const line of wrap(`${cost} To have this for your own repository, see "Use it" in README.md.`, WIDTH)) this.#line(line);
  }

  failed(step: string, why: string): void {
    this.#line();
    this.#line(this.#ink.bad(`✗ ${step}`));
    for (const line of why.split("\n")) this.#line(`  ${line}`);
  }
}
