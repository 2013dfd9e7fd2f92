/** People who say when promotions may be merged, change their minds about it, and merge meanwhile what has to wait. */
import { isOpen } from "../checkers/wall-clock.ts";
import type { EnvironmentSetup } from "../facts.ts";
import { drawWindows } from "../ruled-kinds.ts";
import { botPulls, head, oneThing, said, somePlace, type Turn } from "./actor.ts";

export function timekeeper(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [2, reschedule],
    [1, openUp],
    [2, mergeMeanwhile],
    [6, () => "nobody looks at the clock"],
  ]);
}

async function configured(turn: Turn, environment: string, change: (one: EnvironmentSetup) => EnvironmentSetup, words: string): Promise<string> {
  const config = turn.view.configAt(head(turn));
  if (config === null) return "there is no configuration to change";
  const environments = config.environments.map((one) => (one.name === environment ? change(one) : one));
  return said(await turn.world.setConfig("olive", { ...config, environments }), words);
}

function reschedule(turn: Turn): Promise<string> {
  const { environment } = somePlace(turn);
  const environments = turn.view.configAt(head(turn))?.environments ?? [];
  const zone = environments.flatMap(({ windows = [] }) => windows.map((window) => window.zone))[0] ?? "UTC";
  const windows = drawWindows(turn.chance, zone);
  return configured(turn, environment, (one) => ({ ...one, windows }), `olive gives ${environment} other windows`);
}

function openUp(turn: Turn): Promise<string> {
  const { environment } = somePlace(turn);
  return configured(turn, environment, (one) => ({ ...one, windows: [] }), `olive takes the windows of ${environment} away`);
}

/** By the button, while the windows are shut. */
async function mergeMeanwhile(turn: Turn): Promise<string> {
  const shut = (turn.view.configAt(head(turn))?.environments ?? []).filter(({ windows = [] }) => !isOpen(windows, turn.view.now())).map(({ name }) => name);
  const pull = turn.chance.oneOf(botPulls(turn).filter(({ headRef }) => shut.includes(headRef.split("/")[1] ?? "")));
  if (pull === undefined) return "nothing waits for a window";
  return said(await turn.world.merge("bob", pull.number), `bob merges #${pull.number} with the button, while the windows are shut`);
}
