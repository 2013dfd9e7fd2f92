/** What the policies let through, and how their results come together. */
import { mutant, type Mutant } from "./mutant.ts";

const EVALUATE = "src/domain/policy/evaluate.ts";

export const GATES: readonly Mutant[] = [
  mutant(
    "an unknown fact passes a gate",
    ["S6", "S9", "S10", "S11", "S16"],
    EVALUATE,
    `return missing === null ? decide(policy, facts, known) : { result: "unknown", reason: missing };`,
    `return missing === null ? decide(policy, facts, known) : { result: "pass", reason: missing };`,
  ),
  mutant(
    "an unknown gate lets through",
    ["S16"],
    EVALUATE,
    `if (applicable.some((gate) => gate.result === "unknown")) return { outcome: "unknown" };`,
    "",
  ),
  mutant("a gate that waits lets through", ["S16"], EVALUATE, `if (waits.length === 0) return`, `if (waits.length >= 0) return`),
  mutant("a gate that fails lets through", ["S16"], EVALUATE, `if (applicable.some((gate) => gate.result === "fail")) return { outcome: "fail" };`, ""),
  mutant("freezes are skipped", ["S11"], "policies/freeze.yaml", "wait: freeze.active", "wait: freeze.active && false"),
  mutant("pauses are skipped", ["S11"], "policies/paused.yaml", "wait: paused.active", "wait: paused.active && false"),
  mutant(
    "the quarantine is skipped",
    ["S9"],
    "policies/quarantine.yaml",
    `pass: quarantine.hits.size() == 0 && promotion.went_bad == ""`,
    `pass: promotion.went_bad == ""`,
  ),
  mutant(
    "a quarantine for some environments holds in none",
    ["S9"],
    "src/domain/promotion-facts.ts",
    "entry.environments.length === 0 || entry.environments.includes(promotion.environment.name)",
    "entry.environments.length === 0",
  ),
  mutant(
    "a downgrade passes",
    ["S14"],
    "policies/no-downgrade.yaml",
    `pass: order.direction == "up" || order.direction == "same"`,
    `pass: order.direction != "unordered"`,
  ),
  mutant("nothing need soak", ["S10"], "src/domain/ledger.ts", "soakedFor = Math.max(soakedFor, Math.max(0, (run.endedAt ?? now) - run.deployedAt));", "soakedFor = Math.max(soakedFor, soak);"),
  mutant("what was replaced soaks on", ["S10"], "src/domain/ledger.ts", "Math.max(0, (run.endedAt ?? now) - run.deployedAt)", "Math.max(0, now - run.deployedAt)"),
  mutant("nothing need be verified upstream", ["S10"], "src/domain/promotion-facts.ts", "verified: run !== undefined,", "verified: true,"),
  mutant(
    "it is enough that the first environment before has it",
    ["S10"],
    "src/domain/promotion-facts.ts",
    "for (const name of environment.after) {",
    "for (const name of environment.after.slice(0, 1)) {",
  ),
];
