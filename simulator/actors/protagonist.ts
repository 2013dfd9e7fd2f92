import type { Awaitable } from "../world-view.ts";
import { botPulls, head, mergedPulls, said, type Turn } from "./actor.ts";

/** The good release, and the bad one after it. */
export const GOOD = "1.1.0";
export const BAD = "1.2.0";

/** Brings one good release all the way, and then one that fails its users: always does what the story wants next. */
export function protagonist(turn: Turn): Awaitable<string> {
  const { view } = turn;
  const [app = ""] = view.apps;
  const environments = view.configAt(head(turn))?.environments ?? [];
  const [first, last] = [environments[0]?.name ?? "", environments.at(-1)?.name ?? ""];
  if (view.pushed(app) === 1) return push(turn, app, GOOD, "good");
  if (has(turn, "verified", last, GOOD)) return view.pushed(app) === 2 ? push(turn, app, BAD, "errors") : "the bad release is on its own";
  const open = botPulls(turn).find(({ headRef }) => headRef.startsWith(`pinion/${last}/`));
  if (open !== undefined) return approve(turn, open.number);
  const before = environments.at(-2)?.name ?? first;
  return has(turn, "verified", before, GOOD) ? ask(turn, before, last) : `${GOOD} is on its way`;
}

/** Whether the log tells this of a version. */
export function has({ view }: Pick<Turn, "view">, event: string, environment: string, version: string): boolean {
  return view.log().some((entry) => entry.event === event && entry.environment === environment && entry.release?.version === version);
}

async function push(turn: Turn, app: string, tag: string, fate: "good" | "errors"): Promise<string> {
  await turn.world.publish(app, tag, fate);
  return `a build pushes ${app} ${tag}${fate === "good" ? "" : ", which will fail its users"}`;
}

async function approve(turn: Turn, pull: number): Promise<string> {
  const { reviews, head: at } = turn.view.facts().pulls.get(pull) ?? { reviews: [], head: "" };
  if (reviews.some(({ author, commit, state }) => author.login === "bob" && commit === at && state === "approved")) return "bob has approved";
  return said(await turn.world.review("bob", pull, "approved"), `bob approves #${pull}`);
}

/** Alice asks on the pull request that brought the release so far. */
async function ask(turn: Turn, before: string, last: string): Promise<string> {
  const pull = mergedPulls(turn).findLast(({ headRef }) => headRef.startsWith(`pinion/${before}/`));
  if (pull === undefined || pull.labels.includes(`promote:${last}`)) return "alice waits for an answer";
  return said(await turn.world.label("alice", pull.number, `promote:${last}`), `alice labels #${pull.number} promote:${last}`);
}
