import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startArgoCd } from "../../sandbox/argocd.ts";
import type { ArgoCdSandbox } from "../../sandbox/argocd.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { runGit } from "../../sandbox/github/git.ts";

const T0 = Date.UTC(2026, 0, 5, 10, 0, 0);
const SECOND = 1_000;
const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;
const C = `sha256:${"c".repeat(64)}`;
const PATH = "apps/checkout/overlays/prod/kustomization.yaml";

const kustomization = (tag: string, digest: string): string =>
  `resources: [../../base]\nimages:\n  - name: checkout\n    newName: ghcr.io/acme/checkout\n    newTag: "${tag}"\n    digest: ${digest}\n`;

interface View {
  readonly sync: string;
  readonly revision: string | undefined;
  readonly health: string;
  readonly healthSince: string;
  readonly phase: string | undefined;
  readonly reconciledAt: string;
  readonly images: readonly string[];
  readonly conditions: readonly string[];
}

let directory: string;
let clock: VirtualClock;
let argocd: ArgoCdSandbox;

/** Commits one file to the bare repository, dated by the clock. */
async function commit(content: string, path = PATH): Promise<string> {
  const git = async (args: readonly string[], input = "", env: Record<string, string> = {}): Promise<string> => {
    const result = await runGit(directory, args, { input, env });
    expect(result.stderr).toBe("");
    return result.stdout.toString("utf8").trim();
  };
  const head = await runGit(directory, ["rev-parse", "--verify", "--quiet", "HEAD"]);
  const parent = head.code === 0 ? head.stdout.toString("utf8").trim() : null;
  const index = { GIT_INDEX_FILE: join(directory, "test-index") };
  await git(parent === null ? ["read-tree", "--empty"] : ["read-tree", parent], "", index);
  const blob = await git(["hash-object", "-w", "--stdin"], content);
  await git(["update-index", "--add", "--cacheinfo", `100644,${blob},${path}`], "", index);
  const tree = await git(["write-tree"], "", index);
  const date = `${Math.floor(clock.now() / 1_000)} +0000`;
  const who = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
  const dates = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  const oid = await git(["commit-tree", tree, ...(parent === null ? [] : ["-p", parent])], "change", { ...who, ...dates });
  await git(["update-ref", "refs/heads/main", oid]);
  return oid;
}

/** The parts of Argo CD's answer that the tests look at. */
interface ApplicationJson {
  readonly status: {
    readonly sync: { readonly status: string; readonly revision?: string };
    readonly health: { readonly status: string; readonly lastTransitionTime: string };
    readonly operationState?: { readonly phase: string };
    readonly reconciledAt: string;
    readonly summary: { readonly images?: readonly string[] };
    readonly conditions?: readonly { readonly type: string }[];
  };
}

async function get(path: string, token: string | null = argocd.token): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${argocd.url}${path}`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() };
}

async function look(query = "", name = "checkout-prod"): Promise<View> {
  const answer = await get(`/api/v1/applications/${name}${query}`);
  expect(answer.status).toBe(200);
  const { status } = answer.body as ApplicationJson;
  return {
    sync: status.sync.status,
    revision: status.sync.revision,
    health: status.health.status,
    healthSince: status.health.lastTransitionTime,
    phase: status.operationState?.phase,
    reconciledAt: status.reconciledAt,
    images: status.summary.images ?? [],
    conditions: (status.conditions ?? []).map((condition) => condition.type),
  };
}

const at = (seconds: number): string => new Date(T0 + seconds * SECOND).toISOString().replace(".000Z", "Z");

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "argocd-test-"));
  clock = new VirtualClock(T0);
  await runGit(directory, ["init", "--quiet", "--bare", "--initial-branch=main", "."]);
  await commit(kustomization("1.0.0", A));
  argocd = await startArgoCd({ clock, repositoryUrl: directory, applications: [{ name: "checkout-prod", path: PATH }] });
});

afterEach(async () => {
  await argocd.close();
  await rm(directory, { recursive: true, force: true });
});

describe("an Application that follows a repository", () => {
  it("runs what was there before, since long ago", async () => {
    expect(await look()).toMatchObject({
      sync: "Synced",
      health: "Healthy",
      healthSince: at(-3_600),
      phase: undefined,
      images: [`ghcr.io/acme/checkout:1.0.0@${A}`],
    });
  });

  it("notices a commit at its poll, syncs it and becomes healthy", async () => {
    clock.advance(10 * SECOND);
    const merged = await commit(kustomization("1.1.0", B));
    clock.advance(49 * SECOND);
    expect(await look()).toMatchObject({ sync: "Synced", health: "Healthy", reconciledAt: at(0) });

    clock.advance(SECOND);
    expect(await look()).toMatchObject({ sync: "OutOfSync", revision: merged, phase: "Running", health: "Healthy", reconciledAt: at(60) });

    clock.advance(5 * SECOND);
    expect(await look()).toMatchObject({
      sync: "Synced",
      phase: "Succeeded",
      health: "Progressing",
      healthSince: at(65),
      reconciledAt: at(65),
      images: [`ghcr.io/acme/checkout:1.0.0@${A}`, `ghcr.io/acme/checkout:1.1.0@${B}`],
    });

    clock.advance(20 * SECOND);
    expect(await look()).toMatchObject({ health: "Healthy", healthSince: at(85), images: [`ghcr.io/acme/checkout:1.1.0@${B}`] });
  });

  it("gives the same whether it was looked at on the way or not", async () => {
    clock.advance(10 * SECOND);
    await commit(kustomization("1.1.0", B));
    const views: View[] = [];
    for (let step = 0; step < 20; step += 1) {
      clock.advance(7 * SECOND);
      views.push(await look());
    }
    await argocd.close();
    // A server that starts later has not seen the first state, so only what came after is compared.
    const again = new VirtualClock(T0);
    argocd = await startArgoCd({ clock: again, repositoryUrl: directory, applications: [{ name: "checkout-prod", path: PATH }] });
    again.advance(150 * SECOND);
    expect(await look()).toEqual(views.at(-1));
  });

  it("notices a commit at once when it is asked to refresh", async () => {
    clock.advance(10 * SECOND);
    const merged = await commit(kustomization("1.1.0", B));
    expect(await look("?refresh=normal")).toMatchObject({ revision: merged, sync: "OutOfSync", reconciledAt: at(10) });
    clock.advance(25 * SECOND);
    expect(await look()).toMatchObject({ health: "Healthy", healthSince: at(35) });
  });

  it("moves its revision without a sync for a commit that is not about it", async () => {
    clock.advance(10 * SECOND);
    const merged = await commit("hello", "README.md");
    expect(await look("?refresh=normal")).toMatchObject({ revision: merged, sync: "Synced", phase: undefined, healthSince: at(-3_600) });
  });

  it("takes up what came during a sync once that is over", async () => {
    clock.advance(10 * SECOND);
    await commit(kustomization("1.1.0", B));
    await look("?refresh=normal");
    clock.advance(2 * SECOND);
    const second = await commit(kustomization("1.2.0", C));
    clock.advance(3 * SECOND);
    expect(await look()).toMatchObject({ revision: second, phase: "Running", health: "Progressing", healthSince: at(15) });
    clock.advance(25 * SECOND);
    expect(await look()).toMatchObject({ health: "Healthy", healthSince: at(40), images: [`ghcr.io/acme/checkout:1.2.0@${C}`] });
  });

  it("keeps its health when a sync changes no image", async () => {
    clock.advance(10 * SECOND);
    await commit(`${kustomization("1.0.0", A)}namespace: prod\n`);
    await look("?refresh=normal");
    clock.advance(5 * SECOND);
    expect(await look()).toMatchObject({ phase: "Succeeded", health: "Healthy", healthSince: at(-3_600) });
  });

  it("follows a branch, and tells of a file that is not there", async () => {
    argocd.add({ name: "other", path: "apps/other/kustomization.yaml" });
    expect(await look("", "other")).toMatchObject({ sync: "Unknown", health: "Missing", conditions: ["ComparisonError"], images: [] });
    argocd.add({ name: "branch", path: PATH, targetRevision: "no-such-branch" });
    expect(await look("", "branch")).toMatchObject({ sync: "Unknown", revision: undefined });
    clock.advance(10 * SECOND);
    await commit(kustomization("1.0.0", C), "apps/other/kustomization.yaml");
    clock.advance(90 * SECOND);
    expect(await look("", "other")).toMatchObject({ sync: "Synced", health: "Healthy", conditions: [] });
  });

  it("reads a repository by its URL", async () => {
    await argocd.close();
    argocd = await startArgoCd({ clock, repositoryUrl: `file://${directory}`, applications: [{ name: "checkout-prod", path: PATH }] });
    clock.advance(10 * SECOND);
    const merged = await commit(kustomization("1.1.0", B));
    expect(await look("?refresh=hard")).toMatchObject({ revision: merged, sync: "OutOfSync" });
  });
});

describe("by instruction", () => {
  async function merge(tag: string, digest: string): Promise<string> {
    clock.advance(10 * SECOND);
    const oid = await commit(kustomization(tag, digest));
    await look("?refresh=normal");
    return oid;
  }

  it("degrades instead of becoming healthy, and recovers with another digest", async () => {
    argocd.degradeOn("checkout-prod", B);
    await merge("1.1.0", B);
    clock.advance(25 * SECOND);
    expect(await look()).toMatchObject({ sync: "Synced", health: "Degraded", healthSince: at(35) });
    await merge("1.0.0", A);
    clock.advance(25 * SECOND);
    expect(await look()).toMatchObject({ sync: "Synced", health: "Healthy" });
  });

  it("degrades a while after it was healthy", async () => {
    argocd.degradeOn("checkout-prod", B, { after: 60 * SECOND });
    await merge("1.1.0", B);
    clock.advance(84 * SECOND);
    expect(await look()).toMatchObject({ health: "Healthy", healthSince: at(35) });
    clock.advance(SECOND);
    expect(await look()).toMatchObject({ health: "Degraded", healthSince: at(95) });
  });

  it("fails the sync, and tries another commit again", async () => {
    argocd.failSyncOn("checkout-prod", B);
    const bad = await merge("1.1.0", B);
    clock.advance(300 * SECOND);
    expect(await look()).toMatchObject({
      sync: "OutOfSync",
      revision: bad,
      phase: "Failed",
      health: "Healthy",
      conditions: ["SyncError"],
      images: [`ghcr.io/acme/checkout:1.0.0@${A}`],
    });
    await merge("1.2.0", C);
    clock.advance(25 * SECOND);
    expect(await look()).toMatchObject({ sync: "Synced", phase: "Succeeded", health: "Healthy", conditions: [] });
  });

  it("hangs, until it behaves", async () => {
    argocd.hangOn("checkout-prod", B);
    await merge("1.1.0", B);
    clock.advance(86_400 * SECOND);
    expect(await look()).toMatchObject({ health: "Progressing", healthSince: at(15) });
    argocd.behave("checkout-prod", B);
    expect(await look()).toMatchObject({ health: "Healthy" });
  });

  it("flaps", async () => {
    argocd.flapOn("checkout-prod", B);
    await merge("1.1.0", B);
    clock.advance(25 * SECOND);
    const seen: string[] = [];
    for (let step = 0; step < 4; step += 1) {
      seen.push((await look()).health);
      clock.advance(5 * SECOND);
    }
    expect(seen).toEqual(["Healthy", "Progressing", "Healthy", "Progressing"]);
  });

  it("waits for somebody where it is synced by hand", async () => {
    argocd.add({ name: "by-hand", path: PATH, automated: false });
    await merge("1.1.0", B);
    clock.advance(300 * SECOND);
    expect(await look("", "by-hand")).toMatchObject({ sync: "OutOfSync", phase: undefined, health: "Healthy" });
    argocd.syncByHand("by-hand");
    clock.advance(25 * SECOND);
    expect(await look("", "by-hand")).toMatchObject({ sync: "Synced", phase: "Succeeded", health: "Healthy" });
  });
});

describe("its API", () => {
  it("wants the token", async () => {
    expect((await get("/api/v1/applications/checkout-prod", null)).status).toBe(401);
    expect((await get("/api/v1/applications/checkout-prod", "wrong")).status).toBe(401);
  });

  it("tells what is missing only to who names the project", async () => {
    argocd.remove("checkout-prod");
    expect(await get("/api/v1/applications/checkout-prod")).toMatchObject({ status: 403, body: { code: 7 } });
    expect(await get("/api/v1/applications/checkout-prod?project=default")).toMatchObject({ status: 404, body: { code: 5 } });
  });

  it("keeps projects and namespaces apart", async () => {
    argocd.add({ name: "team", path: PATH, project: "shop", namespace: "shop-apps" });
    expect((await get("/api/v1/applications/team?appNamespace=shop-apps&project=shop")).status).toBe(200);
    expect((await get("/api/v1/applications/team?appNamespace=shop-apps&project=default")).status).toBe(403);
    expect((await get("/api/v1/applications/team?project=shop")).status).toBe(404);
  });

  it("lists what there is", async () => {
    argocd.add({ name: "checkout-dev", path: PATH });
    const { body } = await get("/api/v1/applications");
    expect(body).toMatchObject({ items: [{ metadata: { name: "checkout-prod" } }, { metadata: { name: "checkout-dev" } }] });
  });

  it("is unavailable by instruction, and tells what it was asked", async () => {
    argocd.outage("unavailable");
    expect((await get("/api/v1/applications/checkout-prod")).status).toBe(503);
    argocd.outage(null);
    expect((await get("/api/v1/applications/checkout-prod?refresh=normal")).status).toBe(200);
    expect(argocd.requests).toEqual(["/api/v1/applications/checkout-prod", "/api/v1/applications/checkout-prod?refresh=normal"]);
  });
});
