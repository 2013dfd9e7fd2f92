import { spawn } from "node:child_process";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Instant, Oid } from "./model.ts";
import type { GitObject } from "./objects.ts";
import { changedTree, writeObject } from "./object-writer.ts";
import { ObjectReader } from "./objects.ts";
import { RefWriter } from "./ref-writer.ts";

/** How long one Git command may take. */
const GIT_DEADLINE = 60_000;

/** How many answers about objects are remembered for each repository. */
const MEMORY_LIMIT = 50_000;

/** Commits that are looked at, most of them remembered, before Git is asked to go through a history. */
const NEAR = 200;

/** Settings that no repository, user or machine can change. */
export function gitEnvironment(): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: "/nonexistent",
    LC_ALL: "C.UTF-8",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  };
}

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface GitOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Identity {
  readonly name: string;
  readonly email: string;
}

export interface CommitInfo {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly author: Identity & { readonly at: Instant };
  readonly committer: Identity & { readonly at: Instant };
  readonly message: string;
}

export interface NewCommit {
  readonly parents: readonly Oid[];
  readonly author: Identity & { readonly at: Instant };
  readonly committer: Identity & { readonly at: Instant };
  readonly message: string;
}

export interface FileChange {
  readonly path: string;
  readonly status: "added" | "modified" | "removed" | "renamed";
  readonly previousPath: string | null;
  readonly blob: Oid;
  readonly additions: number;
  readonly deletions: number;
}

/** Runs one Git command to its end. Rejects only when Git could not be run or took too long. */
export function runGit(directory: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", ["-C", directory, ...args], {
      env: { ...gitEnvironment(), ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: GIT_DEADLINE,
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === null) reject(new Error(`git ${args[0] ?? ""} was ended by ${signal ?? "a signal"}`));
      else resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(errors).toString("utf8") });
    });
    // Git may end before it has read everything; its exit code tells, not the broken pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

function stamp(identity: Identity & { readonly at: Instant }): string {
  return `${identity.name} <${identity.email}> ${Math.floor(identity.at / 1000)} +0000`;
}

function parseIdentity(line: string): Identity & { readonly at: Instant } {
  const match = /^(.*) ?<(.*)> (\d+) [+-]\d{4}$/.exec(line);
  return { name: match?.[1]?.trim() ?? "", email: match?.[2] ?? "", at: Number(match?.[3] ?? 0) * 1000 };
}

function parseCommit(oid: Oid, text: string): CommitInfo {
  const split = text.indexOf("\n\n");
  const head = split === -1 ? text : text.slice(0, split);
  const fields = head.split("\n").map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const);
  const one = (name: string) => fields.find(([field]) => field === name)?.[1] ?? "";
  return {
    oid,
    tree: one("tree"),
    parents: fields.filter(([field]) => field === "parent").map(([, value]) => value),
    author: parseIdentity(one("author")),
    committer: parseIdentity(one("committer")),
    message: split === -1 ? "" : text.slice(split + 2),
  };
}

/**
 * One bare repository, through the real Git. Objects never change, so whatever is asked of object ids alone is
 * remembered. Refs are written by {@link GitStore.moveRefs} and by pushes only.
 */
export class GitStore {
  readonly directory: string;
  readonly #remembered = new Map<string, Promise<unknown>>();
  readonly #objects: ObjectReader;
  readonly #refs: RefWriter;

  constructor(directory: string) {
    this.directory = directory;
    this.#objects = new ObjectReader(directory, gitEnvironment());
    this.#refs = new RefWriter(directory, gitEnvironment());
  }

  /** Ends the processes that stay. Whatever is asked next would start them again. */
  close(): void {
    this.#objects.close();
    this.#refs.close();
  }

  run(args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
    return runGit(this.directory, args, options);
  }

  /** Standard output of a command that must succeed, without the last line break. */
  async text(args: readonly string[], options: GitOptions = {}): Promise<string> {
    const result = await this.run(args, options);
    if (result.code !== 0) throw new Error(`git ${args.join(" ")}: exit ${result.code}: ${result.stderr.trim()}`);
    return result.stdout.toString("utf8").replace(/\n$/, "");
  }

  #once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const before = this.#remembered.get(key);
    if (before !== undefined) return before as Promise<T>;
    const asked = ask();
    // Forgetting everything now and then is enough to keep a long simulation from filling the memory.
    if (this.#remembered.size >= MEMORY_LIMIT) this.#remembered.clear();
    this.#remembered.set(key, asked);
    asked.catch(() => this.#remembered.delete(key));
    return asked;
  }

  /** Every ref by its full name, those for the sandbox's own use left out. */
  async refs(): Promise<Map<string, Oid>> {
    const lines = (await this.text(["for-each-ref", "--format=%(objectname) %(refname)"])).split("\n");
    const found = lines.filter((line) => line !== "").map((line) => [line.slice(41), line.slice(0, 40)] as const);
    return new Map(found.filter(([name]) => !name.startsWith("refs/sandbox/")));
  }

  /** Moves all refs or none, each only if it is still at `before` (null: must not exist). `after` null deletes. */
  async moveRefs(moves: readonly { readonly name: string; readonly before: Oid | null; readonly after: Oid | null }[]): Promise<boolean> {
    const zero = "0".repeat(40);
    const lines = moves.map(({ name, before, after }) =>
      after === null ? `delete ${name} ${before ?? zero}` : `update ${name} ${after} ${before ?? zero}`,
    );
    return this.#refs.transact(lines);
  }

  /** Puts a ref there, wherever it is; null deletes it. */
  async putRef(name: string, oid: Oid | null): Promise<void> {
    if (!(await this.#refs.transact([oid === null ? `delete ${name}` : `update ${name} ${oid}`]))) throw new Error(`Git does not put ${name} at ${oid ?? "nothing"}`);
  }

  /** `commit`, `tree`, `blob`, `tag`, or null when there is no such object. */
  async objectType(oid: Oid): Promise<string | null> {
    if (!/^[0-9a-f]{40}$/.test(oid)) return null;
    return (await this.#objects.read(oid))?.type ?? null;
  }

  /** The commit, or null when the id is not that of a commit here. */
  async commit(oid: Oid): Promise<CommitInfo | null> {
    if (!/^[0-9a-f]{40}$/.test(oid)) return null;
    const key = `commit ${oid}`;
    const found = await this.#once(key, async () => {
      const object = await this.#objects.read(oid);
      return object?.type === "commit" ? parseCommit(oid, object.bytes.toString("utf8")) : null;
    });
    // It may come yet, by a push.
    if (found === null) this.#remembered.delete(key);
    return found;
  }

  /** The object of this id, or null. */
  object(oid: Oid): Promise<GitObject | null> {
    return this.#objects.read(oid);
  }

  /** What stands at a path of a commit or tree, or null. */
  objectAt(treeish: Oid, path: string): Promise<GitObject | null> {
    return this.#objects.read(`${treeish}:${path}`);
  }

  /** The bytes of a file in a commit or tree, or null. */
  async file(treeish: Oid, path: string): Promise<Buffer | null> {
    const object = await this.objectAt(treeish, path);
    return object?.type === "blob" ? object.bytes : null;
  }

  /** Whether `child` is a plain next commit on `parent`: what most questions come down to, answered without a process. */
  async #follows(parent: Oid, child: Oid): Promise<boolean> {
    const parents = (await this.commit(child))?.parents ?? [];
    return parents.length === 1 && parents[0] === parent;
  }

  /** Whether one commit leads to the other through the nearest ones; null when that takes more steps than a process costs. */
  async #leadsTo(ancestor: Oid, descendant: Oid): Promise<boolean | null> {
    const met = new Set([descendant]);
    for (const oid of met) {
      if (oid === ancestor) return true;
      if (met.size > NEAR) return null;
      const commit = await this.commit(oid);
      if (commit === null) return null;
      for (const parent of commit.parents) met.add(parent);
    }
    return (await this.commit(ancestor)) === null ? null : false;
  }

  async isAncestor(ancestor: Oid, descendant: Oid): Promise<boolean> {
    const near = await this.#leadsTo(ancestor, descendant);
    if (near !== null) return near;
    return this.#once(`ancestor ${ancestor} ${descendant}`, async () => {
      const result = await this.run(["merge-base", "--is-ancestor", ancestor, descendant]);
      if (result.code > 1) throw new Error(`git merge-base: exit ${result.code}: ${result.stderr.trim()}`);
      return result.code === 0;
    });
  }

  /** The best common ancestor, or null for histories that share nothing. */
  async mergeBase(left: Oid, right: Oid): Promise<Oid | null> {
    if (await this.#follows(left, right)) return left;
    return this.#once(`base ${left} ${right}`, async () => {
      const result = await this.run(["merge-base", left, right]);
      return result.code === 0 ? result.stdout.toString("utf8").trim() : null;
    });
  }

  /** Commits of `head` that are not in `base`, oldest first. */
  async commitsBetween(base: Oid | null, head: Oid): Promise<readonly Oid[]> {
    if (base === head) return [];
    if (base !== null && (await this.#follows(base, head))) return [head];
    return this.#once(`between ${base ?? ""} ${head}`, async () => {
      const range = base === null ? [head] : [head, `^${base}`];
      return (await this.text(["rev-list", "--reverse", "--topo-order", ...range])).split("\n").filter((line) => line !== "");
    });
  }

  /** The tree of a real three-way merge, or the paths in conflict (`git merge-tree --write-tree`). */
  async mergeTree(base: Oid, head: Oid): Promise<{ readonly tree: Oid } | { readonly conflicts: readonly string[] }> {
    return this.#once(`merge ${base} ${head}`, async () => {
      const result = await this.run(["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", base, head]);
      const parts = result.stdout
        .toString("utf8")
        .split("\0")
        .filter((part) => part !== "");
      if (result.code === 0 && parts[0] !== undefined) return { tree: parts[0].trim() };
      if (result.code === 1) return { conflicts: [...new Set(parts.slice(1))] };
      throw new Error(`git merge-tree: exit ${result.code}: ${result.stderr.trim()}`);
    });
  }

  /** What changed between two commits or trees, renames found as GitHub shows them. */
  async diff(from: Oid, to: Oid): Promise<readonly FileChange[]> {
    return this.#once(`diff ${from} ${to}`, async () => {
      const result = await this.run(["diff", "--raw", "--numstat", "--no-abbrev", "-z", "-M", from, to]);
      if (result.code !== 0) throw new Error(`git diff: exit ${result.code}: ${result.stderr.trim()}`);
      return parseDiff(result.stdout.toString("utf8"));
    });
  }

  async patch(from: Oid, to: Oid, path: string): Promise<string> {
    const text = await this.text(["diff", "-M", from, to, "--", path]);
    const start = text.indexOf("@@");
    return start === -1 ? "" : text.slice(start);
  }

  async commitTree(tree: Oid, commit: NewCommit): Promise<Oid> {
    const lines = [
      `tree ${tree}`,
      ...commit.parents.map((parent) => `parent ${parent}`),
      `author ${stamp(commit.author)}`,
      `committer ${stamp(commit.committer)}`,
      "",
      commit.message,
    ];
    return writeObject(this.directory, "commit", Buffer.from(lines.join("\n"), "utf8"));
  }

  /** A commit on top of `commit.parents[0]` with files written and removed. No ref moves. */
  async commitFiles(
    commit: NewCommit,
    additions: readonly { readonly path: string; readonly contents: Uint8Array }[],
    deletions: readonly string[],
  ): Promise<Oid> {
    const changes = new Map<string, Oid | null>(deletions.map((path) => [path, null]));
    for (const { path, contents } of additions) changes.set(path, await writeObject(this.directory, "blob", contents));
    const [parent] = commit.parents;
    const base = parent === undefined ? null : await this.commit(parent);
    if (parent !== undefined && base === null) throw new Error(`there is no commit ${parent}`);
    const tree = await changedTree(this.directory, this.#objects, base?.tree ?? null, changes);
    return this.commitTree(tree ?? (await writeObject(this.directory, "tree", new Uint8Array(0))), commit);
  }
}

function parseDiff(text: string): readonly FileChange[] {
  const fields = text.split("\0");
  const found = new Map<string, FileChange>();
  let index = 0;
  while (fields[index]?.startsWith(":") === true) {
    const [, , , blob = "", letter = ""] = fields[index++]?.split(" ") ?? [];
    const first = fields[index++] ?? "";
    const renamed = letter.startsWith("R") || letter.startsWith("C");
    const path = renamed ? (fields[index++] ?? "") : first;
    const status = letter.startsWith("A") ? "added" : letter.startsWith("D") ? "removed" : letter.startsWith("R") ? "renamed" : "modified";
    found.set(path, { path, status, previousPath: renamed ? first : null, blob, additions: 0, deletions: 0 });
  }
  while (index < fields.length && fields[index] !== "") {
    const [additions = "0", deletions = "0", plain = ""] = fields[index++]?.split("\t") ?? [];
    // A rename leaves the third column empty and gives the old and the new path as two more fields.
    if (plain === "") index++;
    const path = plain === "" ? (fields[index++] ?? "") : plain;
    const change = found.get(path);
    if (change !== undefined) found.set(path, { ...change, additions: Number(additions) || 0, deletions: Number(deletions) || 0 });
  }
  return [...found.values()];
}

/** Refuses the refs that the server has decided against, with its words (git docs, githooks, "update"). */
const UPDATE_HOOK = `#!/bin/sh
printf '%s\\n' "$SANDBOX_REFUSALS" | while IFS='	' read -r ref reason; do
  if [ "$ref" = "$1" ]; then
    echo "error: $reason" >&2
    exit 1
  fi
done
`;

/** Makes a bare repository as GitHub serves it, empty or as a copy of another. */
export async function createBareRepository(directory: string, defaultBranch: string, copyOf: string | null): Promise<GitStore> {
  const made =
    copyOf === null
      ? await runGit("/", ["init", "--quiet", "--bare", "--template=", `--initial-branch=${defaultBranch}`, directory])
      : await runGit("/", ["clone", "--quiet", "--bare", "--template=", copyOf, directory]);
  if (made.code !== 0) throw new Error(`cannot make the repository: ${made.stderr.trim()}`);
  const store = new GitStore(directory);
  const settings: readonly (readonly [string, string])[] = [
    ["http.receivepack", "true"],
    ["uploadpack.allowFilter", "true"],
    ["uploadpack.allowReachableSHA1InWant", "true"],
    ["uploadpack.allowAnySHA1InWant", "true"],
    ["gc.auto", "0"],
    ["receive.autogc", "false"],
    ["core.logAllRefUpdates", "false"],
    // What is here lives no longer than the process; nothing needs to survive a loss of power.
    ["core.fsync", "none"],
  ];
  const hidden: readonly (readonly [string, string])[] = [
    ["transfer.hideRefs", "refs/sandbox"],
    // As at GitHub, a push cannot write what belongs to pull requests ("deny updating a hidden ref").
    ["receive.hideRefs", "refs/pull"],
  ];
  const section = [...settings, ...hidden].map(([key, value]) => {
    const [name = "", field = ""] = key.split(".");
    return `[${name}]\n\t${field} = ${value}\n`;
  });
  await appendFile(join(directory, "config"), section.join(""));
  await mkdir(join(directory, "hooks"), { recursive: true });
  await writeFile(join(directory, "hooks", "update"), UPDATE_HOOK, { mode: 0o755 });
  return store;
}
