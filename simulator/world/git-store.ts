import { createHash } from "node:crypto";
import type { Oid } from "../../src/domain/release.ts";
import type { CommitFacts } from "../facts.ts";

export type Tree = ReadonlyMap<string, Oid>;
export type NewCommit = Omit<CommitFacts, "oid">;

/** Git's objects, in memory. Nothing is ever taken out: GitHub keeps what no branch leads to for a long time too. */
export class GitStore {
  readonly #blobs = new Map<Oid, string>();
  readonly #trees = new Map<Oid, Tree>();
  readonly #commits = new Map<Oid, CommitFacts>();
  /** The longest way to a root: an ancestor's is always shorter. */
  readonly #generations = new Map<Oid, number>();
  readonly #merges = new Map<string, MergeResult>();

  blob(text: string): Oid {
    const oid = hashed("blob", text);
    this.#blobs.set(oid, text);
    return oid;
  }

  tree(entries: Tree): Oid {
    const sorted = [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const oid = hashed("tree", sorted.map(([path, blob]) => `${path} ${blob}`).join("\n"));
    if (!this.#trees.has(oid)) this.#trees.set(oid, new Map(sorted));
    return oid;
  }

  /** The same commit made twice in one second is one commit, as in Git. */
  commit(made: NewCommit): CommitFacts {
    const at = Math.floor(made.at / 1_000) * 1_000;
    const oid = hashed("commit", [made.tree, made.parents.join(" "), at, made.authorName, made.authorEmail, made.message].join("\n"));
    const commit = this.#commits.get(oid) ?? { ...made, at, oid };
    this.#remember(commit);
    return commit;
  }

  /** Takes in a commit that was made elsewhere, after its parents. */
  keep(commit: CommitFacts, entries: Tree): void {
    this.#trees.set(commit.tree, entries);
    this.#remember(commit);
  }

  keepBlob(oid: Oid, text: string): void {
    this.#blobs.set(oid, text);
  }

  #remember(commit: CommitFacts): void {
    this.#commits.set(commit.oid, commit);
    this.#generations.set(commit.oid, 1 + Math.max(0, ...commit.parents.map((parent) => this.#generations.get(parent) ?? 0)));
  }

  find(oid: Oid): CommitFacts | null {
    return this.#commits.get(oid) ?? null;
  }

  /** Of a commit or a tree. */
  treeOf(oid: Oid): Tree | null {
    return this.#trees.get(this.#commits.get(oid)?.tree ?? oid) ?? null;
  }

  text(blob: Oid): string | null {
    return this.#blobs.get(blob) ?? null;
  }

  file(oid: Oid, path: string): string | null {
    const blob = this.treeOf(oid)?.get(path);
    return blob === undefined ? null : this.text(blob);
  }

  isAncestor(ancestor: Oid, descendant: Oid): boolean {
    const floor = this.#generations.get(ancestor) ?? 0;
    const seen = new Set<Oid>();
    const open = [descendant];
    for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
      if (oid === ancestor) return true;
      if (seen.has(oid) || (this.#generations.get(oid) ?? 0) <= floor) continue;
      seen.add(oid);
      open.push(...(this.#commits.get(oid)?.parents ?? []));
    }
    return false;
  }

  /** The commit and everything that it was made on. */
  ancestors(oid: Oid): ReadonlySet<Oid> {
    const seen = new Set<Oid>();
    const open = [oid];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(this.#commits.get(next)?.parents ?? []));
    }
    return seen;
  }

  /** Commits that `head` has and `base` has not, oldest first: what a pull request holds. */
  between(base: Oid, head: Oid): readonly Oid[] {
    const known = this.ancestors(base);
    const mine = [...this.ancestors(head)].filter((oid) => !known.has(oid));
    return mine.toSorted((a, b) => (this.#generations.get(a) ?? 0) - (this.#generations.get(b) ?? 0));
  }

  /** First parents from `until` back to the root or to `since`, oldest first, without `since`. */
  mainline(until: Oid, since: Oid | null): readonly Oid[] {
    const line: Oid[] = [];
    const known = since === null ? new Set<Oid>() : this.ancestors(since);
    for (let oid: Oid | undefined = until; oid !== undefined && !known.has(oid); oid = this.#commits.get(oid)?.parents[0]) line.push(oid);
    return line.toReversed();
  }

  changed(from: Oid, to: Oid): readonly { readonly path: string; readonly blob: Oid | null }[] {
    const before = this.treeOf(from) ?? new Map<string, Oid>();
    const after = this.treeOf(to) ?? new Map<string, Oid>();
    const changes: { readonly path: string; readonly blob: Oid | null }[] = [];
    for (const [path, blob] of after) if (before.get(path) !== blob) changes.push({ path, blob });
    for (const path of before.keys()) if (!after.has(path)) changes.push({ path, blob: null });
    return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Merges file by file: a file that both sides changed in different ways is a conflict. */
  merge(base: Oid, head: Oid): MergeResult {
    const key = `${base} ${head}`;
    const known = this.#merges.get(key) ?? this.#mergeAnew(base, head);
    this.#merges.set(key, known);
    return known;
  }

  #mergeAnew(base: Oid, head: Oid): MergeResult {
    const origin = this.#mergeBase(base, head);
    const old = (origin === null ? null : this.treeOf(origin)) ?? new Map<string, Oid>();
    const [ours, theirs] = [this.treeOf(base), this.treeOf(head)];
    if (ours === null || theirs === null) return { conflicts: ["(a commit that is not there)"] };
    const merged = new Map<string, Oid>();
    const conflicts: string[] = [];
    for (const path of new Set([...old.keys(), ...ours.keys(), ...theirs.keys()])) {
      const [was, left, right] = [old.get(path), ours.get(path), theirs.get(path)];
      if (left !== right && was !== left && was !== right) conflicts.push(path);
      const result = was === left ? right : left;
      if (result !== undefined) merged.set(path, result);
    }
    return conflicts.length > 0 ? { conflicts } : { tree: this.tree(merged) };
  }

  #mergeBase(left: Oid, right: Oid): Oid | null {
    const known = this.ancestors(left);
    let best: Oid | null = null;
    for (const oid of this.ancestors(right)) {
      if (!known.has(oid)) continue;
      if (best === null || (this.#generations.get(oid) ?? 0) > (this.#generations.get(best) ?? 0)) best = oid;
    }
    return best;
  }

  /** The tree of a commit with some files put or taken away. */
  edited(commit: Oid | null, edits: Readonly<Record<string, string | null>>): Oid {
    const entries = new Map(commit === null ? [] : (this.treeOf(commit) ?? []));
    for (const [path, text] of Object.entries(edits)) {
      if (text === null) entries.delete(path);
      else entries.set(path, this.blob(text));
    }
    return this.tree(entries);
  }
}

export type MergeResult = { readonly tree: Oid } | { readonly conflicts: readonly string[] };

function hashed(kind: string, text: string): Oid {
  return createHash("sha1").update(`${kind}\n${text}`).digest("hex");
}
