import { beforeAll, describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Action } from "../../src/domain/action.ts";
import { known } from "../../src/domain/answer.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { Review } from "../../src/domain/observation.ts";
import { plan } from "../../src/domain/plan.ts";
import type { PolicySet } from "../../src/domain/policy/policy-set.ts";
import { digestOf, oid, release } from "./releases.ts";
import { HEAD, pullRequest, START, WorldBuilder } from "./world-builder.ts";

const HOUR = 3_600_000;
const one = release("1.4.1");
const two = release("1.4.2");
const three = release("1.4.3");
const ALICE = { login: "alice", kind: "user" } as const;
const BOB = { login: "bob", kind: "user" } as const;

let policies: PolicySet;
beforeAll(async () => {
  policies = await loadShippedPolicies();
});

function planned(world: WorldBuilder) {
  return plan(world.observation(), policies, world.knowledge(), world.now);
}

function actions<K extends Action["kind"]>(world: WorldBuilder, kind: K): readonly Extract<Action, { kind: K }>[] {
  return planned(world).actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind);
}

function openings(world: WorldBuilder): readonly string[] {
  return actions(world, "open").map(({ title }) => title);
}

function recorded(world: WorldBuilder): readonly string[] {
  return actions(world, "record").map(({ record }) => record.event);
}

function reasons(world: WorldBuilder): string {
  return planned(world).blocked.map(({ app, environment, reason }) => `${environment}/${app}: ${reason}`).join("\n");
}

function approval(by: typeof ALICE | typeof BOB, commit: string | null = oid("c"), state: Review["state"] = "approved"): Review {
  return { id: `R_${by.login}_${state}`, author: by, state, commit, at: START, canPush: true };
}

describe("the beginning", () => {
  it("does nothing before somebody writes a config", () => {
    const world = new WorldBuilder();
    world.config = null;
    world.open.push(pullRequest({ author: ALICE }));
    expect(planned(world)).toEqual({ actions: [], blocked: [], needs: [], nextLookAt: null });
  });

  it("starts the log before anything else", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.records.length = 0;
    expect(planned(world).actions.map(({ kind }) => kind)).toEqual(["start-log"]);
  });

  it("with a broken config judges nothing, says so on the check, and lets a repair through", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.config = parseConfig("version: 1\nenvironmnets: {}\n");
    const repair = parseConfig("version: 1\nenvironments: { dev: {} }\napps: { discover: ['a/{app}/{env}/kustomization.yaml'] }\n");
    world.open.push(pullRequest({ number: 1, author: ALICE }), pullRequest({ number: 2, author: ALICE }));
    const nothing = { base: HEAD, head: oid("c"), conflicts: [], promotions: [], otherFiles: [], quarantines: [], broken: [] };
    world.proposals.set(1, known({ ...nothing, config: null }, world.now));
    world.proposals.set(2, known({ ...nothing, config: repair }, world.now));
    expect(planned(world).actions.map(({ kind }) => kind)).toEqual(["check", "check"]);
    expect(actions(world, "check").map(({ check }) => check.conclusion)).toEqual(["action_required", "success"]);
  });

  it("in observe mode writes checks alone, and tells what it would do", () => {
    const world = new WorldBuilder(
      "version: 1\nmode: observe\nenvironments: { dev: { merge: auto } }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n",
    ).registry("1.4.1", "1.4.2");
    world.open.push(pullRequest({ author: ALICE }));
    expect(new Set(planned(world).actions.map(({ kind }) => kind))).toEqual(new Set(["check"]));
    expect(reasons(world)).toContain("mode is observe; would: open pinion/dev/checkout/1.4.2");
  });
});

describe("a candidate for the first environment", () => {
  it("asks for the tags, then for the digest, and opens", () => {
    const world = new WorldBuilder();
    expect(planned(world).needs).toContainEqual({ kind: "tags", repository: "ghcr.io/acme/checkout" });
    world.know<"tags">({ kind: "tags", repository: "ghcr.io/acme/checkout" }, ["1.4.1", "1.4.2"]);
    expect(planned(world).needs).toContainEqual({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: "1.4.2" });
    expect(openings(world)).toEqual([]);
    world.registry("1.4.1", "1.4.2");
    expect(openings(world)).toEqual(["Promote checkout 1.4.2 to dev"]);
  });

  it("pins tag and digest, in the environment's file alone", () => {
    const [open] = actions(new WorldBuilder().registry("1.4.1", "1.4.2"), "open");
    expect(open?.commit.edits).toEqual([
      {
        file: "apps/checkout/overlays/dev/kustomization.yaml",
        pins: [{ repository: "ghcr.io/acme/checkout", tag: "1.4.2", digest: digestOf("1.4.2") }],
      },
    ]);
    expect(open?.commit.newFiles).toEqual([]);
  });

  it.each<[string, (world: WorldBuilder) => unknown, string]>([
    ["nothing newer", (world) => world.registry("1.4.0", "1.4.1"), "1.4.1 is the newest and is pinned"],
    ["only older ones", (world) => world.pin("dev", release("2.0.0")).registry("1.4.1"), "older than 2.0.0"],
    ["a registry that is down", (world) => world.cannotKnow({ kind: "tags", repository: "ghcr.io/acme/checkout" }, "ghcr.io does not answer"), "ghcr.io does not answer"],
    [
      "a tag it lists and does not serve",
      (world) => world.registry("1.4.1", "1.4.2").know<"digest">({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: "1.4.2" }, null),
      "lists 1.4.2 but does not serve it",
    ],
    [
      "a quarantined digest",
      (world) => {
        world.registry("1.4.1", "1.4.2").quarantine = known([{ app: "checkout", digest: digestOf("1.4.2"), environments: [], reason: "burning", file: "q" }], 0);
      },
      "in quarantine",
    ],
    [
      "a quarantine that cannot be read",
      (world) => {
        world.registry("1.4.1", "1.4.2").quarantine = { known: false, reason: "broken", failure: "stalled", at: 0 };
      },
      "in quarantine",
    ],
    [
      "a file that cannot be read",
      (world) => world.registry("1.4.1", "1.4.2").pins.get("checkout")?.set("dev", { ok: false, file: "f", problem: "f:3:1 is not YAML" }),
      "f:3:1 is not YAML",
    ],
    [
      "a withdrawn pull request",
      (world) =>
        world
          .registry("1.4.1", "1.4.2")
          .records.push({ event: "withdrawn", app: "checkout", environment: "dev", at: START, release: two, pullRequest: 3, by: "alice" }),
      "closed by a person",
    ],
    [
      "a hold for something at least as new",
      (world) =>
        world
          .registry("1.4.1", "1.4.2")
          .records.push({ event: "held", app: "checkout", environment: "dev", at: START, displaced: two, commit: oid("d"), reason: "reverted by hand" }),
      "on hold: reverted by hand",
    ],
  ])("with %s opens nothing and says why", (_, arrange, reason) => {
    const world = new WorldBuilder();
    arrange(world);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain(reason);
  });

  it("ends a hold with something newer than what was displaced", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.3");
    world.records.push({ event: "held", app: "checkout", environment: "dev", at: START, displaced: two, commit: oid("d"), reason: "by hand" });
    expect(openings(world)).toEqual(["Promote checkout 1.4.3 to dev"]);
  });

  it("does not promote a tag that was moved", () => {
    const moved = { ...two, images: [{ ...two.images[0]!, digest: digestOf("something else") }] };
    const world = new WorldBuilder().pin("dev", { ...moved, images: moved.images.map((image) => ({ ...image })) }).registry("1.4.2");
    expect(openings(world)).toEqual([]);
  });

  it("pins the digest of a pin that has only a tag", () => {
    const bare = { ...one, images: one.images.map((image) => ({ ...image, digest: null })) };
    expect(openings(new WorldBuilder().pin("dev", bare).registry("1.4.1"))).toEqual(["Promote checkout 1.4.1 to dev"]);
  });

  it("steps aside from a branch that somebody else made under its name", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const [free] = actions(world, "open");
    world.branches.push({ name: free?.branch ?? "", oid: oid("f"), own: false });
    const [aside] = actions(world, "open");
    expect(aside?.branch).toBe(`${free?.branch}-2`);
    expect(aside?.adopt).toBeNull();
  });

  it("takes over a branch that an earlier run of its own left", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const [free] = actions(world, "open");
    world.branches.push({ name: free?.branch ?? "", oid: oid("f"), own: true });
    expect(actions(world, "open")).toMatchObject([{ branch: free?.branch, adopt: oid("f") }]);
  });

  it("keeps to the limits, and tells the rest that it waits", () => {
    const world = new WorldBuilder(
      "version: 1\nenvironments: { dev: {} }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\nlimits: { openPullRequests: 2 }\n",
    );
    for (const app of ["a1", "a2", "a3"]) {
      world.pin("dev", release("1.0.0", app));
      world.know<"tags">({ kind: "tags", repository: `ghcr.io/acme/${app}` }, ["1.1.0"]);
      world.know<"digest">({ kind: "digest", repository: `ghcr.io/acme/${app}`, reference: "1.1.0" }, digestOf("1.1.0"));
    }
    expect(openings(world)).toHaveLength(2);
    expect(reasons(world)).toContain("the limit of open or new pull requests is reached");
  });
});

describe("later environments", () => {
  it("take the newest release that was verified and soaked upstream", () => {
    const world = new WorldBuilder().registry("1.4.2");
    world.proven("dev", two, world.now - 2 * HOUR, "2");
    expect(openings(world)).toEqual(["Promote checkout 1.4.2 to staging"]);
  });

  it("wait for the soak, and look again when it is over", () => {
    const world = new WorldBuilder().registry("1.4.2");
    world.proven("dev", two, world.now - HOUR / 2, "2");
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("1.4.2 still soaks in dev");
    expect(planned(world).nextLookAt).toBeLessThanOrEqual(world.now + HOUR / 2 + 60_000);
  });

  it("do not take what went bad upstream, or what never got verified", () => {
    const world = new WorldBuilder().registry("1.4.2");
    world.proven("dev", two, world.now - 2 * HOUR, "2");
    world.records.push({ event: "breached", app: "checkout", environment: "dev", at: world.now - HOUR, release: two, commit: oid("2"), evidence: "burning" });
    expect(openings(world).filter((title) => title.includes("staging"))).toEqual([]);
  });

  it("on request wait for a person, and then take exactly what was asked for", () => {
    const world = new WorldBuilder().registry("1.4.2", "1.4.3");
    world.proven("dev", three, world.now - 9 * HOUR, "3").proven("staging", three, world.now - 8 * HOUR, "4").pin("prod", one);
    expect(openings(world)).toEqual([]);
    world.records.push({ event: "requested", app: "checkout", environment: "prod", at: world.now, release: two, by: "alice", pullRequest: 5, source: "label:1" });
    expect(openings(world)).toEqual(["Promote checkout 1.4.2 to prod"]);
  });
});

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
        world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: ["f"], promotions: [], otherFiles: [], quarantines: [], config: null, broken: [] }, 0));
      },
    ],
    [
      "it changes more than pins",
      (world) => {
        const { number } = world.promotion("dev", one, two);
        const promotions = [{ app: "checkout", environment: "dev", from: one, to: two }];
        world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: [], promotions, otherFiles: ["rbac.yaml"], quarantines: [], config: null, broken: [] }, 0));
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
    ["a bot's does not", inProd([{ ...approval(BOB), author: { login: "bob", kind: "bot" } }]), 0],
  ])("%s", (_, world, merges) => {
    expect(actions(world, "merge")).toHaveLength(merges);
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

describe("going back", () => {
  const inProd = (world: WorldBuilder) => openings(world).filter((title) => title.includes("prod"));

  function burning(event: "breached" | "degraded" | "sync-failed" | "deadline" = "breached") {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.proven("prod", one, world.now - 50 * HOUR, "1").proven("prod", two, world.now - HOUR, "2");
    world.records.push({ event, app: "checkout", environment: "prod", at: world.now, release: two, commit: oid("2"), evidence: "errors burn the budget" });
    return world;
  }

  it("reverts to the last release verified there, with a quarantine file", () => {
    const [open] = actions(burning(), "open").filter(({ environment }) => environment === "prod");
    expect(open?.title).toBe("Revert checkout in prod to 1.4.1");
    expect(open?.commit.edits[0]?.pins).toEqual([{ repository: "ghcr.io/acme/checkout", tag: "1.4.1", digest: digestOf("1.4.1") }]);
    expect(open?.commit.newFiles.map(({ file }) => file)).toEqual([expect.stringMatching(/^\.github\/pinion\/quarantine\/checkout-[0-9a-f]{12}\.yaml$/)]);
  });

  it("asks whether the target can still be pulled, and stops with word to people when nothing can", () => {
    const world = burning().know<"digest">({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: digestOf("1.4.1") }, null);
    expect(inProd(world)).toEqual([]);
    expect(actions(world, "open-issue")).toHaveLength(1);
  });

  it("waits, and neither reverts nor freezes, while the registry does not say", () => {
    const world = burning().cannotKnow({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: digestOf("1.4.1") }, "down");
    expect(inProd(world)).toEqual([]);
    expect(actions(world, "open-issue")).toEqual([]);
  });

  it("with nothing verified to go back to, stops the app and tells people, once", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", two, 0, "2");
    world.records.push({ event: "breached", app: "checkout", environment: "prod", at: world.now, release: two, commit: oid("2"), evidence: "burning" });
    const [issue] = actions(world, "open-issue");
    expect(issue?.title).toContain("checkout");
    world.issues.push({ number: 40, title: issue?.title ?? "", state: "open", author: { login: "pinion", kind: "app" }, labels: [], labelEvents: [], closedBy: null });
    expect(actions(world, "open-issue")).toEqual([]);
    expect(recorded(world)).toContain("frozen");
  });

  it("does not revert a revert", () => {
    const world = burning();
    world.records.push(
      { event: "merged", app: "checkout", environment: "prod", at: world.now, kind: "revert", from: two, release: one, pullRequest: 60, head: oid("5"), commit: oid("5"), mergedBy: "pinion", requestedBy: null, judgement: "judged" },
      { event: "degraded", app: "checkout", environment: "prod", at: world.now, release: one, commit: oid("5"), evidence: "still burning" },
    );
    world.pin("prod", one);
    expect(inProd(world)).toEqual([]);
    expect(actions(world, "open-issue")).toHaveLength(1);
  });

  it("leaves a pin alone that somebody has changed since", () => {
    expect(inProd(burning().pin("prod", three))).toEqual([]);
  });

  it.each([
    ["breached", true],
    ["degraded", true],
    ["sync-failed", true],
    ["deadline", false],
  ] as const)("after %s merges by itself where rollback is auto: %s", (event, automatic) => {
    const world = burning(event);
    const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
    expect(open?.body.includes("by itself")).toBe(automatic);
  });

  it("only proposes when many apps go bad at once", () => {
    const world = burning();
    for (const [index, app] of ["a1", "a2"].entries()) {
      world.records.push({ event: "degraded", app, environment: "prod", at: world.now, release: release("1.0.0", app), commit: oid(String(index)), evidence: "x" });
    }
    const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
    expect(open?.body.includes("by itself")).toBe(false);
  });
});

describe("changes that somebody else made", () => {
  it("are put down, hold the place, and nothing else is planned before they are", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").pin("dev", three);
    world.changes.push({ app: "checkout", environment: "dev", from: one, to: three, commit: oid("d"), at: world.now, author: { login: "Carol", kind: "user" }, pullRequest: null });
    expect(recorded(world)).toEqual(["out-of-band", "held"]);
    expect(openings(world)).toEqual([]);
  });

  it("in a merge that was judged at that head are judged; at another, stale; else out of band", () => {
    const judge = (prepare: (world: WorldBuilder) => void) => {
      const world = new WorldBuilder().pin("dev", two);
      prepare(world);
      const merged = pullRequest({ number: 200, state: "merged", merge: { commit: oid("d"), at: world.now, by: ALICE } });
      world.changes.push({ app: "checkout", environment: "dev", from: one, to: two, commit: oid("d"), at: world.now, author: merged.author, pullRequest: merged });
      const [record] = actions(world, "record").filter((action) => action.record.event === "merged");
      return record?.record.event === "merged" ? record.record.judgement : null;
    };
    const judged = (head: string) => (world: WorldBuilder) =>
      void world.records.push({ event: "judged", app: "checkout", environment: "dev", at: 0, kind: "promotion", release: two, pullRequest: 200, head, gates: [], approvals: [] });
    expect(judge(judged(oid("c")))).toBe("judged");
    expect(judge(judged(oid("9")))).toBe("stale-judged");
    expect(judge(() => {})).toBe("out-of-band");
  });
});
