import { CONFIG, ENVIRONMENTS, fileOf } from "../stage.ts";
import type { Step } from "../steps.ts";
import type { Telling } from "../telling.ts";

/** What there is before Pinion comes, and that it says nothing while there is nothing to say. */
export function beginning(telling: Telling): readonly Step[] {
  return [before(telling), starts(telling)];
}

function before({ stage, paper }: Telling): Step {
  return {
    name: "the world before",
    play: async (proof) => {
      paper.chapter(1, "Where we begin");
      paper.say(
        "The Git repository acme/manifests says what runs where, and Argo CD deploys what it says. There is one app, checkout, in " +
          "three environments. What runs in prod is the end of this file:",
      );
      paper.quote([fileOf("prod"), "", ...(await stage.file("prod")).trimEnd().split("\n").slice(-4)]);
      paper.say("What may move, and under which conditions, is in this one:");
      const shown = CONFIG.slice(CONFIG.indexOf("environments:"), CONFIG.indexOf("slos:"));
      paper.quote([".github/pinion.yaml", "", ...shown.trimEnd().split("\n")]);
      paper.say(
        "The SLO availability, further down in that file, is that 99.9 % of the requests succeed. alice and bob are the team sre, " +
          "carol writes code, and mallory may triage issues.",
      );
      await proof.together("checkout 1.4.1 runs in dev, staging and prod", async (each) => {
        for (const environment of ENVIRONMENTS) {
          const { health, images } = await stage.cluster(environment);
          const runs = health === "Healthy" && images[0]?.endsWith(stage.digest("1.4.1")) === true;
          each.that(`it runs in ${environment}`, runs, `${health}: ${images.join(", ")}`);
        }
      });
      return {};
    },
  };
}

function starts({ stage, paper }: Telling): Step {
  return {
    name: "Pinion starts",
    play: async (proof) => {
      paper.event(
        stage.now,
        "Pinion starts. It has no database: it reads the repository, makes its labels, and begins its log on a branch of its own. " +
          "There is nothing to promote, so it says nothing.",
      );
      await stage.wake();
      const { threads, checkRuns, labels } = stage.repository;
      proof.equal("there is no pull request, no issue and no check", [threads.size, checkRuns.length], [0, 0]);
      proof.that("the labels promote:prod and freeze:prod are there", labels.has("promote:prod") && labels.has("freeze:prod"));
      proof.equal("the log has one record: that Pinion came", (await stage.records()).map(({ event }) => event), ["installed"]);
      return { labels: [...labels.keys()] };
    },
  };
}
