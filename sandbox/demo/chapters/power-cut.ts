import type { PullRequest } from "../../github/model.ts";
import { timeOf } from "../paper.ts";
import { proveMerged, proveRunning, proveVerified } from "../promotion.ts";
import { ENVIRONMENTS, environmentOf, HOUR, MINUTE, present, versionIn, type EnvironmentName, type Stage } from "../stage.ts";
import { NotSo, type Step } from "../steps.ts";
import type { Telling } from "../telling.ts";

const DEV = { environment: "dev", from: "1.4.3", to: "1.4.4" } as const;
const TITLE = "Promote checkout 1.4.4 to dev";
const AWAY = 20 * MINUTE;

export function powerCut(telling: Telling): readonly Step[] {
  return [dies(telling), comesBack(telling), arrives(telling)];
}

/** The events that the log has of a release in an environment, and when they happened. */
async function eventsOf(stage: Stage, environment: EnvironmentName, version: string): Promise<readonly { readonly event: string; readonly at: number }[]> {
  return (await stage.records()).filter((record) => environmentOf(record) === environment && versionIn(record) === version);
}

function dies({ stage, paper }: Telling): Step {
  return {
    name: "the power fails in the middle of a merge",
    play: async (proof) => {
      const { github } = stage.world;
      paper.chapter(6, "The power fails in the middle of a merge");
      paper.event(stage.now, "A build pushes checkout:1.4.4, which mends the fault. Pinion opens a pull request, every gate passes, it tells GitHub to merge — and in that moment its machine dies. GitHub has merged; Pinion never hears of it.");
      github.webhooks.mode = "drop";
      github.faults.next((method, path) => method === "PUT" && path.endsWith("/merge"), { kind: "drop-after" });
      await stage.pushUntil("1.4.4", () => stage.titled(TITLE)[0]?.mergedAt != null);
      const last = present(github.requests.at(-1), "a last request");
      await stage.world.stop();
      const pull = stage.pullRequest(TITLE);
      paper.quote([`GitHub:        #${pull.number} ${pull.title}: merged`, `Pinion's log:  ${(await eventsOf(stage, "dev", "1.4.4")).map(({ event }) => event).join(", ")}`]);
      proof.equal("the merge is the last that GitHub heard of Pinion, and went without an answer", [last.method, last.status, github.requests.at(-1) === last], ["PUT", null, true]);
      proof.equal("the log does not know of the merge", (await stage.recordsOf("merged", "dev", "1.4.4")).length, 0);
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
      await proveRunning(stage, proof, "dev", "1.4.4");
      webhooks.mode = "deliver";
      const backAt = stage.now;
      paper.event(backAt, `For 20 minutes nobody listens, and ${lost} webhooks are lost. Then Pinion starts on another machine, with an empty disk. It reads main and the log, sees the merge that the log does not know, and goes on:`);
      await stage.wake();
      await proveVerified(stage, proof, DEV);
      const events = await eventsOf(stage, "dev", "1.4.4");
      paper.quote(events.map(({ event, at }) => `${event.padEnd(10)}  ${timeOf(at)}`));
      await proveMerged(stage, proof, pull, DEV);
      const before = (await eventsOf(stage, "dev", "1.4.2")).map(({ event }) => event).toSorted();
      proof.equal("the log has the same events as of 1.4.2, which came without a fault, and each once", events.map(({ event }) => event).toSorted(), before);
      proof.equal("there is one commit for it on main", await mergesOf(stage, pull), 1);
      return { pull_request: pull.number, webhooks_lost: lost };
    },
  };
}

async function mergesOf(stage: Stage, pull: PullRequest): Promise<number> {
  const subjects = await stage.repository.git.text(["log", "--first-parent", "--format=%s", stage.repository.defaultBranch]);
  return subjects.split("\n").filter((subject) => subject === `${pull.title} (#${pull.number})`).length;
}

function arrives({ stage, paper }: Telling): Step {
  return {
    name: "the mended release reaches prod",
    play: async (proof) => {
      await proveVerified(stage, proof, { ...DEV, environment: "staging" });
      const { number } = stage.pullRequest("Promote checkout 1.4.4 to staging");
      await stage.person("alice", (alice) => alice.comment(number, "/pinion promote checkout prod"));
      const pull = stage.pullRequest("Promote checkout 1.4.4 to prod");
      await stage.person("bob", (bob) => bob.approve(pull.number));
      await stage.until(`#${pull.number} is merged`, () => pull.mergedAt !== null, 2 * HOUR);
      const move = { environment: "prod", from: "1.4.2", to: "1.4.4" } as const;
      await proveMerged(stage, proof, pull, move);
      const { at } = await proveVerified(stage, proof, move);
      paper.event(at, `1.4.4 is verified in prod as well: asked for by alice, approved by bob in #${pull.number}, soaked and watched. The hold on prod is over, because this is newer than what was taken back.`);
      for (const environment of ENVIRONMENTS) await proveRunning(stage, proof, environment, "1.4.4");
      const titles = stage.pullRequests.filter((one) => one.title.includes("1.4.4")).map(({ title }) => title);
      if (new Set(titles).size !== titles.length) throw new NotSo(`a pull request was opened twice: ${titles.join(", ")}`);
      return { pull_request: pull.number };
    },
  };
}
