import type { Chance } from "../chance.ts";
import type { PlacePin, PullFacts } from "../facts.ts";
import type { Awaitable, WorldActions, WorldView } from "../world-view.ts";

/** What somebody does when it is their turn. */
export interface Turn {
  readonly view: WorldView;
  readonly world: WorldActions;
  readonly chance: Chance;
}

/** Does one thing, and says in plain words what it was. */
export type Actor = (turn: Turn) => Awaitable<string>;

/** One thing of several, by weight. */
export async function oneThing(turn: Turn, things: readonly (readonly [number, (turn: Turn) => Awaitable<string>])[]): Promise<string> {
  return (await turn.chance.weighted(things)?.(turn)) ?? "nobody does anything";
}

export function openPulls({ view }: Turn): readonly PullFacts[] {
  return [...view.facts().pulls.values()].filter(({ state }) => state === "open");
}

/** Open pull requests of the App. */
export function botPulls(turn: Turn): readonly PullFacts[] {
  return openPulls(turn).filter(({ author }) => author.kind === "app");
}

export function mergedPulls({ view }: Turn): readonly PullFacts[] {
  return [...view.facts().pulls.values()].filter(({ state, author }) => state === "merged" && author.kind === "app");
}

/** A place: an app in an environment of the configuration. */
export function somePlace({ view, chance }: Turn): { readonly app: string; readonly environment: string } {
  const main = view.facts().branches.get("main") ?? "";
  const environments = view.configAt(main)?.environments.map(({ name }) => name) ?? ["dev"];
  return { app: chance.oneOf(view.apps) ?? "checkout", environment: chance.oneOf(environments) ?? "dev" };
}

/** Mostly a place that Pinion has something open for: what is done there matters most. */
export function busyPlace(turn: Turn): { readonly app: string; readonly environment: string } {
  const [, environment, app] = turn.chance.oneOf(botPulls(turn))?.headRef.split("/") ?? [];
  return environment === undefined || app === undefined || turn.chance.percent(20) ? somePlace(turn) : { app, environment };
}

export function head({ view }: Turn): string {
  return view.facts().branches.get("main") ?? "";
}

/** A pin that the registry serves, of an older or newer version. */
export function knownPin({ view, chance }: Turn, app: string): PlacePin | undefined {
  const pins = view
    .mainline()
    .flatMap((commit) => ["dev", "staging", "prod", "edge"].flatMap((name) => view.pinAt(commit, app, name) ?? []))
    .filter(({ digest }) => digest !== null);
  return chance.oneOf(pins);
}

/** Says it if the world let it happen. */
export function said(happened: boolean | number | null, words: string): string {
  return happened === false || happened === null ? `${words}: GitHub does not let them` : words;
}
