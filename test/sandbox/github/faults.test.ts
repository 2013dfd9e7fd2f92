import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { badGateway, baseModified, secondaryLimit } from "../../../sandbox/github/faults.ts";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { startGitHub } from "../../../sandbox/github/sandbox.ts";
import { call, installationToken, listAt } from "./client.ts";

let github: GitHubSandbox;
let token: string;

beforeAll(async () => {
  github = await startGitHub();
  await github.seedRepository("deploy", { "a.yaml": "tag: 1\n" });
  token = await installationToken(github);
});

afterAll(() => github.close());

beforeEach(() => {
  github.faults.clear();
  github.requests.length = 0;
});

const ISSUES = "/repos/acme/deploy/issues";

function openIssue() {
  return call(github, token, "POST", ISSUES, { title: "Issue" });
}

async function issueCount(): Promise<number> {
  return listAt((await call(github, token, "GET", `${ISSUES}?per_page=100`)).body).length;
}

const posts = (method: string, path: string) => method === "POST" && path === ISSUES;

describe("a fault", () => {
  it("meets the next request that matches, once, and no other", async () => {
    github.faults.next(posts, secondaryLimit(60));
    const before = await issueCount();
    const refused = await openIssue();
    expect(refused.status).toBe(403);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.said).toMatch(/secondary rate limit/);
    expect(await issueCount()).toBe(before);
    expect((await openIssue()).status).toBe(201);
    expect(github.faults.pending).toBe(0);
  });

  it("can be an HTML page in place of JSON", async () => {
    github.faults.next(posts, badGateway());
    const answer = await fetch(`${github.url}${ISSUES}`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: "{}" });
    expect(answer.status).toBe(502);
    expect(answer.headers.get("content-type")).toBe("text/html");
    expect(await answer.text()).toMatch(/^<html>/);
  });

  it("can close the connection before anything is done, or after everything is", async () => {
    const before = await issueCount();
    github.faults.next(posts, { kind: "drop" });
    await expect(openIssue()).rejects.toThrow();
    expect(await issueCount()).toBe(before);
    github.faults.next(posts, { kind: "drop-after" });
    await expect(openIssue()).rejects.toThrow();
    expect(await issueCount()).toBe(before + 1);
    const cut = github.requests.filter(({ method }) => method === "POST").map(({ route, status }) => ({ route, status }));
    expect(cut).toEqual(Array.from({ length: 2 }, () => ({ route: "/repos/{owner}/{repo}/issues", status: null })));
  });

  it("can lose half of the answer", async () => {
    const before = await issueCount();
    github.faults.next(posts, { kind: "truncate" });
    await expect(openIssue()).rejects.toThrow(SyntaxError);
    expect(await issueCount()).toBe(before + 1);
  });

  it("can be the race that only GitHub itself can lose", async () => {
    github.faults.next((method, path) => method === "PUT" && path.endsWith("/merge"), baseModified());
    const refused = await call(github, token, "PUT", "/repos/acme/deploy/pulls/1/merge", {});
    expect(refused).toMatchObject({ status: 405, said: "Base branch was modified. Review and try the merge again." });
  });

  it("can make the answer late", async () => {
    github.faults.next(posts, { kind: "delay", milliseconds: 30 });
    const late = openIssue();
    const prompt = await issueCount();
    expect((await late).status).toBe(201);
    expect(await issueCount()).toBe(prompt + 1);
  });

  it("can strike Git too", async () => {
    const owner = github.person("olivia-owner");
    github.faults.next((_method, path) => path.endsWith("/git-receive-pack"), { kind: "drop-after" });
    await expect(owner.push("kept", { "a.yaml": "tag: 2\n" }, "Two")).rejects.toThrow();
    expect(owner.repository.refs.has("refs/heads/kept")).toBe(true);
  });
});

describe("requests", () => {
  it("are counted by endpoint, under both roots", async () => {
    await call(github, token, "GET", "/repos/acme/deploy");
    await call(github, token, "GET", "/api/v3/repos/acme/deploy");
    await call(github, token, "GET", "/nowhere/at/all");
    await call(github, token, "POST", "/graphql", { query: "{ viewer { login } }" });
    expect(github.requests.map(({ method, route, status }) => `${method} ${route} ${status}`)).toEqual([
      "GET /repos/{owner}/{repo} 200",
      "GET /repos/{owner}/{repo} 200",
      "GET unknown 404",
      "POST /graphql 200",
    ]);
  });
});
