/** Misfortunes that come one after the other: bad releases in a row, many at once, and trouble right after a way back. */
import { manifest, MINUTE, placePath, type Fate, type PullFacts } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import { botPulls, busyPlace, head, knownPin, oneThing, said, somePlace, type Turn } from "./actor.ts";

const FATES: readonly (readonly [number, Fate])[] = [
  [4, "good"],
  [4, "fails-sync"],
  [1, "degrades"],
  [2, "errors"],
  [1, "hangs"],
];

/** Builds that mostly fail: the next release comes as soon as something has become of the last one, and sometimes sooner. */
export function unlucky(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [turn.view.apps.length < 3 ? 8 : 1, pushNext],
    [turn.view.apps.length < 3 ? 0 : 8, pushEverywhere],
  ]);
}

async function pushNext(turn: Turn): Promise<string> {
  const { app } = somePlace(turn);
  if (!isOver(turn, app) && !turn.chance.percent(10)) return `nothing has become of the last release of ${app} yet`;
  return push(turn, app, turn.chance.weighted(FATES) ?? "good");
}

/** A change that all apps share, and that breaks them all. */
async function pushEverywhere(turn: Turn): Promise<string> {
  if (!turn.view.apps.every((app) => isOver(turn, app))) return "not all apps are ready for the next release";
  const fate = turn.chance.oneOf(["fails-sync", "fails-sync", "errors", "good"] as const) ?? "good";
  const told: string[] = [];
  for (const app of turn.view.apps) told.push(await push(turn, app, fate));
  return told.join(", ");
}

async function push({ view, world }: Turn, app: string, fate: Fate): Promise<string> {
  const tag = view.tagOf(view.pushed(app));
  await world.publish(app, tag, fate);
  return `a build pushes ${app} ${tag} (${fate})`;
}

const ENDS: ReadonlySet<string> = new Set(["verified", "degraded", "sync-failed", "deadline", "breached"]);

/** The newest version has come to an end in the first environment, good or bad. */
function isOver(turn: Turn, app: string): boolean {
  const first = turn.view.configAt(head(turn))?.environments[0]?.name ?? "dev";
  const newest = turn.view.tagOf(turn.view.pushed(app) - 1);
  if (turn.view.pushed(app) === 1) return true;
  return turn.view.log().some((entry) => entry.app === app && entry.environment === first && ENDS.has(entry.event) && entry.release?.version === newest);
}

/** Trouble that is no release's doing. */
export function weather(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, strike],
    [1, goDark],
    [1, answerFromCache],
  ]);
}

/** When something has just arrived: most of all after a way back. */
function strike(turn: Turn): string {
  const arrivals = turn.view.log().filter((entry) => isFresh(entry, turn));
  const reverts = arrivals.filter(({ kind }) => kind === "revert");
  const struck = turn.chance.oneOf(reverts.length > 0 ? reverts : turn.chance.percent(15) ? arrivals : []);
  if (struck === undefined) return "the weather is fine";
  const { app, environment } = struck;
  const until = turn.view.now() + (2 + turn.chance.below(4)) * MINUTE;
  const measured = turn.view.configAt(head(turn))?.slo === true;
  const struckApps = turn.chance.percent(30) ? turn.view.apps : [app];
  for (const one of struckApps) {
    if (measured && turn.chance.percent(50)) turn.world.outage(one, environment, until);
    else turn.world.flap(one, environment, until, 10 * MINUTE);
  }
  return `something that ${struckApps.join(" and ")} in ${environment} needs is down for a while`;
}

/** Something is down, and Argo CD cannot be reached either. */
function goDark(turn: Turn): string {
  const { app, environment } = somePlace(turn);
  const until = turn.view.now() + (1 + turn.chance.below(3)) * MINUTE;
  turn.world.flap(app, environment, until, 10 * MINUTE);
  turn.world.unreachable(until);
  return `${app} in ${environment} is down for a while, and nobody can see it`;
}

/** Argo CD goes on comparing, with what Git was before something came that is on its way now. */
function answerFromCache(turn: Turn): string {
  const { app, environment } = busyPlace(turn);
  turn.world.lag(app, environment, turn.view.now() + (1 + turn.chance.below(3)) * MINUTE, "cached");
  return `Argo CD compares ${app} in ${environment} with an old commit for a while`;
}

/** It was merged, and nothing has become of it yet. */
function isFresh(entry: LogEntry, { view }: Turn): boolean {
  if (entry.event !== "merged") return false;
  return !view.log().some((other) => other.commit === entry.commit && other.environment === entry.environment && ENDS.has(other.event));
}

/** Has a word on what Pinion opens to go back and tells people of; bars what ran once, and has old images deleted. */
export function tidier(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [2, closeRevert],
    [3, approveRevert],
    [2, overtakeRevert],
    [3, closeTold],
    [1, barOld],
    [1, dropOld],
  ]);
}

function someRevert(turn: Turn): PullFacts | undefined {
  return turn.chance.oneOf(botPulls(turn).filter(({ headRef }) => headRef.includes("/revert-to-")));
}

async function approveRevert(turn: Turn): Promise<string> {
  const pull = someRevert(turn);
  if (pull === undefined) return "there is no way back to approve";
  const login = turn.chance.oneOf(["alice", "carol"]) ?? "alice";
  return said(await turn.world.review(login, pull.number, "approved"), `${login} approves #${pull.number}, which goes back`);
}

/** While Pinion waits for somebody to let it go back, somebody puts something else there. */
async function overtakeRevert(turn: Turn): Promise<string> {
  const pull = someRevert(turn);
  const [, environment = "", app = ""] = pull?.headRef.split("/") ?? [];
  const pin = knownPin(turn, app);
  if (pull === undefined || pin === undefined) return "there is no way back to overtake";
  const done = await turn.world.push("bob", "main", { [placePath(app, environment)]: manifest(pin) }, `Pin ${app} ${pin.tag}`);
  return said(done, `bob does not wait for #${pull.number}, and pins ${app} ${pin.tag} in ${environment}`);
}

async function closeRevert(turn: Turn): Promise<string> {
  const pull = someRevert(turn);
  if (pull === undefined) return "there is no way back to turn down";
  return said(await turn.world.close("bob", pull.number), `bob closes #${pull.number}, which goes back`);
}

/** Tom may close issues, but not thaw anything by it. */
async function closeTold(turn: Turn): Promise<string> {
  const issue = turn.chance.oneOf([...turn.view.facts().issues.values()].filter(({ state, author }) => state === "open" && author.kind === "app"));
  if (issue === undefined) return "Pinion has told of nothing";
  const login = turn.chance.oneOf(["tom", "alice"]) ?? "tom";
  return said(await turn.world.closeIssue(login, issue.number), `${login} closes the issue #${issue.number} of Pinion`);
}

function oldDigest(turn: Turn, app: string, environment: string): string | undefined {
  const now = turn.view.pinAt(head(turn), app, environment)?.digest ?? null;
  const ran = turn.view.cluster(app, environment).flatMap(({ digest }) => (digest === null || digest === now ? [] : [digest]));
  return turn.chance.oneOf(ran);
}

async function barOld(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const digest = oldDigest(turn, app, environment);
  if (digest === undefined) return "nothing old to bar";
  const text = `app: ${app}\ndigest: ${digest}\nenvironments: []\nreason: "found wanting"\n`;
  const done = await turn.world.push("olive", "main", { [`.github/pinion/quarantine/${app}-${digest.slice(7, 19)}.yaml`]: text }, "Bar an image");
  return said(done, `olive bars an image that ${app} ran in ${environment}`);
}

async function dropOld(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const digest = oldDigest(turn, app, environment);
  if (digest === undefined) return "nothing old to delete";
  await turn.world.dropImage(digest);
  return `the registry deletes an image that ${app} ran in ${environment}`;
}
