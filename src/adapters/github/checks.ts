import type { CommitCheck, Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import type { SourceRepository } from "../../domain/source-commit.ts";
import { PortFailure } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { CHECKS_OF_COMMIT } from "./queries.ts";
import { pageOf, type Reader } from "./reader.ts";

const MOST_PAGES = 10;

const CONCLUSIONS: ReadonlyMap<string, CommitCheck["state"]> = new Map([
  ["SUCCESS", "passed"],
  ["NEUTRAL", "skipped"],
  ["SKIPPED", "skipped"],
  ["FAILURE", "failed"],
  ["CANCELLED", "failed"],
  ["TIMED_OUT", "failed"],
  ["ACTION_REQUIRED", "failed"],
  ["STARTUP_FAILURE", "failed"],
  ["STALE", "failed"],
]);

/**
 * The newest check runs of a commit, from every App. `source` is another repository than this one; the App must be installed there, by the same
 * owner, and may read checks.
 */
export async function checksOf(
  api: GitHubApi,
  host: string,
  repository: Repository,
  source: SourceRepository | null,
  commit: Oid,
): Promise<readonly CommitCheck[]> {
  const { owner, name } = source ?? repository;
  const what = `read the checks of ${owner}/${name}@${commit.slice(0, 7)}`;
  if (source !== null && source.host.toLowerCase() !== host.toLowerCase()) {
    throw new PortFailure("stalled", `Could not ${what}: it is at ${source.host}, and Pinion reads checks at ${host} only.`);
  }
  // A public repository can be read wherever it is; what passed in a stranger's says nothing.
  if (owner.toLowerCase() !== repository.owner.toLowerCase()) {
    throw new PortFailure("stalled", `Could not ${what}: ${owner}/${name} is not ${repository.owner}'s, as this repository is, so its checks do not count.`);
  }
  const checks: CommitCheck[] = [];
  let after: string | null = null;
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const data = await api.query(repository.installation, CHECKS_OF_COMMIT, { owner, name, commit, after }, what);
    const found = data.optional("repository");
    const advice = "Install the App there too, and let it read checks";
    if (found === null) throw new PortFailure("stalled", `Could not ${what}: GitHub shows no such repository. ${advice}.`);
    const object = found.optional("object");
    if (object === null || object.text("__typename") !== "Commit") throw new PortFailure("stalled", `Could not ${what}: GitHub shows no such commit there.`);
    const { nodes, next } = pageOf(object, "checkSuites");
    for (const suite of nodes) checks.push(...runsOf(suite, what));
    if (next === null) return checks;
    after = next;
  }
  throw new PortFailure("stalled", `Could not ${what}: there are more check suites than are read.`);
}

function runsOf(suite: Reader, what: string): readonly CommitCheck[] {
  const runs = pageOf(suite, "checkRuns");
  if (runs.next !== null) throw new PortFailure("stalled", `Could not ${what}: one suite has more check runs than are read.`);
  const app = suite.optional("app")?.text("slug") ?? "unknown";
  return runs.nodes.map((run) => {
    const isDone = run.text("status") === "COMPLETED";
    return { name: run.text("name"), app, state: isDone ? run.choice("conclusion", CONCLUSIONS) : "pending" };
  });
}
