import type { Account, App, CheckSuite, Oid, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { allows, installationFor } from "./access.ts";

/** The App's check suite for a commit; made on first use. */
export function suiteFor(state: GitHubState, repository: Repository, app: App, headSha: Oid, headBranch: string | null): CheckSuite {
  const existing = repository.checkSuites.find((suite) => suite.app === app && suite.headSha === headSha);
  if (existing !== undefined) return existing;
  const now = state.now();
  const suite: CheckSuite = {
    kind: "check-suite",
    ...state.identify("check-suite"),
    repository,
    app,
    headSha,
    headBranch,
    createdAt: now,
    updatedAt: now,
  };
  repository.checkSuites.push(suite);
  return state.register(suite);
}

/** GitHub asks every App that may write checks for a suite when code is pushed (docs, "Checks: check suites"). */
export function requestSuites(state: GitHubState, sender: Account, repository: Repository, branch: string, sha: Oid): void {
  for (const app of state.apps) {
    const installation = installationFor(state, app, repository);
    if (installation === null || !allows(installation.permissions, "checks", "write")) continue;
    if (repository.checkSuites.some((suite) => suite.app === app && suite.headSha === sha)) continue;
    state.emit({ name: "check_suite", sender, action: "requested", suite: suiteFor(state, repository, app, sha, branch) });
  }
}
