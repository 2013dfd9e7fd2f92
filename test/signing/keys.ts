import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";

export interface SigningKey {
  readonly privateKey: KeyObject;
  /** PEM, as `cosign public-key` prints it. */
  readonly pem: string;
}

export type KeyKind = "ecdsa" | "rsa" | "ed25519";

export function newKey(kind: KeyKind = "ecdsa"): SigningKey {
  const { publicKey, privateKey } = keyPair(kind);
  return { privateKey, pem: publicKey.export({ type: "spki", format: "pem" }).toString() };
}

function keyPair(kind: KeyKind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (kind === "rsa") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  return kind === "ecdsa" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
}

export function signatureOver(bytes: Uint8Array, { privateKey }: SigningKey): string {
  return sign(privateKey.asymmetricKeyType === "ed25519" ? null : "sha256", bytes, privateKey).toString("base64");
}

/** A DSSE envelope with one signature. */
export function envelopeOf(statement: object, key: SigningKey, payloadType = "application/vnd.in-toto+json") {
  const payload = Buffer.from(JSON.stringify(statement));
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
  return { payload: payload.toString("base64"), payloadType, signatures: [{ sig: signatureOver(signed, key), keyid: "" }] };
}

/** A Sigstore bundle as `cosign sign --key` and `cosign attest --key` write it, as JSON text. */
export function bundleByKey(statement: object, key: SigningKey, payloadType?: string): string {
  return JSON.stringify({
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint: "key" }, tlogEntries: [] },
    dsseEnvelope: envelopeOf(statement, key, payloadType),
  });
}
