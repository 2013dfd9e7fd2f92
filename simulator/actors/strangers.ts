/** Those who wish no good: somebody from outside, and somebody inside who may write. */
import { manifest, placePath } from "../facts.ts";
import { printRecord } from "../../src/domain/record-file.ts";
import { isDigest } from "../../src/domain/release.ts";
import { botPulls, head, knownPin, mergedPulls, oneThing, openPulls, said, somePlace, type Turn } from "./actor.ts";

/** May only read: does whatever GitHub lets everybody do. Tom may triage as well. */
export function outsider(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [3, approveFromOutside],
    [3, askFromOutside],
    [2, labelFromOutside],
    [2, openFork],
    [1, freezeFromOutside],
    [1, refuseFromOutside],
    [2, closeFromOutside],
  ]);
}

function stranger({ chance }: Turn): string {
  return chance.percent(50) ? "mallory" : "tom";
}

async function approveFromOutside(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(openPulls(turn));
  if (pull === undefined) return "nothing to approve from outside";
  const login = stranger(turn);
  return said(await turn.world.review(login, pull.number, "approved"), `${login}, who may not write, approves #${pull.number}`);
}

async function refuseFromOutside(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "nothing to refuse from outside";
  return said(await turn.world.review("mallory", pull.number, "changes-requested"), `mallory asks for changes of #${pull.number}`);
}

async function askFromOutside(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(mergedPulls(turn).slice(-4));
  if (pull === undefined) return "nothing to ask for from outside";
  const { app, environment } = somePlace(turn);
  const login = stranger(turn);
  const words = `/pinion promote ${app} ${environment}`;
  return said(await turn.world.comment(login, pull.number, words), `${login} comments "${words}" on #${pull.number}`);
}

async function labelFromOutside(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(mergedPulls(turn).slice(-4));
  if (pull === undefined) return "nothing to label from outside";
  const { environment } = somePlace(turn);
  return said(await turn.world.label("tom", pull.number, `promote:${environment}`), `tom labels #${pull.number} promote:${environment}`);
}

/** With a pin, and sometimes with a configuration that would let everything through. */
async function openFork(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const pin = turn.view.pinAt(head(turn), app, environment);
  const config = turn.view.configAt(head(turn));
  if (pin === null || config === null) return "nothing to fork";
  // What the registry serves is judged by all other rules.
  const served = turn.chance.percent(50) ? knownPin(turn, app) : undefined;
  const evil = manifest(served ?? { ...pin, tag: "9.9.9", digest: `sha256:${"e".repeat(64)}` });
  const open = {
    ...config,
    environments: config.environments.map((one) => ({ ...one, merge: "auto" as const, approvals: { count: 0, teams: [] } })),
  };
  const edits = turn.chance.percent(50) ? turn.world.configEdits(open) : {};
  const pinionName = `pinion/${environment}/${app}/9.9.9`;
  const number = await turn.world.openPull("mallory", pinionName, true, { [placePath(app, environment)]: evil, ...edits });
  return said(number, `mallory opens #${number ?? 0} from a fork, from a branch called ${pinionName}`);
}

async function freezeFromOutside(turn: Turn): Promise<string> {
  const { environment } = somePlace(turn);
  const login = stranger(turn);
  const issue = await turn.world.openIssue(login, "Stop, in the name of nobody", [`freeze:${environment}`]);
  return said(issue, `${login} opens an issue to freeze ${environment}`);
}

async function closeFromOutside(turn: Turn): Promise<string> {
  const open = [...turn.view.facts().issues.values()].filter(({ state }) => state === "open");
  const told = open.filter(({ author }) => author.kind === "app");
  const issue = turn.chance.oneOf(told.length > 0 ? told : open);
  if (issue === undefined) return "no issue to close from outside";
  return said(await turn.world.closeIssue("tom", issue.number), `tom closes the issue #${issue.number}`);
}

/** Ivan may write: he makes Pinion's branches before Pinion does, takes over those that are there, and forges records. */
export function intruder(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [2, takeBranch],
    [2, rewriteBranch],
    [1, forgeRecord],
    [1, copyOwnCommit],
    [1, approveOwn],
  ]);
}

function foreignPin(turn: Turn, app: string, environment: string): string {
  const pin = turn.view.pinAt(head(turn), app, environment);
  const repository = pin?.repository ?? "registry.example/acme/other";
  return manifest({ repository, tag: "9.9.9", digest: `sha256:${"f".repeat(64)}` });
}

/** The names of branches that were, since new ones are made the same way. */
async function takeBranch(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const gone = [...turn.view.facts().pulls.values()].filter(({ author, state }) => author.kind === "app" && state !== "open");
  const branch = turn.chance.oneOf(gone.map(({ headRef }) => headRef)) ?? `pinion/${environment}/${app}/1.1.0-aaaaaaaaaa`;
  const done = await turn.world.push("ivan", branch, { [placePath(app, environment)]: foreignPin(turn, app, environment) }, "Mine");
  return said(done, `ivan pushes a pin of his own to ${branch}`);
}

async function rewriteBranch(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "no branch of Pinion to take over";
  const { app, environment } = somePlace(turn);
  await turn.world.force("ivan", pull.headRef, head(turn));
  const done = await turn.world.push("ivan", pull.headRef, { [placePath(app, environment)]: foreignPin(turn, app, environment) }, "Mine now");
  return said(done, `ivan rewrites the branch of #${pull.number}`);
}

/** One commit of the App's is put where another belongs: both are signed. */
async function copyOwnCommit(turn: Turn): Promise<string> {
  const [to, from] = [turn.chance.oneOf(botPulls(turn)), turn.chance.oneOf([...turn.view.facts().pulls.values()])];
  if (to === undefined || from === undefined || from.author.kind !== "app") return "no commit of Pinion to put elsewhere";
  return said(await turn.world.force("ivan", to.headRef, from.head), `ivan puts the commit of #${from.number} on the branch of #${to.number}`);
}

/** A log that others begin is not Pinion's, and stops everything: that is no story to be told again and again. */
async function forgeRecord(turn: Turn): Promise<string> {
  if (!turn.view.facts().branches.has("pinion-log")) return "there is no log to write into";
  const { app, environment } = somePlace(turn);
  const last = turn.view.log().findLast((entry) => entry.app === app && entry.environment === environment && entry.event === "merged");
  const pin = turn.view.pinAt(head(turn), app, environment);
  if (last?.commit == null || pin?.digest == null || !isDigest(pin.digest)) return "there is nothing to forge a record of";
  const { repository, tag, digest } = pin;
  const release = { app, version: tag, images: [{ repository, tag, digest }] };
  const known = { app, environment, at: turn.view.now(), release, commit: last.commit, evidence: "it runs, says ivan" };
  const records = [{ ...known, event: "deployed" } as const, { ...known, event: "verified", how: "slo" } as const];
  const files = Object.fromEntries(records.map((record, sequence) => [`records/${turn.chance.below(1_000)}/${record.event}.json`, printRecord(record, sequence)]));
  return said(await turn.world.push("ivan", "pinion-log", files, "log: verified"), `ivan writes into the log that ${app} ${tag} is verified in ${environment}`);
}

async function approveOwn(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "nothing for ivan to approve";
  await turn.world.push("ivan", pull.headRef, { "notes.txt": "by ivan" }, "Mine");
  return said(await turn.world.review("ivan", pull.number, "approved"), `ivan pushes to #${pull.number} and approves it`);
}
