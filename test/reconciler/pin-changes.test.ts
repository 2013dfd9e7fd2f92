import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import { appendRecords, EMPTY_LEDGER } from "../../src/domain/ledger.ts";
import type { EnvironmentPins, ForgeSnapshot, PullRequest } from "../../src/domain/observation.ts";
import type { PathCommit } from "../../src/ports.ts";
import { PinChanges } from "../../src/reconciler/pin-changes.ts";
import { readPins } from "../../src/reconciler/pin-table.ts";
import { compileDiscover } from "../../src/domain/discover.ts";
import { environmentPins } from "../../src/domain/environment-pins.ts";
import { settingsOf, type Config } from "../../src/domain/config.ts";
import { oid } from "../domain/releases.ts";
import { portsWith, pullRequestOf, REPOSITORY, snapshotOf } from "./small-world.ts";

const NOW = Date.UTC(2026, 0, 1);
const BOT = "12+pinion[bot]@users.noreply.github.com";
const PERSON = "ada@example.com";
const APP = { login: "pinion[bot]", kind: "app" } as const;
const [INSTALLED, MERGED] = [oid("0"), oid("1")];
const text = (app: string, tag: string): string =>
  `images:\n  - name: ${app}\n    newName: ghcr.io/acme/${app}\n    newTag: "${tag}"\n    digest: sha256:${tag.charAt(2).repeat(64)}\n`;

function configOf(): Config {
  const parsed = parseConfig('version: 1\nenvironments:\n  dev: {}\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\n');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

interface Seen {
  readonly apps?: readonly string[];
  readonly email: string;
  /** How long ago the commit was made. */
  readonly age: number;
  readonly ended?: readonly PullRequest[];
}

/** One commit that changed the pin of each app since the installation, and nobody knows yet by which pull request. */
function changed({ apps = ["checkout"], email, age, ended = [] }: Seen) {
  const config = configOf();
  const commit: PathCommit = { oid: MERGED, parent: INSTALLED, at: NOW - age, authorName: "someone", authorEmail: email };
  const files = new Map(apps.map((app) => [`apps/${app}/dev/kustomization.yaml`, app]));
  const bytes = (path: string, tag: string) => new TextEncoder().encode(text(files.get(path) ?? "", tag));
  const pins = new Map(
    [...files].map(([path, app]) => [app, new Map<string, EnvironmentPins>([["dev", environmentPins(app, settingsOf(config, app), path, readPins(path, bytes(path, "1.1.0")))]])]),
  );
  const told = { asked: 0, pullRequest: null as PullRequest | null };
  const ports = portsWith({
    forge: {
      pullRequestOf: async () => {
        told.asked += 1;
        return told.pullRequest;
      },
    },
    manifests: {
      changedFiles: async () => [...files.keys()].map((path) => ({ path, blob: oid("f") })),
      touchedFiles: async () => [],
      history: async () => [commit],
      file: async (_, at, path) => bytes(path, at === INSTALLED ? "1.0.0" : "1.1.0"),
    },
  });
  const ledger = appendRecords(EMPTY_LEDGER, [{ event: "installed", at: NOW - 3_600_000, commit: INSTALLED }]);
  const snapshot: ForgeSnapshot = snapshotOf({ at: NOW, head: MERGED, ended });
  const found = new PinChanges();
  return { told, found, find: () => found.find(ports, REPOSITORY, snapshot, config, compileDiscover(config.discover, config.environments), pins, ledger) };
}

const MERGING = pullRequestOf({ number: 7, state: "merged", merge: null });

describe("a merge that GitHub cannot explain yet", () => {
  it.each<readonly [string, Seen]>([
    ["a young commit of an App", { email: BOT, age: 119_000 }],
    ["a young commit, while a pull request is merged by no commit", { email: PERSON, age: 1_000, ended: [MERGING] }],
  ])("is left for the next look: %s", async (_, seen) => {
    const { told, found, find } = changed(seen);
    expect(await find()).toEqual({ changes: [], unexplained: [{ app: "checkout", environment: "dev" }] });
    expect(found.again).toBe(NOW + 10_000);
    told.pullRequest = pullRequestOf({ number: 7, state: "merged" });
    expect(await find()).toMatchObject({ changes: [{ commit: MERGED, pullRequest: { number: 7 } }], unexplained: [] });
    expect(found.again).toBeNull();
  });

  it.each<readonly [string, Seen]>([
    ["a person's commit", { email: PERSON, age: 1_000 }],
    ["an App's commit that is two minutes old", { email: BOT, age: 120_000 }],
    ["a commit dated far ahead", { email: BOT, age: -120_000 }],
    ["a person's commit, after all merges are explained", { email: PERSON, age: 1_000, ended: [pullRequestOf({ number: 6, state: "closed" })] }],
  ])("is not waited for: %s", async (_, seen) => {
    expect(await changed(seen).find()).toMatchObject({ changes: [{ commit: MERGED, pullRequest: null }], unexplained: [] });
  });
});

it("asks GitHub once about a commit that changed many pins", async () => {
  const { told, find } = changed({ apps: ["checkout", "shop", "stock"], email: PERSON, age: 600_000 });
  expect((await find()).changes).toHaveLength(3);
  expect(told.asked).toBe(1);
});

it("finds that a file is gone whose pin the log knows", async () => {
  const release = { app: "checkout", version: "1.0.0", images: [] };
  const ledger = appendRecords(EMPTY_LEDGER, [
    { event: "installed", at: NOW - 3_600_000, commit: INSTALLED },
    { event: "out-of-band", app: "checkout", environment: "dev", at: NOW, from: null, release, commit: INSTALLED, by: "ada", pullRequest: null },
  ]);
  const ports = portsWith({ manifests: { changedFiles: async () => [], touchedFiles: async () => [] } });
  const snapshot = snapshotOf({ at: NOW, head: MERGED, ended: [] });
  const { changes } = await new PinChanges().find(ports, REPOSITORY, snapshot, configOf(), () => null, new Map(), ledger);
  expect(changes).toMatchObject([{ app: "checkout", environment: "dev", from: release, to: null, commit: MERGED }]);
});

it.each<readonly [string, Partial<PullRequest>, readonly object[]]>([
  ["waits for what a pull request of Pinion brought, while GitHub shows the default branch from before its merge", {}, [{ app: "checkout", environment: "dev" }]],
  ["waits no longer than GitHub may lag", { merge: { at: NOW - 120_000, commit: MERGED, by: APP } }, []],
  ["does not wait for what somebody else's pull request brought", { author: { login: "ada", kind: "user" } }, []],
])("%s", async (_, changes, unexplained) => {
  const bytes = new TextEncoder().encode(text("checkout", "1.0.0"));
  const file = "apps/checkout/dev/kustomization.yaml";
  const here = environmentPins("checkout", settingsOf(configOf(), "checkout"), file, readPins(file, bytes));
  const head = { ref: "pinion/dev/checkout/1.1.0-aaaaaaaaaa", oid: oid("c"), fork: false };
  const merge = { at: NOW - 119_000, commit: MERGED, by: APP };
  const ended = [pullRequestOf({ number: 7, author: APP, state: "merged", head, merge, ...changes })];
  const ports = portsWith({ manifests: { history: async () => [], file: async () => bytes } });
  const ledger = appendRecords(EMPTY_LEDGER, [{ event: "installed", at: NOW - 3_600_000, commit: INSTALLED }]);
  const pins = new Map([["checkout", new Map([["dev", here]])]]);
  const found = await new PinChanges().find(ports, REPOSITORY, snapshotOf({ at: NOW, head: INSTALLED, ended }), configOf(), () => null, pins, ledger);
  expect(found).toEqual({ changes: [], unexplained });
});

describe("a change that was put back between two looks", () => {
  const FILE = "apps/checkout/dev/kustomization.yaml";
  const [THERE, BACK] = [oid("3"), oid("4")];

  /** Looks at the installation, and then again and again after both commits came, with a log that has heard of neither. */
  async function looks(email: string, age: number, { isFirst = false, known = INSTALLED } = {}): Promise<(at: number) => ReturnType<PinChanges["find"]>> {
    const config = configOf();
    const bytes = (tag: string) => new TextEncoder().encode(text("checkout", tag));
    const here = environmentPins("checkout", settingsOf(config, "checkout"), FILE, readPins(FILE, bytes("1.0.0")));
    if (!here.ok) throw new Error(here.problem);
    const pins = new Map([["checkout", new Map<string, EnvironmentPins>([["dev", here]])]]);
    const ledger = appendRecords(EMPTY_LEDGER, [
      { event: "installed", at: NOW - 3_600_000, commit: INSTALLED },
      { event: "adopted", app: "checkout", environment: "dev", at: NOW - 3_600_000, commit: known, pinned: here.pinned },
    ]);
    const commit = (id: string): PathCommit => ({ oid: id, parent: INSTALLED, at: NOW - age, authorName: "someone", authorEmail: email });
    const ports = portsWith({
      forge: { pullRequestOf: async () => null },
      manifests: {
        changedFiles: async () => [],
        touchedFiles: async () => [{ path: FILE, commits: [BACK, THERE] }],
        history: async () => [commit(THERE), commit(BACK)],
        file: async (_, at) => bytes(at === THERE ? "1.1.0" : "1.0.0"),
      },
    });
    const found = new PinChanges();
    const discover = compileDiscover(config.discover, config.environments);
    const find = (at: number, head: string) => found.find(ports, REPOSITORY, snapshotOf({ at, head, ended: [] }), config, discover, pins, ledger);
    if (!isFirst) await find(NOW - 60_000, INSTALLED);
    return (at) => find(at, BACK);
  }

  it("is told of where the first was seen and did not get into the log before the second came", async () => {
    const config = configOf();
    const bytes = (tag: string) => new TextEncoder().encode(text("checkout", tag));
    const pinsOf = (tag: string) => {
      const here = environmentPins("checkout", settingsOf(config, "checkout"), FILE, readPins(FILE, bytes(tag)));
      if (!here.ok) throw new Error(here.problem);
      return { pinned: here.pinned, pins: new Map([["checkout", new Map<string, EnvironmentPins>([["dev", here]])]]) };
    };
    const order = [INSTALLED, THERE, BACK];
    const after = <T>(all: readonly T[], since: string | null, until: string) => all.slice(order.indexOf(since ?? ""), order.indexOf(until));
    const commits = [THERE, BACK].map((id): PathCommit => ({ oid: id, parent: INSTALLED, at: NOW - 1_000, authorName: "someone", authorEmail: PERSON }));
    const ports = portsWith({
      forge: { pullRequestOf: async () => null },
      manifests: {
        changedFiles: async (_, from, to) => (from === to || (from === INSTALLED && to === BACK) ? [] : [{ path: FILE, blob: oid("f") }]),
        touchedFiles: async (_, since, until) => [{ path: FILE, commits: after([THERE, BACK], since, until).toReversed() }],
        history: async (_repository, _path, since, until) => after(commits, since, until),
        file: async (_, at) => bytes(at === THERE ? "1.1.0" : "1.0.0"),
      },
    });
    const { pinned, pins } = pinsOf("1.0.0");
    const ledger = appendRecords(EMPTY_LEDGER, [
      { event: "installed", at: NOW - 3_600_000, commit: INSTALLED },
      { event: "adopted", app: "checkout", environment: "dev", at: NOW - 3_600_000, commit: INSTALLED, pinned },
    ]);
    const found = new PinChanges();
    const discover = compileDiscover(config.discover, config.environments);
    const find = (at: number, head: string, seen: typeof pins) => found.find(ports, REPOSITORY, snapshotOf({ at, head, ended: [] }), config, discover, seen, ledger);
    await find(NOW - 60_000, INSTALLED, pins);
    expect((await find(NOW - 30_000, THERE, pinsOf("1.1.0").pins)).changes).toMatchObject([{ commit: THERE }]);
    expect((await find(NOW, BACK, pins)).changes).toMatchObject([{ commit: THERE }, { commit: BACK }]);
  });

  it("is told of until the log has heard of it", async () => {
    const look = await looks(PERSON, 1_000);
    const both = [{ commit: THERE }, { commit: BACK }];
    expect((await look(NOW)).changes).toMatchObject(both);
    expect((await look(NOW + 300_000)).changes).toMatchObject(both);
  });

  it("is told of by the first look of a process, too", async () => {
    const look = await looks(PERSON, 1_000, { isFirst: true });
    expect((await look(NOW)).changes).toMatchObject([{ commit: THERE }, { commit: BACK }]);
  });

  it.each([BACK, THERE])("is not gone through again where the log knows what is there by one of its commits (%s)", async (known) => {
    const look = await looks(PERSON, 1_000, { isFirst: true, known });
    expect(await look(NOW)).toEqual({ changes: [], unexplained: [] });
  });

  it("is told of when GitHub can explain it at last", async () => {
    const look = await looks(BOT, 1_000);
    expect((await look(NOW)).unexplained).toEqual([{ app: "checkout", environment: "dev" }]);
    expect((await look(NOW + 300_000)).changes).toMatchObject([{ commit: THERE }, { commit: BACK }]);
  });
});

describe("what only the configuration changed", () => {
  const FILE = "apps/checkout/dev/kustomization.yaml";
  const both = (tag: string, worker: string): string => `${text("checkout", tag)}${text("worker", worker).replace("images:\n", "")}`;
  const CONFIG = ".github/pinion.yaml";
  const watching = (environments: string, images: readonly string[] = []): string =>
    `version: 1\nenvironments: ${environments}\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\n` +
    (images.length === 0 ? "" : `  checkout: { images: [${images.map((name) => `ghcr.io/acme/${name}`).join(", ")}] }\n`);

  interface Past {
    /** What stood at each commit, the installation's first; a file that is not named stays as it was. */
    readonly commits: readonly (readonly [oid: string, files: Readonly<Record<string, string>>])[];
    /** What the log says is pinned, and since which commit. */
    readonly known: readonly [commit: string, images: readonly (readonly [name: string, tag: string])[]] | null;
  }

  async function found({ commits, known }: Past) {
    const at = (commit: string, path: string): string | null => {
      const until = commits.slice(0, commits.findIndex(([id]) => id === commit) + 1);
      return until.findLast(([, files]) => path in files)?.[1][path] ?? null;
    };
    const [head = INSTALLED] = commits.at(-1) ?? [];
    const parsed = parseConfig(at(head, CONFIG) ?? "");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { config } = parsed;
    const bytes = (content: string | null) => (content === null ? null : new TextEncoder().encode(content));
    const ports = portsWith({
      forge: { pullRequestOf: async () => null },
      manifests: {
        changedFiles: async () => [{ path: FILE, blob: oid("f") }],
        touchedFiles: async () => [],
        file: async (_, commit, path) => bytes(at(commit, path)),
        history: async (_, path, since) =>
          commits
            .slice(commits.findIndex(([id]) => id === since) + 1)
            .filter(([, files]) => path in files)
            .map(([id]) => ({ oid: id, parent: null, at: NOW - 3_600_000, authorName: "ada", authorEmail: PERSON })),
      },
    });
    const images = (known?.[1] ?? []).map(([name, tag]) => ({ repository: `ghcr.io/acme/${name}`, tag, digest: `sha256:${tag.charAt(2).repeat(64)}` as const }));
    const ledger = appendRecords(EMPTY_LEDGER, [
      { event: "installed", at: NOW - 7_200_000, commit: INSTALLED },
      ...(known === null
        ? []
        : [{ event: "adopted" as const, app: "checkout", environment: "dev", at: NOW - 7_000_000, commit: known[0], pinned: { app: "checkout", version: "1", images } }]),
    ]);
    const pins = new Map([["checkout", new Map([["dev", environmentPins("checkout", settingsOf(config, "checkout"), FILE, readPins(FILE, bytes(at(head, FILE))))]])]]);
    const discover = compileDiscover(config.discover, config.environments);
    const { changes } = await new PinChanges().find(ports, REPOSITORY, snapshotOf({ at: NOW, head }), config, discover, pins, ledger);
    return changes.map(({ from, to, commit }) => `${shown(from)} -> ${shown(to)} at ${commit.charAt(0)}`);
  }

  const shown = (pinned: { readonly images: readonly { readonly repository: string; readonly tag: string | null }[] } | null) =>
    pinned === null ? "nothing" : pinned.images.map(({ repository, tag }) => `${repository.replace("ghcr.io/acme/", "")} ${tag}`).join(" ");

  const DEV = "{ dev: {} }";
  const PAIR = ["checkout", "worker"];

  it.each<[string, Past, readonly string[]]>([
    [
      "more images move together: what is pinned is adopted",
      { commits: [[INSTALLED, { [FILE]: both("1.1.0", "1.5.0") }], [MERGED, { [CONFIG]: watching(DEV, PAIR) }]], known: [INSTALLED, [["checkout", "1.1.0"]]] },
      ["nothing -> checkout 1.1.0 worker 1.5.0 at 1"],
    ],
    [
      "fewer images move together",
      { commits: [[INSTALLED, { [FILE]: both("1.1.0", "1.5.0") }], [MERGED, { [CONFIG]: watching(DEV, ["worker"]) }]], known: [INSTALLED, [["checkout", "1.1.0"], ["worker", "1.5.0"]]] },
      ["nothing -> worker 1.5.0 at 1"],
    ],
    [
      "another image is looked at",
      { commits: [[INSTALLED, { [FILE]: both("1.1.0", "1.5.0") }], [MERGED, { [CONFIG]: watching(DEV, ["worker"]) }]], known: [INSTALLED, [["checkout", "1.1.0"]]] },
      ["nothing -> worker 1.5.0 at 1"],
    ],
    [
      "an image came into the file with it",
      { commits: [[INSTALLED, { [FILE]: text("checkout", "1.1.0") }], [MERGED, { [FILE]: both("1.1.0", "1.5.0"), [CONFIG]: watching(DEV, PAIR) }]], known: [INSTALLED, [["checkout", "1.1.0"]]] },
      ["nothing -> checkout 1.1.0 worker 1.5.0 at 1"],
    ],
    [
      "the known image was changed with it: that is somebody's change",
      { commits: [[INSTALLED, { [FILE]: text("checkout", "1.1.0") }], [MERGED, { [FILE]: both("1.2.0", "1.5.0"), [CONFIG]: watching(DEV, PAIR) }]], known: [INSTALLED, [["checkout", "1.1.0"]]] },
      ["checkout 1.1.0 -> checkout 1.2.0 worker 1.5.0 at 1"],
    ],
    [
      "an environment is looked at from now on: what was changed in its file before is nobody's change",
      {
        commits: [
          [INSTALLED, { [FILE]: text("checkout", "1.1.0"), [CONFIG]: watching("{ qa: {} }") }],
          [oid("2"), { [FILE]: text("checkout", "1.2.0") }],
          [MERGED, { [CONFIG]: watching("{ qa: {}, dev: {} }") }],
        ],
        known: null,
      },
      ["nothing -> checkout 1.2.0 at 1"],
    ],
    [
      "and what was changed after that is",
      {
        commits: [
          [INSTALLED, { [FILE]: text("checkout", "1.1.0"), [CONFIG]: watching("{ qa: {} }") }],
          [oid("2"), { [FILE]: text("checkout", "1.2.0") }],
          [oid("3"), { [CONFIG]: watching("{ qa: {}, dev: {} }") }],
          [MERGED, { [FILE]: text("checkout", "1.3.0") }],
        ],
        known: null,
      },
      ["checkout 1.2.0 -> checkout 1.3.0 at 1"],
    ],
    [
      "an environment that was looked at all along",
      { commits: [[INSTALLED, { [FILE]: text("checkout", "1.1.0"), [CONFIG]: watching(DEV) }], [MERGED, { [FILE]: text("checkout", "1.2.0"), [CONFIG]: `${watching(DEV)}# more\n` }]], known: null },
      ["checkout 1.1.0 -> checkout 1.2.0 at 1"],
    ],
  ])("%s", async (_, past, changes) => {
    expect(await found(past)).toEqual(changes);
  });
});
