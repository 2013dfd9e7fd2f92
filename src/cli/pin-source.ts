import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../domain/config.ts";
import { compileDiscover } from "../domain/discover.ts";
import type { AppName } from "../domain/release.ts";
import { PortFailure } from "../ports.ts";
import type { Terminal } from "./command.ts";
import type { OpenRepository } from "./repository.ts";

/** Files that may hold pins, and a way to read them. */
export interface PinSource {
  /** In their order. */
  readonly files: readonly string[];
  /** Bytes of some of them by path; what is not there is too large, or gone. */
  read(files: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Files of the same identity have the same contents; null where that cannot be told without reading. */
  identity(file: string): string | null;
  close(): void;
}

/** Folders and files asked for at once. */
const CHUNK = 500;
/** No manifest has more bytes. */
export const FILE_LIMIT = 4 * 1024 * 1024;

/** The files on disk under a folder or, with a revision, those of Git. */
export async function openPinSource(directory: string, revision: string | null, open: OpenRepository, terminal: Pick<Terminal, "environment">): Promise<PinSource> {
  if (revision === null) return openFolder(directory);
  const repository = await open(directory, terminal.environment);
  const commit = await repository.commit(revision).catch((cause: unknown) => {
    repository.close();
    throw cause;
  });
  const blobs = new Map((await repository.files(commit)).map(({ path, blob }) => [path, blob]));
  return {
    files: [...blobs.keys()],
    identity: (file) => blobs.get(file) ?? null,
    read: async (files) => {
      const contents = await repository.read(files.flatMap((file) => blobs.get(file) ?? []));
      return new Map(
        files.flatMap((file): [string, Uint8Array][] => {
          const bytes = contents.get(blobs.get(file) ?? "");
          return bytes === undefined ? [] : [[file, bytes]];
        }),
      );
    },
    close: () => repository.close(),
  };
}

/** The apps that a configuration finds by the files on disk under a folder. */
export async function appsUnder(directory: string, config: Config): Promise<readonly AppName[]> {
  const discover = compileDiscover(config.discover, config.environments);
  return [...new Set((await filesUnder(directory)).flatMap((path) => discover(path)?.app ?? []))].toSorted();
}

/** Whether a folder is what Git keeps a repository in, as a bare one is: no manifests stand in it as files (gitrepository-layout(5)). */
export async function isGitDirectory(directory: string): Promise<boolean> {
  const is = async (name: string, kind: "isFile" | "isDirectory"): Promise<boolean> => (await stat(join(directory, name)).catch(() => null))?.[kind]() === true;
  return (await is("HEAD", "isFile")) && (await is("objects", "isDirectory")) && (await is("refs", "isDirectory"));
}

async function openFolder(directory: string): Promise<PinSource> {
  const found = await stat(directory).catch(() => null);
  if (found?.isDirectory() !== true) throw new PortFailure("stalled", `${directory} is no folder: name one, or none for the current folder`);
  const files = await filesUnder(directory);
  const readOne = async (file: string): Promise<[string, Uint8Array][]> => {
    const path = join(directory, file);
    try {
      return (await stat(path)).size > FILE_LIMIT ? [] : [[file, await readFile(path)]];
    } catch {
      return [];
    }
  };
  return { files, identity: () => null, read: async (wanted) => new Map((await Promise.all(wanted.map(readOne))).flat()), close: () => undefined };
}

/** Regular files below a folder, as paths from it; nothing of Git's own, and no links are followed. */
async function filesUnder(directory: string): Promise<readonly string[]> {
  const files: string[] = [];
  let folders: readonly string[] = [""];
  while (folders.length > 0) {
    const next: string[] = [];
    for (let at = 0; at < folders.length; at += CHUNK) {
      await Promise.all(
        folders.slice(at, at + CHUNK).map(async (folder) => {
          const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch((cause: unknown) => {
            throw new PortFailure("stalled", `${join(directory, folder)} cannot be listed (${codeOf(cause)}): check that you may read it`);
          });
          for (const entry of entries) {
            const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
            if (entry.isFile()) files.push(path);
            else if (entry.isDirectory() && entry.name !== ".git") next.push(path);
          }
        }),
      );
    }
    folders = next;
  }
  return files.toSorted();
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason";
}

const strictly = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a file, or null where it is not there or not UTF-8. Keeps the byte order mark. */
export function decoded(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined) return null;
  try {
    return strictly.decode(bytes);
  } catch {
    return null;
  }
}

