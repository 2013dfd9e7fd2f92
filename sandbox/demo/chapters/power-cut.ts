import type { PullRequest } from "../../github/model.ts";
import { timeOf } from "../paper.ts";
import { proveMerged, proveRunning, proveVerified } from "../promotion.ts";
import { ENVIRONMENTS, environmentOf, HOUR, MINUTE, present, versionIn, type Stage } from "../stage.ts";
import type { Step } from "../steps.ts";
import type { Telling } from "../telling.ts";

const DEV = { environment: "dev", from: "1.4.3", to: "1.4.4" } as const;
const STAGING = { ...DEV, environment: "staging" } as const;
const PROD = { environment: "prod", from: "1.4.2", to: "1.4.4" } as const;
const TITLE = "Promote checkout 1.4.4 to dev";
const AWAY = 20 * MINUTE;

/** Pinion dies between a merge and knowing of it, and another one takes its place. */
export function powerCut(telling: Telling): readonly Step[] {
  return [dies(telling), comesBack(telling), arrives(telling)];
}

/** The events that the log has of a release in dev, and when they happened. */
async function eventsOf(stage: Stage, version: string): Promise<readonly { readonly event: string; readonly at: number }[]> {
  return (await stage.records()).filter((record) => environmentOf(record) === "dev" && versionIn(record) === version);
}

function dies({ stage, paper }: Telling): Step {
  return {
    name: "the power fails in the middle of a merge",
    play: async (proof) => {
      const { github } = stage.world;
      paper.chapter(6, "The power fails in the middle of a merge");
      paper.event(
        stage.now,
        "A build pushes checkout:1.4.4, which mends the fault. Pinion opens a pull request, every gate passes, it tells GitHub to " +
          "merge, and in that moment its machine dies. GitHub has merged, and Pinion never hears of it:",
      );
      github.webhooks.mode = "drop";
      github.faults.next((method, path) => method === "PUT" && path.endsWith("/merge"), { kind: "drop-after" });
      await stage.pushUntil("1.4.4", () => stage.titled(TITLE)[0]?.mergedAt != null);
      const last = present(github.requests.at(-1), "a last request");
      await stage.world.stop();
      const pull = stage.pullRequest(TITLE);
      const noted = (await eventsOf(stage, "1.4.4")).map(({ event }) => event);
      paper.quote([`on GitHub         #${pull.number} ${pull.title}: merged`, `in Pinion's log   ${noted.join(", ")}`]);
      proof.equal(
        "the merge is the last that GitHub heard of Pinion, and its answer was lost",
        [last.method, last.status, github.requests.at(-1) === last],
        ["PUT", null, true],
      );
      proof.equal("the log does not know of the merge", noted, ["opened", "judged"]);
      return { pull_request: pull.number };
    },
  };
}

function comesBack({ stage, paper }: Telling): Step {
  return {
    name: "another Pinion goes on, and nothing is doubled",
    play: async (proof) => {
      const { webhooks } = stage.world.github;
      const pull = stage.pullRequest(TITLE);
      await stage.world.pass(AWAY);
      const lost = webhooks.log.filter(({ state }) => state === "dropped").length;
      webhooks.mode = "deliver";
      paper.event(
        stage.now,
        `For 20 minutes nobody listens, and ${lost} webhooks are lost. Argo CD needs no Pinion, and has deployed what main says. Then ` +
          "Pinion starts on another machine, with an empty disk. It reads main and the log, sees a merge that the log does not know, " +
          "and goes on. The log now, with the times at which things happened:",
      );
      await proveRunning(stage, proof, "dev", "1.4.4");
      await stage.wake();
      await proof.together("1.4.4 was merged as judged, and was verified by measuring", async (each) => {
        await proveVerified(stage, each, DEV);
        await proveMerged(stage, each, pull, DEV);
      });
      const events = await eventsOf(stage, "1.4.4");
      paper.quote(events.map(({ event, at }) => `${timeOf(at)}  ${event}`));
      const opened = stage.titled(TITLE).length;
      proof.equal("there is one pull request for it, and one commit on main", [opened, await commitsOf(stage, pull)], [1, 1]);
      const usual = namesOf(await eventsOf(stage, "1.4.2"));
      proof.equal("the log has the same events as of 1.4.2, which nothing befell, and each once", namesOf(events), usual);
      return { pull_request: pull.number, webhooks_lost: lost };
    },
  };
}

function namesOf(events: readonly { readonly event: string }[]): readonly string[] {
  return events.map(({ event }) => event).toSorted((a, b) => a.localeCompare(b));
}

/** How many commits on main came from a pull request. */
async function commitsOf(stage: Stage, pull: PullRequest): Promise<number> {
  const { git, defaultBranch } = stage.repository;
  const subjects = await git.text(["log", "--first-parent", "--format=%s", defaultBranch]);
  return subjects.split("\n").filter((subject) => subject === `${pull.title} (#${pull.number})`).length;
}

function arrives({ stage, paper }: Telling): Step {
  return {
    name: "the mended release reaches prod",
    play: async (proof) => {
      await proof.together("1.4.4 was judged, merged, rolled out and verified in staging and prod in the same way", async (each) => {
        await proveVerified(stage, each, STAGING);
        await proveMerged(stage, each, stage.pullRequest("Promote checkout 1.4.4 to staging"), STAGING);
        const { number } = stage.pullRequest("Promote checkout 1.4.4 to staging");
        await stage.person("alice", (alice) => alice.comment(number, "/pinion promote checkout prod"));
        const pull = stage.pullRequest("Promote checkout 1.4.4 to prod");
        await stage.person("bob", (bob) => bob.approve(pull.number));
        await stage.until(`#${pull.number} is merged`, () => pull.mergedAt !== null, 2 * HOUR);
        await proveMerged(stage, each, pull, PROD);
        await proveVerified(stage, each, PROD);
      });
      const { at } = await stage.record("verified", "prod", "1.4.4");
      paper.event(
        at,
        "1.4.4 has come through staging, and alice's request and bob's approval have let it into prod, where it is verified now. The " +
          "hold on prod is over: this is newer than what was taken back.",
      );
      await proof.together("Argo CD runs exactly this digest of 1.4.4 everywhere", async (each) => {
        for (const environment of ENVIRONMENTS) await proveRunning(stage, each, environment, "1.4.4");
      });
      return {};
    },
  };
}
