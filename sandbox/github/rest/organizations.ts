import type { Team } from "../model.ts";
import { forbiddenToApp, notFound } from "../refusal.ts";
import { fullOrganization, simpleUser, team, teamMembership } from "../render/accounts.ts";
import { actingAccount, activeMembers, allows, isOrganisationMember } from "../state/access.ts";
import type { RestCall, Route } from "./route.ts";
import { ok, page, parameter, route } from "./route.ts";

/** The team, for members of the organisation and for Apps that may read members there. Everyone else gets 404. */
function teamIn(call: RestCall): Team {
  const { actor, state } = call;
  const found = state.team(parameter(call, "org"), parameter(call, "team_slug"));
  const account = actingAccount(actor);
  if (found === null) throw notFound();
  if (actor.kind === "installation") {
    if (actor.installation.account !== found.organization) throw notFound();
    if (!allows(actor.permissions, "members", "read")) throw forbiddenToApp();
  } else if (!isOrganisationMember(state, found.organization, account)) throw notFound();
  return found;
}

const TEAM = "/orgs/{org}/teams/{team_slug}";

export const organizationRoutes: readonly Route[] = [
  route("GET", TEAM, (call) => {
    const found = teamIn(call);
    const { organization } = found;
    return ok({
      ...team(call.state, found),
      members_count: activeMembers(call.state, found).length,
      repos_count: found.repositories.size,
      created_at: new Date(found.createdAt).toISOString(),
      updated_at: new Date(found.createdAt).toISOString(),
      organization: fullOrganization(call.state, organization),
    });
  }),
  route("GET", `${TEAM}/members`, (call) =>
    page(call, activeMembers(call.state, teamIn(call)), (member) => simpleUser(call.state, member)),
  ),
  route("GET", `${TEAM}/memberships/{username}`, (call) => {
    const found = teamIn(call);
    const account = call.state.accountByLogin(parameter(call, "username"));
    const own = account === null ? undefined : found.members.get(account.id);
    if (account === null) throw notFound();
    if (own !== undefined) return ok(teamMembership(call.state, found, own));
    // A member of a child team is a member here, by inheritance.
    if (!activeMembers(call.state, found).includes(account)) throw notFound();
    return ok(teamMembership(call.state, found, { account, state: "active", role: "member" }));
  }),
];
