import { describe, expect, it } from "vitest";
import type { CheckContent } from "../../src/domain/action.ts";
import type { CheckWrite } from "../../src/ports.ts";
import type { Fields, Script } from "./github-answers.ts";
import { failed, HEAD, looked, MAIN, oid, operations, variable } from "./github-answers.ts";
import type { Scripted, ScriptedGitHub } from "./github-scripted.ts";
import { graphql, NOW, REPOSITORY } from "./github-scripted.ts";

const NEW = oid("9");
const STALE = `Expected branch to point to "${MAIN}" but it did not.  Pull and try again.`;

const green: CheckContent = { status: "completed", conclusion: "success", title: "Ready", summary: "| gate |", fingerprint: "f2" };
const waiting: CheckContent = { status: "in_progress", conclusion: null, title: "Waiting", summary: "soak", fingerprint: "f3" };
const run = (databaseId: number): Fields => ({ checkRun: { id: `CR_${databaseId}`, databaseId } });
const records = { expectedHead: oid("b"), files: [{ path: "2026/11/21/x.json", bytes: Buffer.from("{}") }], headline: "Record 1 event" };

describe("publishing checks and records", () => {
  const checks: readonly CheckWrite[] = [
    { head: HEAD, check: waiting, existing: null },
    { head: HEAD, check: green, existing: 11 },
  ];

  it("is one request", async () => {
    await using github = await looked({ Publish: () => graphql({ records: { commit: { oid: NEW } }, check0: run(20), check1: run(11) }) });
    expect(await github.forge.publish(REPOSITORY, checks, records)).toEqual({
      checks: [
        { outcome: "done", value: 20 },
        { outcome: "done", value: 11 },
      ],
      records: { outcome: "done", value: NEW },
    });
    expect(operations(github)).toEqual(["Publish"]);
    const sent = github.seen[1];
    expect(variable(sent, "records")).toMatchObject({ branch: { branchName: "pinion-log" }, expectedHeadOid: oid("b") });
    expect(variable(sent, "check0")).toEqual({
      repositoryId: "R_manifests",
      name: "Pinion",
      headSha: HEAD,
      externalId: "f3",
      status: "IN_PROGRESS",
      startedAt: new Date(NOW).toISOString(),
      output: { title: "Waiting", summary: "soak" },
    });
    expect(variable(sent, "check1")).toEqual({
      repositoryId: "R_manifests",
      name: "Pinion",
      checkRunId: "CR_1",
      externalId: "f2",
      status: "COMPLETED",
      conclusion: "SUCCESS",
      output: { title: "Ready", summary: "| gate |" },
    });
  });

  it("a part that failed by GitHub's own trouble is to be looked at again, and no refusal", async () => {
    const trouble = "Something went wrong while executing your query. Please include `A1` when reporting this issue.";
    await using github = await looked({
      Publish: () => graphql({ records: null, check0: null, check1: run(11) }, [failed("records", "INTERNAL", "oops"), { message: trouble, path: ["check0"] }]),
    });
    expect(await github.forge.publish(REPOSITORY, checks, records)).toEqual({
      checks: [{ outcome: "conflict", reason: trouble }, { outcome: "done", value: 11 }],
      records: { outcome: "conflict", reason: "oops" },
    });
  });

  it("each part fails by itself", async () => {
    const gone = "No commit found for SHA: 1111";
    await using github = await looked({
      Publish: () =>
        graphql({ records: null, check0: null, check1: run(11) }, [
          failed("records", "STALE_DATA", STALE),
          failed("check0", "UNPROCESSABLE", gone),
        ]),
    });
    expect(await github.forge.publish(REPOSITORY, checks, records)).toEqual({
      checks: [
        { outcome: "conflict", reason: gone },
        { outcome: "done", value: 11 },
      ],
      records: { outcome: "conflict", reason: STALE.replace("  ", " ") },
    });
  });

  it("a part without result or error is no success", async () => {
    await using github = await looked({ Publish: () => graphql({ check1: run(11) }) });
    const { checks: outcomes, records: recorded } = await github.forge.publish(REPOSITORY, checks, records);
    expect([recorded?.outcome, ...outcomes.map((one) => one.outcome)]).toEqual(["refused", "refused", "done"]);
  });

  it("updates what it made itself, and what it never saw by number", async () => {
    await using github = await looked({
      Publish: (seen) => graphql(variable(seen, "check0") === undefined ? {} : { check0: run(20) }),
      "PATCH /repos/acme/manifests/check-runs/77": () => ({ status: 200, body: { id: 77, node_id: "CR_77" } }),
    });
    await github.forge.publish(REPOSITORY, [{ head: HEAD, check: waiting, existing: null }], null);
    const again = await github.forge.publish(
      REPOSITORY,
      [
        { head: HEAD, check: green, existing: 77 },
        { head: HEAD, check: green, existing: 20 },
      ],
      null,
    );
    expect(again.checks).toEqual([
      { outcome: "done", value: 77 },
      { outcome: "done", value: 20 },
    ]);
    expect(variable(github.seen[2], "check0")).toMatchObject({ checkRunId: "CR_20" });
    expect(github.seen[3]?.body).toMatchObject({ external_id: "f2", conclusion: "success" });
  });

  it("splits what is more than a request should hold, and keeps every outcome in its place", async () => {
    const many = Array.from({ length: 45 }, (_, index): CheckWrite => ({ head: oid(String(index % 10)), check: waiting, existing: null }));
    let made = 100;
    await using github = await looked({
      Publish: (seen) => {
        const aliases = Array.from({ length: 20 }, (_, index) => `check${index}`).filter((alias) => variable(seen, alias) !== undefined);
        return graphql({ records: { commit: { oid: NEW } }, ...Object.fromEntries(aliases.map((alias) => [alias, run((made += 1))])) });
      },
    });
    const published = await github.forge.publish(REPOSITORY, many, records);
    expect(operations(github)).toHaveLength(3);
    expect(published.checks).toEqual(many.map((_, index) => ({ outcome: "done", value: 101 + index })));
    expect(published.records).toEqual({ outcome: "done", value: NEW });
    const large = many.slice(0, 4).map((write) => ({ ...write, check: { ...waiting, summary: "s".repeat(60_000) } }));
    await github.forge.publish(REPOSITORY, [...large, ...large, ...large, ...large, ...large], null);
    expect(github.seen.every((seen) => JSON.stringify(seen.body).length < 1_010_000)).toBe(true);
    expect(operations(github)).toHaveLength(5);
  });

  it("sends nothing when there is nothing", async () => {
    await using github = await looked({});
    expect(await github.forge.publish(REPOSITORY, [], null)).toEqual({ checks: [], records: null });
    expect(operations(github)).toEqual([]);
  });

  it("throws when GitHub does not take the document", async () => {
    const error = { path: ["mutation Publish", "check0"], extensions: { code: "undefinedField" }, message: "Field 'x' doesn't exist" };
    await using github = await looked({ Publish: () => ({ status: 200, body: { errors: [error] } }) });
    await expect(github.forge.publish(REPOSITORY, checks, records)).rejects.toMatchObject({ kind: "error" });
  });

  it("throws when nothing can be said of any part", async () => {
    await using github = await looked({ Publish: () => graphql(null, [{ type: "RATE_LIMITED", message: "API rate limit exceeded" }]) });
    await expect(github.forge.publish(REPOSITORY, checks, records)).rejects.toMatchObject({ kind: "dependency", retryAt: NOW + 60_000 });
  });
});

describe("the first commit of the log", () => {
  const script = (refs: Scripted): Script => ({
    "POST /repos/acme/manifests/git/trees": () => ({ status: 201, body: { sha: oid("d") } }),
    "POST /repos/acme/manifests/git/commits": () => ({ status: 201, body: { sha: oid("e") } }),
    "POST /repos/acme/manifests/git/refs": () => refs,
  });
  const start = (github: ScriptedGitHub): Promise<unknown> => github.forge.startLog(REPOSITORY, records.files, "Start");

  it("names nobody, so that GitHub signs it as the App's", async () => {
    await using github = await looked(script({ status: 201, body: {} }));
    expect(await start(github)).toEqual({ outcome: "done", value: oid("e") });
    expect(github.seen.slice(1).map((seen) => seen.body)).toEqual([
      { tree: [{ path: "2026/11/21/x.json", mode: "100644", type: "blob", content: "{}" }] },
      { message: "Start", tree: oid("d"), parents: [] },
      { ref: "refs/heads/pinion-log", sha: oid("e") },
    ]);
  });

  it.each([
    ["Reference already exists", "conflict"],
    ["Repository rule violations found", "refused"],
  ])("%s: %s", async (message, outcome) => {
    await using github = await looked(script({ status: 422, body: { message } }));
    expect(await start(github)).toEqual({ outcome, reason: message });
  });

  it("refuses what is not text rather than write something else", async () => {
    await using github = await looked({});
    const binary = [{ path: "x", bytes: Uint8Array.of(0xff, 0xfe) }];
    await expect(github.forge.startLog(REPOSITORY, binary, "Start")).rejects.toMatchObject({ kind: "error" });
  });
});
