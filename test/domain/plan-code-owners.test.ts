import { describe, expect, it } from "vitest";
import { known, unknown } from "../../src/domain/answer.ts";
import { ownedFiles, ownerNamed, parseCodeOwners, type OwnedFiles } from "../../src/domain/code-owners.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { Permission, Review } from "../../src/domain/observation.ts";
import { ALICE, approval, BOB, HOUR, actions, one, toldOf, two } from "./planner.ts";
import { oid } from "./releases.ts";
import { START, WorldBuilder } from "./world-builder.ts";

const CAROL = { login: "carol", kind: "user" } as const;
const FILE = "apps/checkout/overlays/prod/kustomization.yaml";

const configOf = (approvals: string, more = "") =>
  parseConfig(
    `version: 1\nenvironments:\n  dev: {}\n  staging: { after: dev }\n  prod: { after: staging, merge: auto, approvals: ${approvals}${more} }\n` +
      "apps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n",
  );

/** A promotion to prod, reviewed like this, that changes files of these owners. */
function inProd(owned: readonly OwnedFiles[] | string, reviews: readonly Review[], approvals = "{ codeOwners: true }", asked: readonly string[] = []) {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  world.config = configOf(approvals);
  world.proven("dev", two, world.now - 9 * HOUR, "3").proven("staging", two, world.now - 8 * HOUR, "4").pin("prod", one);
  world.codeOwners = known(parseCodeOwners("CODEOWNERS", ""), world.now);
  world.promotion("prod", one, two, { reviews, reviewersAsked: asked });
  for (const [number, proposal] of world.proposals) {
    if (proposal.known) world.proposals.set(number, known({ ...proposal.value, owned: typeof owned === "string" ? { unknown: owned } : owned }, world.now));
  }
  for (const login of ["alice", "bob", "carol"]) world.know<"permission">({ kind: "permission", login }, "write");
  return world.know<"team">({ kind: "team", team: "sre" }, ["Carol"]);
}

const group = (owners: readonly string[], ...files: readonly string[]): OwnedFiles => ({ owners, files: files.length === 0 ? [FILE] : files });
const changes = (by: typeof ALICE | typeof CAROL): Review => ({ ...approval(BOB, oid("c"), "changes-requested"), author: by });
const carols = { ...approval(BOB), author: CAROL };

describe("a promotion for which code owners are asked", () => {
  it.each<[what: string, owned: readonly OwnedFiles[], reviews: readonly Review[], told: string, approvals?: string]>([
    ["changes nothing that has owners", [], [], "passed: no approval is needed, merged"],
    ["has no approval", [group(["@bob"])], [], `waiting: approval by code owners: @bob for ${FILE}`],
    ["is approved by an owner", [group(["@bob"])], [approval(BOB)], "passed: approved by bob, merged"],
    ["is approved by an owner, whose login is written otherwise", [group(["@BOB"])], [approval(BOB)], "passed: approved by bob, merged"],
    ["is approved by somebody else", [group(["@bob"])], [approval(ALICE)], `waiting: approval by code owners: @bob for ${FILE}`],
    ["is approved by one of two owners", [group(["@dora", "@bob"])], [approval(BOB)], "passed: approved by bob, merged"],
    ["is approved by a member of a team", [group(["@acme/sre"])], [carols], "passed: approved by carol, merged"],
    ["is approved by no member of a team", [group(["@Acme/SRE"])], [approval(BOB)], `waiting: approval by code owners: @Acme/SRE for ${FILE}`],
    ["is approved for one of two groups", [group(["@bob"]), group(["@acme/sre", "@dora"], "a", "b", "c")], [approval(BOB)], "waiting: approval by code owners: @acme/sre or @dora for a, b and 1 more"],
    ["is approved for two groups", [group(["@bob"]), group(["@acme/sre"], "a")], [approval(BOB), carols], "passed: approved by bob, carol, merged"],
    ["is approved at an earlier head", [group(["@bob"])], [approval(BOB, oid("e"))], `waiting: approval by code owners: @bob for ${FILE}; not counted: @bob (approved an earlier state)`],
    ["was approved, and that was taken back", [group(["@bob"])], [approval(BOB), { ...approval(BOB, oid("c"), "dismissed"), at: START + 1 }], `waiting: approval by code owners: @bob for ${FILE}`],
    ["is of an owner by an e-mail address alone", [group(["bob@acme.test"])], [], `unknown: whether an owner of ${FILE} has approved: the owner bob@acme.test is not known: an e-mail address does not tell whose account it is; write @login or @organisation/team`],
    ["is of an owner by an e-mail address, and another approves", [group(["bob@acme.test", "@alice"])], [approval(ALICE)], "passed: approved by alice, merged"],
    ["is of an owner by an e-mail address, and nobody approves yet", [group(["bob@acme.test", "@alice"])], [], `waiting: approval by code owners: bob@acme.test or @alice for ${FILE}`],
    ["is of a team elsewhere", [group(["@other/sre"])], [approval(BOB)], `unknown: whether an owner of ${FILE} has approved: the owner @other/sre is not known: it is a team of other, and only teams of acme are read`],
    ["is of no owner at all", [group(["sre"])], [approval(BOB)], `unknown: whether an owner of ${FILE} has approved: the owner sre is not known: it is neither a person nor a team; write @login or @organisation/team`],
    ["counts approvals of a team beside", [group(["@acme/sre"])], [approval(BOB)], `waiting: approval by code owners: @acme/sre for ${FILE}`, "{ count: 1, users: [bob], codeOwners: true }"],
    ["an owner's does not count for the others", [group(["@carol"])], [carols], "waiting: 1 approval from @bob", "{ count: 1, users: [bob], codeOwners: true }"],
    ["an owner's and one of the others", [group(["@carol"])], [carols, approval(BOB)], "passed: approved by bob, carol, merged", "{ count: 1, users: [bob], codeOwners: true }"],
    ["somebody who is neither", [group(["@carol"])], [approval(ALICE)], `waiting: 1 approval from @bob, and approval by code owners: @carol for ${FILE}; not counted: @alice (is not in @bob)`, "{ count: 1, users: [bob], codeOwners: true }"],
    ["an owner asks for changes, who does not count for the others", [group(["@carol"])], [changes(CAROL), approval(BOB)], "waiting: changes asked for by carol", "{ count: 1, users: [bob], codeOwners: true }"],
    ["somebody who is neither asks for changes", [group(["@bob"])], [changes(ALICE), approval(BOB)], "passed: approved by bob, merged", "{ count: 1, users: [bob], codeOwners: true }"],
  ])("%s", (_, owned, reviews, told, approvals) => {
    const words = toldOf(inProd(owned, reviews, approvals), "approvals").replaceAll("&#8203;", "");
    expect(words).toBe(told);
  });

  it("waits for none where the environment does not ask", () => {
    expect(toldOf(inProd([group(["@bob"])], [], "{ count: 0 }"), "approvals")).toContain("no approval is needed, merged");
  });

  it("is unknown while a team cannot be read, unless another owner has approved", () => {
    const unread = (owners: readonly string[]) => inProd([group(owners)], [approval(BOB)]).cannotKnow({ kind: "team", team: "sre" }, "GitHub shows no such team");
    expect(toldOf(unread(["@acme/sre"]), "approvals")).toContain("GitHub shows no such team");
    expect(toldOf(unread(["@acme/sre"]), "approvals")).not.toContain("merged");
    expect(toldOf(unread(["@acme/sre", "@bob"]), "approvals")).toContain("approved by bob, merged");
  });

  it("is unknown while the permission of an owner cannot be read", () => {
    const world = inProd([group(["@bob"])], [approval(BOB)]).cannotKnow({ kind: "permission", login: "bob" }, "GitHub does not say");
    expect(toldOf(world, "approvals")).toMatch(/^unknown: .*GitHub does not say/);
  });

  it("holds while it cannot be told whether who asks for changes is an owner", () => {
    const world = inProd([group(["@acme/sre", "@bob"])], [changes(ALICE), approval(BOB)], "{ users: [bob], codeOwners: true }");
    world.cannotKnow({ kind: "team", team: "sre" }, "GitHub shows no such team");
    expect(toldOf(world, "approvals")).toMatch(/^unknown: .*GitHub shows no such team/);
  });

  it("is unknown where the owners are not known", () => {
    expect(toldOf(inProd("there is no CODEOWNERS file", [approval(BOB)]), "approvals")).toBe("unknown: there is no CODEOWNERS file");
    const unread = inProd([], [approval(BOB)]);
    for (const [number, proposal] of unread.proposals) {
      if (!proposal.known) continue;
      const { owned: _, ...value } = proposal.value;
      unread.proposals.set(number, known(value, unread.now));
    }
    expect(toldOf(unread, "approvals")).toContain("who owns what it changes has not been read yet");
  });

  it.each<[Permission | null, string]>([
    ["write", "passed: approved by bob, merged"],
    ["none", "unknown: whether an owner of apps/checkout/overlays/prod/kustomization.yaml has approved: @&#8203;alice, who asked for this promotion, has no write permission under that name any more, and may have another name now; close it, and ask for the promotion again or open a pull request of your own"],
    [null, "unknown: whether an owner of apps/checkout/overlays/prod/kustomization.yaml has approved: GitHub is down"],
  ])("counts nobody while whoever asked for it may be called otherwise by now: %s", (permission, told) => {
    const world = inProd([group(["@bob"])], [approval(BOB)]);
    world.records.push({ event: "requested", app: "checkout", environment: "prod", at: world.now - HOUR, release: two, by: "alice", pullRequest: 5, source: "label:1" });
    if (permission === null) world.cannotKnow({ kind: "permission", login: "alice" }, "GitHub is down");
    else world.know<"permission">({ kind: "permission", login: "alice" }, permission);
    expect(toldOf(world, "approvals")).toBe(told);
  });

  it("does not count whoever asked for it", () => {
    const world = inProd([group(["@alice"])], [approval(ALICE)]);
    world.records.push({ event: "requested", app: "checkout", environment: "prod", at: world.now - HOUR, release: two, by: "alice", pullRequest: 5, source: "label:1" });
    expect(toldOf(world, "approvals")).toContain("asked for this promotion");
  });

  it("tells of a few groups only", () => {
    const many = Array.from({ length: 30 }, (_, index) => group([`@o${index}`], `f${index}`));
    expect(toldOf(inProd(many, []), "approvals")).toContain("owners of 10 more groups of files");
  });
});

describe("code owners are asked for their review", () => {
  const asks = (...given: Parameters<typeof inProd>) => actions(inProd(...given), "ask-reviewers").map(({ teams, users }) => ({ teams, users }));

  it("once, apart from the teams that are named, and only where they are needed", () => {
    const owned = [group(["@bob", "@acme/sre", "x@acme.test", "@other/team"]), group(["@bob", "@carol"], "a")];
    expect(asks(owned, [])).toEqual([{ teams: ["sre"], users: ["bob", "carol"] }]);
    expect(asks(owned, [], "{ codeOwners: true }", ["Bob", "sre"])).toEqual([{ teams: [], users: ["carol"] }]);
    expect(asks(owned, [], "{ codeOwners: true }", ["bob", "sre", "carol"])).toEqual([]);
    expect(asks(owned, [], "{ count: 0 }")).toEqual([]);
    expect(asks(owned, [], "{ count: 1, teams: [sre, dba], codeOwners: true }")).toEqual([{ teams: ["sre", "dba"], users: [] }, { teams: [], users: ["bob", "carol"] }]);
    expect(asks("unknown", [])).toEqual([]);
  });
});

describe("before the pull request is open", () => {
  function opening(codeOwners: WorldBuilder["codeOwners"]) {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.config = configOf("{ codeOwners: true }");
    world.proven("dev", two, world.now - 9 * HOUR, "3").proven("staging", two, world.now - 8 * HOUR, "4").pin("prod", one);
    world.codeOwners = codeOwners;
    return actions(world, "open").find(({ environment }) => environment === "prod")?.body ?? "";
  }

  it("its text says that an owner is needed, if one is", () => {
    expect(opening(known(parseCodeOwners("CODEOWNERS", "/apps/ @bob"), START))).toContain("that takes the approval of a code owner.");
    expect(opening(known(parseCodeOwners("CODEOWNERS", "/db/ @bob"), START))).toContain("It merges by itself once every gate passes.");
    expect(opening(unknown("there is none", "stalled", START))).toContain("and the approval of a code owner.");
  });
});

describe("the owners of files", () => {
  it("are put together where they are the same", () => {
    const owners = parseCodeOwners("CODEOWNERS", "* @a @b\n*.md\n/db/ @c\n/x @a @b\n");
    expect(ownedFiles(owners, ["a", "README.md", "db/x", "x"])).toEqual([{ owners: ["@a", "@b"], files: ["a", "x"] }, { owners: ["@c"], files: ["db/x"] }]);
  });

  it("are unknown where there are too many lines and files", () => {
    const owners = parseCodeOwners("CODEOWNERS", "/a @a\n".repeat(1000));
    expect(ownedFiles(owners, Array.from({ length: 501 }, () => "a"))).toMatchObject({ unknown: expect.stringContaining("501 files by 1000 lines of CODEOWNERS") });
    expect(ownedFiles(owners, Array.from({ length: 500 }, () => "a"))).toHaveLength(1);
  });

  it.each([
    ["@bob", { kind: "user", login: "bob" }],
    ["@acme/sre", { kind: "team", team: "sre" }],
    ["@ACME/Sre_1", { kind: "team", team: "sre_1" }],
    ["@other/sre", { kind: "untold" }],
    ["a@b", { kind: "untold" }],
    ["bob", { kind: "untold" }],
    ["@", { kind: "untold" }],
    ["@a/b/c", { kind: "untold" }],
  ])("%s", (name, owner) => {
    expect(ownerNamed(name, "acme")).toMatchObject(owner);
  });
});
