import type { Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import type { Forge, WriteOutcome } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { wordsOf } from "./failure.ts";
import { Reader } from "./reader.ts";

/** What 405 says when only the base moved; every other 405 stays until something changes. */
const BASE_MOVED = /base branch was modified/i;

/**
 * Merges exactly `head`: GitHub compares it with the branch (REST API, "Merge a pull request", `sha`). Never sent
 * twice, because a merge whose answer was lost would then be answered as a refusal.
 */
export async function merge(
  api: GitHubApi,
  repository: Repository,
  pullRequest: number,
  wanted: Parameters<Forge["merge"]>[2],
): Promise<WriteOutcome<Oid>> {
  const { status, body } = await api.rest(repository.installation, {
    route: "PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge",
    parameters: {
      owner: repository.owner,
      repo: repository.name,
      pull_number: pullRequest,
      sha: wanted.head,
      merge_method: wanted.method,
      commit_title: wanted.title,
      commit_message: wanted.message,
    },
    what: `merge ${repository.owner}/${repository.name}#${pullRequest}`,
    accept: [404, 405, 409, 422],
  });
  const words = wordsOf(body);
  if (status === 404) return { outcome: "conflict", reason: "The pull request is not there any more." };
  if (status === 409 || (status === 405 && BASE_MOVED.test(words))) return { outcome: "conflict", reason: words };
  if (status >= 400) return { outcome: "refused", reason: words === "" ? `GitHub answered ${status}` : words };
  const answer = new Reader(body, "merge");
  if (!answer.flag("merged")) return { outcome: "refused", reason: words };
  return { outcome: "done", value: answer.text("sha") };
}
