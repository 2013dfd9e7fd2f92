import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { Config } from "../../src/domain/config.ts";
import { PortFailure, type ManifestsRepository } from "../../src/ports.ts";
import { PinTable } from "../../src/reconciler/pin-table.ts";
import { oid } from "../domain/releases.ts";
import { portsWith, REPOSITORY } from "./small-world.ts";

const [FOLDER, TEAM, SHOP] = ["apps/checkout/dev/kustomization.yaml", "team/checkout/dev/kustomization.yaml", "apps/shop/dev/kustomization.yaml"];
const PINNED = `images:\n  - name: checkout\n    newName: ghcr.io/acme/checkout\n    newTag: "1.0.0"\n    digest: sha256:${"a".repeat(64)}\n`;

function configOf(): Config {
  const parsed = parseConfig('version: 1\nenvironments:\n  dev: {}\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml", "team/{app}/{env}/kustomization.yaml"]\n');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

/** Commits in plain values: the text of every file, by path. A file's blob id is its path. */
class Commits {
  readonly #commits = new Map<string, Readonly<Record<string, string>>>();
  /** Reads that fail before they succeed again. */
  failing = 0;

  add(commit: string, files: Readonly<Record<string, string>>): string {
    this.#commits.set(commit, files);
    return commit;
  }

  get manifests(): ManifestsRepository {
    const at = (commit: string) => this.#commits.get(commit) ?? {};
    return portsWith({
      manifests: {
        files: async (_, commit) => Object.keys(at(commit)).map((path) => ({ path, blob: `${commit} ${path}` })),
        changedFiles: async (_, from, to) =>
          [...new Set([...Object.keys(at(from)), ...Object.keys(at(to))])]
            .filter((path) => at(from)[path] !== at(to)[path])
            .toSorted()
            .map((path) => ({ path, blob: path in at(to) ? `${to} ${path}` : null })),
        read: async (_, blobs) => {
          if (this.failing > 0) {
            this.failing -= 1;
            throw new PortFailure("dependency", "the disk is slow");
          }
          return new Map(blobs.map((blob) => [blob, new TextEncoder().encode(at(blob.split(" ")[0] ?? "")[blob.split(" ")[1] ?? ""])]));
        },
      },
    }).manifests;
  }
}

describe("a table of pins", () => {
  it("is never half read after a config changed and reading failed", async () => {
    const commits = new Commits();
    const [first, second] = [commits.add(oid("1"), { [FOLDER]: PINNED }), commits.add(oid("2"), { [FOLDER]: PINNED, [SHOP]: PINNED })];
    const table = new PinTable();
    await table.update(commits.manifests, REPOSITORY, first, configOf());
    const config = configOf();
    commits.failing = 1;
    await expect(table.update(commits.manifests, REPOSITORY, first, config)).rejects.toThrow(PortFailure);
    await table.update(commits.manifests, REPOSITORY, second, config);
    expect([...table.pins.keys()].toSorted()).toEqual(["checkout", "shop"]);
  });

  it("takes a change again when reading it failed", async () => {
    const commits = new Commits();
    const [first, second] = [commits.add(oid("1"), { [FOLDER]: PINNED }), commits.add(oid("2"), { [FOLDER]: PINNED, [SHOP]: PINNED })];
    const [table, config] = [new PinTable(), configOf()];
    await table.update(commits.manifests, REPOSITORY, first, config);
    commits.failing = 1;
    await expect(table.update(commits.manifests, REPOSITORY, second, config)).rejects.toThrow(PortFailure);
    await table.update(commits.manifests, REPOSITORY, second, config);
    expect(table.pins.get("shop")?.get("dev")).toMatchObject({ ok: true });
  });
});

describe("two files for one place", () => {
  const both = { ok: false, problem: `both ${FOLDER} and ${TEAM} are found for checkout in dev; keep one` };

  it("are a problem for as long as there are two, whichever is written", async () => {
    const commits = new Commits();
    const [table, config] = [new PinTable(), configOf()];
    const here = async (commit: string) => {
      await table.update(commits.manifests, REPOSITORY, commit, config);
      return table.pins.get("checkout")?.get("dev");
    };
    expect(await here(commits.add(oid("1"), { [FOLDER]: PINNED }))).toMatchObject({ ok: true, file: FOLDER });
    expect(await here(commits.add(oid("2"), { [FOLDER]: PINNED, [TEAM]: PINNED }))).toMatchObject(both);
    expect(await here(commits.add(oid("3"), { [FOLDER]: `${PINNED}# one\n`, [TEAM]: PINNED }))).toMatchObject(both);
    expect(await here(commits.add(oid("4"), { [FOLDER]: `${PINNED}# one\n`, [TEAM]: `${PINNED}# two\n` }))).toMatchObject(both);
    expect(await here(commits.add(oid("5"), { [TEAM]: `${PINNED}# two\n` }))).toMatchObject({ ok: true, file: TEAM });
    // Moved: the new name comes before the old one is gone.
    expect(await here(commits.add(oid("6"), { [FOLDER]: PINNED }))).toMatchObject({ ok: true, file: FOLDER });
    expect(await here(commits.add(oid("7"), {}))).toBeUndefined();
  });

  it("are a problem from the first read on", async () => {
    const commits = new Commits();
    const [table, config] = [new PinTable(), configOf()];
    await table.update(commits.manifests, REPOSITORY, commits.add(oid("1"), { [TEAM]: PINNED, [FOLDER]: PINNED }), config);
    expect(table.pins.get("checkout")?.get("dev")).toMatchObject(both);
    await table.update(commits.manifests, REPOSITORY, commits.add(oid("2"), { [FOLDER]: PINNED }), config);
    expect(table.pins.get("checkout")?.get("dev")).toMatchObject({ ok: true, file: FOLDER });
  });
});
