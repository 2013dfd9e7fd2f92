import { describe, expect, it } from "vitest";
import { overlay, shown } from "./onlooker.ts";
import { begin, configOf, DEV, MINUTE } from "./story.ts";

const CONFIG = ".github/pinion.yaml";
const WITH_APPROVAL = "dev: { promote: auto, merge: on-approval, approvals: { count: 1 }, watch: 2m }";
const QA = "qa: { promote: auto, merge: on-approval, approvals: { count: 1 }, path: dev, watch: 2m }";

describe("an environment that is renamed while a pull request of Pinion is open", () => {
  it("closes it with the reason, accuses nobody, and the promotion comes again under the new name", async () => {
    const story = await begin({ environmentLines: [WITH_APPROVAL] });
    const { world } = story;
    await world.pass(MINUTE);
    const first = story.pull("Promote checkout 1.4.2 to dev");
    await world.person("alice").editInBrowser("main", { [CONFIG]: configOf(QA) }, "Call it qa");
    await world.pass(MINUTE);
    expect(shown(first)).toBe("closed");
    expect(story.said(first.number)).toEqual([
      "Closed, because it is not the promotion any more that is due: there is no environment dev any more. What is due now comes in a pull request of its own.",
    ]);
    expect(story.titles("open")).toEqual(["Promote checkout 1.4.2 to qa"]);
    await world.person("bob").approve(story.pull("Promote checkout 1.4.2 to qa").number);
    await story.until("merged qa 1.4.2");
    expect(await story.recordsOf("withdrawn")).toEqual([]);
    expect(await story.recordsOf("held")).toEqual([]);
  });
});


describe("an image that is put under `images:` of an app that runs", () => {
  it("is adopted as it is pinned, holds nothing, and moves together with the others from then on", async () => {
    const story = await begin({ environmentLines: [DEV] });
    const { world } = story;
    await story.until("verified dev 1.4.2");
    const digest = await world.registry.push("acme/worker", "1.4.2");
    const entry = `  - name: worker\n    newName: ${story.host}/acme/worker\n    newTag: 1.4.2\n    digest: ${digest}\n`;
    const images = `  checkout: { images: [${story.host}/acme/checkout, ${story.host}/acme/worker] }\n`;
    const file = `${await story.fileOf("dev")}${entry}`;
    const config = configOf(DEV).replace("  defaults:", `${images}  defaults:`);
    await world.person("alice").push("main", { [overlay("dev")]: file, [CONFIG]: config }, "The worker moves along");
    await world.pass(10 * MINUTE);
    expect(await story.recordsOf("out-of-band")).toEqual([]);
    expect(await story.recordsOf("held")).toEqual([]);
    expect((await story.recordsOf("adopted")).at(-1)?.pinned.images.map(({ tag }) => tag)).toEqual(["1.4.2", "1.4.2"]);
    await world.push("worker", "1.4.3");
    await world.push("checkout", "1.4.3");
    await story.until("verified dev 1.4.3");
    expect(await story.fileOf("dev")).not.toContain("1.4.2");
  });
});
