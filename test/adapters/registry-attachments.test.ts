import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRegistry } from "../../src/adapters/registry.ts";
import { attachmentsOf, LARGEST_ATTACHED, LARGEST_TOGETHER, MOST_ATTACHED } from "../../src/adapters/registry/attachments.ts";
import { known } from "../../src/domain/answer.ts";
import type { Digest } from "../../src/domain/release.ts";
import { assess, type Evidence } from "../../src/domain/supply-chain/evidence.ts";
import { trustSigners, type TrustedSigner } from "../../src/domain/supply-chain/signer.ts";
import type { ArtifactRegistry } from "../../src/ports.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { hasDockerRegistry, startDockerRegistry } from "../real/docker-registry.ts";
import { Attacher, BUNDLE_TYPE } from "../signing/attach.ts";
import { bundleByKey, envelopeOf, newKey, signatureOver } from "../signing/keys.ts";
import { startSigstore, type SigstoreInstance } from "../signing/sigstore-instance.ts";
import * as statements from "../signing/statements.ts";

interface Subject {
  readonly host: string;
  push(repository: string, tag: string): Promise<Digest>;
  close(): Promise<void>;
}

const REPOSITORY = "acme/app";
const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
const ENVELOPE = "application/vnd.dsse.envelope.v1+json";
const CI = { name: "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main", issuer: "https://token.actions.githubusercontent.com" };
const key = newKey();

let sigstore: SigstoreInstance;
let signers: readonly TrustedSigner[];

beforeAll(async () => {
  sigstore = await startSigstore();
  const files = new Map([["key", known(key.pem, 0)], ["root", known(sigstore.trustedRoot(), 0)]]);
  signers = trustSigners(
    [{ name: "ci", by: "identity", identity: CI.name, issuer: CI.issuer, file: "root" }, { name: "release", by: "key", file: "key" }],
    files,
  );
});
afterAll(() => sigstore.close());

describe("with the sandbox, where clients keep the list of referrers", () => behaves(() => startRegistry()));
describe("with the sandbox, which has the referrers API in small pages", () => {
  behaves(async () => {
    const server = await startRegistry();
    server.offerReferrers();
    server.setPageSize(2);
    return server;
  });
});
describe.skipIf(!hasDockerRegistry())("with docker-registry", () => behaves(() => startDockerRegistry()));

/** The same, whoever keeps the list: what was signed and pushed is read and verified, and nothing else is. */
function behaves(start: () => Promise<Subject>): void {
  let subject: Subject;
  let registry: ArtifactRegistry;
  let attach: Attacher;
  let image: Digest;

  beforeEach(async () => {
    subject = await start();
    registry = createRegistry({ clock: { now: () => 0 } });
    attach = new Attacher(subject.host, REPOSITORY);
    image = await subject.push(REPOSITORY, "1.0.0");
  });
  afterEach(() => subject.close());

  async function evidence(digest = image): Promise<Evidence> {
    return assess(await registry.attachments(`${subject.host}/${REPOSITORY}`, digest), digest, signers);
  }

  it("an image that nothing is attached to", async () => {
    expect(await evidence()).toEqual({ signatures: [], provenance: [], sboms: [], scans: [], refused: [], unread: [] });
  });

  it("signed with a key, in the tag and as a bundle", async () => {
    const payload = statements.simpleSigning(image);
    const foreign = { "dev.cosignproject.cosign/signature": signatureOver(payload, newKey()) };
    const own = { "dev.cosignproject.cosign/signature": signatureOver(payload, key) };
    // Two signatures of one payload: two layers of one digest.
    await attach.tag(image, "sig", [foreign, own].map((annotations) => ({ mediaType: SIMPLE_SIGNING, bytes: payload, annotations })));
    expect((await evidence()).signatures).toEqual(["release"]);
    const second = await subject.push(REPOSITORY, "2.0.0");
    await attach.bundle(second, bundleByKey(statements.imageSignature(second), key));
    expect((await evidence(second)).signatures).toEqual(["release"]);
    expect((await evidence()).signatures).toEqual(["release"]);
  });

  it("signed by an identity, and attested by several", async () => {
    await attach.bundle(image, await sigstore.attest(statements.imageSignature(image), CI));
    const provenance = statements.workflowProvenance("https://github.com/acme/app", "builder");
    await attach.bundle(image, await sigstore.attest(statements.statementOf(image, statements.SLSA_V1, provenance), CI));
    await attach.bundle(image, bundleByKey(statements.statementOf(image, statements.SPDX), key));
    await attach.bundle(image, bundleByKey(statements.statementOf(image, statements.SCAN, statements.trivyScan("2026-01-05T00:00:00Z")), key));
    expect(await evidence()).toMatchObject({
      signatures: ["ci"],
      provenance: [{ source: "https://github.com/acme/app", builder: "builder", by: ["ci"] }],
      sboms: [{ format: "spdx", by: ["release"] }],
      scans: [{ at: Date.UTC(2026, 0, 5), by: ["release"] }],
      refused: [],
      unread: [],
    });
  });

  it("attested in the tag, with the envelope as its layer", async () => {
    const envelope = Buffer.from(JSON.stringify(envelopeOf(statements.statementOf(image, statements.CYCLONEDX), key)));
    await attach.tag(image, "att", [{ mediaType: ENVELOPE, bytes: envelope, annotations: { "dev.cosignproject.cosign/signature": "" } }]);
    expect((await evidence()).sboms).toEqual([{ format: "cyclonedx", by: ["release"] }]);
  });

  it("a signature that is moved here from another image does not count, wherever it lies", async () => {
    const other = await subject.push(REPOSITORY, "2.0.0");
    const payload = statements.simpleSigning(other);
    const annotations = { "dev.cosignproject.cosign/signature": signatureOver(payload, key) };
    await attach.tag(image, "sig", [{ mediaType: SIMPLE_SIGNING, bytes: payload, annotations }]);
    await attach.bundle(image, await sigstore.attest(statements.imageSignature(other), CI));
    expect(await evidence()).toMatchObject({ signatures: [], refused: [expect.stringContaining("another image"), expect.stringContaining("another image")] });
  });

  it("an attestation under the signature's tag is no signature", async () => {
    const envelope = Buffer.from(JSON.stringify(envelopeOf(statements.statementOf(image, statements.SLSA_V1), key)));
    await attach.tag(image, "sig", [{ mediaType: ENVELOPE, bytes: envelope }]);
    expect(await evidence()).toMatchObject({ signatures: [], provenance: [] });
    await attach.tag(image, "sig", [{ mediaType: SIMPLE_SIGNING, bytes: envelope }]);
    expect(await evidence()).toMatchObject({ signatures: [], provenance: [] });
  });

  it("SBOMs by the type of what is attached; other things are not looked at", async () => {
    const layers = [{ mediaType: "application/spdx+json", bytes: Buffer.from("{}") }];
    await attach.referrer(image, { artifactType: "application/spdx+json", layers });
    await attach.referrer(image, { artifactType: "application/vnd.example.scan", layers });
    expect(await evidence()).toMatchObject({ sboms: [{ format: "spdx", by: [] }], refused: [], unread: [] });
  });

  it("what is too large is not read, and said to be of the kind that its uploader says", async () => {
    const layer = { mediaType: BUNDLE_TYPE, bytes: Buffer.from("{}"), size: LARGEST_ATTACHED + 1 };
    await attach.referrer(image, { artifactType: BUNDLE_TYPE, layers: [layer], annotations: { "dev.sigstore.bundle.predicateType": statements.SPDX } });
    await attach.referrer(image, { artifactType: BUNDLE_TYPE, layers: [layer], annotations: { "dev.sigstore.bundle.predicateType": "https://acme.example/x" } });
    await attach.referrer(image, { artifactType: BUNDLE_TYPE, layers: [layer] });
    const { unread } = await evidence();
    expect(new Set(unread.map(({ kind }) => kind))).toEqual(new Set(["sbom", "other", null]));
    expect(unread[0]?.reason).toContain(`at most ${LARGEST_ATTACHED} are read`);
  });

  it("a broken bundle proves nothing and hides nothing", async () => {
    await attach.bundle(image, "{ this is no bundle");
    await attach.bundle(image, bundleByKey(statements.imageSignature(image), key));
    expect(await evidence()).toMatchObject({ signatures: ["release"], refused: [expect.stringContaining("cannot be read")] });
  });
}

describe("lists of referrers that cannot be relied on", () => {
  let server: SandboxRegistry;
  let registry: ArtifactRegistry;
  let attach: Attacher;
  let image: Digest;

  beforeEach(async () => {
    server = await startRegistry();
    registry = createRegistry({ clock: { now: () => 0 } });
    attach = new Attacher(server.host, REPOSITORY);
    image = await server.push(REPOSITORY, "1.0.0");
  });
  afterEach(() => server.close());

  const read = () => registry.attachments(`${server.host}/${REPOSITORY}`, image);

  it("an entry that says nothing of its type is looked at, and one whose manifest is about another image left out", async () => {
    const other = await server.push(REPOSITORY, "2.0.0");
    const bytes = Buffer.from(bundleByKey(statements.imageSignature(image), key));
    const layers = [{ mediaType: BUNDLE_TYPE, bytes }];
    await attach.referrer(image, { artifactType: BUNDLE_TYPE, layers, subject: other });
    expect((await read()).documents).toEqual([]);
    await attach.referrer(image, { artifactType: BUNDLE_TYPE, layers, unnamed: true });
    expect((await read()).documents).toMatchObject([{ layout: "bundle" }]);
  });

  it("an entry that is not there is unread", async () => {
    const referrer = await attach.bundle(image, bundleByKey(statements.imageSignature(image), key));
    server.deleteManifest(REPOSITORY, referrer);
    expect(await read()).toMatchObject({ documents: [], unread: [{ predicateType: null, reason: expect.stringContaining("does not have it") }] });
  });

  it("what is no entry is left out", async () => {
    const nothing = async () => null;
    const reader = { referrers: async () => [null, 7, [], {}, { digest: "hello" }, { digest: 7 }], tagged: async () => Buffer.from("[1]"), manifest: nothing, blob: nothing };
    expect(await attachmentsOf(reader, image)).toMatchObject({ documents: [], unread: [] });
  });

  it("no more than a hundred are read, and that there are more is said", async () => {
    const layers = Array.from({ length: MOST_ATTACHED + 5 }, (_, nth) => ({ mediaType: SIMPLE_SIGNING, bytes: Buffer.from(String(nth)) }));
    await attach.tag(image, "sig", layers);
    const { documents, unread } = await read();
    expect(documents).toHaveLength(MOST_ATTACHED);
    expect(unread).toMatchObject([{ predicateType: null, reason: expect.stringContaining(`more than ${MOST_ATTACHED}`) }]);
  });

  it.each([0, LARGEST_ATTACHED])("no more is held than fits, whatever sizes a manifest says: %d", async (size) => {
    const digests = Array.from({ length: 5 }, (_, nth): Digest => `sha256:${String(nth).repeat(64)}`);
    const layers = digests.map((digest) => ({ mediaType: SIMPLE_SIGNING, digest, size }));
    const nothing = async () => null;
    const reader = {
      referrers: nothing,
      tagged: async (tag: string) => (tag.endsWith(".sig") ? Buffer.from(JSON.stringify({ layers })) : null),
      manifest: nothing,
      blob: async () => Buffer.alloc(LARGEST_ATTACHED),
    };
    const { documents, unread } = await attachmentsOf(reader, image);
    expect(documents).toHaveLength(LARGEST_TOGETHER / LARGEST_ATTACHED);
    expect(unread).toMatchObject(digests.slice(documents.length).map((digest) => ({ predicateType: null, reason: expect.stringContaining(digest) })));
  });

  it("bytes that are not what was asked for are no answer", async () => {
    const referrer = await attach.bundle(image, bundleByKey(statements.imageSignature(image), key));
    server.lie(REPOSITORY, referrer, "bytes");
    await expect(read()).rejects.toMatchObject({ kind: "dependency", message: expect.stringContaining("other bytes") });
  });

  it("a registry that is down leaves it unknown", async () => {
    server.down();
    await expect(read()).rejects.toMatchObject({ kind: "dependency" });
    server.recover();
    server.fail(503);
    await expect(read()).rejects.toMatchObject({ kind: "dependency" });
  });

  /** A registry whose list of referrers goes on at a second page. */
  function paged(first: readonly object[], second: Response): ArtifactRegistry {
    const page = new Response(JSON.stringify({ manifests: first }), { headers: { link: '</v2/x?last=1>; rel="next"' } });
    const answer = (url: URL) => (url.search === "" ? page : second);
    return createRegistry({ clock: { now: () => 0 }, fetch: async (input) => answer(new URL(input instanceof Request ? input.url : input)) });
  }

  it("a list that breaks off is no list, and not the end of one", async () => {
    for (const status of [404, 400]) {
      await expect(paged([], new Response("{}", { status })).attachments("localhost/acme/app", image)).rejects.toMatchObject({
        kind: "dependency",
        message: expect.stringContaining(`answered ${status} in the middle of the list`),
      });
    }
  });

  it("a list of more than anybody attaches is not held", async () => {
    const many = Array.from({ length: 200_000 }, () => ({}));
    await expect(paged(many, new Response("{}")).attachments("localhost/acme/app", image)).rejects.toMatchObject({
      kind: "stalled",
      message: expect.stringContaining("more than 5000 things are attached"),
    });
  });

  it("content is asked for once, lists each time", async () => {
    await attach.bundle(image, bundleByKey(statements.imageSignature(image), key));
    const before = server.requests.length;
    await read();
    const first = server.requests.length - before;
    await read();
    expect(server.requests.slice(before + first)).toEqual([
      `GET /v2/${REPOSITORY}/referrers/${image}`,
      ...["", ".sig", ".att"].map((suffix) => `GET /v2/${REPOSITORY}/manifests/sha256-${image.slice(7)}${suffix}`),
    ]);
    expect(first).toBe(6);
  });
});
