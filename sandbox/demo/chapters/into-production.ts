import { section } from "../markdown.ts";
import { gate, gatesOf, messageOf, proveMerged, proveVerified } from "../promotion.ts";
import { HOUR, MINUTE, present, type Stage } from "../stage.ts";
import type { Step } from "../steps.ts";
import { hasPassed, tellCheck, type Telling } from "../telling.ts";
import type { PullRequest } from "../../github/model.ts";

const PROD = { environment: "prod", from: "1.4.1", to: "1.4.2" } as const;
const TITLE = "Promote checkout 1.4.2 to prod";
const FREEZE = "The payment provider is down, do not touch prod";

/** The same release on its way into an environment that people guard. */
export function intoProduction(telling: Telling): readonly Step[] {
  return [malloryAsks(telling), aliceAsks(telling), aliceApproves(telling), bobApproves(telling), ...carolStops(telling), runs(telling)];
}

/** The gates that keep a pull request from being merged. */
function holding(stage: Stage, pull: PullRequest): readonly string[] {
  const names = gatesOf(stage, pull).filter((row) => !hasPassed(row)).map((row) => row["Gate"] ?? "");
  return names.toSorted((a, b) => a.localeCompare(b));
}

function malloryAsks({ stage, paper }: Telling): Step {
  return {
    name: "not everybody may ask",
    play: async (proof) => {
      const { number } = stage.pullRequest("Promote checkout 1.4.2 to staging");
      paper.chapter(4, "People let it into prod");
      paper.say("prod says promote: on-request. People ask by putting the label promote:prod on a merged pull request.");
      paper.event(
        stage.now,
        `mallory, who may triage but not write, puts it on #${number}. GitHub lets her. Pinion takes it off again, and comments:`,
      );
      await stage.person("mallory", (mallory) => mallory.label(number, "promote:prod"));
      const answer = present(stage.comments(number).at(-1), "an answer to mallory");
      paper.markdown(answer.body);
      proof.that("mallory is told what is missing", /@mallory.*takes write permission/s.test(answer.body), answer.body);
      proof.equal("the label is off, and no pull request was opened", [stage.labels(number), stage.titled(TITLE).length], [[], 0]);
      return { pull_request: number };
    },
  };
}

function aliceAsks({ stage, paper }: Telling): Step {
  return {
    name: "alice asks for prod",
    play: async (proof) => {
      const { number } = stage.pullRequest("Promote checkout 1.4.2 to staging");
      await stage.world.pass(5 * MINUTE);
      paper.event(stage.now, "alice, who may write, does the same. Pinion answers:");
      await stage.person("alice", (alice) => alice.label(number, "promote:prod"));
      paper.markdown(present(stage.comments(number).at(-1), "an answer to alice").body);
      const pull = stage.pullRequest(TITLE);
      paper.event(pull.createdAt, `#${pull.number}: ${pull.title}. What is new in its text, and its check:`);
      paper.markdown(section(pull.body ?? "", "Why"));
      tellCheck({ stage, paper }, pull);
      const ran = await stage.record("verified", "prod", "1.4.1");
      proof.equal("the log notes that 1.4.1 ran well here before Pinion came, so there is a way back", ran.how, "rollout-only");
      proof.equal("the log knows who asked", (await stage.record("requested", "prod", "1.4.2")).by, "alice");
      const state = [pull.state, holding(stage, pull)];
      proof.equal("it is open, and waits for an approval and the soak", state, ["open", ["approvals", "soak"]]);
      return { pull_request: pull.number, title: pull.title, check: stage.check(pull).output.title };
    },
  };
}

function aliceApproves({ stage, paper }: Telling): Step {
  return {
    name: "alice's own approval does not count",
    play: async (proof) => {
      const pull = stage.pullRequest(TITLE);
      await stage.world.pass(2 * MINUTE);
      paper.event(stage.now, "alice approves it. She is of the team sre, but it was she who asked:");
      await stage.person("alice", (alice) => alice.approve(pull.number));
      const approvals = gate(stage, pull, "approvals");
      paper.quote([`approvals  ${approvals}`]);
      const told = /waiting: 1 approval .*alice \(asked for/.test(approvals);
      proof.that("one approval is still missing, and the check says why", told, approvals);
      return { pull_request: pull.number };
    },
  };
}

function bobApproves({ stage, paper }: Telling): Step {
  return {
    name: "bob's approval counts",
    play: async (proof) => {
      const pull = stage.pullRequest(TITLE);
      await stage.world.pass(3 * MINUTE);
      paper.event(stage.now, "bob, of the team as well, approves it:");
      await stage.person("bob", (bob) => bob.approve(pull.number, "Looks good."));
      tellCheck({ stage, paper }, pull);
      const approvals = gate(stage, pull, "approvals");
      proof.that("his approval counts", approvals.endsWith("passed: approved by bob"), approvals);
      proof.equal("it still waits for the soak, and for nothing else", [pull.state, holding(stage, pull)], ["open", ["soak"]]);
      return { pull_request: pull.number, check: stage.check(pull).output.title };
    },
  };
}

function carolStops({ stage, paper }: Telling): readonly Step[] {
  let issue = 0;
  return [
    {
      name: "a freeze stops the line",
      play: async (proof) => {
        const pull = stage.pullRequest(TITLE);
        await stage.world.pass(10 * MINUTE);
        const openedAt = stage.now;
        issue = await stage.person("carol", (carol) => carol.openIssue(FREEZE, ["freeze:prod"]));
        paper.event(openedAt, `carol opens issue #${issue}, "${FREEZE}", with the label freeze:prod.`);
        await stage.until("the soak is over", () => gate(stage, pull, "soak").includes("passed"), 2 * HOUR);
        await stage.world.pass(5 * MINUTE);
        paper.event(stage.now, "The soak is over. But for the freeze it would be merged by now:");
        tellCheck({ stage, paper }, pull);
        proof.equal("it is open, and the freeze alone holds it", [pull.state, holding(stage, pull)], ["open", ["freeze"]]);
        return { pull_request: pull.number, issue, check: stage.check(pull).output.title };
      },
    },
    {
      name: "closing the issue lets it go",
      play: async (proof) => {
        const pull = stage.pullRequest(TITLE);
        const closedAt = stage.now;
        paper.event(closedAt, `carol closes #${issue}, and Pinion merges #${pull.number}. Its commit says who asked and approved:`);
        await stage.person("carol", (carol) => carol.closeIssue(issue));
        proof.that("the merge came within seconds", pull.mergedAt !== null && pull.mergedAt - closedAt < MINUTE);
        const commit = await proveMerged(stage, proof, pull, PROD);
        paper.quote(await messageOf(stage, commit));
        const { approvals } = await stage.record("judged", "prod", "1.4.2");
        const approved = approvals.map(({ by, commit: of }) => [by, of]);
        proof.equal("the log has bob's approval, of exactly this commit", approved, [["bob", pull.head.oid]]);
        return { pull_request: pull.number, commit };
      },
    },
  ];
}

function runs({ stage, paper }: Telling): Step {
  return {
    name: "prod runs it well",
    play: async (proof) => {
      const { at, evidence } = await proveVerified(stage, proof, PROD);
      paper.event(at, `After half an hour of watching, 1.4.2 is verified in prod: ${evidence}.`);
      return { evidence };
    },
  };
}
