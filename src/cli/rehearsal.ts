import { systemClock } from "../clock.ts";
import { readEndpointSettings } from "../config.ts";
import { PortFailure } from "../ports.ts";
import { rehearse, type Asked, type Rehearsal } from "../reconciler/rehearse.ts";
import { EXIT, type ExitCode, type Terminal } from "./command.ts";
import { Progresses } from "./progress.ts";

/** Works in clones of one branch too. */
export const FETCH_LOG = "git fetch origin +pinion-log:refs/remotes/origin/pinion-log";

export interface Planned {
  readonly rehearsal: Rehearsal;
  /** What stands for the default branch. */
  readonly branch: string;
  /** The root of the work tree, or null in a bare repository. */
  readonly workTree: string | null;
}

/** Plans in the clone that a folder belongs to; or says, ready to print, why that cannot be done. */
export async function rehearseIn(
  directory: string,
  asked: Asked | null,
  terminal: Terminal,
): Promise<Planned | { readonly code: ExitCode; readonly problem: string }> {
  const read = readEndpointSettings(terminal.environment);
  if (!read.ok) {
    return { code: EXIT.usage, problem: `pinion: the environment cannot be used:\n${read.problems.map((problem) => `  ${problem}\n`).join("")}` };
  }
  const progress = new Progresses(terminal);
  const tell = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    progress.end();
    const details = Object.entries(fields).map(([name, value]) => ` ${name}=${value instanceof Error ? value.message : String(value)}`);
    terminal.err(`pinion: ${message}${details.join("")}\n`);
  };
  const journal = { info: () => undefined, warn: tell, error: tell };
  try {
    // Loaded only here: no other command needs the policies and the adapters.
    const { composeClone } = await import("../compose-clone.ts");
    const clone = await composeClone(directory, read.settings, terminal.environment, systemClock, journal);
    const rehearsal = await rehearse(clone.ports, clone.policies, clone.repository, asked, progress.show).finally(() => {
      progress.end();
      clone.close();
    });
    return { rehearsal, branch: clone.branch, workTree: clone.workTree };
  } catch (cause) {
    if (!(cause instanceof PortFailure)) throw cause;
    return { code: cause.kind === "stalled" ? EXIT.usage : EXIT.failed, problem: `pinion: ${cause.message}\n` };
  }
}
