import type { Oid, PullRequest } from "../github/model.ts";
import { plain, rowsOf, type Row } from "./markdown.ts";
import { fileOf, MINUTE, present, type EnvironmentName, type RecordOf, type Stage } from "./stage.ts";
import { NotSo, type Proof } from "./steps.ts";

export const PINION = "pinion[bot]";

/** One release on its way into one environment. */
export interface Move {
  readonly environment: EnvironmentName;
  readonly from: string;
  readonly to: string;
}

/** Looks at a merged pull request from every side: GitHub, the check, the log, and the file on main. Answers the merge commit. */
export async function proveMerged(stage: Stage, proof: Proof, pull: PullRequest, { environment, from, to }: Move): Promise<Oid> {
  const commit = present(pull.mergeCommit, `a merge commit of #${pull.number}`);
  const check = stage.check(pull);
  const judged = await stage.record("judged", environment, to);
  const merged = await stage.record("merged", environment, to);
  proof.equal(
    `#${pull.number} was merged by Pinion, at the very commit at which every gate had passed`,
    [pull.mergedBy?.login, check.conclusion, judged.head, merged.head, merged.commit, merged.judgement],
    [PINION, "success", pull.head.oid, pull.head.oid, commit, "judged"],
  );
  await proveFile(stage, proof, commit, { environment, from, to });
  return commit;
}

/** The file after a commit is the one before it, with another tag and digest, and not a byte more. */
export async function proveFile(stage: Stage, proof: Proof, commit: Oid, { environment, from, to }: Move): Promise<void> {
  const { git } = stage.repository;
  const parent = present((await git.commit(commit))?.parents[0], "a parent of the merge");
  const read = async (at: Oid): Promise<string> => (await git.file(at, fileOf(environment)))?.toString("utf8") ?? "";
  const before = await read(parent);
  const wanted = before.replace(` ${from} `, ` ${to} `).replace(stage.digest(from), stage.digest(to));
  if (!before.includes(` ${from} `) || !before.includes(stage.digest(from))) throw new NotSo(`the file did not pin ${from}:\n${before}`);
  const found = [await read(commit), await stage.file(environment)];
  proof.equal("the file on main differs by its tag and its digest, and by not one other byte", found, [wanted, wanted]);
}

/** The changed lines of the app's file in a commit. */
export async function diffOf(stage: Stage, commit: Oid, environment: EnvironmentName): Promise<readonly string[]> {
  const { git } = stage.repository;
  const parent = present((await git.commit(commit))?.parents[0], "a parent of the commit");
  const patch = await git.patch(parent, commit, fileOf(environment));
  return patch.split("\n").filter((line) => /^[+-]/.test(line));
}

export async function messageOf(stage: Stage, commit: Oid): Promise<readonly string[]> {
  return present(await stage.repository.git.commit(commit), `the commit ${commit}`).message.trimEnd().split("\n");
}

/** Lets time pass until the cluster runs it and its watch is over. */
export async function proveVerified(stage: Stage, proof: Proof, { environment, to }: Move): Promise<RecordOf<"verified">> {
  const deployed = await stage.untilRecorded("deployed", environment, to);
  await proveRunning(stage, proof, environment, to);
  const verified = await stage.untilRecorded("verified", environment, to, 45 * MINUTE);
  proof.equal(
    "it was verified by measuring, and GitHub shows its Deployment as a success",
    [verified.how, stage.deployment(environment, deployed.commit)],
    ["slo", "success"],
  );
  return verified;
}

export async function proveRunning(stage: Stage, proof: Proof, environment: EnvironmentName, version: string): Promise<void> {
  const { health, sync, images } = await stage.cluster(environment);
  const wanted = ["Healthy", "Synced", stage.digest(version)];
  proof.equal(`Argo CD runs exactly this digest of ${version} in ${environment}`, [health, sync, ...images.map(digestIn)], wanted);
}

function digestIn(image: string): string {
  return image.slice(image.indexOf("@") + 1);
}

/** The gates that Pinion's check shows on a pull request. */
export function gatesOf(stage: Stage, pull: PullRequest): readonly Row[] {
  return rowsOf(stage.check(pull).output.summary ?? "");
}

/** What one gate says there, as `⏳ waiting: 1 approval from team sre`. */
export function gate(stage: Stage, pull: PullRequest, name: string): string {
  const row = gatesOf(stage, pull).find(({ Gate }) => Gate === name);
  return row === undefined ? "not shown" : `${row["Result"] ?? ""}: ${row["Why"] ?? ""}`;
}

/** How the check stands and what it says in a line, as GitHub lists it. */
export function verdict(stage: Stage, pull: PullRequest): { readonly state: string; readonly title: string } {
  const { conclusion, status, output } = stage.check(pull);
  return { state: (conclusion ?? status).replace("_", " "), title: plain(output.title ?? "") };
}

/** As `git log` prints it. */
export function short(oid: Oid): string {
  return oid.slice(0, 7);
}
