import { describe, expect, it } from "vitest";
import { allCheckers, allHopes } from "../../simulator/checkers/all.ts";
import { REPOSITORY } from "../../simulator/world/forge.ts";
import { everyRequestAnswered, everyRequestOpened } from "../../simulator/checkers/hopes.ts";
import { ownRuleFiles } from "../../simulator/own-rules.ts";
import { digestOf, HandMade } from "./hand-made.ts";
import { good, WRONG, type Wrong } from "./wrong-histories.ts";
import { WRONG_OFFERS } from "./wrong-offers.ts";
import { THROUGH_QUEUE, WRONG_QUEUE } from "./wrong-queue.ts";
import { RIGHT_IMAGES, RIGHT_RULES, WAITS_ON, WRONG_RULES } from "./wrong-rules.ts";

describe("each checker finds what it is for", () => {
  for (const [invariant, histories] of [...Object.entries(WRONG), ...Object.entries(WRONG_OFFERS), ...Object.entries(WRONG_RULES), ...Object.entries(WRONG_QUEUE)]) {
    for (const [name, wrong, options] of histories) {
      it(`${invariant}: ${name}`, () => {
        const world = new HandMade(options);
        wrong(world);
        expect(world.found).toContain(invariant);
      });
    }
  }

  it("and there is a history for each of them", () => {
    const told = allCheckers().flatMap(({ invariants }) => invariants);
    // S5 cannot be violated in a world that asks for the check: GitHub itself refuses.
    expect(told.filter((invariant) => invariant !== "S5" && ![WRONG, WRONG_OFFERS, WRONG_RULES, WRONG_QUEUE].some((wrong) => invariant in wrong))).toEqual([]);
  });
});

describe("a history as it should be", () => {
  it("violates nothing", () => {
    const world = new HandMade();
    const merged = good(world);
    world.pass(70);
    world.became("verified", merged, { how: "rollout-only" });
    world.pass(130);
    const opened = world.open({ environment: "prod", tag: merged.tag, digest: merged.digest });
    world.people.review("alice", opened.number, "approved");
    world.judge(opened, [
      { policy: "soak", result: "pass" },
      { policy: "freeze", result: "not-applicable" },
    ]);
    world.recordMerge(opened, world.merge(opened));
    expect(world.found).toEqual([]);
  });
});

describe("a promotion that keeps the rules", () => {
  for (const [name, options, rule] of RIGHT_RULES) {
    it(`violates nothing: ${name}`, () => {
      const world = new HandMade(options);
      if (rule !== undefined) world.people.push("olive", "main", ownRuleFiles([rule]), "A rule");
      world.promote();
      expect(world.found).toEqual([]);
    });
  }
});

describe("a promotion through the merge queue", () => {
  it("violates nothing", () => {
    const world = new HandMade({ queue: true });
    THROUGH_QUEUE(world);
    expect([...world.world.facts().pulls.values()].map(({ state }) => state)).toEqual(["merged"]);
    expect(world.found).toEqual([]);
  });
});

describe("a promotion of an image as it must be", () => {
  it.each(RIGHT_IMAGES)("violates nothing: %s", (_, right, options) => {
    const world = new HandMade(options);
    right(world);
    expect(world.found).toEqual([]);
  });
});

describe("each hope is disappointed by what it is for", () => {
  it("and by nothing else", () => {
    expect(allHopes().flatMap((hope) => new HandMade().hopes(hope))).toEqual([]);
  });

  const DISAPPOINTING: Readonly<Record<string, Wrong>> = {
    L1: (world) => {
      const merged = world.promote();
      world.people.comment("alice", merged.number, "/pinion promote checkout prod");
    },
    L2: (world) => {
      const files = [{ path: "notes.txt", bytes: new TextEncoder().encode("Not in the log\n") }];
      const commit = { headline: "Promote", body: "", files };
      const proposal = { branch: "pinion/dev/checkout/1.1.0-aaaaaaaaaa", base: "main", baseOid: world.main, branchAt: null, commit, title: "", body: "" };
      world.asApp((forge) => forge.openPullRequest(REPOSITORY, proposal));
    },
    L3: (world) => void world.open(),
    L4: (world) => {
      const { head } = world.open();
      const check = { status: "completed", conclusion: "success", title: "", summary: "", fingerprint: "1" } as const;
      world.asApp((forge) => forge.publish(REPOSITORY, [{ head, check, existing: null }], null));
      world.pass(90);
    },
    L5: (world) => {
      world.promote();
      world.pass(15 * 60);
    },
    L6: (world) => world.became("sync-failed", world.promote()),
    L7: (world) => void world.people.push("alice", "main", { "apps/checkout/overlays/dev/kustomization.yaml": "images:\n  - name: x\n    newTag: 2.0.0\n" }, "By hand"),
    L9: (world) => void world.promote(),
    L10: WAITS_ON,
  };
  it("L1: a request that is granted, and not answered", () => {
    const world = new HandMade();
    const merged = world.promote();
    const request = { event: "requested", environment: "prod", by: "alice", pullRequest: merged.number, release: world.release(merged.tag, merged.digest) };
    world.people.comment("alice", merged.number, "/pinion promote checkout prod");
    const id = world.world.facts().pulls.get(merged.number)?.comments.at(-1)?.id ?? "";
    world.record({ ...request, source: `comment:${id}` });
    const hoped = () => world.hopes(everyRequestAnswered);
    expect(hoped()).not.toContain("L1");
    world.open({ environment: "prod" });
    expect(hoped()).toContain("L1");
  });

  it("L1: a request that is granted, and comes to nothing", () => {
    const world = new HandMade();
    const release = world.release("1.1.0", digestOf("a"));
    world.record({ event: "requested", environment: "prod", by: "alice", pullRequest: 1, source: "label:LE_1", release });
    expect(world.hopes(everyRequestOpened)).toEqual(["L1"]);
    world.open({ environment: "prod" });
    expect(world.hopes(everyRequestOpened)).toEqual([]);
  });

  for (const [invariant, wrong] of Object.entries(DISAPPOINTING)) {
    it(invariant, () => {
      const world = new HandMade();
      wrong(world);
      const found = allHopes().flatMap((hope) => world.hopes(hope));
      expect(found).toContain(invariant);
    });
  }
});
