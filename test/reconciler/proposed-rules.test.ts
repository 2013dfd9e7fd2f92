import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import { compileDiscover } from "../../src/domain/discover.ts";
import type { PullRequest } from "../../src/domain/observation.ts";
import { Proposals } from "../../src/reconciler/proposals.ts";
import { mirrorOf, REPOSITORY, Upstream } from "../adapters/git-upstream.ts";
import { portsWith, pullRequestOf, snapshotOf } from "./small-world.ts";

const PARSED = parseConfig(`version: 1\nenvironments:\n  dev: {}\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\n`);

describe("the rules as a pull request would leave them", () => {
  it("are read once, however often the default branch moves, and anew when its rules, or what is made of them, are others", async () => {
    const upstream = new Upstream();
    const first = upstream.commit({ "README.md": "a" });
    const request = (text: string) => {
      upstream.git("checkout", "--quiet", "--detach", first);
      const oid = upstream.commit({ ".github/pinion.yaml": text });
      upstream.git("update-ref", "refs/pull/1/head", oid);
      return pullRequestOf({ number: 1, head: { ref: "rules", oid, fork: true } });
    };
    const { manifests, clock } = mirrorOf(upstream.url);
    if (!PARSED.ok) throw new Error(JSON.stringify(PARSED.problems));
    const { config } = PARSED;
    const proposals = new Proposals();
    const read = async (head: string, open: PullRequest, version: string) => {
      await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: head }]);
      const snapshot = snapshotOf({ at: clock.now(), head, open: [open] });
      const rules = { shipped: { policies: [] }, files: null, judgeManifests: false, version };
      const answers = await proposals.update(portsWith({ manifests, clock }), REPOSITORY, snapshot, config, compileDiscover(config.discover, config.environments), rules, null);
      const answer = answers.get(1);
      if (answer?.known !== true) throw new Error(answer?.reason ?? "not read");
      return answer.value.config;
    };
    const open = request("version: 1");
    const once = await read(first, open, "1");
    expect(once).toMatchObject({ ok: false });
    upstream.git("checkout", "--quiet", "--detach", first);
    const second = upstream.commit({ "README.md": "b" });
    upstream.git("update-ref", "refs/heads/main", second);
    expect(await read(second, open, "1")).toBe(once);
    expect(await read(second, open, "2")).not.toBe(once);
    const again = await read(second, open, "1");
    expect(await read(second, request("version: 2"), "1")).not.toEqual(again);
  });
});
