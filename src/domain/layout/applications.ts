import type { AppName } from "../release.ts";
import type { LayoutEvidence } from "./evidence.ts";
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
const SEPARATOR = "\n";

/** Finds how Applications are called: by their folders it is known which app and environment each deploys. */
export function guessApplications(evidence: readonly LayoutEvidence[], places: readonly GuessedPlace[]): ApplicationNames {
  const applications = evidence.filter((one) => one.kind === "application");
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
    reasons:
      called === null
        ? []
        : [`Argo CD Applications of ${deployed.length} of ${places.length} places, most of them called ${called.replaceAll(SEPARATOR, " and ")}`],
    doubts: [...doubts, ...otherDoubts(evidence, deployed.length, without)],
  };
}

function calledDifferently(app: AppName, ways: readonly string[]): string {
  const told = ways.join(" and ").replaceAll(SEPARATOR, ", ");
  return `the Applications of ${app} are called in different ways (${told}): rename them, or write one way that all follow`;
}

function otherDoubts(evidence: readonly LayoutEvidence[], deployed: number, without: readonly GuessedPlace[]): readonly string[] {
  const doubts: string[] = [];
  const sets = evidence.filter(({ kind }) => kind === "application-set").length;
  if (sets > 0) doubts.push(`${sets} ApplicationSet${sets === 1 ? "" : "s"} make Applications by a template, which is not read: check what argocd says`);
  if (deployed === 0 && sets === 0) {
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
function templatesOf(place: GuessedPlace, applications: readonly Extract<LayoutEvidence, { kind: "application" }>[]): string {
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
