/** The sandbox's GitHub by itself, so that neither the server nor its load waits for it. Tells how to reach it, and a webhook of it. */
import { startGitHub } from "../sandbox/github/sandbox.ts";

export interface GitHubReport {
  /** What Pinion needs to know of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The payload of a pull request that was opened. */
  readonly payload: string;
}

/** Nothing is promoted by itself, so no registry is asked: what a look costs is what GitHub and Git are asked. */
const CONFIG = `version: 1
environments:
  dev:  { promote: on-request, merge: auto }
  prod: { after: dev, promote: on-request, merge: on-approval }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`;

function overlay(app: string): string {
  return `images:\n  - name: registry.example.com/acme/${app}\n    newTag: 1.4.2\n    digest: sha256:${"1".repeat(64)}\n`;
}

const files: Record<string, string> = { ".github/pinion.yaml": CONFIG };
for (let index = 0; index < 20; index += 1) {
  for (const environment of ["dev", "prod"]) files[`apps/app-${index}/overlays/${environment}/kustomization.yaml`] = overlay(`app-${index}`);
}
const github = await startGitHub({ app: { webhookSecret: "a-secret-of-the-bench" } });
const repository = await github.seedRepository("manifests", files, { collaborators: { alice: "write" } });
const alice = github.person("alice", repository);
await alice.push("a-change", { "README.md": "# Manifests\n" }, "Say what this is");
await alice.openPullRequest({ head: "a-change", title: "Say what this is", body: "A sentence that people write. ".repeat(150) });
await github.webhooks.settled();
const opened = github.webhooks.log.find(({ event, action }) => event === "pull_request" && action === "opened");
if (opened === undefined) throw new Error("GitHub told nothing of the pull request");
const report: GitHubReport = {
  environment: {
    APP_ID: String(github.app.id),
    PRIVATE_KEY: github.app.privateKey,
    WEBHOOK_SECRET: github.app.webhookSecret,
    GITHUB_URL: github.url,
    GITHUB_API_URL: github.url,
  },
  payload: opened.body,
};
process.on("disconnect", () => {
  void github.close().finally(() => process.exit(0));
});
process.send?.(report);
