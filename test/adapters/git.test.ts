import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mirrorOf, REPOSITORY, Upstream, type MirrorUnderTest } from "./git-upstream.ts";

const text = (bytes: Uint8Array | null | undefined): string | null => (bytes == null ? null : Buffer.from(bytes).toString("utf8"));

async function fetched(upstream: Upstream, options: Parameters<typeof mirrorOf>[1] = {}): Promise<MirrorUnderTest> {
  const mirror = mirrorOf(upstream.url, options);
  await mirror.manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: upstream.head("main") }]);
  return mirror;
}

describe("files", () => {
  it("lists regular files alone, by their exact names", async () => {
    const upstream = new Upstream();
    upstream.write("run.sh", "#!/bin/sh\n");
    upstream.git("add", "run.sh");
    upstream.git("update-index", "--chmod=+x", "run.sh");
    upstream.write("apps/a b/\"ünï\"\n.yaml", "x: 1\n");
    symlinkSync("run.sh", join(upstream.directory, "link"));
    upstream.git("add", "--all");
    upstream.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},sub`);
    upstream.git("commit", "--quiet", "-m", "all kinds");
    const { manifests } = await fetched(upstream);

    const files = await manifests.files(REPOSITORY, upstream.head());
    expect(files.map((file) => file.path).toSorted()).toEqual(["apps/a b/\"ünï\"\n.yaml", "run.sh"]);
    const contents = await manifests.read(REPOSITORY, files.map((file) => file.blob));
    expect(new Set(files.map((file) => text(contents.get(file.blob))))).toEqual(new Set(["#!/bin/sh\n", "x: 1\n"]));
  });

  it("leaves out a file whose name is not UTF-8, and refuses to pass over a change of it", async () => {
    const upstream = new Upstream();
    const before = upstream.commit({ "a.yaml": "a: 1\n" });
    const blob = upstream.git("rev-parse", "HEAD:a.yaml");
    upstream.git("-c", "core.quotePath=false", "update-index", "--add", "--cacheinfo", `100644,${blob},ok.yaml`);
    upstream.gitBytes(["update-index", "-z", "--index-info"], Buffer.concat([Buffer.from(`100644 ${blob}\t`), Buffer.from([0xff, 0x00])]));
    upstream.git("commit", "--quiet", "-m", "latin");
    const { manifests } = await fetched(upstream);

    expect((await manifests.files(REPOSITORY, upstream.head())).map((file) => file.path)).toEqual(["a.yaml", "ok.yaml"]);
    await expect(manifests.changedFiles(REPOSITORY, before, upstream.head())).rejects.toMatchObject({
      kind: "stalled",
      message: expect.stringContaining("not UTF-8"),
    });
  });

  it("reads bytes as they are, empty ones too, and leaves out what is too large", async () => {
    const upstream = new Upstream();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    upstream.commit({ bytes, empty: "", edge: "x".repeat(1000), large: "x".repeat(1001) });
    const { manifests } = await fetched(upstream, { blobLimit: 1000 });

    const files = new Map((await manifests.files(REPOSITORY, upstream.head())).map((file) => [file.path, file.blob]));
    const contents = await manifests.read(REPOSITORY, [...files.values(), ...files.values()]);
    expect(new Uint8Array(contents.get(files.get("bytes") ?? "") ?? [])).toEqual(bytes);
    expect(contents.get(files.get("empty") ?? "")).toHaveLength(0);
    expect(contents.get(files.get("edge") ?? "")).toHaveLength(1000);
    expect(contents.has(files.get("large") ?? "")).toBe(false);
    expect(await manifests.read(REPOSITORY, [])).toEqual(new Map());
  });

  it("finds one file of a commit, and only by its exact path", async () => {
    const upstream = new Upstream();
    symlinkSync("a.yaml", join(upstream.directory, "link.yaml"));
    upstream.commit({ "dir/a.yaml": "a: 1\n", "dir/*.yaml": "star: 1\n", large: "x".repeat(2000) });
    const { manifests } = await fetched(upstream, { blobLimit: 1000 });
    const file = async (path: string): Promise<string | null> => text(await manifests.file(REPOSITORY, upstream.head(), path));

    expect(await file("dir/a.yaml")).toBe("a: 1\n");
    expect(await file("dir/*.yaml")).toBe("star: 1\n");
    for (const path of ["", "dir", "dir/", "dir/b.yaml", "./dir/a.yaml", "link.yaml", "dir/a.yaml\0", ":(glob)dir/*"]) {
      expect(await file(path), JSON.stringify(path)).toBeNull();
    }
    await expect(file("large")).rejects.toMatchObject({ kind: "stalled", message: expect.stringContaining("over 1000 bytes") });
  });
});

describe("folder", () => {
  it("lists what stands directly in a folder, and tells files from the rest", async () => {
    const upstream = new Upstream();
    mkdirSync(join(upstream.directory, "q"));
    symlinkSync("a.yaml", join(upstream.directory, "q/link"));
    upstream.commit({ "q/a.yaml": "1\n", "q/deep/b.yaml": "1\n", "q.yaml": "1\n", "qq/c.yaml": "1\n" });
    const { manifests } = await fetched(upstream);
    const folder = async (path: string): Promise<string[]> =>
      (await manifests.folder(REPOSITORY, upstream.head(), path)).map((entry) => `${entry.path}${entry.blob === null ? " (no file)" : ""}`);

    expect(await folder("q/")).toEqual(["q/a.yaml", "q/deep/ (no file)", "q/link (no file)"]);
    expect(await folder("q/deep/")).toEqual(["q/deep/b.yaml"]);
    for (const path of ["", "/", "none/", "none/deep/", "q/none/", "q/a.yaml"]) expect(await folder(path), path).toEqual([]);
  });

  it("tells what stands in the place of a folder, or of one above it", async () => {
    const upstream = new Upstream();
    symlinkSync("q", join(upstream.directory, "link"));
    const head = upstream.commit({ "q/a.yaml": "1\n", "q.yaml": "1\n" });
    upstream.git("update-index", "--add", "--cacheinfo", `160000,${head},q/module`);
    upstream.git("commit", "--quiet", "-m", "module");
    const { manifests } = await fetched(upstream);
    const folder = async (path: string): Promise<string[]> =>
      (await manifests.folder(REPOSITORY, upstream.head(), path)).map((entry) => `${entry.path}${entry.blob === null ? " (no file)" : ""}`);

    for (const path of ["link/", "link/deep/", "link/deep/er/"]) expect(await folder(path), path).toEqual(["link (no file)"]);
    for (const path of ["q/module/", "q/module/deep/"]) expect(await folder(path), path).toEqual(["q/module (no file)"]);
    expect(await folder("q.yaml/")).toEqual(["q.yaml"]);
    expect(await folder("q/a.yaml/deep/")).toEqual(["q/a.yaml"]);
  });
});

describe("changedFiles", () => {
  it("names both sides of a rename, and has no blob where no regular file is left", async () => {
    const upstream = new Upstream();
    const before = upstream.commit({ "old.yaml": "o\n", "gone.yaml": "1\n", "kept.yaml": "k\n", "link.yaml": "l\n", "changed.yaml": "" });
    upstream.git("mv", "old.yaml", "new.yaml");
    upstream.git("rm", "--quiet", "link.yaml");
    symlinkSync("kept.yaml", join(upstream.directory, "link.yaml"));
    const after = upstream.commit({ "gone.yaml": null, "changed.yaml": "2\n" });
    const { manifests } = await fetched(upstream);

    const changes = new Map((await manifests.changedFiles(REPOSITORY, before, after)).map((change) => [change.path, change.blob]));
    expect([...changes.keys()].toSorted()).toEqual(["changed.yaml", "gone.yaml", "link.yaml", "new.yaml", "old.yaml"]);
    expect(changes.get("old.yaml")).toBeNull();
    expect(changes.get("gone.yaml")).toBeNull();
    expect(changes.get("link.yaml")).toBeNull();
    expect(changes.get("new.yaml")).toBe(upstream.git("rev-parse", "HEAD:new.yaml"));
    expect(changes.get("changed.yaml")).toBe(upstream.git("rev-parse", "HEAD:changed.yaml"));
    expect(await manifests.changedFiles(REPOSITORY, after, after)).toEqual([]);
  });
});

describe("mergeTree", () => {
  it("gives the tree of a clean merge, which can be read like any other", async () => {
    const upstream = new Upstream();
    upstream.commit({ "a.yaml": "1\n", "b.yaml": "1\n" });
    upstream.git("checkout", "--quiet", "-b", "side");
    const head = upstream.commit({ "b.yaml": "2\n" });
    upstream.git("checkout", "--quiet", "main");
    const base = upstream.commit({ "a.yaml": "2\n" });
    const { manifests } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [
      { ref: "refs/heads/main", oid: base },
      { ref: "refs/heads/side", oid: head },
    ]);

    const merged = await manifests.mergeTree(REPOSITORY, base, head);
    if (!("tree" in merged)) throw new Error("expected a clean merge");
    const changes = await manifests.changedFiles(REPOSITORY, base, merged.tree);
    expect(changes).toEqual([{ path: "b.yaml", blob: upstream.git("rev-parse", "side:b.yaml") }]);
  });

  it("names each path in conflict once, and works without a commit of anybody's", async () => {
    const upstream = new Upstream();
    upstream.commit({ "a.yaml": "1\n", "b.yaml": "1\n" });
    upstream.git("checkout", "--quiet", "-b", "side");
    const head = upstream.commit({ "a.yaml": "2\n", "b.yaml": "3\n" });
    upstream.git("checkout", "--quiet", "main");
    const base = upstream.commit({ "a.yaml": "3\n", "b.yaml": null });
    const { manifests } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [
      { ref: "refs/heads/main", oid: base },
      { ref: "refs/heads/side", oid: head },
    ]);
    expect(await manifests.mergeTree(REPOSITORY, base, head)).toEqual({ conflicts: ["a.yaml", "b.yaml"] });
  });
});

describe("history", () => {
  it("tells what was changed and changed back, and asks nothing where one commit alone came", async () => {
    const upstream = new Upstream();
    const first = upstream.commit({ "a.yaml": "a: 1\n", "b.yaml": "b: 1\n" });
    const second = upstream.commit({ "a.yaml": "a: 2\n" });
    const third = upstream.commit({ "a.yaml": "a: 1\n" });
    const { manifests } = await fetched(upstream);

    expect(await manifests.changedFiles(REPOSITORY, first, third)).toEqual([]);
    expect(await manifests.touchedFiles(REPOSITORY, first, third, 10)).toEqual([{ path: "a.yaml", commits: [third, second] }]);
    expect(await manifests.touchedFiles(REPOSITORY, first, second, 10)).toEqual([]);
    expect(await manifests.touchedFiles(REPOSITORY, third, third, 10)).toEqual([]);
  });

  it("names the commits that touched each file, and looks no further back than it is told to", async () => {
    const upstream = new Upstream();
    const first = upstream.commit({ "a.yaml": "1\n", "b.yaml": "1\n", "c/ä.yaml": "1\n" });
    const second = upstream.commit({ "b.yaml": "2\n", "c/ä.yaml": "2\n" });
    upstream.git("commit", "--quiet", "--allow-empty", "-m", "nothing");
    const third = upstream.commit({ "a.yaml": "2\n", "b.yaml": null });
    const { manifests } = await fetched(upstream);
    const touched = async (limit: number) => Object.fromEntries((await manifests.touchedFiles(REPOSITORY, first, third, limit)).map(({ path, commits }) => [path, commits]));

    expect(await touched(10)).toEqual({ "a.yaml": [third], "b.yaml": [third, second], "c/ä.yaml": [second] });
    expect(await touched(2)).toEqual({ "a.yaml": [third], "b.yaml": [third] });
  });

  it("follows first parents alone, newest within the limit, oldest first", async () => {
    const upstream = new Upstream();
    const first = upstream.commit({ "a.yaml": "1\n" });
    const second = upstream.commit({ "other.yaml": "1\n" });
    upstream.git("checkout", "--quiet", "-b", "side");
    upstream.commit({ "a.yaml": "2\n" });
    upstream.commit({ "a.yaml": "3\n" });
    upstream.git("checkout", "--quiet", "main");
    upstream.gitWith(
      { GIT_AUTHOR_NAME: "Zoë <", GIT_AUTHOR_EMAIL: "zoe@example.com", GIT_COMMITTER_DATE: "2026-02-03T04:05:06Z" },
      "merge", "--quiet", "--no-ff", "-m", "merge", "side",
    );
    const merge = upstream.head();
    const last = upstream.commit({ "a.yaml": "4\n" });
    const { manifests } = await fetched(upstream);

    const history = await manifests.history(REPOSITORY, "a.yaml", null, last, 10);
    expect(history.map((commit) => [commit.oid, commit.parent])).toEqual([
      [first, null],
      [merge, second],
      [last, merge],
    ]);
    expect(history[1]).toMatchObject({ at: Date.UTC(2026, 1, 3, 4, 5, 6), authorEmail: "zoe@example.com" });
    expect((await manifests.history(REPOSITORY, "a.yaml", first, last, 10)).map((commit) => commit.oid)).toEqual([merge, last]);
    expect((await manifests.history(REPOSITORY, "a.yaml", null, last, 1)).map((commit) => commit.oid)).toEqual([last]);
    expect(await manifests.history(REPOSITORY, "a.yaml", last, last, 10)).toEqual([]);
    expect(await manifests.history(REPOSITORY, "*.yaml", null, last, 10)).toEqual([]);
  });

  it("knows ancestors", async () => {
    const upstream = new Upstream();
    const first = upstream.commit({ a: "1" });
    const second = upstream.commit({ a: "2" });
    const { manifests } = await fetched(upstream);
    expect(await manifests.isAncestor(REPOSITORY, first, second)).toBe(true);
    expect(await manifests.isAncestor(REPOSITORY, first, first)).toBe(true);
    expect(await manifests.isAncestor(REPOSITORY, second, first)).toBe(false);
    await expect(manifests.isAncestor(REPOSITORY, "0".repeat(40), first)).rejects.toMatchObject({ kind: "dependency" });
  });
});

describe("logCommits", () => {
  it("reads what each commit adds, and sees every commit that does more than add", async () => {
    const upstream = new Upstream();
    const root = upstream.commit({ "2026/01/a.json": "{\"a\":1}\n", "2026/01/b.json": "{}\n" });
    const empty = upstream.commit({});
    const changed = upstream.commit({ "2026/01/a.json": "{\"a\":2}\n", "2026/01/c.json": "{\"c\":1}\n" });
    const removed = upstream.commit({ "2026/01/b.json": null });
    upstream.git("checkout", "--quiet", "-b", "side");
    upstream.commit({ "side.json": "1" });
    upstream.git("checkout", "--quiet", "main");
    upstream.git("merge", "--quiet", "--no-ff", "-m", "merge", "side");
    const merge = upstream.head();
    symlinkSync("a", join(upstream.directory, "link.json"));
    const link = upstream.commit({});
    const large = upstream.commit({ "large.json": "x".repeat(2000) });
    upstream.write("byApp.json", "{}");
    upstream.git("add", "--all");
    upstream.gitWith({ GIT_AUTHOR_EMAIL: "1+pinion[bot]@users.noreply.github.com" }, "commit", "--quiet", "-m", "record");
    const last = upstream.head();
    const { manifests } = await fetched(upstream, { blobLimit: 1000 });

    const commits = await manifests.logCommits(REPOSITORY, null, last);
    expect(
      commits.map((commit) => [commit.oid, commit.appendsOnly, commit.files.map((file) => `${file.path}=${text(file.bytes) ?? ""}`)]),
    ).toEqual([
      [root, true, ["2026/01/a.json={\"a\":1}\n", "2026/01/b.json={}\n"]],
      [empty, true, []],
      [changed, false, ["2026/01/c.json={\"c\":1}\n"]],
      [removed, false, []],
      [merge, false, ["side.json=1"]],
      [link, false, []],
      [large, false, []],
      [last, true, ["byApp.json={}"]],
    ]);
    expect(commits.at(-1)?.authorEmail).toBe("1+pinion[bot]@users.noreply.github.com");
    expect((await manifests.logCommits(REPOSITORY, large, last)).map((commit) => commit.oid)).toEqual([last]);
    expect(await manifests.logCommits(REPOSITORY, last, last)).toEqual([]);
  });

  it("says so when the log was rewritten", async () => {
    const upstream = new Upstream();
    upstream.commit({ a: "1" });
    const before = upstream.commit({ b: "1" });
    const mirror = await fetched(upstream);
    upstream.git("reset", "--quiet", "--hard", "HEAD~1");
    const after = upstream.commit({ b: "forged" });
    await mirror.manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: after }]);
    await expect(mirror.manifests.logCommits(REPOSITORY, before, after)).rejects.toMatchObject({
      kind: "stalled",
      message: expect.stringContaining("rewritten"),
    });
  });
});

it("refuses anything but a full object id, before Git sees it", async () => {
  const upstream = new Upstream();
  const head = upstream.commit({ a: "1" });
  const { manifests } = await fetched(upstream);
  for (const oid of ["HEAD", "main", "--upload-pack=x", head.slice(0, 12), head.toUpperCase(), `${head}^`, "", `${head}\n${head}`]) {
    await expect(manifests.files(REPOSITORY, oid), oid).rejects.toMatchObject({ name: "PortFailure", kind: "error" });
    await expect(manifests.read(REPOSITORY, [oid]), oid).rejects.toMatchObject({ kind: "error" });
    await expect(manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid }]), oid).rejects.toMatchObject({ kind: "error" });
  }
});
