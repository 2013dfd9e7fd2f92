import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { VARIABLES } from "../../src/config.ts";
import { folderWith } from "./repository-folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const PRIVATE_KEY = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const WEBHOOK_SECRET = "a secret of the webhook";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line in a process of its own. */
function pinion(args: readonly string[], options: { input?: string | Uint8Array; cwd?: string; environment?: Record<string, string> } = {}) {
  const child = spawn(process.execPath, [join(ROOT, "src/cli.ts"), ...args], {
    cwd: options.cwd ?? ROOT,
    env: { PATH: process.env["PATH"], HOME: tmpdir(), ...options.environment },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  const watchers = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString("utf8");
    for (const watcher of watchers) watcher();
  });
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString("utf8")));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, out, err })));
  child.stdin.end(options.input ?? "");
  /** The first line of its output that matches. */
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = out.split("\n").find((text) => pattern.test(text));
        if (found !== undefined) resolve(found);
      };
      watchers.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended without such a line:\n${out}${err}`)));
    });
  return { child, ended, line };
}

describe("help", () => {
  it.each([["--help"], ["-h"]])("%s names every command and exit code", async (option) => {
    const { code, out, err } = await pinion([option]).ended;
    expect([code, err]).toEqual([0, ""]);
    for (const word of ["serve", "config check [FILE]", "config schema", "Exit codes:", "--version"]) expect(out).toContain(word);
  });

  it("fits a screen for every command, and lists them without their options", async () => {
    const { out } = await pinion(["--help"]).ended;
    const commands = [...out.matchAll(/^ {2}((?:(?:config|policy) )?[a-z]+)(?: [A-Z[(-].*?)? {2,}\S/gm)].map(([, name]) => name ?? "");
    expect(commands).toEqual(["serve", "init", "config check", "config schema", "plan", "promote", "policy test", "policy explain", "policy eval", "pins", "set", "replay", "doctor"]);
    expect(out).not.toContain("[--");
    const pages = [out, ...(await Promise.all(commands.map(async (name) => (await pinion([...name.split(" "), "--help"]).ended).out)))];
    for (const page of pages) expect(Math.max(...page.split("\n").map(({ length }) => length)), page).toBeLessThanOrEqual(120);
    // All variables of serve are more than a small screen holds.
    for (const [index, page] of pages.entries()) expect(page.trimEnd().split("\n").length, page).toBeLessThanOrEqual(commands[index - 1] === "serve" ? 42 : 24);
  });

  it.each([["--help"], ["-h"]])("of a group tells its commands (%s)", async (option) => {
    const { code, out, err } = await pinion(["policy", option]).ended;
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^Usage: pinion policy COMMAND\n/);
    expect([...out.matchAll(/^ {2}(policy [a-z]+)/gm)].map(([, name]) => name)).toEqual(["policy test", "policy explain", "policy eval"]);
  });

  it("of serve names every variable that is read", async () => {
    const { code, out } = await pinion(["serve", "--help"]).ended;
    expect(code).toBe(0);
    for (const name of VARIABLES) expect(out, name).toContain(name);
    expect(out).toMatch(/^ {2}PINION_REGISTRY_CONFIG .*credential helpers/m);
  });

  it("tells the version of the package", async () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly version: string };
    expect(await pinion(["--version"], { cwd: tmpdir() }).ended).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" });
  });
});

it.each([
  [[], "which command?"],
  [["serv"], 'Did you mean "serve"?'],
  [["policy", "tset", "--help"], "There are: policy test, policy explain, policy eval"],
  [["config"], "There are: config check, config schema"],
  [["config", "chek"], "There are: config check, config schema"],
  [["--nope"], "--nope is no option"],
  [["pins", "--hlep"], '--hlep is no option. Did you mean "--help"?'],
  [["pins", "--rev"], "argument missing"],
  [["config", "check", "a", "b"], 'does not take "b"'],
  [["serve", "--json"], "does not take --json"],
  [["config", "check", "/none/such.yaml"], "cannot be read (ENOENT): there is no such file, check the path\n"],
  [["config", "check", "/"], "cannot be read (EISDIR): it is a folder, name a file\n"],
])("says what is wrong with %j", async (args, problem) => {
  const { code, out, err } = await pinion(args).ended;
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(problem);
});

describe("config check", () => {
  it("finds a sound file sound, in its usual place too", async () => {
    const text = readFileSync(join(ROOT, "test/fixtures/pinion.yaml"), "utf8");
    expect(await pinion(["config", "check", "-"], { input: text }).ended).toEqual({ code: 0, out: "-: no problems\n", err: "" });
    const { code, err } = await pinion(["config", "check"], { cwd: folderWith({}) }).ended;
    expect([code, err]).toEqual([2, expect.stringContaining(".github/pinion.yaml cannot be read (ENOENT): there is no such file")]);
    expect(err).toContain("let pinion init write one");
  });

  it("prints every problem where it is", async () => {
    const folder = folderWith({ "p.yaml": "version: 1\nenviroments: {}\napps: 5\n" });
    const { code, out } = await pinion(["config", "check", "p.yaml"], { cwd: folder }).ended;
    expect(code).toBe(1);
    expect(out).toMatch(/^p\.yaml:2:1: .*environments/m);
    expect(out.trim().split("\n").length).toBeGreaterThan(1);
    const json = await pinion(["config", "check", "p.yaml", "--json"], { cwd: folder }).ended;
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, file: "p.yaml", problems: expect.arrayContaining([expect.objectContaining({ line: 2 })]) });
  });

  it("misses the CODEOWNERS file where code owners are asked for", async () => {
    const text = 'version: 1\nenvironments:\n  prod: { approvals: { count: 1, codeOwners: true } }\napps: { discover: ["{app}/{env}/kustomization.yaml"] }\n';
    const folder = folderWith({ ".github/pinion.yaml": text });
    const { code, out } = await pinion(["config", "check"], { cwd: folder }).ended;
    expect([code, out]).toEqual([1, expect.stringMatching(/^\.github\/pinion\.yaml:3:34: `codeOwners: true` asks for code owners, and there is no CODEOWNERS file .* Add \.github\/CODEOWNERS/)]);
    const sound = folderWith({ ".github/pinion.yaml": text, "docs/CODEOWNERS": "* @a\n" });
    expect((await pinion(["config", "check"], { cwd: sound }).ended).code).toBe(0);
  });

  it("checks the policies beside it, each by its own name", async () => {
    const rule = "name: house\ndescription: A rule.\nenforce: block\npass: 'true'\nmessages: { pass: yes, fail: no }\nparameters: { most: { type: int, description: x, default: 1 } }\n";
    const config = "version: 1\nenvironments: { dev: {} }\napps: { discover: ['apps/{app}/{env}/kustomization.yaml'] }\npolicies: { house: { mst: 1 }, sok: {} }\n";
    const folder = folderWith({ ".github/pinion.yaml": config, ".github/pinion/policies/house.yaml": rule, ".github/pinion/policies/house.test.yaml": "[" });
    const { code, out } = await pinion(["config", "check"], { cwd: folder }).ended;
    expect(code).toBe(1);
    expect(out).toBe(
      '.github/pinion.yaml:4:22: policies.house.mst: house has no parameter "mst". Did you mean "most"?\n' +
        '.github/pinion.yaml:4:32: policies.sok: there is no policy "sok". Did you mean "soak"?\n',
    );
    const broken = folderWith({ ".github/pinion.yaml": config.replace(/policies:.*\n/, ""), ".github/pinion/policies/house.yaml": rule.replace("'true'", "freeze.actif") });
    expect((await pinion(["config", "check"], { cwd: broken }).ended).out).toBe(".github/pinion/policies/house.yaml:4:14: `pass`: no such key: actif. Did you mean \"active\"?\n");
  });

  it("checks the keys and trusted roots of signers, where the file has its usual place", async () => {
    const config = `version: 1\nenvironments: { dev: {} }\napps: { discover: ['apps/{app}/{env}/kustomization.yaml'] }
signers: { good: { key: .github/pinion/good.pub }, gone: { key: .github/pinion/gone.pub }, ci: { identity: me, issuer: x }, none: { key: .github/pinion/none.pub } }\n`;
    const { publicKey } = generateKeyPairSync("ed25519", { publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
    const folder = folderWith({ ".github/pinion.yaml": config, ".github/pinion/good.pub": publicKey, ".github/pinion/none.pub": "x", "elsewhere.yaml": config });
    const { code, out } = await pinion(["config", "check"], { cwd: folder }).ended;
    expect([code, out.split("\n")]).toEqual([
      1,
      [
        ".github/pinion/trusted_root.json:1:1: signers.ci: .github/pinion/trusted_root.json cannot be read (ENOENT): there is no such file, check the path",
        ".github/pinion/gone.pub:1:1: signers.gone: .github/pinion/gone.pub cannot be read (ENOENT): there is no such file, check the path",
        ".github/pinion/none.pub:1:1: signers.none: .github/pinion/none.pub is no public key; give the public key in PEM, as `cosign public-key` prints it",
        "",
      ],
    ]);
    expect(await pinion(["config", "check", "elsewhere.yaml"], { cwd: folder }).ended).toMatchObject({ code: 0 });
    expect(await pinion(["config", "check", "-"], { cwd: folder, input: Buffer.from(config) }).ended).toMatchObject({ code: 0 });
  });

  it("does not guess at what is not UTF-8", async () => {
    const { code, out } = await pinion(["config", "check", "-"], { input: Uint8Array.of(0xff, 0xfe) }).ended;
    expect([code, out]).toEqual([1, "-:1:1: the file is not UTF-8: save it as such\n"]);
  });
});

it("prints the schema that is shipped", async () => {
  const { code, out } = await pinion(["config", "schema"]).ended;
  expect(code).toBe(0);
  expect(out).toBe(readFileSync(join(ROOT, "schema/pinion.schema.json"), "utf8"));
});

describe("serve", () => {
  const sound = (): Record<string, string> => ({
    APP_ID: "1",
    PRIVATE_KEY,
    WEBHOOK_SECRET,
    PORT: "0",
    HOST: "127.0.0.1",
    PINION_DATA_DIR: folderWith({}),
    // Nobody listens here: GitHub is down.
    GITHUB_URL: "http://127.0.0.1:9",
    GITHUB_API_URL: "http://127.0.0.1:9",
  });

  it("does not start without a secret, or with one that everybody knows, and tells all that is missing", async () => {
    const { code, out, err } = await pinion(["serve"]).ended;
    expect([code, out]).toEqual([2, ""]);
    for (const name of ["APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"]) expect(err).toContain(`  ${name}`);
    const known = await pinion(["serve"], { environment: { ...sound(), WEBHOOK_SECRET: "development" } }).ended;
    expect([known.code, known.err]).toEqual([2, expect.stringContaining("WEBHOOK_SECRET")]);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("runs while GitHub is down, unready but alive, and ends well on %s", async (signal) => {
    const { child, ended, line } = pinion(["serve"], { environment: { ...sound(), LOG_LEVEL: "trace" } });
    const { url } = JSON.parse(await line(/"msg":"listening"/)) as { readonly url: string };
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/api/github/webhooks`, { method: "POST", body: "{}" })).status).toBe(415);
    await line(/the repositories could not be listed/);
    child.kill(signal);
    const { code, out, err } = await ended;
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`"signal":"${signal}"`);
    for (const text of out.trim().split("\n")) expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(out).not.toContain(WEBHOOK_SECRET);
    expect(out).not.toMatch(/PRIVATE KEY|eyJ/);
  });

  it("does not start with a Docker config that is none, and says which file and what to give", async () => {
    const path = join(folderWith({ "config.json": '{"auths": "hidden"' }), "config.json");
    const { code, out } = await pinion(["serve"], { environment: { ...sound(), PINION_REGISTRY_CONFIG: path } }).ended;
    expect(code).toBe(2);
    expect(out).toContain(`PINION_REGISTRY_CONFIG: the Docker config ${path} is not JSON. Give the file that docker login writes`);
    expect(out).not.toContain("hidden");
  });

  it("says why it cannot run", async () => {
    const { code, out } = await pinion(["serve"], { environment: { ...sound(), HOST: "192.0.2.1" } }).ended;
    expect(code).toBe(3);
    expect(out).toContain("check HOST and PORT");
  });
});
