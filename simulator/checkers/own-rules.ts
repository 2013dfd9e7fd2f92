/**
 * The repository's own policies. H7: while one on the default branch is broken Pinion merges nothing, and lets nothing that moves pins through. H8: what Pinion
 * merges, or lets through, keeps each of them that the default branch has, whatever the pull request itself does to them.
 */
import type { WorldEvent } from "../events.ts";
import { MAIN, MINUTE, type PullFacts } from "../facts.ts";
import { OWN_RULES_FOLDER, nameOf, ownRulesAt, provenFor, type OwnRule } from "../own-rules.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { approvalsOf } from "./approving.ts";
import { Asking, type Asked } from "./asking.ts";
import { breach, changedPaths, entriesOf, environmentAt, holdsDigest, isRevert, pinMoves, type PinMove } from "./reading.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;

export function ownRulesChecker(): Checker {
  const asking = new Asking();
  return {
    invariants: ["H7", "H8"],
    see(event, view) {
      asking.see(event, view);
      if (event.kind === "checked" && event.conclusion === "success") return green(event.head, view);
      if (event.kind !== "merged" || event.bot === null) return [];
      const pull = view.facts().pulls.get(event.pull);
      const asked = asking.of(event, view);
      const rules = ownRulesAt(view, asked.main);
      if (rules === null) return [breach("H7", `#${event.pull} was merged while a policy of the repository was broken`)];
      if (pull === undefined || isRevert(view, pull)) return [];
      return pinMoves(view, event.base, event.commit).flatMap((move) => {
        const broken = rules.find((rule) => rule.in === move.environment && !keeps(rule, move, event, asked, pull, view));
        return broken === undefined ? [] : [breach("H8", `#${event.pull} brought ${move.app} to ${move.environment} against the rule ${nameOf(broken)}`)];
      });
    },
  };
}

function keeps(rule: OwnRule, move: PinMove, event: Merge, { main }: Asked, pull: PullFacts, view: WorldView): boolean {
  switch (rule.is) {
    case "approved": {
      const environment = environmentAt(view, main, rule.in);
      return environment === null || approvalsOf(view, event, pull, environment).length >= rule.least;
    }
    case "proven":
      return isProven(provenFor(rule, view.configAt(main)), move, event, main, view);
    default:
      return allows(rule, move);
  }
}

/** What the pin alone tells. */
function allows(rule: OwnRule, { app, to }: PinMove): boolean {
  if (rule.is === "barred") return rule.app !== app;
  return rule.is !== "superstitious" || to?.tag.endsWith(rule.ending) !== true;
}

/** Between a look at the cluster and the record of it. */
const RECORDING = 30_000;

function isProven(minutes: number, { app, environment, to }: PinMove, event: Merge, main: string, view: WorldView): boolean {
  return (environmentAt(view, main, environment)?.after ?? []).every((before) => {
    const runs = entriesOf(view, app, before).filter((entry) => entry.event === "deployed" && holdsDigest(entry, to?.digest ?? ""));
    return runs.some((run) => event.at - run.writtenAt >= minutes * MINUTE - RECORDING);
  });
}

/** The default branch may have had other rules when the App looked. */
const JUST_NOW = 2 * MINUTE;
const SECOND = 1_000;

function green(head: string, view: WorldView): readonly Breach[] {
  const pull = [...view.facts().pulls.values()].find((one) => one.state === "open" && one.base === MAIN && one.head === head);
  const main = view.facts().branches.get(MAIN) ?? "";
  const parent = view.commit(head)?.parents[0];
  if (pull === undefined || parent === undefined || isRevert(view, pull)) return [];
  const moves = pinMoves(view, parent, head).filter(({ app, environment, to }) => view.pinAt(main, app, environment)?.digest !== to?.digest);
  if (moves.length === 0) return [];
  const mains = mainsSince(view, view.now() - JUST_NOW);
  const rules = mains.map((one) => ownRulesAt(view, one));
  const mends = changedPaths(view, parent, head).some((path) => path.startsWith(OWN_RULES_FOLDER) || path.startsWith(".github/pinion.y"));
  if (!mends && rules.every((one) => one === null)) return [breach("H7", `the check lets #${pull.number} through while a policy of the repository is broken`)];
  return moves.flatMap((move) => {
    const against = (one: readonly OwnRule[] | null) => one?.some((rule) => rule.in === move.environment && !allows(rule, move)) === true;
    if (!rules.every(against)) return [];
    return [breach("H8", `the check lets #${pull.number} bring ${move.app} to ${move.environment} against a rule of the repository`)];
  });
}

/** Each commit that the default branch was at since then. Times of commits are in whole seconds. */
function mainsSince(view: WorldView, since: number): readonly string[] {
  const line = view.mainline();
  const before = line.findLastIndex((commit) => (view.commit(commit)?.at ?? 0) < since - SECOND);
  return line.slice(Math.max(0, before));
}
