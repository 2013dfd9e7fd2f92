import { describe, expect, it } from "vitest";
import { overlay, shown } from "./onlooker.ts";
import { begin, DEV, MINUTE } from "./story.ts";

const RULE = ".github/pinion/policies/not-this-one.yaml";

/** A rule of the house that keeps one version out of dev. */
function keepingOut(version: string): string {
  return `name: not-this-one
description: The release that broke the till stays out.
applies: { environments: [dev] }
parameters:
  version: { type: string, description: The version that stays out., default: "${version}" }
enforce: block
pass: promotion.version != params.version
messages:
  pass: "{{ promotion.version }} is not kept out"
  fail: "{{ params.version }} is kept out of {{ promotion.environment }}"
`;
}

describe("a repository's own policy", () => {
  it("blocks a promotion, and whoever changes it is judged by the old one until that is merged", async () => {
    const story = await begin({ environmentLines: [DEV], pushed: "", asleep: true });
    const { world } = story;
    await world.person("alice").editInBrowser("main", { [RULE]: keepingOut("1.4.2") }, "Keep 1.4.2 out");
    const digest = await world.push("checkout", "1.4.2");
    await story.wake();
    await world.pass(5 * MINUTE);
    const promotion = story.pull("Promote checkout 1.4.2 to dev");
    expect(shown(promotion)).toBe("open");
    expect(story.verdict(promotion)).toBe("failure: Blocked: 1.4.2 is kept out of dev");

    const pinned = (await story.fileOf("dev")).replace(/newTag: .*/, "newTag: 1.4.2").replace(/digest: .*/, `digest: ${digest}`);
    await world.person("carol").push("both", { [RULE]: keepingOut("1.4.9"), [overlay("dev")]: pinned }, "Both at once");
    await world.person("carol").openPullRequest({ head: "both", title: "Both at once" });
    await world.person("carol").push("broken", { [RULE]: keepingOut("1.4.9").replace("params.version\n", "params.versoin\n") }, "Misspelt");
    await world.person("carol").openPullRequest({ head: "broken", title: "Misspelt" });
    await world.person("carol").push("relax", { [RULE]: keepingOut("1.4.9") }, "Let it in");
    const relax = await world.person("carol").openPullRequest({ head: "relax", title: "Let it in" });
    await world.pass(2 * MINUTE);
    expect(story.verdict(story.pull("Both at once"))).toMatch(/^failure: Blocked: 1\.4\.2 is kept out of dev/);
    expect(story.check(story.pull("Both at once")).output.summary).toContain("it is judged by those of the default branch");
    expect(story.verdict(story.pull("Misspelt"))).toMatch(/^action_required: 1 problem in \.github\/pinion\/policies\/not-this-one\.yaml: line 7: .*no such key: versoin/);
    expect(story.verdict(story.pull("Let it in"))).toBe("success: Pinion's configuration and policies can be read, and no pins change");
    await world.pass(10 * MINUTE);
    expect(shown(story.pull("Let it in"))).toBe("open");

    await world.person("carol").mergeWithButton(relax);
    await story.until("verified dev 1.4.2");
  });

  it("that cannot be read stops everything, and its repair gets through", async () => {
    const story = await begin({ environmentLines: [DEV], asleep: true });
    const { world } = story;
    await world.person("alice").editInBrowser("main", { [RULE]: keepingOut("1.4.9").replace("environments: [dev]", "environments: [devel]") }, "Typo");
    await story.wake();
    await world.person("bob").push("repair", { [RULE]: keepingOut("1.4.9") }, "Repair");
    const repair = await world.person("bob").openPullRequest({ head: "repair", title: "Repair" });
    await world.person("bob").push("docs", { "README.md": "# Hello\n" }, "Docs");
    await world.person("bob").openPullRequest({ head: "docs", title: "Docs" });
    await world.pass(5 * MINUTE);
    expect(story.titles("open").toSorted()).toEqual(["Docs", "Repair"]);
    expect(story.verdict(story.pull("Docs"))).toMatch(/^action_required: 1 problem in .*not-this-one\.yaml: line 3: no environment is called "devel"; there are dev/);
    expect(story.verdict(story.pull("Repair"))).toMatch(/^success: /);
    await world.person("bob").mergeWithButton(repair);
    await story.until("verified dev 1.4.2");
  });
});
