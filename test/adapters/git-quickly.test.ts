import { chmodSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { gitEnvironment } from "../../src/adapters/git/environment.ts";
import { ObjectReader } from "../../src/adapters/git/object-reader.ts";
import { changesThrough, listThrough } from "../../src/adapters/git/trees.ts";
import { mirrorOf, REPOSITORY, temporaryDirectory, Upstream } from "./git-upstream.ts";

function readerOf(upstream: Upstream, deadline = 30_000): ObjectReader {
  const directory = join(upstream.directory, ".git");
  const environment = gitEnvironment({ PATH: process.env["PATH"] }, directory, null);
  const reader = new ObjectReader({ environment, cwd: upstream.directory, deadline });
  onTestFinished(() => reader.close());
  return reader;
}

describe("the reader of objects", () => {
  it("answers in the order of the questions, whoever asked, large and small, there or not", async () => {
    const upstream = new Upstream();
    const large = "x".repeat(300_000);
    upstream.commit({ small: "s\n", empty: "", large });
    const reader = readerOf(upstream);
    const [small, empty, big] = ["small", "empty", "large"].map((name) => upstream.head(`HEAD:${name}`));
    const absent = "1".repeat(40);
    const first = reader.ask([
      { ask: "contents", name: big ?? "" },
      { ask: "info", name: big ?? "" },
      { ask: "contents", name: absent },
      { ask: "contents", name: empty ?? "" },
    ]);
    const second = reader.ask([
      { ask: "info", name: absent },
      { ask: "contents", name: small ?? "" },
      { ask: "info", name: `${upstream.head()}^{tree}` },
    ]);
    expect((await first).map((answer) => answer && [answer.oid, answer.type, answer.size, answer.bytes.length])).toEqual([
      [big, "blob", 300_000, 300_000],
      [big, "blob", 300_000, 0],
      null,
      [empty, "blob", 0, 0],
    ]);
    expect((await second).map((answer) => answer && [answer.type, answer.bytes.toString("utf8")])).toEqual([
      null,
      ["blob", "s\n"],
      ["tree", ""],
    ]);
    expect(await reader.ask([])).toEqual([]);
  });

  it("sees what was written after it began", async () => {
    const upstream = new Upstream();
    const reader = readerOf(upstream);
    const first = upstream.commit({ a: "1" });
    expect(await reader.ask([{ ask: "info", name: first }])).toMatchObject([{ type: "commit" }]);
    const second = upstream.commit({ a: "2" });
    upstream.git("gc", "--quiet", "--prune=now");
    expect(await reader.ask([{ ask: "info", name: second }])).toMatchObject([{ type: "commit" }]);
  });

  it("rejects what it was asked when it is closed, and begins anew with the next question", async () => {
    const upstream = new Upstream();
    const head = upstream.commit({ a: "1" });
    const reader = readerOf(upstream);
    const asked = reader.ask([{ ask: "info", name: head }]);
    reader.close();
    await expect(asked).rejects.toThrow("closed");
    expect(await reader.ask([{ ask: "info", name: head }])).toMatchObject([{ oid: head }]);
  });

  it("rejects without a repository, and past its deadline", async () => {
    const directory = temporaryDirectory();
    const none = new ObjectReader({ environment: gitEnvironment({ PATH: process.env["PATH"] }, directory, null), cwd: directory, deadline: 30_000 });
    await expect(none.ask([{ ask: "info", name: "1".repeat(40) }])).rejects.toThrow("ended");
    writeFileSync(join(directory, "git"), "#!/bin/sh\nexec sleep 60\n");
    chmodSync(join(directory, "git"), 0o755);
    const asleep = new ObjectReader({
      environment: { PATH: `${directory}:${process.env["PATH"] ?? ""}` },
      cwd: directory,
      deadline: 200,
    });
    await expect(asleep.ask([{ ask: "info", name: "1".repeat(40) }])).rejects.toThrow("too long");
  });
});

/** Names that are folders in one commit and files in another, and sort differently as either. */
const PATHS = ["a", "a/b", "a/b/c", "a.b", "a-b/c", "z/ü", "z/q/r.yaml", "é"];

/** No path of these is a folder of another. */
function together(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)));
}

describe("what differs between two commits", () => {
  it("is what git diff-tree says", async () => {
    const upstream = new Upstream();
    const commits: string[] = [];
    const choice = fc.array(fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom("1", "2", "link", "run")), { maxLength: 6 });
    for (const chosen of fc.sample(choice, { numRuns: 12, seed: 7 })) {
      upstream.git("rm", "-r", "--quiet", "--cached", "--ignore-unmatch", ".");
      upstream.git("clean", "-fdxq");
      const contents = new Map(chosen);
      for (const path of together([...contents.keys()])) {
        const what = contents.get(path) ?? "";
        upstream.write(path, `${what}\n`);
        if (what === "run") chmodSync(join(upstream.directory, path), 0o755);
        if (what === "link") {
          upstream.git("clean", "-fdxq", path);
          symlinkSync("nowhere", join(upstream.directory, path));
        }
      }
      commits.push(upstream.commit({}));
    }
    const reader = readerOf(upstream);
    for (const from of commits) {
      for (const to of commits) {
        const raw = upstream.git("diff-tree", "-r", "-z", "--raw", "--no-renames", from, to).split("\0");
        const expected: { path: string; blob: string | null }[] = [];
        for (let at = 0; at + 1 < raw.length; at += 2) {
          const [, mode = "", , blob = ""] = (raw[at] ?? "").split(" ");
          expected.push({ path: raw[at + 1] ?? "", blob: mode.startsWith("100") ? blob : null });
        }
        const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
        expect(await changesThrough(reader, from, to), `${from} ${to}`).toEqual(expected.toSorted(byPath));
      }
    }
  });

  it("is left to Git when a name is not UTF-8 or a commit is not there", async () => {
    const upstream = new Upstream();
    const before = upstream.commit({ a: "1" });
    const blob = upstream.head("HEAD:a");
    upstream.gitBytes(["update-index", "-z", "--index-info"], Buffer.concat([Buffer.from(`100644 ${blob}\t`), Buffer.from([0xff, 0x00])]));
    upstream.git("commit", "--quiet", "-m", "latin");
    const reader = readerOf(upstream);
    expect(await changesThrough(reader, before, upstream.head())).toBeNull();
    expect(await changesThrough(reader, before, "1".repeat(40))).toBeNull();
    expect(await listThrough(reader, "1".repeat(40), "a")).toBeNull();
    expect(await listThrough(reader, upstream.head(), "")).toEqual([{ path: "a", blob }]);
  });
});

describe("a mirror without the reader", () => {
  it("answers the same", async () => {
    const bin = temporaryDirectory();
    const asked = join(bin, "asked");
    writeFileSync(
      join(bin, "git"),
      `#!/bin/sh\ncase "$*" in *--batch-command*) echo >> ${asked}; exit 1;; esac\nPATH=${process.env["PATH"] ?? ""} exec git "$@"\n`,
    );
    chmodSync(join(bin, "git"), 0o755);
    const upstream = new Upstream();
    const before = upstream.commit({ "dir/a.yaml": "a: 1\n", "dir/deep/b.yaml": "b: 1\n", gone: "1" });
    const after = upstream.commit({ "dir/a.yaml": "a: 2\n", gone: null });
    const answersOf = async (environment: Record<string, string | undefined>): Promise<unknown> => {
      const { manifests, warnings } = mirrorOf(upstream.url, { environment });
      await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: after }]);
      const changed = await manifests.changedFiles(REPOSITORY, before, after);
      const contents = await manifests.read(REPOSITORY, changed.flatMap(({ blob }) => (blob === null ? [] : [blob])));
      const file = await manifests.file(REPOSITORY, before, "dir/a.yaml");
      const texts = [...contents.values(), file ?? ""].map((bytes) => Buffer.from(bytes).toString("utf8"));
      return { changed, texts, folder: await manifests.folder(REPOSITORY, after, "dir/"), warnings };
    };
    const expected = {
      changed: [
        { path: "dir/a.yaml", blob: upstream.head("HEAD:dir/a.yaml") },
        { path: "gone", blob: null },
      ],
      texts: ["a: 2\n", "a: 1\n"],
      folder: [{ path: "dir/a.yaml", blob: upstream.head("HEAD:dir/a.yaml") }, { path: "dir/deep/", blob: null }],
      warnings: [],
    };
    expect(await answersOf({ PATH: process.env["PATH"] })).toEqual(expected);
    expect(await answersOf({ PATH: `${bin}:${process.env["PATH"] ?? ""}` })).toEqual(expected);
    expect(existsSync(asked)).toBe(true);
  });
});
