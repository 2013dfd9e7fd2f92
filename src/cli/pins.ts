import { parseConfig } from "../domain/config-file.ts";
import { CONFIG_PATH } from "../domain/config.ts";
import { compileDiscover } from "../domain/discover.ts";
import type { DiscoveredPlace } from "../domain/discover.ts";
import { compileConfiguredPins, NO_CONFIGURED_PINS } from "../domain/pins/configured.ts";
import type { ConfiguredPins } from "../domain/pins/configured.ts";
import { findPinnedValues, mayHoldPins } from "../domain/pins/find-values.ts";
import type { PinnedValuesResult } from "../domain/pins/find-values.ts";
import { isKustomizationFile } from "../domain/pins/kustomization.ts";
import { kustomizeReach, MOST_STEPS } from "../domain/pins/kustomize-reach.ts";
import type { Reaching } from "../domain/pins/kustomize-reach.ts";
import { readKustomizeReferences } from "../domain/pins/kustomize-references.ts";
import type { KustomizeReferences } from "../domain/pins/kustomize-references.ts";
import { PIN_KINDS } from "../domain/pins/pinned-value.ts";
import type { PinnedValue } from "../domain/pins/pinned-value.ts";
import type { AppName, EnvironmentName } from "../domain/release.ts";
import { plural } from "../domain/report/readable.ts";
import { PortFailure } from "../ports.ts";
import { EXIT, type Command, type Terminal } from "./command.ts";
import { Progress } from "./progress.ts";
import { decoded, FILE_LIMIT, isGitDirectory, openPinSource } from "./pin-source.ts";
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
${CONFIG_PATH} it tells apps and environments too, and of a pin that environments share, in
a base or component, which of them it changes at once. Files that cannot be read, such as Helm templates, are
named on standard error.

  --rev REV   a branch, tag or commit, instead of the files on disk; of a bare repository, HEAD unless given
  --json      an array of {"file", "path", "line", "kind", "app"?, "env"?, "envs"?, "image"?, "tag"?,
              "digest"?, "value"}: path and value are what pinion set takes; image is the repository in full;
              envs are those that take the file in

Kinds: ${PIN_KINDS.slice(0, 5).join(", ")},
       ${PIN_KINDS.slice(5).join(", ")}`,
    accepts: { words: 1, json: true, options: [{ name: "rev", value: true }] },
    run: async ({ words: [directory = "."], json, options }, terminal) => {
      try {
        const source = await openPinSource(directory, options.get("rev") ?? ((await isGitDirectory(directory)) ? "HEAD" : null), open, terminal);
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

/** Whose pin it is: that of an app's environment, or of all that take its file in. */
export type Belonging =
  | { readonly kind: "own"; readonly place: DiscoveredPlace }
  /** Environments in the configuration's order; the app, where there is only one. Neither where nothing takes the file in. */
  | { readonly kind: "shared"; readonly environments: readonly EnvironmentName[]; readonly apps: readonly AppName[] };

const NOBODYS: Belonging = { kind: "shared", environments: [], apps: [] };

export interface PlacedPin {
  readonly pin: PinnedValue;
  readonly belongs: Belonging;
}

interface KnownFile {
  readonly identity: string | null;
  readonly found: PinnedValuesResult;
  /** What a kustomization takes in; null for other files, for what cannot be read, and where no configuration tells who could take it in. */
  readonly references: KustomizeReferences | null;
}

/** What was found in files before, by their names: a file of the same identity is not read again while the configuration is the same. */
export type KnownPins = Map<string, KnownFile>;

/** All pins of a source, in the order of its files. */
export async function collectPins(
  source: PinSource,
  known: KnownPins,
  terminal: Pick<Terminal, "err" | "watched">,
): Promise<{ readonly pins: readonly PlacedPin[]; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  const pins: PlacedPin[] = [];
  const told = await readConfig(source, problems);
  if ((known.get(CONFIG_PATH)?.identity ?? null) !== source.identity(CONFIG_PATH)) known.clear();
  const files = source.files.filter((file) => mayHoldPins(file) || told.configured.holds(file));
  const unknown = files.filter((file) => !isKnown(known.get(file), source.identity(file)));
  const progress = new Progress(terminal, "reading", unknown.length);
  for (let at = 0; at < unknown.length; at += CHUNK) {
    progress.show(at);
    await readFiles(unknown.slice(at, at + CHUNK), source, known, told);
  }
  progress.end();
  const belongingOf = belongings(files, known, told);
  for (const file of files) {
    const found = known.get(file)?.found;
    if (found === undefined) continue;
    if (!found.ok) problems.push(found.problem);
    else for (const pin of found.values) pins.push({ pin, belongs: belongingOf(pin) });
  }
  return { pins, problems };
}

function isKnown(file: KnownFile | undefined, identity: string | null): boolean {
  return file !== undefined && identity !== null && file.identity === identity;
}

async function readFiles(files: readonly string[], source: PinSource, known: KnownPins, told: Told): Promise<void> {
  const contents = await source.read(files);
  for (const file of files) known.set(file, { identity: source.identity(file), ...find(file, contents.get(file), told) });
}

function find(file: string, bytes: Uint8Array | undefined, { configured, environments }: Told): Pick<KnownFile, "found" | "references"> {
  const text = decoded(bytes);
  if (text === null) return { found: { ok: false, problem: `${file}: is over ${FILE_LIMIT} bytes, gone, or not UTF-8` }, references: null };
  const isFollowed = environments.length > 0 && isKustomizationFile(file);
  return { found: findPinnedValues(file, text, configured), references: isFollowed ? readKustomizeReferences(text) : null };
}

/** Tells whose a pin is, by the configuration and by what the environments' kustomizations take in. */
function belongings(files: readonly string[], known: KnownPins, { placeOf, environments }: Told): (pin: PinnedValue) => Belonging {
  const roots = new Map(
    files.flatMap((file): [string, DiscoveredPlace][] => {
      const place = placeOf(file);
      return place === null ? [] : [[file, place]];
    }),
  );
  const there = new Set(files);
  const reach = kustomizeReach(roots, (file) => there.has(file), (file) => known.get(file)?.references ?? null);
  if (!reach.isWhole) {
    const reason = `to tell who takes in what takes more than ${MOST_STEPS} steps; leave folders out, or list the pins without \`.github/pinion.yaml\``;
    throw new PortFailure("stalled", reason);
  }
  return (pin) => {
    const place = roots.get(pin.file);
    if (place !== undefined) return { kind: "own", place };
    const takers = reach.files.get(pin.file);
    if (takers === undefined) return NOBODYS;
    const places = takers.filter((reaching) => counts(pin, reaching)).map((reaching) => reaching.place);
    return {
      kind: "shared",
      environments: environments.filter((name) => places.some(({ environment }) => environment === name)),
      apps: [...new Set(places.map(({ app }) => app))],
    };
  };
}

/** Where the image is pinned further up, what a base says of it changes nothing. */
function counts({ image }: PinnedValue, { pinned }: Reaching): boolean {
  return image === null || !pinned.has(image.repository);
}

interface Told {
  /** Whose file a path is. */
  readonly placeOf: (file: string) => DiscoveredPlace | null;
  readonly configured: ConfiguredPins;
  readonly environments: readonly EnvironmentName[];
}

/** What the repository's own configuration tells, where there is one. */
async function readConfig(source: PinSource, problems: string[]): Promise<Told> {
  const nothing: Told = { placeOf: () => null, configured: NO_CONFIGURED_PINS, environments: [] };
  if (!source.files.includes(CONFIG_PATH)) return nothing;
  const parsed = parseConfig(decoded((await source.read([CONFIG_PATH])).get(CONFIG_PATH)) ?? "");
  if (parsed.ok) {
    const { discover, environments, pins } = parsed.config;
    const names = environments.map(({ name }) => name);
    return { placeOf: compileDiscover(discover, environments), configured: compileConfiguredPins(pins), environments: names };
  }
  const { line, column, message } = parsed.problems[0] ?? { line: 1, column: 1, message: "cannot be read" };
  problems.push(`${CONFIG_PATH}:${line}:${column}: ${message} (so no apps are told; see pinion config check)`);
  return nothing;
}

function asJson(pins: readonly PlacedPin[]): string {
  const rows = pins.map(({ pin: { file, path, line, kind, image, value }, belongs }) => ({
    file,
    path,
    line,
    kind,
    ...whoseAsJson(belongs),
    ...(image === null ? {} : { image: image.repository }),
    ...(image?.tag == null ? {} : { tag: image.tag }),
    ...(image?.digest == null ? {} : { digest: image.digest }),
    value,
  }));
  return rows.length === 0 ? "[]\n" : `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`;
}

function whoseAsJson(belongs: Belonging): Readonly<Record<string, string | readonly string[]>> {
  if (belongs.kind === "own") return { app: belongs.place.app, env: belongs.place.environment };
  const [app, other] = belongs.apps;
  if (app === undefined) return {};
  return { ...(other === undefined ? { app } : {}), envs: belongs.environments };
}

/** One app by its name, more by their number: a base may be that of hundreds. */
function whose(belongs: Belonging): string {
  if (belongs.kind === "own") return `${belongs.place.app} ${belongs.place.environment}`;
  const { apps, environments } = belongs;
  if (apps.length === 0) return "";
  return `${apps.length === 1 ? apps[0] : `${apps.length} apps`} ${environments.join(", ")}${environments.length > 1 ? " at once" : ""}`;
}

function asTable(pins: readonly PlacedPin[]): string {
  if (pins.length === 0) return "no pins\n";
  const rows = pins.map(({ pin: { file, path, line, kind, value }, belongs }) => [`${file}:${line}`, whose(belongs), kind, path, value]);
  return table(["PLACE", "APP", "KIND", "PATH", "VALUE"], rows);
}

function tellProblems(problems: readonly string[], terminal: Terminal): void {
  if (problems.length === 0) return;
  const more = problems.length > TOLD ? `  and ${problems.length - TOLD} more\n` : "";
  const told = problems.slice(0, TOLD).map((problem) => `  ${problem}\n`);
  terminal.err(`${plural(problems.length, "file")} could not be read, so pins there are not listed:\n${told.join("")}${more}`);
}
