import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Action, Plan } from "../../src/domain/action.ts";
import type { Review } from "../../src/domain/observation.ts";
import { plan } from "../../src/domain/plan.ts";
import { oid, release } from "./releases.ts";
import { START, type WorldBuilder } from "./world-builder.ts";

const policies = await loadShippedPolicies();

export const HOUR = 3_600_000;
export const one = release("1.4.1");
export const two = release("1.4.2");
export const three = release("1.4.3");
export const ALICE = { login: "alice", kind: "user" } as const;
export const BOB = { login: "bob", kind: "user" } as const;

/** Two environments, and an app that selects like this. */
export function configured(select: string): string {
  return `version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 10m }
  staging: { after: dev, promote: auto, merge: auto, watch: 10m }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  checkout: { select: ${select} }
`;
}

export function planned(world: WorldBuilder): Plan {
  return plan(world.observation(), policies, world.knowledge(), world.now);
}

export function actions<K extends Action["kind"]>(world: WorldBuilder, kind: K): readonly Extract<Action, { kind: K }>[] {
  return planned(world).actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind);
}

export function openings(world: WorldBuilder): readonly string[] {
  return actions(world, "open").map(({ title }) => title);
}

export function recorded(world: WorldBuilder): readonly string[] {
  return actions(world, "record").map(({ record }) => record.event);
}

export function reasons(world: WorldBuilder): string {
  return planned(world).blocked.map(({ app, environment, reason }) => `${environment}/${app}: ${reason}`).join("\n");
}

export function approval(by: typeof ALICE | typeof BOB, commit: string | null = oid("c"), state: Review["state"] = "approved"): Review {
  return { id: `R_${by.login}_${state}`, author: by, state, commit, at: START, canPush: true };
}

/** The row of a policy in the table of the check, and whether the promotion is merged. */
export function toldOf(world: WorldBuilder, policy: string): string {
  const [action] = actions(world, "check");
  const row = action?.check.summary.split("\n").find((line) => line.startsWith(`| ${policy} |`)) ?? "| | - none | |";
  const [, , result = "", why = ""] = row.split("|").map((cell) => cell.trim());
  return `${result.replace(/^\S+ /, "")}: ${why}${actions(world, "merge").length > 0 ? ", merged" : ""}`;
}
