import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Permissions, Repository, Rule } from "../../sandbox/github/model.ts";
import { startGitHub, type GitHubSandbox } from "../../sandbox/github/sandbox.ts";
import { doctorCommand } from "../../src/cli/doctor.ts";

const ROOT = join(import.meta.dirname, "../..");
const SECRET = "a secret of the webhook";
const CONFIG = `version: 1
environments:
  dev: { promote: auto, merge: auto }
  prod: { after: dev, promote: on-request, merge: on-approval, approvals: { count: 1 } }
apps:
  discover: ["apps/{app}/{env}/kustomization.yaml"]
`;
const OWNERS = `/.github/ @acme/platform
/apps/*/prod/ @acme/sre
`;
const FILES = {
  ".github/pinion.yaml": CONFIG,
  ".github/CODEOWNERS": OWNERS,
  "apps/checkout/dev/kustomization.yaml": "images: []\n",
  "apps/checkout/prod/kustomization.yaml": "images: []\n",
};
const LOG = "refs/heads/pinion-log";

const manifest = parse(readFileSync(join(ROOT, "app.yml"), "utf8")) as { readonly default_events: readonly string[]; readonly default_permissions: Permissions };

let github: GitHubSandbox;
let repository: Repository;
let number = 0;

beforeAll(async () => {
  github = await startGitHub({ app: { permissions: manifest.default_permissions, events: manifest.default_events } });
});

afterAll(() => github.close());

beforeEach(async () => {
  repository = await github.seedRepository(`manifests-${(number += 1)}`, FILES);
  github.installation.permissions = manifest.default_permissions;
  for (const team of ["platform", "sre"]) {
    const made = github.state.team("acme", team) ?? github.team(team, [`${team}-lead`]);
    made.repositories.set(repository.id, "write");
  }
});

interface Found {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly cure: string | null;
  readonly page: string | null;
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command in this process, by an environment as an operator would give it to `pinion serve`. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { app, url } = github;
  const given = { APP_ID: String(app.id), PRIVATE_KEY: app.privateKey, WEBHOOK_SECRET: SECRET, GITHUB_URL: url, GITHUB_API_URL: url, HOME: tmpdir() };
  let [out, err] = ["", ""];
  const code = await doctorCommand(loadShippedPolicies).run(
    { words: args.filter((word) => !word.startsWith("--")), json: args.includes("--json"), options: new Map() },
    {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      environment: { ...given, ...environment },
      stopped: new Promise(() => undefined),
      input: async () => new Uint8Array(),
      watched: { out: false, err: false },
    },
  );
  return { code, out, err };
}

async function findings(): Promise<{ readonly code: number | null; readonly ok: boolean; readonly of: (check: string) => readonly Found[]; readonly all: readonly Found[] }> {
  const { code, out, err } = await run([`acme/${repository.name}`, "--json"]);
  expect(err).toBe("");
  const told = JSON.parse(out) as { readonly ok: boolean; readonly findings: readonly Found[] };
  return { code, ok: told.ok, all: told.findings, of: (check) => told.findings.filter((finding) => finding.check === check) };
}

/** As docs/installation.md asks, unless the rules of the default branch are others. */
function guard(rules?: readonly Rule[]): void {
  const { id: appId } = github.app;
  const wanted: readonly Rule[] = [
    { type: "required_status_checks", strict: false, required: [{ context: "Pinion", appId }] },
    { type: "pull_request", approvals: 0, dismissStale: true, codeOwners: true },
  ];
  github.addRuleset(repository, { name: "main", include: ["~DEFAULT_BRANCH"], rules: rules ?? wanted });
  github.addRuleset(repository, {
    name: "only Pinion writes its log",
    include: [LOG],
    rules: [{ type: "creation" }, { type: "update" }],
    bypass: [{ type: "Integration", appId, mode: "always" }],
  });
  github.addRuleset(repository, { name: "nobody takes it back", include: [LOG], rules: [{ type: "deletion" }, { type: "non_fast_forward" }] });
}

describe("a repository as the documentation wants it", () => {
  it("has no problem, and nothing that could not be told", async () => {
    guard();
    const { code, ok, all } = await findings();
    expect(all.filter(({ status }) => status !== "ok").map(({ check, status }) => `${check}: ${status}`)).toEqual(["bypasses: warning"]);
    expect([code, ok]).toEqual([0, true]);
    // The last word on the bypass lists is a person's: GitHub does not tell them to the App.
    expect(all.find(({ check }) => check === "bypasses")?.message).toContain("“only Pinion writes its log”");
  });

  it("is told in a line for each, the worst first", async () => {
    guard();
    const { code, out } = await run([`acme/${repository.name}`]);
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines[0]).toBe(`acme/${repository.name}: 1 warning, 16 ok`);
    expect(lines[2]).toMatch(/^warning {2}Who else may bypass /);
    expect(out).toContain("ok       Pinion is required on main, from pinion only (required-check)\n");
  });
});

describe("a repository that nobody set up", () => {
  it("has every problem at once, each with its cure", async () => {
    const { code, ok, all } = await findings();
    expect([code, ok]).toEqual([1, false]);
    expect(all.filter(({ status }) => status === "problem").map(({ check }) => check)).toEqual(["required-check", "code-owner-review", "log-writers", "log-history"]);
    for (const { status, cure } of all) if (status !== "ok") expect(cure).not.toBeNull();
    expect(all.find(({ check }) => check === "required-check")?.page).toBe(`${github.url}/acme/${repository.name}/settings/rules`);
  });

  it("may be protected in the classic way, as far as that can be read", async () => {
    github.protect(repository, "main", {
      checks: { strict: false, required: [{ context: "Pinion", appId: github.app.id }] },
      reviews: { count: 1, dismissStale: true, codeOwners: true },
      enforceAdmins: true,
    });
    const { code, of } = await findings();
    expect(code).toBe(1);
    expect(of("required-check")[0]?.status).toBe("ok");
    expect(of("code-owner-review")[0]?.status).toBe("ok");
    // Nobody can approve what is to merge by itself.
    expect(of("reviews")[0]).toMatchObject({ status: "problem", message: expect.stringContaining("dev (merge: auto)") as string });
  });
});

it("tells a required check that anybody can pass", async () => {
  guard([{ type: "required_status_checks", strict: true, required: [{ context: "Pinion", appId: null }] }]);
  const { of } = await findings();
  expect(of("required-check")[0]).toMatchObject({ status: "problem", cure: "Choose pinion as the source of the required check Pinion" });
  expect(of("up-to-date")[0]?.status).toBe("problem");
});

it("tells lines of CODEOWNERS that GitHub leaves out, and that they guard nothing then", async () => {
  guard();
  github.state.team("acme", "sre")?.repositories.delete(repository.id);
  const { of } = await findings();
  expect(of("code-owners-errors")[0]).toMatchObject({ status: "problem", message: "GitHub leaves out lines of .github/CODEOWNERS: line 2: Unknown owner" });
  expect(of("code-owners-of-production")[0]).toMatchObject({ status: "problem", message: "Nobody owns apps/checkout/prod/kustomization.yaml of prod, where people decide about merges" });
});

it("tells permissions that wait to be accepted, and says of what it then could not read that it cannot be told", async () => {
  guard();
  const { contents: _left, ...rest } = manifest.default_permissions;
  github.installation.permissions = rest;
  const { code, of, all } = await findings();
  expect(code).toBe(1);
  expect(of("app-permissions")[0]).toMatchObject({ status: "problem", cure: expect.stringContaining("wait to be accepted") as string });
  const unread = ["config", "code-owners-of-config", "code-owners-of-production", "code-owners-errors"];
  for (const check of unread) expect(of(check)[0], check).toMatchObject({ status: "unknown", cure: expect.stringContaining("contents: read") as string });
  expect(all.filter(({ status }) => status === "ok").map(({ check }) => check)).toEqual(["app-events", "repository", "required-check", "merge-queue", "code-owner-review", "log-writers", "log-history"]);
});

it("ends with 3 where nothing is wrong and something could not be told", async () => {
  guard();
  const isAsked = (_method: string, path: string): boolean => path.endsWith("/codeowners/errors");
  // Asked again once, after a failure that may pass.
  for (let time = 0; time < 2; time += 1) github.faults.next(isAsked, { kind: "status", status: 503 });
  const { code, of } = await findings();
  expect([code, of("code-owners-errors")[0]?.status]).toEqual([3, "unknown"]);
});

it.each([
  ["manifests", "is no repository"],
  ["a/b/c", "is no repository"],
])("does not take %s for a repository", async (name, words) => {
  const { code, err } = await run([name]);
  expect([code, err]).toEqual([2, expect.stringContaining(words)]);
});

it("says where the App is not installed", async () => {
  const { code, out } = await run(["acme/none"]);
  expect(code).toBe(1);
  expect(out).toContain("PROBLEM  The App pinion is not installed in acme/none, or there is no such repository");
});

it("says that the environment cannot be used, and that the key is not the App's", async () => {
  const unset = await run(["acme/none"], { APP_ID: "" });
  expect([unset.code, unset.err]).toEqual([2, expect.stringContaining("APP_ID")]);
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const { code, err } = await run(["acme/none"], { PRIVATE_KEY: other });
  expect([code, err]).toEqual([2, expect.stringContaining("Check the App's id and private key")]);
});

it("fails where GitHub cannot be reached", async () => {
  const { code, err } = await run(["acme/none"], { GITHUB_API_URL: "http://127.0.0.1:9" });
  expect([code, err]).toEqual([3, expect.stringContaining("GitHub could not be reached")]);
});
