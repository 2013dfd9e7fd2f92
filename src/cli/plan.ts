import { CONFIG_PATH } from "../domain/config.ts";
import { outlook, type Outlook, type PlaceOutlook } from "../domain/outlook.ts";
import type { Gate } from "../domain/policy.ts";
import { EXIT, type Command } from "./command.ts";
import { FETCH_LOG, rehearseIn, type Planned } from "./rehearsal.ts";
import { table } from "./table.ts";

export const planCommand: Command = {
  name: "plan",
  parameters: "[DIR] [--json]",
  summary: "what would be promoted now, and why not the rest",
  details: `Looks at the clone that DIR (the current folder unless given) belongs to, as it was fetched last: the pins
and the configuration of the default branch, and the promotion log. Asks registries and, by the variables
of pinion serve, Argo CD and Prometheus. Plans as the App does, and writes nothing. GitHub is not
asked: what only GitHub knows is said to be unknown.

  git fetch origin && pinion plan    a plan from what is there now

  --json   {"branch", "commit", "mode", "places": [{"app", "env", "pinned", "outcome": "open", "blocked" or
           "nothing", "opens"?: {"title", "branch", "file", "check", "gates": [{"policy",
           "enforce", "result", "until"?, "reason", "facts": [{"name", "value"}]}]},
           "openedAs"?, "reasons"}],
           "reasons", "unknown": what this plan does not know}`,
  exitCodes: `Exit codes:
  0  planned
  1  the default branch has no configuration, or one that cannot be read
  2  the command line, the clone or the environment cannot be used
  3  Pinion, or something it depends on, failed
`,
  accepts: { words: 1, json: true },
  run: async ({ words: [directory = "."], json }, terminal) => {
    const planned = await rehearseIn(directory, null, terminal);
    if (!("rehearsal" in planned)) {
      terminal.err(planned.problem);
      return planned.code;
    }
    const { rehearsal, branch } = planned;
    const told = outlook(rehearsal.observation, rehearsal.plan);
    if (rehearsal.observation.config === null) {
      terminal.err(`pinion: ${branch} has no ${CONFIG_PATH}: pinion init writes one, and it counts once it is on that branch\n`);
      return EXIT.problems;
    }
    const unknown = unknowns(planned);
    terminal.out(json ? asJson(planned, told, unknown) : asText(planned, told, unknown));
    return rehearsal.observation.config?.ok === true ? EXIT.ok : EXIT.problems;
  },
};

/** What a plan without GitHub does not know, for people who would take it for the whole truth. */
function unknowns({ rehearsal: { plan, asIfInstalled, asIfEnforcing } }: Planned): readonly string[] {
  return [
    ...(plan.needs.length === 0 ? [] : [`the answers to ${plan.needs.length} questions that this plan leads to: plan again`]),
    "open pull requests, labels, freezes and requests that are not in the log yet: GitHub is not asked",
    "what is newer than the last git fetch",
    asIfInstalled
      ? `what was promoted, held or gone bad: no promotion log is here (${FETCH_LOG}), so this is the plan of a new installation`
      : "whether GitHub signed the commits of the promotion log: they are taken as they stand",
    ...(asIfEnforcing ? ["mode is observe: the App would show this, and do none of it"] : []),
  ];
}

function outcomeOf({ opening, isCurrent }: PlaceOutlook): "open" | "blocked" | "nothing" {
  if (opening !== null) return "open";
  return isCurrent ? "nothing" : "blocked";
}

/** A gate as scripts read it. `until` only where it is known when a wait ends. */
function shownGate(gate: Gate): object {
  const { policy, enforce, result, reason, facts } = gate;
  return { policy, enforce, result, ...(gate.result === "wait" && gate.until !== null ? { until: gate.until } : {}), reason, facts };
}

function asJson({ rehearsal: { observation, asIfEnforcing }, branch }: Planned, told: Outlook, unknown: readonly string[]): string {
  const places = told.places.map((place) => {
    const { app, environment, pinned, opening, openedAs, reasons } = place;
    const opens =
      opening === null
        ? {}
        : { opens: { title: opening.title, branch: opening.branch, file: opening.commit.edits[0]?.file ?? null, check: opening.check.title, gates: opening.gates.map(shownGate) } };
    return { app, env: environment, pinned, outcome: outcomeOf(place), ...opens, ...(openedAs === null ? {} : { openedAs }), reasons };
  });
  const mode = observation.config?.ok === true ? (asIfEnforcing ? "observe" : "enforce") : null;
  return `${JSON.stringify({ branch, commit: observation.snapshot.head, mode, places, reasons: told.reasons, unknown }, null, 2)}\n`;
}

function asText({ rehearsal: { observation }, branch }: Planned, told: Outlook, unknown: readonly string[]): string {
  const rows = told.places.flatMap((place) => {
    const { app, environment, pinned, reasons } = place;
    const lines = [...openingLines(place), ...reasons];
    return lines.map((line, index) => (index === 0 ? [app, environment, pinned ?? "?", line] : ["", "", "", line]));
  });
  return [
    `${branch} at ${observation.snapshot.head.slice(0, 12)}\n\n`,
    ...told.reasons.map((reason) => `${reason}\n`),
    rows.length === 0 ? "" : table(["APP", "ENV", "PINNED", "PLAN"], rows),
    `\nNot known here:\n${unknown.map((line) => `  - ${line}\n`).join("")}`,
  ].join("");
}

function openingLines({ opening, openedAs }: PlaceOutlook): readonly string[] {
  if (opening === null) return [];
  const known = openedAs === null ? "" : ` (by the log, #${openedAs} was opened for it: nothing is opened while it is open)`;
  return [`would open "${opening.title}"${known}; its check: ${opening.check.title}`];
}
