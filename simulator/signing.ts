/** Signatures as cosign makes them with a key, by keys that are the same in each run. */
import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import type { AttachedDocument } from "../src/domain/supply-chain/documents.ts";
import type { ConfigFacts } from "./facts.ts";

/** Whose key it is. */
export type Signatory = "ci" | "stranger";

export const KEY_PATH = ".github/pinion/keys/ci.pub";

/** RFC 8410: what stands before the 32 bytes of an Ed25519 key. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function keyOf(byte: number): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.alloc(32, byte)]), format: "der", type: "pkcs8" });
}

const KEYS: Readonly<Record<Signatory, KeyObject>> = { ci: keyOf(1), stranger: keyOf(2) };

const PUBLIC: Readonly<Record<Signatory, string>> = { ci: publicOf("ci"), stranger: publicOf("stranger") };

function publicOf(who: Signatory): string {
  return createPublicKey(KEYS[who]).export({ type: "spki", format: "pem" }).toString();
}

/** The file with the key whose signatures count. */
export function keyFile(who: Signatory): Readonly<Record<string, string>> {
  return { [KEY_PATH]: PUBLIC[who] };
}

/** Whose key the file holds, or null when it holds none. */
export function whoseKey(text: string): Signatory | null {
  return (["ci", "stranger"] as const).find((who) => PUBLIC[who] === text) ?? null;
}

/** The files that a configuration speaks of. */
export function filesFor({ policies = {}, environments }: ConfigFacts): Readonly<Record<string, string>> {
  return [policies, ...environments.map((one) => one.policies ?? {})].some((named) => "signed" in named) ? keyFile("ci") : {};
}

/** A signature of one image, as a layer of cosign's tag. */
export function signatureOf(digest: string, who: Signatory): AttachedDocument {
  const critical = { identity: { "docker-reference": "" }, image: { "docker-manifest-digest": digest }, type: "cosign container image signature" };
  const bytes = Buffer.from(JSON.stringify({ critical, optional: null }));
  const signature = sign(null, bytes, KEYS[who]).toString("base64");
  return { layout: "signature-tag", name: `signature of ${digest} by ${who}`, bytes, annotations: { "dev.cosignproject.cosign/signature": signature } };
}
