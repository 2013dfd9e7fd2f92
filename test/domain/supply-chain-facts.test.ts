import { describe, expect, it } from "vitest";
import { known, type Answer } from "../../src/domain/answer.ts";
import type { Need } from "../../src/domain/observation.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import type { Evidence } from "../../src/domain/supply-chain/evidence.ts";
import { signersFor, trustSigners } from "../../src/domain/supply-chain/signer.ts";
import { newKey } from "../signing/keys.ts";
import { BOB, HOUR, one, planned, two } from "./planner.ts";
import { digestOf } from "./releases.ts";
import { WorldBuilder } from "./world-builder.ts";

const CONFIG = (policy: string) => `version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 10m, policies: { ${policy} } }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
signers:
  release: { key: .github/pinion/keys/cosign.pub }
  ci: { key: .github/pinion/keys/ci.pub }
`;
const SIGNED = "signed: { signers: [release] }";
const FILE = ".github/pinion/keys/cosign.pub";
const CI_FILE = ".github/pinion/keys/ci.pub";
const SIGNERS = trustSigners([{ name: "release", by: "key", file: FILE }], new Map([[FILE, known(newKey().pem, 0)]]));
const NOTHING: Evidence = { signatures: [], provenance: [], sboms: [], scans: [], refused: [], unread: [] };

function needIn(world: WorldBuilder): Extract<Need, { kind: "evidence" }> {
  const [image] = two.images;
  if (image === undefined) throw new Error("no image");
  return { kind: "evidence", repository: image.repository, digest: image.digest, signers: signersFor(world.signers, "checkout", image.tag) };
}

/** What the check says of one policy, for a promotion that is fine but for it. */
function said(policy: string, evidence: Evidence | null, change: (world: WorldBuilder) => void = () => undefined) {
  const world = new WorldBuilder(CONFIG(policy)).registry("1.4.1", "1.4.2");
  world.signers = SIGNERS;
  world.promotion("dev", one, two);
  change(world);
  if (evidence !== null) world.know<"evidence">(needIn(world), evidence);
  const plan = planned(world);
  const titles = plan.actions.flatMap((action) => (action.kind === "check" ? [`${action.check.conclusion ?? "in_progress"}: ${action.check.title}`] : []));
  return { world, plan, title: titles[0] ?? "no check", asks: plan.needs.filter(({ kind }) => kind === "evidence") };
}

describe("what is attached to an image", () => {
  it("is asked for, for the digest that is pinned, and is unknown until it is answered", () => {
    const { title, asks, world } = said(SIGNED, null);
    expect(asks).toEqual([needIn(world)]);
    expect(title).toMatch(/signed is unknown: ghcr\.io\/acme\/checkout has not been asked/);
  });

  it("passes when a signer signed it", () => {
    expect(said(SIGNED, { ...NOTHING, signatures: ["release"] })).toMatchObject({ title: expect.stringMatching(/^success/), asks: [] });
  });

  it("is looked at again soon while it lacks, since no registry tells when somebody signs", () => {
    const before = said(SIGNED, NOTHING);
    expect(before.title).toMatch(/^failure: .*nothing is attached to it/);
    expect(before.plan.nextLookAt).toBe(before.world.now + 120_001);
    before.world.now += 120_001;
    expect(planned(before.world).needs).toContainEqual(needIn(before.world));
    const later = said(SIGNED, { ...NOTHING, signatures: ["release"] });
    later.world.now += 120_001;
    expect(planned(later.world).needs.filter(({ kind }) => kind === "evidence")).toEqual([]);
  });

  it.each<[string, string, Evidence, RegExp]>([
    ["signature, and one is good", SIGNED, { ...NOTHING, signatures: ["release"], unread: [{ reason: "r", kind: null }] }, /^success/],
    ["signature that was not read", SIGNED, { ...NOTHING, unread: [{ reason: "x is too large", kind: null }] }, /signed is unknown: .*could not all be read: x is too large/],
    ["signature, where an SBOM was not read", SIGNED, { ...NOTHING, unread: [{ reason: "r", kind: "sbom" }] }, /^failure/],
    ["SBOM that was not read", "sbom: {}", { ...NOTHING, unread: [{ reason: "r", kind: "sbom" }] }, /sbom is unknown/],
    ["SBOM that is there", "sbom: {}", { ...NOTHING, sboms: [{ format: "spdx", by: [] }], unread: [{ reason: "r", kind: "sbom" }] }, /^success/],
    ["scan, where a newer one may not have been read", "vulnerabilities: { signers: [release] }", { ...NOTHING, scans: [{ scanner: "", at: 1_795_000_000_000, patchedCriticals: [], by: ["release"] }], unread: [{ reason: "r", kind: "vulnerabilities" }] }, /vulnerabilities is unknown/],
    ["provenance that is not there", "provenance: { signers: [release], builders: [b], sources: [s] }", { ...NOTHING, refused: ["bundle 1: why"] }, /^failure: .*has none \(bundle 1: why\)/],
    ["provenance that is", "provenance: { signers: [release], builders: [b], sources: ['https://x/{app}'] }", { ...NOTHING, provenance: [{ builder: "b", source: "https://x/checkout", parameters: [], by: ["release"] }] }, /^success/],
  ])("%s", (_, policy, evidence, title) => {
    expect(said(policy, evidence).title).toMatch(title);
  });

  it("is unknown while the registry does not answer", () => {
    const { title } = said(SIGNED, null, (world) => void world.cannotKnow(needIn(world), "ghcr.io is down"));
    expect(title).toMatch(/signed is unknown: ghcr\.io is down/);
  });

  it("is unknown without signers, and with one that cannot be relied on", () => {
    expect(said(SIGNED, null, (world) => void (world.signers = [])).title).toMatch(/names no `signers`/);
    const unreadable = trustSigners([{ name: "release", by: "key", file: FILE }], new Map([[FILE, known(null, 0)]]));
    expect(said(SIGNED, null, (world) => void (world.signers = unreadable)).title).toMatch(/the signer release cannot be relied on/);
  });

  describe("with one signer of two whose key cannot be read", () => {
    const trusted = trustSigners([{ name: "release", by: "key", file: FILE }, { name: "ci", by: "key", file: CI_FILE }], new Map<string, Answer<string | null>>([[FILE, known(newKey().pem, 0)], [CI_FILE, known(null, 0)]]));
    const broken = (world: WorldBuilder) => void (world.signers = trusted);
    const spdx = { format: "spdx", by: ["release"] } as const;

    it.each<[string, string, Evidence, RegExp]>([
      ["passes by the other one", "signed: { signers: [release] }", { ...NOTHING, signatures: ["release"] }, /^success/],
      ["fails by the other one", "signed: { signers: [release] }", NOTHING, /^failure/],
      ["is unknown where that one is named too", "signed: { signers: [release, ci] }", { ...NOTHING, signatures: ["release"] }, /signed is unknown: the signer ci cannot be relied on: there is no \S*ci\.pub/],
      ["is unknown where nobody is named, and so all count", "sbom: {}", { ...NOTHING, sboms: [spdx] }, /sbom is unknown: the signer ci cannot be relied on/],
      ["passes an SBOM of the other one", "sbom: { signers: [release] }", { ...NOTHING, sboms: [spdx] }, /^success/],
    ])("%s", (_, policy, evidence, title) => {
      expect(said(policy, evidence, broken).title).toMatch(title);
    });

    it.each<[string, string, RegExp]>([
      ["that counts signatures", 'pass: signatures.all(image, image.by.size() < 2)', /own is unknown: the signer ci cannot be relied on/],
      ["that names it in its expression", 'parameters: { signers: { type: "list<string>", description: d, default: [release] } }\npass: signatures.all(image, common(image.by, params.signers).size() > 0 && !("ci" in image.by))', /own is unknown: the signer ci cannot be relied on/],
      ["that names the other one alone", 'parameters: { signers: { type: "list<string>", description: d, default: [release] } }\npass: signatures.all(image, common(image.by, params.signers).size() > 0)', /^success/],
      ["that reads no signatures", "pass: images.size() < 2", /^success/],
    ])("a repository's own policy %s", (_, rule, title) => {
      const parsed = parsePolicy("own.yaml", `name: own\ndescription: d\napplies: { kinds: [promotion] }\nenforce: block\n${rule}\nmessages: { pass: yes, fail: no }\n`);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      const change = (world: WorldBuilder) => {
        broken(world);
        world.ownPolicies = [parsed.policy];
      };
      expect(said("", { ...NOTHING, signatures: ["release"] }, change).title).toMatch(title);
    });
  });

  it.each<[string, string, Evidence]>([
    ["signature", SIGNED, { ...NOTHING, signatures: ["release"] }],
    ["scan", "vulnerabilities: { signers: [release] }", { ...NOTHING, scans: [{ scanner: "", at: 1_795_000_000_000, patchedCriticals: [], by: ["release"] }] }],
  ])("a %s of one image says nothing of another one from the same repository", (_, policy, evidence) => {
    const world = new WorldBuilder(CONFIG(policy)).registry("1.4.1", "1.4.2");
    world.signers = SIGNERS;
    const other = { repository: "ghcr.io/acme/checkout", tag: "debug", digest: digestOf("unsigned") };
    const both = { ...two, images: [...two.images, other] };
    world.promotion("dev", one, both, { author: BOB });
    for (const [image, found] of [[two.images[0], evidence], [other, NOTHING]] as const) {
      if (image === undefined) throw new Error("no image");
      world.know<"evidence">({ kind: "evidence", repository: image.repository, digest: image.digest, signers: signersFor(world.signers, "checkout", image.tag) }, found);
    }
    const titles = planned(world).actions.flatMap((action) => (action.kind === "check" ? [action.check.summary] : []));
    expect(titles.join()).toMatch(/❓ unknown \| ghcr\.io\/acme\/checkout is pinned by two digests/);
  });

  it("is asked for again when a key is another one", () => {
    const { world } = said(SIGNED, { ...NOTHING, signatures: ["release"] });
    world.signers = trustSigners([{ name: "release", by: "key", file: FILE }], new Map([[FILE, known(newKey().pem, 0)]]));
    expect(planned(world).needs).toContainEqual(needIn(world));
  });

  it("is not asked for where no policy wants it", () => {
    const { world } = said("", null);
    world.now += HOUR;
    expect(world.asked.filter(({ kind }) => kind === "evidence")).toEqual([]);
  });
});
