import { describe, expect, it } from "vitest";
import { shown } from "./onlooker.ts";
import { begin, configOf, MINUTE } from "./story.ts";

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
      "Closed, because it does not make the promotion any more that it was opened for: there is no environment dev any more. What is due now comes in a pull request of its own.",
    ]);
    expect(story.titles("open")).toEqual(["Promote checkout 1.4.2 to qa"]);
    await world.person("bob").approve(story.pull("Promote checkout 1.4.2 to qa").number);
    await story.until("merged qa 1.4.2");
    expect(await story.recordsOf("withdrawn")).toEqual([]);
    expect(await story.recordsOf("held")).toEqual([]);
  });
});

