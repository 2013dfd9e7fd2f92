import { tmpdir } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import { openLocalRepository } from "../../src/adapters/git/local.ts";
import { FILE_LIMIT, openPinSource } from "../../src/cli/pin-source.ts";
import { collectPins, type KnownPins } from "../../src/cli/pins.ts";
import type { LocalRepository } from "../../src/ports.ts";
import { repositoryWith } from "./repository-folder.ts";

const quiet = { err: () => undefined, watched: { out: false, err: false } };
const environment = { PATH: process.env["PATH"], HOME: tmpdir() };

async function repositoryAt(directory: string): Promise<LocalRepository> {
  const repository = await openLocalRepository({ directory, environment, blobLimit: FILE_LIMIT });
  onTestFinished(() => repository.close());
  return repository;
}

/** What one commit pins, and how many files were read for that. */
async function pinsOf(repository: LocalRepository, commit: string, known: KnownPins): Promise<{ found: unknown; read: number }> {
  let read = 0;
  const source = await openPinSource(".", commit, async () => repository, { environment });
  const counted: typeof source = {
    ...source,
    read: (files) => {
      read += files.length;
      return source.read(files);
    },
  };
  return { found: await collectPins(counted, known, quiet), read };
}

const CONFIG = "version: 1\nenvironments: {prod: {}}\napps: {discover: ['apps/{app}/{env}/kustomization.yaml']}\n";
const FILES = {
  "apps/web/prod/kustomization.yaml": "resources: [../base]\nimages: [{name: a, newTag: v1}]\n",
  "apps/web/base/kustomization.yaml": "resources: [deployment.yaml]\n",
  "apps/web/base/deployment.yaml": "spec: {containers: [{image: nginx:1}]}\n",
  "versions.yaml": "web: v1\n",
  "broken.yaml": "image: [x\n",
};

describe("pins that were found before", () => {
  it("are those that a first look finds, whatever became of the files and of the configuration in between", async () => {
    const { folder, commits } = repositoryWith(
      FILES,
      { "apps/web/prod/kustomization.yaml": "resources: [../base]\nimages: [{name: a, newTag: v2}]\n" },
      { ".github/pinion.yaml": CONFIG },
      { ".github/pinion.yaml": `${CONFIG}pins: [{files: versions.yaml, path: web}]\n` },
      { "versions.yaml": null, "apps/a.yaml": "image: z:1\n" },
      { ".github/pinion.yaml": null },
    );
    const [repository, known] = [await repositoryAt(folder), new Map() as KnownPins];
    for (const commit of [...commits, ...commits.toReversed()]) {
      const { found } = await pinsOf(repository, commit, known);
      expect(found, commit).toEqual((await pinsOf(await repositoryAt(folder), commit, new Map())).found);
    }
  });

  it("are not looked for again", async () => {
    const { folder, commits } = repositoryWith({ ...FILES, ".github/pinion.yaml": CONFIG }, { "broken.yaml": "image: x:1\n" });
    const [repository, known] = [await repositoryAt(folder), new Map() as KnownPins];
    const read: number[] = [];
    for (const commit of [...commits, ...commits]) read.push((await pinsOf(repository, commit, known)).read);
    // The configuration is read each time.
    expect(read).toEqual([Object.keys(FILES).length + 2, 2, 2, 2]);
  });
});
