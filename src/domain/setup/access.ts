export type Access = "read" | "write";

/** What the App must be allowed, and for what. `app.yml` asks for exactly this; names and levels as in GitHub's "Permissions required for GitHub Apps". */
export const NEEDED_PERMISSIONS: Readonly<Record<string, { readonly access: Access; readonly use: string }>> = {
  contents: { access: "write", use: "promotion branches, merges and the promotion log" },
  pull_requests: { access: "write", use: "opening, closing and merging promotions" },
  checks: { access: "write", use: "the check Pinion" },
  statuses: { access: "read", use: "what systems outside GitHub say of commits, for gates that look at checks" },
  issues: { access: "write", use: "labels, comments, and issues that freeze an environment" },
  deployments: { access: "write", use: "showing what was promoted where" },
  metadata: { access: "read", use: "reading anything at all" },
  members: { access: "read", use: "knowing who is in an approving team" },
  merge_queues: { access: "read", use: "being told what a merge queue tries" },
  packages: { access: "read", use: "being told of images pushed to GitHub's registry" },
};

/** The events that the App must be subscribed to; what comes to every App unasked is not among them. */
export const NEEDED_EVENTS = [
  "push",
  "pull_request",
  "pull_request_review",
  "issue_comment",
  "issues",
  "merge_group",
  "check_run",
  "check_suite",
  "repository",
  // An image in GitHub's registry: Apps are told by the first name, webhooks of repositories by the second.
  "registry_package",
  "package",
] as const;

/** Permissions that are missing from what is held; `write` includes `read`. */
export function missingPermissions(held: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(NEEDED_PERMISSIONS)
    .filter(([name, { access }]) => !(held[name] === "write" || held[name] === "admin" || held[name] === access))
    .map(([name]) => name);
}

export function missingEvents(held: readonly string[]): readonly string[] {
  return NEEDED_EVENTS.filter((event) => !held.includes(event));
}
