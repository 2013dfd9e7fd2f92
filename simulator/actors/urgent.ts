/** Who is in a hurry: calls promotions hotfixes, with and without the right to, takes that back, and stops the line for all others. */
import { manifest, placePath } from "../facts.ts";
import { botPulls, busyPlace, knownPin, mergedPulls, oneThing, openPulls, said, type Turn } from "./actor.ts";

const HOTFIX = "hotfix";

export function urgent(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, callOpen],
    [2, takeBack],
    [2, askAgain],
    [4, askForHotfix],
    [2, commandHotfix],
    [3, approveHotfix],
    [1, stopTheLine],
    [1, letGo],
    [1, openUrgent],
    [1, changeRights],
  ]);
}

/** Mostly one who may write; tom may only triage, and carol now and then only read. */
function somebody({ chance }: Turn): string {
  return chance.oneOf(["alice", "bob", "carol", "tom"]) ?? "alice";
}

async function callOpen(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(openPulls(turn).filter(({ labels }) => !labels.includes(HOTFIX)));
  if (pull === undefined) return "there is nothing to call a hotfix";
  const login = somebody(turn);
  return said(await turn.world.label(login, pull.number, HOTFIX), `${login} labels #${pull.number} hotfix`);
}

async function takeBack(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(openPulls(turn).filter(({ labels }) => labels.includes(HOTFIX)));
  if (pull === undefined) return "there is no hotfix to take back";
  const login = somebody(turn);
  return said(await turn.world.unlabel(login, pull.number, HOTFIX), `${login} takes hotfix off #${pull.number}`);
}

/** One label by one, the other by another, in either order, or one alone. */
async function askForHotfix(turn: Turn): Promise<string> {
  const { environment } = busyPlace(turn);
  const pull = turn.chance.oneOf(mergedPulls(turn).slice(-2));
  if (pull === undefined) return "there is nothing to ask a hotfix of";
  const labels = turn.chance.oneOf([[`promote:${environment}`, HOTFIX], [HOTFIX, `promote:${environment}`], ["promote:prod", HOTFIX], [HOTFIX]]) ?? [];
  const set: string[] = [];
  for (const label of labels) {
    const login = somebody(turn);
    set.push(said(await turn.world.label(login, pull.number, label), `${login} labels #${pull.number} ${label}`));
  }
  return set.join(", ");
}

async function commandHotfix(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf([...mergedPulls(turn).slice(-2), ...botPulls(turn)]);
  const [, environment = "", app = ""] = pull?.headRef.split("/") ?? [];
  if (pull === undefined) return "there is nothing to command";
  const words = `/pinion hotfix ${app} ${turn.chance.percent(60) ? "prod" : environment}`;
  const login = somebody(turn);
  return said(await turn.world.comment(login, pull.number, words), `${login} comments "${words}" on #${pull.number}`);
}

/** Not as a hotfix any more: closes what is open for production, and asks for it plainly where it was closed. */
async function askAgain(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf([...turn.view.facts().pulls.values()].filter(({ state, headRef, author }) => state !== "merged" && author.kind === "app" && headRef.startsWith("pinion/prod/")).slice(-2));
  if (pull === undefined) return "there is nothing to ask for again";
  if (pull.state === "open") return said(await turn.world.close("alice", pull.number), `alice closes #${pull.number}`);
  const words = `/pinion promote ${pull.headRef.split("/")[2] ?? ""} prod`;
  return said(await turn.world.comment("bob", pull.number, words), `bob comments "${words}" on #${pull.number}`);
}

/** Also whoever set the label, and sometimes alone. */
async function approveHotfix(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(openPulls(turn).filter(({ labels, headRef }) => labels.includes(HOTFIX) || headRef.includes("/prod/")));
  if (pull === undefined) return "there is no hotfix to approve";
  const labeller = pull.labelEvents.findLast(({ label }) => label === HOTFIX)?.actor.login ?? "alice";
  const login = turn.chance.percent(50) ? labeller : somebody(turn);
  return said(await turn.world.review(login, pull.number, "approved"), `${login} approves #${pull.number}`);
}

async function stopTheLine(turn: Turn): Promise<string> {
  const issue = await turn.world.openIssue("alice", "Stop the line", ["freeze:prod"]);
  return said(issue, `alice freezes prod by #${issue ?? 0}`);
}

async function letGo(turn: Turn): Promise<string> {
  const issue = turn.chance.oneOf([...turn.view.facts().issues.values()].filter(({ state }) => state === "open"));
  if (issue === undefined) return "the line runs";
  return said(await turn.world.closeIssue("alice", issue.number), `alice closes the issue #${issue.number}`);
}

async function openUrgent(turn: Turn): Promise<string> {
  const { app, environment } = busyPlace(turn);
  const pin = knownPin(turn, app);
  if (pin === undefined) return "there is nothing to bring in a hurry";
  const number = await turn.world.openPull("carol", `urgent-${turn.chance.below(1_000)}`, false, { [placePath(app, environment)]: manifest(pin) });
  if (number !== null) await turn.world.label("alice", number, HOTFIX);
  return said(number, `carol opens #${number ?? 0} that pins ${app} in ${environment} to ${pin.tag}, and alice calls it a hotfix`);
}

async function changeRights(turn: Turn): Promise<string> {
  const permission = turn.chance.percent(50) ? "read" : "write";
  await turn.world.grant("carol", permission);
  return `carol may ${permission} now`;
}
