import type { AppSetup, BranchRule, ClassicProtection, MergeMethod, RequiredCheck, RulesetSetup } from "../../domain/setup/facts.ts";
import { PortFailure, type InstalledAt, type SetupReads } from "../../ports.ts";
import type { GitHubApi, RestAnswer } from "./api.ts";
import { allPages } from "./directory.ts";
import { wordsOf } from "./failure.ts";
import { REF_UPDATE_RULE } from "./queries.ts";
import { Reader } from "./reader.ts";

/** How a repository is set up, read with the permissions that Pinion has anyway; none of administration. */
export function createSetupReads(api: GitHubApi, webUrl: string): SetupReads {
  return {
    app: () => appSetup(api, webUrl),
    installation: async (owner, name) => {
      const what = `find the App's installation in ${owner}/${name}`;
      const { status, body } = await api.rest(null, { route: "GET /repos/{owner}/{repo}/installation", parameters: { owner, repo: name }, what, accept: [404] });
      if (status === 404) return null;
      const found = new Reader(body, "installation");
      return {
        id: found.integer("id"),
        page: found.text("html_url"),
        suspended: found.optionalText("suspended_at") !== null,
        permissions: found.textsByName("permissions"),
        events: found.texts("events"),
      };
    },
    settings: async (place) => {
      const { body } = await ask(api, place, "GET /repos/{owner}/{repo}", {}, "read the settings");
      const found = new Reader(body, "repository");
      const methods = (["squash", "merge", "rebase"] as const).map((method) => ({ method, allowed: found.optionalFlag(ALLOWS[method]) }));
      return {
        defaultBranch: found.text("default_branch"),
        archived: found.flag("archived"),
        issues: found.flag("has_issues"),
        mergeMethods: methods.some(({ allowed }) => allowed === null) ? null : methods.filter(({ allowed }) => allowed).map(({ method }) => method),
      };
    },
    rules: async (place, branch) => {
      const what = `read the rules of ${branch} in ${place.owner}/${place.name}`;
      const parameters = { owner: place.owner, repo: place.name, branch };
      const rules = await allPages(api, place.installation, "GET /repos/{owner}/{repo}/rules/branches/{branch}", null, what, parameters);
      return rules.map((rule) => branchRule(rule));
    },
    classic: (place, branch) => classicProtection(api, place, branch),
    ruleset: async (place, id) => {
      const { body } = await ask(api, place, "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}", { ruleset_id: id }, `read ruleset ${id}`);
      return rulesetSetup(new Reader(body, "ruleset"));
    },
    files: async (place, branch) => {
      const { body } = await ask(api, place, "GET /repos/{owner}/{repo}/git/trees/{tree_sha}", { tree_sha: branch, recursive: "1" }, "list the files");
      const tree = new Reader(body, "tree");
      if (tree.flag("truncated")) {
        throw new PortFailure("stalled", `Could not list the files of ${place.owner}/${place.name}: there are more than GitHub lists at once.`);
      }
      return tree.objects("tree").filter((entry) => entry.text("type") === "blob").map((entry) => entry.text("path"));
    },
    text: async (place, branch, path) => {
      const { status, body } = await ask(api, place, "GET /repos/{owner}/{repo}/contents/{path}", { path, ref: branch }, `read ${path}`, [404]);
      if (status === 404) return null;
      const file = new Reader(body, "contents");
      if (file.text("type") !== "file" || file.optionalText("encoding") !== "base64") {
        throw new PortFailure("stalled", `Could not read ${path} of ${place.owner}/${place.name}: it is no regular file, or larger than GitHub shows.`);
      }
      return Buffer.from(file.text("content"), "base64").toString("utf8");
    },
    codeOwnersErrors: async (place) => {
      const { body } = await ask(api, place, "GET /repos/{owner}/{repo}/codeowners/errors", {}, "ask for mistakes in CODEOWNERS");
      const errors = new Reader(body, "codeowners").objects("errors");
      return errors.map((error) => ({ line: error.integer("line"), kind: error.text("kind"), source: error.optionalText("source") ?? "" }));
    },
  };
}

async function appSetup(api: GitHubApi, webUrl: string): Promise<AppSetup> {
  const app = new Reader((await api.rest(null, { route: "GET /app", parameters: {}, what: "find out who the App is" })).body, "app");
  const slug = app.text("slug");
  const owner = app.object("owner");
  // An enterprise that owns an App has a slug and no login.
  const login = owner.optionalText("login");
  const whose = owner.optionalText("type") === "Organization" && login !== null ? `organizations/${login}/` : "";
  const settingsPage = `${webUrl}/${whose}settings/apps/${slug}`;
  return { id: app.integer("id"), slug, settingsPage, permissions: app.textsByName("permissions"), events: app.texts("events") };
}

const ALLOWS: Readonly<Record<MergeMethod, string>> = { squash: "allow_squash_merge", merge: "allow_merge_commit", rebase: "allow_rebase_merge" };

function ask(
  api: GitHubApi,
  { installation, owner, name }: InstalledAt,
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  what: string,
  accept: readonly number[] = [],
): Promise<RestAnswer> {
  return api.rest(installation, { route, parameters: { owner, repo: name, ...parameters }, what: `${what} of ${owner}/${name}`, accept });
}

/** The simple rules by GitHub's names for them (REST API, "Get rules for a branch"). */
const SIMPLE = new Map([
  ["creation", "creation"],
  ["update", "update"],
  ["deletion", "deletion"],
  ["non_fast_forward", "force-push"],
  ["required_linear_history", "linear-history"],
  ["required_signatures", "signatures"],
] as const);

function branchRule(rule: Reader): BranchRule {
  const ruleset = rule.integer("ruleset_id");
  const type = rule.text("type");
  const simple = [...SIMPLE].find(([name]) => name === type)?.[1];
  if (simple !== undefined) return { ruleset, kind: simple };
  if (type === "required_status_checks") {
    const parameters = rule.object("parameters");
    const required = parameters.objects("required_status_checks").map((check) => requiredCheck(check, "integration_id"));
    return { ruleset, kind: "checks", required, upToDate: parameters.flag("strict_required_status_checks_policy") };
  }
  if (type === "pull_request") {
    const parameters = rule.object("parameters");
    return {
      ruleset,
      kind: "pull-request",
      approvals: parameters.integer("required_approving_review_count"),
      codeOwners: parameters.flag("require_code_owner_review"),
      lastPush: parameters.flag("require_last_push_approval"),
      mergeMethods: parameters.optionalTexts("allowed_merge_methods")?.filter((method) => isMergeMethod(method)) ?? null,
    };
  }
  if (type === "merge_queue") {
    const parameters = rule.object("parameters");
    const method = parameters.text("merge_method").toLowerCase();
    return { ruleset, kind: "merge-queue", allGreen: parameters.text("grouping_strategy") !== "HEADGREEN", method: isMergeMethod(method) ? method : "merge" };
  }
  return { ruleset, kind: "other", name: type };
}

function isMergeMethod(text: string): text is MergeMethod {
  return text in ALLOWS;
}

/** No App, and the number -1, both stand for any source. */
function requiredCheck(check: Reader, key: string): RequiredCheck {
  const id = check.optionalInteger(key);
  return { name: check.text("context"), appId: id === null || id < 0 ? null : id };
}

/**
 * What is told of classic protection to who may read: the required checks with their sources by REST ("Get a branch"), the rest by
 * GraphQL (`refUpdateRule`). The whole of it would take administration permission.
 */
async function classicProtection(api: GitHubApi, place: InstalledAt, branch: string): Promise<ClassicProtection | null> {
  const { installation, owner, name } = place;
  const { status, body } = await ask(api, place, "GET /repos/{owner}/{repo}/branches/{branch}", { branch }, `read the protection of ${branch}`, [404]);
  if (status === 404) {
    // The same status says that the repository cannot be seen, which is no answer to the question.
    if (/branch not found/i.test(wordsOf(body))) return null;
    throw new PortFailure("stalled", `Could not read the protection of ${branch} of ${owner}/${name}: GitHub answered 404 ("${wordsOf(body)}").`);
  }
  const what = `read what ${branch} of ${owner}/${name} demands`;
  const found = await api.query(installation, REF_UPDATE_RULE, { owner, name, ref: `refs/heads/${branch}` }, what);
  const rule = found.object("repository").optional("ref")?.optional("refUpdateRule") ?? null;
  if (rule === null) return null;
  const checks = new Reader(body, "branch").object("protection").optional("required_status_checks");
  const level = checks?.optionalText("enforcement_level") ?? null;
  return {
    checks: level === "off" ? [] : (checks?.objects("checks").map((check) => requiredCheck(check, "app_id")) ?? []),
    adminsExempt: level === null || level === "off" ? null : level !== "everyone",
    approvals: rule.optionalInteger("requiredApprovingReviewCount") ?? 0,
    codeOwners: rule.flag("requiresCodeOwnerReviews"),
    forcePushes: rule.flag("allowsForcePushes"),
    deletions: rule.flag("allowsDeletions"),
    linearHistory: rule.flag("requiresLinearHistory"),
  };
}

const BYPASSES = new Map([
  ["always", "always"],
  ["exempt", "always"],
  ["pull_requests_only", "pull-requests"],
  ["never", "never"],
] as const);

function rulesetSetup(ruleset: Reader): RulesetSetup {
  const told = ruleset.optionalText("current_user_can_bypass");
  const actors = ruleset.optionalObjects("bypass_actors");
  return {
    id: ruleset.integer("id"),
    name: ruleset.text("name"),
    page: ruleset.optional("_links")?.optional("html")?.optionalText("href") ?? null,
    appBypasses: [...BYPASSES].find(([name]) => name === told)?.[1] ?? "untold",
    bypassActors: actors?.map((actor) => ({ kind: actor.text("actor_type"), id: actor.optionalInteger("actor_id") })) ?? null,
  };
}
