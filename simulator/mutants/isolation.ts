/** A copy of Pinion and its simulator in a folder of its own, with a mistake in it. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutant } from "./mutant.ts";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = ["src", "simulator", "sandbox", "policies", "package.json"] as const;

/** Makes the copy, does this with its folder, and takes it away again. Without a mutant it is an honest copy. */
export async function inCopy<T>(mutant: Mutant | null, then: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "pinion-mutant-"));
  try {
    for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    for (const [file, text] of mutant === null ? [] : await mutated(mutant)) await writeFile(join(folder, file), text);
    return await then(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The files that a mutant changes, with its changes made.
 *
 * @throws when a text is not found exactly once: the code has changed, and the mutant must follow it.
 */
export async function mutated({ name, edits }: Mutant): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { file, text, replacement } of edits) {
    const before = files.get(file) ?? (await readFile(join(ROOT, file), "utf8"));
    const [head, ...tails] = before.split(text);
    const [tail] = tails;
    if (head === undefined || tail === undefined || tails.length !== 1) {
      throw new Error(`the mutant "${name}" changes a text that is found ${tails.length} times in ${file}, and not once: ${text}`);
    }
    files.set(file, head + replacement + tail);
  }
  return files;
}
