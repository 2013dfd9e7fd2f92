import type { Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import type { FileContent } from "../../ports.ts";

/** The input of `createCommitOnBranch`. No author is given, so the App is, and GitHub signs. */
export function commitInput(
  repository: Repository,
  branch: string,
  expectedHead: Oid,
  commit: { readonly headline: string; readonly body: string; readonly files: readonly FileContent[] },
): Readonly<Record<string, unknown>> {
  return {
    branch: { repositoryNameWithOwner: `${repository.owner}/${repository.name}`, branchName: branch },
    expectedHeadOid: expectedHead,
    message: { headline: commit.headline, ...(commit.body === "" ? {} : { body: commit.body }) },
    fileChanges: {
      additions: commit.files.map((file) => ({ path: file.path, contents: Buffer.from(file.bytes).toString("base64") })),
    },
  };
}
