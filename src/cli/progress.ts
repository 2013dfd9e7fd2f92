import type { Terminal } from "./command.ts";

type Watched = Pick<Terminal, "err" | "watched">;

const WIDTH = 30;
/** Drawn at most this often from nothing to done. */
const STEPS = 200;

/** A bar on one line of `err`, which goes away when the work is done; nothing where nobody watches. */
export class Progress {
  readonly #terminal: Watched;
  readonly #what: string;
  readonly #total: number;
  #drawn = -1;

  constructor(terminal: Watched, what: string, total: number) {
    this.#terminal = terminal;
    this.#what = what;
    this.#total = total;
  }

  /** `done` of the total. */
  show(done: number): void {
    if (!this.#terminal.watched.err || this.#total === 0) return;
    const step = Math.floor((done / this.#total) * STEPS);
    if (step === this.#drawn) return;
    this.#drawn = step;
    const filled = Math.round((done / this.#total) * WIDTH);
    this.#terminal.err(`\r${this.#what} [${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${done}/${this.#total}`);
  }

  /** Wipes the bar away. */
  end(): void {
    if (this.#drawn >= 0) this.#terminal.err("\r\u001b[K");
    this.#drawn = -1;
  }
}

/** Bars of several works, one after the other. */
export class Progresses {
  readonly #terminal: Watched;
  #last: { readonly what: string; readonly total: number; readonly bar: Progress } | null = null;

  constructor(terminal: Watched) {
    this.#terminal = terminal;
  }

  /** `done` of this work's total. */
  readonly show = (what: string, done: number, total: number): void => {
    if (this.#last?.what !== what || this.#last.total !== total) {
      this.end();
      this.#last = { what, total, bar: new Progress(this.#terminal, what, total) };
    }
    this.#last.bar.show(done);
  };

  /** Wipes away what is drawn; what goes on afterwards is drawn again. */
  end(): void {
    this.#last?.bar.end();
  }
}
