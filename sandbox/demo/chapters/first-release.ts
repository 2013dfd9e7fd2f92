import { section } from "../markdown.ts";
import { diffOf, messageOf, PINION, proveMerged, proveVerified, short } from "../promotion.ts";
import { fileOf, MINUTE, present } from "../stage.ts";
import type { Step } from "../steps.ts";
import { tellCheck, type Telling } from "../telling.ts";

const DEV = { environment: "dev", from: "1.4.1", to: "1.4.2" } as const;
const STAGING = { ...DEV, environment: "staging" } as const;

/** One release on its way through the environments that take it by themselves. */
export function firstRelease(telling: Telling): readonly Step[] {
  return [opens(telling), merges(telling), runs(telling), follows(telling)];
}

function opens({ stage, paper }: Telling): Step {
  return {
    name: "a push opens a pull request",
    play: async (proof) => {
      paper.chapter(2, "A new release comes into dev");
      paper.event(stage.now, "A build pushes the image checkout:1.4.2, and the registry tells Pinion by webhook.");
      const pushedAt = stage.now;
      await stage.push("1.4.2");
      const pull = stage.pullRequest("Promote checkout 1.4.2 to dev");
      paper.event(pull.createdAt, `Pinion asks the registry for the digest, and opens #${pull.number}: ${pull.title}`);
      paper.markdown(pull.body ?? "");
      paper.say("The check Pinion on it shows every gate:");
      tellCheck({ stage, paper }, pull, { all: true });
      proof.that("the webhook was heard: the pull request was there within seconds", pull.createdAt - pushedAt < MINUTE);
      proof.equal("it is the only one, and by the App", [stage.pullRequests.length, pull.author.login], [1, PINION]);
      return { pull_request: pull.number, title: pull.title, check: stage.check(pull).output.title };
    },
  };
}

function merges({ stage, paper }: Telling): Step {
  return {
    name: "dev takes it by itself",
    play: async (proof) => {
      const pull = stage.pullRequest("Promote checkout 1.4.2 to dev");
      paper.event(
        present(pull.mergedAt, "the time of the merge"),
        "dev says merge: auto, so Pinion merges it. It names the commit that was judged, and GitHub would refuse any other. On main " +
          "there is now:",
      );
      const commit = await proveMerged(stage, proof, pull, DEV);
      paper.quote(await messageOf(stage, commit));
      paper.say(`It changes two lines of ${fileOf("dev")}:`);
      paper.diff(await diffOf(stage, commit, "dev"));
      return { pull_request: pull.number, commit };
    },
  };
}

function runs({ stage, paper }: Telling): Step {
  return {
    name: "dev runs it well",
    play: async (proof) => {
      const deployed = await stage.untilRecorded("deployed", "dev", "1.4.2");
      paper.event(deployed.at, `Argo CD has rolled it out. Pinion's log: deployed, ${deployed.evidence}.`);
      const verified = await proveVerified(stage, proof, DEV);
      paper.event(verified.at, `Ten minutes of watching are over. Pinion's log: verified, ${verified.evidence}.`);
      return { commit: deployed.commit, evidence: verified.evidence };
    },
  };
}

function follows({ stage, paper }: Telling): Step {
  return {
    name: "staging follows",
    play: async (proof) => {
      paper.chapter(3, "What did well in dev moves on to staging");
      const pull = stage.pullRequest("Promote checkout 1.4.2 to staging");
      paper.event(pull.createdAt, `At once Pinion opens #${pull.number}: ${pull.title}. What is new in its text:`);
      paper.markdown(section(pull.body ?? "", "Why"));
      tellCheck({ stage, paper }, pull);
      const commit = present(pull.mergeCommit, `a merge commit of #${pull.number}`);
      paper.event(present(pull.mergedAt, "the time of the merge"), `Merged, as ${short(commit)}.`);
      await proof.together("1.4.2 was judged, merged, rolled out and verified in staging in the same way", async (each) => {
        await proveMerged(stage, each, pull, STAGING);
        await proveVerified(stage, each, STAGING);
      });
      const verified = await stage.record("verified", "staging", "1.4.2");
      paper.event(verified.at, "Rolled out, watched, verified.");
      return { pull_request: pull.number, commit, evidence: verified.evidence };
    },
  };
}
