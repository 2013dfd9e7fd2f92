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

const STATES: ReadonlyMap<string, CommitCheck["state"]> = new Map([
  ["SUCCESS", "passed"],
  ["FAILURE", "failed"],
  ["ERROR", "failed"],
  ["PENDING", "pending"],
  ["EXPECTED", "pending"],
]);

/** GitHub lists all names at once. */
const MOST_STATUSES = 1000;

/**
 * The newest check runs of a commit, from every App, and the newest commit status of each name. `source` is another repository than this one; the
 * App must be installed there, by the same owner, and may read checks and commit statuses.
 */
export async function checksOf(
  api: GitHubApi,
  host: string,
  repository: Repository,
  source: SourceRepository | null,
  commit: Oid,
): Promise<readonly CommitCheck[]> {
  const { owner, name } = source ?? repository;
  const what = `read the checks and commit statuses of ${owner}/${name}@${commit.slice(0, 7)}`;
  if (source !== null && source.host.toLowerCase() !== host.toLowerCase()) {
    throw new PortFailure("stalled", `Could not ${what}: it is at ${source.host}, and Pinion reads checks at ${host} only.`);
  }
  // Public repositories of others can be read as well. What an image inherits from its base, or makes up, is not to pass for its own source.
  if (owner.toLowerCase() !== repository.owner.toLowerCase()) {
    throw new PortFailure("stalled", `Could not ${what}: it belongs to ${owner}, and Pinion reads checks in repositories of ${repository.owner} only.`);
  }
  const checks: CommitCheck[] = [];
  let after: string | null = null;
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const data = await api.query(repository.installation, CHECKS_OF_COMMIT, { owner, name, commit, after, first: page === 1 }, what);
    const found = data.optional("repository");
    const advice = "Install the App there too, and let it read checks and commit statuses";
    if (found === null) throw new PortFailure("stalled", `Could not ${what}: GitHub shows no such repository. ${advice}.`);
    const object = found.optional("object");
    if (object === null || object.text("__typename") !== "Commit") throw new PortFailure("stalled", `Could not ${what}: GitHub shows no such commit there.`);
    if (page === 1) checks.push(...statusesOf(object, what));
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
  const by = suite.optional("app")?.text("slug") ?? null;
  return runs.nodes.map((run) => {
    const isDone = run.text("status") === "COMPLETED";
    return { name: run.text("name"), by, state: isDone ? run.choice("conclusion", CONCLUSIONS) : "pending" };
  });
}

/** The newest of each name is all that GitHub shows here: whoever wrote over it is told, and not who said the same before. */
function statusesOf(commit: Reader, what: string): readonly CommitCheck[] {
  const contexts = commit.optional("status")?.objects("contexts") ?? [];
  if (contexts.length > MOST_STATUSES) throw new PortFailure("stalled", `Could not ${what}: there are more commit statuses than are read.`);
  return contexts.map((node) => ({ name: node.text("context"), by: creatorOf(node.optional("creator")), state: node.choice("state", STATES) }));
}

/** GraphQL leaves the `[bot]` of an App's account out, which makes it the App's slug; a person may be called like that. */
function creatorOf(creator: Reader | null): string | null {
  if (creator === null) return null;
  return creator.text("__typename") === "Bot" ? creator.text("login") : `@${creator.text("login")}`;
}
