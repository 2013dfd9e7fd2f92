import { describe, expect, it } from "vitest";
import { overlay, shown } from "./onlooker.ts";
import { begin, configOf, DEV, HOUR, MINUTE, STAGING } from "./story.ts";

const CONFIG = ".github/pinion.yaml";
const WITH_APPROVAL = "dev: { promote: auto, merge: on-approval, approvals: { count: 1 }, watch: 2m }";

describe("a configuration that cannot be read", () => {
  it("stops everything, is told on every pull request, and a repair gets through", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world } = story;
    await world.pass(MINUTE);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    await world.person("alice").editInBrowser("main", { [CONFIG]: configOf(WITH_APPROVAL).replace("promote: auto", "promte: auto") }, "Typo");
    await world.person("bob").approve(dev.number);
    await world.pass(HOUR);
    expect(shown(dev)).toBe("open");
    expect(story.verdict(dev)).toMatch(/^action_required: \d problems? in \.github\/pinion\.yaml: line 3: .*promte/);

    await world.person("alice").push("repair", { [CONFIG]: configOf(WITH_APPROVAL) }, "Repair");
    const repair = await world.person("alice").openPullRequest({ head: "repair", title: "Repair" });
    await world.person("carol").push("worse", { [CONFIG]: "version: [\n" }, "Worse");
    await world.person("carol").openPullRequest({ head: "worse", title: "Worse" });
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Repair"))).toBe("success: Pinion's configuration and policies can be read, and no pins change");
    expect(story.verdict(story.pull("Worse"))).toMatch(/^action_required: /);
    await world.person("alice").mergeWithButton(repair);
    await story.until("verified dev 1.4.2");
  });

  it("is told on the pull request that would bring it", async () => {
    const story = await begin({ pushed: "" });
    const { world } = story;
    await world.person("alice").push("typo", { [CONFIG]: configOf(DEV.replace("merge:", "merg:"), "qa: { aftr: dev }") }, "Typo");
    await world.person("alice").openPullRequest({ head: "typo", title: "Typo" });
    await world.person("carol").push("gone", { [CONFIG]: null }, "Gone");
    await world.person("carol").openPullRequest({ head: "gone", title: "Gone" });
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Typo"))).toMatch(/^action_required: 2 problems in /);
    expect(story.check(story.pull("Typo")).output.summary).toMatch(/\| 3:\d+ \| .*merg\b.*did you mean.*merge[^]*\| 4:\d+ \| .*aftr.*did you mean.*after/i);
    expect(story.verdict(story.pull("Gone"))).toMatch(/^action_required: .*would be gone/);
  });
});

describe("a manifest that cannot be read", () => {
  it("stops its own place and no other, and what would break one is told on the pull request", async () => {
    const story = await begin({ environmentLines: [DEV, STAGING], apps: ["checkout", "search"], pushed: "" });
    const { world } = story;
    const broken = "images:\n  - name: [oops\n";
    await world.person("alice").editInBrowser("main", { [overlay("dev")]: broken }, "Oops");
    await world.push("checkout", "1.4.2");
    await world.push("search", "1.4.2");
    await world.person("carol").push("also", { [overlay("dev", "search")]: broken }, "The same");
    await world.person("carol").openPullRequest({ head: "also", title: "The same" });
    await world.pass(20 * MINUTE);
    expect(story.titles("merged").toSorted()).toEqual(["Promote search 1.4.2 to dev", "Promote search 1.4.2 to staging"]);
    expect(story.verdict(story.pull("The same"))).toMatch(/^action_required: Needs a person: .*search.*dev/);
    expect(await story.fileOf("dev")).toBe(broken);
  });

  it("is only where the file is: an app without one in an environment is promoted where it has one", async () => {
    const story = await begin({ environmentLines: [DEV, STAGING], environments: ["dev"] });
    const { world } = story;
    await story.until("verified dev 1.4.2");
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    await world.person("alice").comment(dev.number, "/pinion promote checkout staging");
    await world.pass(HOUR);
    expect(story.said(dev.number)).toEqual([
      "@alice, `/pinion promote checkout staging` was not acted on: checkout has no file for staging that `discover` finds.",
    ]);
    expect(story.titles("open")).toEqual([]);
  });
});

describe("a default branch that goes on meanwhile", () => {
  it("does not hold up a pull request that it does not touch", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world, repository } = story;
    await world.pass(MINUTE);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    const head = dev.head.oid;
    await world.person("alice").push("main", { "README.md": "# More\n", "apps/checkout/base/kustomization.yaml": "resources: []\n" }, "Go on");
    await world.settle();
    await world.person("bob").approve(dev.number);
    await story.until("verified dev 1.4.2");
    expect(dev.head.oid).toBe(head);
    const [merged] = await story.recordsOf("merged");
    expect(merged).toMatchObject({ judgement: "judged", head });
    const [base = ""] = (await repository.git.commit(dev.mergeCommit ?? ""))?.parents ?? [];
    expect((await repository.git.diff(base, dev.mergeCommit ?? "")).map(({ path }) => path)).toEqual([overlay("dev")]);
  });

  it("makes Pinion build its commit anew where it conflicts, and approvals are asked again", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL], asleep: true });
    const { world, repository } = story;
    await world.person("carol").openIssue("Stop", ["freeze:dev"]);
    await story.wake();
    await world.pass(MINUTE);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    const before = dev.head.oid;
    await world.person("bob").approve(dev.number);
    await world.pass(MINUTE);
    // The same pin, in other words around it.
    const other = (await story.fileOf("dev")).replace("# set by Pinion", "# see the README");
    await world.person("alice").push("main", { [overlay("dev")]: other }, "Say it better");
    await world.pass(10 * MINUTE);
    expect(dev.head.oid).not.toBe(before);
    expect((await repository.git.commit(dev.head.oid))?.parents).toEqual([repository.refs.get("refs/heads/main")]);
    expect(repository.signatures.get(dev.head.oid)).toMatchObject({ isValid: true, wasSignedByGitHub: true });
    expect(story.check(dev).output.summary).toContain("bob (approved an earlier state)");
    expect(story.branches()).toEqual(["main", "pinion-log", dev.head.ref].toSorted());
    await world.person("carol").closeIssue(1);
    await world.pass(10 * MINUTE);
    expect(shown(dev)).toBe("open");
    await world.person("bob").approve(dev.number);
    await story.until("verified dev 1.4.2");
    const digest = (await story.recordsOf("merged"))[0]?.release.images[0]?.digest ?? "sha256:";
    expect(await story.fileOf("dev")).toBe(story.fileWith("1.4.2", digest).replace("# set by Pinion", "# see the README"));
    expect(await story.doubled()).toEqual([]);
  });
});

describe("a pin that somebody changes by hand", () => {
  it("is recorded and left alone until there is a newer release than the one it displaced", async () => {
    const story = await begin();
    const { world } = story;
    await story.until("verified dev 1.4.2");
    const [opened] = await story.recordsOf("opened");
    const digest = opened?.from?.images[0]?.digest ?? "sha256:";
    const commit = await world.person("alice").editInBrowser("main", { [overlay("dev")]: story.fileWith("1.4.1", digest) }, "Back, quickly");
    await world.pass(HOUR);
    expect(await story.version("dev")).toBe("1.4.1");
    expect(story.titles("open")).toEqual([]);
    expect((await story.recordsOf("out-of-band")).map((record) => record.commit)).toEqual([commit]);
    expect((await story.recordsOf("held")).map(({ displaced }) => displaced.version)).toEqual(["1.4.2"]);
    expect(await story.history()).toContain("verified dev 1.4.1");
    await world.push("checkout", "1.4.3");
    await story.until("verified dev 1.4.3");
    expect(await story.doubled()).toEqual([]);
  });

  it("back to what was there before, before Pinion has seen the merge that it undoes, is recorded like any other", async () => {
    const story = await begin({ environmentLines: ["dev: { promote: auto, merge: manual, watch: 2m }"] });
    const { world } = story;
    await story.until("opened dev 1.4.2");
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    const before = await story.fileOf("dev");
    await world.stop();
    await world.person("bob").mergeWithButton(dev.number);
    await world.person("alice").editInBrowser("main", { [overlay("dev")]: before }, "Not today");
    await story.wake();
    await world.pass(HOUR);
    expect(await story.version("dev")).toBe("1.4.1");
    expect(await story.history()).toEqual(expect.arrayContaining(["merged dev 1.4.2", "out-of-band dev 1.4.1"]));
    expect((await story.recordsOf("held")).map(({ displaced }) => displaced.version)).toEqual(["1.4.2"]);
    expect(story.titles("open")).toEqual([]);
  });

  it("makes an open pull request for another pin give way", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world } = story;
    await world.pass(MINUTE);
    const dev = story.pull("Promote checkout 1.4.2 to dev");
    const digest = await world.registry.push("acme/checkout", "1.4.0");
    await world.person("alice").push("main", { [overlay("dev")]: story.fileWith("1.4.0", digest) }, "An old one");
    await world.pass(10 * MINUTE);
    expect(shown(dev)).toBe("closed");
    expect(story.said(dev.number)).toHaveLength(1);
    expect(await story.version("dev")).toBe("1.4.0");
  });

  it("moves on in the same way when it is a new app", async () => {
    const story = await begin({ environmentLines: [DEV] });
    const { world } = story;
    await story.until("verified dev 1.4.2");
    const digest = await world.registry.push("acme/cart", "0.9.0");
    story.serve("dev", 0, { app: "cart" });
    world.argocd.add({ name: "cart-dev", path: overlay("dev", "cart") });
    await world.person("alice").push("main", { [overlay("dev", "cart")]: story.fileWith("0.9.0", digest, "cart") }, "A new app");
    await world.pass(10 * MINUTE);
    await world.push("cart", "1.0.0");
    await world.pass(20 * MINUTE);
    expect(story.titles("merged")).toEqual(["Promote checkout 1.4.2 to dev", "Promote cart 1.0.0 to dev"]);
    expect((await story.recordsOf("adopted")).map(({ app, pinned }) => `${app} ${pinned.version}`)).toEqual(["checkout 1.4.1", "cart 0.9.0"]);
    expect((await story.recordsOf("verified")).map(({ app, release }) => `${app} ${release.version}`)).toContain("cart 1.0.0");
  });
});
