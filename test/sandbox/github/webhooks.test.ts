import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhooks } from "@octokit/webhooks";
import { Probot, ProbotOctokit } from "probot";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Person } from "../../../sandbox/github/people.ts";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { startGitHub } from "../../../sandbox/github/sandbox.ts";
import { suspend } from "../../../sandbox/github/state/accounts.ts";
import { call, installationToken } from "./client.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const SECRET = "a secret between us";
const received: Received[] = [];
let answerWith = 200;
let receiver: Server;
let github: GitHubSandbox;
let alice: Person;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
      response.writeHead(answerWith).end();
    });
  });
  const listening = Promise.withResolvers<undefined>();
  receiver.listen(0, "127.0.0.1", () => listening.resolve(undefined));
  await listening.promise;
  const { port } = receiver.address() as AddressInfo;
  github = await startGitHub({ app: { webhookSecret: SECRET, webhookUrl: `http://127.0.0.1:${port}/hooks` } });
  await github.seedRepository("deploy", { "a.yaml": "tag: 1\n" }, { collaborators: { alice: "write" } });
  alice = github.person("alice");
});

afterAll(async () => {
  await github.close();
  receiver.close();
});

beforeEach(async () => {
  github.webhooks.mode = "deliver";
  answerWith = 200;
  await github.webhooks.settled();
  received.length = 0;
  github.webhooks.log.length = 0;
});

describe("a delivery", () => {
  it("is signed so that Octokit accepts it, and no other body with that signature", async () => {
    const number = await alice.openIssue("Grüße aus dem Cluster ✓");
    await github.webhooks.settled();
    const verifier = new Webhooks({ secret: SECRET });
    const [only] = received;
    const signature = String(only?.headers["x-hub-signature-256"]);
    expect(await verifier.verify(only?.body ?? "", signature)).toBe(true);
    expect(await verifier.verify(`${only?.body} `, signature)).toBe(false);
    expect(JSON.parse(only?.body ?? "")).toMatchObject({
      action: "opened",
      issue: { number, title: "Grüße aus dem Cluster ✓" },
      repository: { full_name: "acme/deploy" },
      organization: { login: "acme" },
      sender: { login: "alice" },
      installation: { id: github.installation.id },
    });
    expect(only?.headers).toMatchObject({
      "x-github-event": "issues",
      "x-github-delivery": expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
      "x-github-hook-installation-target-id": String(github.app.id),
      "x-github-hook-installation-target-type": "integration",
      "user-agent": expect.stringMatching(/^GitHub-Hookshot\//),
      "content-type": "application/json",
    });
  });

  it("says what was so when it happened, however late it is sent", async () => {
    github.webhooks.mode = "hold";
    const number = await alice.openIssue("Short-lived");
    await alice.closeIssue(number);
    await github.webhooks.flush();
    const states = received.map(({ body }) => JSON.parse(body)).map(({ action, issue }) => [action, issue.state]);
    expect(states).toEqual([
      ["opened", "open"],
      ["closed", "closed"],
    ]);
  });

  it("goes only to an App that subscribed, and not while it is suspended", async () => {
    github.app.events.delete("issues");
    await alice.openIssue("Unheard");
    github.app.events.add("issues");
    suspend(github.state, github.installation, true);
    await alice.openIssue("Unheard too");
    suspend(github.state, github.installation, false);
    await github.webhooks.settled();
    expect(received.map(({ headers }) => headers["x-github-event"])).toEqual(["installation", "installation"]);
  });
});

describe("deliveries can be", () => {
  it("held, reordered, and sent twice under the same id", async () => {
    github.webhooks.mode = "hold";
    await alice.openIssue("One");
    await alice.openIssue("Two");
    await github.webhooks.settled();
    expect(received).toEqual([]);
    await github.webhooks.flush((held) => held.slice(1));
    const [second] = github.webhooks.log.slice(1);
    await github.webhooks.redeliver(second?.id ?? "");
    await github.webhooks.flush();
    const titles = received.map(({ body }) => JSON.parse(body).issue.title);
    expect(titles).toEqual(["Two", "Two", "One"]);
    expect(received[0]?.headers["x-github-delivery"]).toBe(received[1]?.headers["x-github-delivery"]);
    expect(received[0]?.headers["x-github-delivery"]).not.toBe(received[2]?.headers["x-github-delivery"]);
    expect(second).toMatchObject({ state: "answered", attempts: 2 });
  });

  it("lost, which the log remembers", async () => {
    github.webhooks.mode = "drop";
    await alice.openIssue("Lost");
    await github.webhooks.settled();
    github.webhooks.mode = "deliver";
    expect(received).toEqual([]);
    expect(github.webhooks.log).toMatchObject([{ event: "issues", state: "dropped", attempts: 0 }]);
  });

  it("refused by the receiver, or find nobody there, and are not tried again", async () => {
    answerWith = 500;
    await alice.openIssue("Refused");
    await github.webhooks.settled();
    const url = github.app.webhookUrl;
    github.app.webhookUrl = "http://127.0.0.1:1/";
    await alice.openIssue("Nobody there");
    await github.webhooks.settled();
    github.app.webhookUrl = url;
    expect(github.webhooks.log).toMatchObject([
      { state: "answered", status: 500, attempts: 1 },
      { state: "failed", status: null, attempts: 1 },
    ]);
  });
});

describe("a published image", () => {
  it("is announced with namespace, name, tag and digest", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    github.publishPackage({ repository: alice.repository, name: "checkout", tag: "1.4.2", digest });
    await github.webhooks.settled();
    expect(received.map(({ headers }) => headers["x-github-event"])).toEqual(["registry_package", "package"]);
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
      action: "published",
      registry_package: {
        name: "checkout",
        namespace: "acme",
        package_type: "CONTAINER",
        package_version: { container_metadata: { tag: { name: "1.4.2", digest } } },
      },
    });
  });
});

describe("Probot", () => {
  it("takes a delivery, signs in as the installation and answers on the pull request", async () => {
    const probot = new Probot({
      appId: github.app.id,
      privateKey: github.app.privateKey,
      secret: SECRET,
      logLevel: "fatal",
      // Its throttle would hold the one comment back for seconds; its retries would hide a refusal.
      Octokit: ProbotOctokit.defaults({ baseUrl: github.url, throttle: { enabled: false }, retry: { enabled: false } }),
    });
    await probot.load((app) => {
      app.on("pull_request.opened", async (context) => {
        const files = await context.octokit.paginate(context.octokit.rest.pulls.listFiles, context.pullRequest());
        await context.octokit.rest.issues.createComment(
          context.issue({ body: `Touches ${files.map((file) => file.filename).join(", ")}` }),
        );
      });
    });
    await alice.editInBrowser("feature", { "a.yaml": "tag: 2\n" }, "Two");
    const number = await alice.openPullRequest({ head: "feature", title: "Two" });
    await github.webhooks.settled();
    const opened = received.find(
      ({ headers, body }) => headers["x-github-event"] === "pull_request" && JSON.parse(body).action === "opened",
    );
    await probot.webhooks.verifyAndReceive({
      id: String(opened?.headers["x-github-delivery"]),
      name: "pull_request",
      payload: opened?.body ?? "",
      signature: String(opened?.headers["x-hub-signature-256"]),
    });
    const comments = await call(github, await installationToken(github), "GET", `/repos/acme/deploy/issues/${number}/comments`);
    expect(comments.body).toMatchObject([
      { body: "Touches a.yaml", user: { login: "pinion[bot]", type: "Bot" }, performed_via_github_app: { slug: "pinion" } },
    ]);
  });
});
