import { COMMIT_STATUS_STATES } from "../model.ts";
import { unprocessable } from "../refusal.ts";
import { combinedStatus, commitStatus, simpleStatus } from "../render/statuses.ts";
import { requireAccess } from "../state/access.ts";
import { resolveCommit } from "../state/commits.ts";
import { createStatus, latestStatuses } from "../state/statuses.ts";
import type { RestCall, Route } from "./route.ts";
import { created, page, parameter, repositoryIn, route } from "./route.ts";

const READ_STATUSES = { app: [["statuses", "read"]], role: "read" } as const;

async function commitIn(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, READ_STATUSES);
  const sha = await resolveCommit(where, parameter(call, "ref"));
  if (sha === null) throw unprocessable(`No commit found for SHA: ${parameter(call, "ref")}`);
  return { where, sha };
}

const REPO = "/repos/{owner}/{repo}";

export const statusRoutes: readonly Route[] = [
  route("POST", `${REPO}/statuses/{sha}`, async (call) => {
    const state = call.body.choice("state", COMMIT_STATUS_STATES);
    if (state === undefined) throw unprocessable("Validation Failed");
    const said = { context: call.body.text("context") ?? "default", description: call.body.text("description") ?? null, targetUrl: call.body.text("target_url") ?? null };
    const made = await createStatus(call.state, call.actor, repositoryIn(call), { sha: parameter(call, "sha"), state, ...said });
    return created(commitStatus(call.state, made));
  }),
  route("GET", `${REPO}/commits/{+ref}/statuses`, async (call) => {
    const { where, sha } = await commitIn(call);
    const found = where.commitStatuses.filter((status) => status.sha === sha).toReversed();
    return page(call, found, (status) => commitStatus(call.state, status));
  }),
  route("GET", `${REPO}/commits/{+ref}/status`, async (call) => {
    const { where, sha } = await commitIn(call);
    const all = latestStatuses(where, sha);
    const shown = (status: (typeof all)[number]) => simpleStatus(call.state, status);
    return page(call, all, shown, (statuses) => combinedStatus(call.state, where, sha, all, statuses));
  }),
];
