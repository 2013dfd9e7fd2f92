import { describe, expect, it } from "vitest";
import { badGateway, secondaryLimit } from "../../sandbox/github/faults.ts";
import type { Fault } from "../../sandbox/github/faults.ts";
import { joinTeam, setCollaborator, suspend } from "../../sandbox/github/state/accounts.ts";
import { BRANCH, forgeOf, MANIFEST, proposalAt, startWorld } from "./github-world.ts";
import type { World } from "./github-world.ts";

async function opened(world: World): Promise<{ readonly number: number; readonly head: string }> {
  const { head } = await world.look();
  const outcome = await world.forge.openPullRequest(world.repository, proposalAt(head));
  if (outcome.outcome !== "done") throw new Error(`not opened: ${outcome.reason}`);
  world.requests();
  return outcome.value;
}

describe("what people do on a pull request", () => {
  it("reviews keep their order, their commit and whether the author can push", async () => {
    await using world = await startWorld();
    const { number, head } = await opened(world);
    const ada = world.github.person("ada");
    await ada.approve(number);
    await world.github.person("rita").approve(number);
    const moved = await ada.push(BRANCH, { "README.md": "more\n" }, "more");
    await world.github.person("bob").requestChanges(number, "no");
    const dismissed = await ada.approve(number, "yes after all");
    await world.github.person("olivia-owner").dismissReview(number, dismissed, "stale");
    expect((await world.onlyOpen()).reviews).toMatchObject([
      { author: { login: "ada" }, state: "approved", commit: head, canPush: true },
      { author: { login: "rita" }, state: "approved", commit: head, canPush: false },
      { author: { login: "bob" }, state: "changes-requested", commit: moved, canPush: true },
      { author: { login: "ada" }, state: "dismissed", commit: moved, canPush: true },
    ]);
  });

  it("labels, comments and who was asked", async () => {
    await using world = await startWorld();
    const { number } = await opened(world);
    const team = world.github.team("sre", ["ada"]);
    await world.forge.createLabel(world.repository, { name: "promote:prod", color: "ededed", description: "Ask for prod" });
    await world.forge.createLabel(world.repository, { name: "promote:prod", color: "000000", description: "again" });
    await world.github.person("tim").label(number, "promote:prod");
    await world.github.person("bob").comment(number, "/pinion promote");
    expect(await world.forge.askReviewers(world.repository, number, ["sre"], ["bob"])).toMatchObject({ outcome: "refused" });
    const [repository] = world.github.state.repositories;
    if (repository !== undefined) team.repositories.set(repository.id, "write");
    expect(await world.forge.askReviewers(world.repository, number, ["sre"], ["bob"])).toEqual({ outcome: "done", value: null });
    const open = await world.onlyOpen();
    expect(open.labels).toEqual(["promote:prod"]);
    expect(open.labelEvents).toMatchObject([{ label: "promote:prod", actor: { login: "tim", kind: "user" } }]);
    expect(open.comments).toMatchObject([{ author: { login: "bob" }, body: "/pinion promote", editedByOther: false }]);
    expect(open.reviewersAsked.toSorted()).toEqual(["bob", "sre"]);

    await world.forge.comment(world.repository, number, "Done.");
    await world.forge.removeLabel(world.repository, number, "promote:prod");
    await world.forge.removeLabel(world.repository, number, "promote:prod");
    await world.forge.retitle(world.repository, number, "Another title");
    const after = await world.onlyOpen();
    expect(after.title).toBe("Another title");
    expect(after.labels).toEqual([]);
    expect(after.labelEvents).toHaveLength(1);
    expect(after.comments.at(-1)).toMatchObject({ author: { login: "pinion[bot]", kind: "app" }, body: "Done." });
  });

  it("a chatty pull request is read in full", async () => {
    await using world = await startWorld();
    const { number } = await opened(world);
    const bob = world.github.person("bob");
    for (let index = 0; index < 25; index += 1) await bob.comment(number, `comment ${index}`);
    world.requests();
    const open = await world.onlyOpen();
    expect(open.comments).toHaveLength(25);
    expect(open.truncated).toBe(false);
    expect(world.requests()).toHaveLength(2);
  });

  it("a person's own pull request, by push, by browser and from a fork", async () => {
    await using world = await startWorld();
    const ada = world.github.person("ada");
    await ada.push("mine", { [MANIFEST]: "images: []\n" }, "by hand");
    await world.github.person("bob").editInBrowser("mine", { "README.md": "edited\n" }, "in the browser");
    await ada.openPullRequest({ head: "mine", title: "By hand", draft: true });
    expect(await world.onlyOpen()).toMatchObject({
      author: { login: "ada", kind: "user" },
      draft: true,
      head: { ref: "mine", fork: false },
      commits: { count: 2, allOwn: false, people: ["ada", "bob"] },
    });
    await world.forge.close(world.repository, (await world.onlyOpen()).id);

    const [repository] = world.github.state.repositories;
    if (repository === undefined) throw new Error("no repository");
    setCollaborator(repository, world.github.account("rita"), "read");
    const rita = world.github.person("rita");
    const fork = await world.github.fork(repository, "rita");
    await rita.on(fork).push("patch", { "README.md": "fork\n" }, "from outside");
    await rita.openPullRequest({ head: "rita:patch", title: "From a fork" });
    expect(await world.onlyOpen()).toMatchObject({
      author: { login: "rita" },
      head: { fork: true },
      commits: { allOwn: false, people: ["rita"] },
    });
    expect((await world.look()).ended).toMatchObject([{ state: "closed", closed: { by: { kind: "app" } } }]);
  });

  it("who closed it", async () => {
    await using world = await startWorld();
    const { number } = await opened(world);
    await world.github.person("ada").closePullRequest(number);
    expect((await world.look()).ended).toMatchObject([{ number, state: "closed", closed: { by: { login: "ada", kind: "user" } } }]);
  });
});

describe("issues", () => {
  it("a freeze is seen while it is open, however old, and who ended it afterwards", async () => {
    await using world = await startWorld();
    await world.forge.createLabel(world.repository, { name: "freeze:prod", color: "b60205", description: "" });
    const ada = world.github.person("ada");
    const freeze = await ada.openIssue("Stop", ["freeze:prod"]);
    for (let index = 0; index < 51; index += 1) await ada.openIssue(`Noise ${index}`);
    const own = await world.forge.openIssue(world.repository, { title: "checkout is frozen", body: "b", labels: [] });
    world.requests();
    expect((await world.look()).issues).toMatchObject([
      { number: own, author: { kind: "app" }, state: "open" },
      { number: freeze, state: "open", labels: ["freeze:prod"], labelEvents: [{ label: "freeze:prod", actor: { login: "ada" } }] },
    ]);
    expect(world.requests()).toHaveLength(2);
    await world.github.person("bob").closeIssue(freeze);
    await world.github.person("bob").closeIssue(own);
    expect((await world.look()).issues).toMatchObject([
      { number: own, state: "closed", closedBy: { login: "bob" } },
      { number: freeze, state: "closed", closedBy: { login: "bob" } },
    ]);
  });
});

describe("who may what", () => {
  it("permissions", async () => {
    await using world = await startWorld();
    const asked = ["olivia-owner", "ada", "tim", "rita"].map((login) => world.forge.permission(world.repository, login));
    expect(await Promise.all(asked)).toEqual(["admin", "write", "triage", "read"]);
  });

  it("members of a team: active ones, child teams included", async () => {
    await using world = await startWorld();
    const sre = world.github.team("sre", ["ada"]);
    joinTeam(world.github.state, sre, world.github.account("pete"), "pending");
    expect(await world.forge.teamMembers(world.repository, "sre")).toEqual(["ada"]);
    await expect(world.forge.teamMembers(world.repository, "none")).rejects.toMatchObject({ kind: "stalled" });
  });

  it("repositories where the App is, and only those", async () => {
    await using world = await startWorld();
    await world.github.seedRepository("elsewhere", { a: "b" }, { withoutApp: true });
    await world.github.seedRepository("more", { a: "b" });
    const [installation] = await world.forge.installations();
    expect((await world.forge.repositories(installation ?? 0)).map((one) => `${one.owner}/${one.name}`)).toEqual(["acme/manifests", "acme/more"]);
    suspend(world.github.state, world.github.installation, true);
    expect(await world.forge.installations()).toEqual([]);
  });

  it("a missing permission stalls, by name where GitHub tells it", async () => {
    const permissions = { contents: "write", pull_requests: "write", metadata: "read", checks: "write", deployments: "write" } as const;
    await using world = await startWorld({ app: { permissions } });
    await expect(world.look()).rejects.toMatchObject({ kind: "stalled" });
    const issue = { title: "t", body: "b", labels: [] };
    await expect(world.forge.openIssue(world.repository, issue)).rejects.toMatchObject({ kind: "stalled" });
  });
});

describe("deployments", () => {
  it("are shown once, even when an answer was lost", async () => {
    await using world = await startWorld();
    const { head } = await world.look();
    const wanted = { existing: null, app: "checkout", environment: "prod", commit: head, state: "in_progress", description: "d" } as const;
    world.github.faults.next((method, path) => method === "POST" && path.endsWith("/deployments"), { kind: "drop-after" });
    await expect(world.forge.showDeployment(world.repository, wanted)).rejects.toMatchObject({ kind: "dependency" });
    const id = await world.forge.showDeployment(world.repository, wanted);
    expect((await world.look()).deployments).toEqual([{ id, environment: "prod", app: "checkout", commit: head, state: "in_progress" }]);
    const other = await world.forge.showDeployment(world.repository, { ...wanted, app: "cart", state: "success" });
    await world.forge.showDeployment(world.repository, { ...wanted, existing: id, state: "success" });
    const shown = new Map((await world.look()).deployments.map((one) => [one.id, `${one.app} ${one.state}`]));
    expect(shown).toEqual(new Map([[id, "checkout success"], [other, "cart success"]]));
  });
});

describe("faults on the way", () => {
  const faults: readonly (readonly [string, Fault])[] = [
    ["an HTML page", badGateway()],
    ["a secondary limit", secondaryLimit(30)],
    ["half an answer", { kind: "truncate" }],
    ["no answer", { kind: "drop" }],
    ["no answer after the work", { kind: "drop-after" }],
  ];

  it.each(faults)("a write that meets %s fails as a dependency, and is asked once", async (_, fault) => {
    await using world = await startWorld();
    await world.look();
    world.requests();
    world.github.faults.next((method, path) => method === "POST" && path.endsWith("/issues"), fault);
    const issue = { title: "t", body: "b", labels: [] };
    await expect(world.forge.openIssue(world.repository, issue)).rejects.toMatchObject({ kind: "dependency" });
    expect(world.requests()).toHaveLength(1);
  });

  it.each(faults)("a look that meets %s fails or is whole", async (name, fault) => {
    await using world = await startWorld();
    const { number } = await opened(world);
    world.github.faults.next((_, path) => path === "/graphql", fault);
    const result = await world.look().catch((error: unknown) => error);
    // A gateway that gives up is asked for less at a time.
    if (name === "an HTML page") expect(result).toMatchObject({ open: [{ number }] });
    else expect(result).toMatchObject({ name: "PortFailure", kind: "dependency" });
    expect((await world.onlyOpen()).number).toBe(number);
  });

  it("a wrong key is for a person to mend", async () => {
    await using world = await startWorld();
    await using other = await startWorld();
    const stranger = forgeOf({ url: world.github.url, app: other.github.app, state: world.github.state });
    await expect(stranger.installations()).rejects.toMatchObject({ kind: "stalled" });
  });
});
