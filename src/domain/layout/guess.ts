import { MOST_ENVIRONMENTS } from "../config-schema.ts";
import { compileDiscover } from "../discover.ts";
import type { Pin } from "../pins.ts";
import type { AppName, EnvironmentName } from "../release.ts";
import { isVersionTag } from "../ranking.ts";
import { findApplications, guessApplications, type ApplicationNames } from "./applications.ts";
import { isDisputed, stepOf } from "./environment-names.ts";
import type { LayoutEvidence } from "./evidence.ts";
import { guessPatterns } from "./patterns.ts";

export interface GuessedEnvironment {
  readonly name: EnvironmentName;
  /** The folder, where it is not called like the environment. */
  readonly path: string;
  readonly after: readonly EnvironmentName[];
  /** Whether a well-known name tells its place in the order; where none does, `after` is empty and means nothing. */
  readonly isOrdered: boolean;
  /** Nothing in the order comes after it, and its name is one of production's. */
  readonly isLast: boolean;
}

/** An app's file in one environment. */
export interface GuessedPlace {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly file: string;
  readonly pins: readonly Pin[];
}

export interface GuessedLayout {
  readonly patterns: readonly string[];
  readonly environments: readonly GuessedEnvironment[];
  readonly places: readonly GuessedPlace[];
  readonly applications: ApplicationNames;
  /** Images that an app's files pin, where they pin several and nothing tells which of them Pinion shall promote. */
  readonly severalImages: ReadonlyMap<AppName, readonly string[]>;
  /** What was guessed, and from what. */
  readonly reasons: readonly string[];
  /** What could not be told, or does not fit, and what to do about it. */
  readonly doubts: readonly string[];
}

export type LayoutResult = { readonly ok: true; readonly layout: GuessedLayout } | { readonly ok: false; readonly problem: string };

/** Examples named in one sentence, and lines of one kind. */
const EXAMPLES = 3;
/** The names that a configuration takes for environments. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

/**
 * Guesses environments, `discover` patterns, apps and their Argo CD Applications from the kustomizations of a repository that pin images.
 * What only a person can know is a doubt, and is never filled in.
 */
export function guessLayout(evidence: readonly LayoutEvidence[]): LayoutResult {
  const kustomizations = evidence.filter((one) => one.kind === "kustomization");
  const isPinning = ({ found }: (typeof kustomizations)[number]): boolean => found.ok && found.pins.length > 0;
  const pinning = kustomizations.filter(isPinning).map(({ file }) => file);
  if (pinning.length === 0) return { ok: false, problem: nothingPinned(kustomizations.length) };
  const told = findApplications(evidence);
  const guessed = guessPatterns(
    pinning,
    kustomizations.filter((one) => !isPinning(one)).map(({ file }) => file),
    told.environments,
  );
  const environments = orderEnvironments(guessed.environments);
  const discover = compileDiscover(guessed.patterns, environments);
  const places = kustomizations.flatMap(({ file, found }): GuessedPlace[] => {
    const place = discover(file);
    return place === null ? [] : [{ ...place, file, pins: found.ok ? found.pins : [] }];
  });
  if (!places.some(({ pins }) => pins.length > 0)) return { ok: false, problem: nothingPlaced(pinning) };
  // In order again: none may follow one in which nothing was found.
  const used = orderEnvironments(environments.filter(({ name }) => places.some(({ environment }) => environment === name)).map(({ path }) => path));
  const applications = guessApplications(evidence, told, places);
  const severalImages = appsWithSeveralImages(places);
  const layout = { patterns: guessed.patterns, environments: used, places, applications, severalImages };
  const outside = pinning.filter((file) => discover(file) === null);
  return {
    ok: true,
    layout: {
      ...layout,
      reasons: [...layoutReasons(layout), ...applications.reasons],
      doubts: [
        ...environmentDoubts(used, guessed.environments),
        ...outsideDoubts(outside),
        ...fileDoubts(kustomizations, places),
        ...imageDoubts(places, severalImages),
        ...tagDoubts(places, used),
        ...applications.doubts,
      ],
    },
  };
}

function nothingPinned(kustomizations: number): string {
  const what = kustomizations === 0 ? "there is no kustomization.yaml" : `none of ${kustomizations} kustomizations has an entry under images`;
  return `${what}, and what Pinion promotes are kustomize images: write images: with name and newTag into the kustomization of each app's environment`;
}

function nothingPlaced(pinning: readonly string[]): string {
  return (
    `the paths of the ${pinning.length} kustomizations that pin images (${some(pinning)}) do not tell app and environment: ` +
    "use folders such as apps/APP/overlays/ENV with environments like dev, staging and prod, or write the file by hand (docs/configuration.md)"
  );
}

/** Each step follows all environments of the step before it. Names that no convention orders follow nothing, and are said to. */
function orderEnvironments(folders: readonly string[]): readonly GuessedEnvironment[] {
  const named = new Map<EnvironmentName, string>();
  for (const folder of folders.toSorted()) {
    const name = NAME.test(folder) ? folder : folder.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 40);
    if (NAME.test(name) && !named.has(name) && named.size < MOST_ENVIRONMENTS) named.set(name, folder);
  }
  const steps = [...Map.groupBy(named, ([, folder]) => stepOf(folder) ?? Number.POSITIVE_INFINITY)].toSorted(([left], [right]) => left - right);
  const ordered = steps.filter(([step]) => step !== Number.POSITIVE_INFINITY);
  const production = stepOf("prod");
  return steps.flatMap(([step, members]) => {
    const isOrdered = step !== Number.POSITIVE_INFINITY;
    const before = isOrdered ? ordered[ordered.findIndex(([other]) => other === step) - 1] : undefined;
    const after = (before?.[1] ?? []).map(([name]) => name);
    return members.map(([name, path]) => ({ name, path, after, isOrdered, isLast: step === production }));
  });
}

function layoutReasons({ patterns, places, environments }: Pick<GuessedLayout, "patterns" | "places" | "environments">): readonly string[] {
  const apps = new Set(places.map(({ app }) => app));
  const chain = [...Map.groupBy(environments.filter(({ isOrdered }) => isOrdered), ({ path }) => stepOf(path)).values()]
    .map((members) => members.map(({ name }) => name).join(", "))
    .join(" → ");
  return [
    ...patterns.map((pattern) => `${pattern}: ${countOf(places.filter(({ file, ...place }) => isFoundBy(pattern, file, place, environments)).length, "file")}`),
    `${countOf(apps.size, "app")}: ${some([...apps].toSorted())}`,
    ...(chain === "" ? [] : [`environments in the order of their well-known names: ${chain}`]),
  ];
}

function isFoundBy(
  pattern: string,
  file: string,
  place: Pick<GuessedPlace, "app" | "environment">,
  environments: readonly GuessedEnvironment[],
): boolean {
  const found = compileDiscover([pattern], environments)(file);
  return found?.app === place.app && found.environment === place.environment;
}

function environmentDoubts(environments: readonly GuessedEnvironment[], folders: readonly string[]): readonly string[] {
  const ordered = environments.filter(({ isOrdered }) => isOrdered);
  const dropped = folders.filter((folder) => !environments.some(({ path }) => path === folder));
  const disputed = ordered.filter(({ path, after }) =>
    ordered.some((other) => after.includes(other.name) && isDisputed(stepOf(path) ?? -1, stepOf(other.path) ?? -1)),
  );
  return [
    ...environments
      .filter(({ isOrdered }) => !isOrdered)
      .map(({ name }) => `which environment ${name} follows is not told by its name: it is paused until you write its after and take paused away`),
    ...disputed.map(({ name, after }) => `that ${name} comes after ${after.join(" and ")} is a habit that not everybody shares: check it`),
    ...(ordered.length === 1 && environments.length === 1 ? [`there is only ${ordered[0]?.name ?? ""}: nothing is promoted from there to anywhere`] : []),
    ...dropped.map((folder) => `the folder name ${folder} makes no environment of its own: two would have the same name, or there are too many`),
  ];
}

function outsideDoubts(outside: readonly string[]): readonly string[] {
  if (outside.length === 0) return [];
  return [
    `${countOf(outside.length, "kustomization")} ${outside.length === 1 ? "pins" : "pin"} images in places that no pattern tells (${some(outside)}): ` +
      "a change of a shared one reaches all that use it at once, and Pinion leaves them alone",
  ];
}

function fileDoubts(kustomizations: readonly Extract<LayoutEvidence, { kind: "kustomization" }>[], places: readonly GuessedPlace[]): readonly string[] {
  const unreadable = kustomizations.flatMap(({ found }) => (found.ok ? [] : [found.problem]));
  const empty = places.filter(({ file, pins }) => pins.length === 0 && kustomizations.some((one) => one.file === file && one.found.ok));
  const claims = [...Map.groupBy(places, ({ app, environment }) => `${app} in ${environment}`)].filter(([, files]) => files.length > 1);
  const refused = places.flatMap(({ pins }) => pins.flatMap(({ refusal }) => refusal ?? []));
  return [
    ...capped(unreadable.map((problem) => `${problem} (so nothing is known of that file)`)),
    ...(empty.length === 0 ? [] : [`${some(empty.map(({ file }) => file))}: no entry under images, so nothing is promoted there`]),
    ...capped(claims.map(([place, files]) => `${place} has several files (${some(files.map(({ file }) => file))}): keep one, or nothing is promoted there`)),
    ...capped(refused.map((refusal) => `${refusal}: this pin cannot be edited as it is`)),
  ];
}

function appsWithSeveralImages(places: readonly GuessedPlace[]): ReadonlyMap<AppName, readonly string[]> {
  const several = places.filter(({ pins }) => pins.length > 1);
  return new Map(
    [...Map.groupBy(several, ({ app }) => app)].map(([app, there]) => [
      app,
      [...new Set(there.flatMap(({ pins }) => pins.map(({ repository }) => repository)))].toSorted(),
    ]),
  );
}

function imageDoubts(places: readonly GuessedPlace[], several: ReadonlyMap<AppName, readonly string[]>): readonly string[] {
  const undecided = [...several].map(
    ([app, images]) => `${app} pins ${images.length} images (${some(images)}): say under apps.${app}.images which of them move together`,
  );
  const different = [...Map.groupBy(places, (place) => place.app)].flatMap(([app, there]) => {
    const images = new Set(there.filter(({ pins }) => pins.length === 1).map(({ pins }) => pins[0]?.repository ?? ""));
    if (images.size < 2) return [];
    return [`${app} has another image in each environment (${some([...images].toSorted())}): a release of one cannot move to the other`];
  });
  return [...capped(undecided), ...capped(different)];
}

/** Unless the configuration says otherwise, new releases come by their version, so tags that are none are never taken. */
function tagDoubts(places: readonly GuessedPlace[], environments: readonly GuessedEnvironment[]): readonly string[] {
  const first = new Set(environments.filter(({ after }) => after.length === 0).map(({ name }) => name));
  const tags = places.filter(({ environment }) => first.has(environment)).flatMap(({ pins }) => pins.flatMap(({ tag }) => tag ?? []));
  const odd = [...new Set(tags.filter((tag) => !isVersionTag(tag)))].toSorted();
  const prereleases = [...new Set(tags.filter((tag) => !odd.includes(tag) && tag.includes("-")))].toSorted();
  return [
    ...(odd.length === 0
      ? []
      : [`tags that are no version x.y.z (${some(odd)}): only such versions come in by themselves, unless \`select\` says what else tags are ordered by (docs/selecting.md)`]),
    ...(prereleases.length === 0
      ? []
      : [`prereleases (${some(prereleases)}) come in by themselves only where select.semver names them, as in ">=1.3.0-0"`]),
  ];
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Few enough to be read; all of them are met again when their places are mended. */
function capped(doubts: readonly string[]): readonly string[] {
  const rest = doubts.length - EXAMPLES;
  return rest > 0 ? [...doubts.slice(0, EXAMPLES), `and the same of ${rest} more`] : doubts;
}

function some(texts: readonly string[]): string {
  const rest = texts.length - EXAMPLES;
  return `${texts.slice(0, EXAMPLES).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
