/** People who do not stay with what they said: what an adapter tells of words, and of whose they are, must be told exactly. */
import { commented, manifest, placePath, type PullFacts } from "../facts.ts";
import { botPulls, head, knownPin, mergedPulls, oneThing, said, somePlace, type Turn } from "./actor.ts";

export function fickle(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, changeMind],
    [3, overrule],
    [3, approve],
    [1, contrarian],
    [4, touch],
    [2, close],
  ]);
}

/** Those who ask for a promotion: together with others, and without the right to. */
export function petitioner(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [3, labelTogether],
    [3, askFromOutside],
  ]);
}

/** Those who change what Pinion is about to change: its manifests and its branches. */
export function contender(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, touch],
    [4, joinIn],
    [4, giveUp],
  ]);
}

const PEOPLE = ["alice", "bob", "carol"] as const;

/** What Pinion has open where people have a say, those first on which somebody has said something. */
function awaited(turn: Turn): PullFacts | undefined {
  const { view, chance } = turn;
  const names = (view.configAt(head(turn))?.environments ?? []).filter(({ merge, approvals }) => merge !== "auto" || approvals.count > 0).map(({ name }) => name);
  const pulls = botPulls(turn).filter(({ headRef }) => names.includes(headRef.split("/")[1] ?? ""));
  const spokenOf = pulls.filter(({ reviews }) => reviews.length > 0);
  return chance.oneOf(spokenOf.length > 0 ? spokenOf : pulls);
}

/** A review is taken back, and somebody else approves. */
async function changeMind(turn: Turn): Promise<string> {
  const pull = awaited(turn);
  const last = pull?.reviews.findLast(({ state }) => state === "approved" || state === "changes-requested");
  if (pull === undefined || last === undefined) return approve(turn);
  const other = turn.chance.oneOf(PEOPLE.filter((login) => login !== last.author.login)) ?? "bob";
  const gone = await turn.world.dismiss("olive", pull.number);
  return said(gone && (await turn.world.review(other, pull.number, "approved")), `olive dismisses a review of #${pull.number}, and ${other} approves it`);
}

/** What somebody asks to be changed is dismissed, and nobody has approved anything by that. */
async function overrule(turn: Turn): Promise<string> {
  const pull = awaited(turn);
  if (pull === undefined) return "nothing waits for anybody's word";
  const login = turn.chance.oneOf(PEOPLE) ?? "alice";
  const gone = (await turn.world.review(login, pull.number, "changes-requested")) && (await turn.world.dismiss("olive", pull.number));
  return said(gone, `${login} asks for changes of #${pull.number}, and olive dismisses that`);
}

async function approve(turn: Turn): Promise<string> {
  const pull = awaited(turn);
  if (pull === undefined) return "nothing waits for anybody's word";
  const login = turn.chance.oneOf(PEOPLE) ?? "alice";
  return said(await turn.world.review(login, pull.number, "approved"), `${login} approves #${pull.number}`);
}

/** Asks for changes of what others approve after that. */
export async function contrarian(turn: Turn): Promise<string> {
  const pull = awaited(turn);
  if (pull === undefined) return "nothing waits for anybody's word";
  const [one = "alice", ...others] = turn.chance.percent(50) ? PEOPLE : PEOPLE.toReversed();
  await turn.world.review(one, pull.number, "changes-requested");
  for (const login of others) await turn.world.review(login, pull.number, "approved");
  return `${one} asks for changes of #${pull.number}, and ${others.join(" and ")} approve it`;
}

/** What somebody has approved conflicts from now on, and is made anew. */
async function touch(turn: Turn): Promise<string> {
  const pull = awaited(turn);
  const [, environment = "", app = ""] = pull?.headRef.split("/") ?? [];
  const pin = turn.view.pinAt(head(turn), app, environment);
  if (pull === undefined || pin === null) return "nothing waits for anybody's word";
  const login = turn.chance.oneOf(PEOPLE) ?? "alice";
  await turn.world.review(login, pull.number, "approved");
  const text = commented(pin, `looked at ${turn.chance.below(1_000)} times`);
  return said(await turn.world.push("olive", "main", { [placePath(app, environment)]: text }, "Say more"), `${login} approves #${pull.number}, and olive edits the line that it changes`);
}

/** Puts in what another environment has, and takes it out again before anybody looks, most likely. */
export async function waverer(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const path = placePath(app, environment);
  const [now, other] = [turn.view.pinAt(head(turn), app, environment), knownPin(turn, app)];
  if (now === null || other === undefined || other.digest === now.digest) return "there is nothing to waver between";
  for (const pin of [other, now]) await turn.world.push("alice", "main", { [path]: manifest(pin) }, `Pin ${app} ${pin.tag}`);
  return `alice puts ${app} ${other.tag} into ${environment}, and takes it out at once`;
}

/** What conflicts is about to be made anew: somebody is there first, with a commit of their own. */
async function joinIn(turn: Turn): Promise<string> {
  const main = head(turn);
  const behind = botPulls(turn).filter(({ head: at }) => turn.view.commit(at)?.parents[0] !== main);
  const pull = turn.chance.oneOf(behind);
  if (pull === undefined) return "nothing is about to be made anew";
  return said(await turn.world.push("ivan", pull.headRef, { "notes.txt": `by ivan ${turn.chance.below(1_000)}` }, "Mine too"), `ivan pushes to #${pull.number}`);
}

/** One may, and the other may not. */
async function labelTogether(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(mergedPulls(turn).slice(-2));
  const environments = (turn.view.configAt(head(turn))?.environments ?? []).map(({ name }) => name);
  if (pull === undefined || environments.length < 2) return "there is nothing to label together";
  const [first, second] = turn.chance.percent(50) ? ["tom", "alice"] : ["alice", "bob"];
  const [one = "", other = ""] = environments.toReversed();
  await turn.world.label(first, pull.number, `promote:${one}`);
  return said(await turn.world.label(second, pull.number, `promote:${other}`), `${first} and ${second} label #${pull.number}`);
}

async function askFromOutside(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(mergedPulls(turn).slice(-2));
  const target = turn.chance.oneOf((turn.view.configAt(head(turn))?.environments ?? []).filter(({ after }) => after.length > 0));
  if (pull === undefined || target === undefined) return "there is nothing to ask for from outside";
  const words = `/pinion promote ${pull.headRef.split("/")[2] ?? ""} ${target.name}`;
  return said(await turn.world.comment("mallory", pull.number, words), `mallory comments "${words}" on #${pull.number}`);
}

/** What somebody has pushed to is theirs, and stays open until it is closed. */
async function giveUp(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn).filter(({ head: at }) => turn.view.commit(at)?.own !== true));
  if (pull === undefined) return "nobody has pushed to anything";
  return said(await turn.world.close("carol", pull.number), `carol closes #${pull.number}, to which somebody has pushed`);
}

async function close(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "there is nothing to close";
  return said(await turn.world.close("carol", pull.number), `carol closes #${pull.number}`);
}
