/**
 * What is offered by itself, without anybody having asked: nothing older (S14), nothing by a tag that was moved (H2), no more than
 * the limit (H3), nothing where promotions are made on request (H4), and nothing where they are paused (S11).
 */
import type { WorldEvent } from "../events.ts";
import { MAIN, type PlacePin, type PullFacts } from "../facts.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { breach, entriesOf, environmentAt, holdsDigest, isRevertBranch, placeOfBranch, seenMain, versionOrder } from "./reading.ts";

type Opened = Extract<WorldEvent, { readonly kind: "opened" }>;

/** A call can land this long after it was made, when the App has looked again. */
const LANDING = 40_000;

export const offeringChecker: Checker = {
  invariants: ["H2", "H3", "H4", "S11", "S14"],
  see(event, view) {
    if (event.kind !== "opened" || event.by.kind !== "app") return [];
    const pull = view.facts().pulls.get(event.pull);
    if (pull === undefined || isRevertBranch(pull.headRef)) return [];
    const offer = offerOf(pull, view);
    return offer === null || isAskedFor(offer, view) ? [] : [...pinsOf(offer), ...settingsOf(event, offer, view)];
  },
};

interface Offer {
  readonly pull: PullFacts;
  readonly app: string;
  readonly environment: string;
  readonly base: string;
  readonly from: PlacePin | null;
  readonly to: PlacePin;
}

/** Null where the commit is not the App's: then it is somebody else's offer. */
function offerOf(pull: PullFacts, view: WorldView): Offer | null {
  const [environment = "", app = ""] = placeOfBranch(pull.headRef).split("/");
  const commit = view.commit(pull.head);
  const base = commit?.parents[0];
  const to = view.pinAt(pull.head, app, environment);
  if (commit?.own !== true || base === undefined || to === null) return null;
  return { pull, app, environment, base, from: view.pinAt(base, app, environment), to };
}

function isAskedFor({ app, environment, to }: Offer, view: WorldView): boolean {
  return entriesOf(view, app, environment).some((entry) => entry.event === "requested" && holdsDigest(entry, to.digest ?? ""));
}

function pinsOf({ pull, app, environment, from, to }: Offer): readonly Breach[] {
  if (from === null) return [];
  const words = `#${pull.number} offers ${app} ${to.tag} to ${environment} by itself`;
  const order = versionOrder(to.tag, from.tag);
  if (order < 0) return [breach("S14", `${words}, which has ${from.tag}`)];
  const moved = order === 0 && from.digest !== null && from.digest !== to.digest;
  return moved ? [breach("H2", `${words}, whose tag was moved`)] : [];
}

function settingsOf(event: Opened, { pull, environment: name, base }: Offer, view: WorldView): readonly Breach[] {
  const found: Breach[] = [];
  const words = `#${pull.number} was opened by itself`;
  const environment = environmentAt(view, base, name);
  const seen = view.seenBy(event.bot ?? 0)?.facts;
  const open = [...(seen?.pulls.values() ?? [])].filter(({ state, author }) => state === "open" && author.kind === "app");
  const limit = view.configAt(base)?.limit ?? open.length + 1;
  const others = open.filter(({ number }) => number !== pull.number);
  if (others.length >= limit) found.push(breach("H3", `${words} beside ${others.length} others, and the limit is ${limit}`));
  if (environment?.promote === "on-request") found.push(breach("H4", `${words} in ${name}, where somebody has to ask`));
  const mains = [seenMain(view, event.bot, base), view.factsAt(event.at - LANDING).branches.get(MAIN) ?? base];
  const isPaused = mains.every((main) => (environmentAt(view, main, name)?.paused ?? null) !== null);
  if (isPaused) found.push(breach("S11", `${words} in ${name}, which is paused`));
  return found;
}
