import { timeOf } from "../paper.ts";
import { PINION, proveFile, proveMerged, proveRunning, proveVerified, verdict } from "../promotion.ts";
import { HOUR, MINUTE, present } from "../stage.ts";
import type { Step } from "../steps.ts";
import { clipped, tellCheck, type Telling } from "../telling.ts";

const BAD = { from: "1.4.2", to: "1.4.3" } as const;
const TITLE = "Promote checkout 1.4.3 to prod";
const REVERT = "Revert checkout in prod to 1.4.2";

/** A release that does well everywhere but in prod, and what becomes of it. */
export function badRelease(telling: Telling): readonly Step[] {
  return [goesIn(telling), breaks(telling), goesBack(telling), runsAgain(telling), staysOut(telling)];
}

function goesIn({ stage, paper }: Telling): Step {
  return {
    name: "the next release goes the same way",
    play: async (proof) => {
      paper.chapter(5, "A bad release comes, and is taken back");
      await stage.world.pass(20 * MINUTE);
      paper.event(stage.now, "A build pushes checkout:1.4.3, which goes the same way:");
      await stage.push("1.4.3");
      const lines: string[] = [];
      await proof.together("1.4.3 was judged, merged, rolled out and verified in dev and staging in the same way", async (each) => {
        for (const environment of ["dev", "staging"] as const) {
          const verified = await proveVerified(stage, each, { ...BAD, environment });
          const pull = stage.pullRequest(`Promote checkout 1.4.3 to ${environment}`);
          await proveMerged(stage, each, pull, { ...BAD, environment });
          lines.push(`#${pull.number}  ${pull.title}: merged, and verified at ${timeOf(verified.at)}`);
        }
      });
      const { number } = stage.pullRequest("Promote checkout 1.4.3 to staging");
      await stage.person("alice", (alice) => alice.label(number, "promote:prod"));
      const pull = stage.pullRequest(TITLE);
      await stage.person("bob", (bob) => bob.approve(pull.number));
      await stage.until(`#${pull.number} is merged`, () => pull.mergedAt !== null, 2 * HOUR);
      await proof.together("it was judged and merged in prod in the same way", async (each) => {
        await proveMerged(stage, each, pull, { ...BAD, environment: "prod" });
      });
      lines.push(`#${pull.number}  ${pull.title}: asked for by alice, approved by bob, soaked, and merged at ${timeOf(stage.now)}`);
      paper.quote(lines);
      return { pull_request: pull.number };
    },
  };
}

function breaks({ stage, paper }: Telling): Step {
  return {
    name: "it breaks the SLO",
    play: async (proof) => {
      const deployed = await stage.untilRecorded("deployed", "prod", "1.4.3");
      stage.serve("prod", 0.04);
      paper.event(deployed.at, "It rolls out in prod, and every pod is healthy. But one request in 25 fails.");
      const breached = await stage.untilRecorded("breached", "prod", "1.4.3");
      const seconds = Math.round((breached.at - deployed.at) / 1000);
      paper.event(breached.at, `Pinion, which watches the SLO, sees it ${seconds} seconds later, and notes the breach.`);
      proof.equal("the log has the breach, of exactly this commit", breached.commit, deployed.commit);
      proof.that("it was noticed within minutes", breached.at - deployed.at < 5 * MINUTE);
      return { evidence: breached.evidence };
    },
  };
}

function goesBack({ stage, paper }: Telling): Step {
  return {
    name: "a revert is opened and merged",
    play: async (proof) => {
      const pull = stage.pullRequest(REVERT);
      paper.event(pull.createdAt, `prod says rollback: auto, so Pinion opens #${pull.number}: ${pull.title}`);
      const body = (pull.body ?? "").split("### What happens next")[0] ?? "";
      paper.markdown(body);
      tellCheck({ stage, paper }, pull);
      const commit = present(pull.mergeCommit, "a merge commit of the revert");
      proof.equal(`#${pull.number} was merged by Pinion`, pull.mergedBy?.login, PINION);
      paper.event(present(pull.mergedAt, "the time of the merge"), "A way back needs no soak, and here no approval. It is merged at once.");
      await proveFile(stage, proof, commit, { environment: "prod", from: "1.4.3", to: "1.4.2" });
      return { pull_request: pull.number, title: pull.title, commit };
    },
  };
}

function runsAgain({ stage, paper }: Telling): Step {
  return {
    name: "prod runs the former release again",
    play: async (proof) => {
      const deployments = () => stage.recordsOf("deployed", "prod", "1.4.2");
      await stage.until("1.4.2 runs in prod again", async () => (await deployments()).length === 2, 20 * MINUTE);
      stage.serve("prod", 0);
      const again = present((await deployments()).at(-1), "the second deployment of 1.4.2");
      const breached = await stage.record("breached", "prod", "1.4.3");
      const seconds = Math.round((again.at - breached.at) / 1000);
      paper.event(again.at, `1.4.2 runs in prod again, ${seconds} seconds after the breach was noted. This file came with the revert:`);
      const digest = stage.digest("1.4.3");
      const path = `.github/pinion/quarantine/checkout-${digest.slice(7, 19)}.yaml`;
      const file = await stage.onMain(path);
      paper.quote([path, "", ...file.trimEnd().split("\n").map((line) => (line.startsWith("reason:") ? clipped(line) : line))]);
      await proveRunning(stage, proof, "prod", "1.4.2");
      proof.that("the bad digest is in quarantine for prod", file.includes(digest) && file.includes("- prod"), file);
      const events = (await stage.records()).map(({ event }) => event);
      const once = ["reverted", "quarantined", "held"].map((name) => events.filter((event) => event === name).length);
      proof.equal("the log has the revert, the quarantine and a hold on prod, once each", once, [1, 1, 1]);
      return { quarantine: path };
    },
  };
}

function staysOut({ stage, paper }: Telling): Step {
  return {
    name: "the bad release does not come back",
    play: async (proof) => {
      await stage.world.pass(30 * MINUTE);
      const { number } = stage.pullRequest("Promote checkout 1.4.3 to staging");
      proof.equal("for half an hour 1.4.3 was not offered again", stage.titled(TITLE).length, 1);
      paper.event(
        stage.now,
        `alice asks for 1.4.3 once more, by the comment "/pinion promote checkout prod" on #${number}. She gets her pull request, and ` +
          "sees that it is blocked:",
      );
      await stage.person("alice", (alice) => alice.comment(number, "/pinion promote checkout prod"));
      const again = present(stage.titled(TITLE)[1], "a second pull request for 1.4.3");
      tellCheck({ stage, paper }, again);
      proof.equal("the quarantine blocks it, even when somebody asks", verdict(stage, again).state, "failure");
      paper.event(stage.now, `She closes #${again.number}, which withdraws it:`);
      await stage.person("alice", (alice) => alice.closePullRequest(again.number));
      paper.markdown(present(stage.comments(again.number).at(-1), "an answer to alice").body);
      proof.equal("the log has who withdrew it", (await stage.record("withdrawn", "prod", "1.4.3")).by, "alice");
      return { pull_request: again.number };
    },
  };
}
