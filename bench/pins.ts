/**
 * How long it takes to find all pins of a repository of 40,000 kustomizations: with `pinion pins` in a process of its own, and again
 * in one process after one file was changed. With a real repository and Renovate, both read the same commit one after the other.
 *
 *     npm run bench:pins [-- --json] [-- --kustomizations=40000] [-- --repository=DIR] [-- --renovate=COMMAND]
 */
import { execFile, fork, type ExecFileOptions } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, option, printJson, printMachine, printTable } from "./figures.ts";
import type { PinsReport } from "./pins-child.ts";
import { appName, git, importCommits, overlay, overlayPath, TAG, type Commit } from "./scale-repository.ts";

const ENVIRONMENTS = ["dev", "staging", "prod-us", "prod-eu"];
const CLI = new URL("../src/cli.ts", import.meta.url).pathname;
const OUTPUT_LIMIT = 1024 * 1024 * 1024;
const LONGEST_RUN = 30 * 60_000;

function* kustomizations(count: number): Iterable<readonly [string, string]> {
  for (let index = 0; index < count; index += 1) {
    const app = appName(Math.floor(index / ENVIRONMENTS.length));
    const environment = ENVIRONMENTS[index % ENVIRONMENTS.length] ?? "";
    yield [overlayPath(app, environment), overlay(app, environment)];
  }
}

async function makeRepository(directory: string, count: number): Promise<void> {
  await git("/", ["init", "--quiet", "--bare", "--initial-branch=main", directory]);
  const [path, text] = [...kustomizations(1)][0] ?? ["", ""];
  const commit = (message: string, files: Commit["files"]): Commit => ({ branch: "main", author: "Olivia Owner <olivia@example.com>", message, files });
  await importCommits(directory, [commit("All apps", kustomizations(count)), commit("One promotion", [[path, text.replace(TAG, "1.4.3")]])]);
}

/** Runs a command to its end: what it printed, and how long that took. */
async function run(command: string, args: readonly string[], options: ExecFileOptions = {}): Promise<{ out: string; milliseconds: number }> {
  const begin = performance.now();
  const out = await new Promise<string>((resolve, reject) => {
    execFile(command, args, { maxBuffer: OUTPUT_LIMIT, timeout: LONGEST_RUN, ...options, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")} failed: ${stderr.slice(0, 2_000)}`));
    });
  });
  return { out, milliseconds: performance.now() - begin };
}

async function pinsOf(directory: string, revision: string): Promise<{ pins: number; milliseconds: number }> {
  const { out, milliseconds } = await run(process.execPath, [CLI, "pins", directory, "--rev", revision, "--json"]);
  const pins: unknown = JSON.parse(out);
  must(Array.isArray(pins), "pinion pins printed no array");
  return { pins: pins.length, milliseconds };
}

async function inOneProcess(directory: string): Promise<PinsReport> {
  const child = fork(new URL("./pins-child.ts", import.meta.url), [directory, "main~1", "main"]);
  const [report] = (await once(child, "message")) as [PinsReport];
  return report;
}

/** What Renovate looks for in a repository of manifests; its Kubernetes and Argo CD managers read no file unless told which. */
const RENOVATE_CONFIG = {
  enabledManagers: ["kustomize", "kubernetes", "helm-values", "helmv3", "flux", "argocd"],
  kubernetes: { managerFilePatterns: ["/\\.ya?ml$/"] },
  argocd: { managerFilePatterns: ["/\\.ya?ml$/"] },
};

async function renovate(command: string, repository: string, folder: string): Promise<{ dependencies: number; milliseconds: number }> {
  const tree = join(folder, "tree");
  await run("git", ["clone", "--quiet", "--no-hardlinks", "--depth=1", `file://${repository}`, tree]);
  const environment = { PATH: process.env["PATH"], HOME: folder, LOG_FORMAT: "json" as const };
  const options = { cwd: tree, env: { ...environment, RENOVATE_CONFIG: JSON.stringify(RENOVATE_CONFIG) } };
  const { out, milliseconds } = await run(command, ["--platform=local", "--dry-run=extract", "--onboarding=false", "--require-config=ignored"], options);
  const found = /"depCount":(\d+)\}?,"managers"|"total":\{"fileCount":\d+,"depCount":(\d+)\}/.exec(out);
  must(found !== null, "Renovate told no number of dependencies");
  return { dependencies: Number(found[2] ?? found[1]), milliseconds };
}

const count = Number(option("kustomizations") ?? 40_000);
const realRepository = option("repository");
const renovateCommand = option("renovate");
const folder = await mkdtemp(join(tmpdir(), "pinion-bench-pins-"));
try {
  printMachine();
  const directory = join(folder, "made.git");
  await makeRepository(directory, count);
  const cold = await pinsOf(directory, "main~1");
  const { pins, milliseconds, rssMegabytes } = await inOneProcess(directory);
  must(cold.pins === 2 * count && pins.every((found) => found === 2 * count), "not every kustomization gave its two pins");
  const rows = [
    ["pinion pins --rev, all in all", `${Math.round(cold.milliseconds)} ms`, "a process of its own, until its output is complete"],
    ["in one process, nothing known", `${Math.round(milliseconds[0])} ms`],
    ["in one process, one file changed", `${Math.round(milliseconds[1])} ms`, "listing the commit included"],
    ["memory at most", `${Math.round(rssMegabytes)} MB`],
  ] as const;
  printTable(`${count} kustomizations, ${cold.pins} pins`, rows);
  const figures = { kustomizations: count, cold_ms: cold.milliseconds, changed_ms: milliseconds[1], rss_mb: rssMegabytes };
  if (realRepository === null) printJson(figures);
  else {
    const ours = await pinsOf(realRepository, "HEAD");
    const theirs = renovateCommand === null ? null : await renovate(renovateCommand, realRepository, folder);
    printTable("a real repository", [
      ["pinion pins --rev HEAD", `${Math.round(ours.milliseconds)} ms`, `${ours.pins} pins`],
      ...(theirs === null ? [] : [["renovate --dry-run=extract", `${Math.round(theirs.milliseconds)} ms`, `${theirs.dependencies} dependencies`] as const]),
    ]);
    const real = { real_ms: ours.milliseconds, real_pins: ours.pins };
    printJson({ ...figures, ...real, renovate_ms: theirs?.milliseconds ?? null, renovate_dependencies: theirs?.dependencies ?? null });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
