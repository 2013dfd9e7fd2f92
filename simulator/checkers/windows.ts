/**
 * H5: Pinion asks for no merge of a promotion while the windows of its environment, as the default branch had them when it looked, are shut.
 * H6: what people merge while the check does not let it through is never recorded as judged. L10: what waited for a window goes on once it is open.
 */
import type { Instant } from "../../src/domain/answer.ts";
import type { WorldEvent } from "../events.ts";
import { MAIN, MINUTE } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Checker, Hope, WorldView } from "../world-view.ts";
import { Asking } from "./asking.ts";
import { breach, environmentAt, isRevert, pinMoves, placeOfBranch } from "./reading.ts";
import { isOpen } from "./wall-clock.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;

export function windowsChecker(): Checker {
  const asking = new Asking();
  return {
    invariants: ["H5"],
    see(event, view) {
      asking.see(event, view);
      if (event.kind !== "merged" || event.bot === null) return [];
      const pull = view.facts().pulls.get(event.pull);
      if (pull === undefined || isRevert(view, pull)) return [];
      const { at, main } = asking.of(event, view);
      return pinMoves(view, event.base, event.commit).flatMap(({ app, environment }) => {
        const { windows = [] } = environmentAt(view, main, environment) ?? {};
        return isOpen(windows, at) ? [] : [breach("H5", `#${event.pull} brought ${app} to ${environment} at ${time(at)}, when its windows are shut`)];
      });
    },
  };
}

function time(at: Instant): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** What GitHub tells of a check can be so old. */
const LATE = 45_000;

/** Merges by people, and whether the check let them through. */
export function buttonChecker(): Checker {
  /** Pull requests by number, with the head that was merged while its check was not green. */
  const ungreen = new Map<number, string>();
  let read = 0;
  return {
    invariants: ["H6"],
    see(event, view) {
      if (event.kind === "merged" && event.bot === null && !wasGreen(event, view)) ungreen.set(event.pull, mergedHead(event));
      // A check that was on its way can still come.
      if (event.kind === "checked" && event.conclusion === "success") {
        for (const [pull, head] of ungreen) if (head === event.head) ungreen.delete(pull);
      }
      if (event.kind !== "moved" || event.by.kind !== "app" || ungreen.size === 0) return [];
      const entries = view.log();
      const found = entries.slice(read).flatMap((entry) => judgedAfterAll(entry, ungreen));
      read = entries.length;
      return found;
    },
  };
}

/** What has to be green: the merge queue merges a commit of its own. */
function mergedHead({ queued, commit, head }: Merge): string {
  return queued === true ? commit : head;
}

function wasGreen(event: Merge, view: WorldView): boolean {
  const [head, { at }] = [mergedHead(event), event];
  for (let back = 0; back <= LATE; back += 1_000) {
    if (view.factsAt(at - back).checks.get(head)?.at(-1)?.conclusion === "success") return true;
  }
  return view.facts().checks.get(head)?.at(-1)?.conclusion === "success";
}

function judgedAfterAll({ event, pullRequest, judgement, app, environment }: LogEntry, ungreen: ReadonlyMap<number, string>): readonly Breach[] {
  if (event !== "merged" || judgement !== "judged" || !ungreen.has(pullRequest ?? 0)) return [];
  return [breach("H6", `#${pullRequest ?? 0} is recorded as judged for ${app} in ${environment}, and was merged by a person while its check was not green`)];
}

/** Between two sweeps, and the look that comes of it. */
const UNNOTICED = 6;

/** L10: nothing waits for a window, and nothing else, that has been open for a while. */
export const everyOpeningUsed: Hope = {
  invariants: ["L10"],
  look: (view) =>
    [...view.facts().pulls.values()]
      .filter(({ state, base, author }) => state === "open" && base === MAIN && author.kind === "app")
      .filter(({ head }) => /^Waiting: a window of \S+ to open, until [^(]*$/.test(view.facts().checks.get(head)?.at(-1)?.title ?? ""))
      .filter(({ headRef }) => hasBeenOpen(view, placeOfBranch(headRef).split("/")[0] ?? ""))
      .map(({ number }) => breach("L10", `#${number} waits for a window, which has been open for ${UNNOTICED} minutes`)),
};

function hasBeenOpen(view: WorldView, environment: string): boolean {
  const { windows = [] } = environmentAt(view, view.facts().branches.get(MAIN) ?? "", environment) ?? {};
  return Array.from({ length: UNNOTICED + 1 }, (_, minutes) => view.now() - minutes * MINUTE).every((at) => isOpen(windows, at));
}
