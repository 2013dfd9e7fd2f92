/** What is made of the cluster and of its metrics. */
import { mutant, type Mutant } from "./mutant.ts";

const ROLLOUT = "src/domain/rollout.ts";
const PROGRESS = "src/domain/progress.ts";
const SLO = "src/domain/slo.ts";

export const VERDICTS: readonly Mutant[] = [
  mutant("healthy for a moment is deployed", ["S15"], ROLLOUT, "HEALTHY_FOR: Milliseconds = 10_000;", "HEALTHY_FOR: Milliseconds = -1_000;"),
  {
    name: "what is at another commit is deployed",
    edits: [
      { file: ROLLOUT, text: "if (!observed.includesCommit) return pending(", replacement: "if (!observed.includesCommit) return healthy(status, wanted.mergedAt + 60_000);\n  if (wanted.mergedAt < 0) return pending(" },
      // Behind it, the images of the pods are looked at.
      { file: PROGRESS, text: `if (other === null) draft.record({ ...base, event: "deployed",`, replacement: `if (other === null || draft.now > 0) draft.record({ ...base, event: "deployed",` },
    ],
    invariants: ["S15"],
  },
  mutant("a failed sync is not seen", ["L5", "S15"], ROLLOUT, `if (operation.phase !== "Failed" && operation.phase !== "Error") return null;`, `if (operation.phase !== "Error") return null;`),
  mutant("a sync of something else counts", ["S16"], ROLLOUT, "if (operation === null || !isOfRelease(status, wanted)) return null;", "if (operation === null) return null;"),
  mutant("the deadline is over at once", ["S16"], PROGRESS, "Math.max(stay.since, verdict.begunAt) + environment.deadline) {", "Math.max(stay.since, verdict.begunAt)) {"),
  mutant("there is no deadline", ["L5"], PROGRESS, `if (!stay.missedDeadline && verdict.begunAt !== undefined`, `if (stay.missedDeadline && verdict.begunAt !== undefined`),
  mutant("a flap is degraded", ["S16"], PROGRESS, "if (draft.now < since + DEGRADED_FOR) {", "if (draft.now < since) {"),
  mutant("what was degraded before it came is held against it", ["S16"], PROGRESS, "if (since < Math.max(stay.since, rolledOutAt)) {", "if (since < 0) {"),
  mutant("what cannot be seen is degraded", ["S16"], "src/domain/rollout-question.ts", `if (!answer.known) return { verdict: "unknown", reason: answer.reason };`, `if (!answer.known) return { verdict: "degraded", reason: answer.reason, since: wanted.since };`),
  mutant("what cannot be seen is deployed", ["S15", "S16"], "src/domain/rollout-question.ts", `if (!answer.known) return { verdict: "unknown", reason: answer.reason };`, `if (!answer.known) return { verdict: "deployed", reason: answer.reason };`),
  mutant("a metric that cannot be told is a breach", ["S16"], SLO, "if (!total.ok) return cannotTell(total.reason);", `if (!total.ok) return { verdict: "bad", evidence: total.reason };`),
  mutant("a metric that cannot be told is good", ["S16"], SLO, "if (!total.ok) return cannotTell(total.reason);", `if (!total.ok) return { verdict: "good", evidence: total.reason };`),
  mutant("errors are never too many", ["S16"], SLO, "if (measured.burn <= factor) return {", "if (measured.burn >= 0) return {"),
  mutant("what was so before the release is held against it", ["S17"], SLO, "if (before.burn > factor) {", "if (before.burn < 0) {"),
  mutant("the watch is not waited for", ["S16"], PROGRESS, "  if (draft.now < end) return;\n", ""),
  mutant("what stopped running well is verified", ["S16"], PROGRESS, `  if (verdict.verdict !== "deployed") {\n    draft.block(app, environment.name, \`the watch`, `  if (verdict.verdict === "superseded") {\n    draft.block(app, environment.name, \`the watch`),
  mutant("where the SLO cannot be told, the rollout is enough", ["S16"], PROGRESS, `    case "no-slo":\n    case "low-traffic":`, `    case "no-slo":\n    case "cannot-tell":\n    case "low-traffic":`),
  mutant("nothing is ever verified", ["L5"], PROGRESS, `    case "good":\n      draft.record(`, `    case "good":\n      void (() => draft.record)(`),
];
