/**
 * How long a look takes when nothing is due, in one repository of 10,000 apps in 4 environments. Pinion runs in a process of
 * its own, and speaks over HTTP with the sandbox's GitHub in this one, so that its memory is its own; the registry's answers
 * come from a table, since nothing is asked of it that would have to be done.
 *
 *     npm run bench:scale [-- --json] [-- --apps=10000] [-- --installed-just-now] [-- --profile=FOLDER]
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGitHub, type GitHubSandbox } from "../sandbox/github/sandbox.ts";
import type { Repository } from "../sandbox/github/model.ts";
import type { Hint } from "../src/reconciler/hint.ts";
import { must, option, percentile, printJson, printMachine, printTable } from "./figures.ts";
import type { LookOrder, LookReport } from "./scale-child.ts";
import { appName, makeRepository, overlay, overlayPath, type Scale } from "./scale-repository.ts";

const ENVIRONMENTS = ["dev", "staging", "prod-us", "prod-eu"];
const LOOKS = 9;
/** A look that wants to look again within this time has not asked everything yet. */
const SOON = 5_000;
const MOST_LOOKS_TO_REST = 100;
const CHILD = new URL("./scale-child.ts", import.meta.url);

/** Pinion in a process of its own. */
class Pinion {
  readonly #child: ChildProcess;
  readonly #ended = Promise.withResolvers<never>();

  constructor(environment: Readonly<Record<string, string>>, flags: readonly string[]) {
    this.#child = fork(CHILD, { execArgv: [...flags], env: { ...environment, PATH: process.env["PATH"] ?? "" } });
    this.#child.once("exit", (code) => this.#ended.reject(new Error(`Pinion ended by itself (${code})`)));
    // Whoever waits for an answer is told; at the end nobody waits.
    this.#ended.promise.catch(() => undefined);
  }

  async ready(): Promise<void> {
    await this.#answer();
  }

  async look(hint: Hint): Promise<LookReport> {
    const order: LookOrder = { hint };
    this.#child.send(order);
    return (await this.#answer()) as LookReport;
  }

  async #answer(): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    this.#child.once("message", answer.resolve);
    return Promise.race([answer.promise, this.#ended.promise]);
  }

  async end(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.disconnect();
    await exit;
  }
}

interface Figures {
  readonly cold: LookReport;
  /** From the start of the process until there is nothing left to ask. */
  readonly rest: LookReport;
  readonly warm: readonly LookReport[];
  readonly due: readonly LookReport[];
  readonly changed: readonly LookReport[];
}

async function untilAtRest(pinion: Pinion): Promise<LookReport> {
  for (let count = 0; count < MOST_LOOKS_TO_REST; count += 1) {
    const report = await pinion.look({ kind: "due" });
    if (report.again === null || report.again > SOON) return report;
  }
  throw new Error(`Pinion does not come to rest in ${MOST_LOOKS_TO_REST} looks`);
}

async function looks(pinion: Pinion, hint: Hint, before: (turn: number) => Promise<void> = async () => undefined): Promise<readonly LookReport[]> {
  const reports: LookReport[] = [];
  for (let turn = 0; turn < LOOKS; turn += 1) {
    await before(turn);
    reports.push(await pinion.look(hint));
  }
  return reports;
}

/** Somebody changes a comment in one app's file. */
async function change(github: GitHubSandbox, repository: Repository, turn: number): Promise<void> {
  const [path, text] = [overlayPath(appName(turn), "dev"), overlay(appName(turn), "dev")];
  await github.person("olivia-owner", repository).editInBrowser("main", { [path]: `${text}# Seen by Olivia.\n` }, `Note ${turn}`);
}

async function measure(github: GitHubSandbox, repository: Repository, data: string): Promise<Figures> {
  const environment = {
    APP_ID: String(github.app.id),
    PRIVATE_KEY: github.app.privateKey,
    WEBHOOK_SECRET: github.app.webhookSecret,
    GITHUB_URL: github.url,
    GITHUB_API_URL: github.url,
    PINION_DATA_DIR: data,
  };
  // Clones, begins the log, makes the labels: what happens once.
  const first = new Pinion(environment, []);
  await first.ready();
  await untilAtRest(first);
  await first.end();
  const writes = writesSo(github);
  const folder = option("profile");
  const pinion = new Pinion(environment, folder === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`]);
  await pinion.ready();
  const cold = await pinion.look({ kind: "sweep" });
  const rest = await untilAtRest(pinion);
  const warm = await looks(pinion, { kind: "forge" });
  const due = await looks(pinion, { kind: "due" });
  const changed = await looks(pinion, { kind: "forge" }, (turn) => change(github, repository, turn));
  await pinion.end();
  must(writesSo(github) === writes, "Pinion wrote something, though nothing was due");
  return { cold, rest, warm, due, changed };
}

function writesSo(github: GitHubSandbox): number {
  return github.requests.filter(({ by, method, route, document }) => {
    if (by !== "installation" || method === "GET" || route.startsWith("git-")) return false;
    return document === null || document.trimStart().startsWith("mutation");
  }).length;
}

function median(reports: readonly LookReport[]): number {
  return Math.round(percentile(reports.map(({ took }) => took), 0.5));
}

function range(reports: readonly LookReport[]): string {
  const times = reports.map(({ took }) => Math.round(took));
  return `${Math.min(...times)} to ${Math.max(...times)} in ${times.length}`;
}

function report({ apps, environments, records }: Scale, { cold, rest, warm, due, changed }: Figures): void {
  const [last] = changed.slice(-1);
  must(last !== undefined, "there was no look");
  const [coldMs, rss] = [Math.round(cold.sinceStart), Math.round(last.rss)];
  printTable(`${apps} apps in ${environments.length} environments: ${apps * environments.length} kustomizations, ${records ? `${3 * apps * environments.length} records` : "no records yet"}`, [
    ["cold: a new process to the end of its first look, ms", coldMs],
    ["  and until all registries have been asked, ms", Math.round(rest.sinceStart)],
    ["warm: nothing changed, GitHub asked, ms", median(warm), `(${range(warm)}; aim: under 200)`],
    ["a moment came that was waited for, GitHub not asked, ms", median(due), `(${range(due)})`],
    ["changed: one file changed on main, ms", median(changed), `(${range(changed)}; aim: under 300)`],
    ["memory at the end (RSS), MB", rss, `(${Math.round(last.peakRss)} at most)`],
  ]);
  printJson({
    cold_ms: coldMs,
    warm_ms: median(warm),
    changed_ms: median(changed),
    rss_mb: rss,
    apps,
    environments: environments.length,
  });
}

printMachine();
const scale: Scale = {
  apps: Number(option("apps") ?? 10_000),
  environments: ENVIRONMENTS,
  records: !process.argv.includes("--installed-just-now"),
};
const directory = await mkdtemp(join(tmpdir(), "pinion-bench-"));
const github = await startGitHub({ app: { webhookSecret: "a-secret-of-the-bench" } });
try {
  const source = join(directory, "source.git");
  await makeRepository(source, scale, { name: github.app.bot.login, email: github.app.bot.email });
  const repository = await github.seedFromGit("manifests", source);
  report(scale, await measure(github, repository, join(directory, "data")));
} finally {
  await github.close();
  await rm(directory, { recursive: true, force: true });
}
