import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import { createManifestsRepository, type GitOptions } from "../../src/adapters/git.ts";
import type { Repository } from "../../src/domain/observation.ts";
import type { Journal, ManifestsRepository } from "../../src/ports.ts";

export const REPOSITORY: Repository = { installation: 1, id: 42, owner: "acme", name: "manifests" };

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "pinion-git-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A real repository with a work tree, standing in for the one on GitHub. */
export class Upstream {
  readonly directory = temporaryDirectory();

  constructor() {
    this.git("init", "--quiet", "--initial-branch=main");
  }

  get url(): string {
    return `file://${this.directory}`;
  }

  git(...args: string[]): string {
    return this.gitWith({}, ...args);
  }

  gitWith(environment: Record<string, string>, ...args: string[]): string {
    return this.gitBytes(args, Buffer.alloc(0), environment);
  }

  gitBytes(args: readonly string[], input: Uint8Array, environment: Record<string, string> = {}): string {
    return execFileSync("git", args, {
      cwd: this.directory,
      encoding: "utf8",
      input,
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: this.directory,
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "Ada",
        GIT_AUTHOR_EMAIL: "ada@example.com",
        GIT_COMMITTER_NAME: "Ada",
        GIT_COMMITTER_EMAIL: "ada@example.com",
        GIT_AUTHOR_DATE: "2026-01-02T03:04:05Z",
        GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z",
        ...environment,
      },
    }).trim();
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true });
    writeFileSync(join(this.directory, path), content);
  }

  /** Makes a symbolic link, in place of what is there. */
  link(path: string, target: string): void {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true });
    rmSync(join(this.directory, path), { force: true });
    symlinkSync(target, join(this.directory, path));
  }

  /** Commits the files given, or removes those that are null, and answers the commit. */
  commit(files: Readonly<Record<string, string | Uint8Array | null>>, message = "change"): string {
    for (const [path, content] of Object.entries(files)) {
      if (content === null) rmSync(join(this.directory, path));
      else this.write(path, content);
    }
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "-m", message);
    return this.head();
  }

  head(ref = "HEAD"): string {
    return this.git("rev-parse", ref);
  }
}

export interface MirrorUnderTest {
  readonly manifests: ManifestsRepository;
  readonly directory: string;
  /** How often the adapter asked where to fetch from, which it does once for each look that has to fetch. */
  readonly fetches: () => number;
  readonly warnings: string[];
  readonly clock: VirtualClock;
}

export function mirrorOf(url: string, options: Partial<GitOptions> = {}): MirrorUnderTest {
  const directory = options.directory ?? temporaryDirectory();
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const warnings: string[] = [];
  let fetches = 0;
  const journal: Journal = { info: () => undefined, warn: (message) => warnings.push(message), error: (message) => warnings.push(message) };
  const manifests = createManifestsRepository({
    directory,
    remote: async () => {
      fetches += 1;
      return { url, header: null };
    },
    environment: { PATH: process.env["PATH"] },
    clock,
    journal,
    ...options,
  });
  return { manifests, directory, fetches: () => fetches, warnings, clock };
}
