import { fingerprint } from "./fingerprint.ts";
import { releaseKey, type AppName, type EnvironmentName, type Pinned } from "./release.ts";

const PREFIX = "pinion/";

/** Characters that Git allows everywhere in a ref (git-check-ref-format) and people can read. */
function refSafe(text: string): string {
  const safe = text.replaceAll(/[^A-Za-z0-9_-]+/g, ".").replaceAll(/^\.+|\.+$/g, "");
  return (
    safe
      .slice(0, 60)
      .replaceAll(/\.+$/g, "")
      .replace(/\.lock$/, "-lock") || "x"
  );
}

/**
 * The branch of a promotion: the same for the same release from the same state, so that a second run finds the first one's work.
 * `attempt` above 1 steps aside from a branch of that name that its pull request left behind, with what others put there.
 */
export function promotionBranch(
  promotion: {
    readonly app: AppName;
    readonly environment: EnvironmentName;
    readonly release: Pinned;
    readonly from: Pinned | null;
    readonly revert: boolean;
  },
  /** What tells one try from an earlier one that ended: the commit that the pin stands at. */
  generation: string,
  attempt: number,
): string {
  const { app, environment, release, from, revert } = promotion;
  const identity = `${releaseKey(release)} from ${from === null ? "nothing" : releaseKey(from)} at ${generation}`;
  const name = `${revert ? "revert-to-" : ""}${refSafe(release.version)}-${fingerprint(identity).slice(0, 10)}`;
  return `${PREFIX}${refSafe(environment)}/${refSafe(app)}/${name}${attempt > 1 ? `-${attempt}` : ""}`;
}

/** Whether a branch of Pinion is for this app in this environment. */
export function isBranchFor(name: string, app: AppName, environment: EnvironmentName): boolean {
  return name.startsWith(`${PREFIX}${refSafe(environment)}/${refSafe(app)}/`);
}

export function isPinionBranch(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** Commits are built here before a pull request's branch is swapped to them. No environment can have this name. */
export const TEMPORARY_PREFIX = `${PREFIX}_tmp/`;

export function isTemporaryBranch(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX);
}

export function isRevertBranch(name: string): boolean {
  return isPinionBranch(name) && name.split("/").at(-1)?.startsWith("revert-to-") === true;
}
