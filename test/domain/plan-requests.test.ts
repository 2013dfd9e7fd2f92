import { describe, expect, it } from "vitest";
import type { PullRequest } from "../../src/domain/observation.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import type { Release } from "../../src/domain/release.ts";
import { commentMarker } from "../../src/domain/report/comment.ts";
import { actions, ALICE, approval, BOB, HOUR, one, openings, planned, reasons, three, two } from "./planner.ts";
import { digestOf, oid } from "./releases.ts";
import { APP_BOT, pullRequest, WorldBuilder } from "./world-builder.ts";

const MINUTE = 60_000;
const INSIDERS = ["alice", "bob", "carol"];

/** Staging runs 1.4.3, and had 1.4.2 before; both can be asked for in prod. */
function world(): WorldBuilder {
  const made = new WorldBuilder().registry("1.4.1", "1.4.2", "1.4.3");
  made.proven("dev", two, made.now - 30 * HOUR, "1").proven("dev", three, made.now - 20 * HOUR, "2");
  brought(made, "staging", 51, two, "3");
  brought(made, "staging", 52, three, "4");
  for (const login of INSIDERS) made.know<"permission">({ kind: "permission", login }, "write");
  return made;
}

function brought(made: WorldBuilder, environment: string, number: number, release: Release, digit: string, at = made.now - 10 * HOUR): void {
  const base = { app: "checkout", environment, release, commit: oid(digit) };
  made.records.push(
    { ...base, event: "merged", at, kind: "promotion", from: null, pullRequest: number, head: oid("8"), mergedBy: "pinion", requestedBy: null, judgement: "judged" },
    { ...base, event: "deployed", at, evidence: "healthy" },
    { ...base, event: "verified", at, how: "rollout-only", evidence: "no SLO" },
  );
  made.pin(environment, release);
}

function ended(number: number, changes: Partial<PullRequest> = {}): PullRequest {
  return pullRequest({ number, id: `PR_${number}`, state: "merged", merge: { commit: oid("3"), at: 0, by: APP_BOT }, ...changes });
}

function labelled(number: number, at: number, label = "promote:prod", by = ALICE): PullRequest {
  return ended(number, { labels: [label], labelEvents: [{ id: `LE_${number}`, label, actor: by, at }] });
}

function commented(number: number, body: string, at: number, changes: Partial<PullRequest> = {}): PullRequest {
  return ended(number, { comments: [{ id: `C_${number}`, author: ALICE, body, at, editedByOther: false }], ...changes });
}

function closedByAlice(number: number, body: string, at: number): PullRequest {
  return commented(number, body, at, { state: "closed", merge: null, closed: { at: at - HOUR, by: ALICE } });
}

function requests(made: WorldBuilder): readonly Extract<LogRecord, { event: "requested" }>[] {
  return actions(made, "record").flatMap(({ record }) => (record.event === "requested" ? [record] : []));
}

/** Takes what the plan wants to put down as put down. */
function write(made: WorldBuilder): void {
  made.records.push(...actions(made, "record").map(({ record }) => record));
}

function said(made: WorldBuilder): readonly string[] {
  return actions(made, "comment").map(({ pullRequest: number, body }) => `#${number} ${(body.split("\n")[1] ?? "").replaceAll("&#8203;", "")}`);
}

describe("two requests for one place", () => {
  it("are taken in the order in which they were made, and the one that was overtaken is answered", () => {
    const made = world();
    made.ended.push(labelled(52, made.now - 2_000), labelled(51, made.now - MINUTE));
    expect(requests(made).map(({ release }) => release.version)).toEqual(["1.4.2", "1.4.3"]);
    write(made);
    expect(openings(made)).toEqual(["Promote checkout 1.4.3 to prod"]);
    expect(said(made)).toEqual(["#51 @alice, the label `promote:prod` was not acted on: it was overtaken by the request for 1.4.3 by alice."]);
    expect(actions(made, "remove-label").map(({ pullRequest: number }) => number)).toEqual([51]);
  });

  it("are both answered by the one pull request when they want the same release", () => {
    const made = world();
    made.ended.push(labelled(52, made.now - MINUTE), commented(52, "/pinion promote checkout prod", made.now - 2_000));
    write(made);
    const { number } = made.promotion("prod", one, three);
    expect(said(made)).toEqual(Array.from({ length: 2 }, () => `#52 The promotion of \`checkout 1.4.3\` to \`prod\` is in #${number}.`));
  });
});

describe("a request", () => {
  it("ends with a change by hand that comes after it, and says so", () => {
    const made = world();
    made.ended.push(labelled(51, made.now - MINUTE));
    write(made);
    made.records.push({ event: "out-of-band", app: "checkout", environment: "prod", at: made.now - 1_000, from: one, release: three, commit: oid("7"), by: "carol", pullRequest: null });
    made.pin("prod", three);
    expect(openings(made)).toEqual([]);
    expect(said(made)).toEqual(["#51 @alice, the label `promote:prod` was not acted on: prod was set to 1.4.3 by hand after that; ask again if you still want it."]);
  });

  it("is not taken up at all when somebody changed the place by hand after it", () => {
    const made = world();
    made.records.push({ event: "out-of-band", app: "checkout", environment: "prod", at: made.now - 1_000, from: one, release: three, commit: oid("7"), by: "carol", pullRequest: null });
    made.pin("prod", three);
    made.ended.push(labelled(51, made.now - MINUTE));
    expect(requests(made)).toEqual([]);
    expect(said(made)[0]).toContain("prod was set to 1.4.3 by hand after that");
  });

  it("waits while a change of its place is not in the log yet", () => {
    const made = world();
    made.changes.push({ app: "checkout", environment: "prod", from: one, to: three, commit: oid("7"), at: made.now, author: BOB, pullRequest: null });
    made.ended.push(labelled(51, made.now - MINUTE));
    expect(requests(made)).toEqual([]);
    expect(said(made)).toEqual([]);
  });

  it("that cannot be answered with a pull request soon is answered with what it waits for, while its pull request is still seen", () => {
    const made = world();
    const at = made.now - 10_000;
    made.ended.push(labelled(52, at));
    write(made);
    made.promotion("prod", one, two, { reviews: [approval(BOB)] });
    expect(said(made).filter((text) => text.startsWith("#52"))).toEqual([]);
    expect(planned(made).nextLookAt).toBeLessThanOrEqual(at + 5 * MINUTE);
    made.now = at + 5 * MINUTE;
    made.know<"permission">({ kind: "permission", login: "alice" }, "write");
    expect(said(made).filter((text) => text.startsWith("#52"))).toEqual([
      "#52 @alice, the label `promote:prod` is noted. Its pull request is not open yet: 1.4.3 waits for #200, which people care for. " +
        "It opens by itself as soon as it can, unless somebody asks for another release.",
    ]);
    expect(actions(made, "remove-label").map(({ pullRequest: number }) => number)).toEqual([52]);
  });

  it.each<[string, (made: WorldBuilder) => void]>([
    ["GitHub does not tell the commit of its merge yet", (made) => void made.ended.push({ ...labelled(53, made.now), merge: null })],
    [
      "a change of a pin is not explained yet",
      (made) => {
        made.unexplained.push({ app: "checkout", environment: "staging" });
        made.ended.push(labelled(53, made.now));
      },
    ],
  ])("right after a merge waits while %s", (_, arrange) => {
    const made = world();
    arrange(made);
    expect(said(made)).toEqual([]);
    expect(actions(made, "remove-label")).toEqual([]);
  });

  it("on a pull request that promoted nothing is refused, although another app's change is not explained yet", () => {
    const made = world();
    made.unexplained.push({ app: "search", environment: "staging" });
    made.ended.push(commented(53, "/pinion promote checkout prod", made.now));
    expect(said(made)[0]).toContain("this pull request promoted nothing");
  });
});

describe("everybody who asked for a release", () => {
  function asked(...people: readonly (readonly [by: string, release: Release])[]): WorldBuilder {
    const made = world();
    for (const [index, [by, release]] of people.entries()) {
      made.records.push({ event: "requested", app: "checkout", environment: "prod", at: made.now - HOUR + index, release, by, pullRequest: 52, source: `comment:${index}` });
    }
    return made;
  }

  it.each<[string, WorldBuilder, number]>([
    ["may not approve it, the first", asked(["bob", three], ["alice", three]), 0],
    ["may not approve it, the last", asked(["alice", three], ["bob", three]), 0],
    ["may not approve it, though another release was asked for in between", asked(["bob", three], ["carol", two], ["alice", three]), 0],
    ["and not for another, may approve it", asked(["bob", two], ["alice", three]), 1],
  ])("%s", (_, made, merges) => {
    made.promotion("prod", one, three, { reviews: [approval(BOB)] });
    expect(actions(made, "merge")).toHaveLength(merges);
  });

  it("is named on the pull request, until it is answered", () => {
    const made = asked(["alice", three], ["carol", three]);
    expect(actions(made, "open")[0]?.body).toContain("@alice, @carol asked for it.");
    brought(made, "prod", 90, three, "5", made.now - 1_000);
    brought(made, "prod", 91, two, "6", made.now - 500);
    made.records.push({ event: "requested", app: "checkout", environment: "prod", at: made.now, release: three, by: "bob", pullRequest: 52, source: "comment:9" });
    expect(actions(made, "open")[0]?.body).toContain("- @bob asked for it.");
  });
});

describe("the closed pull request of a promotion", () => {
  /** Alice closed the pull request #60 for 1.4.3, and asks for it after all. */
  function withdrawn(environment: string, body: string, kind: "promotion" | "revert" = "promotion"): WorldBuilder {
    const made = world();
    made.pin("dev", one);
    const at = made.now - 2 * HOUR;
    made.records.push(
      { event: "opened", app: "checkout", environment, at, kind, from: one, release: three, pullRequest: 60, head: oid("c"), requestedBy: null },
      { event: "withdrawn", app: "checkout", environment, at: made.now - HOUR, release: three, pullRequest: 60, by: "alice" },
    );
    made.ended.push(closedByAlice(60, body, made.now));
    return made;
  }

  it.each(["dev", "prod"])("takes the command for its own promotion, in %s too", (environment) => {
    const made = withdrawn(environment, `/pinion promote checkout ${environment}`);
    expect(requests(made)).toMatchObject([{ environment, release: three, pullRequest: 60 }]);
    write(made);
    expect(openings(made)).toContain(`Promote checkout 1.4.3 to ${environment}`);
  });

  it("answers whoever had asked before it was closed, also where both are seen at once", () => {
    const made = world();
    made.records.push({ event: "opened", app: "checkout", environment: "prod", at: made.now - 2 * HOUR, kind: "promotion", from: one, release: three, pullRequest: 60, head: oid("c"), requestedBy: null });
    made.ended.push(pullRequest({ number: 60, state: "closed", closed: { at: made.now - HOUR, by: ALICE } }), labelled(52, made.now - HOUR, "promote:prod"));
    expect(requests(made)).toEqual([]);
    write(made);
    expect(requests(made)).toEqual([]);
    expect(said(made).join("\n")).toContain("the pull request for 1.4.3 was closed after that; ask again if you still want it");
    expect(openings(made)).not.toContain("Promote checkout 1.4.3 to prod");
  });

  it("does not take it for an environment after that, since it brought nothing there", () => {
    const made = withdrawn("dev", "/pinion promote checkout prod");
    expect(requests(made)).toEqual([]);
    expect(said(made).join("\n")).toContain(
      "this pull request was not merged, so it brought nothing to dev; ask on the merged pull request that brought the release to staging",
    );
  });

  it("does not take it for a way back", () => {
    expect(said(withdrawn("prod", "/pinion promote checkout prod", "revert")).join("\n")).toContain("it would have taken checkout back to 1.4.3");
  });

  it("counts as withdrawn also when it was closed before the log had noted its opening", () => {
    const made = world();
    made.pin("dev", one).registry("1.4.1", "1.4.3");
    const [opening] = actions(made, "open");
    made.ended.push(pullRequest({ number: 60, state: "closed", head: { ref: opening?.branch ?? "", oid: oid("c"), fork: false }, closed: { at: made.now, by: ALICE } }));
    expect(openings(made)).toEqual([]);
    // What its branch held when it was opened, nobody can tell any more.
    expect(actions(made, "record").map(({ record }) => record)).toMatchObject([{ event: "opened", pullRequest: 60, head: null }]);
    write(made);
    expect(said(made)[0]).toContain("comment `/pinion promote checkout dev` here");
    write(made);
    expect(openings(made)).toEqual([]);
  });

  it("says when it is closed how to have it after all, and so does what waits for it", () => {
    const made = world();
    made.pin("dev", one);
    made.records.push({ event: "opened", app: "checkout", environment: "dev", at: made.now - HOUR, kind: "promotion", from: one, release: three, pullRequest: 60, head: oid("c"), requestedBy: null });
    made.ended.push(pullRequest({ number: 60, state: "closed", closed: { at: made.now, by: ALICE } }));
    expect(said(made)).toEqual([
      "#60 @alice withdrew this promotion. Pinion does not offer `checkout 1.4.3` to `dev` again unless somebody asks for it: comment `/pinion promote checkout dev` here.",
    ]);
    write(made);
    made.registry("1.4.1", "1.4.3");
    expect(reasons(made)).toContain("dev/checkout: the pull request for 1.4.3 was closed by a person; comment `/pinion promote checkout dev` on it to have it after all");
  });
});

describe("a merged pull request", () => {
  it("takes the command for its own environment, so that what went bad there can be had again", () => {
    const made = world();
    made.pin("staging", one);
    made.ended.push(commented(52, "/pinion promote checkout staging", made.now));
    expect(requests(made)).toMatchObject([{ environment: "staging", release: three }]);
  });

  it.each<[string, string]>([
    ["/pinion promote search prod", "did not promote search; it promoted checkout; ask on the merged pull request that brought the release to staging, or, for what was there before Pinion, open a pull request of your own that sets the pin in prod"],
    ["/pinion promote checkout dev", "dev does not come after staging; ask on a pull request that promoted the release to dev, or open one of your own that sets the pin there"],
    ["/pinion promote checkout qa", "there is no environment qa; there are dev, staging, prod"],
  ])("refuses %s, and tells where to ask", (body, why) => {
    const made = world();
    made.ended.push(commented(52, body, made.now));
    expect(said(made)[0]).toContain(why);
  });

  it("refuses a release of other images than move together now", () => {
    const made = world();
    const more = { repository: "ghcr.io/acme/worker", tag: "1.4.1", digest: digestOf("w") };
    made.pin("prod", { ...one, images: [...one.images, more] });
    made.ended.push(commented(52, "/pinion promote checkout prod", made.now));
    expect(said(made)[0]).toContain("1.4.3 is made of other images than checkout is now");
  });
});

describe("what was in an environment before Pinion", () => {
  /** 1.4.2 stood in dev and staging before Pinion came, and nothing was promoted since. */
  function adopted(): WorldBuilder {
    const made = new WorldBuilder().registry("1.4.1", "1.4.2").pin("dev", two).pin("staging", two);
    for (const login of INSIDERS) made.know<"permission">({ kind: "permission", login }, "write");
    return made;
  }

  it("is asked after when a person's own pull request wants to bring it on, which then passes", () => {
    const made = adopted();
    const theirs = { author: BOB, head: { ref: "x", oid: oid("f"), fork: false }, commits: { count: 1, allOwn: false, people: ["bob"] }, reviews: [approval(ALICE, oid("f"))] };
    const { number } = made.promotion("prod", one, two, theirs);
    made.records.pop();
    const check = () => actions(made, "check").find(({ pullRequest: on }) => on === number)?.check;
    expect(check()?.title).toBe("Waiting: verification in staging");
    expect(actions(made, "record").map(({ record }) => `${record.event} ${"environment" in record ? record.environment : ""}`)).toEqual([
      "adopted staging",
      "deployed staging",
      "verified staging",
    ]);
    write(made);
    expect(check()?.conclusion).toBe("success");
  });

  it("is not asked after for another release", () => {
    const made = adopted();
    made.promotion("prod", one, three, { author: BOB });
    expect(made.asked.filter(({ kind }) => kind === "rollout")).toEqual([]);
    planned(made);
    expect(actions(made, "record").map(({ record }) => record.event)).not.toContain("verified");
  });
});

it("marks each answer with the wish that it answers", () => {
  const made = world();
  made.ended.push(commented(53, "/pinion promote checkout prod", made.now));
  expect(actions(made, "comment").map(({ body }) => commentMarker(body))).toEqual(["comment:C_53"]);
});

