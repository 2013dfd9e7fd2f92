/** People who set pins by hand, more often than is good for anybody. */
import { manifest, placePath, type PlacePin } from "../facts.ts";
import { versionOrder } from "../checkers/reading.ts";
import { botPulls, head, knownPin, oneThing, said, somePlace, type Turn } from "./actor.ts";
import { revertMerge } from "./people.ts";

export function hands(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, takeBack],
    [2, hurry],
    [3, mergeOwn],
    [1, thereAndBack],
    [1, revertMerge],
    [2, slipIn],
    [2, undoOnBranch],
  ]);
}

function somebody({ chance }: Turn): string {
  return chance.oneOf(["alice", "bob", "carol"]) ?? "alice";
}

/** Something older than what is pinned, of what was pinned somewhere before. */
function olderPin(turn: Turn, app: string, environment: string): PlacePin | null {
  const now = turn.view.pinAt(head(turn), app, environment);
  const known = knownPin(turn, app);
  return now === null || known === undefined || versionOrder(known.tag, now.tag) >= 0 ? null : known;
}

async function put(turn: Turn, login: string, app: string, environment: string, pin: PlacePin): Promise<boolean> {
  return turn.world.push(login, "main", { [placePath(app, environment)]: manifest(pin) }, `Pin ${app} ${pin.tag}`);
}

async function takeBack(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const pin = olderPin(turn, app, environment);
  if (pin === null) return "there is nothing older to go back to";
  const login = somebody(turn);
  return said(await put(turn, login, app, environment, pin), `${login} takes ${app} in ${environment} back to ${pin.tag} by hand`);
}

/** Does not wait for Pinion: puts in what it has just offered, or what another environment has. */
async function hurry(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const offered = botPulls(turn).flatMap(({ head: at, headRef }) => {
    const [, name = "", of = ""] = headRef.split("/");
    return of === app ? (turn.view.pinAt(at, app, name) ?? []) : [];
  });
  const elsewhere = (turn.view.configAt(head(turn))?.environments ?? []).flatMap(({ name }) => turn.view.pinAt(head(turn), app, name) ?? []);
  const now = turn.view.pinAt(head(turn), app, environment);
  const pin = turn.chance.oneOf([...offered, ...elsewhere].filter(({ tag, digest }) => digest !== null && tag !== now?.tag));
  if (pin === undefined) return "there is nothing to hurry for";
  const login = somebody(turn);
  return said(await put(turn, login, app, environment, pin), `${login} does not wait, and puts ${app} ${pin.tag} into ${environment} by hand`);
}

/** By a pull request, and the button right after. */
async function mergeOwn(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const pin = olderPin(turn, app, environment);
  if (pin === null) return "there is nothing older to open a pull request for";
  const login = somebody(turn);
  const branch = `back-by-${login}-${turn.chance.below(1_000)}`;
  const number = await turn.world.openPull(login, branch, false, { [placePath(app, environment)]: manifest(pin) });
  const merged = number !== null && (await turn.world.merge(login, number));
  return said(merged, `${login} opens and merges #${number ?? 0}, which takes ${app} in ${environment} back to ${pin.tag}`);
}

/** Twice between two looks, most likely: both must be put down. */
async function thereAndBack(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const now = turn.view.pinAt(head(turn), app, environment);
  const pin = olderPin(turn, app, environment);
  if (pin === null || now === null) return "there is nowhere to go and come back from";
  const [first, second] = [somebody(turn), somebody(turn)];
  const done = (await put(turn, first, app, environment, pin)) && (await put(turn, second, app, environment, now));
  return said(done, `${first} takes ${app} in ${environment} back to ${pin.tag}, and ${second} undoes it at once`);
}

/** What Pinion let through is merged by hand, with one commit more. */
async function slipIn(turn: Turn): Promise<string> {
  const green = botPulls(turn).filter(({ head: at }) => turn.view.facts().checks.get(at)?.at(-1)?.conclusion === "success");
  const pull = turn.chance.oneOf(green);
  if (pull === undefined) return "nothing is green";
  const login = somebody(turn);
  const pushed = await turn.world.push(login, pull.headRef, { "notes.txt": `by hand ${pull.number}` }, "One more thing");
  const merged = pushed && (await turn.world.merge(login, pull.number));
  return said(merged, `${login} puts a note into #${pull.number} and merges it`);
}

/** Takes out what a pull request of Pinion would change, by a commit on its branch: nothing of it is left. */
async function undoOnBranch(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  const [, environment = "", app = ""] = pull?.headRef.split("/") ?? [];
  const pin = turn.view.pinAt(head(turn), app, environment);
  if (pull === undefined || pin === null) return "there is nothing to undo on a branch";
  const login = somebody(turn);
  const done = await turn.world.push(login, pull.headRef, { [placePath(app, environment)]: manifest(pin) }, "Rather not");
  return said(done, `${login} undoes on its branch what #${pull.number} would change`);
}
