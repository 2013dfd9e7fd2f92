import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { known, unknown } from "../../src/domain/answer.ts";
import type { AttachedDocument } from "../../src/domain/supply-chain/documents.ts";
import { assess, latestScans } from "../../src/domain/supply-chain/evidence.ts";
import { signersFor, trustSigners, type Signer, type TrustedSigner } from "../../src/domain/supply-chain/signer.ts";
import type { Digest } from "../../src/domain/release.ts";
import { bundleByKey, envelopeOf, newKey, signatureOver, type KeyKind } from "../signing/keys.ts";
import { startSigstore, type Identity, type SigstoreInstance } from "../signing/sigstore-instance.ts";
import * as statements from "../signing/statements.ts";

const IMAGE: Digest = `sha256:${"a".repeat(64)}`;
const OTHER: Digest = `sha256:${"b".repeat(64)}`;
const CI: Identity = { name: "https://github.com/acme/checkout/.github/workflows/release.yml@refs/heads/main", issuer: "https://token.actions.githubusercontent.com" };
const KEY_FILE = ".github/pinion/keys/cosign.pub";
const ROOT_FILE = ".github/pinion/trusted_root.json";

const key = newKey();
const byKey = trusted([{ name: "release", by: "key", file: KEY_FILE }], { [KEY_FILE]: key.pem });

function trusted(signers: readonly Signer[], files: Readonly<Record<string, string>>): readonly TrustedSigner[] {
  return trustSigners(signers, new Map(Object.entries(files).map(([file, text]) => [file, known(text, 0)])));
}

function bundle(text: string): AttachedDocument {
  return { layout: "bundle", name: "bundle 1", bytes: Buffer.from(text) };
}

function signatureTag(payload: Uint8Array, signature: string, annotations: Readonly<Record<string, string>> = {}): AttachedDocument {
  return { layout: "signature-tag", name: "signature 1", bytes: payload, annotations: { "dev.cosignproject.cosign/signature": signature, ...annotations } };
}

function assessed(signers: readonly TrustedSigner[], ...documents: readonly AttachedDocument[]) {
  return assess({ documents, unread: [] }, IMAGE, signers);
}

describe("signed with a key", () => {
  it.each<KeyKind>(["ecdsa", "rsa", "ed25519"])("%s verifies in every layout", (kind) => {
    const own = newKey(kind);
    const signers = trusted([{ name: "release", by: "key", file: KEY_FILE }], { [KEY_FILE]: own.pem });
    const payload = statements.simpleSigning(IMAGE);
    expect(assessed(signers, signatureTag(payload, signatureOver(payload, own))).signatures).toEqual(["release"]);
    expect(assessed(signers, bundle(bundleByKey(statements.imageSignature(IMAGE), own))).signatures).toEqual(["release"]);
    const envelope = Buffer.from(JSON.stringify(envelopeOf(statements.statementOf(IMAGE, statements.SPDX), own)));
    const attestation: AttachedDocument = { layout: "attestation-tag", name: "attestation 1", bytes: envelope, annotations: {} };
    expect(assessed(signers, attestation).sboms).toEqual([{ format: "spdx", by: ["release"] }]);
  });

  const payload = statements.simpleSigning(IMAGE);
  const ofOther = statements.simpleSigning(OTHER);
  const notASignature = Buffer.from(JSON.stringify({ critical: { type: "atomic container signature", image: { "docker-manifest-digest": IMAGE } } }));
  const provenance = statements.statementOf(IMAGE, statements.SLSA_V1, statements.workflowProvenance("https://github.com/acme/checkout", "x"));
  const tampered = bundleByKey(statements.imageSignature(OTHER), key).replace(
    Buffer.from(JSON.stringify(statements.imageSignature(OTHER))).toString("base64"),
    Buffer.from(JSON.stringify(statements.imageSignature(IMAGE))).toString("base64"),
  );
  const envelope = envelopeOf(statements.imageSignature(IMAGE), key);
  const twice = JSON.parse(bundleByKey(statements.imageSignature(IMAGE), key)) as { dsseEnvelope: typeof envelope };
  twice.dsseEnvelope.signatures.push({ sig: "AAAA", keyid: "" });

  it.each<[string, AttachedDocument, string | null]>([
    ["with another key", signatureTag(payload, signatureOver(payload, newKey())), "it is signed with a key of none of the signers"],
    ["and tampered with", signatureTag(Buffer.concat([payload, Buffer.from(" ")]), signatureOver(payload, key)), "it is signed with a key of none of the signers"],
    ["for another image and put here", signatureTag(ofOther, signatureOver(ofOther, key)), `it is about another image (${OTHER.slice(0, 19)})`],
    ["as something else", signatureTag(notASignature, signatureOver(notASignature, key)), "it is no signature of an image"],
    ["but the signature is missing", signatureTag(payload, ""), "it cannot be read (there is no signature in the annotations)"],
    ["but the signature is no base64", signatureTag(payload, "%%%"), "it cannot be read (there is no signature in the annotations)"],
    ["for another image, as a bundle", bundle(bundleByKey(statements.imageSignature(OTHER), key)), `it is about another image (${OTHER.slice(0, 19)})`],
    ["as a bundle whose subject was changed", bundle(tampered), "it is signed with a key of none of the signers"],
    ["as a bundle with another key", bundle(bundleByKey(statements.imageSignature(IMAGE), newKey())), "it is signed with a key of none of the signers"],
    ["as an attestation of something else", bundle(bundleByKey(provenance, key)), null],
    ["as an attestation of an unknown type", bundle(bundleByKey(statements.statementOf(IMAGE, `${statements.COSIGN_SIGNATURE}0`), key)), null],
    ["but it is no statement", bundle(bundleByKey({ hello: 1 }, key)), "it is no in-toto statement"],
    ["but the payload is of another type", bundle(bundleByKey(statements.imageSignature(IMAGE), key, "text/plain")), "it cannot be read (the envelope's payload is no in-toto statement)"],
    ["twice in one envelope", bundle(JSON.stringify(twice)), "it cannot be read (invalid bundle)"],
    ["but it is no JSON", bundle("{"), "it cannot be read (it is no JSON)"],
    ["but it is nothing at all", bundle(""), "it cannot be read (it is no JSON)"],
    ["but it is another JSON", bundle("[]"), "it cannot be read (invalid bundle)"],
  ])("%s, it signs nothing", (_, document, reason) => {
    const { signatures, refused } = assessed(byKey, document);
    expect(signatures).toEqual([]);
    expect(refused).toEqual(reason === null ? [] : [`${document.name}: ${reason}`]);
  });

  it("an envelope's payload put where a payload of the tag belongs is no signature, and the other way round", () => {
    const raw = Buffer.from(envelope.payload, "base64");
    expect(assessed(byKey, signatureTag(raw, envelope.signatures[0]?.sig ?? "")).signatures).toEqual([]);
    const swapped = { ...envelope, payload: Buffer.from(payload).toString("base64"), signatures: [{ sig: signatureOver(payload, key), keyid: "" }] };
    const attestation: AttachedDocument = { layout: "attestation-tag", name: "a", bytes: Buffer.from(JSON.stringify(swapped)), annotations: {} };
    expect(assessed(byKey, attestation)).toMatchObject({ signatures: [], sboms: [], provenance: [] });
  });

  it("one good signature is enough among others, and each signer is named once", () => {
    const bad = Array.from({ length: 30 }, () => bundle(bundleByKey(statements.imageSignature(IMAGE), newKey())));
    const { signatures, refused } = assessed(byKey, ...bad, bundle(bundleByKey(statements.imageSignature(IMAGE), key)), signatureTag(payload, signatureOver(payload, key)));
    expect(signatures).toEqual(["release"]);
    expect(refused).toHaveLength(10);
  });
});

describe("signed by an identity", () => {
  let sigstore: SigstoreInstance;
  let signers: readonly TrustedSigner[];

  beforeAll(async () => {
    sigstore = await startSigstore();
    signers = trusted([identity("ci", CI)], { [ROOT_FILE]: sigstore.trustedRoot() });
  });
  afterAll(() => sigstore.close());

  function identity(name: string, { name: who, issuer }: Identity): Signer {
    return { name, by: "identity", identity: who, issuer, file: ROOT_FILE };
  }

  async function signedBundle(by: Identity = CI, digest: Digest = IMAGE) {
    return bundle(await sigstore.attest(statements.imageSignature(digest), by));
  }

  function changed(document: AttachedDocument, change: (material: { tlogEntries: Record<string, unknown>[] }) => void): AttachedDocument {
    if (document.layout === "artifact") throw new Error("not signed");
    const json = JSON.parse(new TextDecoder().decode(document.bytes)) as { verificationMaterial: { tlogEntries: Record<string, unknown>[] } };
    change(json.verificationMaterial);
    return bundle(JSON.stringify(json));
  }

  it("verifies as a bundle", async () => {
    expect(assessed(signers, await signedBundle())).toMatchObject({ signatures: ["ci"], refused: [] });
  });

  it("verifies under cosign's signature tag, with the log's promise in the annotations", async () => {
    const payload = statements.simpleSigning(IMAGE);
    const { annotations, signature } = legacy(await sigstore.sign(payload, CI));
    expect(assessed(signers, signatureTag(payload, signature, annotations))).toMatchObject({ signatures: ["ci"], refused: [] });
    const other = statements.simpleSigning(OTHER);
    expect(assessed(signers, signatureTag(other, signature, annotations)).signatures).toEqual([]);
    const { "dev.sigstore.cosign/bundle": _, ...withoutLog } = annotations;
    expect(assessed(signers, signatureTag(payload, signature, withoutLog)).signatures).toEqual([]);
  });

  /** A bundle in the words of cosign's annotations. */
  function legacy(text: string) {
    interface Entry { logIndex: string; logId: { keyId: string }; integratedTime: string; inclusionPromise: { signedEntryTimestamp: string }; canonicalizedBody: string }
    interface Written { messageSignature: { signature: string }; verificationMaterial: { x509CertificateChain: { certificates: [{ rawBytes: string }] }; tlogEntries: [Entry] } }
    const { messageSignature, verificationMaterial } = JSON.parse(text) as Written;
    const [entry] = verificationMaterial.tlogEntries;
    return {
      signature: messageSignature.signature,
      annotations: {
        "dev.sigstore.cosign/certificate": `-----BEGIN CERTIFICATE-----\n${verificationMaterial.x509CertificateChain.certificates[0].rawBytes}\n-----END CERTIFICATE-----\n`,
        "dev.sigstore.cosign/bundle": JSON.stringify({
          SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
          Payload: {
            body: entry.canonicalizedBody,
            integratedTime: Number(entry.integratedTime),
            logIndex: Number(entry.logIndex),
            logID: Buffer.from(entry.logId.keyId, "base64").toString("hex"),
          },
        }),
      },
    };
  }

  it.each<[string, Identity]>([
    ["another identity", { ...CI, name: CI.name.replace("release.yml", "other.yml") }],
    ["the identity with something before it", { ...CI, name: `https://evil.example/${CI.name}` }],
    ["the identity with something behind it", { ...CI, name: `${CI.name}-x` }],
    ["the identity with another letter for a dot", { ...CI, name: CI.name.replace("github.com", "githubxcom") }],
    ["another issuer", { ...CI, issuer: "https://accounts.google.com" }],
    ["the issuer with something behind it", { ...CI, issuer: `${CI.issuer}.evil.example` }],
  ])("%s is none of the signers, and is told", async (_, who) => {
    const { signatures, refused } = assessed(signers, await signedBundle(who));
    expect(signatures).toEqual([]);
    expect(refused).toEqual([`bundle 1: it is signed by ${who.name} (as ${who.issuer} says), which is none of the signers`]);
  });

  it("a signature for another image is none for this one", async () => {
    expect(assessed(signers, await signedBundle(CI, OTHER))).toMatchObject({ signatures: [], refused: [`bundle 1: it is about another image (${OTHER.slice(0, 19)})`] });
  });

  it("whoever signed elsewhere has not signed here: another instance's certificate does not hold", async () => {
    const elsewhere = await startSigstore();
    const foreign = bundle(await elsewhere.attest(statements.imageSignature(IMAGE), CI));
    await elsewhere.close();
    const { signatures, refused } = assessed(signers, foreign);
    expect(signatures).toEqual([]);
    expect(refused[0]).toContain("its certificate or log entry does not hold");
  });

  it.each<[string, (material: { tlogEntries: Record<string, unknown>[] }) => void]>([
    ["without its log entry", (material) => void material.tlogEntries.splice(0)],
    ["without the log's promise and proof", ({ tlogEntries: [entry] }) => { delete entry?.["inclusionPromise"]; delete entry?.["inclusionProof"]; }],
    ["with a later time", ({ tlogEntries: [entry] }) => { if (entry !== undefined) entry["integratedTime"] = String(Number(entry["integratedTime"]) + 3600); }],
    ["with another body in the log", ({ tlogEntries: [entry] }) => { if (entry !== undefined) entry["canonicalizedBody"] = Buffer.from("{}").toString("base64"); }],
    ["with its entry twice", (material) => void material.tlogEntries.push(...material.tlogEntries)],
  ])("%s it is not verified", async (_, change) => {
    expect(assessed(signers, changed(await signedBundle(), change))).toMatchObject({ signatures: [], refused: [expect.stringMatching(/does not hold|cannot be read/)] });
  });

  it("the log entry of another signature does not vouch for this one", async () => {
    const other = await signedBundle(CI, OTHER);
    if (other.layout === "artifact") throw new Error("not signed");
    const { verificationMaterial } = JSON.parse(new TextDecoder().decode(other.bytes)) as { verificationMaterial: { tlogEntries: Record<string, unknown>[] } };
    const mixed = changed(await signedBundle(), (material) => void (material.tlogEntries = verificationMaterial.tlogEntries));
    expect(assessed(signers, mixed).signatures).toEqual([]);
  });

  it("more proofs than a signature can have are not compared with each other, which would take hours", async () => {
    const signed = changed(await signedBundle(), ({ tlogEntries }) => {
      const [entry = {}] = tlogEntries;
      for (let more = 0; more < 8; more += 1) tlogEntries.push({ ...entry, integratedTime: String(more + 1) });
    });
    expect(assessed(signers, signed)).toMatchObject({ signatures: [], refused: [expect.stringContaining("more than 8 log entries")] });
  });

  it("a timestamp is enough only where the instance has no log", async () => {
    const stamped = bundle(await sigstore.attest(statements.imageSignature(IMAGE), CI, "timestamp"));
    expect(assessed(signers, stamped).signatures).toEqual([]);
    const withoutLog = trusted([identity("ci", CI)], { [ROOT_FILE]: sigstore.trustedRoot({ tlogs: true }) });
    expect(assessed(withoutLog, stamped).signatures).toEqual(["ci"]);
    const withoutAuthority = trusted([identity("ci", CI)], { [ROOT_FILE]: sigstore.trustedRoot({ timestamps: true }) });
    expect(assessed(withoutAuthority, stamped).signatures).toEqual([]);
  });

  it("a certificate that is in no log is none where the root names one", async () => {
    const secret = await startSigstore({ secretly: true });
    const signed = bundle(await secret.attest(statements.imageSignature(IMAGE), CI));
    await secret.close();
    const root = (without: object) => trusted([identity("ci", CI)], { [ROOT_FILE]: secret.trustedRoot(without) });
    expect(assessed(root({ ctlogs: true }), signed).signatures).toEqual(["ci"]);
    expect(assessed(root({}), signed)).toMatchObject({ signatures: [], refused: [expect.stringContaining("SCT")] });
  });

  it("a file may hold several instances, one a line, and each vouches for its own", async () => {
    const elsewhere = await startSigstore();
    const both = trusted([identity("ci", CI)], { [ROOT_FILE]: `${elsewhere.trustedRoot()}\n${sigstore.trustedRoot()}\n` });
    const foreign = bundle(await elsewhere.attest(statements.imageSignature(IMAGE), CI));
    await elsewhere.close();
    expect(assessed(both, foreign).signatures).toEqual(["ci"]);
    expect(assessed(both, await signedBundle()).signatures).toEqual(["ci"]);
    const stranger = { ...CI, name: "somebody" };
    expect(assessed(both, await signedBundle(stranger)).refused).toEqual([`bundle 1: it is signed by somebody (as ${CI.issuer} says), which is none of the signers`]);
    const broken = trusted([identity("ci", CI)], { [ROOT_FILE]: `${sigstore.trustedRoot()}\n{}\n` });
    expect(broken).toMatchObject([{ trust: "unreadable" }]);
  });

  it("a bundle that a key signed is nobody's identity, and the other way round", async () => {
    expect(assessed(signers, bundle(bundleByKey(statements.imageSignature(IMAGE), key))).signatures).toEqual([]);
    expect(assessed(byKey, await signedBundle()).signatures).toEqual([]);
  });

  it("{app} and {tag} stand for the promotion's own, and nobody signs for an image without tag", () => {
    const templated = trusted([identity("ci", { ...CI, name: "https://github.com/acme/{app}/x.yml@refs/tags/v{tag}" })], { [ROOT_FILE]: sigstore.trustedRoot() });
    expect(signersFor(templated, "checkout", "1.2.0")).toMatchObject([{ identity: "https://github.com/acme/checkout/x.yml@refs/tags/v1.2.0" }]);
    expect(signersFor(templated, "checkout", null)).toEqual([]);
  });
});

describe("attestations", () => {
  const attested = (predicateType: string, predicate: object, by = key) => bundle(bundleByKey(statements.statementOf(IMAGE, predicateType, predicate), by));
  const SOURCE = "https://github.com/acme/checkout";
  const BUILDER = "https://github.com/actions/runner/github-hosted";

  it.each<[string, string, object, object]>([
    ["a workflow's", statements.SLSA_V1, statements.workflowProvenance(SOURCE, BUILDER), { builder: BUILDER, source: SOURCE, parameters: [] }],
    ["a workflow's that was started with inputs", statements.SLSA_V1, statements.workflowProvenance(SOURCE, BUILDER, { debug: true, deep: { er: 1 } }), { builder: BUILDER, source: SOURCE, parameters: ["inputs.debug", "inputs.deep.er"] }],
    ["a workflow's without inputs", statements.SLSA_V1, statements.workflowProvenance(SOURCE, BUILDER, {}), { builder: BUILDER, source: SOURCE, parameters: [] }],
    ["one with source.uri", statements.SLSA_V1, { buildDefinition: { externalParameters: { source: { uri: `git+${SOURCE}.git@refs/tags/v1`, digest: { sha1: "x" } } } }, runDetails: { builder: { id: "b" } } }, { builder: "b", source: SOURCE, parameters: [] }],
    ["one with two different sources", statements.SLSA_V1, { buildDefinition: { externalParameters: { source: SOURCE, workflow: { repository: "https://github.com/evil/checkout" } } } }, { builder: "", source: "", parameters: [] }],
    ["one of version 0.2", statements.SLSA_V02, { builder: { id: "b" }, invocation: { configSource: { uri: `git+${SOURCE}@refs/heads/main`, digest: { sha1: "x" } }, parameters: { args: ["-x"] } } }, { builder: "b", source: SOURCE, parameters: ["args"] }],
    ["one of version 0.2 with parameters that are called like sources", statements.SLSA_V02, { invocation: { configSource: { uri: SOURCE }, parameters: { source: "https://github.com/evil/checkout", workflow: { ref: "x" } } } }, { builder: "", source: SOURCE, parameters: ["source", "workflow.ref"] }],
    ["one with a name that looks like a path", statements.SLSA_V1, { buildDefinition: { externalParameters: { source: SOURCE, "workflow.ref": "x", "source.digest.x": "y" } } }, { builder: "", source: SOURCE, parameters: ['"source.digest.x"', '"workflow.ref"'] }],
    ["one with lists where sources should be", statements.SLSA_V1, { buildDefinition: { externalParameters: { source: SOURCE, workflow: { repository: ["https://github.com/evil/checkout"], path: 7 } } } }, { builder: "", source: SOURCE, parameters: ["workflow.path", "workflow.repository"] }],
    ["an empty one", statements.SLSA_V1, {}, { builder: "", source: "", parameters: [] }],
    ["one of the wrong shape", statements.SLSA_V1, { buildDefinition: [1], runDetails: "x" }, { builder: "", source: "", parameters: [] }],
  ])("provenance: %s", (_, predicateType, predicate, expected) => {
    expect(assessed(byKey, attested(predicateType, predicate)).provenance).toEqual([{ ...expected, by: ["release"] }]);
  });

  it("of nobody who is a signer prove nothing", () => {
    const stranger = newKey();
    const all = [statements.SLSA_V1, statements.SPDX, statements.SCAN].map((type) => attested(type, statements.trivyScan("2026-01-05T00:00:00Z"), stranger));
    expect(assessed(byKey, ...all)).toMatchObject({ provenance: [], sboms: [], scans: [], refused: [expect.anything(), expect.anything(), expect.anything()] });
  });

  it.each([
    [statements.SPDX, "spdx"],
    [`${statements.SPDX}/v2.3`, "spdx"],
    [statements.CYCLONEDX, "cyclonedx"],
    [`${statements.CYCLONEDX}/v1.4`, "cyclonedx"],
    [`${statements.CYCLONEDX}/evil`, null],
    [`https://evil.example/${statements.SPDX}`, null],
  ])("SBOM: %s is %s", (predicateType, format) => {
    expect(assessed(byKey, attested(predicateType, {})).sboms).toEqual(format === null ? [] : [{ format, by: ["release"] }]);
  });

  it("an SBOM that is only attached is signed by nobody", () => {
    expect(assessed([], { layout: "artifact", name: "SBOM 1", artifactType: "application/spdx+json" }).sboms).toEqual([{ format: "spdx", by: [] }]);
  });

  const critical = { id: "CVE-1", severity: "CRITICAL", fixed: "1.2" };
  it.each<[string, object, readonly string[]]>([
    ["Trivy, none", statements.trivyScan("2026-01-05T00:00:00Z"), []],
    ["Trivy, a critical with a fix", statements.trivyScan("2026-01-05T00:00:00Z", [critical, critical, { id: "CVE-2", severity: "HIGH", fixed: "2" }]), ["CVE-1"]],
    ["Trivy, a critical without one", statements.trivyScan("2026-01-05T00:00:00Z", [{ id: "CVE-1", severity: "CRITICAL" }]), []],
    ["Grype, a critical with a fix", statements.grypeScan("2026-01-05T01:00:00+01:00", [{ ...critical, severity: "Critical" }]), ["CVE-1"]],
    ["Grype, none", statements.grypeScan("2026-01-05T00:00:00Z"), []],
  ])("scan: %s", (_, predicate, patchedCriticals) => {
    expect(assessed(byKey, attested(statements.SCAN, predicate)).scans).toMatchObject([{ at: Date.UTC(2026, 0, 5), patchedCriticals, by: ["release"] }]);
  });

  it.each<[string, object, string]>([
    ["without a time", { ...statements.trivyScan(""), metadata: {} }, "does not say when"],
    ["of a time that is none", statements.trivyScan("yesterday"), "does not say when"],
    ["with results of another form", { scanner: { result: { runs: [] } }, metadata: { scanFinishedOn: "2026-01-05T00:00:00Z" } }, "no form that can be read"],
  ])("a scan %s could not be read", (_, predicate, reason) => {
    const { scans, unread } = assessed(byKey, attested(statements.SCAN, predicate));
    expect(scans).toEqual([]);
    expect(unread).toMatchObject([{ kind: "vulnerabilities", reason: expect.stringContaining(reason) }]);
  });

  it("of several scans of one signer the last counts, and of two of one moment the worse", () => {
    const scan = (at: number, by: string, patchedCriticals: readonly string[] = []) => ({ scanner: "s", at, patchedCriticals, by: [by] });
    expect(latestScans([scan(1, "a"), scan(3, "a", ["CVE-1"]), scan(2, "a"), scan(9, "b")])).toMatchObject([{ by: "a", at: 3, patchedCriticals: ["CVE-1"] }, { by: "b", at: 9 }]);
    expect(latestScans([scan(1, "a", ["CVE-1"]), scan(1, "a")])).toMatchObject([{ patchedCriticals: ["CVE-1"] }]);
    expect(latestScans([scan(1, "a"), scan(1, "a", ["CVE-1"])])).toMatchObject([{ patchedCriticals: ["CVE-1"] }]);
  });
});

describe("keys and roots that cannot be used are told of their signer", () => {
  const bySigner: Signer = { name: "s", by: "key", file: KEY_FILE };
  const byIdentity: Signer = { name: "s", by: "identity", identity: "i", issuer: "x", file: ROOT_FILE };
  const root = (value: object) => JSON.stringify({ mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1", ...value });

  it.each<[string, Signer, string, string]>([
    ["no key", bySigner, "hello", "is no public key"],
    ["a private key", bySigner, newKey().privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "holds a private key"],
    ["a root", bySigner, root({}), "is no public key"],
    ["no JSON", byIdentity, "x", "is no Sigstore trusted root"],
    ["JSON lines of which one is no root", byIdentity, `${root({})}\nhello`, "names no certificate authority"],
    ["no text", byIdentity, "\n", "holds no trusted root"],
    ["a root of nobody", byIdentity, root({}), "names no certificate authority"],
    ["another document", byIdentity, JSON.stringify({ mediaType: "application/json" }), "is no Sigstore trusted root"],
  ])("%s", (_, signer, text, problem) => {
    expect(trusted([signer], { [signer.file]: text })).toMatchObject([{ name: "s", trust: "unreadable", problem: expect.stringContaining(problem) }]);
  });

  it("no file, and one that could not be read", () => {
    expect(trustSigners([bySigner], new Map([[KEY_FILE, known(null, 0)]]))).toMatchObject([{ trust: "unreadable", problem: expect.stringContaining("there is no") }]);
    expect(trustSigners([bySigner], new Map([[KEY_FILE, unknown("Git is away", "dependency", 0)]]))).toMatchObject([{ trust: "unreadable", problem: expect.stringContaining("Git is away") }]);
    expect(trustSigners([bySigner], new Map())).toMatchObject([{ trust: "unreadable" }]);
  });
});
