import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder with files, gone when the test is. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "pinion-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  write(folder, files);
  return folder;
}

function write(folder: string, files: Readonly<Record<string, string | Uint8Array | null>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (text === null) rmSync(path);
    else writeFileSync(path, text);
  }
}

/** A Git repository with a work tree, and a commit for each set of files; null removes a file. Gives the commits, oldest first. */
export function repositoryWith(...commits: readonly Readonly<Record<string, string | Uint8Array | null>>[]): { folder: string; commits: string[] } {
  const folder = folderWith({});
  git(folder, "init", "--quiet", "--initial-branch=main");
  const made = commits.map((files) => {
    write(folder, files);
    git(folder, "add", "--all");
    git(folder, "commit", "--quiet", "--allow-empty", "--message=x");
    return git(folder, "rev-parse", "HEAD");
  });
  return { folder, commits: made };
}

export function git(folder: string, ...args: readonly string[]): string {
  const environment = {
    PATH: process.env["PATH"],
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.com",
  };
  return execFileSync("git", ["-C", folder, ...args], { env: environment, encoding: "utf8" }).trim();
}
