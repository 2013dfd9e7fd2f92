import { CHECK_CONCLUSIONS } from "../model.ts";
import type { CheckOutput, CheckRun, Repository } from "../model.ts";
import { notFound, unprocessable } from "../refusal.ts";
import { checkRun, checkSuite, suiteHead } from "../render/checks.ts";
import { requireAccess } from "../state/access.ts";
import type { CheckInput } from "../state/checks.ts";
import { createCheckRun, rerequestCheckRun, updateCheckRun } from "../state/checks.ts";
import { resolveCommit } from "../state/commits.ts";
import { latestRuns } from "../state/required.ts";
import type { Fields } from "./fields.ts";
import type { RestCall, Route } from "./route.ts";
import { created, numberParameter, ok, page, parameter, repositoryIn, route } from "./route.ts";

const READ_CHECKS = { app: [["checks", "read"]], role: "read" } as const;
const STATUSES = ["queued", "in_progress", "completed", "waiting", "requested", "pending"] as const;

function output(body: Fields): CheckOutput | undefined {
  const given = body.object("output");
  if (given === undefined) return undefined;
  return { title: given.text("title") ?? null, summary: given.requiredText("summary"), text: given.text("text") ?? null };
}

function checkInput(body: Fields): CheckInput {
  const found = {
    status: body.choice("status", STATUSES),
    conclusion: body.choice("conclusion", CHECK_CONCLUSIONS),
    externalId: body.text("external_id"),
    detailsUrl: body.text("details_url"),
    startedAt: body.time("started_at"),
    completedAt: body.time("completed_at"),
    output: output(body),
    actions: body.objects("actions")?.map((action) => ({
      label: action.requiredText("label"),
      description: action.requiredText("description"),
      identifier: action.requiredText("identifier"),
    })),
    name: body.text("name"),
  };
  // Only what was sent: an absent field leaves the run as it is.
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function runIn(call: RestCall): CheckRun {
  const id = numberParameter(call, "check_run_id");
  const found = repositoryIn(call).checkRuns.find((run) => run.id === id);
  if (found === undefined) throw notFound();
  return found;
}

function readable(call: RestCall): Repository {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, READ_CHECKS);
  return where;
}

async function shaIn(call: RestCall, where: Repository): Promise<string> {
  const sha = await resolveCommit(where, parameter(call, "ref"));
  if (sha === null) throw unprocessable(`No commit found for SHA: ${parameter(call, "ref")}`);
  return sha;
}

async function runsOfCommit(call: RestCall) {
  const where = readable(call);
  const sha = await shaIn(call, where);
  const all = call.query.get("filter") === "all" ? where.checkRuns.filter((run) => run.headSha === sha) : latestRuns(where, sha);
  const name = call.query.get("check_name");
  const status = call.query.get("status");
  const appId = call.query.get("app_id");
  const found = all
    .filter((run) => name === null || run.name === name)
    .filter((run) => status === null || run.status === status)
    .filter((run) => appId === null || String(run.suite.app.id) === appId)
    .toReversed();
  return page(
    call,
    found,
    (run) => checkRun(call.state, run),
    (check_runs, total_count) => ({ total_count, check_runs }),
  );
}

async function suitesOfCommit(call: RestCall) {
  const where = readable(call);
  const sha = await shaIn(call, where);
  return page(
    call,
    where.checkSuites.filter((suite) => suite.headSha === sha),
    async (suite) => ({ ...checkSuite(call.state, suite), head_commit: await suiteHead(suite) }),
    (check_suites, total_count) => ({ total_count, check_suites }),
  );
}

const REPO = "/repos/{owner}/{repo}";

export const checkRoutes: readonly Route[] = [
  route("POST", `${REPO}/check-runs`, async (call) => {
    const input = { ...checkInput(call.body), name: call.body.requiredText("name"), headSha: call.body.requiredText("head_sha") };
    return created(checkRun(call.state, await createCheckRun(call.state, call.actor, repositoryIn(call), input)));
  }),
  route("PATCH", `${REPO}/check-runs/{check_run_id}`, async (call) =>
    ok(checkRun(call.state, await updateCheckRun(call.state, call.actor, runIn(call), checkInput(call.body)))),
  ),
  route("GET", `${REPO}/check-runs/{check_run_id}`, (call) => {
    readable(call);
    return ok(checkRun(call.state, runIn(call)));
  }),
  route("POST", `${REPO}/check-runs/{check_run_id}/rerequest`, async (call) => {
    await rerequestCheckRun(call.state, call.actor, runIn(call));
    return created({});
  }),
  route("GET", `${REPO}/check-suites/{check_suite_id}`, async (call) => {
    const id = numberParameter(call, "check_suite_id");
    const found = readable(call).checkSuites.find((suite) => suite.id === id);
    if (found === undefined) throw notFound();
    return ok({ ...checkSuite(call.state, found), head_commit: await suiteHead(found) });
  }),
  route("GET", `${REPO}/check-suites/{check_suite_id}/check-runs`, (call) => {
    const id = numberParameter(call, "check_suite_id");
    const found = readable(call).checkRuns.filter((run) => run.suite.id === id);
    return page(
      call,
      found,
      (run) => checkRun(call.state, run),
      (check_runs, total_count) => ({ total_count, check_runs }),
    );
  }),
  route("GET", `${REPO}/commits/{+ref}/check-runs`, runsOfCommit),
  route("GET", `${REPO}/commits/{+ref}/check-suites`, suitesOfCommit),
];
