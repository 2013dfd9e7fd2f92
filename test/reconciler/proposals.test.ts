import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { Config } from "../../src/domain/config.ts";
import { compileDiscover } from "../../src/domain/discover.ts";
import type { ForgeSnapshot, ProposedChange, PullRequest } from "../../src/domain/observation.ts";
import type { Answer } from "../../src/domain/answer.ts";
import type { ManifestsRepository } from "../../src/ports.ts";
import { Proposals } from "../../src/reconciler/proposals.ts";
import { mirrorOf, REPOSITORY, Upstream } from "../adapters/git-upstream.ts";
import { portsWith, pullRequestOf, snapshotOf } from "./small-world.ts";

const FILE = "apps/checkout/dev/kustomization.yaml";
const DIGEST = `sha256:${"a".repeat(64)}`;
const pinning = (tag: string): string => `images:\n  - name: checkout\n    newName: ghcr.io/acme/checkout\n    newTag: ${tag}\n    digest: sha256:${tag.charAt(2).repeat(64)}\n`;
const LATIN_1 = Buffer.concat([Buffer.from("# caf"), Buffer.from([0xe9]), Buffer.from(`\n${pinning("1.0.0")}`)]);
const LARGE = "x".repeat(1_100_000);

function configOf(): Config {
  const parsed = parseConfig(`version: 1\nenvironments:\n  dev: {}\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\n`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

interface Change {
  readonly number: number;
  readonly files: Readonly<Record<string, string | Uint8Array | null>>;
}

/** Proposals over a real repository: what is on its main branch, and one pull request for each change. */
function proposed(before: Change["files"], changes: readonly Change[], through: (manifests: ManifestsRepository) => ManifestsRepository = (same) => same) {
  const upstream = new Upstream();
  const head = upstream.commit(before);
  const open: PullRequest[] = changes.map(({ number, files }) => {
    upstream.git("checkout", "--quiet", "--detach", head);
    const oid = upstream.commit(files);
    upstream.git("update-ref", `refs/pull/${number}/head`, oid);
    return pullRequestOf({ number, head: { ref: `change-${number}`, oid, fork: false } });
  });
  const { manifests, clock } = mirrorOf(upstream.url);
  const errors: string[] = [];
  const ports = portsWith({ manifests: through(manifests), clock, journal: { error: (message) => errors.push(message) } });
  const snapshot: ForgeSnapshot = snapshotOf({ at: clock.now(), head, open });
  const proposals = new Proposals();
  const config = configOf();
  const discover = compileDiscover(config.discover, config.environments);
  const read = async (): Promise<ReadonlyMap<number, Answer<ProposedChange>>> => {
    await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: head }]);
    return proposals.update(ports, REPOSITORY, snapshot, config, discover, "");
  };
  return { read, clock, errors, proposals };
}

describe("one pull request does not stop the others", () => {
  it("repairs a file whose old bytes are not text", async () => {
    const { read } = proposed({ [FILE]: LATIN_1 }, [{ number: 1, files: { [FILE]: pinning("1.1.0") } }]);
    const answer = (await read()).get(1);
    expect(answer).toMatchObject({ known: true, value: { broken: [], otherFiles: [FILE] } });
    expect(answer?.known === true && answer.value.promotions).toMatchObject([{ app: "checkout", environment: "dev", from: null, to: { images: [{ tag: "1.1.0" }] } }]);
  });

  it("is unknown by itself when reading it fails in a way nobody foresaw", async () => {
    const changes = [1, 2].map((number) => ({ number, files: { [FILE]: pinning(`1.${number}.0`) } }));
    let calls = 0;
    const { read, errors } = proposed({ [FILE]: pinning("1.0.0") }, changes, (manifests) => ({
      ...manifests,
      mergeTree: async (...asked) => {
        calls += 1;
        if (calls === 1) throw new TypeError("a defect");
        return manifests.mergeTree(...asked);
      },
    }));
    const answers = await read();
    expect(answers.get(1)).toMatchObject({ known: false, failure: "error" });
    expect(answers.get(2)).toMatchObject({ known: true });
    expect(errors).toHaveLength(1);
  });
});

describe("what a pull request changes beside pins", () => {
  it("may be of any size", async () => {
    const { read } = proposed({ "big.bin": LARGE, "gone.bin": LARGE, [FILE]: pinning("1.0.0") }, [
      { number: 1, files: { "big.bin": `${LARGE}x`, "gone.bin": null, [FILE]: pinning("1.1.0") } },
    ]);
    expect((await read()).get(1)).toMatchObject({ known: true, value: { broken: [], otherFiles: ["big.bin", "gone.bin"], promotions: [{ app: "checkout" }] } });
  });

  it("is too much beyond 3,000 files, and the reason says what to do", async () => {
    const many = Object.fromEntries(Array.from({ length: 3_001 }, (_, index) => [`docs/${index}.md`, "text"]));
    const { read } = proposed({ [FILE]: pinning("1.0.0") }, [{ number: 1, files: many }]);
    expect((await read()).get(1)).toMatchObject({ known: false, failure: "stalled", reason: expect.stringContaining("split it") });
  });

  it("adds a quarantine entry or widens one; anything else done to an entry is for people to look at", async () => {
    const entry = (...places: readonly string[]) => `app: checkout\ndigest: ${DIGEST}\nreason: bad\nenvironments: [${places.join(", ")}]\n`;
    const [wider, narrower, fresh] = ["a", "b", "c"].map((name) => `.github/pinion/quarantine/${name}.yaml`) as [string, string, string];
    const { read } = proposed({ [wider]: entry("us"), [narrower]: entry("us", "eu"), [FILE]: pinning("1.0.0") }, [
      { number: 1, files: { [wider]: entry("us", "eu"), [narrower]: entry("us"), [fresh]: entry("us") } },
    ]);
    expect((await read()).get(1)).toMatchObject({ known: true, value: { quarantines: [{ file: wider }, { file: fresh }], otherFiles: [narrower] } });
  });

  it("may not put another kustomization beside the one that is discovered", async () => {
    const beside = FILE.replace(".yaml", ".yml");
    const { read } = proposed({ [FILE]: pinning("1.0.0") }, [{ number: 1, files: { [FILE]: null, [beside]: pinning("9.9.9") } }]);
    expect((await read()).get(1)).toMatchObject({ known: true, value: { promotions: [{ to: null }], broken: [expect.stringContaining("only one file of a folder")] } });
  });
});

describe("what could not be read", () => {
  it("is asked again after a minute, not at every look", async () => {
    let calls = 0;
    const { read, clock, proposals } = proposed({ [FILE]: pinning("1.0.0") }, [{ number: 1, files: { [FILE]: pinning("1.1.0") } }], (manifests) => ({
      ...manifests,
      mergeTree: async (...asked) => {
        calls += 1;
        if (calls === 1) throw new TypeError("a defect");
        return manifests.mergeTree(...asked);
      },
    }));
    await read();
    expect(proposals.again).toBe(clock.now() + 60_000);
    await read();
    expect(calls).toBe(1);
    clock.advance(60_000);
    expect((await read()).get(1)).toMatchObject({ known: true });
    expect(calls).toBe(2);
    expect(proposals.again).toBeNull();
  });
});
