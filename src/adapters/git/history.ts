import type { Oid } from "../../domain/release.ts";
import { PortFailure, type LogCommit, type PathCommit, type TouchedFile } from "../../ports.ts";
import { checkedOid, type GitRun } from "./mirror.ts";
import { fields, rawChanges, readBlobs, type ChangedPath } from "./objects.ts";

/** First-parent commits after `since` up to `until` that change the path, the `limit` newest, oldest first. */
export async function pathHistory(run: GitRun, path: string, since: Oid | null, until: Oid, limit: number): Promise<PathCommit[]> {
  const { stdout } = await run([
    "log",
    "--first-parent",
    "-z",
    "--format=%H%x00%P%x00%ct%x00%an%x00%ae",
    `--max-count=${Math.max(0, Math.trunc(limit))}`,
    range(since, until),
    "--",
    path,
  ]);
  const commits: PathCommit[] = [];
  // Names are for people, and may be written in anything.
  const texts = stdout.toString("utf8").split("\0");
  for (let at = 0; at + 4 < texts.length; at += 5) {
    const [oid = "", parents = "", seconds = "", authorName = "", authorEmail = ""] = texts.slice(at, at + 5);
    commits.push({ oid: checkedOid(oid), parent: parents.split(" ")[0] || null, at: Number(seconds) * 1000, authorName, authorEmail });
  }
  return commits.toReversed();
}

/** Paths that first-parent commits after `since` up to `until` change, the `limit` newest of them. */
export async function pathsTouched(run: GitRun, since: Oid, until: Oid, limit: number): Promise<readonly TouchedFile[]> {
  const { stdout } = await run([
    "log",
    "--first-parent",
    "--diff-merges=first-parent",
    "--name-only",
    "-z",
    "--no-renames",
    // No path begins like this.
    "--format=/%H",
    `--max-count=${Math.max(0, Math.trunc(limit))}`,
    range(since, until),
  ]);
  const touched = new Map<string, Oid[]>();
  let commit = "";
  let isFirst = false;
  for (const field of fields(stdout)) {
    if (field?.startsWith("/") === true) {
      commit = checkedOid(field.slice(1));
      isFirst = true;
      continue;
    }
    // `git log` puts a line feed before the first path of a commit. A name that is not UTF-8 is none of a manifest that is looked for.
    const path = isFirst ? field?.replace(/^\n/, "") : field;
    isFirst = false;
    if (path == null) continue;
    const commits = touched.get(path) ?? [];
    touched.set(path, commits);
    commits.push(commit);
  }
  return [...touched].map(([path, commits]) => ({ path, commits }));
}

/** The first parent that a commit object names (git's Documentation/gitformat-commit-graph), or null at the root. */
export function firstParentIn(commit: Buffer): Oid | null {
  return /^tree [0-9a-f]+\nparent ([0-9a-f]+)\n/.exec(commit.toString("latin1"))?.[1] ?? null;
}

/**
 * The commits of an append-only branch after `since` up to `until`, oldest first, in one walk and one batch of contents.
 *
 * @throws {PortFailure} `stalled` when `since` is no ancestor of `until`: the branch was rewritten.
 */
export async function appendedCommits(run: GitRun, since: Oid | null, until: Oid, blobLimit: number): Promise<LogCommit[]> {
  if (since !== null && !(await isAncestor(run, since, until))) {
    throw new PortFailure(
      "stalled",
      `the promotion log was rewritten: ${since.slice(0, 12)} is no ancestor of ${until.slice(0, 12)}; restore the branch from a clone`,
    );
  }
  const { stdout } = await run([
    "log",
    "--first-parent",
    "--reverse",
    "--diff-merges=first-parent",
    "--root",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--format=%H%x00%P%x00%ae",
    range(since, until),
  ]);
  const walked: { oid: Oid; parents: number; authorEmail: string; changes: readonly ChangedPath[] }[] = [];
  const entries = fields(stdout);
  for (let at = 0; at + 2 < entries.length;) {
    const { changes, next } = rawChanges(entries, at + 3);
    const parents = (entries[at + 1] ?? "").split(" ").filter((parent) => parent !== "").length;
    walked.push({ oid: checkedOid(entries[at] ?? ""), parents, authorEmail: entries[at + 2] ?? "", changes });
    at = next;
  }
  const added = walked.flatMap(({ changes }) => changes.flatMap(({ blob, status }) => (blob !== null && status === "A" ? [blob] : [])));
  const { contents } = await readBlobs(run, added, blobLimit);
  return walked.map(({ oid, parents, authorEmail, changes }) => {
    const files = changes.flatMap(({ path, blob, status }) => {
      const bytes = blob === null || status !== "A" ? undefined : contents.get(blob);
      return bytes === undefined || path === null ? [] : [{ path, bytes }];
    });
    // What is no regular file, too large to be a record or strangely named was never written by the App: it counts as a change.
    return { oid, appendsOnly: parents <= 1 && files.length === changes.length, authorEmail, files };
  });
}

export async function isAncestor(run: GitRun, ancestor: Oid, descendant: Oid): Promise<boolean> {
  const { code } = await run(["merge-base", "--is-ancestor", checkedOid(ancestor), checkedOid(descendant)], {
    accept: (exit) => exit.code <= 1,
  });
  return code === 0;
}

function range(since: Oid | null, until: Oid): string {
  return since === null ? checkedOid(until) : `${checkedOid(since)}..${checkedOid(until)}`;
}
