/** A configuration that is broken for a long time, while people go on as if it were not. */
import { MINUTE } from "../facts.ts";
import { botPulls, head, mergedPulls, oneThing, said, type Turn } from "./actor.ts";

/** Longer than Pinion lists pull requests after they have ended. */
const LONG = 12 * MINUTE;

export async function neglect(turn: Turn): Promise<string> {
  const { view, world, chance } = turn;
  if (view.configAt(head(turn)) !== null) {
    if (botPulls(turn).length === 0 || !chance.percent(25)) return "the configuration is looked after";
    return said(await world.setConfig("olive", "broken"), "olive breaks the configuration");
  }
  const since = brokenSince(turn);
  if (view.now() - since < LONG) return oneThing(turn, [[2, closeMeanwhile], [2, askMeanwhile], [3, () => "nobody looks after the configuration"]]);
  const before = view.mainline().flatMap((commit) => view.configAt(commit) ?? []).at(-1);
  return before === undefined ? "there never was a configuration" : said(await world.setConfig("olive", before), "olive mends the configuration at last");
}

function brokenSince({ view }: Turn): number {
  const line = view.mainline();
  const sound = line.findLastIndex((commit) => view.configAt(commit) !== null);
  return view.commit(line[sound + 1] ?? "")?.at ?? view.now();
}

async function closeMeanwhile(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "nothing to close meanwhile";
  return said(await turn.world.close("bob", pull.number), `bob closes #${pull.number} while the configuration is broken`);
}

async function askMeanwhile(turn: Turn): Promise<string> {
  const { view, chance } = turn;
  const pull = chance.oneOf(mergedPulls(turn).slice(-3));
  const main = view.mainline().flatMap((commit) => view.configAt(commit) ?? []).at(-1);
  const target = chance.oneOf((main?.environments ?? []).filter(({ after }) => after.length > 0));
  if (pull === undefined || target === undefined) return "nothing to ask for meanwhile";
  const words = `/pinion promote ${pull.headRef.split("/")[2] ?? ""} ${target.name}`;
  return said(await turn.world.comment("alice", pull.number, words), `alice comments "${words}" on #${pull.number} while the configuration is broken`);
}
