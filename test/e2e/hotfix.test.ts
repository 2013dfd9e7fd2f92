import { describe, expect, it } from "vitest";
import { overlay, shown } from "./onlooker.ts";
import { begin, DEV, HOUR, MINUTE, type Story } from "./story.ts";

/** Nothing gets into it by itself for a long time: it soaks for a day, and its window is shut but for a minute a year. */
const PROD =
  'prod: { after: dev, soak: 24h, watch: 2m, promote: on-request, merge: auto, windows: [{ allow: "0 0 1 1 *", for: 1m, timezone: UTC }], rollback: auto }';

/** 1.4.2 has come to dev a moment ago, and carol has frozen prod. */
async function urgent(): Promise<{ readonly story: Story; readonly dev: number; readonly freeze: number }> {
  const story = await begin({ environmentLines: [DEV, PROD] });
  await story.until("merged dev 1.4.2");
  const freeze = await story.world.person("carol").openIssue("Stop the line", ["freeze:prod"]);
  await story.world.settle();
  return { story, dev: story.pull("Promote checkout 1.4.2 to dev").number, freeze };
}

const HOTFIX = "Promote checkout 1.4.2 to prod (hotfix)";
const PLAIN = "Promote checkout 1.4.2 to prod";

describe("a hotfix", () => {
  it("by two labels goes past soak, window and freeze with one approval of somebody else, and everything says so", async () => {
    const { story, dev, freeze } = await urgent();
    const { world } = story;
    await world.person("alice").label(dev, "promote:prod");
    await world.person("alice").label(dev, "hotfix");
    await world.pass(MINUTE);
    const prod = story.pull(HOTFIX);
    expect(story.labels(dev)).toEqual([]);
    expect(story.said(dev).toSorted()).toEqual([
      "@alice, the promotion of `checkout` to `prod` is a hotfix now.",
      `The promotion of \`checkout 1.4.2\` to \`prod\` is in #${prod.number}.`,
    ]);
    expect(prod.body).toMatch(/### Hotfix\n\n@alice marked this as a hotfix at 20\d\d-.* UTC\. It takes an approval from after that, by somebody who did not ask for it\./);
    expect(prod.body).toContain(`- **freeze**: the freeze of prod to end (#&#8203;${freeze} Stop the line)`);
    expect(prod.body).toContain("It merges once every gate passes; that takes 1 approval from anyone with write permission.");
    await world.person("alice").approve(prod.number);
    await world.pass(HOUR);
    expect(story.verdict(prod)).toBe("in_progress: Waiting: 1 approval from anyone with write permission; not counted: @alice (asked for this promotion)");
    expect(shown(prod)).toBe("open");
    await world.person("bob").approve(prod.number);
    await story.until("merged prod 1.4.2", 5 * MINUTE);
    const [merged] = (await story.recordsOf("merged")).filter(({ environment }) => environment === "prod");
    expect(merged).toMatchObject({ kind: "hotfix", judgement: "judged", requestedBy: "alice", hotfix: { by: "alice", freezes: [freeze] } });
    const [judged] = (await story.recordsOf("judged")).filter(({ environment }) => environment === "prod");
    expect(judged).toMatchObject({ kind: "hotfix", approvals: [{ by: "bob" }], hotfix: { by: "alice", passedBy: [{ policy: "freeze" }, { policy: "soak" }, { policy: "window" }] } });
    expect((await story.recordsOf("opened")).at(-1)).toMatchObject({ kind: "hotfix", requestedBy: "alice" });
    await story.until("verified prod 1.4.2");
    expect(await story.doubled()).toEqual([]);
  });

  it("by a label on the promotion that waits makes a hotfix of it, and a promotion again when it is taken off", async () => {
    const { story, dev } = await urgent();
    const { world } = story;
    await world.person("alice").label(dev, "promote:prod");
    await world.pass(HOUR);
    const prod = story.pull(PLAIN);
    expect(story.verdict(prod)).toMatch(/^in_progress: Waiting: the freeze of prod to end/);
    await world.person("bob").label(prod.number, "hotfix");
    await world.pass(MINUTE);
    expect(story.verdict(prod)).toBe("in_progress: Waiting: 1 approval from anyone with write permission");
    expect(story.check(prod).output.summary).toContain("checkout in prod is a hotfix: @&#8203;bob marked it as one at");
    expect(story.titles("open")).toEqual([HOTFIX]);
    expect(story.said(prod.number)).toEqual([expect.stringMatching(/^@bob marked this as a hotfix at [^]*\n- \*\*freeze\*\*: [^]*take the label `hotfix` off\.$/)]);
    await world.person("bob").unlabel(prod.number, "hotfix");
    await world.pass(MINUTE);
    expect(story.verdict(prod)).toMatch(/^in_progress: Waiting: the freeze of prod to end/);
    expect(story.said(prod.number).at(-1)).toBe("The label `hotfix` was taken off: from now on, every gate holds this promotion again.");
    expect(story.titles("open")).toEqual([PLAIN]);
    await world.person("carol").approve(prod.number);
    await world.pass(HOUR);
    expect(shown(prod)).toBe("open");
    await world.person("bob").label(prod.number, "hotfix");
    await world.pass(MINUTE);
    expect(story.verdict(prod)).toMatch(/not counted: @carol \(approved it before it was a hotfix\)$/);
    await world.person("carol").approve(prod.number);
    await story.until("merged prod 1.4.2", 5 * MINUTE);
    expect((await story.recordsOf("merged")).at(-1)).toMatchObject({ kind: "hotfix", requestedBy: "alice", hotfix: { by: "bob" } });
    expect(await story.doubled()).toEqual([]);
  });

  it("is none by the word of somebody who may not, who is told so", async () => {
    const { story, dev } = await urgent();
    const { world } = story;
    await world.person("alice").label(dev, "promote:prod");
    await world.person("mallory").label(dev, "hotfix");
    await world.pass(MINUTE);
    const prod = story.pull(PLAIN);
    expect(story.said(dev)).toContain("@mallory, the label `hotfix` was not acted on: that takes write permission on this repository, and yours is triage.");
    await world.person("mallory").label(prod.number, "hotfix");
    await world.person("bob").approve(prod.number);
    await world.pass(HOUR);
    expect(shown(prod)).toBe("open");
    expect(story.check(prod).output.summary).toContain("It is judged as no hotfix: a hotfix takes write permission on this repository, and that of @&#8203;mallory is triage.");
    expect(story.said(prod.number)).toEqual([
      "@mallory, the label `hotfix` was not acted on: that takes write permission on this repository, and yours is triage. Somebody who has it can take the label off and set it again.",
    ]);
  });

  it("by command comes to the same end when Pinion is stopped after everything that it writes", async () => {
    const { story, dev } = await urgent();
    const { world } = story;
    let told = 0;
    const restarted = async (): Promise<void> => {
      const count = (await story.records()).length + story.pulls().length + story.said(dev).length;
      if (count === told) return;
      told = count;
      await world.stop();
      await world.start();
    };
    await world.person("alice").comment(dev, "/pinion hotfix checkout prod");
    for (let turn = 0; turn < 12; turn += 1) {
      await restarted();
      await world.pass(10_000);
    }
    const prod = story.pull(HOTFIX);
    expect(story.said(dev)).toEqual([`The promotion of \`checkout 1.4.2\` to \`prod\` is in #${prod.number}, as a hotfix.`]);
    await world.person("bob").approve(prod.number);
    for (let turn = 0; turn < 12; turn += 1) {
      await restarted();
      await world.pass(10_000);
    }
    expect((await story.recordsOf("merged")).at(-1)).toMatchObject({ environment: "prod", kind: "hotfix", judgement: "judged" });
    expect(await story.doubled()).toEqual([]);
  });

  it("of a person's own takes somebody besides its author and whoever set the label", async () => {
    const { story } = await urgent();
    const { world } = story;
    await world.person("carol").push("urgent", { [overlay("prod")]: await story.fileOf("dev") }, "Now");
    const mine = await world.person("carol").openPullRequest({ head: "urgent", title: "Now" });
    await world.person("alice").label(mine, "hotfix");
    await world.person("alice").approve(mine);
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Now"))).toMatch(/^in_progress: Waiting: 1 approval .*not counted: @alice \(asked for this promotion\)$/);
    await world.person("bob").approve(mine);
    await world.pass(MINUTE);
    expect(story.verdict(story.pull("Now"))).toMatch(/^success: /);
    await world.person("carol").mergeWithButton(mine);
    await story.until("merged prod 1.4.2");
    expect((await story.recordsOf("merged")).at(-1)).toMatchObject({ kind: "hotfix", judgement: "judged", mergedBy: "carol", hotfix: { by: "alice" } });
  });
});
