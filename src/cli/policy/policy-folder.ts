import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CASES_ENDING } from "../../domain/policy/cases.ts";
import type { PolicyFile } from "../../domain/policy/own-policies.ts";
import { codeOf, unreadable } from "../set.ts";

/** The files of a folder: policies, and cases that stand beside them. `text` is null where a file is no UTF-8. */
export type PolicyFolder =
  | { readonly ok: true; readonly policies: readonly PolicyFile[]; readonly cases: readonly PolicyFile[] }
  /** `absent`: there is no such folder. */
  | { readonly ok: false; readonly absent: boolean; readonly problem: string };

/** Reads the `*.yaml` of a folder, not those of folders in it. */
export async function readPolicyFolder(directory: string): Promise<PolicyFolder> {
  const files: PolicyFile[] = [];
  try {
    const names = await readdir(directory);
    for (const name of names.filter((one) => /\.ya?ml$/.test(one)).toSorted()) {
      const path = join(directory, name);
      const text = await textOf(path);
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
