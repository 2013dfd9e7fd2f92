import { describe, expect, it } from "vitest";
import { meaningOf, type EventMeaning, type GitHubEventName } from "../../src/web/github-event.ts";

const APP = 1234;
const WHERE = {
  repository: { id: 42, name: "manifests", default_branch: "main", owner: { login: "acme" } },
  installation: { id: 7 },
};
const LOOK: EventMeaning = { kind: "look", repository: { installation: 7, id: 42, owner: "acme", name: "manifests" } };

function meaning(name: GitHubEventName, payload: unknown): EventMeaning {
  return meaningOf(name, payload, APP);
}

describe("a look is worth", () => {
  it.each<[GitHubEventName, object]>([
    ["push", { ref: "refs/heads/main" }],
    ["push", { ref: "refs/heads/main", forced: true }],
    ["push", { ref: "refs/heads/pinion-log" }],
    ["push", { ref: "refs/heads/pinion/prod/checkout/1.4.2-abc" }],
    ["pull_request", { action: "opened" }],
    ["pull_request", { action: "labeled" }],
    ["pull_request", { action: "an-action-of-next-year" }],
    ["pull_request", { action: "enqueued" }],
    ["pull_request", { action: "dequeued" }],
    ["merge_group", { action: "checks_requested" }],
    ["merge_group", { action: "destroyed" }],
    ["pull_request_review", { action: "dismissed" }],
    ["issue_comment", { action: "created", comment: { performed_via_github_app: null } }],
    ["issue_comment", { action: "created", comment: { performed_via_github_app: { id: 99 } } }],
    ["issue_comment", { action: "deleted" }],
    ["issues", { action: "labeled" }],
    ["check_run", { action: "rerequested", check_run: { app: { id: APP } } }],
    ["check_run", { action: "completed", check_run: { app: { id: 99 } } }],
    ["check_suite", { action: "rerequested", check_suite: { app: { id: APP } } }],
    ["check_suite", { action: "completed", check_suite: { app: null } }],
    ["repository", { action: "renamed" }],
    ["repository", { action: "edited" }],
  ])("%s %j", (name, payload) => {
    expect(meaning(name, { ...WHERE, ...payload })).toEqual(LOOK);
  });
});

describe("no look is worth", () => {
  it.each<[GitHubEventName, object]>([
    ["push", { ref: "refs/tags/v1" }],
    ["push", { ref: "refs/heads/feature" }],
    ["push", { ref: "refs/heads/pinion-logbook" }],
    ["push", {}],
    ["check_run", { action: "created", check_run: { app: { id: 99 } } }],
    ["check_run", { action: "completed", check_run: { app: { id: APP } } }],
    ["check_suite", { action: "requested", check_suite: { app: { id: APP } } }],
    ["check_suite", { action: "completed", check_suite: { app: { id: APP } } }],
    ["issue_comment", { action: "created", comment: { performed_via_github_app: { id: APP } } }],
  ])("%s %j", (name, payload) => {
    expect(meaning(name, { ...WHERE, ...payload }).kind).toBe("nothing");
  });

  it.each([
    [{}],
    [null],
    [[]],
    ["text"],
    [{ repository: WHERE.repository }],
    [{ installation: WHERE.installation }],
    [{ ...WHERE, repository: { ...WHERE.repository, id: "42" } }],
    [{ ...WHERE, repository: { ...WHERE.repository, owner: null } }],
    [{ ...WHERE, installation: { id: -1 } }],
    [Object.create(WHERE) as unknown],
  ])("a pull request event that is %j", (payload) => {
    expect(meaning("pull_request", payload).kind).toBe("nothing");
  });
});

it.each<[GitHubEventName, object]>([
  ["installation", { action: "created", installation: { id: 7 } }],
  ["installation", { action: "deleted", installation: { id: 7 } }],
  ["installation_repositories", { action: "added" }],
  ["repository", { action: "transferred", ...WHERE }],
])("lists the repositories anew for %s %j", (name, payload) => {
  expect(meaning(name, payload)).toEqual({ kind: "sweep" });
});

it("forgets a repository that was deleted", () => {
  expect(meaning("repository", { ...WHERE, action: "deleted" })).toEqual({ kind: "gone", repositoryId: 42 });
  expect(meaning("repository", { action: "deleted" }).kind).toBe("nothing");
});

it("knows which image was pushed to GitHub's registry, and what else is published there", () => {
  const published = (type: string): object => ({
    action: "published",
    registry_package: { name: "app", namespace: "Acme", package_type: type, owner: { login: "Acme" }, package_version: {} },
  });
  expect(meaning("registry_package", published("CONTAINER"))).toEqual({ kind: "images", repositories: ["ghcr.io/acme/app"] });
  expect(meaning("registry_package", published("npm")).kind).toBe("nothing");
  expect(meaning("registry_package", {}).kind).toBe("nothing");
  const image = { name: "app", namespace: "Acme", package_type: "CONTAINER", owner: { login: "Acme" }, package_version: {} };
  expect(meaning("package", { action: "published", package: image })).toEqual({ kind: "images", repositories: ["ghcr.io/acme/app"] });
});
