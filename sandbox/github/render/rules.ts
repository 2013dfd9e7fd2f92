import type { BranchProtection, MergeQueueSettings, Repository, RequiredCheck, Rule, Ruleset } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { queueSettings } from "../state/protection.ts";
import type { Json } from "./accounts.ts";
import { app, iso, simpleUser, team } from "./accounts.ts";
import { fullName, repositoryPage, repositoryUrl } from "./repositories.ts";

function checkParameters(check: RequiredCheck): Json {
  return { context: check.context, ...(check.appId === null ? {} : { integration_id: check.appId }) };
}

function queueParameters(settings: MergeQueueSettings): Json {
  return {
    check_response_timeout_minutes: settings.checkTimeoutMinutes,
    grouping_strategy: settings.strategy,
    max_entries_to_build: settings.maxToBuild,
    max_entries_to_merge: settings.maxToMerge,
    merge_method: settings.method.toUpperCase(),
    min_entries_to_merge: settings.minToMerge,
    min_entries_to_merge_wait_minutes: settings.minWaitMinutes,
  };
}

function parameters(rule: Rule): Json {
  switch (rule.type) {
    case "required_status_checks":
      return {
        parameters: {
          strict_required_status_checks_policy: rule.strict,
          do_not_enforce_on_create: false,
          required_status_checks: rule.required.map(checkParameters),
        },
      };
    case "pull_request":
      return {
        parameters: {
          required_approving_review_count: rule.approvals,
          dismiss_stale_reviews_on_push: rule.dismissStale,
          require_code_owner_review: rule.codeOwners,
          require_last_push_approval: rule.lastPush ?? false,
          required_review_thread_resolution: false,
          allowed_merge_methods: rule.methods ?? ["merge", "squash", "rebase"],
        },
      };
    case "merge_queue":
      return { parameters: queueParameters(queueSettings(rule)) };
    case "update":
      return { parameters: { update_allows_fetch_and_merge: false } };
    case "creation":
    case "deletion":
    case "non_fast_forward":
    case "required_signatures":
    case "required_linear_history":
      return {};
  }
}

/** One rule as `rules/branches/{branch}` gives it, with the ruleset it comes from. */
export function branchRule(repository: Repository, ruleset: Ruleset, rule: Rule): Json {
  return {
    type: rule.type,
    ...parameters(rule),
    ruleset_source_type: "Repository",
    ruleset_source: fullName(repository),
    ruleset_id: ruleset.id,
  };
}

/** The numbers GitHub has for the roles that may bypass (docs, "Repository rulesets"). */
const ROLE_ID: Readonly<Record<string, number>> = { read: 1, maintain: 2, triage: 3, write: 4, admin: 5 };

/** What lists show of a ruleset: everything but its rules and conditions. */
export function rulesetSummary(state: GitHubState, repository: Repository, ruleset: Ruleset): Json {
  return {
    id: ruleset.id,
    name: ruleset.name,
    target: "branch",
    source_type: "Repository",
    source: fullName(repository),
    enforcement: ruleset.enforcement,
    node_id: ruleset.nodeId,
    _links: {
      self: { href: `${repositoryUrl(state, repository)}/rulesets/${ruleset.id}` },
      html: { href: `${repositoryPage(state, repository)}/rules/${ruleset.id}` },
    },
    created_at: iso(ruleset.createdAt),
    updated_at: iso(ruleset.createdAt),
  };
}

/** What the one who asks may do about a ruleset. */
export type Bypass = "always" | "pull_requests_only" | "never";

/** One ruleset by itself. Who else may bypass it is told to administrators only. */
export function ruleset(state: GitHubState, repository: Repository, shown: Ruleset, asked: { readonly administrator: boolean; readonly bypass: Bypass }): Json {
  return {
    ...rulesetSummary(state, repository, shown),
    current_user_can_bypass: asked.bypass,
    conditions: { ref_name: { include: shown.include, exclude: shown.exclude } },
    rules: shown.rules.map((rule) => ({ type: rule.type, ...parameters(rule) })),
    ...(asked.administrator
      ? {
          bypass_actors: shown.bypass.map((entry) =>
            entry.type === "Integration"
              ? { actor_id: entry.appId, actor_type: "Integration", bypass_mode: entry.mode }
              : { actor_id: ROLE_ID[entry.role], actor_type: "RepositoryRole", bypass_mode: entry.mode },
          ),
        }
      : {}),
  };
}

/** Classic protection of one branch, for administrators. */
export function branchProtection(state: GitHubState, repository: Repository, branch: string, shown: BranchProtection): Json {
  const url = `${repositoryUrl(state, repository)}/branches/${encodeURIComponent(branch)}/protection`;
  return {
    url,
    ...(shown.checks === null ? {} : { required_status_checks: requiredChecks(url, shown.checks) }),
    ...(shown.reviews === null
      ? {}
      : {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: shown.reviews.dismissStale,
            require_code_owner_reviews: shown.reviews.codeOwners,
            required_approving_review_count: shown.reviews.count,
            require_last_push_approval: false,
          },
        }),
    ...(shown.restrictions === null ? {} : { restrictions: restrictions(state, repository, url, shown.restrictions) }),
    required_signatures: { url: `${url}/required_signatures`, enabled: false },
    enforce_admins: { url: `${url}/enforce_admins`, enabled: shown.enforceAdmins },
    required_linear_history: { enabled: shown.linearHistory },
    allow_force_pushes: { enabled: shown.allowForcePushes },
    allow_deletions: { enabled: shown.allowDeletions },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: false },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  };
}

function requiredChecks(url: string, checks: NonNullable<BranchProtection["checks"]>): Json {
  return {
    url: `${url}/required_status_checks`,
    strict: checks.strict,
    contexts: checks.required.map(({ context }) => context),
    contexts_url: `${url}/required_status_checks/contexts`,
    checks: checks.required.map(({ context, appId }) => ({ context, app_id: appId })),
  };
}

function restrictions(state: GitHubState, repository: Repository, url: string, shown: NonNullable<BranchProtection["restrictions"]>): Json {
  const at = `${url}/restrictions`;
  const teams = shown.teams.map((slug) => state.team(repository.owner.login, slug));
  return {
    url: at,
    users_url: `${at}/users`,
    teams_url: `${at}/teams`,
    apps_url: `${at}/apps`,
    users: shown.users.map((login) => simpleUser(state, state.account(login))),
    teams: teams.filter((each) => each !== null).map((each) => team(state, each)),
    apps: state.apps.filter((each) => shown.apps.includes(each.slug)).map((each) => app(state, each)),
  };
}

/** The part of a branch's protection that anyone who can read sees. */
export function protectionSummary(shown: BranchProtection | null): Json {
  if (shown === null) return { enabled: false, required_status_checks: { enforcement_level: "off", contexts: [], checks: [] } };
  return {
    enabled: true,
    required_status_checks: {
      enforcement_level: shown.checks === null ? "off" : shown.enforceAdmins ? "everyone" : "non_admins",
      contexts: shown.checks?.required.map(({ context }) => context) ?? [],
      checks: shown.checks?.required.map(({ context, appId }) => ({ context, app_id: appId })) ?? [],
    },
  };
}
