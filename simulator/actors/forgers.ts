/** People who may push, and write what only Pinion may write: records of its log, and commits on branches that nobody has put down yet. */
import { promotionBranch } from "../../src/domain/branch.ts";
import { isDigest } from "../../src/domain/release.ts";
import { printRecord } from "../../src/domain/record-file.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import { manifest, placePath, type PlacePin } from "../facts.ts";
import { botPulls, head, knownPin, mergedPulls, oneThing, said, type Turn } from "./actor.ts";

export function forger(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, forgeProof],
    [2, forgeRequest],
    [1, forgeThaw],
    [3, squat],
    [3, swap],
  ]);
}

async function write(turn: Turn, records: readonly LogRecord[], words: string): Promise<string> {
  const files = Object.fromEntries(records.map((record, sequence) => [`records/${turn.chance.below(100_000)}/${record.event}.json`, printRecord(record, sequence)]));
  return said(await turn.world.push("ivan", "pinion-log", files, `log: ${records[0]?.event ?? ""}`), `ivan writes into the log that ${words}`);
}

/** What was merged last and is still being followed is called verified. */
async function forgeProof(turn: Turn): Promise<string> {
  const { view, chance } = turn;
  const proven = new Set(view.log().flatMap(({ event, commit }) => (event === "verified" ? [commit] : [])));
  const last = chance.oneOf(view.log().filter(({ event, commit }) => event === "merged" && !proven.has(commit)).slice(-2));
  const pin = last === undefined ? null : view.pinAt(head(turn), last.app, last.environment);
  const release = pinned(pin, last?.app ?? "");
  if (last?.commit == null || release === null) return "there is nothing to forge a proof of";
  const { app, environment, commit } = last;
  const known = { app, environment, at: view.now() - 10 * 60_000, release, commit, evidence: "it runs, says ivan" };
  return write(turn, [{ ...known, event: "deployed" }, { ...known, event: "verified", how: "slo" }], `${app} ${release.version} is verified in ${environment}`);
}

/** In the name of somebody who may. */
async function forgeRequest(turn: Turn): Promise<string> {
  const { view, chance } = turn;
  const target = chance.oneOf((view.configAt(head(turn))?.environments ?? []).filter(({ after }) => after.length > 0));
  const pull = chance.oneOf(mergedPulls(turn).filter(({ headRef }) => target?.after.includes(headRef.split("/")[1] ?? "")).slice(-2));
  const app = pull?.headRef.split("/")[2] ?? "";
  const pin = pull === undefined ? null : view.pinAt(pull.head, app, pull.headRef.split("/")[1] ?? "");
  const release = pinned(pin, app);
  if (target === undefined || pull === undefined || release === null) return "there is nothing to forge a request for";
  const request = { event: "requested", app, environment: target.name, at: view.now(), release, by: "alice", pullRequest: pull.number } as const;
  return write(turn, [{ ...request, source: `comment:IC_${chance.below(1_000_000)}` }], `alice asks for ${app} ${release.version} in ${target.name}`);
}

async function forgeThaw(turn: Turn): Promise<string> {
  const frozen = turn.view.log().findLast(({ event }) => event === "frozen");
  if (frozen?.issue == null) return "there is nothing to forge a thaw of";
  const { app, environment, issue } = frozen;
  return write(turn, [{ event: "unfrozen", app, environment, at: turn.view.now(), issue, by: "alice" }], `alice has thawed ${app} in ${environment}`);
}

/** The name of the branch that Pinion will want next: it follows from what is to be promoted, so anybody can tell it beforehand. */
async function squat(turn: Turn): Promise<string> {
  const { view, chance } = turn;
  const main = head(turn);
  const target = chance.oneOf((view.configAt(main)?.environments ?? []).filter(({ after }) => after.length > 0));
  const app = chance.oneOf(view.apps) ?? "";
  const [release, from] = [target?.after[0] ?? "", target?.name ?? ""].map((name) => pinned(view.pinAt(main, app, name), app));
  const arrived = view.log().findLast((entry) => entry.app === app && entry.environment === target?.name && ["merged", "out-of-band", "adopted"].includes(entry.event));
  const generation = arrived?.commit ?? view.log().find(({ event }) => event === "installed")?.commit;
  if (target === undefined || release == null || from == null || generation == null) return "there is no name to take";
  const branch = promotionBranch({ app, environment: target.name, release, from, revert: false }, generation, 1);
  const done = !view.facts().branches.has(branch) && (await turn.world.push("ivan", branch, { "notes.txt": "by ivan" }, "Mine first"));
  return said(done, `ivan makes the branch ${branch} before Pinion does`);
}

function pinned(pin: PlacePin | null, app: string) {
  if (pin?.digest == null || !isDigest(pin.digest)) return null;
  return { app, version: pin.tag, images: [{ repository: pin.repository, tag: pin.tag, digest: pin.digest }] };
}

/** The commit of one open pull request is put into another: both are Pinion's. */
async function swap(turn: Turn): Promise<string> {
  const [to, from] = [turn.chance.oneOf(botPulls(turn)), turn.chance.oneOf(botPulls(turn))];
  if (to === undefined || from === undefined || to === from) return "there are no two pull requests to swap";
  return said(await turn.world.force("ivan", to.headRef, from.head), `ivan puts the commit of #${from.number} on the branch of #${to.number}`);
}

/** Puts another pin into what Pinion has just opened, before Pinion has put down that it did. */
export async function pouncer(turn: Turn): Promise<string> {
  const { view, chance } = turn;
  const known = new Set(view.log().flatMap(({ event, pullRequest }) => (event === "opened" ? [pullRequest] : [])));
  const pull = chance.oneOf(botPulls(turn).filter(({ number }) => !known.has(number)));
  const [, environment = "", app = ""] = pull?.headRef.split("/") ?? [];
  const pin = knownPin(turn, app);
  if (pull === undefined || pin === undefined) return "everything that is open has been put down";
  const other = { ...pin, tag: view.tagOf(view.pushed(app), 1) };
  const done = await turn.world.push("ivan", pull.headRef, { [placePath(app, environment)]: manifest(other) }, "Mine");
  return said(done, `ivan pushes another pin to #${pull.number}, which is in no record yet`);
}
