import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Facts } from "../../src/domain/facts.ts";
import { evaluatePolicies } from "../../src/domain/policy/evaluate.ts";
import type { YamlValue } from "../../src/domain/yaml-document.ts";
import { HOUR, NOW, soundFacts } from "./sound-facts.ts";

const shipped = await loadShippedPolicies();
const IMAGE = "ghcr.io/acme/checkout";
const OTHER = "ghcr.io/acme/checkout-worker";
const BUILDER = "https://github.com/actions/runner/github-hosted";
const DAY = 24 * HOUR;
const silent = { unknown: "ghcr.io did not answer within 10 s" };

type Given = Readonly<Record<string, YamlValue>>;

const GIVEN: Readonly<Record<string, Given>> = {
  signed: { signers: ["ci", "release"] },
  provenance: { signers: ["ci"], builders: [BUILDER], sources: ["https://github.com/acme/{app}"], parameters: ["inputs.channel"] },
  sbom: {},
  vulnerabilities: { signers: ["ci"] },
};

function told(policy: string, changed: Parameters<typeof soundFacts>[0], given: Given | null = GIVEN[policy] ?? {}): string {
  const configured = new Map(given === null ? [] : [[policy, new Map(Object.entries(given))]]);
  const gate = evaluatePolicies(shipped, soundFacts(changed), configured).find((one) => one.policy === policy);
  if (gate === undefined) throw new Error(`no gate ${policy}`);
  return `${gate.result}: ${gate.reason}`;
}

function signature(by: readonly string[], problem = "", image = IMAGE) {
  return { image, by, problem };
}

function build(changed: Partial<Extract<Facts["provenance"], readonly unknown[]>[number]> = {}) {
  return { image: IMAGE, by: ["ci"], builder: BUILDER, source: "https://github.com/acme/checkout", parameters: [], problem: "", ...changed };
}

function bom(format: string, by: readonly string[] = [], image = IMAGE) {
  return { image, format, by, problem: format === "" ? "nothing is attached to it" : "" };
}

function scan(changed: Partial<Extract<Facts["scans"], readonly unknown[]>[number]> = {}) {
  return { image: IMAGE, by: ["ci"], at: NOW - DAY, patched_criticals: [], problem: "", ...changed };
}

const two = { images: [IMAGE, OTHER].map((repository) => ({ repository, tag: "1.4.2", digest: `sha256:${"a".repeat(64)}` })) };

describe("the policies of the supply chain", () => {
  it.each(Object.keys(GIVEN))("%s judges nothing until it is named, no way back, and passes on nothing unknown", (policy) => {
    expect(told(policy, {}, null)).toMatch(/^not-applicable: not named under `policies:`/);
    expect(told(policy, { promotion: { kind: "revert" } })).toBe("not-applicable: does not apply to a revert");
    const unlearned = { signatures: silent, provenance: silent, sboms: silent, scans: silent };
    expect(told(policy, unlearned)).toBe(`unknown: ${silent.unknown}`);
    expect(told(policy, { ...unlearned, promotion: { kind: "hotfix" } })).toBe(`unknown: ${silent.unknown}`);
    // A fact without entries says of no image that it is good.
    expect(told(policy, { signatures: [], provenance: [], sboms: [], scans: [] })).toMatch(/^fail: /);
  });

  it.each<[string, string, Parameters<typeof soundFacts>[0], string, Given?]>([
    ["signed", "by one of the signers", { signatures: [signature(["ci"])] }, "pass: signed by ci"],
    ["signed", "by several", { signatures: [signature(["ci", "release"])] }, "pass: signed by ci and release"],
    ["signed", "each by another of them", { ...two, signatures: [signature(["ci"]), signature(["release"], "", OTHER)] }, "pass: signed by ci or release"],
    ["signed", "not at all", { signatures: [signature([], "nothing is attached to it")] }, `fail: ${IMAGE} is not signed by ci or release: nothing is attached to it`],
    ["signed", "by another signer", { signatures: [signature(["intern"])] }, `fail: ${IMAGE} is not signed by ci or release, only by intern`],
    ["signed", "by a name that begins like one", { signatures: [signature(["ci2"])] }, `fail: ${IMAGE} is not signed by ci or release, only by ci2`],
    ["signed", "one of two", { ...two, signatures: [signature(["ci"]), signature([], "x", OTHER)] }, `fail: ${OTHER} is not signed by ci or release: x`],
    ["signed", "another image", { ...two, signatures: [signature(["ci"]), signature(["ci"])] }, "fail: "],
    ["signed", "without signers given", { signatures: [signature(["ci"])] }, "unknown: the policy cannot be used: ", {}],

    ["provenance", "as expected", { provenance: [build()] }, "pass: built from https://github.com/acme/checkout, as provenance says that ci attested"],
    ["provenance", "with a parameter that is allowed", { provenance: [build({ parameters: ["inputs.channel"] })] }, "pass: "],
    ["provenance", "one good one among others", { provenance: [build({ source: "" }), build({ builder: "x" }), build()] }, "pass: "],
    ["provenance", "with a parameter that is not", { provenance: [build({ parameters: ["inputs.debug"] })] }, `fail: provenance is not as expected: ${IMAGE} by ${BUILDER} from https://github.com/acme/checkout with inputs.debug`],
    ["provenance", "from another repository", { provenance: [build({ source: "https://github.com/evil/checkout" })] }, "fail: "],
    ["provenance", "from the repository of another app", { provenance: [build({ source: "https://github.com/acme/search" })] }, "fail: "],
    ["provenance", "from a longer name", { provenance: [build({ source: "https://github.com/acme/checkout2" })] }, "fail: "],
    ["provenance", "from nowhere", { provenance: [build({ source: "" })] }, `fail: provenance is not as expected: ${IMAGE} by ${BUILDER} from a source that is not said`],
    ["provenance", "by another builder", { provenance: [build({ builder: `${BUILDER}x` })] }, "fail: "],
    ["provenance", "attested by somebody else", { provenance: [build({ by: ["release"] })] }, "fail: "],
    ["provenance", "each part from another statement", { provenance: [build({ by: ["release"] }), build({ builder: "x" }), build({ source: "y" })] }, "fail: "],
    ["provenance", "none", { provenance: [build({ by: [], builder: "", source: "", problem: "nothing is attached to it" })] }, `fail: provenance is not as expected: ${IMAGE} has none (nothing is attached to it)`],
    ["provenance", "of one of two", { ...two, provenance: [build()] }, "fail: "],

    ["sbom", "attached", { sboms: [bom("spdx")] }, "pass: an SBOM is attached"],
    ["sbom", "none", { sboms: [bom("")] }, `fail: no SBOM: ${IMAGE} (nothing is attached to it)`],
    ["sbom", "of one of two", { ...two, sboms: [bom("spdx"), bom("", [], OTHER)] }, `fail: no SBOM: ${OTHER} (nothing is attached to it)`],
    ["sbom", "attested", { sboms: [bom("cyclonedx", ["ci"])] }, "pass: an SBOM is attested by ci", { signers: ["ci"] }],
    ["sbom", "attached where it must be attested", { sboms: [bom("spdx"), bom("spdx", ["release"])] }, "fail: no SBOM is attested by ci", { signers: ["ci"] }],

    ["vulnerabilities", "none", { scans: [scan()] }, "pass: scanned within 7 d, without criticals that have a fix"],
    ["vulnerabilities", "scanned just as long ago as it may be", { scans: [scan({ at: NOW - 7 * DAY })] }, "pass: "],
    ["vulnerabilities", "scanned a moment too long ago", { scans: [scan({ at: NOW - 7 * DAY - 1 })] }, `fail: no scan by ci within 7 d: ${IMAGE} was scanned 2026-11-14 13:59 UTC`],
    ["vulnerabilities", "with a shorter age", { scans: [scan()] }, "fail: no scan by ci within 1 h", { signers: ["ci"], max_age: "1h" }],
    ["vulnerabilities", "scanned in the future", { scans: [scan({ at: NOW + 1 })] }, "fail: "],
    ["vulnerabilities", "scanned this moment", { scans: [scan({ at: NOW })] }, "pass: "],
    ["vulnerabilities", "scanned by somebody else", { scans: [scan({ by: ["release"] })] }, "fail: no scan by ci"],
    ["vulnerabilities", "a critical with a fix", { scans: [scan({ patched_criticals: ["CVE-1", "CVE-2"] })] }, `fail: critical vulnerabilities with a fix: ${IMAGE} (CVE-1, CVE-2)`],
    ["vulnerabilities", "a critical that somebody else tells of", { scans: [scan(), scan({ by: ["release"], patched_criticals: ["CVE-1"] })] }, "pass: "],
    ["vulnerabilities", "a critical by one of two signers", { scans: [scan(), scan({ by: ["release"], patched_criticals: ["CVE-1"] })] }, "fail: critical", { signers: ["ci", "release"] }],
    ["vulnerabilities", "not scanned", { scans: [scan({ by: [], at: 0, problem: "nothing is attached to it" })] }, `fail: no scan by ci within 7 d: ${IMAGE} has none (nothing is attached to it)`],
    ["vulnerabilities", "one of two scanned", { ...two, scans: [scan()] }, "fail: "],
  ])("%s: %s", (policy, _, changed, says, given) => {
    expect(told(policy, changed, given).slice(0, says.endsWith(": ") ? says.length : undefined)).toContain(says);
  });
});
