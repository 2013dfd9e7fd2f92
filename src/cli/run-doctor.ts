import { systemClock } from "../clock.ts";
import { composeSetup } from "../compose.ts";
import { secretsOf, type Settings } from "../config.ts";
import type { PolicySet } from "../domain/policy/policy-set.ts";
import { examineSetup } from "../domain/setup/examine.ts";
import { problem, type Finding, type FindingStatus } from "../domain/setup/finding.ts";
import { PortFailure, type SetupReads } from "../ports.ts";
import { observeSetup } from "../reconciler/observe-setup.ts";
import { createLogger } from "../telemetry.ts";
import { EXIT, type ExitCode, type Terminal } from "./command.ts";
import { Progress } from "./progress.ts";

/** Examines one repository, named `owner/name`. Whatever cannot be read is told as such. */
export async function examine(settings: Settings, name: string, json: boolean, terminal: Terminal, shipped: PolicySet): Promise<ExitCode> {
  // What its libraries log is nothing that the findings do not say.
  const logger = createLogger({ level: "fatal", secrets: secretsOf(settings), output: { write: (line) => terminal.err(line) } });
  const reads = composeSetup(settings, { clock: systemClock, logger, throttle: true });
  const progress = new Progress(terminal, "asking GitHub", 2);
  try {
    progress.show(0);
    const findings = await findingsOf({ reads, shipped }, name, settings.github.url, () => progress.show(1));
    progress.end();
    terminal.out(json ? inJson(name, findings) : inText(name, findings));
    return codeOf(findings);
  } catch (cause) {
    progress.end();
    if (!(cause instanceof PortFailure)) throw cause;
    terminal.err(`pinion: ${cause.message}\n`);
    return cause.kind === "stalled" ? EXIT.usage : EXIT.failed;
  }
}

interface Means {
  readonly reads: SetupReads;
  /** The policies that come with Pinion. */
  readonly shipped: PolicySet;
}

async function findingsOf({ reads, shipped }: Means, repository: string, url: string, found: () => void): Promise<readonly Finding[]> {
  const [owner = "", name = ""] = repository.split("/");
  // Without these two nothing else can be asked: the App's key is wrong, or GitHub is not there.
  const [app, installation] = await Promise.all([reads.app(), reads.installation(owner, name)]);
  if (installation === null) {
    const message = `The App ${app.slug} is not installed in ${repository}, or there is no such repository`;
    return [problem("installation", message, "Install it there", `${app.settingsPage}/installations`)];
  }
  if (installation.suspended) {
    return [problem("installation", `The App ${app.slug} is suspended for ${owner}: it may do nothing`, "Unsuspend it", installation.page)];
  }
  found();
  const facts = await observeSetup(reads, systemClock, { installation: installation.id, owner, name }, installation, `${url}/${repository}`);
  return examineSetup(facts, shipped);
}

function codeOf(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ status }) => status === "problem")) return EXIT.problems;
  return findings.some(({ status }) => status === "unknown") ? EXIT.failed : EXIT.ok;
}

function inJson(repository: string, findings: readonly Finding[]): string {
  return `${JSON.stringify({ ok: codeOf(findings) === EXIT.ok, repository, findings }, null, 2)}\n`;
}

const WORDS: Readonly<Record<FindingStatus, string>> = { ok: "ok", warning: "warning", problem: "PROBLEM", unknown: "unknown" };
const ORDER: readonly FindingStatus[] = ["problem", "unknown", "warning", "ok"];

/** The worst first; what is well at the end, in a line each. */
function inText(repository: string, findings: readonly Finding[]): string {
  const told = ORDER.flatMap((status) => findings.filter((finding) => finding.status === status));
  const counts = ORDER.flatMap((status) => {
    const count = findings.filter((finding) => finding.status === status).length;
    return count === 0 ? [] : [`${count} ${WORDS[status].toLowerCase()}`];
  });
  return `${repository}: ${counts.join(", ")}\n\n${told.map(paragraph).join("")}`;
}

function paragraph({ check, status, message, cure, page }: Finding): string {
  const further = [cure, page].flatMap((line) => (line === null ? [] : [`         ${line}\n`]));
  return `${WORDS[status].padEnd(7)}  ${message} (${check})\n${further.join("")}`;
}
