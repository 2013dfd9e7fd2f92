import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import { planned, actions, openings, recorded, reasons, HOUR, one, two, three, ALICE } from "./planner.ts";
import { digestOf, oid, release } from "./releases.ts";
import { APP_BOT, healthy, HEAD, pullRequest, START, WorldBuilder } from "./world-builder.ts";

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
    const nothing = { base: HEAD, head: oid("c"), conflicts: [], promotions: [], otherFiles: [], quarantines: [], broken: [], shared: [] };
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
        world.registry("1.4.1", "1.4.2").quarantine = { known: false, reason: "q.yaml:1:1 is broken", failure: "stalled", at: 0 };
      },
      "whether 1.4.2 is in quarantine cannot be known: q.yaml:1:1 is broken",
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
    const moved = { ...two, images: two.images.map((image) => ({ ...image, digest: digestOf("something else") })) };
    const world = new WorldBuilder().pin("dev", moved).registry("1.4.2");
    expect(openings(world)).toEqual([]);
  });

  it("pins the digest of a pin that has only a tag", () => {
    const bare = { ...one, images: one.images.map((image) => ({ ...image, digest: null })) };
    expect(openings(new WorldBuilder().pin("dev", bare).registry("1.4.1"))).toEqual(["Promote checkout 1.4.1 to dev"]);
  });

  it("steps aside from what others put into its branch only where the pull request of that name is known to have ended", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const branch = actions(world, "open")[0]?.branch ?? "";
    world.branches.push({ name: branch, oid: oid("f"), own: false });
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain(`dev/checkout: the branch ${branch} was made or changed by somebody else; delete it`);
    world.ended.push(pullRequest({ number: 9, state: "closed", head: { ref: branch, oid: oid("f"), fork: true }, closed: { at: START, by: APP_BOT } }));
    expect(openings(world)).toEqual([]);
    world.ended.push(pullRequest({ number: 10, state: "closed", head: { ref: branch, oid: oid("f"), fork: false }, closed: { at: START, by: APP_BOT } }));
    expect(actions(world, "open")).toMatchObject([{ branch: `${branch}-2`, adopt: null }]);
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

describe("a candidate of several images", () => {
  const pair = (a: string, b: string) => ({
    app: "checkout",
    version: a,
    images: [
      { repository: "ghcr.io/acme/a", tag: a, digest: digestOf(`a${a}`) },
      { repository: "ghcr.io/acme/b", tag: b, digest: digestOf(`b${b}`) },
    ],
  });
  function pinning(a: string, b: string, tags: readonly string[]): WorldBuilder {
    const world = new WorldBuilder().pin("dev", pair(a, b));
    for (const name of ["a", "b"]) {
      const repository = `ghcr.io/acme/${name}`;
      world.know<"tags">({ kind: "tags", repository }, tags);
      for (const tag of tags) world.know<"digest">({ kind: "digest", repository, reference: tag }, digestOf(name + tag));
    }
    return world;
  }

  it("never takes one of them back to where the other goes forward", () => {
    const world = pinning("1.1.0", "1.2.0", ["1.1.0", "1.1.5"]);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("1.1.5 would take images back: ghcr.io/acme/b would go back from 1.2.0 to 1.1.5");
  });

  it("takes the one that is behind forward", () => {
    expect(openings(pinning("1.2.0", "1.1.0", ["1.1.0", "1.2.0"]))).toEqual(["Promote checkout 1.2.0 to dev"]);
  });
});

describe("where the newest release is refused", () => {
  const bad = (environment: string) =>
    ({ event: "breached", app: "checkout", environment, at: START, release: three, commit: oid("8"), evidence: "errors" }) as const;
  const withdrawn = (environment: string) =>
    ({ event: "withdrawn", app: "checkout", environment, at: START, release: three, pullRequest: 3, by: "alice" }) as const;

  it("takes the next newest that is newer than what is pinned, from the tags", () => {
    const world = new WorldBuilder().registry("1.4.0", "1.4.1", "1.4.2", "1.4.3");
    world.records.push(bad("dev"));
    expect(openings(world)).toEqual(["Promote checkout 1.4.2 to dev"]);
  });

  it("takes the next newest that is newer than what is pinned, of those proven upstream", () => {
    const world = new WorldBuilder();
    world.proven("dev", two, world.now - 60 * HOUR, "4").proven("dev", three, world.now - 50 * HOUR, "5").proven("staging", one, world.now - 70 * HOUR, "1");
    world.records.push(bad("staging"));
    expect(openings(world)).toEqual(["Promote checkout 1.4.2 to staging"]);
  });

  it("takes no older one where a person turned the newest down", () => {
    const world = new WorldBuilder().registry("1.4.0", "1.4.1", "1.4.2", "1.4.3");
    world.records.push(withdrawn("dev"));
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("the pull request for 1.4.3 was closed by a person");
  });

  it("asks the registry for no older tag when the place itself is stopped", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2", "1.4.3");
    world.records.push({ event: "frozen", app: "checkout", environment: "dev", at: START, release: one, reason: "no way back", issue: 4 });
    expect(openings(world)).toEqual([]);
    expect(world.asked).not.toContainEqual({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: "1.4.2" });
  });
});

it("a request for something older than what was taken away ends a hold for all but what was taken away", () => {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2", "1.4.3", "1.4.4");
  const held = { event: "held", app: "checkout", environment: "dev", at: START, commit: oid("d"), reason: "changed by hand" } as const;
  const [accident, asked] = [release("100.0.0"), release("1.4.1")];
  world.records.push({ ...held, displaced: accident }, { ...held, displaced: three, commit: oid("e") });
  expect(openings(world)).toEqual([]);
  expect(reasons(world)).toContain("on hold: changed by hand; it ends with a release newer than 100.0.0, or when somebody asks for a promotion");
  world.records.push({ event: "requested", app: "checkout", environment: "dev", at: START + 1, release: asked, by: "alice", pullRequest: 1, source: "label:LE_1" });
  world.records.push({ event: "withdrawn", app: "checkout", environment: "dev", at: START + 2, release: asked, pullRequest: 1, by: "alice" });
  expect(openings(world)).toEqual(["Promote checkout 1.4.4 to dev"]);
  for (const taken of ["1.4.3", "100.0.0"]) {
    world.registry("1.4.1", "1.4.2", taken);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("on hold: changed by hand; it comes again when somebody asks for it");
  }
});

it("a hold over a version that is none ends with something newer than what is pinned", () => {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  const displaced = { ...one, version: "main-abc", images: one.images.map((image) => ({ ...image, tag: "main-abc" })) };
  world.records.push({ event: "held", app: "checkout", environment: "dev", at: START, displaced, commit: oid("d"), reason: "by hand" });
  expect(openings(world)).toEqual(["Promote checkout 1.4.2 to dev"]);
});

it("what was taken away stays away, also when something of no known order was taken away after it", () => {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  const odd = { ...one, version: "main-abc", images: one.images.map((image) => ({ ...image, tag: "main-abc" })) };
  const held = { event: "held", app: "checkout", environment: "dev", at: START, reason: "by hand" } as const;
  world.records.push({ ...held, displaced: two, commit: oid("d") }, { ...held, displaced: odd, commit: oid("e") });
  expect(openings(world)).toEqual([]);
  expect(openings(world.registry("1.4.1", "1.4.3"))).toEqual(["Promote checkout 1.4.3 to dev"]);
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

  it("wait again when the clock is set back, also to before the release was deployed", () => {
    const world = new WorldBuilder().registry("1.4.2");
    world.proven("dev", two, world.now - HOUR - 60_000, "2");
    expect(openings(world)).toEqual(["Promote checkout 1.4.2 to staging"]);
    for (const back of [1, 2 * HOUR]) {
      world.now -= back;
      expect(openings(world)).toEqual([]);
      expect(reasons(world)).toContain("1.4.2 still soaks in dev");
    }
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

describe("what was here before Pinion", () => {
  function tagOnly(images: readonly string[]): WorldBuilder {
    const bare = { ...one, images: one.images.map((image) => ({ ...image, digest: null })) };
    const world = new WorldBuilder().pin("dev", bare).registry("1.4.1");
    world.cluster = (need) => [{ status: { ...healthy(world.now), revisions: [need.commit], images }, includesCommit: true, pinsAtRevision: "wanted" }];
    return world;
  }

  it("counts as deployed once Argo CD says so, with the digest that its tag names", () => {
    expect(recorded(tagOnly([]))).toEqual(["adopted", "deployed", "verified"]);
  });

  it("counts for nothing when something else runs than what its tag names now", () => {
    const world = tagOnly([`ghcr.io/acme/checkout@${digestOf("another")}`]);
    expect(recorded(world)).toEqual([]);
    expect(reasons(world)).toContain("its tag names another digest now");
  });
});

describe("changes that somebody else made", () => {
  it("are put down, hold the place, and nothing else is planned before they are", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").pin("dev", three);
    world.changes.push({ app: "checkout", environment: "dev", from: one, to: three, commit: oid("d"), at: world.now, author: { login: "Carol", kind: "user" }, pullRequest: null });
    expect(recorded(world)).toEqual(["out-of-band", "held"]);
    expect(openings(world)).toEqual([]);
  });

  it("are put down at the head when the log has had all of it before and still does not lead there", () => {
    const world = new WorldBuilder().registry("1.4.1").pin("dev", three);
    const change = { app: "checkout", environment: "dev", from: one, to: three, commit: oid("d"), at: 5, author: { login: "Carol", kind: "user" }, pullRequest: null } as const;
    world.records.push({ event: "out-of-band", app: "checkout", environment: "dev", at: 5, from: one, release: three, commit: oid("d"), by: "Carol", pullRequest: null });
    world.changes.push(change);
    expect(actions(world, "record").map(({ record }) => record)).toContainEqual(expect.objectContaining({ event: "out-of-band", commit: HEAD }));
  });

  it("in one place do not keep another from moving on", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").pin("prod", three);
    world.changes.push({ app: "checkout", environment: "prod", from: one, to: three, commit: oid("d"), at: world.now, author: { login: "Carol", kind: "user" }, pullRequest: null });
    expect(openings(world)).toEqual(["Promote checkout 1.4.2 to dev"]);
  });

  it("is judged no more when the check had turned before somebody pressed the button", () => {
    const world = new WorldBuilder().pin("dev", two);
    world.records.push({ event: "judged", app: "checkout", environment: "dev", at: 0, kind: "promotion", release: two, pullRequest: 200, head: oid("c"), gates: [], approvals: [] });
    const check = { id: 1, fingerprint: "f", status: "in_progress", passed: false, startedAt: 0 } as const;
    const merged = pullRequest({ number: 200, state: "merged", check, merge: { commit: oid("d"), at: world.now, by: ALICE } });
    world.changes.push({ app: "checkout", environment: "dev", from: one, to: two, commit: oid("d"), at: world.now, author: merged.author, pullRequest: merged });
    expect(actions(world, "record").map(({ record }) => record)).toContainEqual(expect.objectContaining({ event: "merged", judgement: "stale-judged" }));
  });

  it("names whoever asked for a release only where that release is what was merged", () => {
    const merged = (release: typeof two) => {
      const world = new WorldBuilder().pin("prod", release);
      world.records.push({ event: "requested", app: "checkout", environment: "prod", at: 0, release: two, by: "alice", pullRequest: 5, source: "label:1" });
      const theirs = pullRequest({ number: 77, author: ALICE, state: "merged", head: { ref: "x", oid: oid("e"), fork: false }, merge: { commit: oid("7"), at: world.now, by: ALICE } });
      world.changes.push({ app: "checkout", environment: "prod", from: one, to: release, commit: oid("7"), at: world.now, author: ALICE, pullRequest: theirs });
      return actions(world, "record").flatMap(({ record }) => (record.event === "merged" ? [record.requestedBy] : []));
    };
    expect(merged(three)).toEqual([null]);
    expect(merged(two)).toEqual(["alice"]);
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

describe("a Deployment", () => {
  const MINUTE = 60_000;
  function shown(age: number, listed: readonly { readonly state: "in_progress" | "success" }[], other: number | null = null) {
    const world = new WorldBuilder().pin("dev", two);
    world.cluster = () => null;
    const base = { app: "checkout", environment: "dev", at: world.now - age, release: two, commit: oid("6") };
    world.records.push({ ...base, event: "merged", kind: "promotion", from: one, pullRequest: 5, head: oid("8"), mergedBy: "pinion", requestedBy: null, judgement: "judged" });
    if (other !== null) {
      world.proven("staging", one, world.now - other, "7");
      world.deployments.push({ id: 2, environment: "staging", app: "checkout", commit: oid("7"), state: "success" });
    }
    for (const { state } of listed) world.deployments.push({ id: 1, environment: "dev", app: "checkout", commit: oid("6"), state });
    return actions(world, "show-deployment").map(({ state, existing }) => `${state} ${existing ?? "new"}`);
  }

  it.each<[string, ReturnType<typeof shown>, readonly string[]]>([
    ["is made for what has just come", shown(MINUTE, []), ["in_progress new"]],
    ["is not made again for what came a while ago and is listed no more", shown(10 * MINUTE, []), []],
    ["is made late, where an older one is still listed", shown(10 * MINUTE, [], 20 * MINUTE), ["in_progress new"]],
    ["is not made late, where only newer ones are listed", shown(10 * MINUTE, [], 5 * MINUTE), []],
    ["is not made after an hour, whatever is listed", shown(HOUR, [], 2 * HOUR), []],
    ["is brought up to date as long as it is listed", shown(HOUR, [{ state: "success" }]), ["in_progress 1"]],
    ["that says so already is left alone", shown(HOUR, [{ state: "in_progress" }]), []],
  ])("%s", (_, made, wanted) => {
    expect(made).toEqual(wanted);
  });
});

it("a branch that holds nothing, left by a claim whose commit never came, is taken over, wherever the default branch is by now", () => {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  const [opening] = actions(world, "open");
  if (opening === undefined) throw new Error("nothing is opened");
  world.branches.push({ name: opening.branch, oid: oid("9"), own: false });
  expect(openings(world)).toEqual([]);
  expect(reasons(world)).toContain(`the branch ${opening.branch} was made or changed by somebody else; delete it`);
  world.emptyBranches.add(opening.branch);
  expect(actions(world, "open")).toMatchObject([{ branch: opening.branch, adopt: oid("9") }]);
});
