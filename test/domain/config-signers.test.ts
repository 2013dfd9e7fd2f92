import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";

function read(signers: string) {
  const result = parseConfig(`version: 1\nenvironments: { dev: }\napps: { discover: ["{app}/{env}/kustomization.yaml"] }\nsigners:\n${signers}\n`);
  return result.ok ? result.config.signers : result.problems.map(({ line, message }) => `${line}: ${message}`);
}

describe("signers", () => {
  it("are keys and identities, in the order of their names", () => {
    expect(read("  release: { key: .github/pinion/keys/cosign.pub }\n  ci: { identity: 'https://github.com/acme/{app}/x@refs/tags/{tag}', issuer: https://issuer.example }")).toEqual([
      { name: "ci", by: "identity", identity: "https://github.com/acme/{app}/x@refs/tags/{tag}", issuer: "https://issuer.example", file: ".github/pinion/trusted_root.json" },
      { name: "release", by: "key", file: ".github/pinion/keys/cosign.pub" },
    ]);
  });

  it("are none unless named", () => {
    expect(read("  {}")).toEqual([]);
  });

  it("that policies name must be there, in every place that names them", () => {
    const text = (name: string) => `  release: { key: .github/pinion/a.pub }\npolicies: { signed: { signers: [${name}] }, sbom: {} }`;
    expect(read(text("release"))).toMatchObject([{ name: "release" }]);
    expect(read(text("releases"))).toEqual(['6: policies.signed.signers[0] names "releases", which is no signer under `signers`. Did you mean "release"?']);
    const result = parseConfig(`version: 1\nenvironments: { dev: { policies: { signed: { signers: [ci] } } } }\napps: { discover: ["{app}/{env}/kustomization.yaml"] }\n`);
    expect(result).toMatchObject({ ok: false, problems: [{ line: 2, message: expect.stringContaining('environments.dev.policies.signed.signers[0] names "ci", which is no signer') }] });
  });

  it.each([
    ["neither", "  s: {}", "5: signers.s needs a key, or an identity and its issuer"],
    ["an identity without issuer", "  s: { identity: me }", "5: signers.s needs a key, or an identity and its issuer"],
    ["both", "  s: { key: .github/pinion/a.pub, identity: me, issuer: x }", "5: signers.s has a key, so identity, issuer and root have no meaning"],
    ["a file elsewhere", "  s: { key: keys/a.pub }", "5: signers.s.key must be the path of a file under .github/pinion/"],
    ["a file that leads away", "  s: { key: .github/pinion/../../a.pub }", "5: signers.s.key must be the path of a file under .github/pinion/"],
    ["a hidden file", "  s: { key: .github/pinion/.git/config }", "5: signers.s.key must be the path of a file under .github/pinion/"],
    ["a root elsewhere", "  s: { identity: me, issuer: x, root: ../root.json }", '5: signers.s.root must be the path of a file under .github/pinion/, as ".github/pinion/trusted_root.json"'],
    ["a pattern", "  s: { identity: '{repo}', issuer: x }", "5: signers.s.identity has {repo}, and only {app} and {tag} stand for something"],
    ["spaces", "  s: { identity: a b, issuer: x }", "5: signers.s.identity must be one identity without spaces"],
    ["a name that is none", "  S_1: { key: .github/pinion/a.pub }", "5: the name \"S_1\" in signers must be lower-case"],
    ["a key that is misspelt", "  s: { keys: .github/pinion/a.pub }", "5: "],
  ])("%s", (_, signers, problem) => {
    expect(read(signers)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });
});
