import { describe, expect, it } from "vitest";
import type { CommitCheck } from "../../src/domain/observation.ts";
import { actions, ALICE, HOUR, one, planned, toldOf, two } from "./planner.ts";
import { oid } from "./releases.ts";
import { WorldBuilder } from "./world-builder.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const image = { repository: "ghcr.io/acme/checkout", digest: two.images[0]?.digest ?? "sha256:0" } as const;
const SOURCE = { host: "github.com", owner: "acme", name: "checkout" };
const check = (name: string, state: CommitCheck["state"], by: string | null = "github-actions"): CommitCheck => ({ name, by, state });

/** A promotion of 1.4.2 into staging, after dev, where these policies are named. */
function worldWith(policies: string, changes: (world: WorldBuilder) => void): WorldBuilder {
  const world = new WorldBuilder(`version: 1
environments:
  dev: { merge: auto }
  staging: { after: dev, merge: auto, policies: { ${policies} } }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`).registry("1.4.1", "1.4.2");
  world.proven("dev", two, world.now - 5 * HOUR, "d");
  changes(world);
  world.promotion("staging", one, two, { createdAt: world.now - HOUR });
  return world;
}

describe("checks on the way before", () => {
  const seen = (...checks: readonly CommitCheck[]) => (world: WorldBuilder) => void world.know<"checks">({ kind: "checks", source: null, commit: oid("d") }, checks);

  it("are asked for of the commit that brought the release there", () => {
    const world = worldWith("upstream-check: { checks: [smoke] }", () => {});
    expect(planned(world).needs).toEqual([{ kind: "checks", source: null, commit: oid("d") }]);
    expect(actions(world, "merge")).toEqual([]);
  });

  it.each<[checks: string, changes: (world: WorldBuilder) => void, says: string]>([
    ["smoke", seen(check("smoke", "passed"), check("other", "failed")), "passed: passed before: smoke, merged"],
    ["'github-actions:smoke'", seen(check("smoke", "passed")), "passed: passed before: github-actions:smoke, merged"],
    ["'github-actions:smoke'", seen(check("smoke", "passed", "evil"), check("smoke", "pending")), "waiting: to pass before: github-actions:smoke"],
    ["smoke", seen(check("smoke", "passed", "evil"), check("smoke", "pending")), "waiting: to pass before: smoke"],
    ["'github-actions:smoke'", seen(check("github-actions:smoke", "passed", "evil")), "waiting: to pass before: github-actions:smoke"],
    ["'github-actions:smoke'", seen(check("github-actions:smoke", "failed", "evil"), check("smoke", "passed")), "passed: passed before: github-actions:smoke, merged"],
    ["'github-actions:lint:css'", seen(check("lint:css", "passed")), "passed: passed before: github-actions:lint:css, merged"],
    ["ci/jenkins", seen(check("ci/jenkins", "passed", "@jenkins")), "passed: passed before: ci/jenkins, merged"],
    ["'@jenkins:ci/jenkins'", seen(check("ci/jenkins", "passed", "@jenkins")), "passed: passed before: @&#8203;jenkins:ci/jenkins, merged"],
    ["'@jenkins:ci/jenkins'", seen(check("ci/jenkins", "passed", "@mallory")), "waiting: to pass before: @&#8203;jenkins:ci/jenkins"],
    ["'@jenkins:ci/jenkins'", seen(check("ci/jenkins", "passed", "jenkins")), "waiting: to pass before: @&#8203;jenkins:ci/jenkins"],
    ["'jenkins:ci/jenkins'", seen(check("ci/jenkins", "passed", "@jenkins")), "waiting: to pass before: jenkins:ci/jenkins"],
    ["'@jenkins:ci'", seen(check("@jenkins:ci", "passed", "@mallory"), check("@jenkins:ci", "passed", null)), "waiting: to pass before: @&#8203;jenkins:ci"],
    ["'unknown:ci'", seen(check("ci", "passed", null)), "waiting: to pass before: unknown:ci"],
    ["ci", seen(check("ci", "passed", null)), "passed: passed before: ci, merged"],
    ["smoke", seen(check("smoke", "passed"), check("smoke", "failed", "@jenkins")), "failed: failed before: smoke"],
    ["'Unit tests: all'", seen(check("Unit tests: all", "passed")), "passed: passed before: Unit tests: all, merged"],
    ["smoke, load", seen(check("smoke", "passed")), "waiting: to pass before: load"],
    ["smoke", seen(check("smoke", "pending")), "waiting: to pass before: smoke"],
    ["smoke", seen(check("smoke", "failed")), "failed: failed before: smoke"],
    ["smoke", seen(check("smoke", "skipped")), "failed: failed before: smoke"],
    ["smoke", (world) => void world.cannotKnow({ kind: "checks", source: null, commit: oid("d") }, "GitHub is down"), "unknown: GitHub is down"],
  ])("decide about %s (%#)", (checks, changes, says) => {
    expect(toldOf(worldWith(`upstream-check: { checks: [${checks}] }`, changes), "upstream-check")).toBe(says);
  });
});

describe("the CI of the source, for a pull request from a fork", () => {
  const labels = [new Map([["org.opencontainers.image.source", "https://github.com/acme/checkout"], ["org.opencontainers.image.revision", COMMIT]])];
  const need = { kind: "checks", source: SOURCE, commit: COMMIT } as const;

  function forked(permission: "write" | "read" | null, changes: (world: WorldBuilder) => void): WorldBuilder {
    const world = worldWith("source-ci: {}", changes).know<"labels">({ kind: "labels", ...image }, labels);
    const [request] = world.open.splice(0);
    if (request === undefined) throw new Error("no pull request");
    world.open.push({ ...request, author: ALICE, head: { ...request.head, fork: true } });
    if (permission !== null) world.know<"permission">({ kind: "permission", login: "alice" }, permission);
    return world;
  }

  it("says the same whether the repository is there, may be read, or not", () => {
    const answers: ((world: WorldBuilder) => void)[] = [
      (world) => void world.know<"checks">(need, [check("test", "failed")]),
      (world) => void world.know<"checks">(need, [check("test", "passed")]),
      (world) => void world.cannotKnow(need, "GitHub shows no such repository"),
      (world) => void world.cannotKnow(need, "the App may not read checks there"),
      () => undefined,
    ];
    const told = answers.map((answer) => toldOf(forked("read", answer), "source-ci"));
    expect(new Set(told)).toEqual(new Set([expect.stringMatching(/^unknown: it comes from a fork, by somebody without write permission.*open it from a branch/u)]));
  });

  it("is asked where its author may write, and not before that is known", () => {
    const passed = (world: WorldBuilder) => void world.know<"checks">(need, [check("test", "passed")]);
    expect(toldOf(forked("write", passed), "source-ci")).toMatch(/^passed/u);
    expect(toldOf(forked(null, passed), "source-ci")).toMatch(/^unknown: whether its author may write here/u);
  });
});

describe("the CI of the source", () => {
  const labelled = (revision: string) => (world: WorldBuilder) =>
    void world.know<"labels">({ kind: "labels", ...image }, [new Map([["org.opencontainers.image.source", "https://github.com/acme/checkout"], ["org.opencontainers.image.revision", revision]])]);
  const seen = (...checks: readonly CommitCheck[]) => (world: WorldBuilder) => {
    labelled(COMMIT)(world);
    world.know<"checks">({ kind: "checks", source: SOURCE, commit: COMMIT }, checks);
  };

  it("is asked for once the image has told its commit", () => {
    expect(planned(worldWith("source-ci: {}", () => {})).needs).toEqual([{ kind: "labels", ...image }]);
    expect(planned(worldWith("source-ci: {}", labelled(COMMIT))).needs).toEqual([{ kind: "checks", source: SOURCE, commit: COMMIT }]);
  });

  it.each<[changes: (world: WorldBuilder) => void, says: string]>([
    [seen(check("build", "passed"), check("docs", "skipped")), "passed: every check of acme/checkout at 0123456 has passed, merged"],
    [seen(check("build", "passed"), check("test", "failed")), "failed: failed: test of acme/checkout at 0123456"],
    [seen(check("build", "passed"), check("test", "pending")), "waiting: to pass: test of acme/checkout at 0123456"],
    [seen(check("docs", "skipped")), "waiting: to pass: any check of acme/checkout at 0123456"],
    [seen(), "waiting: to pass: any check of acme/checkout at 0123456"],
    [labelled("main"), "unknown: the source of ghcr.io/acme/checkout is not known: its label org.opencontainers.image.revision is no whole commit id"],
    [(world) => void world.know<"labels">({ kind: "labels", ...image }, null), "unknown: the registry does not have ghcr.io/acme/checkout:1.4.2"],
    [(world) => labelled(COMMIT)(world.cannotKnow({ kind: "checks", source: SOURCE, commit: COMMIT }, "GitHub shows no such repository")), "unknown: GitHub shows no such repository"],
  ])("decides (%#)", (changes, says) => {
    expect(toldOf(worldWith("source-ci: {}", changes), "source-ci")).toBe(says);
  });
});
