import type { Action, Plan } from "./action.ts";
import { isPinnedAlready } from "./candidate.ts";
import { orderOf, type Environment } from "./config.ts";
import { newestProvenIn, placeOf, type Ledger } from "./ledger.ts";
import type { Observation } from "./observation.ts";
import { sameRelease, type AppName, type EnvironmentName, type Pinned } from "./release.ts";
import type { ReleaseOrder } from "./version-order.ts";

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
  /** Why nothing more is done now. */
  readonly reasons: readonly string[];
  /** Nothing else than what is pinned is wanted. */
  readonly isCurrent: boolean;
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
    config.config.environments.flatMap((environment): PlaceOutlook[] => {
      const here = there.get(environment.name);
      if (here === undefined) return [];
      const isHere = (place: { readonly app: AppName | null; readonly environment: EnvironmentName | null }): boolean =>
        place.app === app && place.environment === environment.name;
      const opening = openings.find(isHere) ?? null;
      const said = plan.blocked.filter(isHere).map(({ reason }) => reason);
      if (unexplained.some(isHere)) said.push(UNEXPLAINED);
      const current =
        here.ok &&
        (said.length === 0
          ? plan.needs.length === 0 && isNewestProven(ledger, orderOf(config.config, ledger, app), app, environment, here.pinned)
          : said.every((reason) => isPinnedAlready(reason, here.pinned)));
      const reasons = opening === null && said.length === 0 ? [whyNothing(environment, current, plan.needs.length)] : said;
      const pinned = here.ok ? here.pinned.version : null;
      const isCurrent = opening === null && current;
      return [{ app, environment: environment.name, pinned, opening, openedAs: openedAs(ledger, opening), reasons, isCurrent }];
    }),
  );
  const reasons = plan.blocked.filter(({ app, environment }) => app === null && environment === null).map(({ reason }) => reason);
  return { places, reasons };
}

const UNEXPLAINED = "its pin was changed since the log's last record, and only GitHub can tell by whom: fetch again, or ask the App";

/** What is at rest, or is not promoted by itself, is not told of by the planner. */
function whyNothing({ after, promote }: Environment, isCurrent: boolean, questions: number): string {
  if (questions > 0) return "not all questions are answered yet: plan again";
  if (promote === "on-request") return "promoted when somebody asks";
  if (isCurrent) return `what was proven last in ${after.join(" and ")} is pinned`;
  return after.length === 0 ? "nothing is wanted here" : `nothing has been proven in ${after.join(" and ")} that could move here`;
}

function isNewestProven(ledger: Ledger, order: ReleaseOrder, app: AppName, { after }: Environment, pinned: Pinned): boolean {
  const proven = after.map((name) => newestProvenIn(placeOf(ledger, app, name), order));
  return proven.length > 0 && proven.every((release) => release !== null && sameRelease(release, pinned));
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
