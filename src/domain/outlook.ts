import type { Action, Plan } from "./action.ts";
import { environmentOf } from "./config.ts";
import type { Observation } from "./observation.ts";
import { sameRelease, type AppName, type EnvironmentName, type Pinned } from "./release.ts";

type Opening = Extract<Action, { readonly kind: "open" }>;

/** What a plan means for one app in one environment. */
export interface PlaceOutlook {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  /** The version that is pinned, or null where the file cannot be read. */
  readonly pinned: string | null;
  /** The pull request that would be opened, or null. */
  readonly opening: Opening | null;
  /** The pull request that the log says was opened for the same, and knows no end of. */
  readonly openedAs: number | null;
  /** Why nothing more is done now. Empty where nothing is wanted. */
  readonly reasons: readonly string[];
}

export interface Outlook {
  /** By app, then in the order of environments. */
  readonly places: readonly PlaceOutlook[];
  /** What holds for all, as a configuration that cannot be read. */
  readonly reasons: readonly string[];
}

/** Tells a plan place by place: what would be opened, and why not the rest. */
export function outlook(observation: Observation, plan: Plan): Outlook {
  const { config, pins, unexplained, ledger } = observation;
  if (config?.ok !== true) return { places: [], reasons: plan.blocked.map(({ reason }) => reason) };
  const openings = plan.actions.filter((action) => action.kind === "open");
  const places = [...pins].toSorted(([left], [right]) => (left < right ? -1 : 1)).flatMap(([app, there]) =>
    config.config.environments.flatMap(({ name }): PlaceOutlook[] => {
      const here = there.get(name);
      if (here === undefined) return [];
      const isHere = (place: { readonly app: AppName | null; readonly environment: EnvironmentName | null }): boolean =>
        place.app === app && place.environment === name;
      const opening = openings.find(isHere) ?? null;
      const reasons = plan.blocked.filter(isHere).map(({ reason }) => reason);
      if (unexplained.some(isHere)) reasons.push("its pin was changed since the log's last record, and only GitHub can tell by whom: fetch again, or ask the App");
      const onRequest = environmentOf(config.config, name)?.promote === "on-request";
      if (opening === null && reasons.length === 0 && onRequest) reasons.push("promoted when somebody asks");
      return [{ app, environment: name, pinned: here.ok ? here.pinned.version : null, opening, openedAs: openedAs(ledger, opening), reasons }];
    }),
  );
  const reasons = plan.blocked.filter(({ app, environment }) => app === null && environment === null).map(({ reason }) => reason);
  return { places, reasons };
}

/** Whether it is still open, GitHub knows alone. */
function openedAs({ openedAs: opened, merged, withdrawn }: Observation["ledger"], opening: Opening | null): number | null {
  if (opening === null) return null;
  const wanted = releaseOf(opening);
  const known = [...opened.values()].findLast(
    ({ app, environment, release, pullRequest }) =>
      app === opening.app && environment === opening.environment && sameRelease(release, wanted) && !merged.has(pullRequest) && !withdrawn.has(pullRequest),
  );
  return known?.pullRequest ?? null;
}

function releaseOf({ record, commit }: Opening): Pinned {
  const opened = record(0, commit.base);
  if (opened.event !== "opened") throw new Error(`opening a pull request is recorded as ${opened.event}`);
  return opened.release;
}
