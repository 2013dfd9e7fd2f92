import type { Repository } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import { PortFailure, type ManifestsRepository, type TouchedFile } from "../../src/ports.ts";
import type { CommitFacts } from "../facts.ts";
import type { GitStore, Tree } from "./git-store.ts";
import type { Immediate } from "./immediate.ts";

const encoder = new TextEncoder();

/** The manifests repository read from Git's objects. */
export class ReadGit implements Immediate<ManifestsRepository> {
  readonly #git: GitStore;

  constructor(git: GitStore) {
    this.#git = git;
  }

  ensure(...[, wanted]: Parameters<ManifestsRepository["ensure"]>): void {
    for (const { oid } of wanted) this.#commit(oid);
  }

  files(_repository: Repository, commit: Oid) {
    return [...this.#tree(commit)].map(([path, blob]) => ({ path, blob }));
  }

  folder(_repository: Repository, commit: Oid, path: string) {
    const there = new Map<string, Oid | null>();
    for (const [name, blob] of this.#tree(commit)) {
      if (path.startsWith(`${name}/`)) return [{ path: name, blob }];
      if (!name.startsWith(path)) continue;
      const slash = name.indexOf("/", path.length);
      if (slash === -1) there.set(name, blob);
      else there.set(name.slice(0, slash + 1), null);
    }
    return [...there].map(([name, blob]) => ({ path: name, blob }));
  }

  changedFiles(_repository: Repository, from: Oid, to: Oid) {
    this.#tree(from);
    this.#tree(to);
    return this.#git.changed(from, to);
  }

  read(_repository: Repository, blobs: readonly Oid[]) {
    const found = new Map<Oid, Uint8Array>();
    for (const blob of blobs) {
      const text = this.#git.text(blob);
      if (text === null) throw new PortFailure("dependency", `${blob.slice(0, 12)} is missing: the mirror is damaged`);
      found.set(blob, encoder.encode(text));
    }
    return found;
  }

  file(_repository: Repository, commit: Oid, path: string) {
    this.#tree(commit);
    const text = this.#git.file(commit, path);
    return text === null ? null : encoder.encode(text);
  }

  touchedFiles(_repository: Repository, since: Oid, until: Oid, limit: number): readonly TouchedFile[] {
    if (this.#commit(until).parents[0] === since) return [];
    const touched = new Map<string, readonly Oid[]>();
    for (const commit of this.#git.mainline(until, since).slice(-limit)) {
      const [parent] = this.#commit(commit).parents;
      const before = parent === undefined ? new Map<string, Oid>() : this.#tree(parent);
      for (const { path } of this.#changes(before, commit)) touched.set(path, [commit, ...(touched.get(path) ?? [])]);
    }
    return [...touched].map(([path, commits]) => ({ path, commits }));
  }

  mergeTree(_repository: Repository, base: Oid, head: Oid) {
    for (const oid of [base, head]) this.#commit(oid);
    return this.#git.merge(base, head);
  }

  history(...[, path, since, until, limit]: Parameters<ManifestsRepository["history"]>) {
    for (const oid of since === null ? [until] : [since, until]) this.#commit(oid);
    const changing = this.#git.mainline(until, since).filter((oid) => {
      const parent = this.#commit(oid).parents[0];
      return (parent === undefined ? null : this.#git.file(parent, path)) !== this.#git.file(oid, path);
    });
    return changing.slice(-limit).map((oid) => {
      const { parents, at, authorName, authorEmail } = this.#commit(oid);
      return { oid, parent: parents[0] ?? null, at, authorName, authorEmail };
    });
  }

  isAncestor(_repository: Repository, ancestor: Oid, descendant: Oid) {
    this.#commit(ancestor);
    this.#commit(descendant);
    return this.#git.isAncestor(ancestor, descendant);
  }

  logCommits(_repository: Repository, since: Oid | null, until: Oid) {
    for (const oid of since === null ? [until] : [since, until]) this.#commit(oid);
    return this.#git.mainline(until, since).map((oid) => {
      const { parents, authorEmail } = this.#commit(oid);
      const before = parents[0] === undefined ? new Map<string, Oid>() : this.#tree(parents[0]);
      const changes = this.#changes(before, oid);
      const added = changes.filter(({ path, blob }) => blob !== null && !before.has(path));
      const files = added.map(({ path }) => ({ path, bytes: encoder.encode(this.#git.file(oid, path) ?? "") }));
      return { oid, appendsOnly: parents.length <= 1 && files.length === changes.length, authorEmail, files };
    });
  }

  #changes(before: Tree, oid: Oid): readonly { readonly path: string; readonly blob: Oid | null }[] {
    const after = this.#tree(oid);
    const changed = [...after].filter(([path, blob]) => before.get(path) !== blob).map(([path, blob]) => ({ path, blob }));
    const gone = [...before.keys()].filter((path) => !after.has(path)).map((path) => ({ path, blob: null }));
    return [...changed, ...gone];
  }

  #commit(oid: Oid): CommitFacts {
    const commit = this.#git.find(oid);
    if (commit === null) throw new PortFailure("dependency", `${oid.slice(0, 12)} is not in the mirror: look again`);
    return commit;
  }

  #tree(oid: Oid): Tree {
    const tree = this.#git.treeOf(oid);
    if (tree === null) throw new PortFailure("dependency", `${oid.slice(0, 12)} is not in the mirror: look again`);
    return tree;
  }
}
