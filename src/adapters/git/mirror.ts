import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Milliseconds } from "../../domain/answer.ts";
import { fingerprint } from "../../domain/fingerprint.ts";
import type { Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import { PortFailure, type Clock, type Journal } from "../../ports.ts";
import { runGit } from "./child.ts";
import { gitEnvironment, presentable, type Remote } from "./environment.ts";
import { DamagedMirror, diskFailure, localFailure } from "./failure.ts";
import { ObjectReader } from "./object-reader.ts";
import { fetchFrom, tidy } from "./transfer.ts";

export interface MirrorSettings {
  /** Holds one bare repository for each repository id. One process only may use it. */
  readonly directory: string;
  readonly remote: (repository: Repository) => Promise<Remote>;
  /** What Pinion was started with; only an allow-list of it reaches a child. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly deadlines: { readonly read: Milliseconds; readonly fetch: Milliseconds };
}

export interface WantedCommit {
  readonly ref: string;
  readonly oid: Oid;
}

interface GitRunOptions {
  readonly input?: string;
  /** Which exits are answers: code 0 alone unless given. All others are failures. */
  readonly accept?: (exit: { readonly code: number; readonly stdout: Buffer }) => boolean;
}

/** One Git child on one mirror. */
export type GitRun = (args: readonly string[], options?: GitRunOptions) => Promise<{ readonly code: number; readonly stdout: Buffer }>;

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** The rules of git-check-ref-format(1) that matter on a command line. */
const REF = /^refs\/(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[^\0-\x20\x7f~^:?*[\\]+$/;
/** More than any answer that Pinion can work with: a listing of a million files, or a full batch of blobs. */
const OUTPUT_LIMIT = 512 * 1024 * 1024;
/** Git's exit code for an option that it does not know. */
const USAGE_ERROR = 129;
/** Small fetches leave loose objects and little packs behind, which Git then weighs itself (`gc --auto`). */
const FETCHES_BETWEEN_TIDYINGS = 50;
/** A mirror that breaks more often than this has a broken disk under it: cloning again would not help. */
const REBUILD_AT_MOST_EVERY: Milliseconds = 60 * 60 * 1000;

/** Refuses anything but a full lower-case object id, so that no argument can be read as an option or as another revision. */
export function checkedOid(oid: string): Oid {
  if (!OID.test(oid)) throw new PortFailure("error", `not a Git object id: ${JSON.stringify(oid.slice(0, 80))}`);
  return oid;
}

/** One bare mirror on disk: fetched by simple-git, read by children of our own. */
export class Mirror {
  readonly #settings: MirrorSettings;
  readonly #path: string;
  #repository: Repository;
  #ready = false;
  /** Made just now, and nothing fetched into it yet. */
  #fresh = false;
  #damaged = false;
  #rebuiltAt: number | null = null;
  #fetches = 0;
  #refsInUse = new Set<string>();
  /** Commits that were found here, as long as no reading fails: a look at an unchanged repository starts no process. */
  #found = new Set<Oid>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #objects: ObjectReader;

  constructor(settings: MirrorSettings, repository: Repository) {
    if (!Number.isSafeInteger(repository.id)) throw new PortFailure("error", "a repository id must be a whole number");
    this.#settings = settings;
    this.#repository = repository;
    this.#path = join(settings.directory, `${repository.id}.git`);
    this.#objects = new ObjectReader({
      environment: gitEnvironment(settings.environment, this.#path, null),
      cwd: settings.directory,
      deadline: settings.deadlines.read,
    });
  }

  get #name(): string {
    return `${this.#repository.owner}/${this.#repository.name}`;
  }

  /** Reads the mirror. Damage that is met on the way is repaired by the next {@link ensure}. */
  readonly run: GitRun = async (args, options = {}) => {
    try {
      return await this.#child(args, options);
    } catch (cause) {
      // Perhaps a commit that was here is not any more.
      this.#found.clear();
      if (cause instanceof DamagedMirror) throw this.damaged(cause.message);
      throw cause;
    }
  };

  /**
   * Reads the mirror through one child that stays. Null when that cannot tell, whatever the reason: {@link run} will, or finds
   * out what is wrong.
   */
  async quickly<T>(read: (objects: ObjectReader) => Promise<T | null>): Promise<T | null> {
    return read(this.#objects).catch(() => null);
  }

  /** To be thrown by a reader that finds missing what the mirror's own commits name. */
  damaged(reason: string): PortFailure {
    this.#damaged = true;
    this.#found.clear();
    return new PortFailure("dependency", `the mirror of ${this.#name} is damaged and will be cloned anew (${reason}); look again`);
  }

  /** Fetches the refs of the commits that are missing, then the commits themselves where a ref has moved on. */
  async ensure(repository: Repository, wanted: readonly WantedCommit[]): Promise<void> {
    for (const { ref, oid } of wanted) {
      checkedOid(oid);
      if (!REF.test(ref)) throw new PortFailure("error", `not a full Git ref: ${JSON.stringify(ref.slice(0, 80))}`);
    }
    await this.#alone(async () => {
      // The name may have changed since; the id, and so the directory, has not.
      this.#repository = repository;
      try {
        await this.#bring(wanted);
      } catch (cause) {
        if (!(cause instanceof DamagedMirror)) throw cause;
        await this.#remove(cause.message);
        await this.#bring(wanted).catch((again: unknown) => {
          throw again instanceof DamagedMirror ? new PortFailure("dependency", `cloning ${this.#name} failed: ${again.message}`) : again;
        });
      }
    });
  }

  /** One after the other: two fetches at once would run into each other's locks. */
  async #alone(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #bring(wanted: readonly WantedCommit[]): Promise<void> {
    await this.#prepare();
    for (const { ref } of wanted) this.#refsInUse.add(localRef(ref));
    const missing = await this.#absent(wanted.filter(({ oid }) => !this.#found.has(oid)));
    if (missing.length === 0) return;
    const remote = await this.#settings.remote(this.#repository);
    const fetch = (refspecs: readonly string[]): Promise<"fetched" | "gone"> =>
      fetchFrom(remote, refspecs, {
        name: this.#name,
        mirror: this.#path,
        environment: gitEnvironment(this.#settings.environment, this.#path, remote),
        deadline: this.#settings.deadlines.fetch,
      });
    await fetch([...new Set(missing.map(({ ref }) => `+${ref}:${localRef(ref)}`))]);
    const moved = await this.#absent(missing);
    // A ref that was forced elsewhere no longer leads to the commit, but the commit may still be had by its id.
    if (moved.length > 0) await fetch([...new Set(moved.map(({ oid }) => `+${oid}:${localRef(oid)}`))]);
    const gone = moved.length > 0 ? await this.#absent(moved) : [];
    if (this.#fresh) await this.#index();
    this.#fetches += 1;
    if (this.#fetches % FETCHES_BETWEEN_TIDYINGS === 0) this.#tidy();
    const first = gone[0];
    if (first !== undefined) {
      throw new PortFailure("dependency", `${first.ref} of ${this.#name} has moved on from ${first.oid.slice(0, 12)}: look again`);
    }
  }

  async #prepare(): Promise<void> {
    if (this.#damaged) throw new DamagedMirror("found while reading it");
    if (this.#ready) return;
    const made = await mkdir(this.#path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw diskFailure(cause);
    });
    this.#fresh = made !== undefined;
    // Harmless on a mirror that is there already; completes one whose making was cut short.
    await this.#child(["init", "--bare", "--quiet", "--template=", "--initial-branch=none"], {});
    this.#ready = true;
  }

  async #absent(wanted: readonly WantedCommit[]): Promise<readonly WantedCommit[]> {
    if (wanted.length === 0) return [];
    const known = await this.quickly(async (objects) => objects.ask(wanted.map(({ oid }) => ({ ask: "info", name: oid }))));
    if (known !== null) {
      for (const answer of known) if (answer?.type === "commit") this.#found.add(answer.oid);
      return wanted.filter(({ oid }) => !this.#found.has(oid));
    }
    const { stdout } = await this.#child(["cat-file", "--batch-check=%(objectname) %(objecttype)"], {
      input: wanted.map(({ oid }) => `${oid}\n`).join(""),
    });
    const present = new Set(
      stdout
        .toString("latin1")
        .split("\n")
        .filter((line) => line.endsWith(" commit"))
        .map((line) => line.slice(0, -" commit".length)),
    );
    for (const oid of present) this.#found.add(oid);
    return wanted.filter(({ oid }) => !present.has(oid));
  }

  async #child(args: readonly string[], options: GitRunOptions): ReturnType<GitRun> {
    const exit = await this.#start(args, options.input ?? "");
    if (options.accept === undefined ? exit.code === 0 : options.accept(exit)) return exit;
    if (exit.code === USAGE_ERROR) {
      throw new PortFailure("stalled", `this git does not know what Pinion asks of it (git ${args[0] ?? ""}): install git 2.38 or newer`);
    }
    const failure = localFailure(`git ${args[0] ?? ""} in the mirror of ${this.#name}`, presentable(exit.stderr, this.#path, null));
    if (failure instanceof PortFailure && failure.kind === "dependency" && (await this.#holdsAll(args))) {
      // The commits themselves are there, so what Git misses is a part of them.
      throw new DamagedMirror(failure.message);
    }
    throw failure;
  }

  #start(args: readonly string[], input: string): ReturnType<typeof runGit> {
    return runGit({
      args,
      environment: gitEnvironment(this.#settings.environment, this.#path, null),
      cwd: this.#settings.directory,
      input,
      deadline: this.#settings.deadlines.read,
      outputLimit: OUTPUT_LIMIT,
    });
  }

  async #holdsAll(args: readonly string[]): Promise<boolean> {
    const oids = args.flatMap((arg) => arg.split("..")).filter((arg) => OID.test(arg));
    const { code, stdout } = await this.#start(["cat-file", "--batch-check"], oids.map((oid) => `${oid}\n`).join(""));
    return code === 0 && oids.length > 0 && !stdout.toString("latin1").includes(" missing\n");
  }

  async #remove(reason: string): Promise<void> {
    const now = this.#settings.clock.now();
    if (this.#rebuiltAt !== null && now - this.#rebuiltAt < REBUILD_AT_MOST_EVERY) {
      const again = `the mirror of ${this.#name} broke again within the hour (${reason})`;
      throw new PortFailure("stalled", `${again}: check the disk under PINION_DATA_DIR`);
    }
    this.#rebuiltAt = now;
    this.#found.clear();
    this.#objects.close();
    this.#settings.journal.warn("the mirror is damaged: cloning it anew", { repository: this.#name, reason });
    const aside = `${this.#path}.damaged`;
    try {
      await rm(aside, { recursive: true, force: true });
      // Moved away first: what could not be removed whole must never be taken for a mirror.
      await rename(this.#path, aside);
      await rm(aside, { recursive: true, force: true });
    } catch (cause) {
      if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw diskFailure(cause);
    }
    this.#damaged = false;
    this.#ready = false;
  }

  /** Lets Git tell which commits touch a path without looking at each: the history of one file among 40,000 in 5 ms, not 400. */
  async #index(): Promise<void> {
    this.#fresh = false;
    await this.#child(["commit-graph", "write", "--reachable", "--changed-paths", "--split", "--no-progress"], {}).catch((err: unknown) => {
      this.#settings.journal.warn("indexing the mirror failed, so reading histories will be slow", { repository: this.#name, err });
    });
  }

  /** Behind the callers' backs: Git allows reads and fetches beside it, and nobody waits for it. */
  #tidy(): void {
    const before = this.#refsInUse;
    this.#refsInUse = new Set();
    // What hangs on a ref that nobody asked for lately may be pruned.
    this.#found.clear();
    const inUse = (ref: string): boolean => before.has(ref) || this.#refsInUse.has(ref);
    tidy(this.#path, gitEnvironment(this.#settings.environment, this.#path, null), inUse)
      .catch((err: unknown) => {
        this.#settings.journal.warn("tidying the mirror failed", { repository: this.#name, err });
      })
      // It may hold open what was just packed anew.
      .finally(() => this.#objects.close());
  }
}

/** Flat names: a branch `a` and, after it is gone, a branch `a/b` must be able to follow each other. */
function localRef(ref: string): string {
  return `refs/pinion/${fingerprint(ref).slice(0, 40)}`;
}
