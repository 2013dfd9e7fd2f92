import { parseConfig } from "../domain/config-file.ts";
import { CONFIG_PATH } from "../domain/config.ts";
import { compileDiscover } from "../domain/discover.ts";
import type { DiscoveredPlace } from "../domain/discover.ts";
import { compileConfiguredPins, NO_CONFIGURED_PINS } from "../domain/pins/configured.ts";
import type { ConfiguredPins } from "../domain/pins/configured.ts";
import { findPinnedValues, mayHoldPins } from "../domain/pins/find-values.ts";
import type { PinnedValuesResult } from "../domain/pins/find-values.ts";
import { PIN_KINDS } from "../domain/pins/pinned-value.ts";
import type { PinnedValue } from "../domain/pins/pinned-value.ts";
import { PortFailure } from "../ports.ts";
import { EXIT, type Command, type Terminal } from "./command.ts";
import { Progress } from "./progress.ts";
import { decoded, FILE_LIMIT, openPinSource } from "./pin-source.ts";
import type { PinSource } from "./pin-source.ts";
import type { OpenRepository } from "./repository.ts";
import { table } from "./table.ts";

/** Files read at once. */
const CHUNK = 500;
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
        const source = await openPinSource(directory, options.get("rev") ?? null, open, terminal);
        const { pins, problems } = await collectPins(source, new Map(), terminal).finally(() => source.close());
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

export interface PlacedPin {
  readonly pin: PinnedValue;
  readonly place: DiscoveredPlace | null;
}

interface KnownFile {
  readonly identity: string | null;
  readonly found: PinnedValuesResult;
}

/** What was found in files before, by their names: a file of the same identity is not read again. */
export type KnownPins = Map<string, KnownFile>;

/** All pins of a source, in the order of its files. */
export async function collectPins(
  source: PinSource,
  known: KnownPins,
  terminal: Pick<Terminal, "err" | "watched">,
): Promise<{ readonly pins: readonly PlacedPin[]; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  const pins: PlacedPin[] = [];
  const { placeOf, configured } = await readConfig(source, problems);
  const files = source.files.filter((file) => mayHoldPins(file) || configured.holds(file));
  const progress = new Progress(terminal, "reading", files.length);
  for (let at = 0; at < files.length; at += CHUNK) {
    progress.show(at);
    const chunk = files.slice(at, at + CHUNK);
    await readFiles(chunk.filter((file) => !isKnown(known.get(file), source.identity(file))), source, known, configured);
    for (const file of chunk) {
      const found = known.get(file)?.found;
      if (found?.ok === false) problems.push(found.problem);
      else if (found !== undefined && found.values.length > 0) {
        const place = placeOf(file);
        for (const pin of found.values) pins.push({ pin, place });
      }
    }
  }
  progress.end();
  return { pins, problems };
}

function isKnown(file: KnownFile | undefined, identity: string | null): boolean {
  return file !== undefined && identity !== null && file.identity === identity;
}

async function readFiles(files: readonly string[], source: PinSource, known: KnownPins, configured: ConfiguredPins): Promise<void> {
  if (files.length === 0) return;
  const contents = await source.read(files);
  for (const file of files) known.set(file, { identity: source.identity(file), found: find(file, contents.get(file), configured) });
}

function find(file: string, bytes: Uint8Array | undefined, configured: ConfiguredPins): PinnedValuesResult {
  const text = decoded(bytes);
  if (text !== null) return findPinnedValues(file, text, configured);
  return { ok: false, problem: `${file}: is over ${FILE_LIMIT} bytes, gone, or not UTF-8` };
}

interface Told {
  /** Whose file a path is. */
  readonly placeOf: (file: string) => DiscoveredPlace | null;
  readonly configured: ConfiguredPins;
}

/** What the repository's own configuration tells, where there is one. */
async function readConfig(source: PinSource, problems: string[]): Promise<Told> {
  const nothing: Told = { placeOf: () => null, configured: NO_CONFIGURED_PINS };
  if (!source.files.includes(CONFIG_PATH)) return nothing;
  const parsed = parseConfig(decoded((await source.read([CONFIG_PATH])).get(CONFIG_PATH)) ?? "");
  if (parsed.ok) {
    const { discover, environments, pins } = parsed.config;
    return { placeOf: compileDiscover(discover, environments), configured: compileConfiguredPins(pins) };
  }
  const { line, column, message } = parsed.problems[0] ?? { line: 1, column: 1, message: "cannot be read" };
  problems.push(`${CONFIG_PATH}:${line}:${column}: ${message} (so no apps are told; see pinion config check)`);
  return nothing;
}

function asJson(pins: readonly PlacedPin[]): string {
  const rows = pins.map(({ pin: { file, path, line, kind, image, value }, place }) => ({
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
  const rows = pins.map(({ pin: { file, path, line, kind, value }, place }) => [
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
