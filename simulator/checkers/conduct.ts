/**
 * How the App behaves: S27 (it pushes to no protected branch, and never over commits of others), S28 (it approves nothing),
 * that nothing happens inside of it that nobody foresaw (X1: its journal names an error that no port has explained), and that it does
 * not go on saying the same (X2). A few times may happen, where an answer was lost or a process died.
 */
import type { WorldEvent } from "../events.ts";
import { LOG, MAIN } from "../facts.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import type { Oid } from "../../src/domain/release.ts";
import { breach } from "./reading.ts";

export const conductChecker: Checker = {
  invariants: ["S27", "S28", "X1", "X2"],
  see(event, view) {
    if (event.kind === "reviewed" && event.by.kind === "app") return [breach("S28", `the App reviewed #${event.pull}`)];
    if (event.kind === "commented" && event.by.kind === "app") return repeated(event, view);
    if (event.kind === "bewildered") return [breach("X1", event.message)];
    if (event.kind !== "moved" || event.by.kind !== "app") return [];
    const { branch, from, to } = event;
    if (branch === MAIN) return [breach("S27", "the App pushed to the default branch")];
    if (from === null || branch === LOG || (to !== null && view.isAncestor(from, to))) return [];
    const foreign = foreignOn(view, from);
    return foreign === null ? [] : [breach("S27", `the App took ${branch} away from the commit ${foreign.slice(0, 8)} of somebody else`)];
  },
};

const OFTEN = 6;

function repeated({ pull: number, body }: Extract<WorldEvent, { readonly kind: "commented" }>, view: WorldView): readonly Breach[] {
  const same = view.facts().pulls.get(number)?.comments.filter((comment) => comment.author.kind === "app" && comment.body === body) ?? [];
  return same.length < OFTEN ? [] : [breach("X2", `the App has said the same on #${number} ${same.length} times`)];
}

/** A commit that only this branch has, and that is not the App's. */
function foreignOn(view: WorldView, head: Oid): Oid | null {
  const main = view.facts().branches.get(MAIN) ?? "";
  for (let oid: Oid | undefined = head; oid !== undefined && !view.isAncestor(oid, main); oid = view.commit(oid)?.parents[0]) {
    if (view.commit(oid)?.own !== true) return oid;
  }
  return null;
}
