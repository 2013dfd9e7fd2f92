/**
 * How soon the server answers 500 signed deliveries a second, while looks run. The load is open: each delivery is due at a
 * moment of its own, whatever became of those before, and its time is counted from that moment. The server runs in a process
 * of its own, and the sandbox's GitHub that its looks ask in another.
 *
 *     npm run bench:webhooks [-- --json] [-- --stand-in] [-- --seconds=10] [-- --rate=500]
 */
import { fork, type ChildProcess } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, option, percentile, printJson, printMachine, printTable } from "./figures.ts";
import type { GitHubReport } from "./webhooks-github.ts";
import type { ServerReport } from "./webhooks-server.ts";

const CONNECTIONS = 50;
/** Before anything is counted, so that the code is compiled. */
const WARM_UP_SECONDS = 3;
const BODIES = 50;
const BODY_BYTES = 15 * 1024;
const ANSWER_DEADLINE = 10_000;

interface Body {
  readonly text: string;
  readonly signature: string;
}

/** Deliveries of different pull requests, about 15 KB each. */
function bodiesOf(payload: string, secret: string): readonly Body[] {
  const event = JSON.parse(payload) as { number: number; pull_request: { number: number; body: string } };
  const padding = Math.max(0, BODY_BYTES - Buffer.byteLength(payload));
  return Array.from({ length: BODIES }, (_, index) => {
    const number = index + 1;
    const body = `${event.pull_request.body}${"x".repeat(padding)}`;
    const text = JSON.stringify({ ...event, number, pull_request: { ...event.pull_request, number, body } });
    return { text, signature: `sha256=${createHmac("sha256", secret).update(text).digest("hex")}` };
  });
}

class Load {
  readonly #url: string;
  readonly #bodies: readonly Body[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  constructor(url: string, bodies: readonly Body[]) {
    this.#url = url;
    this.#bodies = bodies;
  }

  /** Sends so many a second for so long. Answers each delivery's time in milliseconds, or null for an error. */
  async run(rate: number, seconds: number): Promise<readonly (number | null)[]> {
    const total = rate * seconds;
    const start = performance.now() + 50;
    const under: Promise<number | null>[] = [];
    while (under.length < total) {
      const now = performance.now();
      for (let due = start + (under.length * 1_000) / rate; due <= now && under.length < total; due = start + (under.length * 1_000) / rate) {
        under.push(this.#send(due, this.#bodies[under.length % this.#bodies.length]));
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
    return Promise.all(under);
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(due: number, body: Body | undefined): Promise<number | null> {
    return new Promise((resolve) => {
      const sent = request(`${this.#url}/api/github/webhooks`, {
        method: "POST",
        agent: this.#agent,
        timeout: ANSWER_DEADLINE,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body?.text ?? ""),
          "user-agent": "GitHub-Hookshot/bench",
          "x-github-event": "pull_request",
          "x-github-delivery": randomUUID(),
          "x-hub-signature-256": body?.signature,
        },
      });
      sent.on("response", (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode === 200 ? performance.now() - due : null));
        answer.on("error", () => resolve(null));
      });
      sent.on("timeout", () => sent.destroy());
      sent.on("error", () => resolve(null));
      sent.end(body?.text);
    });
  }
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(new Error("a process that was to be measured ended by itself"));
  child.once("exit", end);
  const [message] = (await Promise.race([once(child, "message"), ended.promise])) as readonly unknown[];
  child.off("exit", end);
  return message;
}

async function ask(server: ChildProcess): Promise<ServerReport> {
  server.send("report");
  return (await messageOf(server)) as ServerReport;
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.disconnect();
  await exit;
}

async function measure(server: ChildProcess, url: string, github: GitHubReport): Promise<void> {
  const rate = Number(option("rate") ?? 500);
  const seconds = Number(option("seconds") ?? 10);
  const standIn = process.argv.includes("--stand-in");
  const load = new Load(url, bodiesOf(github.payload, github.environment["WEBHOOK_SECRET"] ?? ""));
  await load.run(rate, WARM_UP_SECONDS);
  await ask(server);
  const start = performance.now();
  const times = await load.run(rate, seconds);
  const took = (performance.now() - start) / 1_000;
  const inside = await ask(server);
  load.close();
  const answered = times.filter((time) => time !== null);
  const [deliveries, errors] = [times.length, times.length - answered.length];
  must(answered.length > 0 && inside.looks > 0, "no delivery was answered, or none made the reconciler look");
  const tenth = (value: number): number => Math.round(value * 10) / 10;
  const [p50, p99, worst] = [percentile(answered, 0.5), percentile(answered, 0.99), percentile(answered, 1)].map(tenth);
  const looks = standIn ? "looks stood in for by waits of 50 ms" : "real looks at a sandbox's GitHub in another process";
  const perSecond = Math.round(answered.length / took);
  printTable(`${deliveries} deliveries in ${Math.round(took)} s over ${CONNECTIONS} connections, ${looks}`, [
    ["answered in (median), ms", p50 ?? "none"],
    ["answered in (99 of 100), ms", p99 ?? "none", "(aim: under 50)"],
    ["answered in (slowest), ms", worst ?? "none"],
    ["answered each second", perSecond],
    ["not answered, or with an error", errors],
    ["looks in that time", inside.looks],
    ["longest pause of the server, ms", Math.round(inside.longestPause)],
    ["memory of the server (RSS), MB", Math.round(inside.rss)],
  ]);
  printJson({ p50_ms: p50, p99_ms: p99, rss_mb: Math.round(inside.rss), deliveries, errors, per_second: perSecond });
  process.exitCode = errors > 0 ? 1 : 0;
}

printMachine();
const data = await mkdtemp(join(tmpdir(), "pinion-bench-"));
const sandbox = fork(new URL("./webhooks-github.ts", import.meta.url));
const github = (await messageOf(sandbox)) as GitHubReport;
const environment = { ...github.environment, PATH: process.env["PATH"] ?? "", PINION_DATA_DIR: data };
const server = fork(new URL("./webhooks-server.ts", import.meta.url), process.argv.includes("--stand-in") ? ["--stand-in"] : [], { env: environment });
try {
  await measure(server, String(await messageOf(server)), github);
} finally {
  await Promise.all([end(server), end(sandbox)]);
  await rm(data, { recursive: true, force: true });
}
