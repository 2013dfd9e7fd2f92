import type { Oid } from "../../domain/release.ts";
import { LOG_BRANCH } from "../../domain/record-file.ts";
import { PortFailure, type ManifestsRepository } from "../../ports.ts";
import { manifestsIn } from "../git.ts";
import { openLocalObjects, type LocalOptions } from "./local.ts";
import { checkedOid, type GitRun } from "./mirror.ts";

/** A clone on this machine, as it was fetched last. */
export interface Clone {
  readonly manifests: ManifestsRepository;
  /** What stands for the default branch here: `origin/main` where the remote's is known, else the branch that is checked out. */
  readonly branch: string;
  readonly head: Oid;
  /** The promotion log's head, or null where it was not fetched or is not there. */
  readonly logHead: Oid | null;
  /** The root of the work tree, or null in a bare repository. */
  readonly workTree: string | null;
  close(): void;
}

/** Opens the clone that a folder belongs to. @throws {PortFailure} `stalled` when there is none, or it has no commit. */
export async function openClone(options: Omit<LocalOptions, "blobLimit">): Promise<Clone> {
  const { run, objects, workTree } = await openLocalObjects(options);
  const close = (): void => objects.close();
  try {
    const ref = (await symbolic(run, "refs/remotes/origin/HEAD")) ?? (await symbolic(run, "HEAD")) ?? "HEAD";
    const head = await commitAt(run, ref);
    if (head === null) throw new PortFailure("stalled", `${options.directory}: ${ref} has no commit yet: commit or fetch something first`);
    const logHead = (await commitAt(run, `refs/remotes/origin/${LOG_BRANCH}`)) ?? (await commitAt(run, `refs/heads/${LOG_BRANCH}`));
    // Half a log would be taken for all of it: what was held or went bad before would count no more.
    if (logHead !== null && (await isShallow(run))) {
      throw new PortFailure("stalled", `${options.directory} is a shallow clone, and the promotion log counts only as a whole: git fetch --unshallow`);
    }
    const manifests = manifestsIn(() => ({
      run,
      quickly: async (read) => read(objects).catch(() => null),
      damaged: (reason) => new PortFailure("stalled", `${options.directory} does not hold all of its objects (${reason}): make a full clone`),
      // What is asked for was found by the clone's own refs.
      ensure: async () => undefined,
    }));
    return { manifests, branch: ref.replace(/^refs\/(?:heads|remotes)\//, ""), head, logHead, workTree, close };
  } catch (cause) {
    close();
    throw cause;
  }
}

/** Where a symbolic ref leads, or null when it is none. */
async function symbolic(run: GitRun, ref: string): Promise<string | null> {
  const { code, stdout } = await run(["symbolic-ref", "--quiet", ref], { accept: (exit) => exit.code <= 1 });
  return code === 0 ? stdout.toString("utf8").trim() : null;
}

async function isShallow(run: GitRun): Promise<boolean> {
  const { stdout } = await run(["rev-parse", "--is-shallow-repository"]);
  return stdout.toString("latin1").trim() === "true";
}

async function commitAt(run: GitRun, ref: string): Promise<Oid | null> {
  const { code, stdout } = await run(["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`], { accept: (exit) => exit.code <= 1 });
  return code === 0 ? checkedOid(stdout.toString("latin1").trim()) : null;
}
