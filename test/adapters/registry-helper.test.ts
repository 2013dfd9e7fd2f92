import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRegistry, type RegistryOptions } from "../../src/adapters/registry.ts";
import { askCredentialHelper, type HelperCall } from "../../src/adapters/registry/credential-helper.ts";
import type { ArtifactRegistry, PortFailure } from "../../src/ports.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { HelperPrograms } from "./helper-programs.ts";
import { closeServers, failureOf, serve } from "./loopback.ts";

const SECRET = "s3cr3t-value";
const MINUTE = 60_000;

let programs: HelperPrograms;

beforeEach(() => {
  programs = new HelperPrograms();
});

afterEach(async () => {
  programs.remove();
  await closeServers();
});

describe("a credential helper", () => {
  const ask = (options: Partial<HelperCall> = {}) => {
    return askCredentialHelper({ name: "test", host: "ghcr.io", environment: programs.environment, ...options });
  };

  it("is asked for the registry, and tells a user and a password", async () => {
    programs.answer("test", "octo", SECRET);
    expect(await ask()).toEqual({ username: "octo", password: SECRET });
    expect(await ask({ host: "registry.test:5000" })).toEqual({ username: "octo", password: SECRET });
    expect(await ask({ host: "docker.io" })).toEqual({ username: "octo", password: SECRET });
    expect(programs.calls("test")).toEqual(["get ghcr.io", "get registry.test:5000", "get https://index.docker.io/v1/"]);
  });

  it("tells an identity token by the user <token>", async () => {
    programs.answer("test", "<token>", SECRET);
    expect(await ask()).toEqual({ identityToken: SECRET });
  });

  it.each([
    ["by a message", "echo credentials not found in native keychain; exit 1"],
    ["by nothing at all, as docker-credential-pass 0.6 does", `echo '{"ServerURL":"ghcr.io","Username":"","Secret":""}'`],
  ])("may know nobody, and says so %s", async (_, script) => {
    programs.write("test", script);
    expect(await ask()).toBeNull();
  });

  it("need not read what it is asked", async () => {
    const deaf = "#!/bin/sh\nexec <&-\necho credentials not found in native keychain\nexit 1\n";
    writeFileSync(join(programs.directory, "docker-credential-test"), deaf, { mode: 0o755 });
    expect(await ask({ host: "x".repeat(2_000_000) })).toBeNull();
  });

  it.each<readonly [what: string, script: string, kind: string, says: string]>([
    ["fails", `echo '${SECRET}'; echo '${SECRET}' >&2; exit 3`, "dependency", "ended with 3. Run it by hand to see why: printf ghcr.io | docker-credential-test get"],
    ["is killed", "kill -9 $$", "dependency", "did not end by itself (killed)"],
    ["prints no JSON", `echo '${SECRET}'`, "stalled", "something else than credentials"],
    ["prints nothing", ":", "stalled", "something else than credentials"],
    ["prints a list", `echo '["${SECRET}"]'`, "stalled", "something else than credentials"],
    ["names no user", `echo '{"Username":"","Secret":"${SECRET}"}'`, "stalled", "something else than credentials"],
    ["has no secret", `echo '{"Username":"${SECRET}"}'`, "stalled", "something else than credentials"],
    ["has a secret that is no text", `echo '{"Username":"${SECRET}","Secret":7}'`, "stalled", "something else than credentials"],
    ["prints without end", `while :; do echo '${SECRET}'; done`, "stalled", "more than 65536 bytes"],
  ])("that %s is said to, without what it printed", async (_, script, kind, says) => {
    programs.write("test", script);
    const problem = await failureOf(ask(), SECRET);
    expect([problem.kind, problem.message]).toEqual([kind, expect.stringContaining(says)]);
    expect(problem.message).toContain("Could not get credentials for ghcr.io: docker-credential-test");
  });

  it("that is not there, or may not be run, needs a person", async () => {
    expect(await failureOf(ask())).toMatchObject({ kind: "stalled", message: expect.stringContaining("Install it on PATH where Pinion runs") });
    programs.write("test", ":", 0o644);
    expect(await failureOf(ask())).toMatchObject({ kind: "stalled", message: expect.stringContaining("Make it executable") });
  });

  it("that hangs is stopped", async () => {
    programs.write("test", "exec tail -f /dev/null");
    const problem = await failureOf(ask({ deadlineMs: 200 }));
    expect([problem.kind, problem.message]).toEqual(["dependency", expect.stringContaining("longer than 200 ms and was stopped")]);
  });

  /** A pipe that a helper's children hold open; it is at its end when none of them is left. */
  const lifeline = (): { readonly path: string; readonly ended: Promise<unknown>; readonly opened: Promise<unknown> } => {
    const path = join(programs.directory, "alive");
    execFileSync("mkfifo", [path]);
    const stream = createReadStream(path).resume();
    return { path, opened: once(stream, "data"), ended: once(stream, "end") };
  };

  it("that hangs is stopped with all that it started", async () => {
    const { path, ended } = lifeline();
    programs.write("test", `exec 3> ${path}\necho up >&3\ntail -f /dev/null &\ntail -f /dev/null`);
    const problem = await failureOf(ask({ deadlineMs: 500 }));
    expect(problem.message).toContain("longer than 500 ms and was stopped");
    await ended;
  });

  it("that leaves something running is answered for when it ends itself, and what it left is stopped", async () => {
    const { path, ended } = lifeline();
    programs.answer("answer", "octo", SECRET);
    programs.write("test", `exec 3> ${path}\necho up >&3\ntail -f /dev/null &\nexec docker-credential-answer get < /dev/null`);
    expect(await ask({ deadlineMs: 60_000 })).toEqual({ username: "octo", password: SECRET });
    await ended;
  });

  it("whose answer is long is heard to its end, though a daemon of another session keeps the answer open", async () => {
    const secret = "x".repeat(60_000);
    writeFileSync(join(programs.directory, "answer"), JSON.stringify({ Username: "octo", Secret: secret }));
    const pids = join(programs.directory, "pids");
    programs.write("test", `setsid sh -c 'echo $$ >> ${pids}; exec tail -f /dev/null' &\nwhile ! test -s ${pids}; do :; done\ncat ${programs.directory}/answer`);
    try {
      expect(await ask({ deadlineMs: 60_000 })).toEqual({ username: "octo", password: secret });
    } finally {
      for (const pid of readFileSync(pids, "utf8").split("\n").slice(0, -1)) process.kill(Number(pid), "SIGKILL");
    }
  });

  it.each<[how: string, end: (pinion: ChildProcess) => void]>([
    ["by itself", (pinion) => pinion.stdin?.end("now")],
    ["by SIGINT", (pinion) => pinion.kill("SIGINT")],
    ["by SIGTERM", (pinion) => pinion.kill("SIGTERM")],
  ])("does not outlive Pinion that ends %s", async (_, end) => {
    const { path, opened, ended } = lifeline();
    programs.write("test", `exec 3> ${path}\necho up >&3\nexec tail -f /dev/null`);
    const module = new URL("../../src/adapters/registry/credential-helper.ts", import.meta.url).href;
    const call = JSON.stringify({ name: "test", host: "ghcr.io", environment: programs.environment });
    const script = `import { askCredentialHelper } from ${JSON.stringify(module)};
      process.stdin.once("data", () => process.exit(0));
      await askCredentialHelper(${call});`;
    const pinion = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["pipe", "inherit", "inherit"] });
    const exited = once(pinion, "exit");
    await opened;
    end(pinion);
    await Promise.all([exited, ended]);
  });

  it("sees its cloud's settings, the way out and where things are, and nothing of Pinion's", async () => {
    programs.write("test", `printf '{"Username":"u","Secret":"%s"}' "$(env | sed 's/=.*//' | tr '\\n' ' ')"`);
    const given = ["HOME", "HTTPS_PROXY", "AWS_REGION", "ALIBABA_CLOUD_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AZURE_CLIENT_ID", "GOOGLE_APPLICATION_CREDENTIALS"];
    const kept = ["PRIVATE_KEY", "WEBHOOK_SECRET", "PINION_ARGOCD_TOKEN", "GITHUB_TOKEN", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "LD_LIBRARY_PATH"];
    const environment = { ...programs.environment, ...Object.fromEntries([...given, ...kept].map((name) => [name, "/x"])) };
    const answer = await ask({ environment });
    const seen = answer !== null && "password" in answer ? answer.password.trim().split(" ") : [];
    const byTheShell = new Set(["PWD", "OLDPWD", "SHLVL", "_"]);
    expect(seen.filter((name) => !byTheShell.has(name)).toSorted()).toEqual([...given, "LC_ALL", "PATH"].toSorted());
  });
});

describe("a registry whose credentials a helper knows", () => {
  let clock: VirtualClock;
  let server: SandboxRegistry;
  let repository: string;

  beforeEach(async () => {
    clock = new VirtualClock(Date.UTC(2026, 0, 5));
    server = await startRegistry({ clock });
    repository = `${server.host}/acme/app`;
    for (const name of ["acme/app", "acme/other", "else/app"]) await server.push(name, "1.0.0");
  });

  afterEach(async () => {
    await server.close();
  });

  const helped = (options: Partial<RegistryOptions> = {}): ArtifactRegistry => {
    const helpers = { byHost: new Map([[server.host, "test"]]), store: null };
    return createRegistry({ clock, helpers, environment: programs.environment, ...options });
  };
  const failing = (question: Promise<unknown>): Promise<PortFailure> => failureOf(question, SECRET, "newer-value");

  it("runs it once for everybody who waits, and again after a quarter of an hour", async () => {
    server.requireBasic({ username: "AWS", password: SECRET });
    programs.answer("test", "AWS", SECRET);
    const registry = helped();
    await Promise.all(["acme/app", "acme/other", "else/app"].map((name) => registry.tags(`${server.host}/${name}`)));
    clock.advance(15 * MINUTE - 1);
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
    expect(programs.calls("test")).toEqual([`get ${server.host}`]);
    clock.advance(1);
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
    expect(programs.calls("test")).toHaveLength(2);
  });

  it.each(["Basic", "Bearer"])("asks it once more when what it said is refused, and no more often than once a minute (%s)", async (scheme) => {
    const letIn = (password: string): void => {
      if (scheme === "Basic") server.requireBasic({ username: "AWS", password });
      else server.requireToken({ account: { username: "AWS", password }, life: MINUTE });
    };
    letIn(SECRET);
    programs.answer("test", "AWS", SECRET);
    const registry = helped();
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
    letIn("newer-value");
    server.access.revokeTokens();
    expect((await failing(registry.tags(repository))).kind).toBe("stalled");
    expect(programs.calls("test")).toHaveLength(1);
    clock.advance(MINUTE);
    server.requests.length = 0;
    expect(await failing(registry.tags(repository))).toMatchObject({
      kind: "stalled",
      message: expect.stringContaining(`Check that the credentials of docker-credential-test for ${server.host} still hold`),
    });
    expect(programs.calls("test")).toHaveLength(2);
    // What is the same as before is not tried again.
    expect(server.requests).toHaveLength(2);
    clock.advance(MINUTE);
    programs.answer("test", "AWS", "newer-value");
    // Another repository, for which the old password was never tried.
    expect(await registry.tags(`${server.host}/acme/other`)).toEqual(["1.0.0"]);
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
    expect(programs.calls("test")).toHaveLength(3);
  });

  it("is asked without credentials where the helper knows nobody", async () => {
    programs.write("test", "echo credentials not found in native keychain; exit 1");
    server.requireToken({ account: null });
    expect(await helped().tags(repository)).toEqual(["1.0.0"]);
    server.requireToken({ account: { username: "a", password: SECRET } });
    expect((await failing(helped().tags(repository))).message).toContain(`docker-credential-test gave no credentials for ${server.host}: check that it is signed in`);
    server.requireBasic({ username: "a", password: SECRET });
    expect((await failing(helped().tags(repository))).message).toContain("docker-credential-test gave no credentials");
  });

  it("is let in by a newer password where an old one is answered 403 without a word, as by ECR", async () => {
    let password = SECRET;
    const host = await serve((request, response) => {
      const sent = request.headers.authorization;
      if (sent === undefined) response.writeHead(401, { "www-authenticate": 'Basic realm="https://ecr.test/",service="ecr.amazonaws.com"' }).end();
      else if (sent === `Basic ${Buffer.from(`AWS:${password}`).toString("base64")}`) response.end('{"tags":["1.0.0"]}');
      else response.writeHead(403).end('{"errors":[{"code":"DENIED"}]}');
    });
    const registry = helped({ helpers: { byHost: new Map([[host, "test"]]), store: null } });
    programs.answer("test", "AWS", SECRET);
    await registry.tags(`${host}/app`);
    password = "newer-value";
    programs.answer("test", "AWS", password);
    clock.advance(MINUTE);
    expect(await registry.tags(`${host}/app`)).toEqual(["1.0.0"]);
    expect(programs.calls("test")).toHaveLength(2);
  });

  it.each(["Basic", "Bearer"])("is let in once the helper knows somebody, a minute later (%s)", async (scheme) => {
    const account = { username: "a", password: SECRET };
    if (scheme === "Basic") server.requireBasic(account);
    else server.requireToken({ account });
    programs.write("test", "echo credentials not found in native keychain; exit 1");
    const registry = helped();
    await failing(registry.tags(repository));
    programs.answer("test", "a", SECRET);
    await failing(registry.tags(repository));
    clock.advance(MINUTE);
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
  });

  it("is not asked without credentials where the helper fails", async () => {
    programs.write("test", "exit 1");
    server.requireToken({ account: null });
    expect(await failing(helped().tags(repository))).toMatchObject({ kind: "dependency", message: expect.stringContaining("ended with 1") });
    expect(server.requests).toEqual(["GET /v2/acme/app/tags/list?n=1000"]);
  });

  it("needs no helper where nobody has to sign in", async () => {
    expect(await helped().tags(repository)).toEqual(["1.0.0"]);
    expect(programs.calls("test")).toEqual([]);
  });

  it("asks the registry's helper before an entry, an entry before the store, and of entries the most specific one", async () => {
    const users: string[] = [];
    const host = await serve((request, response) => {
      const sent = request.headers.authorization;
      if (sent === undefined) response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      else {
        users.push(Buffer.from(sent.replace("Basic ", ""), "base64").toString().replace(/:.*/, ""));
        response.end('{"tags":[]}');
      }
    });
    const user = (username: string) => ({ username, password: SECRET });
    programs.answer("own", "helper", SECRET);
    programs.answer("all", "store", SECRET);
    const entries: readonly (readonly [string, ReturnType<typeof user>])[] = [
      [`${host}/acme`, user("acme")],
      [`${host}/acme/app`, user("app")],
      [`${host}/acme/app/deep/deeper`, user("deeper")],
    ];
    const who = async (path: string, options: Partial<RegistryOptions>): Promise<string | undefined> => {
      await createRegistry({ clock, environment: programs.environment, ...options }).tags(`${host}/${path}`);
      return users.pop();
    };
    const store = { byHost: new Map<string, string>(), store: "all" };
    const some = { credentials: new Map(entries), helpers: store };
    const all = { credentials: new Map([...entries, [host, user("all")] as const]), helpers: store };
    expect(await who("acme/app", some)).toBe("app");
    expect(await who("acme/app/deep", some)).toBe("app");
    expect(await who("acme/application", some)).toBe("acme");
    expect(await who("acmeother/app", some)).toBe("store");
    expect(await who("acmeother/app", all)).toBe("all");
    expect(await who("acme/app", { ...all, helpers: { byHost: new Map([[host, "own"]]), store: "all" } })).toBe("helper");
  });
});
