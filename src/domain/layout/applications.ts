import type { AppName } from "../release.ts";
import { foldersOf, normalFolder, type LayoutEvidence } from "./evidence.ts";
import { madeApplications, type MadeApplication } from "./made-applications.ts";
import type { GuessedPlace } from "./guess.ts";

/** What the Applications in the repository tell of `argocd`. */
export interface ApplicationNames {
  /** For all apps, with `{app}` and `{env}`; null where none was found, so that the standard holds. */
  readonly defaults: readonly string[] | null;
  /** Apps whose Applications are called otherwise. */
  readonly apps: ReadonlyMap<AppName, readonly string[]>;
  readonly reasons: readonly string[];
  readonly doubts: readonly string[];
}

/** What a configuration takes for the name of an Application. */
const NAME = /^(?:[a-z0-9.-]|\{app\}|\{env\})+$/;
/** Few enough to be read. */
const MOST_DOUBTS = 3;
const SEPARATOR = "\n";

/** The Applications of a repository: those that stand in it, and those that its ApplicationSets make. */
export interface RepositoryApplications {
  readonly applications: readonly MadeApplication[];
  /** Folders' names that parameters of ApplicationSets call environments. */
  readonly environments: ReadonlySet<string>;
  readonly reasons: readonly string[];
  /** What ApplicationSets make and is not known. */
  readonly doubts: readonly string[];
}

export function findApplications(evidence: readonly LayoutEvidence[]): RepositoryApplications {
  const applications: MadeApplication[] = [];
  const environments = new Set<string>();
  const doubts: string[] = [];
  const folders = foldersOf(evidence);
  let made = 0;
  for (const one of evidence) {
    if (one.kind === "application") applications.push(one);
    if (one.kind !== "application-set") continue;
    const { applications: theirs, environments: named, problem } = madeApplications(one.set, folders);
    for (const { name, folders: deployed } of theirs) applications.push({ name, folders: deployed.map(normalFolder) });
    for (const environment of named) environments.add(environment);
    made += theirs.length;
    const what = theirs.length > 0 ? "makes more Applications than could be told" : "makes Applications that could not be told";
    if (problem !== null) doubts.push(`the ApplicationSet ${one.set.name} in ${one.file} ${what} (${problem}): check what argocd says`);
  }
  const reasons = made === 0 ? [] : [`ApplicationSets that make ${made} Application${made === 1 ? "" : "s"}`];
  const more = doubts.length - MOST_DOUBTS;
  return { applications, environments, reasons, doubts: more > 0 ? [...doubts.slice(0, MOST_DOUBTS), `and the same of ${more} more ApplicationSets`] : doubts };
}

/** Finds how Applications are called: by their folders it is known which app and environment each deploys. */
export function guessApplications(
  evidence: readonly LayoutEvidence[],
  { applications, ...told }: RepositoryApplications,
  places: readonly GuessedPlace[],
): ApplicationNames {
  const spelled = new Map(places.map((place) => [place, templatesOf(place, applications)]));
  const deployed = places.filter((place) => (spelled.get(place) ?? "") !== "");
  const [defaults] = [...Map.groupBy(deployed, (place) => spelled.get(place) ?? "")].toSorted(
    ([leftNames, left], [rightNames, right]) => right.length - left.length || (leftNames < rightNames ? -1 : 1),
  );
  const apps = new Map<AppName, readonly string[]>();
  const doubts: string[] = [];
  for (const [app, there] of Map.groupBy(deployed, (place) => place.app)) {
    const ways = [...new Set(there.map((place) => spelled.get(place) ?? ""))];
    const [way] = ways;
    if (ways.length > 1) doubts.push(calledDifferently(app, ways));
    else if (way !== undefined && way !== defaults?.[0]) apps.set(app, way.split(SEPARATOR));
  }
  const without = places.filter((place) => spelled.get(place) === "");
  const called = defaults?.[0] ?? null;
  return {
    defaults: called?.split(SEPARATOR) ?? null,
    apps,
    reasons: [
      ...told.reasons,
      ...(called === null ? [] : [`Argo CD Applications of ${deployed.length} of ${places.length} places, most of them called ${called.replaceAll(SEPARATOR, " and ")}`]),
    ],
    doubts: [...doubts, ...told.doubts, ...otherDoubts(evidence, told.doubts.length > 0, deployed.length, without)],
  };
}

function calledDifferently(app: AppName, ways: readonly string[]): string {
  const told = ways.join(" and ").replaceAll(SEPARATOR, ", ");
  return `the Applications of ${app} are called in different ways (${told}): rename them, or write one way that all follow`;
}

function otherDoubts(evidence: readonly LayoutEvidence[], isUntold: boolean, deployed: number, without: readonly GuessedPlace[]): readonly string[] {
  const doubts: string[] = [];
  if (deployed === 0 && !isUntold) {
    doubts.push('no Argo CD Application in this repository deploys these files: argocd stays "{app}-{env}", check that they are called so');
  }
  const [first] = without;
  if (deployed > 0 && first !== undefined) {
    const more = without.length > 1 ? ` and ${without.length - 1} more places` : "";
    doubts.push(`no Application deploys ${first.app} in ${first.environment}${more}: check that they are called as argocd says`);
  }
  if (evidence.some(({ kind }) => kind === "flux")) {
    doubts.push("Flux deploys from here too: Pinion does not read its rollout status yet, so nothing that it deploys is promoted on");
  }
  return doubts;
}

/** The names of the Applications of a place with placeholders, put together; nothing where it has none that can be named. */
function templatesOf(place: GuessedPlace, applications: readonly MadeApplication[]): string {
  const folder = place.file.slice(0, Math.max(0, place.file.lastIndexOf("/")));
  const names = applications.filter(({ folders }) => folders.includes(folder)).map(({ name }) => templateOf(name, place));
  return [...new Set(names.filter((name) => NAME.test(name)))].toSorted().join(SEPARATOR);
}

/** Longer names first, so that an app called like its environment, or with it in its name, is not taken apart. */
function templateOf(name: string, { app, environment }: GuessedPlace): string {
  const parts = ([["{app}", app], ["{env}", environment]] as const).toSorted(([, left], [, right]) => right.length - left.length);
  let pieces: readonly string[] = [name];
  for (const [placeholder, text] of parts) {
    const at = pieces.findIndex((piece) => !piece.startsWith("{") && standsIn(piece, text) >= 0);
    const piece = pieces[at] ?? "";
    const start = standsIn(piece, text);
    if (at < 0) continue;
    pieces = [...pieces.slice(0, at), piece.slice(0, start), placeholder, piece.slice(start + text.length), ...pieces.slice(at + 1)];
  }
  return pieces.join("");
}

/** Where a text stands in a name between separators, or -1. */
function standsIn(name: string, text: string): number {
  for (let at = name.indexOf(text); at >= 0; at = name.indexOf(text, at + 1)) {
    const isFree = (character: string | undefined): boolean => character === undefined || character === "" || /[-.]/.test(character);
    if (isFree(name[at - 1]) && isFree(name[at + text.length])) return at;
  }
  return -1;
}
