import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startArgoCd } from "../../sandbox/argocd.ts";
import { startGitHub, type GitHubSandbox } from "../../sandbox/github/sandbox.ts";
import { kustomization } from "../../sandbox/world.ts";
import { systemClock } from "../../src/clock.ts";
import type { Digest } from "../../src/domain/release.ts";
import { Onlooker, overlay } from "./onlooker.ts";

const WEBHOOK_SECRET = "sandbox-webhook-secret";
/** What a registry says in `Authorization` when it tells of a push. */
export const REGISTRY_SECRET = "Bearer sandbox-registry-secret";
/** How often a condition is looked at that a real process must bring about. */
const POLL = 50;

export interface RealTimeOptions {
  readonly config: string;
  /** The registry's domain, and the digest of 1.4.1 there, which dev is pinned to. */
  readonly host: string;
  readonly digest: Digest;
  /** More of the operator's environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface RealTimeParts {
  readonly github: GitHubSandbox;
  readonly host: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Ends what the process speaks with. */
  readonly end: () => Promise<void>;
}

/** A GitHub and an Argo CD on the machine's own clock, and `pinion serve` as a process of its own. */
export class RealTime extends Onlooker implements AsyncDisposable {
  readonly github: GitHubSandbox;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #end: () => Promise<void>;
  readonly log: string[] = [];
  #child: ChildProcess | null = null;

  constructor({ github, host, environment, end }: RealTimeParts) {
    const [repository] = github.state.repositories;
    if (repository === undefined) throw new Error("make a repository first");
    super(repository, host);
    this.github = github;
    this.#environment = environment;
    this.#end = end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // First the process: nothing may write into its folder any more when that goes.
    await this.kill();
    await this.#end();
  }

  /** Starts the process, and answers its address when it listens. */
  async start(): Promise<string> {
    const child = spawn(process.execPath, ["src/cli.ts", "serve"], {
      env: { PATH: process.env["PATH"], ...this.#environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    const listening = Promise.withResolvers<string>();
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.log.push(line);
        const url = /"url":"(http[^"]+)".*"msg":"listening"/.exec(line)?.[1];
        if (url !== undefined) listening.resolve(url);
      }
    });
    child.once("exit", () => listening.reject(new Error(`pinion serve ended:\n${this.log.slice(-5).join("\n")}`)));
    const url = await listening.promise;
    this.github.app.webhookUrl = `${url}/api/github/webhooks`;
    return url;
  }

  /** As a machine that loses its power. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Waits until something is so, in real time. */
  async until(what: string, holds: () => boolean | Promise<boolean>, atMost: number): Promise<void> {
    const end = Date.now() + atMost;
    while (!(await holds())) {
      if (Date.now() > end) {
        const seen = [...this.list(), ...(await this.history()), ...this.log.slice(-15)];
        throw new Error(`it did not come about in ${atMost / 1_000} s: ${what}\n${seen.join("\n")}`);
      }
      await wait(POLL);
    }
  }
}

/** The parts that are the same in every story in real time. Pinion does not run yet. */
export async function beginInRealTime({ config, host, digest, settings = {} }: RealTimeOptions): Promise<RealTime> {
  const github = await startGitHub({ clock: systemClock, app: { webhookSecret: WEBHOOK_SECRET } });
  const repository = await github.seedRepository("manifests", {
    ".github/pinion.yaml": config,
    [overlay("dev")]: kustomization(`${host}/acme/checkout`, "1.4.1", digest),
  });
  const argocd = await startArgoCd({
    clock: systemClock,
    repositoryUrl: repository.git.directory,
    applications: [{ name: "checkout-dev", path: overlay("dev") }],
    poll: 500,
    syncTakes: 300,
    rolloutTakes: 300,
  });
  const directory = await mkdtemp(join(tmpdir(), "pinion-real-"));
  const environment = {
    HOST: "127.0.0.1",
    PORT: "0",
    APP_ID: String(github.app.id),
    PRIVATE_KEY: github.app.privateKey,
    WEBHOOK_SECRET,
    GITHUB_URL: github.url,
    GITHUB_API_URL: github.url,
    PINION_ARGOCD_URL: argocd.url,
    PINION_ARGOCD_TOKEN: argocd.token,
    PINION_DATA_DIR: directory,
    PINION_SWEEP_INTERVAL: "10s",
    PINION_WEBHOOK_DISTRIBUTION_SECRET: REGISTRY_SECRET,
    ...settings,
  };
  const end = async (): Promise<void> => {
    await Promise.all([github.close(), argocd.close(), rm(directory, { recursive: true, force: true })]);
  };
  return new RealTime({ github, host, environment, end });
}
