/** Who may approve, ask, freeze and thaw. */
import { mutant, type Mutant } from "./mutant.ts";

const FACTS = "src/domain/facts/approvals.ts";
const RIGHTS = "src/domain/facts/people.ts";
const REQUESTS = "src/domain/requests.ts";

export const PEOPLE: readonly Mutant[] = [
  mutant("approvals of an earlier head count", ["S6"], FACTS, "else if (decision.commit !== pullRequest.head.oid) ignored", "else if (decision.commit === null) ignored"),
  mutant("whoever asked may approve", ["S6"], FACTS, `if (requesters.some(is)) return say("asked for this promotion");`, ""),
  mutant(
    "only whoever asked first is known to have asked",
    ["S6"],
    "src/domain/judge-pull-request.ts",
    "return [...asked];",
    "return [...asked].slice(0, 1);",
  ),
  mutant("who asked is forgotten once it is opened", ["S6"], "src/domain/judge-pull-request.ts", "return [...asked];", "return [];"),
  mutant("outsiders may approve", ["S6"], FACTS, `value: write.value ? null : "has no write permission"`, "value: null"),
  mutant("everybody is in the team", ["S6"], FACTS, "if (teams.length === 0 && users.length === 0) return say(null);", "return say(null);"),
  mutant(
    "whoever asks for changes is not heard",
    ["S6"],
    FACTS,
    `else if (decision.state === "changes-requested") changes.push(login);`,
    `else if (decision.state === "changes-requested") ignored.push(login);`,
  ),
  mutant(
    "a dismissed approval counts",
    ["S6"],
    FACTS,
    `if (review.state === "dismissed") latest.set(review.author.login, null);\n    if (review.state !== "approved" && review.state !== "changes-requested") continue;`,
    `if (review.state === "commented") continue;`,
  ),
  mutant("one approval is enough", ["S6"], "policies/approvals.yaml", "|| approvals.count < approvals.required", "|| (approvals.count < 1 && approvals.required > 0)"),
  mutant("nobody need approve", ["S6"], FACTS, `environment.merge === "on-approval" || kind === "hotfix" ? 1 : 0);`, "0) * 0;"),
  mutant("rights are asked once and never again", ["S6", "S22"], RIGHTS, "PEOPLE_MAX_AGE: Milliseconds = 60_000", "PEOPLE_MAX_AGE: Milliseconds = 60_000_000"),
  mutant("whoever may comment may ask", ["S22"], REQUESTS, "if (!WRITERS.has(allowed.value)) {", `if (allowed.value === "none") {`),
  mutant("labels are not heard", ["L1"], REQUESTS, "if (!hasLabel(pullRequest.labels, label)) return [];", "if (label !== null) return [];"),
  mutant("commands are not heard", ["L1"], REQUESTS, "if (command === null) return [];", "if (command !== null || command === null) return [];"),
  mutant("nobody is answered", ["L1"], REQUESTS, "function reply(draft: Draft, wish: Wish, body: string): void {", `function reply(draft: Draft, wish: Wish, body: string): void {\n  if (body !== "") return;`),
  mutant("a request that is granted is not answered", ["L1"], REQUESTS, "if (opened !== null) {\n    const { source: marker, hotfix, pullRequest } = wish;", "if (opened !== null) {\n    if (opened > 0) return;\n    const { source: marker, hotfix, pullRequest } = wish;"),
  mutant(
    "a request that is granted comes to nothing",
    ["L1"],
    "src/domain/ledger.ts",
    "return { ...place, request: record, askers, hotfixes:",
    "return { ...place, askers, hotfixes:",
  ),
  mutant(
    "anybody may thaw what is stopped",
    ["S22"],
    "src/domain/reverts.ts",
    "if (allowed?.known !== true || !WRITERS.has(allowed.value)) return;",
    "if (allowed?.known !== true) return;",
  ),
  mutant("only a freeze by an admin stops the line", ["S11"], "src/domain/promotion-facts.ts", "return mayWrite(draft, event.actor.login);", `return mayWrite(draft, "tom");`),
];
