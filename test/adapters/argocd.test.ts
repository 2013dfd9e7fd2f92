import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startArgoCd } from "../../sandbox/argocd.ts";
import type { ArgoCdSandbox } from "../../sandbox/argocd.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { runGit } from "../../sandbox/github/git.ts";
import { parseApplication } from "../../src/adapters/argocd/application.ts";
import { createArgoCd } from "../../src/adapters/argocd.ts";
import type { ArgoCdEndpoint, ArgoCdOptions } from "../../src/adapters/argocd.ts";
import { verdictOf } from "../../src/domain/rollout.ts";
import { PortFailure } from "../../src/ports.ts";

const T0 = Date.UTC(2026, 0, 5, 10, 0, 0);
const COMMIT = "c".repeat(40);
const DIGEST = `sha256:${"a".repeat(64)}` as const;

/** An Application as Argo CD 3.x gives it, cut to what is not boilerplate. */
const APPLICATION = {
  metadata: { name: "checkout-prod", namespace: "argocd", uid: "6b0c" },
  spec: {
    project: "shop",
    source: { repoURL: "https://github.com/acme/manifests", path: "apps/checkout/overlays/prod", targetRevision: "HEAD" },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  },
  status: {
    reconciledAt: "2026-01-05T10:02:00Z",
    sync: { status: "Synced", revision: COMMIT, comparedTo: {} },
    health: { status: "Healthy", lastTransitionTime: "2026-01-05T10:01:30Z" },
    history: [{ id: 7, revision: COMMIT, deployStartedAt: "2026-01-05T10:00:55Z", deployedAt: "2026-01-05T10:01:00Z" }, { id: 8 }],
    operationState: {
      operation: { sync: { revision: COMMIT, prune: true }, initiatedBy: { automated: true }, retry: { limit: 5 } },
      phase: "Succeeded",
      message: "successfully synced (all tasks run)",
      startedAt: "2026-01-05T10:00:55Z",
      finishedAt: "2026-01-05T10:01:00Z",
      syncResult: { revision: COMMIT, resources: [{ kind: "Deployment", name: "checkout", status: "Synced" }] },
    },
    summary: { images: [`ghcr.io/acme/checkout:1.4.2@${DIGEST}`] },
    conditions: [{ type: "OrphanedResourceWarning", message: "x" }],
  },
};

const PARSED = {
  name: "checkout-prod",
  sync: "Synced",
  revisions: [COMMIT],
  health: "Healthy",
  healthSince: T0 + 90_000,
  reconciledAt: T0 + 120_000,
  operating: false,
  operation: {
    phase: "Succeeded",
    message: "successfully synced (all tasks run)",
    startedAt: T0 + 55_000,
    finishedAt: T0 + 60_000,
    revisions: [COMMIT],
    partial: false,
    selfHeal: false,
  },
  syncedFrom: [T0 + 55_000],
  errors: [],
  syncError: null,
  automated: true,
  images: [`ghcr.io/acme/checkout:1.4.2@${DIGEST}`],
};

type Change = (application: typeof APPLICATION) => unknown;

/** The parts of the status that differ from {@link PARSED} once the Application is changed. */
function parse(change: Change): unknown {
  const parsed = parseApplication(change(structuredClone(APPLICATION)), "checkout-prod");
  return parsed.ok ? parsed.status : parsed.problem;
}

const withState = (state: object) => (app: typeof APPLICATION) => ({
  ...app,
  status: { ...app.status, operationState: { ...app.status.operationState, ...state } },
});
const withStatus = (status: object) => (app: typeof APPLICATION) => ({ ...app, status: { ...app.status, ...status } });
const withSpec = (spec: object) => (app: typeof APPLICATION) => ({ ...app, spec: { ...app.spec, ...spec } });
const withSync = (sync: object) => withState({ operation: { sync: { revision: COMMIT, ...sync }, initiatedBy: { username: "ada" } } });

describe("an Application is read", () => {
  it("whole", () => {
    expect(parse((app) => app)).toEqual(PARSED);
  });

  it.each<[string, Change, object]>([
    ["without a status", (app) => ({ ...app, status: undefined }), {
      sync: "Unknown", revisions: [], health: "Unknown", healthSince: null, reconciledAt: null, operation: null, syncedFrom: [], images: [],
    }],
    ["with values of another version", withStatus({ sync: { status: "Drifting" }, health: { status: "Paused" } }), {
      sync: "Unknown", health: "Unknown", revisions: [], healthSince: null,
    }],
    ["without the time of its health", withStatus({ health: { status: "Healthy" } }), { healthSince: null }],
    ["with a time that is none", withStatus({ reconciledAt: "yesterday" }), { reconciledAt: null }],
    ["with several sources", withStatus({ sync: { status: "Synced", revisions: [COMMIT, "1.2.3"] } }), { revisions: [COMMIT, "1.2.3"] }],
    ["with an operation requested", (app) => ({ ...app, operation: { sync: {} } }), { operating: true }],
    ["without images", withStatus({ summary: {} }), { images: [] }],
    ["synced by hand", withSpec({ syncPolicy: {} }), { automated: false }],
    ["with automated sync turned off", withSpec({ syncPolicy: { automated: { enabled: false } } }), { automated: false }],
    [
      "with conditions",
      withStatus({
        conditions: [{ type: "ComparisonError", message: "no\nroute" }, { type: "SyncError", message: "denied" }, { type: "X" }, 7],
      }),
      { errors: ["ComparisonError: no route"], syncError: "SyncError: denied" },
    ],
    ["that is being deleted", (app) => ({ ...app, metadata: { ...app.metadata, deletionTimestamp: "2026-01-05T10:00:00Z" } }), {
      errors: ["it is being deleted"],
    }],
    ["with a hydrator", withSpec({ sourceHydrator: {} }), { errors: [expect.stringContaining("sourceHydrator")] }],
  ])("%s", (_, change, differences) => {
    expect(parse(change)).toEqual({ ...PARSED, ...differences });
  });

  it.each<[string, Change, object]>([
    ["running", withState({ phase: "Running", finishedAt: null }), { operating: true, operation: { phase: "Running", finishedAt: null } }],
    ["waiting for its next attempt", withState({ phase: "Running", retryCount: 2 }), { operating: true, operation: { phase: "Running" } }],
    ["over, but without an end", withState({ finishedAt: null }), { operating: true }],
    ["failed", withState({ phase: "Failed", message: "not\tby\nme" }), { operation: { phase: "Failed", message: "not by me" } }],
    ["of a phase nobody knows", withState({ phase: "Paused" }), { operation: null, errors: [expect.stringMatching(/phase .*"Paused"/)] }],
    ["of several sources", withState({ syncResult: { revisions: [COMMIT, "x"] } }), { operation: { revisions: [COMMIT, "x"] } }],
    ["without a result", withState({ syncResult: undefined }), { operation: { revisions: [COMMIT] } }],
    ["a dry run", withSync({ dryRun: true }), { operation: { partial: true, selfHeal: false } }],
    ["of selected resources", withSync({ resources: [{ kind: "Job", name: "x" }] }), { operation: { partial: true, selfHeal: false } }],
    ["of manifests on somebody's disk", withSync({ manifests: ["x"] }), { operation: { partial: true } }],
    [
      "self-heal",
      withState({ operation: { sync: { resources: [{ kind: "Job", name: "x" }] }, initiatedBy: { automated: true } } }),
      { operation: { partial: false, selfHeal: true } },
    ],
    [
      "self-heal of everything",
      withState({ operation: { sync: { autoHealAttemptsCount: 1 }, initiatedBy: { automated: true } } }),
      { operation: { partial: false, selfHeal: true } },
    ],
  ])("with its last operation %s", (_, change, differences) => {
    expect(parse(change)).toMatchObject(differences);
  });

  it("only under its own name", () => {
    expect(parse((app) => ({ ...app, metadata: { name: "other" } }))).toMatch(/did not answer with the Application "checkout-prod"/);
  });

  it("from anything without throwing, and nothing final follows from what is no Application", () => {
    const fields = fc.constantFrom("sync", "health", "operationState", "history", "conditions", "summary", "reconciledAt");
    fc.assert(
      fc.property(fc.anything(), fc.dictionary(fields, fc.anything()), (json, status) => {
        expect(parseApplication(json, "checkout-prod").ok).toBe(false);
        const parsed = parseApplication({ metadata: { name: "checkout-prod" }, spec: json, status }, "checkout-prod");
        if (!parsed.ok) throw new Error("it has the right name");
        const observed = { status: parsed.status, includesCommit: true, pinsAtRevision: "wanted" } as const;
        const { verdict } = verdictOf([observed], { commit: COMMIT, mergedAt: T0, images: [] }, T0 + 3_600_000);
        expect(["deployed", "degraded", "sync-failed"]).not.toContain(verdict);
      }),
    );
  });
});

const ENDPOINT: ArgoCdEndpoint = { url: "https://argocd.example/root", token: "s3cret-token" };

interface Asked {
  readonly url: URL;
  readonly headers: Headers;
}

/** An adapter whose network answers as told. */
function answering(reply: (asked: Asked) => Response | Promise<Response>, options: Partial<ArgoCdOptions> = {}) {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    const one = { url: new URL(input instanceof Request ? input.url : input), headers: new Headers(init?.headers) };
    asked.push(one);
    return Promise.resolve(reply(one));
  };
  return { asked, argocd: createArgoCd({ endpoints: new Map([["main", ENDPOINT]]), fetch, refreshAfter: null, ...options }) };
}

async function failureOf(promise: Promise<unknown>): Promise<PortFailure> {
  const problem = await promise.then(() => null, (thrown: unknown) => thrown);
  if (!(problem instanceof PortFailure)) throw new Error(`expected a PortFailure, got ${String(problem)}`);
  expect(problem.message).not.toContain(ENDPOINT.token);
  return problem;
}

describe("the request", () => {
  it("goes to the Application's address with the token", async () => {
    const { argocd, asked } = answering(() => Response.json(APPLICATION));
    expect(await argocd.application("main", "checkout-prod")).toEqual(PARSED);
    expect(asked.map(({ url }) => url.href)).toEqual(["https://argocd.example/root/api/v1/applications/checkout-prod"]);
    expect(asked[0]?.headers.get("authorization")).toBe("Bearer s3cret-token");
  });

  it("names namespace and project", async () => {
    const endpoints = new Map([["main", { ...ENDPOINT, project: "shop" }]]);
    const { argocd, asked } = answering(() => Response.json(APPLICATION), { endpoints });
    expect(await argocd.application(null, "team-a/checkout-prod")).toMatchObject({ name: "team-a/checkout-prod" });
    expect(asked[0]?.url.search).toBe("?appNamespace=team-a&project=shop");
  });

  it.each(["", "a/b/c", "../x", "a b", "A", "a?x=1", "-a", "/a", "a/"])("is not made for the name %j", async (name) => {
    const { argocd, asked } = answering(() => Response.json(APPLICATION));
    const failure = await failureOf(argocd.application(null, name));
    expect(failure.kind).toBe("stalled");
    expect(failure.message).toContain("is no name of an Argo CD Application");
    expect(asked).toEqual([]);
  });

  it.each<[string, readonly string[], string | null, RegExp]>([
    ["none is configured", [], null, /No Argo CD is configured/],
    ["there are several and none is named", ["eu", "us"], null, /does not say which Argo CD.*"eu", "us"/],
    ["another is named", ["eu", "us"], "asia", /no Argo CD named "asia" \(configured: "eu", "us"\)/],
  ])("is not made when %s", async (_, names, wanted, message) => {
    const { argocd } = answering(() => Response.json(APPLICATION), { endpoints: new Map(names.map((name) => [name, ENDPOINT])) });
    const failure = await failureOf(argocd.application(wanted, "checkout-prod"));
    expect(failure.kind).toBe("stalled");
    expect(failure.message).toMatch(message);
  });
});

describe("an answer that is no Application", () => {
  const notFound = { error: "x", code: 5, message: 'applications.argoproj.io "checkout-prod" not found' };

  it("is null when Argo CD says that there is none", async () => {
    const { argocd } = answering(() => Response.json(notFound, { status: 404 }));
    expect(await argocd.application(null, "checkout-prod")).toBeNull();
  });

  it.each<[string, () => Response, PortFailure["kind"], RegExp]>([
    ["404 of something else", () => new Response("<html>", { status: 404 }), "stalled", /Check that the address is Argo CD's/],
    ["404 of a wrong path", () => Response.json({ code: 5, message: "Not Found" }, { status: 404 }), "stalled", /root path/],
    ["403", () => Response.json({}, { status: 403 }), "stalled", /missing, or .*: p, .*, applications, get, <project>\/checkout-prod,/],
    ["401", () => Response.json({ code: 16 }, { status: 401 }), "stalled", /401/],
    ["503", () => new Response("", { status: 503 }), "dependency", /503/],
    ["a page", () => new Response("<html>"), "dependency", /not JSON/],
    ["another Application", () => Response.json({ metadata: { name: "x" } }), "dependency", /did not answer with/],
    ["a redirect to log in", () => Response.redirect("https://login.example/", 303), "stalled", /login.example/],
    ["far too much", () => new Response("x".repeat(11 * 1024 * 1024)), "stalled", /more than/],
  ])("%s", async (_, reply, kind, message) => {
    const { argocd } = answering(reply);
    const failure = await failureOf(argocd.application(null, "checkout-prod"));
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(message);
  });

  it("names the project in the line that is missing", async () => {
    const endpoints = new Map([["main", { ...ENDPOINT, project: "shop" }]]);
    const { argocd } = answering(() => Response.json({ code: 7 }, { status: 403 }), { endpoints });
    expect((await failureOf(argocd.application(null, "checkout-prod"))).message).toContain("applications, get, shop/checkout-prod, allow");
  });
});

describe("a comparison that is old", () => {
  const old = { ...APPLICATION, status: { ...APPLICATION.status, reconciledAt: "2026-01-05T09:00:00Z" } };

  it("is asked to be made again, and not again before its time", async () => {
    const clock = new VirtualClock(T0);
    const { argocd, asked } = answering(({ url }) => Response.json(url.searchParams.get("refresh") === "normal" ? APPLICATION : old), {
      now: () => clock.now(),
      refreshAfter: 60_000,
    });
    expect(await argocd.application(null, "checkout-prod")).toMatchObject({ reconciledAt: T0 + 120_000 });
    expect(await argocd.application(null, "checkout-prod")).toMatchObject({ reconciledAt: T0 - 3_600_000 });
    clock.advance(60_001);
    expect(await argocd.application(null, "checkout-prod")).toMatchObject({ reconciledAt: T0 + 120_000 });
    expect(asked.map(({ url }) => url.search)).toEqual(["", "?refresh=normal", "", "", "?refresh=normal"]);
  });

  it("still counts for what it is when the refresh fails", async () => {
    const { argocd } = answering(({ url }) => (url.search === "" ? Response.json(old) : new Response("", { status: 500 })), {
      now: () => T0,
      refreshAfter: 60_000,
    });
    expect(await argocd.application(null, "checkout-prod")).toMatchObject({ reconciledAt: T0 - 3_600_000 });
  });

  it("is left alone while it is young enough", async () => {
    const { argocd, asked } = answering(() => Response.json(APPLICATION), { now: () => T0 + 150_000, refreshAfter: 60_000 });
    await argocd.application(null, "checkout-prod");
    expect(asked).toHaveLength(1);
  });
});

describe("against the sandbox", () => {
  const NEXT = `sha256:${"b".repeat(64)}` as const;
  let clock: VirtualClock;
  let directory: string;
  let sandbox: ArgoCdSandbox;

  async function git(...args: string[]): Promise<string> {
    const who = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
    const date = `${Math.floor(clock.now() / 1_000)} +0000`;
    const result = await runGit(directory, args, { env: { ...who, GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date } });
    expect(result.code).toBe(0);
    return result.stdout.toString("utf8").trim();
  }

  async function merge(digest: string): Promise<string> {
    await writeFile(join(directory, "kustomization.yaml"), `images: [{ name: ghcr.io/acme/checkout, digest: "${digest}" }]\n`);
    await git("add", ".");
    await git("commit", "--quiet", "--message=change");
    return git("rev-parse", "HEAD");
  }

  beforeEach(async () => {
    clock = new VirtualClock(T0);
    directory = await mkdtemp(join(tmpdir(), "argocd-adapter-test-"));
    await git("init", "--quiet", "--initial-branch=main", ".");
    await merge(DIGEST);
    sandbox = await startArgoCd({
      clock,
      repositoryUrl: directory,
      applications: [
        { name: "checkout-prod", path: "kustomization.yaml" },
        { name: "by-hand", path: "kustomization.yaml", automated: false },
      ],
    });
  });

  afterEach(async () => {
    await sandbox.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** The verdicts on a merge, one for each stretch of time with the same. */
  async function verdictsOf(name = "checkout-prod"): Promise<readonly string[]> {
    const argocd = createArgoCd({ endpoints: new Map([["main", sandbox]]), now: () => clock.now(), refreshAfter: null });
    clock.advance(10_000);
    const before = await git("rev-parse", "HEAD");
    const wanted = { commit: await merge(NEXT), mergedAt: clock.now(), images: [{ repository: "ghcr.io/acme/checkout", digest: NEXT }] };
    const seen: string[] = [];
    for (let elapsed = 0; elapsed < 180_000; elapsed += 5_000) {
      const status = await argocd.application(null, name);
      if (status === null) throw new Error("it is there");
      const includesCommit = !status.revisions.includes(before);
      const { verdict } = verdictOf([{ status, includesCommit, pinsAtRevision: "wanted" }], wanted, clock.now());
      if (seen.at(-1) !== verdict) seen.push(verdict);
      clock.advance(5_000);
    }
    return seen;
  }

  it.each<[string, (sandbox: ArgoCdSandbox) => void, readonly string[]]>([
    ["all is well", () => undefined, ["stale", "pending", "deployed"]],
    ["it degrades", () => sandbox.degradeOn("checkout-prod", NEXT), ["stale", "pending", "degraded"]],
    [
      "it degrades later",
      () => sandbox.degradeOn("checkout-prod", NEXT, { after: 60_000 }),
      ["stale", "pending", "deployed", "degraded"],
    ],
    ["the sync fails", () => sandbox.failSyncOn("checkout-prod", NEXT), ["stale", "pending", "sync-failed"]],
    ["it hangs", () => sandbox.hangOn("checkout-prod", NEXT), ["stale", "pending"]],
    ["it flaps", () => sandbox.flapOn("checkout-prod", NEXT), ["stale", "pending"]],
  ])("the verdicts follow when %s", async (_, instruct, verdicts) => {
    instruct(sandbox);
    expect(await verdictsOf()).toEqual(verdicts);
  });

  it("the verdict waits for somebody to sync by hand", async () => {
    expect(await verdictsOf("by-hand")).toEqual(["stale", "blocked"]);
  });

  it("is told what is missing, refused and down", async () => {
    const inProject = createArgoCd({ endpoints: new Map([["main", { url: sandbox.url, token: sandbox.token, project: "default" }]]) });
    expect(await inProject.application(null, "other")).toBeNull();
    const stranger = createArgoCd({ endpoints: new Map([["main", { url: sandbox.url, token: "wrong" }]]) });
    expect((await failureOf(stranger.application(null, "checkout-prod"))).kind).toBe("stalled");
    sandbox.outage("unavailable");
    expect((await failureOf(inProject.application(null, "checkout-prod"))).kind).toBe("dependency");
  });
});
