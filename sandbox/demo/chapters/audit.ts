import type { LogRecord } from "../../../src/domain/record.ts";
import { runGit } from "../../github/git.ts";
import type { Oid } from "../../github/model.ts";
import { columns } from "../markdown.ts";
import { Paper, timeOf } from "../paper.ts";
import { proveRunning, short } from "../promotion.ts";
import { ENVIRONMENTS, environmentOf, present, type Stage } from "../stage.ts";
import { NotSo, type Step } from "../steps.ts";
import { clipped, type Telling } from "../telling.ts";

/** What anybody can rebuild afterwards from Git alone. */
export function audit(telling: Telling): readonly Step[] {
  return [ofMain(telling), ofLog(telling), whatRan(telling)];
}

/** What Git prints in a clone of the repository, with times in UTC. */
async function git(stage: Stage, ...args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runGit(stage.repository.git.directory, args, { env: { TZ: "UTC" } });
  if (code !== 0) throw new NotSo(`git ${args.join(" ")}: ${stderr}`);
  return stdout.toString("utf8").trimEnd().split("\n");
}

const FORMAT = ["--date=format-local:%H:%M", "--format=%h  %cd  %s"];

/** A command and what it printed, to be typed again in a clone. */
async function session(stage: Stage, ...args: readonly string[]): Promise<readonly string[]> {
  const words = args.map((arg) => (/[ *]/.test(arg) ? `'${arg}'` : arg));
  return [`$ git ${words.join(" ")}`, ...(await git(stage, ...args))];
}

function ofMain({ stage, paper }: Telling): Step {
  return {
    name: "Git shows every change",
    play: async (proof) => {
      paper.chapter(7, "What Git can tell afterwards");
      paper.say("Nothing else has to be asked. Every change of what runs is a commit on main:");
      paper.quote(await session(stage, "log", "--first-parent", ...FORMAT, "main"));
      const changes = await git(stage, "log", "--first-parent", "--format=%H", "main", "--", "apps");
      // The oldest is the one that the repository began with.
      const seeded = changes.at(-1);
      const merged = (await stage.records()).filter((record) => record.event === "merged");
      proof.equal(
        `each of the ${changes.length - 1} changes has one record of its merge in the log, and there is none without a change`,
        merged.map(({ commit }) => commit).toSorted(),
        changes.filter((commit) => commit !== seeded).toSorted(),
      );
      proof.equal("each was merged as it was judged", [...new Set(merged.map(({ judgement }) => judgement))], ["judged"]);
      return { changes: changes.length - 1 };
    },
  };
}

function ofLog({ stage, paper }: Telling): Step {
  return {
    name: "Git shows why",
    play: async (proof) => {
      paper.say("Why it changed is on the branch pinion-log, where a file is added for each event. Of prod:");
      paper.quote(await session(stage, "log", "--reverse", ...FORMAT, "pinion-log", "--", "records/*/prod/*"));
      const names = await git(stage, "ls-tree", "-r", "--name-only", "pinion-log");
      const path = present(names.find((name) => name.includes("/breached-")), "the file of the breach");
      paper.say("One of these files:");
      const file = await session(stage, "show", `pinion-log:${path}`);
      paper.quote(file.map((line) => (line.includes('"evidence"') ? clipped(line) : line)));
      const commits = await git(stage, "log", "--format=%H", "pinion-log");
      const unsigned = commits.filter((commit) => stage.repository.signatures.get(commit)?.wasSignedByGitHub !== true);
      proof.equal(`each of its ${commits.length} commits is signed by GitHub for the App`, unsigned.map(short), []);
      const others = await git(stage, "log", "--format=", "--name-status", "--diff-filter=a", "pinion-log");
      proof.equal("each of them only adds files", others, [""]);
      return { commits: commits.length, records: (await stage.records()).length };
    },
  };
}

type Deployed = Extract<LogRecord, { readonly event: "deployed" }>;

function whatRan({ stage, paper }: Telling): Step {
  return {
    name: "Git shows what ran where, and when",
    play: async (proof) => {
      const records = await stage.records();
      const deployed = records.filter((record): record is Deployed => record.event === "deployed").toSorted((a, b) => a.at - b.at);
      const rows = ENVIRONMENTS.flatMap((environment) => {
        const here = deployed.filter((record) => record.environment === environment);
        return here.map((record, index) => ({
          Environment: index === 0 ? environment : "",
          From: timeOf(record.at),
          Until: here[index + 1] === undefined ? "now" : timeOf(here[index + 1]?.at ?? 0),
          Version: record.release.version,
          Commit: short(record.commit),
          Outcome: outcomeOf(records, environment, record.commit),
        }));
      });
      paper.say("Put together, this is what ran where, and when:");
      paper.quote(columns(rows, Paper.quoteWidth));
      await proof.together("the last line of each environment is what Argo CD runs there", async (each) => {
        for (const environment of ENVIRONMENTS) {
        const last = present(deployed.findLast((record) => record.environment === environment), `a deployment in ${environment}`);
        await proveRunning(stage, each, environment, last.release.version);
        }
      });
      return { runs: rows.map((row) => [row.From, row.Until, row.Version, row.Outcome].join(" ")) };
    },
  };
}

function outcomeOf(records: readonly LogRecord[], environment: string, commit: Oid): string {
  const found = records.filter((record) => environmentOf(record) === environment && "commit" in record && record.commit === commit);
  const events = found.map(({ event }) => event).filter((event) => event === "verified" || event === "breached");
  const kind = found.some((record) => record.event === "merged" && record.kind === "revert") ? "revert, " : "";
  const how = found.find((record) => record.event === "verified")?.how === "rollout-only" ? ", as it was found" : "";
  return `${kind}${events.join(", ")}${how}`;
}
