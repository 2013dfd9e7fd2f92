import { readFileSync } from "node:fs";
import { join } from "node:path";
import { emitterEventNames } from "@octokit/webhooks";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { NEEDED_PERMISSIONS } from "../../src/domain/setup/access.ts";
import { GITHUB_WEBHOOK_PATH } from "../../src/server.ts";
import { EVENTS } from "../../src/web/github-event.ts";

const manifest = parse(readFileSync(join(import.meta.dirname, "../../app.yml"), "utf8")) as {
  readonly default_events: readonly string[];
  readonly default_permissions: Readonly<Record<string, string>>;
  readonly hook_attributes: { readonly url: string; readonly active: boolean };
  readonly public: boolean;
};

/** Sent to every App, and refused in a manifest (docs.github.com, "Webhook events and payloads", `installation`). */
const SENT_ANYWAY = new Set(["installation", "installation_repositories"]);

/** What each permission is for. `events`: which events GitHub only sends to an App that has it. */
const PERMISSIONS: Readonly<Record<string, { readonly access: "read" | "write"; readonly because: string; readonly events: readonly string[] }>> = {
  contents: { access: "write", because: "createRef, createCommitOnBranch, updateRefs, merge; the mirror is fetched", events: ["push"] },
  pull_requests: {
    access: "write",
    because: "createPullRequest, closePullRequest, requestReviews, merge",
    events: ["pull_request", "pull_request_review"],
  },
  checks: { access: "write", because: "createCheckRun, updateCheckRun", events: ["check_run", "check_suite"] },
  statuses: { access: "read", because: "commit statuses beside check runs", events: [] },
  issues: { access: "write", because: "labels, comments and issues", events: ["issues", "issue_comment"] },
  deployments: { access: "write", because: "createDeployment, createDeploymentStatus", events: [] },
  metadata: { access: "read", because: "who may push; GitHub demands it", events: ["repository"] },
  members: { access: "read", because: "members of approving teams", events: [] },
  merge_queues: { access: "read", because: "being told of merge groups", events: ["merge_group"] },
  packages: { access: "read", because: "being told of pushed images", events: ["registry_package", "package"] },
};

it("asks for exactly the events that the code listens to", () => {
  expect(manifest.default_events.toSorted()).toEqual(EVENTS.filter((event) => !SENT_ANYWAY.has(event)).toSorted());
});

it("asks for events that there are", () => {
  for (const event of EVENTS) expect(emitterEventNames, event).toContain(event);
});

it("asks for exactly the permissions that have a use", () => {
  const justified = Object.fromEntries(Object.entries(PERMISSIONS).map(([name, { access }]) => [name, access]));
  expect(manifest.default_permissions).toEqual(justified);
});

it("asks for what pinion doctor looks for", () => {
  const looked = Object.fromEntries(Object.entries(NEEDED_PERMISSIONS).map(([name, { access }]) => [name, access]));
  expect(manifest.default_permissions).toEqual(looked);
});

it("has the permission that each event needs, and no event twice", () => {
  const allowed = Object.values(PERMISSIONS).flatMap(({ events }) => events);
  expect(allowed.toSorted()).toEqual(manifest.default_events.toSorted());
});

it("is told of events where the server listens for them, and is nobody else's App", () => {
  expect(new URL(manifest.hook_attributes.url).pathname).toBe(GITHUB_WEBHOOK_PATH);
  expect([manifest.hook_attributes.active, manifest.public]).toEqual([true, false]);
});
