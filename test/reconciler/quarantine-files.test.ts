import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { QUARANTINE_FOLDER } from "../../src/domain/quarantine.ts";
import { misplacedQuarantines, readQuarantine } from "../../src/reconciler/quarantine-files.ts";
import { mirrorOf, REPOSITORY, Upstream } from "../adapters/git-upstream.ts";

const ENTRY = `app: checkout\ndigest: sha256:${"a".repeat(64)}\nreason: bad\n`;
const NONE_OF_ITS_OWN = `is a folder, a link or a submodule, and only files that stand directly in ${QUARANTINE_FOLDER} are read`;
const FOLDER = QUARANTINE_FOLDER.slice(0, -1);

/** A repository with these files; a text that begins with `->` is a symbolic link. */
async function repositoryOf(files: Readonly<Record<string, string>>) {
  const upstream = new Upstream();
  const entries = Object.entries(files);
  mkdirSync(join(upstream.directory, ".github/pinion"), { recursive: true });
  upstream.commit(Object.fromEntries(entries.filter(([, text]) => !text.startsWith("->"))));
  for (const [path, text] of entries.filter(([, other]) => other.startsWith("->"))) symlinkSync(text.slice(2), join(upstream.directory, path));
  const head = upstream.commit({});
  const { manifests } = mirrorOf(upstream.url);
  await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: head }]);
  return { manifests, head };
}

describe("what is in quarantine", () => {
  it.each<[string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    ["no folder", { "a.yaml": "" }, [], []],
    ["files", { [`${FOLDER}/a.yaml`]: ENTRY }, [`${FOLDER}/a.yaml`], []],
    ["a link among them", { [`${FOLDER}/a.yaml`]: ENTRY, [`${FOLDER}/b.yaml`]: "->a.yaml" }, [`${FOLDER}/a.yaml`], [`${FOLDER}/b.yaml ${NONE_OF_ITS_OWN}`]],
    ["a folder among them", { [`${FOLDER}/more/b.yaml`]: ENTRY }, [], [`${FOLDER}/more/ ${NONE_OF_ITS_OWN}`]],
    ["a link in its place", { ".github/pinion/kept/a.yaml": ENTRY, [FOLDER]: "->kept" }, [], [`${FOLDER} must be a folder, and is a link, a submodule or a file, so that nothing in ${QUARANTINE_FOLDER} is read`]],
    ["a file in its place", { [FOLDER]: ENTRY }, [], [expect.stringMatching(/must be a folder/u)]],
    ["what is none", { [`${FOLDER}/a.yaml`]: "app: checkout\n" }, [], [expect.stringMatching(/a\.yaml:1:1: /u)]],
    ["what is too large", { [`${FOLDER}/a.yaml`]: "#".repeat(1_100_000) }, [], [`${FOLDER}/a.yaml is too large`]],
  ])("is known only where nothing is passed over: %s", async (_, files, entries, problems) => {
    const { manifests, head } = await repositoryOf(files);
    const read = await readQuarantine(manifests, REPOSITORY, head);
    expect({ entries: read.entries.map(({ file }) => file), problems: read.problems }).toEqual({ entries, problems });
  });

  it("is looked through for a pull request only where that changes something there, and told of that alone", async () => {
    const { manifests, head } = await repositoryOf({ [`${FOLDER}/more/b.yaml`]: ENTRY, [`${FOLDER}/c.yaml`]: "->more/b.yaml" });
    const told = async (...changed: readonly string[]): Promise<readonly string[]> => misplacedQuarantines(manifests, REPOSITORY, head, changed);
    expect(await told(`${FOLDER}/more/b.yaml`)).toEqual([expect.stringMatching(/more\/ is a folder/u)]);
    expect(await told(`${FOLDER}/c.yaml`)).toEqual([expect.stringMatching(/c\.yaml is a folder, a link/u)]);
    expect(await told(`${FOLDER}/gone.yaml`, "a.yaml", ".github/pinion.yaml")).toEqual([]);
    expect(await told()).toEqual([]);
  });
});
