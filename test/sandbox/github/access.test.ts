import { generateKeyPairSync, createSign } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Oid, Repository, Role } from "../../../sandbox/github/model.ts";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { startGitHub } from "../../../sandbox/github/sandbox.ts";
import { suspend, uninstall } from "../../../sandbox/github/state/accounts.ts";
import { authenticate } from "../../../sandbox/github/state/tokens.ts";
import { appJwt, at, call, installationToken, listAt, numberAt, textAt } from "./client.ts";

let github: GitHubSandbox;
let repository: Repository;
let open: Repository;
let head: Oid;
let number: number;

beforeAll(async () => {
  github = await startGitHub();
  const collaborators = { alice: "write", adam: "admin", mia: "maintain", tina: "triage", rita: "read" } as const;
  repository = await github.seedRepository("deploy", { "a.yaml": "tag: 1\n" }, { collaborators });
  open = await github.seedRepository("open", { "a.yaml": "tag: 1\n" }, { private: false, withoutApp: true });
  const alice = github.person("alice", repository);
  head = await alice.editInBrowser("feature", { "a.yaml": "tag: 2\n" }, "Two");
  number = await alice.openPullRequest({ head: "feature", title: "Two" });
});

afterAll(() => github.close());

const REPO = "/repos/acme/deploy";

describe("an App's JWT", () => {
  it("is the App, by its id or its client id", async () => {
    for (const iss of [github.app.id, github.app.clientId]) {
      const answer = await call(github, appJwt(github, { iss }), "GET", "/app");
      expect(answer.body).toMatchObject({ id: github.app.id, slug: "pinion", owner: { login: "acme" } });
    }
    expect(github.app.bot.id).not.toBe(github.app.id);
  });

  const now = () => Math.floor(Date.now() / 1000);
  const bad: readonly (readonly [string, () => string, RegExp])[] = [
    ["has ended", () => appJwt(github, { exp: now() - 5 }), /Expiration time/],
    ["lasts longer than ten minutes", () => appJwt(github, { exp: now() + 3600 }), /too far in the future/],
    ["was issued in the future", () => appJwt(github, { iat: now() + 300 }), /Issued at/],
    ["is of another App", () => appJwt(github, { iss: 1 }), /Integration/],
    ["is signed with another key", () => forged(), /could not be decoded/],
  ];
  it.each(bad)("is refused when it %s", async (_name, jwt, message) => {
    const answer = await call(github, jwt(), "GET", "/app");
    expect(answer.status).toBe(401);
    expect(answer.said).toMatch(message);
  });

  it("opens nothing but the App's own endpoints", async () => {
    expect((await call(github, appJwt(github), "POST", `${REPO}/issues`, { title: "x" })).status).toBe(404);
    expect((await call(github, await installationToken(github), "GET", "/app")).status).toBe(401);
  });
});

function forged(): string {
  const [header = "", payload = ""] = appJwt(github).split(".");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return `${header}.${payload}.${createSign("RSA-SHA256").update(`${header}.${payload}`).sign(privateKey, "base64url")}`;
}

describe("an installation's token", () => {
  it("says what it may do and until when", async () => {
    const { body } = await call(github, appJwt(github), "POST", `/app/installations/${github.installation.id}/access_tokens`, {
      permissions: { contents: "read" },
      repositories: ["deploy"],
    });
    expect(body).toMatchObject({ permissions: { contents: "read" }, repositories: [{ name: "deploy" }], repository_selection: "selected" });
    const left = Date.parse(textAt(body, "expires_at")) - Date.now();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });

  it("ends after an hour of real time, whatever the sandbox's clock says", async () => {
    const authorization = `Bearer ${await installationToken(github)}`;
    expect(authenticate(github.state, authorization, Date.now() + 3_500_000)).toMatchObject({ kind: "installation" });
    expect(() => authenticate(github.state, authorization, Date.now() + 3_600_001)).toThrow("Bad credentials");
  });

  it("is not given for more than the installation has", async () => {
    const path = `/app/installations/${github.installation.id}/access_tokens`;
    const tooMuch = await call(github, appJwt(github), "POST", path, { permissions: { actions: "write" } });
    expect(tooMuch).toMatchObject({ status: 422, said: "The permissions requested are not granted to this installation." });
    const elsewhere = await call(github, appJwt(github), "POST", path, { repositories: ["open"] });
    expect(elsewhere.status).toBe(422);
  });

  it("reaches the installed repositories, and others only to read what is public", async () => {
    const token = await installationToken(github);
    const { body } = await call(github, token, "GET", "/installation/repositories");
    expect(listAt(body, "repositories").map((each) => textAt(each, "name"))).toEqual(["deploy"]);
    expect((await call(github, token, "GET", "/repos/acme/open")).status).toBe(200);
    const write = await call(github, token, "POST", "/repos/acme/open/issues", { title: "x" });
    expect(write).toMatchObject({ status: 403, said: "Resource not accessible by integration" });
    expect((await call(github, appJwt(github), "GET", "/repos/acme/open/installation")).status).toBe(404);
  });

  /** What each operation needs, by doing it with everything else. */
  const nothing = () => undefined;
  const needs: readonly (readonly [permission: string, method: string, path: () => string, body: () => object | undefined])[] = [
    ["contents", "POST", () => `${REPO}/git/refs`, () => ({ ref: "refs/heads/x", sha: head })],
    ["contents", "PUT", () => `${REPO}/pulls/${number}/merge`, () => ({ sha: "0".repeat(40) })],
    ["contents", "GET", () => `${REPO}/contents/a.yaml`, nothing],
    ["pull_requests", "GET", () => `${REPO}/pulls/${number}`, nothing],
    ["pull_requests", "POST", () => `${REPO}/pulls`, () => ({ title: "T", head: "main", base: "main" })],
    ["pull_requests", "POST", () => `${REPO}/pulls/${number}/requested_reviewers`, () => ({ reviewers: ["mia"] })],
    ["issues", "POST", () => `${REPO}/issues`, () => ({ title: "" })],
    ["checks", "POST", () => `${REPO}/check-runs`, () => ({ name: "Pinion", head_sha: head })],
    ["checks", "GET", () => `${REPO}/commits/${head}/check-runs`, nothing],
    ["deployments", "POST", () => `${REPO}/deployments`, () => ({ ref: "nowhere" })],
    ["administration", "GET", () => `${REPO}/branches/main/protection`, nothing],
  ];
  it.each(needs)("without %s is refused %s %s", async (permission, method, path, body) => {
    const { [permission]: _left, ...others } = github.installation.permissions;
    const without = await installationToken(github, { permissions: others });
    const refused = await call(github, without, method, path(), body());
    expect(refused).toMatchObject({ status: 403, said: "Resource not accessible by integration" });
    const allowed = await call(github, await installationToken(github), method, path(), body());
    expect(allowed.status).not.toBe(403);
  });

  it("may comment on and label a pull request with either permission, an issue with one", async () => {
    const issue = numberAt((await call(github, await installationToken(github), "POST", `${REPO}/issues`, { title: "I" })).body, "number");
    const pullsOnly = await installationToken(github, { permissions: { pull_requests: "write" } });
    expect((await call(github, pullsOnly, "POST", `${REPO}/issues/${number}/comments`, { body: "hi" })).status).toBe(201);
    expect((await call(github, pullsOnly, "POST", `${REPO}/issues/${issue}/comments`, { body: "hi" })).status).toBe(403);
  });

  it("reads teams only with the members permission", async () => {
    github.team("sre", ["alice"]);
    const token = await installationToken(github);
    expect(listAt((await call(github, token, "GET", "/orgs/acme/teams/sre/members")).body)).toHaveLength(1);
    const without = await installationToken(github, { permissions: { contents: "read" } });
    expect((await call(github, without, "GET", "/orgs/acme/teams/sre/members")).status).toBe(403);
    expect((await call(github, token, "GET", "/orgs/acme/teams/none/members")).status).toBe(404);
  });

  it("stops working when the installation is suspended, and for good when it is removed", async () => {
    const other = await startGitHub();
    await other.seedRepository("deploy", { "a.yaml": "a: 1\n" });
    const token = await installationToken(other);
    suspend(other.state, other.installation, true);
    expect((await call(other, token, "POST", `${REPO}/issues`, { title: "x" })).said).toBe("This installation has been suspended");
    suspend(other.state, other.installation, false);
    expect((await call(other, token, "POST", `${REPO}/issues`, { title: "x" })).status).toBe(201);
    uninstall(other.state, other.installation);
    expect((await call(other, token, "GET", REPO)).said).toBe("Bad credentials");
    await other.close();
  });
});

describe("tokens that are none", () => {
  it("are refused with 401, and no token at all sees what is public only", async () => {
    expect(await call(github, "ghs_wrong", "GET", "/repos/acme/open")).toMatchObject({ status: 401, said: "Bad credentials" });
    expect((await call(github, null, "GET", "/repos/acme/open")).status).toBe(200);
    expect((await call(github, null, "GET", REPO)).status).toBe(404);
  });
});

describe("people", () => {
  const roles: readonly (readonly [string, Role | "none", string])[] = [
    ["adam", "admin", "admin"],
    ["mia", "maintain", "write"],
    ["alice", "write", "write"],
    ["tina", "triage", "read"],
    ["rita", "read", "read"],
    ["zoe", "none", "none"],
    ["olivia-owner", "admin", "admin"],
  ];
  it.each(roles)("%s has the role %s, in the older words %s", async (login, role, permission) => {
    github.account(login);
    const { body } = await call(github, await installationToken(github), "GET", `${REPO}/collaborators/${login}/permission`);
    expect(body).toMatchObject({ permission, role_name: role, user: { login } });
  });

  it("have a role through a team while they are active in it, a child team's members too", async () => {
    const team = github.team("writers", [], [[repository, "write"]]);
    const tom = github.account("tom");
    const role = async () => {
      const answer = await call(github, await installationToken(github), "GET", `${REPO}/collaborators/tom/permission`);
      return at(answer.body, "role_name");
    };
    team.members.set(tom.id, { account: tom, state: "pending", role: "member" });
    expect(await role()).toBe("none");
    const child = github.team("child", ["tom"]);
    expect(await role()).toBe("read");
    Object.assign(child, { parent: team });
    expect(await role()).toBe("write");
    const { body } = await call(github, await installationToken(github), "GET", "/orgs/acme/teams/writers/memberships/tom");
    expect(body).toMatchObject({ state: "pending" });
  });

  it("everyone reads what is public, bots are no users", async () => {
    github.account("zoe");
    const token = github.userToken("adam");
    open.collaborators.set(github.account("adam").id, "admin");
    expect((await call(github, token, "GET", "/repos/acme/open/collaborators/zoe/permission")).body).toMatchObject({ role_name: "read" });
    const bot = await call(github, await installationToken(github), "GET", `${REPO}/collaborators/pinion%5Bbot%5D/permission`);
    expect(bot).toMatchObject({ status: 404, said: "pinion[bot] is not a user" });
  });

  const deeds: readonly (readonly [string, Role, string, () => string, () => object])[] = [
    ["comment", "read", "POST", () => `${REPO}/issues/${number}/comments`, () => ({ body: "hi" })],
    ["label", "triage", "POST", () => `${REPO}/issues/${number}/labels`, () => ({ labels: ["x"] })],
    ["ask reviewers", "triage", "POST", () => `${REPO}/pulls/${number}/requested_reviewers`, () => ({ reviewers: ["mia"] })],
    ["make a branch", "write", "POST", () => `${REPO}/git/refs`, () => ({ ref: "refs/heads/alice", sha: "1".repeat(40) })],
    ["merge", "write", "PUT", () => `${REPO}/pulls/${number}/merge`, () => ({ sha: "0".repeat(40) })],
    ["deploy", "write", "POST", () => `${REPO}/deployments`, () => ({ ref: "nowhere" })],
  ];
  it.each(deeds)("may %s from the role %s on", async (_deed, least, method, path, body) => {
    const order: readonly (readonly [string, Role])[] = [
      ["rita", "read"],
      ["tina", "triage"],
      ["alice", "write"],
    ];
    const from = order.findIndex(([, role]) => role === least);
    for (const [index, [login]] of order.entries()) {
      const { status } = await call(github, github.userToken(login), method, path(), body());
      if (index < from) expect([403, 404]).toContain(status);
      else expect([403, 404]).not.toContain(status);
    }
  });

  it("close their own pull requests and issues, not those of others unless they triage", async () => {
    const rita = github.person("rita", repository);
    const own = await rita.openIssue("Mine");
    await rita.closeIssue(own);
    await expect(rita.closePullRequest(number)).rejects.toThrow(/403/);
    const theirs = await github.person("alice", repository).openIssue("Theirs");
    await expect(rita.closeIssue(theirs)).rejects.toThrow(/403/);
    await github.person("tina", repository).closeIssue(theirs);
  });
});

describe("limits", () => {
  it("are told with every answer, and 304 is free", async () => {
    const token = await installationToken(github);
    const first = await call(github, token, "GET", REPO);
    const left = Number(first.headers.get("x-ratelimit-remaining"));
    expect(first.headers.get("x-ratelimit-limit")).toBe("5000");
    expect(first.headers.get("x-github-request-id")).toMatch(/./);
    const again = await fetch(`${github.url}${REPO}`, {
      headers: { authorization: `Bearer ${token}`, "if-none-match": first.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
    expect(Number((await call(github, token, "GET", REPO)).headers.get("x-ratelimit-remaining"))).toBe(left - 1);
  });

  it("refuse with 403 when they are used up, until the hour is over", async () => {
    let now = Date.UTC(2026, 0, 1);
    const other = await startGitHub({ clock: { now: () => now } });
    await other.seedRepository("deploy", { "a.yaml": "a: 1\n" });
    other.rates.limit = 2;
    const token = await installationToken(other);
    await call(other, token, "GET", REPO);
    await call(other, token, "GET", REPO);
    const refused = await call(other, token, "GET", REPO);
    expect(refused).toMatchObject({ status: 403, said: `API rate limit exceeded for installation ID ${other.installation.id}.` });
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(refused.headers.get("x-ratelimit-reset")).toBe(String(now / 1000 + 3600));
    now += 3_600_000;
    expect((await call(other, token, "GET", REPO)).status).toBe(200);
    await other.close();
  });
});
