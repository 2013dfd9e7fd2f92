import type { Repository } from "../domain/observation.ts";
import { parseGitHub } from "../domain/registry-events/github.ts";
import { NEEDED_EVENTS } from "../domain/setup/access.ts";

/** What an event means for Pinion: which repositories to look at, and nothing else. */
export type EventMeaning =
  | { readonly kind: "look"; readonly repository: Repository }
  /** The set of repositories changed. */
  | { readonly kind: "sweep" }
  | { readonly kind: "gone"; readonly repositoryId: number }
  /** Repositories (normalised) of images that were pushed. */
  | { readonly kind: "images"; readonly repositories: readonly string[] }
  | { readonly kind: "nothing"; readonly reason: string };

/** The events that Pinion asks GitHub for, and two which every App gets. */
export const EVENTS = [...NEEDED_EVENTS, "installation", "installation_repositories"] as const;

export type GitHubEventName = (typeof EVENTS)[number];

/** Branches of Pinion's own: the log, and those of its pull requests. */
const OWN_BRANCH = /^refs\/heads\/pinion(?:-log$|\/)/;

/** Reads a payload whose signature was good. What Pinion itself caused is no news, where that is certain. */
export function meaningOf(name: GitHubEventName, payload: unknown, appId: number): EventMeaning {
  const action = at(payload, "action");
  switch (name) {
    case "installation":
    case "installation_repositories":
      return { kind: "sweep" };
    case "registry_package":
    case "package":
      return pushedImages(payload);
    case "repository":
      if (action === "deleted") return gone(payload);
      // Moved or renamed, it may belong to another installation now.
      return action === "transferred" ? { kind: "sweep" } : look(payload);
    case "push":
      return isBranchOfInterest(payload)
        ? look(payload)
        : nothing("a push to another branch: its pull request, if any, is told of by itself");
    case "check_run":
    case "check_suite":
      // Other Apps' checks can be what a merge waits for; of our own, only the button is news.
      if (action !== "completed" && action !== "rerequested") return nothing(`a check was ${String(action)}`);
      if (action === "completed" && at(payload, name, "app", "id") === appId) return nothing("Pinion's own check");
      return look(payload);
    case "issue_comment":
      return at(payload, "comment", "performed_via_github_app", "id") === appId ? nothing("Pinion's own comment") : look(payload);
    case "merge_group":
    case "pull_request":
    case "pull_request_review":
    case "issues":
      return look(payload);
  }
}

function look(payload: unknown): EventMeaning {
  const id = at(payload, "repository", "id");
  const name = at(payload, "repository", "name");
  const owner = at(payload, "repository", "owner", "login");
  const installation = at(payload, "installation", "id");
  if (!isId(id) || !isId(installation) || typeof name !== "string" || typeof owner !== "string") {
    return nothing("the payload does not say which repository and installation it is about");
  }
  return { kind: "look", repository: { installation, id, owner, name } };
}

function gone(payload: unknown): EventMeaning {
  const id = at(payload, "repository", "id");
  return isId(id) ? { kind: "gone", repositoryId: id } : nothing("the payload does not say which repository is gone");
}

function pushedImages(payload: unknown): EventMeaning {
  const event = parseGitHub(payload);
  if ("repositories" in event) return { kind: "images", repositories: event.repositories };
  return nothing("ignored" in event ? event.ignored : event.invalid);
}

function isBranchOfInterest(payload: unknown): boolean {
  const ref = at(payload, "ref");
  return typeof ref === "string" && (ref === `refs/heads/${String(at(payload, "repository", "default_branch"))}` || OWN_BRANCH.test(ref));
}

function nothing(reason: string): EventMeaning {
  return { kind: "nothing", reason };
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** The value under a path of own keys, or undefined where the path ends. */
function at(value: unknown, ...path: readonly string[]): unknown {
  let current: unknown = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}
