import type { Repository } from "../model.ts";
import { SandboxRefusal, notFound } from "../refusal.ts";
import { publicUser } from "../render/accounts.ts";
import { repositoryCommit } from "../render/commits.ts";
import { fullRepository, repositoryPage, repositoryUrl } from "../render/repositories.ts";
import { branchProtection, branchRule, protectionSummary, ruleset, rulesetSummary } from "../render/rules.ts";
import { label } from "../render/threads.ts";
import { atLeast, requireAccess, requireVisible, roleOf } from "../state/access.ts";
import { codeOwnersErrors } from "../state/code-owners.ts";
import { createLabel, labelNamed } from "../state/labels.ts";
import { bypassOf, rulesetsOf } from "../state/protection.ts";
import type { RestCall, Route } from "./route.ts";
import { created, numberParameter, ok, page, parameter, repositoryIn, route } from "./route.ts";

const READ_CONTENTS = { app: [["contents", "read"]], role: "read" } as const;
const READ_METADATA = { app: [["metadata", "read"]], role: "read" } as const;

function showRepository(call: RestCall, where: Repository) {
  const { actor, state } = call;
  const role = actor.kind === "user" ? roleOf(state, actor.account, where) : null;
  // Who may not change the repository is not told how it merges; an App with contents access is.
  const settings = atLeast(role, "write") || (actor.kind === "installation" && actor.permissions["contents"] !== undefined);
  return ok(fullRepository(state, where, role, settings));
}

/** GitHub's older word for a role. */
const LEGACY = { admin: "admin", maintain: "write", write: "write", triage: "read", read: "read" } as const;

function collaboratorPermission(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, { ...READ_METADATA, role: "write" });
  const login = parameter(call, "username");
  const account = call.state.accountByLogin(login);
  if (account === null) throw notFound();
  if (account.type !== "User") throw new SandboxRefusal(404, "not-found", `${login} is not a user`);
  const role = roleOf(call.state, account, where);
  return ok({
    permission: role === null ? "none" : LEGACY[role],
    role_name: role ?? "none",
    user: {
      ...publicUser(call.state, account),
      permissions: {
        admin: atLeast(role, "admin"),
        maintain: atLeast(role, "maintain"),
        push: atLeast(role, "write"),
        triage: atLeast(role, "triage"),
        pull: atLeast(role, "read"),
      },
      role_name: role ?? "none",
    },
  });
}

async function branch(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, READ_CONTENTS);
  const name = parameter(call, "branch");
  const oid = where.refs.get(`refs/heads/${name}`);
  const commit = oid === undefined ? null : await where.git.commit(oid);
  if (commit === null) throw new SandboxRefusal(404, "not-found", "Branch not found");
  const protection = where.protections.get(name) ?? null;
  const url = `${repositoryUrl(call.state, where)}/branches/${encodeURIComponent(name)}`;
  return ok({
    name,
    commit: repositoryCommit(call.state, where, commit),
    _links: { self: url, html: `${repositoryPage(call.state, where)}/tree/${name}` },
    protected: protection !== null || rulesetsOf(where, name).some((each) => each.enforcement === "active"),
    protection: protectionSummary(protection),
    protection_url: `${url}/protection`,
  });
}

function protection(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, { app: [["administration", "read"]], role: "admin", hidden: true });
  const name = parameter(call, "branch");
  if (!where.refs.has(`refs/heads/${name}`)) throw new SandboxRefusal(404, "not-found", "Branch not found");
  const found = where.protections.get(name);
  if (found === undefined) throw new SandboxRefusal(404, "not-found", "Branch not protected");
  return ok(branchProtection(call.state, where, name, found));
}

function branchRules(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, READ_METADATA);
  const active = rulesetsOf(where, parameter(call, "branch")).filter((each) => each.enforcement === "active");
  const rules = active.flatMap((each) => each.rules.map((rule) => branchRule(where, each, rule)));
  return page(call, rules, (rule) => rule);
}

function oneRuleset(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, READ_METADATA);
  const id = numberParameter(call, "ruleset_id");
  const found = where.rulesets.find((each) => each.id === id);
  if (found === undefined) throw notFound();
  const { actor, state } = call;
  const administrator =
    actor.kind === "user"
      ? roleOf(state, actor.account, where) === "admin"
      : actor.kind === "installation" && actor.permissions["administration"] === "write";
  return ok(ruleset(state, where, found, { administrator, bypass: bypassOf(state, actor, where, found) }));
}

async function newLabel(call: RestCall) {
  const where = repositoryIn(call);
  const made = await createLabel(call.state, call.actor, where, {
    name: call.body.requiredText("name"),
    color: call.body.text("color") ?? "ededed",
    description: call.body.text("description") ?? null,
  });
  return created(label(call.state, where, made));
}

const READ_LABELS = {
  app: [
    ["issues", "read"],
    ["pull_requests", "read"],
  ],
  role: "read",
} as const;

export const repositoryRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}", (call) => showRepository(call, repositoryIn(call))),
  route("GET", "/repositories/{repository_id}", (call) => {
    const found = call.state.repositoryById(numberParameter(call, "repository_id"));
    if (found === null) throw notFound();
    requireVisible(call.state, call.actor, found);
    return showRepository(call, found);
  }),
  route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", collaboratorPermission),
  route("GET", "/repos/{owner}/{repo}/branches/{+branch}/protection", protection),
  route("GET", "/repos/{owner}/{repo}/branches/{+branch}", branch),
  route("GET", "/repos/{owner}/{repo}/rules/branches/{+branch}", branchRules),
  route("GET", "/repos/{owner}/{repo}/rulesets", (call) => {
    const where = repositoryIn(call);
    requireAccess(call.state, call.actor, where, READ_METADATA);
    return page(call, where.rulesets, (each) => rulesetSummary(call.state, where, each));
  }),
  route("GET", "/repos/{owner}/{repo}/rulesets/{ruleset_id}", oneRuleset),
  route("GET", "/repos/{owner}/{repo}/codeowners/errors", async (call) => {
    const where = repositoryIn(call);
    requireAccess(call.state, call.actor, where, READ_CONTENTS);
    const errors = await codeOwnersErrors(call.state, where);
    if (errors === null) throw notFound();
    return ok({ errors });
  }),
  route("GET", "/repos/{owner}/{repo}/labels", (call) => {
    const where = repositoryIn(call);
    requireAccess(call.state, call.actor, where, READ_LABELS);
    return page(call, [...where.labels.values()], (each) => label(call.state, where, each));
  }),
  route("POST", "/repos/{owner}/{repo}/labels", newLabel),
  route("GET", "/repos/{owner}/{repo}/labels/{name}", (call) => {
    const where = repositoryIn(call);
    requireAccess(call.state, call.actor, where, READ_LABELS);
    const found = labelNamed(where, parameter(call, "name"));
    if (found === null) throw notFound();
    return ok(label(call.state, where, found));
  }),
];
