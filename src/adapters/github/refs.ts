import type { Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import type { WriteOutcome } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { outcomeOf } from "./api.ts";
import type { NodeIds } from "./node-ids.ts";
import { repositoryNode } from "./node-ids.ts";
import { REF, UPDATE_REFS } from "./queries.ts";

/** "No object": as `afterOid` it deletes the ref (GraphQL `RefUpdate`). */
export const NO_OBJECT: Oid = "0".repeat(40);

export interface RefMove {
  readonly branch: string;
  readonly from: Oid;
  readonly to: Oid;
}

/** All of the moves or none. `conflict` when a branch is not where it should be any more. */
export async function moveBranches(
  api: GitHubApi,
  nodeIds: NodeIds,
  repository: Repository,
  moves: readonly [RefMove, ...RefMove[]],
): Promise<WriteOutcome<null>> {
  const what = `move ${moves[0].branch} of ${repository.owner}/${repository.name}`;
  const input = {
    repositoryId: await repositoryNode(api, nodeIds, repository),
    refUpdates: moves.map(({ branch, from, to }) => ({ name: `refs/heads/${branch}`, beforeOid: from, afterOid: to, force: true })),
  };
  const result = (await api.mutate(repository.installation, UPDATE_REFS, { input }, what)).part("updateRefs");
  if (result.ok) return { outcome: "done", value: null };
  const outcome = outcomeOf(result.error);
  if (outcome.outcome === "conflict") return outcome;
  // GitHub documents no words for a `beforeOid` that does not match, so what the branch says itself decides.
  const now = await branchHead(api, repository, moves[0].branch);
  if (now === moves[0].from) return outcome;
  return { outcome: "conflict", reason: `The branch ${moves[0].branch} is at ${now ?? "nothing"} and not at ${moves[0].from}.` };
}

async function branchHead(api: GitHubApi, repository: Repository, branch: string): Promise<Oid | null> {
  const { owner, name, installation } = repository;
  const data = await api.query(installation, REF, { owner, name, ref: `refs/heads/${branch}` }, `look at ${branch} of ${owner}/${name}`);
  return data.object("repository").optional("ref")?.object("target").text("oid") ?? null;
}
