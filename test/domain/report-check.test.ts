import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Facts } from "../../src/domain/facts.ts";
import type { Gate } from "../../src/domain/policy.ts";
import { evaluatePolicies, judge, policiesInForce } from "../../src/domain/policy/evaluate.ts";
import {
  checkContent,
  configOnlyCheck,
  configProblemsCheck,
  noPinsCheck,
  refusedCheck,
  unknownCheck,
} from "../../src/domain/report/check.ts";
import type { CheckedPromotion } from "../../src/domain/report/gate-table.ts";
import { HOUR, NOW, soundFacts } from "../policies/sound-facts.ts";

const shipped = await loadShippedPolicies();

function checked(facts: Facts): CheckedPromotion {
  const gates = evaluatePolicies({ policies: policiesInForce(shipped.policies, new Map()) }, facts);
  const { app, environment, version, from_version, kind } = facts.promotion;
  return { app, environment, version, fromVersion: from_version, kind, gates, judgement: judge(gates) };
}

function ofGates(gates: readonly Gate[]): CheckedPromotion {
  const place = { app: "checkout", environment: "prod", version: "1.4.2", fromVersion: "1.4.1" };
  return { ...place, kind: "promotion", gates, judgement: judge(gates) };
}

const check = (facts: Facts) => checkContent({ promotions: [checked(facts)], notes: [] });

const unapproved = { required: 1, count: 0, by: [], who: "team sre", ignored: [], changes_requested_by: [], owners_by: [], owners_missing: [] };
const soaking = [{ environment: "staging", verified: true, bad: false, soaked_for: 0, soak: HOUR, soaked_at: NOW + HOUR, soak_lost: false }];

describe("the check of a promotion", () => {
  it("that passes", () => {
    const { fingerprint, ...rest } = check(soundFacts());
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toMatchInlineSnapshot(`
      {
        "conclusion": "success",
        "status": "completed",
        "summary": "### \`checkout\` \`1.4.1\` → \`1.4.2\` in \`prod\`

      | Gate | Result | Why | Until |
      | :-- | :-- | :-- | :-- |
      | approvals | ✅ passed | approved by bob |  |
      | digest-served | ✅ passed | the registry has every pinned digest |  |
      | freeze | ✅ passed | prod is not frozen |  |
      | no-downgrade | ✅ passed | 1.4.2 is not older than 1.4.1 |  |
      | one-rollout | ✅ passed | no other release is being rolled out |  |
      | paused | ✅ passed | not paused |  |
      | pins-only | ✅ passed | only pins change |  |
      | quarantine | ✅ passed | it did not go bad, and no image is in quarantine |  |
      | soak | ✅ passed | soaked in staging |  |
      | upstream-verified | ✅ passed | verified in staging |  |
      | window | ✅ passed | prod is open until 2026-11-21 15:00 UTC |  |

      Not applicable here: target-pullable.

      <details>
      <summary>What the gates ask for</summary>

      - **approvals**: Enough of the people who may approve have approved exactly this change, and none of them asks for changes. Whoever asked for the promotion, and whoever wrote the change, does not count. Where code owners are asked for, so has an owner of each changed file that has any.
      - **digest-served**: Every image is pinned by its digest, and the registry has an image with exactly that digest.
      - **freeze**: Nobody has stopped the line for this environment.
      - **no-downgrade**: A promotion brings a version that is newer than the one running, or the same. Going back is what a revert is for.
      - **one-rollout**: Only one release of an app is rolled out in an environment at a time, so that it is clear which one is to blame.
      - **paused**: Promotions of this app into this environment are not paused in .github/pinion.yaml.
      - **pins-only**: The change sets image pins and nothing else. A revert may also write down that the bad digest must not come back.
      - **quarantine**: This release has not gone bad here or further up, and none of its images is in quarantine.
      - **soak**: The release has run in the environments before this one for as long as \`soak:\` asks, so that slow faults can show there.
      - **upstream-verified**: The release has been verified in every environment that comes before this one, and has not gone bad there since.
      - **window**: Promotions into this environment are merged only while its windows are open, when people are there to see what comes of it.

      </details>",
        "title": "All 11 gates passed",
      }
    `);
  });

  it("that waits for a person and for time names the person first", () => {
    const { title, summary, status, conclusion } = check(soundFacts({ approvals: unapproved, upstream: soaking }));
    expect({ title, status, conclusion }).toEqual({
      title: "Waiting: 1 approval from team sre (and 1 more)",
      status: "in_progress",
      conclusion: null,
    });
    expect(summary.split("\n").slice(0, 7)).toMatchInlineSnapshot(`
      [
        "### \`checkout\` \`1.4.1\` → \`1.4.2\` in \`prod\`",
        "",
        "| Gate | Result | Why | Until |",
        "| :-- | :-- | :-- | :-- |",
        "| approvals | ⏳ waiting | 1 approval from team sre |  |",
        "| soak | ⏳ waiting | the soak of 1 h in staging | 2026-11-21 15:00 UTC |",
        "| digest-served | ✅ passed | the registry has every pinned digest |  |",
      ]
    `);
  });

  it.each<[what: string, facts: Facts, title: string, conclusion: string | null]>([
    ["waits for a time", soundFacts({ upstream: soaking }), "Waiting: the soak of 1 h in staging, until 2026-11-21 15:00 UTC", null],
    ["fails", soundFacts({ quarantine: { hits: ["sha256:bbbb"] } }), "Blocked: 1 image in quarantine: sha256:bbbb", "failure"],
    [
      "fails and waits",
      soundFacts({ quarantine: { hits: ["sha256:bbbb"] }, approvals: unapproved }),
      "Blocked: 1 image in quarantine: sha256:bbbb (and 1 more)",
      "failure",
    ],
    [
      "does not know",
      soundFacts({ registry: { unknown: "ghcr.io did not answer within 10 s" }, approvals: unapproved }),
      "Waiting: digest-served is unknown: ghcr.io did not answer within 10 s (and 1 more)",
      null,
    ],
    [
      "passes with a warning",
      soundFacts({ promotion: { origin: "person" }, change: { pins_only: false, other_files: ["README.md"], conflicts: false } }),
      "10 gates passed, with 1 warning",
      "success",
    ],
  ])("that %s", (_what, facts, title, conclusion) => {
    const content = check(facts);
    expect([content.title, content.conclusion]).toEqual([title, conclusion]);
    expect(content.status).toBe(conclusion === null ? "in_progress" : "completed");
  });

  it("puts what waits for somebody before what ends by itself, whatever their order", () => {
    const gate = { description: "", enforce: "block", result: "wait", facts: [] } as const;
    const gates: readonly Gate[] = [
      { ...gate, policy: "soak", reason: "the soak", until: NOW },
      { ...gate, policy: "freeze", reason: "the thaw", until: null },
    ];
    expect(checkContent({ promotions: [ofGates(gates)], notes: [] }).title).toBe("Waiting: the thaw (and 1 more)");
  });

  it("shows a warning as one, with its word", () => {
    const change = { pins_only: false, other_files: ["README.md"], conflicts: false };
    const facts = soundFacts({ promotion: { origin: "person" }, change });
    expect(check(facts).summary).toContain("| pins-only | ⚠️ failed (only a warning) | more than pins changes: README.md |  |");
  });

  it("stays open when no gate applies", () => {
    const gates: readonly Gate[] = [{ policy: "soak", description: "", enforce: "block", reason: "", facts: [], result: "not-applicable" }];
    expect(checkContent({ promotions: [ofGates(gates)], notes: [] })).toMatchObject({
      status: "in_progress",
      conclusion: null,
      title: "Waiting: no gate applies, so nothing has judged this",
      summary: "### `checkout` `1.4.1` → `1.4.2` in `prod`\n\nNo gate applies.\n\nNot applicable here: soak.",
    });
    expect(checkContent({ promotions: [], notes: [] })).toMatchObject({ status: "in_progress", title: "Waiting: Nothing has been judged" });
  });

  it("is as bad as the worst of several promotions, which comes first", () => {
    const good = checked(soundFacts({ promotion: { app: "cart" } }));
    const waiting = checked(soundFacts({ upstream: soaking }));
    const failing = checked(soundFacts({ promotion: { app: "search" }, quarantine: { hits: ["sha256:b"] } }));
    const both = checkContent({ promotions: [good, waiting], notes: [] });
    expect(both.title).toBe("Waiting: checkout in prod: the soak of 1 h in staging, until 2026-11-21 15:00 UTC");
    const all = checkContent({ promotions: [good, waiting, failing], notes: [] });
    expect([all.title, all.conclusion]).toEqual(["Blocked: search in prod: 1 image in quarantine: sha256:b (and 1 more)", "failure"]);
    expect(all.summary.match(/^### `\w+`/gm)).toEqual(["### `search`", "### `checkout`", "### `cart`"]);
    expect(checkContent({ promotions: [good, good], notes: [] }).title).toBe("All 22 gates passed for 2 promotions");
  });

  it("says the same an hour later when nothing has happened, and something else when something has", () => {
    const long = { ...soaking[0], environment: "staging", verified: true, bad: false, soak: 4 * HOUR, soaked_at: NOW + 3 * HOUR, soak_lost: false };
    const early = check(soundFacts({ upstream: [{ ...long, soaked_for: HOUR }] }));
    const late = check(soundFacts({ now: NOW + HOUR, upstream: [{ ...long, soaked_for: 2 * HOUR }] }));
    expect(late).toEqual(early);
    expect(check(soundFacts({ upstream: soaking })).fingerprint).not.toBe(early.fingerprint);
  });

  it("shows notes first", () => {
    const content = checkContent({ promotions: [checked(soundFacts())], notes: ["Somebody else changed this branch."] });
    expect(content.summary.startsWith("- Somebody else changed this branch.\n\n### ")).toBe(true);
  });

  it("stays a table whatever the reasons hold", () => {
    const reason = "x | y `|` @everyone\n| a | b | --> <script> fixes #1";
    const gates: readonly Gate[] = [{ policy: "p|q", description: reason, enforce: "block", reason, facts: [], result: "fail" }];
    const { summary, title } = checkContent({ promotions: [{ ...ofGates(gates), app: "a|b`c", version: "v\n|" }], notes: [reason] });
    const rows = summary.split("\n").filter((line) => line.startsWith("| "));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row.split("|")).toHaveLength(6);
    expect(summary).not.toMatch(/@everyone|<script>|(?<!&)#1/);
    expect(title).not.toContain("\n");
  });

  it("keeps to GitHub's limits and says what it left out", () => {
    const reason = "| ".repeat(500);
    const gates = Array.from({ length: 200 }, (_, index): Gate => {
      return { policy: `p-${index}`, description: reason, enforce: "block", reason, facts: [], result: "fail" };
    });
    const content = checkContent({ promotions: [ofGates(gates), ofGates(gates)], notes: [] });
    expect(content.title.length).toBeLessThanOrEqual(255);
    expect(content.title.endsWith(" (and 399 more)")).toBe(true);
    expect(content.summary.length).toBeLessThanOrEqual(65_000);
    expect(content.summary.endsWith("Everything was judged all the same.")).toBe(true);
  });
});

describe("the check of another pull request", () => {
  it.each([
    [noPinsCheck(), "completed", "success", "No pins change"],
    [noPinsCheck(["`base.yaml` changes what cart runs in dev."]), "completed", "success", "No pins that Pinion promotes change, but others do"],
    [configOnlyCheck(), "completed", "success", "Pinion's configuration and policies can be read, and no pins change"],
    [refusedCheck("It conflicts in a.yaml."), "completed", "action_required", "Needs a person: It conflicts in a.yaml"],
    [unknownCheck("Pinion has not read this pull request yet."), "in_progress", null, "Waiting: Pinion has not read this pull request yet"],
    [
      configProblemsCheck([{ line: 4, column: 3, message: "`soack` is not known; did you mean `soak`?" }]),
      "completed",
      "action_required",
      "1 problem in .github/pinion.yaml: line 4: `soack` is not known; did you mean `soak`?",
    ],
  ])("%#", (content, status, conclusion, title) => {
    expect([content.status, content.conclusion, content.title]).toEqual([status, conclusion, title]);
    expect(content.summary).not.toBe("");
  });

  it("lists every problem of the configuration with its place", () => {
    const problems = [
      { line: 4, column: 3, message: "`soack` is not known; did you mean `soak`?" },
      { line: 9, column: 1, message: "two | pipes" },
    ];
    expect(configProblemsCheck(problems).summary).toMatchInlineSnapshot(`
      "\`.github/pinion.yaml\` cannot be used. Until it is mended, nothing is promoted.

      | Line:column | Problem |
      | :-- | :-- |
      | 4:3 | \`soack\` is not known; did you mean \`soak\`? |
      | 9:1 | two &#124; pipes |"
    `);
  });

  it("differs in its fingerprint whenever anything in it differs", () => {
    const others = [refusedCheck("a"), unknownCheck("a"), refusedCheck("b")];
    const contents = [noPinsCheck(), configOnlyCheck(), configOnlyCheck("other.yaml"), ...others];
    expect(new Set(contents.map((content) => content.fingerprint)).size).toBe(contents.length);
  });
});
