import type { Unknown } from "../answer.ts";
import type { BranchRule, BranchSetup, RulesetSetup, SetupFacts } from "./facts.ts";

export type RuleOf<K extends BranchRule["kind"]> = Extract<BranchRule, { readonly kind: K }>;

/** The rules of one kind, as far as they could be read. */
export function rulesOf<K extends BranchRule["kind"]>(branch: BranchSetup, kind: K): readonly RuleOf<K>[] {
  return branch.rules.known ? branch.rules.value.filter((rule): rule is RuleOf<K> => rule.kind === kind) : [];
}

/** Why not all is known of a branch's rules, and what the question takes, or null. */
export function untold({ rules, classic }: BranchSetup): { readonly answer: Unknown; readonly needs: string } | null {
  if (!rules.known) return { answer: rules, needs: "metadata: read" };
  return classic.known ? null : { answer: classic, needs: "contents: read" };
}

/** The ruleset that a rule comes from, or null where it could not be read. */
export function rulesetOf(facts: SetupFacts, rule: BranchRule): RulesetSetup | null {
  const ruleset = facts.rulesets.get(rule.ruleset);
  return ruleset?.known === true ? ruleset.value : null;
}

/** Whether a rule binds the App when it merges. Null: it could not be told whether the App may go past it. */
export function bindsApp(facts: SetupFacts, rule: BranchRule): boolean | null {
  const bypasses = rulesetOf(facts, rule)?.appBypasses ?? "untold";
  return bypasses === "untold" ? null : bypasses === "never";
}

/** Of several, the strictest answer: one that binds, then one of which it cannot be told. */
export function anyBindsApp(facts: SetupFacts, rules: readonly BranchRule[]): boolean | null {
  const answers = rules.map((rule) => bindsApp(facts, rule));
  return answers.includes(true) ? true : answers.includes(null) ? null : false;
}

/** Where a rule can be changed: its own page, or the list of all. */
export function pageOfRule(facts: SetupFacts, rule: BranchRule | undefined): string {
  return (rule === undefined ? null : rulesetOf(facts, rule)?.page) ?? rulesPage(facts);
}

export function rulesPage({ page }: SetupFacts): string {
  return `${page}/settings/rules`;
}

export function classicPage({ page }: SetupFacts): string {
  return `${page}/settings/branches`;
}
