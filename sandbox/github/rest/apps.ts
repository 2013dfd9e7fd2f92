import type { Access, App, Installation, Permissions } from "../model.ts";
import { SandboxRefusal, notFound, unprocessable } from "../refusal.ts";
import { app, installation, iso, publicUser } from "../render/accounts.ts";
import { repository } from "../render/repositories.ts";
import { installationFor, tokenCovers } from "../state/access.ts";
import { repositoriesOf } from "../state/accounts.ts";
import { issueInstallationToken } from "../state/tokens.ts";
import type { Fields } from "./fields.ts";
import type { RestCall, Route } from "./route.ts";
import { created, numberParameter, ok, page, parameter, route } from "./route.ts";

function callingApp(call: RestCall): App {
  if (call.actor.kind === "anonymous") throw new SandboxRefusal(401, "unauthenticated", "Requires authentication");
  if (call.actor.kind !== "app") {
    throw new SandboxRefusal(401, "unauthenticated", "A JSON web token could not be decoded");
  }
  return call.actor.app;
}

function installationIn(call: RestCall): Installation {
  const caller = callingApp(call);
  const id = numberParameter(call, "installation_id");
  const found = call.state.installations.find((candidate) => candidate.id === id && candidate.app === caller);
  if (found === undefined) throw notFound();
  return found;
}

function isAccess(value: unknown): value is Access {
  return value === "read" || value === "write" || value === "admin";
}

function permissionsIn(body: Fields): Permissions | undefined {
  const asked = body.object("permissions");
  if (asked === undefined) return undefined;
  const found: Record<string, Access> = {};
  for (const [name, access] of asked.entries()) {
    if (!isAccess(access))
      throw unprocessable(`Invalid request.\n\nFor 'permissions/${name}', ${JSON.stringify(access)} is not an access level.`);
    found[name] = access;
  }
  return found;
}

function accessToken(call: RestCall) {
  const where = installationIn(call);
  const permissions = permissionsIn(call.body);
  const repositoryIds = call.body.numbers("repository_ids");
  const repositories = call.body.texts("repositories");
  const made = issueInstallationToken(
    call.state,
    where,
    {
      ...(permissions === undefined ? {} : { permissions }),
      ...(repositoryIds === undefined ? {} : { repositoryIds }),
      ...(repositories === undefined ? {} : { repositories }),
    },
    call.realNow,
  );
  return created({
    token: made.token,
    expires_at: iso(made.expiresAt),
    permissions: made.permissions,
    repository_selection: made.repositories === null ? where.repositorySelection : "selected",
    ...(made.repositories === null ? {} : { repositories: made.repositories.map((each) => repository(call.state, each)) }),
  });
}

function installationRepositories(call: RestCall) {
  const { actor, state } = call;
  if (actor.kind !== "installation") {
    throw new SandboxRefusal(
      403,
      "forbidden",
      "You must authenticate with an installation access token in order to list repositories for an installation.",
    );
  }
  const mine = repositoriesOf(state, actor.installation).filter((each) => tokenCovers(actor, each));
  const selection = actor.repositories === null ? actor.installation.repositorySelection : "selected";
  return page(
    call,
    mine,
    (each) => repository(state, each),
    (repositories, total) => ({ total_count: total, repository_selection: selection, repositories }),
  );
}

function repositoryInstallation(call: RestCall) {
  const caller = callingApp(call);
  const where = call.state.repository(parameter(call, "owner"), parameter(call, "repo"));
  const found = where === null ? null : installationFor(call.state, caller, where);
  if (found === null) throw notFound();
  return ok(installation(call.state, found));
}

export const appRoutes: readonly Route[] = [
  route("GET", "/app", (call) => ok(app(call.state, callingApp(call)))),
  route("GET", "/app/installations", (call) => {
    const caller = callingApp(call);
    const mine = call.state.installations.filter((candidate) => candidate.app === caller);
    return page(call, mine, (each) => installation(call.state, each));
  }),
  route("GET", "/app/installations/{installation_id}", (call) => ok(installation(call.state, installationIn(call)))),
  route("POST", "/app/installations/{installation_id}/access_tokens", accessToken),
  route("GET", "/installation/repositories", installationRepositories),
  route("GET", "/repos/{owner}/{repo}/installation", repositoryInstallation),
  route("GET", "/users/{username}", (call) => {
    const account = call.state.accountByLogin(parameter(call, "username"));
    if (account === null) throw notFound();
    return ok(publicUser(call.state, account));
  }),
];
