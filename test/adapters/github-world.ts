import { Probot } from "probot";
import { startGitHub } from "../../sandbox/github/sandbox.ts";
import type { GitHubOptions, GitHubSandbox, RepositoryOptions } from "../../sandbox/github/sandbox.ts";
import { createForge } from "../../src/adapters/github.ts";
import { boundedFetch } from "../../src/adapters/github/fetch.ts";
import { pinionOctokit } from "../../src/adapters/github/octokit.ts";
import type { ForgeSnapshot, PullRequest, Repository } from "../../src/domain/observation.ts";
import type { FileContent, Forge } from "../../src/ports.ts";

/** A GitHub with real Git behind it, one manifests repository, and the adapter as the server would build it. */
export interface World extends AsyncDisposable {
  readonly github: GitHubSandbox;
  readonly forge: Forge;
  readonly repository: Repository;
  /** What was asked of the API since the last call of this, by the App and by people, Git and {@link ONCE} apart. */
  requests(): readonly string[];
  look(): Promise<ForgeSnapshot>;
  /** The only pull request that is open. */
  onlyOpen(): Promise<PullRequest>;
}

export const MANIFEST = "apps/checkout/overlays/prod/kustomization.yaml";
const FILES = { [MANIFEST]: "images:\n  - name: app\n    newTag: 1.0.0\n", "README.md": "manifests\n" };
/** Asked once in the life of a process or of a token. */
const ONCE: ReadonlySet<string> = new Set(["/app", "/app/installations/{installation_id}/access_tokens", "/users/{username}"]);

export async function startWorld(options: GitHubOptions = {}, repositoryOptions: RepositoryOptions = {}): Promise<World> {
  const github = await startGitHub(options);
  const seeded = await github.seedRepository("manifests", FILES, {
    collaborators: { ada: "write", bob: "write", tim: "triage", rita: "read" },
    ...repositoryOptions,
  });
  const forge = forgeOf(github);
  const repository = { installation: github.installation.id, id: seeded.id, owner: "acme", name: "manifests" };
  let seen = 0;
  const look = (): Promise<ForgeSnapshot> => forge.snapshot(repository, 0);
  return {
    github,
    forge,
    repository,
    look,
    requests() {
      const fresh = github.requests.slice(seen).filter(({ route }) => !ONCE.has(route) && !route.startsWith("git-"));
      seen = github.requests.length;
      return fresh.map((request) => `${request.method} ${request.route}`);
    },
    async onlyOpen() {
      const { open } = await look();
      const [first] = open;
      if (first === undefined || open.length > 1) throw new Error(`${open.length} pull requests are open`);
      return first;
    },
    async [Symbol.asyncDispose]() {
      await github.close();
    },
  };
}

/** As one process of Pinion would hold it. */
export function forgeOf(github: Pick<GitHubSandbox, "url" | "app" | "state">): Forge {
  const probot = new Probot({
    appId: github.app.id,
    privateKey: github.app.privateKey,
    secret: "not used here",
    baseUrl: github.url,
    logLevel: "fatal",
    Octokit: pinionOctokit(false),
    request: { fetch: boundedFetch() },
  });
  return createForge({
    clients: { app: () => probot.auth(), installation: (id) => probot.auth(id) },
    clock: github.state.clock, host: "github.com" });
}

export function manifest(tag: string): readonly FileContent[] {
  return [{ path: MANIFEST, bytes: Buffer.from(`images:\n  - name: app\n    newTag: ${tag}\n`) }];
}

export const BRANCH = "pinion/prod/checkout/1.1.0-abc";

export function proposalAt(baseOid: string, tag = "1.1.0"): Parameters<Forge["openPullRequest"]>[1] {
  return {
    branch: BRANCH,
    base: "main",
    baseOid,
    branchAt: null,
    commit: { headline: `Promote checkout ${tag} to prod`, body: "Pinion-Promotion: checkout prod a -> b", files: manifest(tag) },
    title: `Promote checkout ${tag} to prod`,
    body: "why",
  };
}
