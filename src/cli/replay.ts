import { mayChangePinsOnly, replayFile } from "../domain/pins/replay.ts";
import type { ReplayedEdit } from "../domain/pins/replay.ts";
import type { Oid } from "../domain/release.ts";
import { plural } from "../domain/report/readable.ts";
import { PortFailure, type ChangingCommit, type LocalRepository } from "../ports.ts";
import { EXIT, type Command, type ExitCode, type Terminal } from "./command.ts";
import { decoded, FILE_LIMIT } from "./pin-source.ts";
import { Progress } from "./progress.ts";
import type { OpenRepository } from "./repository.ts";

/** A commit that the engine did not reproduce in full, and why. */
interface Exception {
  readonly commit: Oid;
  readonly reason: string;
}

interface Totals {
  /** Commits of the first-parent history that were looked at, merges too. */
  commits: number;
  /** Commits that change values of pins, and nothing else. */
  pin_only: number;
  /** Single pins that these changed. */
  edits: number;
  /** Commits of `pin_only` whose files all came out byte for byte. */
  reproduced: number;
  readonly differs: Exception[];
  readonly refused: Exception[];
  /** Commits that may change pins alone: a file of theirs cannot be read. They are not in `pin_only`. */
  readonly unknown: Exception[];
}

/** Commits whose changes and files are read at once. */
const CHUNK = 200;
/** Commits of which it is not known are told one by one up to this many: a repository of templates is full of them. */
const TOLD = 10;

export function replayCommand(open: OpenRepository): Command {
  return {
    name: "replay",
    parameters: "REPO [--limit N] [--json]",
    summary: "make a history's pin changes again, and compare the bytes",
    details: `Walks the first-parent history of the Git repository REPO (bare or not) from HEAD, newest first. Of each
commit with one parent that changes the values of pins and nothing else, it takes the new values, lets
the engine set them in the parent's files, and compares the outcome with what was committed. The engine
gets file, path and new value, never the difference. Of a file that cannot be read, too large or a template,
it is not known whether only pins changed: such commits are told apart.

  --limit N   look at the N newest commits only
  --json      one line: {"commits": looked at, "pin_only": those that change values of pins alone,
              "edits": pins they change, "reproduced": those that came out byte for byte,
              "differs": [{"commit", "reason"}], "refused": [{"commit", "reason"}],
              "unknown": [{"commit", "reason"}]: not in pin_only}`,
    exitCodes: `Exit codes:
  0  every change of pins came out byte for byte, or was refused with a reason
  1  some came out differently
  2  the command line or the repository cannot be used
  3  Pinion, or Git, failed
`,
    accepts: { words: 1, json: true, options: [{ name: "limit", value: true }] },
    run: async ({ words: [directory], json, options }, terminal) => {
      if (directory === undefined) return misused("which repository? Write pinion replay REPO", terminal);
      const limit = options.get("limit");
      if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) return misused("--limit is a whole number above 0", terminal);
      try {
        const repository = await open(directory, terminal.environment);
        const totals = await replay(repository, limit === undefined ? null : Number(limit), terminal).finally(() => repository.close());
        terminal.out(json ? `${JSON.stringify(totals)}\n` : report(totals));
        return totals.differs.length === 0 ? EXIT.ok : EXIT.problems;
      } catch (cause) {
        if (!(cause instanceof PortFailure)) throw cause;
        terminal.err(`pinion: ${cause.message}\n`);
        return cause.kind === "stalled" ? EXIT.usage : EXIT.failed;
      }
    },
  };
}

function misused(problem: string, terminal: Terminal): ExitCode {
  terminal.err(`pinion: ${problem}\n`);
  return EXIT.usage;
}

async function replay(repository: LocalRepository, limit: number | null, terminal: Terminal): Promise<Totals> {
  const history = await repository.history(await repository.commit("HEAD"), limit);
  const totals: Totals = { commits: history.length, pin_only: 0, edits: 0, reproduced: 0, differs: [], refused: [], unknown: [] };
  const progress = new Progress(terminal, "replaying", history.length);
  for (let at = 0; at < history.length; at += CHUNK) {
    progress.show(at);
    const single = history.slice(at, at + CHUNK).filter(({ parents }) => parents === 1);
    const changes = await repository.changes(single.map(({ commit }) => commit));
    await replayChunk(repository, changes.filter(({ files }) => mayChangePinsOnly(files)), totals);
  }
  progress.end();
  return totals;
}

async function replayChunk(repository: LocalRepository, commits: readonly ChangingCommit[], totals: Totals): Promise<void> {
  const blobs = commits.flatMap(({ files }) => files.flatMap(({ before, after }) => [before, after].filter((blob) => blob !== null)));
  const contents = await repository.read(blobs);
  for (const { commit, files } of commits) {
    const edits = replayCommit(files, contents);
    if (edits === null) continue;
    const unknown = edits.find((edit) => edit.outcome === "unknown");
    if (unknown !== undefined) {
      totals.unknown.push({ commit, reason: unknown.reason });
      continue;
    }
    totals.pin_only += 1;
    totals.edits += edits.reduce((sum, edit) => sum + edit.edits, 0);
    const differs = edits.find((edit) => edit.outcome === "differs");
    const refused = edits.find((edit) => edit.outcome === "refused");
    if (differs !== undefined) totals.differs.push({ commit, reason: differs.reason });
    else if (refused !== undefined) totals.refused.push({ commit, reason: refused.reason });
    else totals.reproduced += 1;
  }
}

/** What came of each file; null when the commit changed something else too. */
function replayCommit(files: ChangingCommit["files"], contents: ReadonlyMap<Oid, Uint8Array>): readonly ReplayedEdit[] | null {
  const edits: ReplayedEdit[] = [];
  for (const { path, before, after } of files) {
    const [old, now] = [before, after].map((blob) => decoded(blob === null ? undefined : contents.get(blob)));
    const edit = path === null ? null : old == null || now == null ? unread(path) : replayFile({ path, before: old, after: now });
    if (edit === null) return null;
    edits.push(edit);
  }
  return edits;
}

function unread(path: string): ReplayedEdit {
  return { outcome: "unknown", edits: 0, reason: `${path}: is over ${FILE_LIMIT} bytes, or not UTF-8` };
}

function report({ commits, pin_only, edits, reproduced, differs, refused, unknown }: Totals): string {
  const lines = (title: string, exceptions: readonly Exception[]): string[] =>
    exceptions.map(({ commit, reason }) => `${title} ${commit.slice(0, 12)} ${reason}`);
  const share = pin_only === 0 ? "" : ` (${((100 * reproduced) / pin_only).toFixed(2)} %)`;
  return [
    ...lines("differs", differs),
    ...lines("refused", refused),
    ...lines("unknown", unknown.slice(0, TOLD)),
    `${plural(commits, "commit")}, ${plural(pin_only, "changes", "change")} pins alone (${plural(edits, "pin")})`,
    `${reproduced} came out byte for byte${share}, ${plural(differs.length, "differs", "differ")}, ${plural(refused.length, "was", "were")} refused`,
    ...(unknown.length === 0 ? [] : [`${unknown.length} more may change pins alone, with a file that cannot be read${unknown.length > TOLD ? " (--json tells them all)" : ""}`]),
    "",
  ].join("\n");
}
