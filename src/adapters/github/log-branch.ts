import type { Repository } from "../../domain/observation.ts";
import { LOG_BRANCH } from "../../domain/record-file.ts";
import type { Oid } from "../../domain/release.ts";
import type { FileContent, WriteOutcome } from "../../ports.ts";
import { PortFailure } from "../../ports.ts";
import type { GitHubApi, RestAnswer } from "./api.ts";
import { wordsOf } from "./failure.ts";
import { Reader } from "./reader.ts";

/**
 * GraphQL makes no commit without a parent, so the first one is made over REST. It names no author and no committer:
 * only then does GitHub sign it as the App's (REST API, "Create a commit").
 */
export async function startLog(
  api: GitHubApi,
  repository: Repository,
  files: readonly FileContent[],
  headline: string,
): Promise<WriteOutcome<Oid>> {
  const { owner, name, installation } = repository;
  const what = `start the promotion log of ${owner}/${name}`;
  const post = (kind: string, fields: Readonly<Record<string, unknown>>, accept: readonly number[] = []): Promise<RestAnswer> => {
    const route = `POST /repos/{owner}/{repo}/git/${kind}`;
    return api.rest(installation, { route, parameters: { owner, repo: name, ...fields }, what, accept });
  };
  const entries = files.map((file) => ({ path: file.path, mode: "100644", type: "blob", content: textOf(file, what) }));
  const tree = await post("trees", { tree: entries });
  const treeOid = new Reader(tree.body, "tree").text("sha");
  const commit = await post("commits", { message: headline, tree: treeOid, parents: [] });
  const oid = new Reader(commit.body, "commit").text("sha");
  const ref = await post("refs", { ref: `refs/heads/${LOG_BRANCH}`, sha: oid }, [409, 422]);
  if (ref.status < 400) return { outcome: "done", value: oid };
  const words = wordsOf(ref.body);
  return { outcome: /already exists/i.test(words) ? "conflict" : "refused", reason: words };
}

/** Contents go into a tree as text. Records are JSON, so they are text. */
function textOf(file: FileContent, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file.bytes);
  } catch (cause) {
    throw new PortFailure("error", `Could not ${what}: ${file.path} is not UTF-8.`, { cause });
  }
}
