import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";
import { stringify } from "yaml";
import type { Digest } from "../../src/domain/release.ts";
import type { ImageContent } from "../../sandbox/registry/image.ts";
import { pushImage } from "./push-image.ts";

const BINARY = "docker-registry";
const START_DEADLINE = 15_000;

export interface DockerRegistryOptions {
  /** Where the registry says what happens in it; nowhere unless given. */
  readonly notificationsUrl?: string;
  /** What it sends there in `Authorization`. */
  readonly authorization?: string;
  /** Who is let in; everybody unless given. */
  readonly access?: RegistryAccess;
}

export interface RegistryAccess {
  /** The part `auth` of the configuration. Files that it names are in {@link files}. */
  readonly auth: (pathOf: (file: string) => string) => object;
  /** By name, put beside the configuration. */
  readonly files: Readonly<Record<string, string>>;
  /** What {@link DockerRegistry.push} sends in `Authorization`. */
  readonly pushAuthorization: (repository: string) => string;
}

export interface DockerRegistry {
  /** `127.0.0.1:<port>`, the domain of its images. */
  readonly host: string;
  push(repository: string, tag: string, image?: ImageContent): Promise<Digest>;
  close(): Promise<void>;
}

/**
 * Whether Debian's docker-registry (CNCF Distribution 2.8) can be started here. Says so once when it cannot; on CI,
 * where it must be, that is an error.
 */
export function hasDockerRegistry(): boolean {
  const found = (process.env["PATH"] ?? "").split(delimiter).some((directory) => isExecutable(join(directory, BINARY)));
  if (found) return true;
  const advice = `${BINARY} is not on PATH: apt-get install --no-install-recommends ${BINARY}`;
  if (process.env["CI"] === "true") throw new Error(advice);
  console.warn(`Tests with the real registry are skipped: ${advice}`);
  return false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts it on a free port of the loopback interface, with its data in a directory that {@link DockerRegistry.close} removes. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const directory = mkdtempSync(join(tmpdir(), "pinion-registry-"));
  const config = join(directory, "config.yml");
  const { access } = options;
  for (const [name, content] of Object.entries(access?.files ?? {})) writeFileSync(join(directory, name), content);
  const auth = access === undefined ? {} : { auth: access.auth((file) => join(directory, file)) };
  writeFileSync(config, stringify({ ...configOf(join(directory, "data"), options), ...auth }));
  const child = spawn(BINARY, ["serve", config], { stdio: ["ignore", "ignore", "pipe"] });
  const close = async (): Promise<void> => {
    await stop(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const host = await hostOf(child, child.stderr);
    const push: DockerRegistry["push"] = (repository, tag, image) => {
      return pushImage(host, repository, tag, image, access?.pushAuthorization(repository));
    };
    return { host, push, close };
  } catch (problem) {
    await close();
    throw problem;
  }
}

function configOf(rootdirectory: string, { notificationsUrl, authorization }: DockerRegistryOptions): object {
  const endpoint = {
    name: "pinion",
    url: notificationsUrl,
    headers: authorization === undefined ? {} : { Authorization: [authorization] },
    timeout: "1s",
    threshold: 3,
    backoff: "500ms",
  };
  return {
    version: 0.1,
    log: { level: "info", formatter: "text", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory }, delete: { enabled: true } },
    // The system chooses the port, so that nobody else can have taken it.
    http: { addr: "127.0.0.1:0", secret: "not-a-secret" },
    ...(notificationsUrl === undefined ? {} : { notifications: { endpoints: [endpoint] } }),
  };
}

/** The address that it says it listens on, in its log. */
async function hostOf(child: ChildProcess, log: Readable): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  const fail = (why: string): void => reject(new Error(`${BINARY} did not start: ${why}\n${said.slice(-2_000)}`));
  log.setEncoding("utf8");
  // Read on after the start, or the full pipe would stop it.
  log.on("data", (text: string) => {
    said = `${said}${text}`.slice(-20_000);
    const host = /listening on (127\.0\.0\.1:\d+)/.exec(said)?.[1];
    if (host !== undefined) resolve(host);
  });
  child.once("error", (problem) => fail(problem.message));
  child.once("exit", (code) => fail(`it ended with ${code}`));
  const late = setTimeout(() => fail(`nothing within ${START_DEADLINE} ms`), START_DEADLINE);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(hard);
}
