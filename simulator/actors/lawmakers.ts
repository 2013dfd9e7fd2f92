/** People who write policies of their own: add them, change them, break them and mend them, by pushes and by pull requests. */
import { manifest, placePath } from "../facts.ts";
import { brokenFile, mending, nameOf, OWN_RULES_FOLDER, ownRuleFiles, ownRulesAt, type OwnRule } from "../own-rules.ts";
import { drawRule } from "../ruled-kinds.ts";
import { head, knownPin, oneThing, openPulls, said, somePlace, type Turn } from "./actor.ts";

export function lawmaker(turn: Turn): Promise<string> {
  const isBroken = ownRulesAt(turn.view, head(turn)) === null;
  return oneThing(turn, [
    [2, legislate],
    [1, repeal],
    [1, breakRule],
    [isBroken ? 3 : 0, mend],
    [isBroken ? 2 : 0, mendByPull],
    [2, legislateByPull],
    [2, smuggle],
    [2, mergeRules],
    [8, () => "nobody makes any rules"],
  ]);
}

function rule(turn: Turn): OwnRule {
  const { app, environment } = somePlace(turn);
  return drawRule(turn.chance, environment, app);
}

async function legislate(turn: Turn): Promise<string> {
  const made = rule(turn);
  return said(await turn.world.push("olive", "main", ownRuleFiles([made]), "A new rule"), `olive makes the rule ${JSON.stringify(made)}`);
}

function ruleFiles({ view }: Turn, commit: string): readonly string[] {
  return [...view.tree(commit).keys()].filter((path) => path.startsWith(OWN_RULES_FOLDER));
}

async function repeal(turn: Turn): Promise<string> {
  const path = turn.chance.oneOf(ruleFiles(turn, head(turn)));
  if (path === undefined) return "there is no rule to take away";
  return said(await turn.world.push("olive", "main", { [path]: null }, "A rule less"), `olive takes ${path} away`);
}

async function breakRule(turn: Turn): Promise<string> {
  const { environment } = somePlace(turn);
  const [path, text] = brokenFile(turn.chance.below(6), environment);
  // What is there twice must be there once.
  const edits = { ...ownRuleFiles([{ is: "gloomy", in: environment }]), [path]: text };
  return said(await turn.world.push("olive", "main", edits, "A rule that is none"), `olive puts ${path}, which is broken`);
}

async function mend(turn: Turn): Promise<string> {
  const edits = mending(turn.view, head(turn), (config) => turn.world.configEdits(config));
  return said(await turn.world.push("olive", "main", edits, "Mend the rules"), "olive mends the rules");
}

async function mendByPull(turn: Turn): Promise<string> {
  const edits = mending(turn.view, head(turn), (config) => turn.world.configEdits(config));
  const number = await turn.world.openPull("carol", `mend-${turn.chance.below(1_000)}`, false, edits);
  return said(number, `carol opens #${number ?? 0}, which mends the rules`);
}

async function legislateByPull(turn: Turn): Promise<string> {
  const made = rule(turn);
  const login = turn.chance.percent(50) ? "mallory" : "carol";
  const number = await turn.world.openPull(login, `rule-${turn.chance.below(1_000)}`, login === "mallory", ownRuleFiles([made]));
  return said(number, `${login} opens #${number ?? 0} with the rule ${nameOf(made)}`);
}

/** A pin, and with it away with the rules that are against it. */
async function smuggle(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const pin = knownPin(turn, app);
  if (pin === undefined) return "there is nothing to smuggle past the rules";
  const away = Object.fromEntries(ruleFiles(turn, head(turn)).map((path) => [path, null]));
  const login = turn.chance.percent(50) ? "mallory" : "carol";
  const edits = { [placePath(app, environment)]: manifest(pin), ...away };
  const number = await turn.world.openPull(login, `past-the-rules-${turn.chance.below(1_000)}`, login === "mallory", edits);
  return said(number, `${login} opens #${number ?? 0} with ${app} ${pin.tag} for ${environment}, and without any rules`);
}

/** What is about rules, by the button. */
async function mergeRules(turn: Turn): Promise<string> {
  const { view, chance, world } = turn;
  const about = openPulls(turn).filter((pull) => ruleFiles(turn, pull.head).join() !== ruleFiles(turn, head(turn)).join());
  const pull = chance.oneOf(about.filter(({ author }) => author.kind === "user"));
  if (pull === undefined || view.commit(pull.head) === null) return "no pull request is about rules";
  return said(await world.merge("bob", pull.number), `bob merges #${pull.number}, which is about rules`);
}
