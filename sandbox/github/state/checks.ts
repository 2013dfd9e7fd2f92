import type { Actor, App, CheckConclusion, CheckOutput, CheckRun, CheckStatus, Instant, Oid, Repository } from "../model.ts";
import { SandboxRefusal, invalid, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { actingAccount, requireAccess } from "./access.ts";
import { suiteFor } from "./suites.ts";
import { lengthOf } from "./text-limits.ts";

/** GitHub's limit for a check run's summary and text (docs, "Check runs"). */
const OUTPUT_LIMIT = 65_535;

export interface CheckInput {
  readonly name?: string;
  readonly status?: CheckStatus;
  readonly conclusion?: CheckConclusion;
  readonly externalId?: string;
  readonly detailsUrl?: string;
  readonly startedAt?: Instant;
  readonly completedAt?: Instant;
  readonly output?: CheckOutput;
  readonly actions?: CheckRun["actions"];
}

function requireCheckApp(state: GitHubState, actor: Actor, repository: Repository): App {
  if (actor.kind === "user") throw new SandboxRefusal(403, "forbidden", "You must authenticate via a GitHub App.");
  requireAccess(state, actor, repository, { app: [["checks", "write"]], role: "admin" });
  if (actor.kind !== "installation") throw new Error("only an installation passes the access test");
  return actor.app;
}

function requireOutput(input: CheckInput): void {
  for (const field of ["summary", "text"] as const) {
    if (lengthOf(input.output?.[field] ?? "") > OUTPUT_LIMIT) {
      throw invalid({ resource: "CheckRun", code: "custom", field, message: `${field} exceeds a maximum of ${OUTPUT_LIMIT} characters` });
    }
  }
  if ((input.actions ?? []).length > 3) throw unprocessable("Invalid request.\n\nNo more than 3 items are allowed.");
  if (input.status === "completed" && input.conclusion === undefined) {
    throw invalid({ resource: "CheckRun", code: "missing_field", field: "conclusion" });
  }
}

function branchAt(repository: Repository, sha: Oid): string | null {
  const found = [...repository.refs].find(([name, oid]) => oid === sha && name.startsWith("refs/heads/"));
  return found === undefined ? null : found[0].slice("refs/heads/".length);
}

export async function createCheckRun(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  input: CheckInput & { readonly name: string; readonly headSha: Oid },
): Promise<CheckRun> {
  const app = requireCheckApp(state, actor, repository);
  requireOutput(input);
  if (input.name.trim() === "") throw invalid({ resource: "CheckRun", code: "missing_field", field: "name" });
  if ((await repository.git.objectType(input.headSha)) !== "commit") throw unprocessable(`No commit found for SHA: ${input.headSha}`);
  const run: CheckRun = {
    kind: "check-run",
    ...state.identify("check-run"),
    suite: suiteFor(state, repository, app, input.headSha, branchAt(repository, input.headSha)),
    name: input.name,
    headSha: input.headSha,
    status: "queued",
    conclusion: null,
    externalId: null,
    detailsUrl: null,
    output: { title: null, summary: null, text: null },
    actions: [],
    startedAt: input.startedAt ?? state.now(),
    completedAt: null,
  };
  write(state, run, input);
  repository.checkRuns.push(state.register(run));
  state.emit({ name: "check_run", action: "created", sender: actingAccount(actor), run, requestedAction: null });
  if (run.status === "completed") completed(state, actor, run);
  return run;
}

/** Only the App that made a run may change it. */
export async function updateCheckRun(state: GitHubState, actor: Actor, run: CheckRun, input: CheckInput): Promise<CheckRun> {
  const app = requireCheckApp(state, actor, run.suite.repository);
  if (app !== run.suite.app) {
    const message = `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`;
    throw new SandboxRefusal(403, "forbidden", message);
  }
  requireOutput(input);
  const before = run.status;
  // Completed runs stay so, whatever they come to: what starts anew needs a new run.
  if (before === "completed" && input.conclusion === undefined && input.status !== undefined && input.status !== "completed") {
    throw unprocessable("Invalid request.\n\nA completed check run cannot be reopened.");
  }
  write(state, run, input);
  if (run.status === "completed" && before !== "completed") completed(state, actor, run);
  return run;
}

function write(state: GitHubState, run: CheckRun, input: CheckInput): void {
  // A conclusion alone completes the run (docs, "Update a check run").
  const status = input.conclusion === undefined ? (input.status ?? run.status) : "completed";
  run.name = input.name ?? run.name;
  run.status = status;
  run.conclusion = status === "completed" ? (input.conclusion ?? run.conclusion) : null;
  run.externalId = input.externalId ?? run.externalId;
  run.detailsUrl = input.detailsUrl ?? run.detailsUrl;
  run.output = input.output ?? run.output;
  run.actions = input.actions ?? run.actions;
  run.startedAt = input.startedAt ?? run.startedAt;
  run.completedAt = status === "completed" ? (input.completedAt ?? run.completedAt ?? state.now()) : null;
  run.suite.updatedAt = state.now();
}

function completed(state: GitHubState, actor: Actor, run: CheckRun): void {
  const sender = actingAccount(actor);
  const { suite } = run;
  state.emit({ name: "check_run", action: "completed", sender, run, requestedAction: null });
  const runs = suite.repository.checkRuns.filter((candidate) => candidate.suite === suite);
  if (runs.every((candidate) => candidate.status === "completed")) state.emit({ name: "check_suite", action: "completed", sender, suite });
}

/** A person presses "Re-run" on a check: nothing changes, but the App is told. */
export async function rerequestCheckRun(state: GitHubState, actor: Actor, run: CheckRun): Promise<void> {
  const sender = requireAccess(state, actor, run.suite.repository, { app: [["checks", "write"]], role: "write" });
  state.emit({ name: "check_run", action: "rerequested", sender, run, requestedAction: null });
}
