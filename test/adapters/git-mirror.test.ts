import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, chmodSync } from "node:fs";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { gitEnvironment } from "../../src/adapters/git/environment.ts";
import { tidy } from "../../src/adapters/git/transfer.ts";
import { mirrorOf, REPOSITORY, temporaryDirectory, Upstream } from "./git-upstream.ts";

const MAIN = "refs/heads/main";
const SECRET = "Authorization: Basic eC1hY2Nlc3MtdG9rZW46Z2hzX3NlY3JldA==";

/** A web server that answers as told, standing where GitHub would. */
async function remoteThat(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme/manifests.git`, seen };
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("ensure", () => {
  it("fetches only when a commit is missing, and only its ref", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    upstream.git("branch", "other");
    upstream.git("tag", "v1");
    const { manifests, directory, fetches } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    expect(fetches()).toBe(1);
    const next = upstream.commit({ a: "2" });
    await manifests.ensure(REPOSITORY, [
      { ref: MAIN, oid: next },
      { ref: "refs/heads/never-asked-for", oid: head },
    ]);
    expect(fetches()).toBe(2);
    expect(filesUnder(join(directory, "42.git", "refs"))).toHaveLength(1);
  });

  it("lets two looks at once share one fetch", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const { manifests, fetches } = mirrorOf(upstream.url);
    await Promise.all([1, 2, 3].map(() => manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }])));
    expect(fetches()).toBe(1);
  });

  it("finds a new mirror for another process's old one, and one under a new name", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const first = mirrorOf(upstream.url);
    await first.manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    const second = mirrorOf(upstream.url, { directory: first.directory });
    await second.manifests.ensure({ ...REPOSITORY, name: "renamed" }, [{ ref: MAIN, oid: head }]);
    expect(second.fetches()).toBe(0);
  });

  it("has a commit that a force-push displaced, as long as the remote has it", async () => {
    const upstream = new Upstream();
    upstream.commit({ a: "1" });
    const displaced = upstream.commit({ a: "2" });
    upstream.git("branch", "keeps-it-alive");
    upstream.git("reset", "--quiet", "--hard", "HEAD~1");
    upstream.commit({ a: "3" });
    const { manifests } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: displaced }]);
    expect(await manifests.files(REPOSITORY, displaced)).toHaveLength(1);
  });

  it("brings several commits of one ref, though the ref can lead to one alone", async () => {
    const upstream = new Upstream();
    const root = upstream.commit({ a: "1" });
    const displaced = ["2", "3"].map((text) => {
      upstream.git("checkout", "--quiet", "-B", `kept-${text}`, root);
      return upstream.commit({ a: text });
    });
    upstream.git("checkout", "--quiet", "main");
    const head = upstream.commit({ a: "4" });
    const { manifests, fetches } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [...displaced, head].map((oid) => ({ ref: MAIN, oid })));
    expect(fetches()).toBe(1);
    for (const oid of [...displaced, head]) expect(await manifests.files(REPOSITORY, oid)).toHaveLength(1);
  });

  it("works in a directory that is given from where Pinion was started", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const { manifests } = mirrorOf(upstream.url, { directory: relative(process.cwd(), temporaryDirectory()) });
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    expect(await manifests.files(REPOSITORY, head)).toHaveLength(1);
  });

  it("follows a force-push, and a branch that took the place of a folder of branches", async () => {
    const upstream = new Upstream();
    upstream.commit({ a: "1" });
    upstream.git("branch", "topic");
    const { manifests } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/topic", oid: upstream.head("topic") }]);
    upstream.git("branch", "-D", "topic");
    upstream.git("checkout", "--quiet", "--orphan", "topic/deeper");
    const head = upstream.commit({ b: "1" });
    await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/topic/deeper", oid: head }]);
    upstream.git("commit", "--quiet", "--amend", "-m", "forced");
    await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/topic/deeper", oid: upstream.head() }]);
    expect(await manifests.isAncestor(REPOSITORY, head, upstream.head())).toBe(false);
  });

  it.each([
    ["a commit the remote never had", MAIN, "1".repeat(40)],
    ["a ref the remote has not got, and no commit", "refs/heads/gone", "1".repeat(40)],
  ])("asks for another look when it is %s", async (_name, ref, oid) => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const { manifests, fetches } = mirrorOf(upstream.url);
    const wanted = [{ ref: MAIN, oid: head }, { ref, oid }];
    await expect(manifests.ensure(REPOSITORY, wanted)).rejects.toMatchObject({
      kind: "dependency",
      message: expect.stringMatching(/moved on.*look again/),
    });
    expect(fetches()).toBe(1);
  });

  const badRefs = ["main", "-c", "refs/heads/a b", "refs/heads/../x", "refs/a:refs/b", "refs/heads/*", "refs/heads/x.lock", "refs/\n"];
  it.each(badRefs)("refuses the ref %j before Git sees it", async (ref) => {
    const { manifests } = mirrorOf("file:///nowhere");
    await expect(manifests.ensure(REPOSITORY, [{ ref, oid: "1".repeat(40) }])).rejects.toMatchObject({ kind: "error" });
  });
});

describe("what can go wrong outside", () => {
  it.each([401, 403, 404])("stalls when the remote refuses with %i, and tells no secret", async (status) => {
    const { url, seen } = await remoteThat((_request, response) => response.writeHead(status).end());
    const { manifests, directory } = mirrorOf(url, { remote: async () => ({ url, header: SECRET }) });
    const failure = await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: "1".repeat(40) }]).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ kind: "stalled", message: expect.stringContaining("App is installed") });
    expect(seen[0]?.headers.authorization).toBe("Basic eC1hY2Nlc3MtdG9rZW46Z2hzX3NlY3JldA==");
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain("eC1hY2Nlc3");
    for (const file of filesUnder(directory)) expect(readFileSync(file, "utf8"), file).not.toContain("eC1hY2Nlc3");
  });

  it.each([429, 500, 502])("waits when the remote answers %i", async (status) => {
    const { url } = await remoteThat((_request, response) => response.writeHead(status).end());
    const { manifests } = mirrorOf(url);
    await expect(manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: "1".repeat(40) }])).rejects.toMatchObject({ kind: "dependency" });
  });

  it("is not taken in by names: a repository or a branch may be called corrupt", async () => {
    const { url } = await remoteThat((_request, response) => response.writeHead(502).end());
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    let at = upstream.url;
    const { manifests, warnings } = mirrorOf("", { remote: async () => ({ url: at, header: null }) });
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    at = url.replace("manifests.git", "corrupt-inflate.git");
    for (const ref of ["refs/heads/corrupt", "refs/heads/inflate"]) {
      await expect(manifests.ensure(REPOSITORY, [{ ref, oid: "1".repeat(40) }])).rejects.toMatchObject({ kind: "dependency" });
    }
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    expect(warnings).toEqual([]);
  });

  it("says nothing of places on the machine", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const { manifests, directory } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    rmSync(join(directory, "42.git"), { recursive: true });
    const failure: unknown = await manifests.files(REPOSITORY, head).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ kind: "dependency", message: expect.stringContaining("not a git repository") });
    expect(String(failure)).not.toContain(directory);
  });

  it("carries the credential to no other place", async () => {
    const elsewhere = await remoteThat((_request, response) => response.writeHead(200).end());
    const { url } = await remoteThat((request, response) => {
      response.writeHead(301, { location: elsewhere.url.replace("/acme/manifests.git", request.url ?? "") }).end();
    });
    const { manifests } = mirrorOf(url, { remote: async () => ({ url, header: SECRET }) });
    await expect(manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: "1".repeat(40) }])).rejects.toMatchObject({ kind: "dependency" });
    expect(elsewhere.seen).toEqual([]);
  });

  it("stops a fetch that never ends", async () => {
    const { url } = await remoteThat(() => undefined);
    const { manifests } = mirrorOf(url, { deadlines: { read: 10_000, fetch: 300 } });
    await expect(manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: "1".repeat(40) }])).rejects.toMatchObject({
      kind: "dependency",
      message: expect.stringContaining("longer than 0.3 s"),
    });
  });

  it("stops a read that never ends", async () => {
    const bin = temporaryDirectory();
    writeFileSync(join(bin, "git"), "#!/bin/sh\nexec sleep 60\n");
    chmodSync(join(bin, "git"), 0o755);
    const { manifests } = mirrorOf("file:///nowhere", {
      environment: { PATH: `${bin}:${process.env["PATH"] ?? ""}` },
      deadlines: { read: 300, fetch: 300 },
    });
    await expect(manifests.files(REPOSITORY, "1".repeat(40))).rejects.toMatchObject({ kind: "dependency" });
  });

  it("waits when the remote cannot be reached", async () => {
    const { manifests } = mirrorOf("file:///nowhere/at/all.git");
    await expect(manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: "1".repeat(40) }])).rejects.toMatchObject({ kind: "dependency" });
  });

  const badUrls = ["ssh://git@example.com/x.git", "ext::sh -c touch% /tmp/x", "https://user:pass@example.com/x.git"];
  it.each(badUrls)("refuses the URL %s", async (url) => {
    const { manifests } = mirrorOf(url);
    const failure = await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: "1".repeat(40) }]).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ kind: "error" });
    expect(String(failure)).not.toContain("pass@");
  });

  it("says so when there is no git, or nowhere to write", async () => {
    const noGit = mirrorOf("file:///nowhere", { environment: { PATH: temporaryDirectory() } });
    await expect(noGit.manifests.ensure(REPOSITORY, [])).rejects.toMatchObject({
      kind: "stalled",
      message: expect.stringContaining("install git"),
    });
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "");
    const noDirectory = mirrorOf("file:///nowhere", { directory: file });
    await expect(noDirectory.manifests.ensure(REPOSITORY, [])).rejects.toMatchObject({
      kind: "stalled",
      message: expect.stringContaining("PINION_DATA_DIR"),
    });
  });

  it("passes on what the source of credentials says", async () => {
    const told = new Error("no token today");
    const { manifests } = mirrorOf("file:///nowhere", { remote: () => Promise.reject(told) });
    await expect(manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: "1".repeat(40) }])).rejects.toBe(told);
  });
});

describe("a damaged mirror", () => {
  const damages: readonly (readonly [string, (mirror: string) => void])[] = [
    ["has lost an object", (mirror) => {
      for (const file of filesUnder(join(mirror, "objects"))) if (!file.includes("/pack/")) rmSync(file);
      for (const file of filesUnder(join(mirror, "objects", "pack"))) rmSync(file);
    }],
    ["has empty objects", (mirror) => {
      for (const file of filesUnder(join(mirror, "objects"))) {
        chmodSync(file, 0o644);
        truncateSync(file, 0);
      }
    }],
    ["has objects of noise", (mirror) => {
      for (const file of filesUnder(join(mirror, "objects"))) {
        chmodSync(file, 0o644);
        writeFileSync(file, Buffer.alloc(200, 7));
      }
    }],
    ["is no repository at all", (mirror) => {
      rmSync(mirror, { recursive: true });
      mkdirSync(mirror);
      writeFileSync(join(mirror, "objects"), "not a directory");
    }],
    ["is gone", (mirror) => rmSync(mirror, { recursive: true })],
  ];

  it.each(damages)("that %s is cloned anew by the next look", async (_name, damage) => {
    const upstream = new Upstream();
    const head = upstream.commit({ "a.yaml": "1\n", "dir/b.yaml": "2\n" });
    const { manifests, directory } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    damage(join(directory, "42.git"));
    // As the reconciler does: look, and when told so look again.
    let files: readonly unknown[] | null = null;
    for (let look = 0; look < 3 && files === null; look += 1) {
      try {
        await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
        files = await manifests.files(REPOSITORY, head);
      } catch (cause) {
        expect(cause).toMatchObject({ kind: "dependency" });
      }
    }
    expect(files).toHaveLength(2);
    expect(existsSync(join(directory, "42.git.damaged"))).toBe(false);
  });

  it("that misses a tree or a blob of a commit it has is cloned anew", async () => {
    for (const spec of ["HEAD^{tree}", "HEAD:dir", "HEAD:dir/b.yaml"]) {
      const upstream = new Upstream();
      const head = upstream.commit({ "a.yaml": "1\n", "dir/b.yaml": "2\n" });
      const { manifests, directory, warnings } = mirrorOf(upstream.url);
      await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
      const lost = upstream.head(spec);
      rmSync(join(directory, "42.git", "objects", lost.slice(0, 2), lost.slice(2)));
      const readAll = async (): Promise<number> => {
        await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
        const files = await manifests.files(REPOSITORY, head);
        return (await manifests.read(REPOSITORY, files.map((file) => file.blob))).size;
      };
      await expect(readAll(), spec).rejects.toMatchObject({ kind: "dependency", message: expect.stringContaining("cloned anew") });
      expect(await readAll(), spec).toBe(2);
      expect(warnings).toEqual(["the mirror is damaged: cloning it anew"]);
    }
  });

  it("left behind by a killed process, locks and all, is cloned anew", async () => {
    const upstream = new Upstream();
    upstream.commit({ a: "1" });
    const { manifests, directory } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: upstream.head() }]);
    const [ref = ""] = filesUnder(join(directory, "42.git", "refs"));
    writeFileSync(`${ref}.lock`, "");
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: upstream.commit({ a: "2" }) }]);
    expect(existsSync(`${ref}.lock`)).toBe(false);
  });

  it("that breaks again within the hour is left to a person", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const { manifests, directory, clock } = mirrorOf(upstream.url);
    const breakIt = async (): Promise<void> => {
      await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
      const tree = upstream.head("HEAD^{tree}");
      rmSync(join(directory, "42.git", "objects", tree.slice(0, 2), tree.slice(2)));
      await expect(manifests.files(REPOSITORY, head)).rejects.toMatchObject({ kind: "dependency" });
    };
    await breakIt();
    await breakIt();
    await expect(manifests.ensure(REPOSITORY, [])).rejects.toMatchObject({ kind: "stalled", message: expect.stringContaining("disk") });
    clock.advance(60 * 60 * 1000);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    expect(await manifests.files(REPOSITORY, head)).toHaveLength(1);
  });

  it("is not what a commit that was never fetched means", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const { manifests, warnings } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    const strange = "1".repeat(40);
    for (const ask of [
      () => manifests.files(REPOSITORY, strange),
      () => manifests.changedFiles(REPOSITORY, head, strange),
      () => manifests.mergeTree(REPOSITORY, head, strange),
      () => manifests.history(REPOSITORY, "a", null, strange, 5),
      () => manifests.isAncestor(REPOSITORY, strange, head),
      () => manifests.logCommits(REPOSITORY, null, strange),
      () => manifests.logCommits(REPOSITORY, strange, head),
    ]) {
      await expect(ask()).rejects.toMatchObject({ kind: "dependency", message: expect.stringContaining("look again") });
    }
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    expect(warnings).toEqual([]);
  });
});

describe("tidying", () => {
  it("drops refs that nobody asked for lately, and keeps what is in use", async () => {
    const upstream = new Upstream();
    const main = upstream.commit({ a: "1" });
    upstream.git("checkout", "--quiet", "-b", "topic");
    const topic = upstream.commit({ a: "2" });
    const { manifests, directory } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: main }]);
    const refs = join(directory, "42.git", "refs");
    const kept = filesUnder(refs).map((file) => `refs${file.slice(refs.length)}`);
    await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/topic", oid: topic }]);
    expect(filesUnder(refs)).toHaveLength(2);

    const mirror = join(directory, "42.git");
    await tidy(mirror, gitEnvironment({ PATH: process.env["PATH"] }, mirror, null), (ref) => kept.includes(ref));
    expect(filesUnder(refs).map((file) => `refs${file.slice(refs.length)}`)).toEqual(kept);
    expect(await manifests.files(REPOSITORY, topic)).toHaveLength(1);
  });

  it("packs what has become many loose objects", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const { manifests, directory } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    const mirror = join(directory, "42.git");
    expect(filesUnder(join(mirror, "objects")).filter((file) => file.endsWith(".pack"))).toEqual([]);
    // Git guesses the number of loose objects by this folder.
    mkdirSync(join(mirror, "objects", "17"), { recursive: true });
    for (let index = 0; readdirSync(join(mirror, "objects", "17")).length < 60; index += 1) {
      const object = `blob ${String(index).length}\0${index}`;
      const oid = createHash("sha1").update(object).digest("hex");
      if (oid.startsWith("17")) writeFileSync(join(mirror, "objects", "17", oid.slice(2)), deflateSync(object));
    }
    await tidy(mirror, gitEnvironment({ PATH: process.env["PATH"] }, mirror, null), () => true);
    expect(filesUnder(join(mirror, "objects")).filter((file) => file.endsWith(".pack"))).toHaveLength(1);
    expect(await manifests.files(REPOSITORY, head)).toHaveLength(1);
  });
});

describe("the environment of a child", () => {
  it("is its own, whatever Pinion was started with", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const trace = join(temporaryDirectory(), "trace");
    const { manifests } = mirrorOf(upstream.url, {
      environment: {
        PATH: process.env["PATH"],
        HOME: upstream.directory,
        GIT_DIR: "/nowhere",
        GIT_TRACE: trace,
        GIT_CONFIG_PARAMETERS: "'core.bare'='maybe'",
        GIT_SSH_COMMAND: "false",
        EDITOR: "false",
      },
    });
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    expect(await manifests.files(REPOSITORY, head)).toHaveLength(1);
    expect(existsSync(trace)).toBe(false);
  });

  it("runs no hook", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const { manifests, directory } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, []);
    const ran = join(temporaryDirectory(), "ran");
    mkdirSync(join(directory, "42.git", "hooks"), { recursive: true });
    const hook = join(directory, "42.git", "hooks", "reference-transaction");
    writeFileSync(hook, `#!/bin/sh\ntouch ${ran}\n`);
    chmodSync(hook, 0o755);
    await manifests.ensure(REPOSITORY, [{ ref: MAIN, oid: head }]);
    expect(existsSync(ran)).toBe(false);
  });

  it("allows the one protocol of the remote, and none for reading", () => {
    const environment = (url: string | null): Record<string, string> =>
      gitEnvironment({}, "/mirror", url === null ? null : { url, header: null });
    expect(environment("https://github.com/a/b.git")["GIT_ALLOW_PROTOCOL"]).toBe("https");
    expect(environment(null)["GIT_ALLOW_PROTOCOL"]).toBe("none");
    expect(environment(null)["GIT_TERMINAL_PROMPT"]).toBe("0");
  });
});
