import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "../domain/config-file.ts";
import { CONFIG_PATH } from "../domain/config.ts";
import { compileDiscover } from "../domain/discover.ts";
import type { DiscoveredPlace } from "../domain/discover.ts";
import { findPinnedValues, mayHoldPins } from "../domain/pins/find-values.ts";
import { PIN_KINDS } from "../domain/pins/pinned-value.ts";
import type { PinnedValue } from "../domain/pins/pinned-value.ts";
import { PortFailure } from "../ports.ts";
import { EXIT, type Command, type Terminal } from "./command.ts";
import { Progress } from "./progress.ts";
import type { OpenRepository } from "./repository.ts";
import { table } from "./table.ts";

/** Files that may hold pins, and a way to read them. */
interface Source {
  readonly files: readonly string[];
  /** Bytes of some of them by path; what is not there is too large, or gone. */
  read(files: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  close(): void;
}

/** Files read at once. */
const CHUNK = 500;
const FILE_LIMIT = 4 * 1024 * 1024;
/** Files that cannot be read are told one by one up to this many. */
const TOLD = 10;

export function pinsCommand(open: OpenRepository): Command {
  return {
    name: "pins",
    parameters: "[DIR] [--rev REV] [--json]",
    summary: "list everything that pins a version: images, charts, revisions",
    details: `Lists the pins in all YAML and JSON files under DIR (the current folder unless given), or of the Git
revision REV of the repository that DIR belongs to or is, bare or not. Needs no configuration; with a
${CONFIG_PATH} it tells apps and environments too. Files that cannot be read, such as Helm
templates, are named on standard error.

  --rev REV   a branch, tag or commit, instead of the files on disk
  --json      an array of {"file", "path", "line", "kind", "app"?, "env"?, "image"?, "tag"?, "digest"?,
              "value"}: path and value are what pinion set takes; image is the repository in full

Kinds: ${PIN_KINDS.slice(0, 5).join(", ")},
       ${PIN_KINDS.slice(5).join(", ")}`,
    accepts: { words: 1, json: true, options: [{ name: "rev", value: true }] },
    run: async ({ words: [directory = "."], json, options }, terminal) => {
      try {
        const source = await openSource(directory, options.get("rev") ?? null, open, terminal);
        const { pins, problems } = await collect(source, terminal).finally(() => source.close());
        terminal.out(json ? asJson(pins) : asTable(pins));
        tellProblems(problems, terminal);
        return EXIT.ok;
      } catch (cause) {
        if (!(cause instanceof PortFailure)) throw cause;
        terminal.err(`pinion: ${cause.message}\n`);
        return cause.kind === "stalled" ? EXIT.usage : EXIT.failed;
      }
    },
  };
}

interface PlacedPin extends PinnedValue {
  readonly place: DiscoveredPlace | null;
}

async function collect(source: Source, terminal: Terminal): Promise<{ pins: readonly PlacedPin[]; problems: readonly string[] }> {
  const problems: string[] = [];
  const pins: PlacedPin[] = [];
  const placeOf = await readPlaces(source, problems);
  const files = source.files.filter(mayHoldPins).toSorted();
  const progress = new Progress(terminal, "reading", files.length);
  for (let at = 0; at < files.length; at += CHUNK) {
    progress.show(at);
    const chunk = files.slice(at, at + CHUNK);
    const contents = await source.read(chunk);
    for (const file of chunk) {
      const text = decoded(contents.get(file));
      const found = text === null ? { ok: false as const, problem: `${file}: is over ${FILE_LIMIT} bytes, gone, or not UTF-8` } : findPinnedValues(file, text);
      if (!found.ok) problems.push(found.problem);
      else for (const pin of found.values) pins.push({ ...pin, place: placeOf(file) });
    }
  }
  progress.end();
  return { pins, problems };
}

async function openSource(directory: string, revision: string | null, open: OpenRepository, terminal: Terminal): Promise<Source> {
  if (revision === null) return openFolder(directory);
  const repository = await open(directory, terminal.environment);
  const commit = await repository.commit(revision).catch((cause: unknown) => {
    repository.close();
    throw cause;
  });
  const blobs = new Map((await repository.files(commit)).map(({ path, blob }) => [path, blob]));
  return {
    files: [...blobs.keys()],
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

async function openFolder(directory: string): Promise<Source> {
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
  return { files, read: async (wanted) => new Map((await Promise.all(wanted.map(readOne))).flat()), close: () => undefined };
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
  return files;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason";
}

/** Whose file each is, where the repository's own configuration tells. */
async function readPlaces(source: Source, problems: string[]): Promise<(file: string) => DiscoveredPlace | null> {
  const nobody = (): null => null;
  if (!source.files.includes(CONFIG_PATH)) return nobody;
  const parsed = parseConfig(decoded((await source.read([CONFIG_PATH])).get(CONFIG_PATH)) ?? "");
  if (parsed.ok) return compileDiscover(parsed.config.discover, parsed.config.environments);
  const { line, column, message } = parsed.problems[0] ?? { line: 1, column: 1, message: "cannot be read" };
  problems.push(`${CONFIG_PATH}:${line}:${column}: ${message} (so no apps are told; see pinion config check)`);
  return nobody;
}

const strictly = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined) return null;
  try {
    return strictly.decode(bytes);
  } catch {
    return null;
  }
}

function asJson(pins: readonly PlacedPin[]): string {
  const rows = pins.map(({ file, path, line, kind, image, value, place }) => ({
    file,
    path,
    line,
    kind,
    ...(place === null ? {} : { app: place.app, env: place.environment }),
    ...(image === null ? {} : { image: image.repository }),
    ...(image?.tag == null ? {} : { tag: image.tag }),
    ...(image?.digest == null ? {} : { digest: image.digest }),
    value,
  }));
  return rows.length === 0 ? "[]\n" : `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`;
}

function asTable(pins: readonly PlacedPin[]): string {
  if (pins.length === 0) return "no pins\n";
  const rows = pins.map(({ file, path, line, kind, value, place }) => [
    `${file}:${line}`,
    place === null ? "" : `${place.app} ${place.environment}`,
    kind,
    path,
    value,
  ]);
  return table(["PLACE", "APP", "KIND", "PATH", "VALUE"], rows);
}

function tellProblems(problems: readonly string[], terminal: Terminal): void {
  if (problems.length === 0) return;
  const more = problems.length > TOLD ? `  and ${problems.length - TOLD} more\n` : "";
  const told = problems.slice(0, TOLD).map((problem) => `  ${problem}\n`);
  terminal.err(`${problems.length} files could not be read, so their pins are not listed:\n${told.join("")}${more}`);
}
