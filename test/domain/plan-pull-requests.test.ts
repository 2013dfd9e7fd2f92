import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { Review } from "../../src/domain/observation.ts";
import { actions, openings, planned, recorded, approval, HOUR, one, two, ALICE, BOB } from "./planner.ts";
import { digestOf, oid, release } from "./releases.ts";
import { HEAD, pullRequest, START, WorldBuilder } from "./world-builder.ts";

describe("an open promotion", () => {
  it("is merged when every gate passes, at the judged head, and the judgement is put down", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.promotion("dev", one, two);
    expect(actions(world, "merge")).toMatchObject([{ pullRequest: 200, head: oid("c"), method: "squash" }]);
    expect(recorded(world)).toContain("judged");
  });

  it.each<[string, Parameters<WorldBuilder["promotion"]>[3]]>([
    ["somebody pushed to it", { commits: { count: 2, allOwn: false, people: ["mallory"] } }],
    ["its one commit is not the App's", { commits: { count: 1, allOwn: false, people: ["mallory"] } }],
    ["it is a draft", { draft: true }],
    ["a person opened it", { author: ALICE }],
    ["its branch is in a fork", { head: { ref: "pinion/dev/checkout/1.4.2-x", oid: oid("c"), fork: true } }],
    ["its branch is not one of Pinion's", { head: { ref: "feature", oid: oid("c"), fork: false } }],
    ["it goes to another branch", { base: "release" }],
  ])("is left to people when %s, though every gate passes", (_, changes) => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.promotion("dev", one, two, changes);
    expect(actions(world, "merge")).toEqual([]);
  });

  it.each<[string, (world: WorldBuilder) => void]>([
    [
      "it conflicts",
      (world) => {
        const { number } = world.promotion("dev", one, two);
        world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: ["f"], promotions: [], otherFiles: [], quarantines: [], config: null, broken: [], shared: [] }, 0));
      },
    ],
    [
      "it changes more than pins",
      (world) => {
        const { number } = world.promotion("dev", one, two);
        const promotions = [{ app: "checkout", environment: "dev", from: one, to: two }];
        world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: [], promotions, otherFiles: ["rbac.yaml"], quarantines: [], config: null, broken: [], shared: [] }, 0));
      },
    ],
    ["what it changes is not known", (world) => void world.proposals.set(world.promotion("dev", one, two).number, { known: false, reason: "git is down", failure: "dependency", at: 0 })],
    [
      "the registry cannot be asked",
      (world) => {
        world.promotion("dev", one, two);
        world.cannotKnow({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: digestOf("1.4.2") }, "down");
      },
    ],
    [
      "the registry does not have it",
      (world) => {
        world.promotion("dev", one, two);
        world.know<"digest">({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: digestOf("1.4.2") }, null);
      },
    ],
    [
      "the environment is frozen",
      (world) => {
        world.promotion("dev", one, two);
        world.issues.push({ number: 9, title: "Stop", state: "open", author: ALICE, labels: ["freeze:dev"], labelEvents: [{ id: "1", label: "freeze:dev", actor: ALICE, at: 0 }], closedBy: null });
        world.know<"permission">({ kind: "permission", login: "alice" }, "write");
      },
    ],
    [
      "whether it is frozen cannot be told",
      (world) => {
        world.promotion("dev", one, two);
        world.issues.push({ number: 9, title: "Stop", state: "open", author: ALICE, labels: ["freeze:dev"], labelEvents: [{ id: "1", label: "freeze:dev", actor: ALICE, at: 0 }], closedBy: null });
        world.cannotKnow({ kind: "permission", login: "alice" }, "GitHub does not say");
      },
    ],
    [
      "another release is still rolling out",
      (world) => {
        world.promotion("dev", one, two);
        world.records.push({
          event: "merged",
          app: "checkout",
          environment: "dev",
          at: world.now - 60_000,
          kind: "promotion",
          from: null,
          release: one,
          pullRequest: 7,
          head: oid("7"),
          commit: oid("7"),
          mergedBy: "pinion",
          requestedBy: null,
          judgement: "judged",
        });
        world.cluster = () => null;
      },
    ],
  ])("is not merged while %s", (_, arrange) => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    arrange(world);
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check").every(({ check }) => check.conclusion !== "success")).toBe(true);
  });

  it("is not merged when it is not what it was opened for", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2", "9.9.9");
    const { number } = world.promotion("dev", one, two);
    const swapped = [{ app: "checkout", environment: "dev", from: one, to: release("9.9.9") }];
    world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: [], promotions: swapped, otherFiles: [], quarantines: [], config: null, broken: [], shared: [] }, 0));
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")[0]?.check).toMatchObject({ conclusion: "action_required" });
  });

  it("named as a revert is no revert unless it was opened as one", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.issues.push({ number: 9, title: "Stop", state: "open", author: ALICE, labels: ["freeze:dev"], labelEvents: [{ id: "1", label: "freeze:dev", actor: ALICE, at: 0 }], closedBy: null });
    world.know<"permission">({ kind: "permission", login: "alice" }, "write");
    world.promotion("dev", one, two, { head: { ref: "pinion/dev/checkout/revert-to-1.4.2-x", oid: oid("c"), fork: false } });
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")[0]?.check.conclusion).toBeNull();
  });

  it("whose record of the opening was lost is known by the name of its branch, which is made from what it promotes", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const [opening] = actions(world, "open");
    const forget = (ref: string) => {
      const { number } = world.promotion("dev", one, two, { head: { ref, oid: oid("c"), fork: false } });
      world.records.splice(world.records.findIndex((record) => record.event === "opened" && record.pullRequest === number), 1);
    };
    forget(opening?.branch ?? "");
    expect(actions(world, "merge")).toHaveLength(1);
    world.open.length = 0;
    forget("pinion/dev/checkout/1.4.2-0000000000");
    expect(actions(world, "merge")).toEqual([]);
  });

  it("that GitHub does not let Pinion merge says so in its words, as long as everything else passes", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const { number } = world.promotion("dev", one, two);
    world.refusedMerges.set(`${number}@${oid("c")}`, "Required status check \"build\" is expected.");
    const [check] = actions(world, "check");
    expect(check?.check).toMatchObject({ conclusion: "success", title: 'GitHub does not let Pinion merge: Required status check "build" is expected' });
    expect(check?.check.summary).toContain("GitHub does not let Pinion merge: Required status check");
    expect(actions(world, "check")[0]?.check.fingerprint).toBe(check?.check.fingerprint);
    expect(actions(world, "merge")).toHaveLength(1);
    world.cannotKnow({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: digestOf("1.4.2") }, "down");
    expect(actions(world, "check")[0]?.check.title).toMatch(/^Waiting: digest-served/);
  });

  it("with the same head as another gets one check, the sterner of both", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.promotion("dev", one, two);
    const { number } = world.promotion("dev", one, two, { author: ALICE, draft: true });
    world.proposals.set(number, { known: false, reason: "git is down", failure: "dependency", at: 0 });
    expect(actions(world, "check")).toMatchObject([{ check: { conclusion: null } }]);
  });

  it("that takes a pin away is judged by who may do that, and when", () => {
    const world = new WorldBuilder().registry("1.4.1");
    world.config = parseConfig("version: 1\nenvironments: { dev: { merge: on-approval } }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n");
    const { number } = world.promotion("dev", one, two, { author: ALICE, reviews: [] });
    const removed = [{ app: "checkout", environment: "dev", from: one, to: null }];
    const proposal = { base: HEAD, head: oid("c"), conflicts: [], promotions: removed, otherFiles: ["f"], quarantines: [], config: null, broken: [], shared: [] };
    world.proposals.set(number, known(proposal, 0));
    expect(actions(world, "check")[0]?.check).toMatchObject({ conclusion: null, title: expect.stringContaining("1 approval") });
    world.open.splice(0, 1, pullRequest({ number, author: ALICE, head: { ref: "x", oid: oid("c"), fork: false }, reviews: [approval(BOB)] }));
    world.know<"permission">({ kind: "permission", login: "bob" }, "write");
    expect(actions(world, "check")[0]?.check.conclusion).toBe("success");
  });

  it("that changes a shared base is judged in every environment that takes it in", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const { number } = world.promotion("dev", one, two, { author: ALICE });
    const shared = (["dev", "staging"] as const).map((environment) => ({ app: "checkout", environment, from: one, to: two, isPromoted: true, files: ["base/kustomization.yaml"] }));
    const proposal = { base: HEAD, head: oid("c"), conflicts: [], promotions: [], otherFiles: ["base/kustomization.yaml"], quarantines: [], config: null, broken: [], shared };
    world.proposals.set(number, known(proposal, 0));
    const [action] = actions(world, "check");
    // It would come to staging without having been proven in dev.
    expect(action?.check).toMatchObject({ conclusion: null, title: expect.stringMatching(/^Waiting: checkout in staging: the soak /) });
    expect(action?.check.summary).toContain("`base/kustomization.yaml` changes what checkout runs in dev, staging at once, and is judged there");
    world.proposals.set(number, known({ ...proposal, shared: shared.slice(0, 1) }, 0));
    expect(actions(world, "check")[0]?.check.conclusion).toBe("success");
    expect(recorded(world)).not.toContain("judged");
    world.proposals.set(number, known({ ...proposal, shared: shared.map((change) => ({ ...change, to: null })) }, 0));
    expect(actions(world, "check")[0]?.check.summary).toContain("removes the pins of checkout in dev, checkout in staging");
  });

  it.each(["shared", "own"])("that brings an image from a registry of its author's choice has nobody asked there (%s files)", (where) => {
    const world = new WorldBuilder().registry("1.4.1");
    const { number } = world.promotion("dev", one, two, { author: ALICE, head: { ref: "x", oid: oid("c"), fork: true } });
    const to = { app: "checkout", version: "9", images: [{ repository: "127.0.0.1:8080/x", tag: "9", digest: digestOf("9") }] };
    const change = { app: "checkout", environment: "dev", from: one, to };
    const shared = where === "shared" ? [{ ...change, isPromoted: true, files: ["base/deployment.yaml"] }] : [];
    const promotions = where === "shared" ? [] : [change];
    world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: [], promotions, otherFiles: [], quarantines: [], config: null, broken: [], shared }, 0));
    expect(planned(world).needs.filter((need) => JSON.stringify(need).includes("127.0.0.1"))).toEqual([]);
    const [check] = actions(world, "check");
    expect(check?.check).toMatchObject({ status: "in_progress", summary: expect.stringContaining("nothing on the default branch uses the registry 127.0.0.1:8080") });
  });

  it("that changes images in a shared base which Pinion does not promote is told so, and passes", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const { number } = world.promotion("dev", one, two, { author: ALICE });
    const shared = ["dev", "prod"].map((environment) => ({ app: "checkout", environment, from: one, to: two, isPromoted: false, files: ["base/d.yaml"] }));
    const proposal = { base: HEAD, head: oid("c"), conflicts: [], promotions: [], otherFiles: ["base/d.yaml"], quarantines: [], config: null, broken: [], shared };
    world.proposals.set(number, known(proposal, 0));
    const [action] = actions(world, "check");
    expect(action?.check).toMatchObject({ conclusion: "success", title: "No pins that Pinion promotes change, but others do" });
    expect(action?.check.summary).toContain("in dev, prod at once. Pinion does not promote ghcr.io/acme/checkout there");
  });

  it("of the App with a shared base in it is not merged", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const { number } = world.promotion("dev", one, two);
    const promotions = [{ app: "checkout", environment: "dev", from: one, to: two }];
    const shared = [{ app: "cart", environment: "dev", from: null, to: two, isPromoted: true, files: ["base/d.yaml"] }];
    world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: [], promotions, otherFiles: [], quarantines: [], config: null, broken: [], shared }, 0));
    expect(actions(world, "merge")).toEqual([]);
    world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: [], promotions, otherFiles: [], quarantines: [], config: null, broken: [], shared: [] }, 0));
    expect(actions(world, "merge")).toHaveLength(1);
  });

  it("is not held by a freeze that an outsider declared", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.promotion("dev", one, two);
    world.issues.push({ number: 9, title: "Stop", state: "open", author: BOB, labels: ["freeze:dev"], labelEvents: [{ id: "1", label: "freeze:dev", actor: BOB, at: 0 }], closedBy: null });
    world.know<"permission">({ kind: "permission", login: "bob" }, "triage");
    expect(actions(world, "merge")).toHaveLength(1);
  });

  it("is closed for a newer one while nobody cares for it, and left with a word when somebody does", () => {
    const alone = new WorldBuilder().registry("1.4.1", "1.4.2", "1.4.3");
    alone.promotion("dev", one, two);
    alone.config = parseConfig("version: 1\nenvironments: { dev: { merge: on-approval } }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n");
    expect(actions(alone, "close")).toMatchObject([{ pullRequest: 200 }]);
    expect(openings(alone)).toEqual([]);
    const cared = new WorldBuilder().registry("1.4.1", "1.4.2", "1.4.3");
    cared.config = alone.config;
    cared.promotion("dev", one, two, { reviews: [approval(BOB)] });
    cared.know<"permission">({ kind: "permission", login: "bob" }, "read");
    expect(actions(cared, "close")).toEqual([]);
    expect(actions(cared, "comment")).toMatchObject([{ pullRequest: 200 }]);
  });
});

const GHOST = { login: "ghost", kind: "ghost" } as const;

describe("approvals", () => {
  function inProd(reviews: readonly Review[], requester: string | null = "alice", commits = { count: 1, allOwn: true, people: [] as readonly string[] | null }) {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.proven("dev", two, world.now - 9 * HOUR, "3").proven("staging", two, world.now - 8 * HOUR, "4").pin("prod", one);
    if (requester !== null) {
      world.records.push({ event: "requested", app: "checkout", environment: "prod", at: world.now - HOUR, release: two, by: requester, pullRequest: 5, source: "label:1" });
    }
    world.promotion("prod", one, two, { reviews, commits });
    for (const login of ["alice", "bob"]) world.know<"permission">({ kind: "permission", login }, "write");
    return world;
  }

  it.each<[string, ReturnType<typeof inProd>, number]>([
    ["an eligible person's counts", inProd([approval(BOB)]), 1],
    ["none does not", inProd([]), 0],
    ["the requester's own does not", inProd([approval(ALICE)]), 0],
    ["one of an earlier head does not", inProd([approval(BOB, oid("e"))]), 0],
    ["one whose commit is gone does not", inProd([approval(BOB, null)]), 0],
    ["a dismissed one does not revive an older one", inProd([approval(BOB), { ...approval(BOB, oid("c"), "dismissed"), at: START + 1 }]), 0],
    ["a later request for changes stands", inProd([approval(BOB), { ...approval(BOB, oid("c"), "changes-requested"), at: START + 1 }]), 0],
    ["a later remark takes nothing away", inProd([approval(BOB), { ...approval(BOB, oid("c"), "commented"), at: START + 1 }]), 1],
    ["one by a person who wrote a commit does not", inProd([approval(BOB)], "alice", { count: 1, allOwn: true, people: ["bob"] }), 0],
    ["one does not when it cannot be told who wrote the commits", inProd([approval(BOB)], "alice", { count: 1, allOwn: true, people: null }), 0],
    ["a deleted account's does not", inProd([{ ...approval(BOB), author: GHOST }]), 0],
    ["a deleted account's takes nothing away", inProd([approval(BOB), { ...approval(BOB), author: GHOST }]), 1],
    ["a deleted account's request for changes holds, whatever other ones say", inProd([approval(BOB), { ...approval(BOB, oid("e"), "changes-requested"), author: GHOST }, { ...approval(BOB), author: GHOST }]), 0],
    ["a deleted account's request for changes that was dismissed does not hold", inProd([approval(BOB), { ...approval(BOB, oid("c"), "dismissed"), author: GHOST }]), 1],
    ["a bot's does not", inProd([{ ...approval(BOB), author: { login: "bob", kind: "bot" } }]), 0],
  ])("%s", (_, world, merges) => {
    expect(actions(world, "merge")).toHaveLength(merges);
  });

  it("of strangers are told of, a few of them, and keep nobody from being counted", () => {
    const strangers = Array.from({ length: 2000 }, (_, index): Review => ({ ...approval(BOB), id: `R_${index}`, author: { login: `stranger-${index}`, kind: "user" } }));
    const world = inProd([...strangers, approval(BOB)]);
    for (const { author } of strangers) world.know<"permission">({ kind: "permission", login: author.login }, "read");
    expect(actions(world, "merge")).toHaveLength(1);
    const facts = actions(world, "check")[0]?.check.summary ?? "";
    expect(facts).not.toContain("stranger-50");
  });

  it("do not carry it while whoever asked for it asks for changes", () => {
    const world = inProd([approval(BOB)]);
    expect(actions(world, "merge")).toHaveLength(1);
    const objected = inProd([approval(BOB), approval(ALICE, oid("c"), "changes-requested")]);
    objected.records.push({ event: "requested", app: "checkout", environment: "prod", at: objected.now, release: two, by: "alice", pullRequest: 9, source: "comment:1" });
    expect(actions(objected, "merge")).toEqual([]);
  });

  it("do not count from somebody who asks for it at this moment", () => {
    const world = inProd([approval(BOB)]);
    const asks = { id: "C_1", author: BOB, body: "/pinion promote checkout prod", at: world.now, editedByOther: false };
    world.ended.push(pullRequest({ number: 9, state: "merged", comments: [asks], merge: { commit: oid("d"), at: world.now, by: ALICE } }));
    expect(actions(world, "merge")).toEqual([]);
  });

  it("count from somebody who asks for another release", () => {
    const world = inProd([approval(BOB)]);
    world.records.push({ event: "opened", app: "checkout", environment: "staging", at: world.now, kind: "promotion", from: two, release: release("1.5.0"), pullRequest: 9, head: oid("f"), requestedBy: null });
    const label = { id: "L_1", label: "promote:prod", actor: BOB, at: world.now };
    world.open.push(pullRequest({ number: 9, head: { ref: "pinion/staging/checkout/1.5.0-x", oid: oid("f"), fork: false }, labels: ["promote:prod"], labelEvents: [label] }));
    expect(actions(world, "merge")).toMatchObject([{ pullRequest: 200 }]);
  });

  it("by somebody without write permission does not count, and not being able to tell is no pass", () => {
    const outsider = inProd([approval(BOB)]).know<"permission">({ kind: "permission", login: "bob" }, "read");
    expect(actions(outsider, "merge")).toEqual([]);
    const untold = inProd([approval(BOB)]).cannotKnow({ kind: "permission", login: "bob" }, "GitHub does not say");
    expect(actions(untold, "merge")).toEqual([]);
  });

  it("must come from the team that is named", () => {
    const config = parseConfig(
      "version: 1\nenvironments:\n  dev: {}\n  staging: { after: dev }\n  prod: { after: staging, promote: on-request, merge: on-approval, approvals: { count: 1, teams: [sre] } }\n" +
        "apps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n",
    );
    const world = inProd([approval(BOB)]);
    world.config = config;
    expect(actions(world, "merge")).toEqual([]);
    world.know<"team">({ kind: "team", team: "sre" }, ["carol"]);
    expect(actions(world, "merge")).toEqual([]);
    world.know<"team">({ kind: "team", team: "sre" }, ["carol", "Bob"]);
    expect(actions(world, "merge")).toHaveLength(1);
  });
});

describe("requests", () => {
  function labelled(by: typeof ALICE | typeof BOB, permission: "write" | "triage") {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.proven("dev", two, world.now - 9 * HOUR, "3").proven("staging", two, world.now - 8 * HOUR, "4").pin("prod", one);
    const merged = world.records.find((record) => record.event === "merged" && record.environment === "staging");
    world.ended.push(
      pullRequest({
        number: merged?.event === "merged" ? merged.pullRequest : 0,
        state: "merged",
        merge: { commit: oid("4"), at: START, by: ALICE },
        labels: ["promote:prod"],
        labelEvents: [{ id: "LE_1", label: "promote:prod", actor: by, at: world.now }],
      }),
    );
    return world.know<"permission">({ kind: "permission", login: by.login }, permission);
  }

  it("by somebody with write permission goes into the log", () => {
    const world = labelled(ALICE, "write");
    const [record] = actions(world, "record").filter((action) => action.record.event === "requested");
    expect(record?.record).toMatchObject({ by: "alice", environment: "prod", release: two, source: "label:LE_1" });
  });

  it("by an outsider loses its label, with the reason", () => {
    const world = labelled(BOB, "triage");
    expect(recorded(world)).not.toContain("requested");
    expect(actions(world, "remove-label")).toMatchObject([{ label: "promote:prod" }]);
    expect(actions(world, "comment")[0]?.body).toContain("write permission");
  });

  it("waits while the permission is not known", () => {
    const world = labelled(BOB, "triage").cannotKnow({ kind: "permission", login: "bob" }, "GitHub does not say");
    expect(recorded(world)).not.toContain("requested");
    expect(actions(world, "remove-label")).toEqual([]);
  });
});
