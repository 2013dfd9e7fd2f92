import { lstat, readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CASES_ENDING } from "../../domain/policy/cases.ts";
import { isPolicyPath, POLICIES_FOLDER, type PolicyFile } from "../../domain/policy/own-policies.ts";
import { codeOf, unreadable } from "../set.ts";

/** The files of a folder: policies, and cases that stand beside them. `text` is null where a file is no UTF-8. */
export type PolicyFolder =
  | { readonly ok: true; readonly policies: readonly PolicyFile[]; readonly cases: readonly PolicyFile[] }
  /** `absent`: there is no such folder. */
  | { readonly ok: false; readonly absent: boolean; readonly problem: string };

/**
 * Reads the policies and cases of a folder. Where it is a repository's own, what Pinion would refuse there on the default branch is among them;
 * of any other folder, whose policies are only tried, folders in it are left out and links followed.
 */
export async function readPolicyFolder(directory: string): Promise<PolicyFolder> {
  const files: PolicyFile[] = [];
  const isStrict = isOwnFolder(directory);
  const linked = isStrict ? await inPlaceOf(directory) : null;
  if (linked !== null) return { ok: false, absent: false, problem: `${linked} is no folder itself, so that Pinion would read no policy there: put the folder itself in its place` };
  try {
    for (const entry of (await readdir(directory, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = `${entry.name}${entry.isDirectory() ? "/" : ""}`;
      const isTaken = isPolicyPath(`${POLICIES_FOLDER}${name}`) || name.endsWith(CASES_ENDING);
      if (!isTaken || (entry.isDirectory() && !isStrict)) continue;
      const path = join(directory, name);
      const isRead = entry.isFile() || (entry.isSymbolicLink() && !isStrict);
      const text = isRead ? await textOf(path) : null;
      if (typeof text === "object" && text !== null) return { ok: false, absent: false, problem: text.problem };
      files.push({ path, text });
    }
  } catch (cause) {
    const code = codeOf(cause);
    const cure = code === "ENOENT" ? "there is no such folder" : code === "ENOTDIR" ? "it is a file, name its folder" : "check that you may read it";
    return { ok: false, absent: code === "ENOENT", problem: `${directory} cannot be read (${code}): ${cure}` };
  }
  const isCases = ({ path }: PolicyFile): boolean => path.endsWith(CASES_ENDING);
  return { ok: true, policies: files.filter((file) => !isCases(file)), cases: files.filter(isCases) };
}

/** Whether a folder is the one in a repository whose policies judge there. */
export function isOwnFolder(directory: string): boolean {
  return `${resolve(directory)}/`.endsWith(`/${POLICIES_FOLDER}`);
}

/** What is no folder itself, such as a link, and stands where a repository's folder of policies is, or the one around it; or null. Git has nothing behind it. */
export async function inPlaceOf(directory: string): Promise<string | null> {
  for (const folder of [dirname(directory), directory]) {
    const found = await lstat(folder).catch(() => null);
    if (found?.isDirectory() === false) return folder;
  }
  return null;
}

async function textOf(path: string): Promise<string | null | { readonly problem: string }> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    return { problem: unreadable(path, cause) };
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
