import type { CommitInfo, GitStore as RealGit } from "../../sandbox/github/git.ts";
import type { Actor } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { CommitFacts } from "../facts.ts";
import type { GitStore } from "../world/git-store.ts";

/** What GitHub knows of a commit beside what Git does. */
export interface Authorship {
  by(commit: CommitInfo): Actor;
  own(commit: CommitInfo): boolean;
}

const FOLDER = "40000";

/** Reads what is new in a repository on disk into memory, so that it can be looked at without waiting. */
export class GitFollower {
  readonly #real: RealGit;
  readonly #known: GitStore;
  readonly #authorship: Authorship;
  readonly #trees = new Map<Oid, ReadonlyMap<string, Oid>>();

  constructor(real: RealGit, known: GitStore, authorship: Authorship) {
    this.#real = real;
    this.#known = known;
    this.#authorship = authorship;
  }

  /** Reads these commits, and whatever they are made on. */
  async follow(heads: Iterable<Oid>): Promise<void> {
    const unread: CommitInfo[] = [];
    const met = new Set<Oid>();
    const open = [...heads];
    for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
      if (met.has(oid) || this.#known.find(oid) !== null) continue;
      met.add(oid);
      const commit = await this.#real.commit(oid);
      if (commit === null) throw new Error(`the repository lacks the commit ${oid}`);
      unread.push(commit);
      open.push(...commit.parents);
    }
    for (const commit of parentsFirst(unread)) await this.#read(commit);
  }

  async #read(commit: CommitInfo): Promise<void> {
    const entries = await this.#entries(commit.tree);
    for (const blob of entries.values()) {
      if (this.#known.text(blob) === null) this.#known.keepBlob(blob, (await this.#object(blob)).toString("utf8"));
    }
    this.#known.keep(this.#factsOf(commit), entries);
  }

  #factsOf(commit: CommitInfo): CommitFacts {
    const { oid, tree, parents, author, committer, message } = commit;
    return {
      oid,
      tree,
      parents,
      at: committer.at,
      authorName: author.name,
      authorEmail: author.email,
      by: this.#authorship.by(commit),
      own: this.#authorship.own(commit),
      message,
    };
  }

  /** Files by path, those in folders included. */
  async #entries(tree: Oid): Promise<ReadonlyMap<string, Oid>> {
    const known = this.#trees.get(tree);
    if (known !== undefined) return known;
    const files = new Map<string, Oid>();
    for (const { mode, name, oid } of entriesIn(await this.#object(tree))) {
      if (mode !== FOLDER) files.set(name, oid);
      else for (const [path, blob] of await this.#entries(oid)) files.set(`${name}/${path}`, blob);
    }
    this.#trees.set(tree, files);
    return files;
  }

  async #object(oid: Oid): Promise<Buffer> {
    const object = await this.#real.object(oid);
    if (object === null) throw new Error(`the repository lacks ${oid}`);
    return object.bytes;
  }
}

function parentsFirst(commits: readonly CommitInfo[]): readonly CommitInfo[] {
  const byOid = new Map(commits.map((commit) => [commit.oid, commit]));
  const ordered = new Set<CommitInfo>();
  const visit = (commit: CommitInfo): void => {
    if (ordered.has(commit)) return;
    for (const parent of commit.parents) {
      const before = byOid.get(parent);
      if (before !== undefined) visit(before);
    }
    ordered.add(commit);
  };
  for (const commit of commits) visit(commit);
  return [...ordered];
}

/** The entries of one tree object (git's Documentation/gitformat-tree): mode, space, name, NUL, and twenty bytes of id. */
function entriesIn(bytes: Buffer): readonly { readonly mode: string; readonly name: string; readonly oid: Oid }[] {
  const entries: { readonly mode: string; readonly name: string; readonly oid: Oid }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    const mode = bytes.toString("latin1", at, space);
    entries.push({ mode, name: bytes.toString("utf8", space + 1, end), oid: bytes.toString("hex", end + 1, end + 21) });
    at = end + 21;
  }
  return entries;
}
