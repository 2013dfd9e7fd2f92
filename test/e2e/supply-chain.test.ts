import { expect, it } from "vitest";
import { bundleByKey, newKey, signatureOver } from "../signing/keys.ts";
import { Attacher } from "../signing/attach.ts";
import { imageSignature, simpleSigning } from "../signing/statements.ts";
import { shown } from "./onlooker.ts";
import { begin, configOf, DEV, HOUR, MINUTE } from "./story.ts";

const SIGNED_PROD = "prod: { after: dev, promote: auto, merge: auto, watch: 2m, policies: { signed: { signers: [release] } } }";
const KEY_FILE = ".github/pinion/keys/cosign.pub";
const CONFIG = `${configOf(DEV, SIGNED_PROD)}signers:\n  release: { key: ${KEY_FILE} }\n`;

async function beginSigned(files: Readonly<Record<string, string>>) {
  const story = await begin({ environmentLines: [DEV, SIGNED_PROD], config: CONFIG, files, pushed: "" });
  const digest = await story.world.push("checkout", "1.4.2");
  await story.until("verified dev 1.4.2");
  await story.world.pass(5 * MINUTE);
  return { story, digest, prod: story.pull("Promote checkout 1.4.2 to prod"), attach: new Attacher(story.host, "acme/checkout") };
}

it.each(["bundle", "tag"] as const)("an image that nobody signed is held before prod, with the reason, until it is signed (%s)", async (layout) => {
  const key = newKey();
  const { story, digest, prod, attach } = await beginSigned({ [KEY_FILE]: key.pem });
  expect(shown(prod)).toBe("open");
  expect(story.verdict(prod)).toMatch(/^failure: Blocked: .*acme\/checkout is not signed by release: nothing is attached to it/);

  await attach.bundle(digest, bundleByKey(imageSignature(digest), newKey()));
  await story.world.pass(HOUR);
  expect(shown(prod)).toBe("open");
  expect(story.verdict(prod)).toMatch(/it is signed with a key of none of the signers/);

  if (layout === "bundle") await attach.bundle(digest, bundleByKey(imageSignature(digest), key));
  else {
    const payload = simpleSigning(digest);
    const annotations = { "dev.cosignproject.cosign/signature": signatureOver(payload, key) };
    await attach.tag(digest, "sig", [{ mediaType: "application/vnd.dev.cosign.simplesigning.v1+json", bytes: payload, annotations }]);
  }
  await story.until("verified prod 1.4.2");
  expect(shown(prod)).toBe("merged");
  expect(await story.doubled()).toEqual([]);
});

it("without the key on the default branch nothing is known of signatures, and nothing passes", async () => {
  const key = newKey();
  const { story, digest, prod, attach } = await beginSigned({});
  await attach.bundle(digest, bundleByKey(imageSignature(digest), key));
  await story.world.pass(HOUR);
  expect(shown(prod)).toBe("open");
  expect(story.verdict(prod)).toMatch(/^in_progress: Waiting: signed is unknown: the signer release cannot be relied on: there is no \.github\/pinion\/keys\/cosign\.pub/);

  await story.world.person("alice").push("main", { [KEY_FILE]: key.pem }, "keys: who signs releases");
  await story.until("verified prod 1.4.2");
});

it("while the registry cannot tell what is attached, nothing is known and nothing passes", async () => {
  const { story, digest, prod, attach } = await beginSigned({ [KEY_FILE]: newKey().pem });
  const referrer = await attach.bundle(digest, bundleByKey(imageSignature(digest), newKey()));
  story.world.registry.lie("acme/checkout", referrer, "bytes");
  await story.world.pass(HOUR);
  expect(shown(prod)).toBe("open");
  expect(story.verdict(prod)).toMatch(/^in_progress: Waiting: signed is unknown: Could not read the signatures and attestations of .*other bytes/);
});
