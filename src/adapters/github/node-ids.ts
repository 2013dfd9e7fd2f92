import { NewestEntries } from "../../domain/newest-entries.ts";
import type { Repository } from "../../domain/observation.ts";
import type { GitHubApi } from "./api.ts";
import { REPOSITORY_ID } from "./queries.ts";

/** How many check runs are remembered; the oldest are forgotten first. */
const MOST_CHECKS = 10_000;

/**
 * The ids that GraphQL's mutations want, remembered from what GitHub answered. Nothing is lost when they are forgotten: the
 * repository's is asked for again, and a check run can be updated by its number over REST.
 */
export class NodeIds {
  readonly #repositories = new Map<number, string>();
  readonly #checks = new NewestEntries<string, string>(MOST_CHECKS);

  repository(repository: Repository, id: string): void {
    this.#repositories.set(repository.id, id);
  }

  ofRepository(repository: Repository): string | null {
    return this.#repositories.get(repository.id) ?? null;
  }

  check(repository: Repository, check: number, id: string): void {
    this.#checks.set(`${repository.id}/${check}`, id);
  }

  ofCheck(repository: Repository, check: number): string | null {
    return this.#checks.get(`${repository.id}/${check}`) ?? null;
  }
}

export async function repositoryNode(api: GitHubApi, nodeIds: NodeIds, repository: Repository): Promise<string> {
  const known = nodeIds.ofRepository(repository);
  if (known !== null) return known;
  const { owner, name } = repository;
  const data = await api.query(repository.installation, REPOSITORY_ID, { owner, name }, `find ${owner}/${name}`);
  const id = data.object("repository").text("id");
  nodeIds.repository(repository, id);
  return id;
}
