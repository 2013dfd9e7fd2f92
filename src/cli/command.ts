/** What every command answers the shell with. Scripts may rely on it. */
export const EXIT = {
  /** Done, and nothing is wrong. */
  ok: 0,
  /** What was looked at has problems; they were printed. */
  problems: 1,
  /** The command line, a file named on it, or the environment cannot be used; it was said why. */
  usage: 2,
  /** Pinion, or something it depends on, failed. */
  failed: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where a command reads and writes; the command line gives it the process's own. */
export interface Terminal {
  /** For results: what a script would read. */
  out(text: string): void;
  /** For people: problems and advice. */
  err(text: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A promise of the first request to stop (SIGTERM, SIGINT). */
  readonly stopped: Promise<string>;
  /** Standard input, to its end. */
  input(): Promise<Uint8Array>;
  /** Whether people read `out` and `err`, so that colours and a progress bar are of use there. */
  readonly watched: { readonly out: boolean; readonly err: boolean };
}

/** An option of a command beside `--help` and `--json`. */
export interface CommandOption {
  /** As it is typed after `--`. */
  readonly name: string;
  /** Whether a value follows it. */
  readonly value: boolean;
}

export interface Given {
  readonly words: readonly string[];
  readonly json: boolean;
  /** The values of options by name; those without a value have an empty one. */
  readonly options: ReadonlyMap<string, string>;
}

export interface Command {
  /** As it is typed after `pinion`. */
  readonly name: string;
  /** What may follow the name, for the help. */
  readonly parameters: string;
  readonly summary: string;
  /** More to say in the command's own help. */
  readonly details: string;
  /** What its exit codes mean, where that is not what they mean for all commands. */
  readonly exitCodes?: string;
  /** Most words that may follow, and the options it knows beside `--help`. */
  readonly accepts: { readonly words: number; readonly json: boolean; readonly options?: readonly CommandOption[] };
  run(given: Given, terminal: Terminal): Promise<ExitCode>;
}
