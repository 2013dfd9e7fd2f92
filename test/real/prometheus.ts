/** Debian's Prometheus, started on samples of the past: `apt-get install --no-install-recommends prometheus`. */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

export interface RealPrometheus {
  readonly url: string;
  close(): Promise<void>;
}

/** One series of a counter or gauge: labels as in `{a="b"}`, and its samples in the order of their times. */
export interface Series {
  readonly labels: string;
  readonly samples: readonly { readonly at: number; readonly value: number }[];
}

const SERVER = "prometheus";
const TOOL = "promtool";
const READY_WITHIN = 30_000;

/** Whether Prometheus and promtool are on PATH. Says so loudly when not; where CI promised them, that is a failure. */
export function hasPrometheus(): boolean {
  const missing = [SERVER, TOOL].filter((name) => !isOnPath(name));
  if (missing.length === 0) return true;
  const message = `${missing.join(" and ")} not on PATH: the tests against the real Prometheus do not run. apt-get install prometheus`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(message);
  return false;
}

function isOnPath(name: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** OpenMetrics text of one counter, whose name must end in `_total`. */
export function openMetricsOf(counter: string, series: readonly Series[]): string {
  const lines = series.flatMap(({ labels, samples }) => samples.map(({ at, value }) => `${counter}${labels} ${value} ${at / 1_000}`));
  return `# TYPE ${counter.replace(/_total$/, "")} counter\n${lines.join("\n")}\n# EOF\n`;
}

/** Starts Prometheus on these samples, which may be of any time in the past. It scrapes nothing. */
export async function startPrometheus(options: { readonly openMetrics: string }): Promise<RealPrometheus> {
  const directory = await mkdtemp(join(tmpdir(), "real-prometheus-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await writeFile(join(directory, "samples.om"), options.openMetrics);
    await writeFile(join(directory, "prometheus.yml"), "{}\n");
    const files = [join(directory, "samples.om"), join(directory, "data")];
    await promisify(execFile)(TOOL, ["tsdb", "create-blocks-from", "openmetrics", ...files]);
    const { url, child } = await startReady(directory);
    return {
      url,
      async close() {
        await stop(child);
        await remove();
      },
    };
  } catch (problem) {
    await remove();
    throw problem;
  }
}

async function startReady(directory: string): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  // Another process may take the port before Prometheus does.
  for (let attempt = 1; ; attempt += 1) {
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      SERVER,
      [
        `--config.file=${join(directory, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(directory, "data")}`,
        "--storage.tsdb.retention.time=100y",
        `--web.listen-address=${address}`,
        "--log.level=warn",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString("utf8");
    });
    if (await becomesReady(`http://${address}`, child)) return { url: `http://${address}`, child };
    await stop(child);
    if (attempt === 3) throw new Error(`prometheus did not become ready: ${log}`);
  }
}

async function becomesReady(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN;
  while (Date.now() < deadline && child.exitCode === null) {
    const ready = await fetch(`${url}/-/ready`).then((response) => response.ok, () => false);
    if (ready) return true;
    await wait(20);
  }
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
