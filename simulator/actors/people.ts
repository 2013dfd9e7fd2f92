/** People who may write: some do their work, some meddle. */
import type { ConfigFacts } from "../facts.ts";
import { manifest, placePath } from "../facts.ts";
import { botPulls, busyPlace, head, knownPin, mergedPulls, oneThing, openPulls, said, somePlace, type Turn } from "./actor.ts";

const WRITERS = ["alice", "bob", "carol", "olive"] as const;

function writer({ chance }: Turn): string {
  return chance.oneOf(WRITERS) ?? "alice";
}

/** Approves what Pinion opened, and asks for promotions: what Pinion is for. */
export function reviewer(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [8, approve],
    [6, ask],
    [1, askForChanges],
    [1, dismiss],
    [1, justComment],
  ]);
}

/** Mostly what nobody has approved yet. */
async function approve(turn: Turn): Promise<string> {
  const pulls = botPulls(turn);
  const fresh = pulls.filter(({ reviews, head: at }) => !reviews.some(({ commit }) => commit === at));
  const pull = turn.chance.oneOf(fresh.length > 0 && turn.chance.percent(70) ? fresh : pulls);
  if (pull === undefined) return "nothing to approve";
  const login = turn.chance.percent(70) ? (turn.chance.oneOf(["alice", "bob"]) ?? "alice") : writer(turn);
  return said(await turn.world.review(login, pull.number, "approved"), `${login} approves #${pull.number}`);
}

/** Does what production waits for: approves what needs it, and asks for what came through the environments before. */
export function approver(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, approveNeeded],
    [2, askForNext],
    [0.5, changeAccess],
  ]);
}

async function approveNeeded(turn: Turn): Promise<string> {
  const { view, chance } = turn;
  const needy = (view.configAt(head(turn))?.environments ?? []).filter(({ merge, approvals }) => merge !== "auto" || approvals.count > 0).map(({ name }) => name);
  const pull = chance.oneOf(botPulls(turn).filter(({ headRef }) => needy.includes(headRef.split("/")[1] ?? "")));
  if (pull === undefined) return "nothing needs an approval";
  const silent = ["alice", "bob"].filter((one) => !pull.reviews.some(({ author, commit }) => author.login === one && commit === pull.head));
  // Now and then it is somebody whose word must not count, and sometimes alone.
  const login = chance.percent(25) ? (chance.oneOf(["mallory", "tom", "carol", "ivan"]) ?? "mallory") : (chance.oneOf(silent) ?? writer(turn));
  return said(await turn.world.review(login, pull.number, "approved"), `${login} approves #${pull.number}, which needs it`);
}

async function askForNext(turn: Turn): Promise<string> {
  const { view, chance } = turn;
  const next = chance.oneOf((view.configAt(head(turn))?.environments ?? []).filter(({ promote }) => promote === "on-request"));
  const merged = mergedPulls(turn).filter(({ headRef }) => next?.after.includes(headRef.split("/")[1] ?? ""));
  const pull = chance.oneOf(merged.slice(-2));
  if (pull === undefined || next === undefined) return "nothing to ask production for";
  const login = chance.oneOf(["alice", "bob"]) ?? "alice";
  const words = `/pinion promote ${pull.headRef.split("/")[2] ?? ""} ${next.name}`;
  if (chance.percent(50)) return said(await turn.world.comment(login, pull.number, words), `${login} comments "${words}" on #${pull.number}`);
  return said(await turn.world.label(login, pull.number, `promote:${next.name}`), `${login} labels #${pull.number} promote:${next.name}`);
}

async function askForChanges(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "nothing to ask changes of";
  const login = writer(turn);
  return said(await turn.world.review(login, pull.number, "changes-requested"), `${login} asks for changes of #${pull.number}`);
}

async function dismiss(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(openPulls(turn).filter(({ reviews }) => reviews.length > 0));
  if (pull === undefined) return "nothing to dismiss";
  return said(await turn.world.dismiss("olive", pull.number), `olive dismisses a review of #${pull.number}`);
}

async function justComment(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "nothing to comment on";
  return said(await turn.world.comment(writer(turn), pull.number, "Looks fine to me"), `somebody comments on #${pull.number}`);
}

async function ask(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(mergedPulls(turn).slice(-4));
  if (pull === undefined) return "nothing to ask for";
  const login = writer(turn);
  const { environment, app } = somePlace(turn);
  if (turn.chance.percent(60)) {
    const label = `promote:${environment}`;
    return said(await turn.world.label(login, pull.number, label), `${login} labels #${pull.number} ${label}`);
  }
  const words = `/pinion promote ${app} ${environment}`;
  return said(await turn.world.comment(login, pull.number, words), `${login} comments "${words}" on #${pull.number}`);
}

/** Freezes and thaws, pauses, closes what Pinion opened, and merges with the button. */
export function operator(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [2, freeze],
    [4, thaw],
    [2, close],
    [2, reopen],
    [2, pressButton],
    [1, pause],
    [2, unpause],
    [1, breakConfig],
    [3, mend],
    [5, quarantine],
  ]);
}

async function freeze(turn: Turn): Promise<string> {
  const { environment } = somePlace(turn);
  const login = writer(turn);
  const issue = await turn.world.openIssue(login, "Stop the line", [`freeze:${environment}`]);
  return said(issue, `${login} freezes ${environment} by #${issue ?? 0}`);
}

async function thaw(turn: Turn): Promise<string> {
  const issue = turn.chance.oneOf([...turn.view.facts().issues.values()].filter(({ state }) => state === "open"));
  if (issue === undefined) return "nothing to thaw";
  const login = writer(turn);
  return said(await turn.world.closeIssue(login, issue.number), `${login} closes the issue #${issue.number}`);
}

async function close(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "nothing to close";
  const login = writer(turn);
  return said(await turn.world.close(login, pull.number), `${login} closes #${pull.number}`);
}

async function reopen(turn: Turn): Promise<string> {
  const closed = [...turn.view.facts().pulls.values()].filter(({ state }) => state === "closed");
  const pull = turn.chance.oneOf(closed);
  if (pull === undefined) return "nothing to reopen";
  const login = writer(turn);
  return said(await turn.world.reopen(login, pull.number), `${login} reopens #${pull.number}`);
}

async function pressButton(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(openPulls(turn));
  if (pull === undefined) return "nothing to merge";
  const login = writer(turn);
  return said(await turn.world.merge(login, pull.number), `${login} merges #${pull.number} with the button`);
}

async function configured(turn: Turn, change: (config: ConfigFacts) => ConfigFacts, words: string): Promise<string> {
  const config = turn.view.configAt(head(turn));
  return config === null ? "there is no configuration to change" : said(await turn.world.setConfig("olive", change(config)), words);
}

function pause(turn: Turn): Promise<string> {
  const { environment } = somePlace(turn);
  const paused = (config: ConfigFacts): ConfigFacts => ({
    ...config,
    environments: config.environments.map((one) => (one.name === environment ? { ...one, paused: "on holiday" } : one)),
  });
  return configured(turn, paused, `olive pauses ${environment}`);
}

function unpause(turn: Turn): Promise<string> {
  const resumed = (config: ConfigFacts): ConfigFacts => ({
    ...config,
    environments: config.environments.map((one) => ({ ...one, paused: null })),
  });
  return configured(turn, resumed, "olive takes every pause out");
}

async function breakConfig(turn: Turn): Promise<string> {
  return said(await turn.world.setConfig("olive", "broken"), "olive breaks the configuration");
}

async function mend(turn: Turn): Promise<string> {
  if (turn.view.configAt(head(turn)) !== null) return "the configuration is sound";
  const before = turn.view.mainline().flatMap((commit) => turn.view.configAt(commit) ?? []).at(-1);
  return before === undefined ? "there never was a configuration" : said(await turn.world.setConfig("olive", before), "olive mends the configuration");
}

/** Bars an image that somebody is about to bring, everywhere or in one environment. */
async function quarantine(turn: Turn): Promise<string> {
  const { app, environment } = busyPlace(turn);
  const digests = botPulls(turn).flatMap((pull) => turn.view.pinAt(pull.head, app, environment)?.digest ?? []);
  const digest = turn.chance.oneOf(digests);
  if (digest === undefined) return "nothing to bar";
  const where = turn.chance.percent(50) ? "environments: []" : `environments:\n  - ${environment}`;
  const text = `app: ${app}\ndigest: ${digest}\n${where}\nreason: "by hand"\n`;
  const done = await turn.world.push("olive", "main", { [`.github/pinion/quarantine/${app}-${digest.slice(7, 19)}.yaml`]: text }, "Bar an image");
  return said(done, `olive puts an image of ${app} into quarantine`);
}

/** Edits pins by hand, pushes to Pinion's branches, reverts merges, and opens pull requests with pins. */
export function meddler(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [2, editPins],
    [2, pushToBot],
    [1, revertMerge],
    [2, openOwnPull],
    [1, deleteBranch],
    [1, changeAccess],
    [1, editReadme],
    [5, touchManifest],
  ]);
}

async function editPins(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const pin = knownPin(turn, app);
  if (pin === undefined) return "there is no pin to put by hand";
  const login = writer(turn);
  const done = await turn.world.push(login, "main", { [placePath(app, environment)]: manifest(pin) }, `Pin ${app} by hand`);
  return said(done, `${login} pins ${app} in ${environment} to ${pin.tag} by hand`);
}

async function pushToBot(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "no branch of Pinion to push to";
  const { app, environment } = somePlace(turn);
  const pin = knownPin(turn, app);
  const edits = turn.chance.percent(50) || pin === undefined ? { "notes.txt": `by hand ${pull.number}` } : { [placePath(app, environment)]: manifest(pin) };
  const login = writer(turn);
  return said(await turn.world.push(login, pull.headRef, edits, "One more thing"), `${login} pushes ${Object.keys(edits).join()} to the branch of #${pull.number}`);
}

export async function revertMerge(turn: Turn): Promise<string> {
  const commit = turn.chance.oneOf(turn.view.mainline().slice(1).slice(-5));
  const parent = commit === undefined ? undefined : turn.view.commit(commit)?.parents[0];
  if (commit === undefined || parent === undefined) return "nothing to revert";
  const [before, after] = [turn.view.tree(parent), turn.view.tree(commit)];
  const edits: Record<string, string | null> = {};
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(path);
    if (old !== after.get(path)) edits[path] = old === undefined ? null : turn.view.text(old);
  }
  const login = writer(turn);
  return said(await turn.world.push(login, "main", edits, "Revert"), `${login} reverts ${commit.slice(0, 8)} on main`);
}

async function openOwnPull(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const pin = knownPin(turn, app);
  if (pin === undefined) return "there is no pin for a pull request";
  const login = writer(turn);
  const number = await turn.world.openPull(login, `by-${login}-${turn.chance.below(1_000)}`, false, { [placePath(app, environment)]: manifest(pin) });
  return said(number, `${login} opens #${number ?? 0} that pins ${app} in ${environment} to ${pin.tag}`);
}

async function deleteBranch(turn: Turn): Promise<string> {
  const branch = turn.chance.oneOf([...turn.view.facts().branches.keys()].filter((name) => name.startsWith("pinion/")));
  if (branch === undefined) return "no branch of Pinion to delete";
  return said(await turn.world.force("carol", branch, null), `carol deletes ${branch}`);
}

async function changeAccess(turn: Turn): Promise<string> {
  if (turn.chance.percent(50)) {
    const members = turn.chance.percent(50) ? ["alice", "bob"] : ["carol"];
    await turn.world.setTeam("sre", members);
    return `the team sre is ${members.join(" and ")} now`;
  }
  const permission = turn.chance.percent(50) ? "read" : "write";
  await turn.world.grant("carol", permission);
  return `carol may ${permission} now`;
}

/** The pin stays; what Pinion has open for the place conflicts from then on. */
async function touchManifest(turn: Turn): Promise<string> {
  const { app, environment } = busyPlace(turn);
  const pin = turn.view.pinAt(head(turn), app, environment);
  if (pin === null) return "there is no manifest to touch";
  const text = `# Looked at ${turn.chance.below(1_000)} times\n${manifest(pin)}`;
  return said(await turn.world.push("bob", "main", { [placePath(app, environment)]: text }, "Say more"), `bob edits the manifest of ${app} in ${environment}`);
}

async function editReadme(turn: Turn): Promise<string> {
  const text = `# Manifests\n${turn.chance.below(1_000)}\n`;
  return said(await turn.world.push("bob", "main", { "README.md": text }, "Say more"), "bob edits the README on main");
}
