import type { QuarantineEntry, Repository } from "../domain/observation.ts";
import { noQuarantineFile, parseQuarantine, QUARANTINE_FOLDER } from "../domain/quarantine.ts";
import type { Oid } from "../domain/release.ts";
import type { FolderEntry, ManifestsRepository } from "../ports.ts";

/** What a commit or tree has in quarantine. With a problem it is not known what else is, so nothing may pass. */
export interface QuarantineFiles {
  readonly entries: readonly QuarantineEntry[];
  readonly problems: readonly string[];
}

export async function readQuarantine(manifests: ManifestsRepository, repository: Repository, treeish: Oid): Promise<QuarantineFiles> {
  const there = await manifests.folder(repository, treeish, QUARANTINE_FOLDER);
  const files = there.filter(isRead);
  const contents = await manifests.read(
    repository,
    files.map(({ blob }) => blob),
  );
  const entries: QuarantineEntry[] = [];
  const problems = there.flatMap(problemOf);
  for (const { path, blob } of files) {
    const bytes = contents.get(blob);
    const parsed = bytes === undefined ? { ok: false as const, problem: `${path} is too large` } : parseQuarantine(path, new TextDecoder().decode(bytes));
    if (parsed.ok) entries.push(parsed.entry);
    else problems.push(parsed.problem);
  }
  return { entries, problems };
}

/** What would be wrong in a tree by the changes that lead to it, but for what stands in the files; asks Git only where they concern the quarantine. */
export async function misplacedQuarantines(manifests: ManifestsRepository, repository: Repository, tree: Oid, changed: readonly string[]): Promise<readonly string[]> {
  const concerned = changed.filter((path) => noQuarantineFile(path) !== null);
  if (concerned.length === 0) return [];
  const there = await manifests.folder(repository, tree, QUARANTINE_FOLDER);
  return there.filter(({ path }) => concerned.some((one) => one === path || one.startsWith(path))).flatMap(problemOf);
}

function isRead(entry: FolderEntry): entry is FolderEntry & { readonly blob: Oid } {
  return entry.blob !== null && entry.path.startsWith(QUARANTINE_FOLDER);
}

function problemOf(entry: FolderEntry): readonly string[] {
  const problem = isRead(entry) ? null : noQuarantineFile(entry.path);
  return problem === null ? [] : [problem];
}
