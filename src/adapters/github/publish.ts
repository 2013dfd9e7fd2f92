import { CHECK_NAME, type CheckContent } from "../../domain/action.ts";
import type { Repository } from "../../domain/observation.ts";
import { LOG_BRANCH } from "../../domain/record-file.ts";
import type { Oid } from "../../domain/release.ts";
import type { CheckWrite, RecordWrite, WriteOutcome } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { isPassing, outcomeOf } from "./api.ts";
import { commitInput } from "./commit.ts";
import type { GraphqlError } from "./failure.ts";
import { wordsOf } from "./failure.ts";
import type { NodeIds } from "./node-ids.ts";
import { repositoryNode } from "./node-ids.ts";
import { publishDocument } from "./queries.ts";
import { Reader } from "./reader.ts";
import { fitting } from "./text.ts";

/** GitHub documents no limit on mutations in one document; these keep a request well inside its ten seconds and sizes. */
const MOST_MUTATIONS = 20;
const MOST_BYTES = 1_000_000;

export interface Published {
  readonly checks: readonly WriteOutcome<number>[];
  readonly records: WriteOutcome<Oid> | null;
}

/** One mutation of the document, and where its outcome goes. */
type Part =
  | { readonly kind: "records"; readonly input: Readonly<Record<string, unknown>> }
  | { readonly kind: "create" | "update"; readonly index: number; readonly input: Readonly<Record<string, unknown>> };

/**
 * Records first: the evidence should not be missing because the connection broke after the check turned green.
 * Each part's outcome is its own. Throws when a request as a whole failed; then any of it may have happened.
 */
export async function publish(
  api: GitHubApi,
  nodeIds: NodeIds,
  repository: Repository,
  checks: readonly CheckWrite[],
  records: RecordWrite | null,
): Promise<Published> {
  const outcomes = new Map<number, WriteOutcome<number>>();
  let recorded: WriteOutcome<Oid> | null = null;
  for (const batch of batchesOf(await partsOf(api, nodeIds, repository, checks, records))) {
    const answer = await api.mutate(
      repository.installation,
      documentOf(batch),
      variablesOf(batch),
      `write checks and records to ${repository.owner}/${repository.name}`,
    );
    let alias = 0;
    for (const part of batch) {
      if (part.kind === "records") {
        const result = answer.part("records");
        recorded = result.ok ? { outcome: "done", value: result.value.object("commit").text("oid") } : outcomeOf(result.error);
        continue;
      }
      const result = answer.part(`check${alias}`);
      alias += 1;
      const check = (value: Reader): WriteOutcome<number> => ({ outcome: "done", value: checkIn(value, nodeIds, repository) });
      outcomes.set(part.index, result.ok ? check(result.value) : outcomeOfCheck(result.error));
    }
  }
  const all: WriteOutcome<number>[] = [];
  for (const [index, write] of checks.entries()) {
    all.push(outcomes.get(index) ?? (await updateByNumber(api, nodeIds, repository, write)));
  }
  return { checks: all, records: recorded };
}

/** One check that GitHub cannot write just now must not hold up everything else, as a world that has moved does: it rests, as one that is refused. */
function outcomeOfCheck(error: GraphqlError): WriteOutcome<never> {
  return isPassing(error) ? { outcome: "refused", reason: error.message } : outcomeOf(error);
}

/** An update whose node id is not known has no part here: it goes over REST. */
async function partsOf(
  api: GitHubApi,
  nodeIds: NodeIds,
  repository: Repository,
  checks: readonly CheckWrite[],
  records: RecordWrite | null,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  if (records !== null) {
    const { expectedHead, files, headline } = records;
    parts.push({ kind: "records", input: commitInput(repository, LOG_BRANCH, expectedHead, { headline, body: "", files }) });
  }
  if (checks.length === 0) return parts;
  const repositoryId = await repositoryNode(api, nodeIds, repository);
  for (const [index, { head, check, existing }] of checks.entries()) {
    const content = { repositoryId, name: CHECK_NAME, ...checkInput(check) };
    const node = existing === null ? null : nodeIds.ofCheck(repository, existing);
    if (existing === null) parts.push({ kind: "create", index, input: { ...content, headSha: head, startedAt: new Date(api.now()).toISOString() } });
    else if (node !== null) parts.push({ kind: "update", index, input: { ...content, checkRunId: node } });
  }
  return parts;
}

function checkInput(check: CheckContent): Readonly<Record<string, unknown>> {
  return {
    externalId: check.fingerprint,
    status: check.status === "completed" ? "COMPLETED" : "IN_PROGRESS",
    ...(check.conclusion === null ? {} : { conclusion: check.conclusion.toUpperCase() }),
    output: { title: check.title, summary: fitting.summary(check.summary) },
  };
}

function batchesOf(parts: readonly Part[]): readonly (readonly Part[])[] {
  const batches: Part[][] = [];
  let bytes = 0;
  for (const part of parts) {
    const size = Buffer.byteLength(JSON.stringify(part.input));
    const last = batches.at(-1);
    if (last === undefined || last.length >= MOST_MUTATIONS || bytes + size > MOST_BYTES) {
      batches.push([part]);
      bytes = size;
    } else {
      last.push(part);
      bytes += size;
    }
  }
  return batches;
}

function documentOf(batch: readonly Part[]): string {
  const checks = batch.flatMap((part) => (part.kind === "records" ? [] : [part.kind]));
  return publishDocument(checks.length < batch.length, checks);
}

function variablesOf(batch: readonly Part[]): Readonly<Record<string, unknown>> {
  const checks = batch.filter((part) => part.kind !== "records");
  const records = batch.filter((part) => part.kind === "records");
  return Object.fromEntries([
    ...records.map((part) => ["records", part.input]),
    ...checks.map((part, index) => [`check${index}`, part.input]),
  ]);
}

function checkIn(payload: Reader, nodeIds: NodeIds, repository: Repository): number {
  const run = payload.object("checkRun");
  const id = run.integer("databaseId");
  nodeIds.check(repository, id, run.text("id"));
  return id;
}

async function updateByNumber(
  api: GitHubApi,
  nodeIds: NodeIds,
  repository: Repository,
  { check, existing }: CheckWrite,
): Promise<WriteOutcome<number>> {
  const answer = await api.rest(repository.installation, {
    route: "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}",
    parameters: {
      owner: repository.owner,
      repo: repository.name,
      check_run_id: existing,
      name: CHECK_NAME,
      external_id: check.fingerprint,
      status: check.status,
      ...(check.conclusion === null ? {} : { conclusion: check.conclusion }),
      output: { title: check.title, summary: fitting.summary(check.summary) },
    },
    what: `update a check of ${repository.owner}/${repository.name}`,
    accept: [404, 422],
  });
  if (answer.status === 404) return { outcome: "conflict", reason: "The check run is not there any more." };
  if (answer.status === 422) return { outcome: "refused", reason: wordsOf(answer.body) };
  const run = new Reader(answer.body, "check run");
  nodeIds.check(repository, run.integer("id"), run.text("node_id"));
  return { outcome: "done", value: run.integer("id") };
}
