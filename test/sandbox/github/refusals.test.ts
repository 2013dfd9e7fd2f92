import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "../../../sandbox/github/people.ts";
import type { BranchProtection, Oid, Repository } from "../../../sandbox/github/model.ts";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { startGitHub } from "../../../sandbox/github/sandbox.ts";
import type { Answer } from "./client.ts";
import { call, installationToken, listAt, numberAt, textAt } from "./client.ts";

interface Scene {
  readonly repository: Repository;
  readonly alice: Person;
  readonly bob: Person;
  /** An open pull request by alice from `feature`. */
  readonly number: number;
  readonly head: Oid;
  readonly base: Oid;
  /** As the App, below the repository. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Answer>;
  readonly askAs: (token: string, method: string, path: string, body?: unknown) => Promise<Answer>;
}

let github: GitHubSandbox;
let token: string;
let count = 0;

beforeAll(async () => {
  github = await startGitHub();
  token = await installationToken(github);
});

afterAll(() => github.close());

async function scene(): Promise<Scene> {
  count += 1;
  const collaborators = { alice: "write", bob: "write", tina: "triage", rita: "read" } as const;
  const repository = await github.seedRepository(`deploy-${count}`, { "a.yaml": "tag: 1\n" }, { collaborators });
  const [alice, bob] = [github.person("alice", repository), github.person("bob", repository)];
  const base = repository.refs.get("refs/heads/main") ?? "";
  const head = await alice.editInBrowser("feature", { "a.yaml": "tag: 2\n" }, "Two");
  const number = await alice.openPullRequest({ head: "feature", title: "Two" });
  const askAs: Scene["askAs"] = (as, method, path, body) => call(github, as, method, `/repos/acme/${repository.name}${path}`, body);
  return { repository, alice, bob, number, head, base, askAs, ask: (...rest) => askAs(token, ...rest) };
}

type Case = readonly [name: string, provoke: (scene: Scene) => Promise<Answer>, status: number, said: string | RegExp];

function expectRefused(answer: Answer, status: number, said: string | RegExp): void {
  expect({ status: answer.status, said: answer.said }).toEqual({
    status,
    said: typeof said === "string" ? said : expect.stringMatching(said),
  });
}

function merge({ ask, number, head }: Scene, body: object = {}) {
  return ask("PUT", `/pulls/${number}/merge`, { sha: head, merge_method: "squash", ...body });
}

function protectedBy(settings: Partial<BranchProtection>) {
  return async (given: Scene) => {
    github.protect(given.repository, "main", settings);
    return merge(given);
  };
}

const PINION = { strict: false, required: [{ context: "Pinion", appId: 900_001 }] };

describe("merging is refused", () => {
  const cases: readonly Case[] = [
    ["for another head", (given) => merge(given, { sha: given.base }), 409, "Head branch was modified. Review and try the merge again."],
    [
      "after a push to the head",
      async (given) => {
        await given.alice.editInBrowser("feature", { "a.yaml": "tag: 3\n" }, "Three");
        return merge(given);
      },
      409,
      "Head branch was modified. Review and try the merge again.",
    ],
    [
      "for a conflict",
      async (given) => {
        await given.bob.editInBrowser("main", { "a.yaml": "tag: 9\n" }, "Nine");
        return merge(given);
      },
      405,
      "Pull Request is not mergeable",
    ],
    [
      "when it is closed",
      async (given) => {
        await given.alice.closePullRequest(given.number);
        return merge(given);
      },
      405,
      "Pull Request is not mergeable",
    ],
    [
      "the second time",
      async (given) => {
        await merge(given);
        return merge(given);
      },
      405,
      "Pull Request is not mergeable",
    ],
    [
      "for a draft",
      async (given) => {
        await given.alice.editInBrowser("draft", { "b.yaml": "b: 1\n" }, "Draft");
        const number = await given.alice.openPullRequest({ head: "draft", title: "Draft", draft: true });
        return given.ask("PUT", `/pulls/${number}/merge`, {});
      },
      405,
      "Pull Request is still a draft",
    ],
    [
      "by a method that is off",
      async (given) => {
        given.repository.mergeMethods.delete("squash");
        return merge(given);
      },
      405,
      "Squash merges are not allowed on this repository.",
    ],
    ["without the required check", protectedBy({ checks: PINION }), 405, 'Required status check "Pinion" is expected.'],
    [
      "without the required approval",
      protectedBy({ reviews: { count: 1, dismissStale: false, codeOwners: false } }),
      405,
      "At least 1 approving review is required by reviewers with write access.",
    ],
    [
      "for who may not push to a restricted branch",
      protectedBy({ restrictions: { users: ["alice"], teams: [], apps: [] } }),
      405,
      "You're not authorized to push to this branch.",
    ],
    [
      "by a ruleset",
      async (given) => {
        const required = [{ context: "Pinion", appId: github.app.id }];
        github.addRuleset(given.repository, {
          name: "main",
          include: ["~DEFAULT_BRANCH"],
          rules: [{ type: "required_status_checks", strict: false, required }],
        });
        return merge(given);
      },
      405,
      'Repository rule violations found\n\nRequired status check "Pinion" is expected.\n\n',
    ],
    ["of what is no pull request", ({ ask }) => ask("PUT", "/pulls/77/merge", {}), 404, "Not Found"],
  ];
  it.each(cases)("%s", async (_name, provoke, status, said) => {
    const given = await scene();
    expectRefused(await provoke(given), status, said);
  });
});

describe("required checks", () => {
  const check = (given: Scene, state: object) => given.ask("POST", "/check-runs", { name: "Pinion", head_sha: given.head, ...state });

  it("count only from the App that the rule names, on the head, when they passed", async () => {
    const given = await scene();
    github.protect(given.repository, "main", { checks: { strict: false, required: [{ context: "Pinion", appId: 4711 }] } });
    await check(given, { conclusion: "success" });
    expectRefused(await merge(given), 405, 'Required status check "Pinion" is expected.');
    github.protect(given.repository, "main", { checks: { strict: false, required: [{ context: "Pinion", appId: github.app.id }] } });
    expect((await merge(given)).status).toBe(200);
  });

  it("do not count while they run or when they failed, and the newest run counts", async () => {
    const given = await scene();
    github.protect(given.repository, "main", { checks: { strict: false, required: [{ context: "Pinion", appId: null }] } });
    await check(given, { status: "in_progress" });
    expectRefused(await merge(given), 405, 'Required status check "Pinion" is in progress.');
    await check(given, { conclusion: "failure" });
    expectRefused(await merge(given), 405, 'Required status check "Pinion" is failing.');
    await check(given, { conclusion: "neutral" });
    expect((await merge(given)).status).toBe(200);
  });
});

describe("required approvals", () => {
  it("count from writers other than the author, by their newest decision", async () => {
    const given = await scene();
    github.protect(given.repository, "main", { reviews: { count: 1, dismissStale: false, codeOwners: false } });
    const missing = "At least 1 approving review is required by reviewers with write access.";
    await github.person("rita", given.repository).approve(given.number);
    expectRefused(await merge(given), 405, missing);
    await given.bob.approve(given.number);
    await given.bob.requestChanges(given.number, "On second thought");
    expectRefused(await merge(given), 405, /requested/);
    const again = await given.bob.approve(given.number);
    await given.bob.dismissReview(given.number, again, "Not yet");
    expectRefused(await merge(given), 405, missing);
    await given.bob.approve(given.number);
    expect((await merge(given)).status).toBe(200);
  });
});

describe("opening a pull request is refused", () => {
  const open = ({ ask }: Scene, body: object) => ask("POST", "/pulls", { title: "T", head: "feature", base: "main", ...body });
  const cases: readonly Case[] = [
    ["when one is open", (given) => open(given, {}), 422, "Validation Failed | A pull request already exists for acme:feature."],
    ["from a branch that is not there", (given) => open(given, { head: "nowhere" }), 422, "Validation Failed | head invalid"],
    ["into a branch that is not there", (given) => open(given, { base: "nowhere" }), 422, "Validation Failed | base invalid"],
    [
      "without anything new",
      async (given) => {
        await given.ask("POST", "/git/refs", { ref: "refs/heads/same", sha: given.base });
        return open(given, { head: "same" });
      },
      422,
      "Validation Failed | No commits between main and same",
    ],
    ["without a title", (given) => open(given, { title: "" }), 422, "Validation Failed | title missing_field"],
    [
      "with a title too long",
      (given) => open(given, { title: "é".repeat(257) }),
      422,
      "Validation Failed | title is too long (maximum is 256 characters)",
    ],
    [
      "with a body too long",
      (given) => open(given, { body: "x".repeat(65_537) }),
      422,
      "Validation Failed | Body is too long (maximum is 65536 characters)",
    ],
    [
      "for a reader of this repository",
      ({ askAs }) => askAs(github.userToken("rita"), "POST", "/pulls", { title: "T", head: "feature", base: "main" }),
      422,
      "Validation Failed | must be a collaborator",
    ],
  ];
  it.each(cases)("%s", async (_name, provoke, status, said) => {
    const given = await scene();
    expectRefused(await provoke(given), status, said);
  });

  it("but not with a title of exactly 256 characters", async () => {
    const given = await scene();
    await given.alice.editInBrowser("other", { "b.yaml": "b: 1\n" }, "B");
    expect((await open(given, { head: "other", title: "é".repeat(256) })).status).toBe(201);
  });
});

describe("an edit in the browser", () => {
  it("is refused to a person who may not write, or whom a rule stops", async () => {
    const { repository } = await scene();
    const rita = github.person("rita", repository);
    await expect(rita.editInBrowser("feature", { "a.yaml": "mine\n" }, "Mine")).rejects.toMatchObject({ name: "PersonRefused", status: 404 });
    github.addRuleset(repository, { name: "main", include: ["~DEFAULT_BRANCH"], rules: [{ type: "required_status_checks", ...PINION }] });
    const alice = github.person("alice", repository);
    await expect(alice.editInBrowser("main", { "a.yaml": "mine\n" }, "Mine")).rejects.toMatchObject({ name: "PersonRefused", status: 422 });
  });
});

describe("refs", () => {
  const cases: readonly Case[] = [
    [
      "a name that is taken",
      ({ ask, base }) => ask("POST", "/git/refs", { ref: "refs/heads/feature", sha: base }),
      422,
      "Reference already exists",
    ],
    [
      "an object that is not there",
      ({ ask }) => ask("POST", "/git/refs", { ref: "refs/heads/x", sha: "1".repeat(40) }),
      422,
      "Object does not exist",
    ],
    [
      "a name that Git forbids",
      ({ ask, base }) => ask("POST", "/git/refs", { ref: "refs/heads/a..b", sha: base }),
      422,
      "Reference name is not valid",
    ],
    [
      "a name below another",
      ({ ask, base }) => ask("POST", "/git/refs", { ref: "refs/heads/feature/x", sha: base }),
      422,
      "Reference update failed",
    ],
    [
      "going back without force",
      ({ ask, base }) => ask("PATCH", "/git/refs/heads/feature", { sha: base }),
      422,
      "Update is not a fast forward",
    ],
    ["moving what is not there", ({ ask, base }) => ask("PATCH", "/git/refs/heads/x", { sha: base }), 422, "Reference does not exist"],
    ["deleting what is not there", ({ ask }) => ask("DELETE", "/git/refs/heads/x"), 422, "Reference does not exist"],
    [
      "moving a protected branch",
      ({ repository, ask, head }) => {
        github.protect(repository, "main", { checks: { strict: false, required: [{ context: "Pinion", appId: null }] } });
        return ask("PATCH", "/git/refs/heads/main", { sha: head });
      },
      422,
      'Required status check "Pinion" is expected.',
    ],
    [
      "deleting against a ruleset",
      ({ repository, ask }) => {
        github.addRuleset(repository, { name: "keep", include: ["refs/heads/f*"], rules: [{ type: "deletion" }] });
        return ask("DELETE", "/git/refs/heads/feature");
      },
      422,
      "Repository rule violations found\n\nCannot delete this branch\n\n",
    ],
    ["reading what is not there", ({ ask }) => ask("GET", "/git/ref/heads/x"), 404, "Not Found"],
  ];
  it.each(cases)("refuse %s", async (_name, provoke, status, said) => {
    const given = await scene();
    expectRefused(await provoke(given), status, said);
  });
});

describe("reviews", () => {
  const reviewAs = (given: Scene, login: string, body: object) =>
    given.askAs(github.userToken(login), "POST", `/pulls/${given.number}/reviews`, body);
  const cases: readonly Case[] = [
    [
      "one's own approval",
      (given) => reviewAs(given, "alice", { event: "APPROVE" }),
      422,
      "Unprocessable Entity | Can not approve your own pull request",
    ],
    [
      "asking oneself for changes",
      (given) => reviewAs(given, "alice", { event: "REQUEST_CHANGES", body: "no" }),
      422,
      "Unprocessable Entity | Can not request changes on your own pull request",
    ],
    ["asking for changes without a word", (given) => reviewAs(given, "bob", { event: "REQUEST_CHANGES" }), 422, /blank/],
    [
      "approval of a commit that is not in it",
      (given) => reviewAs(given, "bob", { event: "APPROVE", commit_id: given.base }),
      422,
      /not part of the pull request/,
    ],
    ["a stranger's approval", (given) => reviewAs(given, "zoe", { event: "APPROVE" }), 404, "Not Found"],
    [
      "dismissal by a reader",
      async (given) => {
        const id = await given.bob.approve(given.number);
        return given.askAs(github.userToken("rita"), "PUT", `/pulls/${given.number}/reviews/${id}/dismissals`, { message: "x" });
      },
      403,
      "Must have admin rights to Repository.",
    ],
    [
      "asking someone who has nothing to do with it",
      async (given) => {
        github.account("zoe");
        return given.ask("POST", `/pulls/${given.number}/requested_reviewers`, { reviewers: ["zoe"] });
      },
      422,
      /^Reviews may only be requested from collaborators\./,
    ],
    [
      "asking a team without access",
      async (given) => {
        github.team(`team-${count}`, ["bob"]);
        return given.ask("POST", `/pulls/${given.number}/requested_reviewers`, { team_reviewers: [`team-${count}`] });
      },
      422,
      /^Reviews may only be requested from collaborators\./,
    ],
    [
      "asking the author",
      (given) => given.ask("POST", `/pulls/${given.number}/requested_reviewers`, { reviewers: ["alice"] }),
      422,
      "Review cannot be requested from pull request author.",
    ],
  ];
  it.each(cases)("refuse %s", async (_name, provoke, status, said) => {
    const given = await scene();
    expectRefused(await provoke(given), status, said);
  });

  it("let a comment after an approval leave it standing", async () => {
    const given = await scene();
    await given.bob.approve(given.number);
    await reviewAs(given, "bob", { event: "COMMENT", body: "Nice" });
    const { body } = await given.ask("GET", `/pulls/${given.number}/reviews`);
    expect(listAt(body).map((each) => textAt(each, "state"))).toEqual(["APPROVED", "COMMENTED"]);
  });
});

describe("labels, comments and checks", () => {
  const cases: readonly Case[] = [
    ["taking off a label that is not on", ({ ask, number }) => ask("DELETE", `/issues/${number}/labels/x`), 404, "Label does not exist"],
    [
      "a label by a reader",
      ({ askAs, number }) => askAs(github.userToken("rita"), "POST", `/issues/${number}/labels`, { labels: ["x"] }),
      403,
      "Must have admin rights to Repository.",
    ],
    [
      "a label that exists",
      async ({ ask }) => {
        await ask("POST", "/labels", { name: "promote:prod", color: "ededed" });
        return ask("POST", "/labels", { name: "PROMOTE:prod", color: "ededed" });
      },
      422,
      "Validation Failed | name already_exists",
    ],
    [
      "a comment too long",
      ({ ask, number }) => ask("POST", `/issues/${number}/comments`, { body: "x".repeat(65_537) }),
      422,
      "Validation Failed | Body is too long (maximum is 65536 characters)",
    ],
    [
      "a check run by a person",
      ({ askAs, head }) => askAs(github.userToken("alice"), "POST", "/check-runs", { name: "Pinion", head_sha: head }),
      403,
      "You must authenticate via a GitHub App.",
    ],
    [
      "a check run on nothing",
      ({ ask }) => ask("POST", "/check-runs", { name: "Pinion", head_sha: "1".repeat(40) }),
      422,
      `No commit found for SHA: ${"1".repeat(40)}`,
    ],
    [
      "a completed check without a conclusion",
      ({ ask, head }) => ask("POST", "/check-runs", { name: "Pinion", head_sha: head, status: "completed" }),
      422,
      "Validation Failed | conclusion missing_field",
    ],
    [
      "a completed check that is to begin again",
      async ({ ask, head }) => {
        const { body } = await ask("POST", "/check-runs", { name: "Pinion", head_sha: head, conclusion: "failure" });
        return ask("PATCH", `/check-runs/${numberAt(body, "id")}`, { status: "in_progress" });
      },
      422,
      /A completed check run cannot be reopened/,
    ],
    [
      "a deployment of nothing",
      ({ ask }) => ask("POST", "/deployments", { ref: "nowhere", required_contexts: [] }),
      422,
      "No ref found for: nowhere",
    ],
    [
      "a deployment whose checks have not passed",
      async ({ ask, head }) => {
        await ask("POST", "/check-runs", { name: "Pinion", head_sha: head, status: "in_progress" });
        return ask("POST", "/deployments", { ref: head });
      },
      409,
      /^Conflict: Commit status checks failed for/,
    ],
    [
      "a deployment status too long",
      async ({ ask, head }) => {
        const made = await ask("POST", "/deployments", { ref: head, required_contexts: [] });
        return ask("POST", `/deployments/${numberAt(made.body, "id")}/statuses`, { state: "success", description: "x".repeat(141) });
      },
      422,
      "Validation Failed | description is too long (maximum is 140 characters)",
    ],
    ["JSON that is none", ({ repository }) => rawPost(`/repos/acme/${repository.name}/issues`, "{"), 400, "Problems parsing JSON"],
    ["a field of the wrong kind", ({ ask }) => ask("POST", "/issues", { title: 7 }), 422, /'properties\/title', 7 is not a string/],
  ];
  it.each(cases)("refuse %s", async (_name, provoke, status, said) => {
    const given = await scene();
    expectRefused(await provoke(given), status, said);
  });

  it("let triage label, and make the label on first use", async () => {
    const given = await scene();
    const answer = await given.askAs(github.userToken("tina"), "POST", `/issues/${given.number}/labels`, { labels: ["promote:prod"] });
    expect(answer.status).toBe(200);
    expect(listAt((await given.ask("GET", "/labels")).body).map((each) => textAt(each, "name"))).toEqual(["promote:prod"]);
  });
});

async function rawPost(path: string, body: string): Promise<Answer> {
  const answer = await fetch(`${github.url}${path}`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body });
  const parsed: unknown = await answer.json();
  return { status: answer.status, headers: answer.headers, body: parsed, said: textAt(parsed, "message") };
}
