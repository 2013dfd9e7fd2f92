import { policiesIn, type Environment } from "../config.ts";
import type { Draft } from "../draft.ts";
import type { Facts } from "../facts.ts";
import { policiesInForce } from "../policy/evaluate.ts";
import { parameterValues } from "../policy/parameters.ts";
import type { JudgedPromotion } from "../promotion-facts.ts";
import { approvalsFact } from "./approvals.ts";
import { PEOPLE_MAX_AGE } from "./people.ts";

/** The parameter by which a policy says which teams it asks after. */
const PARAMETER = "teams";

/** Those whose approvals count, each with the teams that policies name. Nobody's team is asked for before anybody has approved. */
export function approversFact(draft: Draft, promotion: JudgedPromotion): Facts["approvers"] {
  const approvals = approvalsFact(draft, promotion);
  if ("unknown" in approvals) return approvals;
  const teams = approvals.by.length === 0 ? [] : teamsNamed(draft, promotion.environment);
  const asked = teams.map((team) => ({ team, members: draft.ask({ kind: "team", team }, PEOPLE_MAX_AGE) }));
  const membersOf = new Map<string, ReadonlySet<string>>();
  for (const { team, members } of asked) {
    if (members === null) return { unknown: `who is in team ${team} has not been asked yet` };
    if (!members.known) return { unknown: members.reason };
    membersOf.set(team, new Set(members.value.map((login) => login.toLowerCase())));
  }
  return approvals.by.map((login) => ({ login, teams: teams.filter((team) => membersOf.get(team)?.has(login.toLowerCase())) }));
}

function teamsNamed(draft: Draft, environment: Environment): readonly string[] {
  const configured = policiesIn(draft.config, environment);
  const named = policiesInForce(draft.policies.policies, configured).flatMap(({ name, parameters }) => {
    const read = parameterValues(parameters, configured.get(name) ?? new Map());
    const teams = read.ok ? read.values[PARAMETER] : [];
    return Array.isArray(teams) ? teams.filter((team) => typeof team === "string") : [];
  });
  return [...new Set(named)];
}
