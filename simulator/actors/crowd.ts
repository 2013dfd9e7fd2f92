/** Many people around production: several ask for the same, whoever asked approves, and who may do what changes all the time. */
import { manifest, placePath, type PullFacts } from "../facts.ts";
import { botPulls, head, mergedPulls, oneThing, said, type Turn } from "./actor.ts";

export function crowd(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, askTogether],
    [4, approveAsAsker],
    [2, approveAlone],
    [3, loseRights],
    [2, regainRights],
    [2, askWithoutRights],
    [2, smuggle],
    [1, turnDown],
    [3, touchApproved],
  ]);
}

const PEOPLE = ["alice", "bob", "carol"] as const;

/** An environment in which people have a say, and what was merged into one before it. */
function askable(turn: Turn): { readonly environment: string; readonly app: string; readonly pull: PullFacts } | null {
  const { view, chance } = turn;
  const next = chance.oneOf((view.configAt(head(turn))?.environments ?? []).filter(({ after }) => after.length > 0));
  const pull = chance.oneOf(mergedPulls(turn).filter(({ headRef }) => next?.after.includes(headRef.split("/")[1] ?? "")).slice(-2));
  return pull === undefined || next === undefined ? null : { environment: next.name, app: pull.headRef.split("/")[2] ?? "", pull };
}

async function askTogether(turn: Turn): Promise<string> {
  const wish = askable(turn);
  if (wish === null) return "there is nothing to ask for together";
  const { app, environment, pull } = wish;
  const first = turn.chance.oneOf(PEOPLE) ?? "alice";
  const others = PEOPLE.filter((login) => login !== first);
  const second = turn.chance.oneOf(others) ?? "bob";
  const words = `/pinion promote ${app} ${environment}`;
  await turn.world.comment(first, pull.number, words);
  return said(await turn.world.comment(second, pull.number, words), `${first} and ${second} comment "${words}" on #${pull.number}`);
}

function needy(turn: Turn): PullFacts | undefined {
  const names = (turn.view.configAt(head(turn))?.environments ?? []).filter(({ merge, approvals }) => merge !== "auto" || approvals.count > 0).map(({ name }) => name);
  return turn.chance.oneOf(botPulls(turn).filter(({ headRef }) => names.includes(headRef.split("/")[1] ?? "")));
}

async function approveAsAsker(turn: Turn): Promise<string> {
  const pull = needy(turn);
  const [, environment, app] = pull?.headRef.split("/") ?? [];
  const asked = turn.view.log().filter((entry) => entry.event === "requested" && entry.app === app && entry.environment === environment);
  const login = turn.chance.oneOf(asked.flatMap(({ by }) => by ?? []));
  if (pull === undefined || login === undefined) return "nobody has asked for anything that needs an approval";
  return said(await turn.world.review(login, pull.number, "approved"), `${login}, who asked for it, approves #${pull.number}`);
}

async function approveAlone(turn: Turn): Promise<string> {
  const pull = needy(turn);
  if (pull === undefined) return "nothing needs an approval";
  const login = turn.chance.oneOf(PEOPLE) ?? "alice";
  return said(await turn.world.review(login, pull.number, "approved"), `${login} approves #${pull.number}`);
}

/** What was approved conflicts from then on: Pinion makes it anew, and nobody has approved that. */
async function touchApproved(turn: Turn): Promise<string> {
  const approved = botPulls(turn).filter(({ reviews }) => reviews.some(({ state }) => state === "approved"));
  const pull = turn.chance.oneOf(approved);
  const [, environment = "", app = ""] = pull?.headRef.split("/") ?? [];
  const pin = turn.view.pinAt(head(turn), app, environment);
  if (pull === undefined || pin === null) return "nothing has been approved";
  const text = `# Looked at ${turn.chance.below(1_000)} times\n${manifest(pin)}`;
  const done = await turn.world.push("bob", "main", { [placePath(app, environment)]: text }, "Say more");
  return said(done, `bob edits the manifest of ${app} in ${environment}, for which #${pull.number} is approved`);
}

async function turnDown(turn: Turn): Promise<string> {
  const pull = needy(turn);
  if (pull === undefined) return "there is nothing to turn down";
  return said(await turn.world.close("bob", pull.number), `bob closes #${pull.number}`);
}

/** Mostly somebody whose word stands on something that is open. */
async function loseRights(turn: Turn): Promise<string> {
  const reviewers = botPulls(turn).flatMap(({ reviews }) => reviews.filter(({ state }) => state === "approved").map(({ author }) => author.login));
  const login = turn.chance.oneOf(reviewers) ?? turn.chance.oneOf(PEOPLE) ?? "carol";
  const team = turn.view.facts().teams.get("sre") ?? [];
  if (team.includes(login) && turn.chance.percent(40)) {
    await turn.world.setTeam("sre", team.filter((one) => one !== login));
    return `${login} leaves the team sre`;
  }
  await turn.world.grant(login, "read");
  return `${login} may only read from now on`;
}

async function regainRights(turn: Turn): Promise<string> {
  const login = turn.chance.oneOf(PEOPLE) ?? "carol";
  await turn.world.grant(login, "write");
  await turn.world.setTeam("sre", [...new Set([...(turn.view.facts().teams.get("sre") ?? []), login])]);
  return `${login} may write and is in the team sre`;
}

async function askWithoutRights(turn: Turn): Promise<string> {
  const wish = askable(turn);
  const login = PEOPLE.find((one) => turn.view.facts().people.get(one) === "read") ?? "mallory";
  if (wish === null) return "there is nothing to ask for without rights";
  const words = `/pinion promote ${wish.app} ${wish.environment}`;
  return said(await turn.world.comment(login, wish.pull.number, words), `${login}, who may only read, comments "${words}" on #${wish.pull.number}`);
}

/** What the environment before has, and with it a configuration in which nobody need approve. */
async function smuggle(turn: Turn): Promise<string> {
  const { view, chance, world } = turn;
  const config = view.configAt(head(turn));
  const target = chance.oneOf((config?.environments ?? []).filter(({ after, merge, approvals }) => after.length > 0 && (merge !== "auto" || approvals.count > 0)));
  const app = chance.oneOf(view.apps) ?? "checkout";
  const pin = target === undefined ? null : view.pinAt(head(turn), app, target.after[0] ?? "");
  if (config === null || target === undefined || pin === null || pin.digest === null) return "there is nothing to smuggle";
  const environments = config.environments.map((one) => ({ ...one, merge: "auto" as const, approvals: { count: 0, teams: [] } }));
  const edits = { [placePath(app, target.name)]: manifest(pin), ...world.configEdits({ ...config, environments }) };
  const login = chance.percent(50) ? "mallory" : "carol";
  const number = await world.openPull(login, `by-the-way-${chance.below(1_000)}`, login === "mallory", edits);
  return said(number, `${login} opens #${number ?? 0} with ${app} ${pin.tag} for ${target.name}, and a configuration in which nobody need approve`);
}
