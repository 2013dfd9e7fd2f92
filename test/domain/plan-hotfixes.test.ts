import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Actor, LabelEvent, PullRequest, Review } from "../../src/domain/observation.ts";
import { plan } from "../../src/domain/plan.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import { unansweredSince } from "../../src/domain/requests.ts";
import { actions, ALICE, approval, BOB, HOUR, one, planned, reasons, three, toldOf, two } from "./planner.ts";
import { oid } from "./releases.ts";
import { APP_BOT, pullRequest, START, WorldBuilder } from "./world-builder.ts";

const MINUTE = 60_000;
const policies = await loadShippedPolicies();
const CAROL = { login: "carol", kind: "user" } as const;
const MALLORY = { login: "mallory", kind: "user" } as const;

/** In staging since a minute and not verified, a window that is shut in prod, and a freeze of it: everything that a promotion waits for. */
function world(merge = "on-approval"): WorldBuilder {
  const made = new WorldBuilder(`version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 10m }
  staging: { after: dev, promote: auto, merge: auto, watch: 10m }
  prod:
    after: staging
    promote: on-request
    merge: ${merge}
    soak: 1h
    watch: 10m
    windows: [{ deny: "0 0 * * *", for: 23h, timezone: UTC }]
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`).registry("1.4.1", "1.4.3");
  made.proven("dev", three, made.now - 20 * HOUR, "2");
  made.proven("prod", one, made.now - 40 * HOUR, "5");
  made.records.push({
    ...{ event: "merged", app: "checkout", environment: "staging", release: three, commit: oid("3"), at: made.now - MINUTE, kind: "promotion", from: null },
    ...{ pullRequest: 51, head: oid("8"), mergedBy: "pinion", requestedBy: null, judgement: "judged" },
  });
  made.pin("staging", three);
  freeze(made);
  permissions(made);
  return made;
}

function freeze(made: WorldBuilder): void {
  const label = "freeze:prod";
  const labelEvents = [{ id: "LE_freeze", label, actor: CAROL, at: made.now - HOUR }];
  made.issues.push({ number: 9, title: "Stop the line", state: "open", author: CAROL, labels: [label], labelEvents, closedBy: null });
  made.records.push({ event: "freeze-begun", environment: "prod", at: made.now - HOUR, issue: 9, source: "LE_freeze", by: "carol" });
}

function permissions(made: WorldBuilder): void {
  for (const login of ["alice", "bob", "carol"]) made.know<"permission">({ kind: "permission", login }, "write");
  made.know<"permission">({ kind: "permission", login: "mallory" }, "triage");
}

function set(label: string, actor: Actor, at: number, id = `LE_${label}`): LabelEvent {
  return { id, label, actor, at };
}

/** The merged pull request that brought 1.4.3 to staging, with labels on it. */
function merged(made: WorldBuilder, ...labelEvents: readonly LabelEvent[]): PullRequest {
  const ended = pullRequest({
    ...{ number: 51, id: "PR_51", state: "merged", merge: { commit: oid("3"), at: made.now - MINUTE, by: APP_BOT } },
    ...{ labels: labelEvents.map(({ label }) => label), labelEvents },
  });
  made.ended.push(ended);
  return ended;
}

/** The open pull request of Pinion into prod, with the label on it. */
function labelled(made: WorldBuilder, actor: Actor | null, changes: Partial<PullRequest> = {}): PullRequest {
  return made.promotion("prod", one, three, { labels: ["hotfix"], labelEvents: actor === null ? [] : [set("hotfix", actor, made.now - MINUTE)], ...changes });
}

/** After it was called a hotfix. */
function approving(made: WorldBuilder, by: typeof ALICE | typeof BOB): Review {
  return { ...approval(by), at: made.now };
}

function asked(by: string, source: string, hotfix: boolean, made: WorldBuilder): LogRecord {
  const request = { event: "requested", app: "checkout", environment: "prod", at: made.now - 30_000, release: three, by, pullRequest: 51, source } as const;
  return hotfix ? { ...request, hotfix: true } : request;
}

function write(made: WorldBuilder): void {
  made.records.push(...actions(made, "record").map(({ record }) => record));
}

function said(made: WorldBuilder): readonly string[] {
  return actions(made, "comment").map(({ pullRequest: number, body }) => `#${number} ${body.split("\n").slice(1).join("\n").replaceAll("&#8203;", "")}`);
}

function records<K extends LogRecord["event"]>(made: WorldBuilder, event: K): readonly Extract<LogRecord, { event: K }>[] {
  return actions(made, "record").flatMap(({ record }) => (record.event === event ? [record as Extract<LogRecord, { event: K }>] : []));
}

function check(made: WorldBuilder): string {
  return actions(made, "check")[0]?.check.summary.replaceAll("&#8203;", "") ?? "";
}

function isHotfix(made: WorldBuilder): boolean {
  return check(made).includes("in `prod` (hotfix)");
}

describe("the labels `promote:prod` and `hotfix` on a merged pull request", () => {
  it.each([
    ["in this order", 2_000, 1_000],
    ["the other way round", 1_000, 2_000],
  ])("%s open a hotfix at once, whatever staging says, and say so everywhere", (_, promoted, urgent) => {
    const made = world();
    merged(made, set("promote:prod", ALICE, made.now - promoted), set("hotfix", BOB, made.now - urgent));
    expect(records(made, "requested").map(({ by, hotfix }) => [by, hotfix])).toEqual([["alice", undefined], ["bob", true]]);
    write(made);
    const [opening] = actions(made, "open");
    expect(opening?.title).toBe("Promote checkout 1.4.3 to prod (hotfix)");
    expect(opening?.record(60, oid("c"))).toMatchObject({ kind: "hotfix", requestedBy: "alice" });
    expect(opening?.body).toContain("### Hotfix\n\n@bob marked this as a hotfix at ");
    for (const gate of ["upstream-verified", "soak", "window", "freeze"]) expect(opening?.body).toContain(`- **${gate}**: `);
    expect(opening?.body).toContain("@alice, @bob asked for it.");
    expect(opening?.check.summary).toContain("checkout in prod is a hotfix: @&#8203;bob marked it as one");
    expect(opening?.check.title).toBe("Waiting: 1 approval from anyone with write permission");
    expect(opening?.commit.headline).toBe("Promote checkout 1.4.3 to prod (hotfix)");
    expect(said(made)).toEqual(["#51 @bob, the promotion of `checkout` to `prod` is a hotfix now."]);
    expect(actions(made, "remove-label").map(({ label }) => label)).toEqual(["hotfix"]);
  });

  it("make a hotfix of a promotion that has been opened meanwhile", () => {
    const made = world();
    made.records.push(asked("alice", "label:LE_1", false, made));
    made.promotion("prod", one, three);
    merged(made, set("hotfix", BOB, made.now - 1_000));
    expect(isHotfix(made)).toBe(false);
    write(made);
    expect(isHotfix(made)).toBe(true);
    expect(said(made)[0]).toMatch(/^#200 @bob marked this as a hotfix at [^]*\n\n- \*\*freeze\*\*: [^]*close it, and ask for it again\.$/);
  });

  it("count for nothing while the permission of whoever set it is not known, and what was asked for goes on as a promotion", () => {
    const made = world();
    made.cannotKnow({ kind: "permission", login: "bob" }, "GitHub is down");
    merged(made, set("promote:prod", ALICE, made.now - 2_000), set("hotfix", BOB, made.now - 1_000));
    expect(records(made, "requested").map(({ by }) => by)).toEqual(["alice"]);
    expect(reasons(made)).toContain("the label hotfix on #51 is not acted on yet: whether @bob may ask for a hotfix is not known: GitHub is down");
    write(made);
    expect(actions(made, "open").map(({ title }) => title)).toEqual(["Promote checkout 1.4.3 to prod"]);
    expect(actions(made, "remove-label")).toEqual([]);
  });

  it.each<[string, Actor, string]>([
    ["by somebody who may not", MALLORY, "@mallory, the label `hotfix` was not acted on: that takes write permission on this repository, and yours is triage."],
    ["by a bot", { login: "labeler[bot]", kind: "bot" }, "`labeler[bot]`, the label `hotfix` was not acted on: only a person can ask for a hotfix."],
    ["by the App itself", APP_BOT, "@pinion, the label `hotfix` was not acted on: only a person can ask for a hotfix."],
  ])("are refused %s, and the promotion comes as one", (_, actor, answer) => {
    const made = world();
    merged(made, set("promote:prod", ALICE, made.now - 2_000), set("hotfix", actor, made.now - 1_000));
    expect(said(made)).toEqual([`#51 ${answer}`]);
    write(made);
    expect(actions(made, "open").map(({ title }) => title)).toEqual(["Promote checkout 1.4.3 to prod"]);
  });

  it("are waited for a while one after the other, and then told what the label belongs to", () => {
    const made = world();
    const at = made.now - 1_000;
    merged(made, set("hotfix", BOB, at));
    expect(said(made)).toEqual([]);
    expect(planned(made).nextLookAt).toBeLessThanOrEqual(at + 5 * MINUTE);
    made.now = at + 5 * MINUTE;
    permissions(made);
    expect(said(made)[0]).toContain("the label `hotfix` was not acted on: nothing that is asked for here is still to come; set it together with `promote:ENVIRONMENT`");
    expect(actions(made, "remove-label")).toHaveLength(1);
  });

  it.each<[string, string, (made: WorldBuilder) => void]>([
    ["asks for an environment that is not there", "promote:nowhere", () => {}],
    ["is of somebody whose permission cannot be learned", "promote:prod", (made) => made.cannotKnow({ kind: "permission", login: "alice" }, "GitHub is down")],
  ])("are not waited for without an end where the other one %s", (_, label, change) => {
    const made = world();
    const at = made.now - 1_000;
    merged(made, set(label, ALICE, at), set("hotfix", BOB, at));
    made.now = at + 5 * MINUTE;
    permissions(made);
    change(made);
    expect(planned(made).nextLookAt ?? Infinity).toBeGreaterThan(made.now + 1_000);
  });

  it("mean two promotions where `hotfix` was set before the merge: what is asked for later is none, and the answer says so", () => {
    const made = world();
    merged(made, set("hotfix", BOB, made.now - 2 * MINUTE), set("promote:prod", ALICE, made.now - 1_000));
    expect(records(made, "requested").map(({ by }) => by)).toEqual(["alice"]);
    write(made);
    expect(actions(made, "open").map(({ title }) => title)).toEqual(["Promote checkout 1.4.3 to prod"]);
    made.promotion("prod", one, three);
    expect(isHotfix(made)).toBe(false);
    expect(said(made)[0]).toBe(
      "#51 The promotion of `checkout 1.4.3` to `prod` is in #200. The label `hotfix` was set here before the merge, so it was about this pull request only. If #200 is a hotfix too, set it there.",
    );
  });

  it("leave what has nothing to do with Pinion alone", () => {
    const made = world();
    made.ended.push(pullRequest({ number: 77, author: ALICE, state: "merged", merge: { commit: oid("6"), at: made.now - HOUR, by: ALICE }, labels: ["hotfix"], labelEvents: [set("hotfix", MALLORY, made.now - MINUTE)] }));
    expect(said(made)).toEqual([]);
    expect(actions(made, "remove-label")).toEqual([]);
  });
});

describe("the label `hotfix` on an open promotion", () => {
  it("set by a writer makes a hotfix of it, which says so once", () => {
    const made = world();
    labelled(made, BOB);
    expect(isHotfix(made)).toBe(true);
    expect(check(made)).toMatch(/checkout in prod is a hotfix: @bob marked it as one at .*It does not wait for: freeze \(.*soak \(.*upstream-verified \(.*window \(/);
    const [comment = ""] = said(made);
    expect(comment).toMatch(/^#200 @bob marked this as a hotfix at [^]*take the label `hotfix` off\.$/);
    const [before = pullRequest({})] = made.open;
    made.open[0] = { ...before, comments: [{ id: "C_1", author: APP_BOT, body: actions(made, "comment")[0]?.body ?? "", at: made.now, editedByOther: false }] };
    expect(said(made)).toEqual([]);
    const [now = pullRequest({})] = made.open;
    made.open[0] = { ...now, labels: [] };
    expect(isHotfix(made)).toBe(false);
    expect(said(made)).toEqual(["#200 The label `hotfix` was taken off: from now on, every gate holds this promotion again."]);
  });

  it.each<[string, Actor | null, string]>([
    ["by somebody who may not", MALLORY, "a hotfix takes write permission on this repository, and that of @mallory is triage"],
    ["by a bot", { login: "labeler[bot]", kind: "bot" }, "the label `hotfix` was not set by a person, and only a person can call something a hotfix"],
    ["by the App itself", APP_BOT, "the label `hotfix` was not set by a person, and only a person can call something a hotfix"],
    ["by an account that is gone", { login: "ghost", kind: "ghost" }, "the label `hotfix` was not set by a person, and only a person can call something a hotfix"],
    ["by nobody that is told of", null, "who set the label `hotfix` cannot be told"],
    ["by somebody of whom nothing is known", { login: "dave", kind: "user" }, "whether @dave may ask for a hotfix is not known: it has not been asked yet"],
  ])("set %s changes no gate, and the check says why", (_, actor, why) => {
    const made = world();
    labelled(made, actor, { reviews: [approving(made, ALICE)] });
    expect(isHotfix(made)).toBe(false);
    expect(check(made)).toContain(`It is judged as no hotfix: ${why}.`);
    expect(actions(made, "merge")).toEqual([]);
  });

  it("of somebody who has lost the permission since is a word no more", () => {
    const made = world();
    labelled(made, BOB, { reviews: [approving(made, ALICE)] });
    expect(actions(made, "merge")).toHaveLength(1);
    made.know<"permission">({ kind: "permission", login: "bob" }, "read");
    expect(actions(made, "merge")).toEqual([]);
    expect(said(made)[0]).toContain("Somebody who has it can take the label off and set it again.");
  });

  it.each(["auto", "on-approval"])("takes an approval by somebody else, where merge is %s, and is merged then past soak, window and freeze", (merge) => {
    const made = world(merge);
    const open = labelled(made, BOB, { reviews: [approving(made, BOB)] });
    expect(toldOf(made, "approvals")).toBe("waiting: 1 approval from anyone with write permission; not counted: @&#8203;bob (asked for this promotion)");
    made.open[0] = { ...open, reviews: [approving(made, BOB), approving(made, ALICE)] };
    expect(toldOf(made, "approvals")).toBe("passed: approved by alice, merged");
    const [judged] = records(made, "judged");
    expect(judged).toMatchObject({ kind: "hotfix", hotfix: { by: "bob", source: "label:LE_hotfix", passedBy: [{ policy: "freeze", result: "wait" }, { policy: "soak" }, { policy: "upstream-verified" }, { policy: "window" }] } });
    const [action] = actions(made, "merge");
    expect(action?.title).toBe("Promote checkout 1.4.3 to prod (hotfix) (#200)");
    expect(action?.message).toContain("Pinion-Requested-By: bob\nPinion-Approved-By: alice");
    expect(action?.message).toMatch(/Pinion-Hotfix: bob since 2026-.*Z\nPinion-Passed-By: freeze, soak, upstream-verified, window\n/);
  });

  it.each<[string, boolean, readonly string[]]>([
    ["Promote checkout 1.4.3 to prod", true, ["Promote checkout 1.4.3 to prod (hotfix)"]],
    ["Promote checkout 1.4.3 to prod (hotfix)", false, ["Promote checkout 1.4.3 to prod"]],
    ["Promote checkout 1.4.3 to prod (hotfix)", true, []],
    ["Call me otherwise", true, []],
  ])("with the title %j, and the label on it: %j, has it changed to %j", (title, on, changed) => {
    const made = world();
    labelled(made, BOB, { title, ...(on ? {} : { labels: [] }) });
    expect(actions(made, "retitle").map((action) => action.title)).toEqual(changed);
  });

  it("takes an approval from after that, so that whoever approves knows what it goes past", () => {
    const made = world();
    labelled(made, BOB, { reviews: [{ ...approval(ALICE), at: made.now - MINUTE - 1 }] });
    expect(toldOf(made, "approvals")).toBe("waiting: 1 approval from anyone with write permission; not counted: @&#8203;alice (approved it before it was a hotfix)");
  });

  it("does not let those approve who set it before, whoever set it last", () => {
    const made = world();
    labelled(made, null, { labelEvents: [set("hotfix", ALICE, made.now - MINUTE, "LE_1"), set("hotfix", BOB, made.now - 1_000, "LE_2")], reviews: [approving(made, ALICE)] });
    expect(toldOf(made, "approvals")).toContain("not counted: @&#8203;alice (asks for this promotion just now)");
  });

  it("still holds quarantine, and what went bad further up", () => {
    const made = world();
    made.records.push({ event: "degraded", app: "checkout", environment: "staging", at: made.now - 1_000, release: three, commit: oid("3"), evidence: "it crashes" });
    labelled(made, BOB, { reviews: [approving(made, ALICE)] });
    expect(toldOf(made, "quarantine")).toBe("failed: 1.4.3 went bad in staging: it crashes");
  });

  it("leaves a way back what it is, and says so", () => {
    const made = world();
    made.pin("prod", three);
    const base = { app: "checkout", environment: "prod", at: made.now - 2 * HOUR, release: three, commit: oid("9") };
    made.records.push(
      { ...base, event: "merged", kind: "promotion", from: one, pullRequest: 60, head: oid("8"), mergedBy: "pinion", requestedBy: null, judgement: "judged" },
      { ...base, event: "degraded", evidence: "it crashes" },
    );
    const open = made.promotion("prod", three, one, { labels: ["hotfix"], labelEvents: [set("hotfix", BOB, made.now)] });
    const last = made.records.pop();
    if (last?.event === "opened") made.records.push({ ...last, kind: "revert", from: three });
    expect(check(made)).toContain("(revert)");
    expect(check(made)).toContain("The label `hotfix` changes nothing here: a way back stays one.");
    expect(said(made)).toEqual([`#${open.number} The label \`hotfix\` changes nothing here: this is the way back from a bad release, and stays one. It waits for no soak, window or freeze anyway.`]);
  });

  it("makes a hotfix of a person's own pull request, which takes somebody besides its author and whoever set the label", () => {
    const made = world();
    const mine = labelled(made, BOB, { author: CAROL, reviews: [approving(made, BOB)] });
    made.records.pop();
    expect(isHotfix(made)).toBe(true);
    expect(toldOf(made, "approvals")).toContain("not counted: @&#8203;bob (asked for this promotion)");
    made.open[0] = { ...mine, reviews: [approving(made, ALICE)] };
    expect(toldOf(made, "approvals")).toBe("passed: approved by alice");
    expect(records(made, "judged")).toMatchObject([{ kind: "hotfix", hotfix: { by: "bob" } }]);
  });
});

describe("what was opened as a hotfix", () => {
  function opened(permission: "write" | "read" | null): WorldBuilder {
    const made = world();
    made.records.push(asked("bob", "label:LE_hotfix", true, made));
    made.promotion("prod", one, three, { reviews: [approving(made, ALICE)] });
    const last = made.records.pop();
    if (last?.event === "opened") made.records.push({ ...last, kind: "hotfix", requestedBy: "bob" });
    if (permission === null) made.cannotKnow({ kind: "permission", login: "bob" }, "GitHub is down");
    else made.know<"permission">({ kind: "permission", login: "bob" }, permission);
    return made;
  }

  it("is one while whoever asked for it may ask", () => {
    expect(isHotfix(opened("write"))).toBe(true);
    expect(actions(opened("write"), "merge")).toHaveLength(1);
    expect(said(opened("write"))).toEqual([]);
  });

  it.each<["read" | null, string]>([
    ["read", "a hotfix takes write permission on this repository, and that of @bob is read"],
    [null, "whether @bob may ask for a hotfix is not known: GitHub is down"],
  ])("is a promotion like any other where the permission is %s", (permission, why) => {
    const made = opened(permission);
    expect(isHotfix(made)).toBe(false);
    expect(check(made)).toContain(`It is judged as no hotfix: ${why}.`);
    expect(actions(made, "merge")).toEqual([]);
  });

  it("is none any more once somebody has changed the place by hand, and says so", () => {
    const made = opened("write");
    made.records.push({ event: "out-of-band", app: "checkout", environment: "prod", at: made.now - 1_000, from: one, release: one, commit: oid("7"), by: "carol", pullRequest: null });
    expect(isHotfix(made)).toBe(false);
    expect(check(made)).toContain("It is judged as no hotfix: it was opened as one, and nobody's word for that stands any more.");
  });

  it.each<[what: string, overtaken: boolean, title: string]>([
    ["is none any more once another request has overtaken it, when somebody asks for it later", true, "Promote checkout 1.4.3 to prod"],
    ["is still one when another release came by itself meanwhile", false, "Promote checkout 1.4.3 to prod (hotfix)"],
  ])("%s", (_, overtaken, title) => {
    const made = world();
    const at = made.now - HOUR;
    made.records.push({ ...asked("bob", "label:LE_hotfix", true, made), at: at - 2_000 });
    if (overtaken) made.records.push({ event: "requested", app: "checkout", environment: "prod", at: at - 1_000, release: two, by: "alice", pullRequest: 50, source: "comment:C_1" });
    const opened = { event: "opened", app: "checkout", environment: "prod", kind: "promotion", from: one, release: two, head: oid("8") } as const;
    made.records.push({ ...opened, at: at - 500, pullRequest: 199, requestedBy: null });
    made.records.push({
      ...{ event: "merged", app: "checkout", environment: "prod", release: two, commit: oid("7"), at, kind: "promotion", from: one },
      ...{ pullRequest: 199, head: oid("8"), mergedBy: "pinion", requestedBy: null, judgement: "judged" },
    });
    made.pin("prod", two);
    if (overtaken) made.records.push({ ...asked("carol", "comment:C_2", false, made), at: made.now - 10_000 });
    expect(actions(made, "open").map((opening) => opening.title)).toEqual([title]);
  });

  it("is none any more once a person has closed it and somebody asks for the promotion alone", () => {
    const made = opened("write");
    made.open.length = 0;
    made.records.push({ event: "withdrawn", app: "checkout", environment: "prod", at: made.now - 20_000, release: three, pullRequest: 200, by: "carol" });
    made.records.push({ ...asked("alice", "comment:C_2", false, made), at: made.now - 10_000 });
    expect(actions(made, "open").map(({ title }) => title)).toEqual(["Promote checkout 1.4.3 to prod"]);
  });
});

describe("`/pinion hotfix checkout prod`", () => {
  const words = (made: WorldBuilder) => [{ id: "C_9", author: BOB, body: "/pinion hotfix checkout prod", at: made.now - 1_000, editedByOther: false }];

  it("on a merged pull request asks for a hotfix", () => {
    const made = world();
    made.ended.push({ ...merged(made), comments: words(made) });
    expect(records(made, "requested")).toMatchObject([{ by: "bob", source: "comment:C_9", hotfix: true }]);
    write(made);
    expect(actions(made, "open").map(({ title }) => title)).toEqual(["Promote checkout 1.4.3 to prod (hotfix)"]);
    made.promotion("prod", one, three);
    expect(said(made).filter((text) => text.startsWith("#51"))).toEqual(["#51 The promotion of `checkout 1.4.3` to `prod` is in #200, as a hotfix."]);
  });

  it("on the open promotion itself makes a hotfix of it", () => {
    const made = world();
    const open = made.promotion("prod", one, three);
    made.open[0] = { ...open, comments: words(made) };
    expect(records(made, "requested")).toMatchObject([{ pullRequest: 200, hotfix: true }]);
    write(made);
    expect(isHotfix(made)).toBe(true);
    expect(said(made).map((text) => text.split("\n")[0])).toEqual([expect.stringMatching(/^#200 @bob marked this as a hotfix/), "#200 @bob, the promotion of `checkout` to `prod` is a hotfix now."]);
  });
});

describe("`/pinion hotfix checkout prod` on a person's own pull request", () => {
  it("is answered with what to do there", () => {
    const made = world();
    const body = "/pinion hotfix checkout prod";
    made.promotion("prod", one, three, { author: CAROL, comments: [{ id: "C_9", author: BOB, body, at: made.now, editedByOther: false }] });
    made.records.pop();
    expect(said(made)).toEqual([
      "#200 @bob, `/pinion hotfix checkout prod` was not acted on: this pull request is not Pinion's; set the label `hotfix` on it, and it is judged as a hotfix.",
    ]);
  });
});

describe("the record of a merge", () => {
  const HOTFIX = { by: "bob", at: 0, source: "label:LE_hotfix", passedBy: [] };

  function mergedWith(judged: readonly ("plain" | "hotfix")[], labels: readonly string[]): WorldBuilder {
    const made = world();
    made.promotion("prod", one, three);
    const [open] = made.open.splice(0);
    const base = { event: "judged", app: "checkout", environment: "prod", at: made.now - 2_000, release: three, pullRequest: 200, head: oid("c"), gates: [], approvals: [] } as const;
    for (const how of judged) made.records.push(how === "plain" ? { ...base, kind: "promotion" } : { ...base, kind: "hotfix", hotfix: HOTFIX });
    const ended: PullRequest = { ...(open ?? pullRequest({})), state: "merged", merge: { commit: oid("7"), at: made.now - 1_000, by: APP_BOT }, labels, labelEvents: [set("hotfix", BOB, made.now - MINUTE)] };
    made.changes.push({ app: "checkout", environment: "prod", from: one, to: three, commit: oid("7"), at: made.now, author: APP_BOT, pullRequest: ended });
    made.pin("prod", three);
    return made;
  }

  it.each<[judged: readonly ("plain" | "hotfix")[], labels: readonly string[], kind: string]>([
    [["hotfix"], ["hotfix"], "hotfix"],
    [["hotfix"], [], "hotfix"],
    [["plain", "hotfix"], ["hotfix"], "hotfix"],
    [["plain", "hotfix"], [], "promotion"],
    [["hotfix", "plain"], [], "promotion"],
    [["plain"], ["hotfix"], "promotion"],
    [[], ["hotfix"], "promotion"],
  ])("of what passed as %j with the labels %j says %s", (judged, labels, kind) => {
    const [record] = records(mergedWith(judged, labels), "merged");
    expect(record?.kind).toBe(kind);
    expect(record?.hotfix).toEqual(kind === "hotfix" ? { by: "bob", at: 0, source: "label:LE_hotfix", freezes: [9] } : undefined);
    expect(record?.requestedBy).toBe(kind === "hotfix" ? "bob" : null);
  });
});

describe("what is looked back to", () => {
  it.each<[string, number, number | null]>([
    ["an answer that is due", MINUTE, START],
    ["no answer for an hour, as on what Pinion has nothing to do with", 2 * HOUR, null],
  ])("for the label on a merged pull request is %s", (_, later, since) => {
    const ended = pullRequest({ state: "merged", merge: { commit: oid("3"), at: START - MINUTE, by: APP_BOT }, labels: ["hotfix"], labelEvents: [set("hotfix", BOB, START)] });
    expect(unansweredSince([ended], [], START + later)).toBe(since);
  });
});

describe("the label `hotfix`", () => {
  it("is made where the repository has none, however it is written there", () => {
    const made = world();
    const labels = (names: readonly string[]) => {
      const observation = made.observation();
      const plans = plan({ ...observation, snapshot: { ...observation.snapshot, labels: names } }, policies, made.knowledge(), made.now);
      return plans.actions.flatMap((action) => (action.kind === "create-label" ? [action.name] : []));
    };
    expect(labels([])).toContain("hotfix");
    expect(labels(["Hotfix"])).not.toContain("hotfix");
  });
});
