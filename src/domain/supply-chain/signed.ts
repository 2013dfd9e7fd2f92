import { createHash } from "node:crypto";
import { bundleFromJSON, type Bundle } from "@sigstore/bundle";
import type { Annotations, AttachedDocument } from "./documents.ts";
import { entriesOf, fieldsOf, parseJson, textOf } from "../json.ts";

/** Something signed, in whichever layout it came, before anything of it is believed. */
export interface Signed {
  /** What the payload is taken for. The two are signed over different bytes, so neither can pass for the other. */
  readonly content: "statement" | "image-signature";
  readonly payload: Uint8Array;
  /** What the signature is over. */
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
  /** For signatures by an identity; null when no certificate came with it. */
  readonly bundle: Bundle | null;
}

/** Log entries and timestamps of one signature: there is one of each, and the library compares each with each before it knows whether any is genuine. */
const MOST_PROOFS = 8;

/** The only payload that is read of DSSE envelopes (in-toto attestation framework, "Envelope"). */
const IN_TOTO = "application/vnd.in-toto+json";

/**
 * Reads one document. Throws for what is none, with words of its own or of a library: whoever calls takes any throw for "not verified".
 * A bundle whose message is no DSSE envelope signs a file, not a statement about an image, and is refused.
 */
export function readSigned(document: Exclude<AttachedDocument, { layout: "artifact" }>): Signed {
  switch (document.layout) {
    case "bundle":
      return signedOfBundle(document.bytes);
    case "signature-tag":
      return signedOfSignatureTag(document.bytes, document.annotations);
    case "attestation-tag":
      return signedOfEnvelope(document.bytes, document.annotations);
  }
}

function signedOfBundle(bytes: Uint8Array): Signed {
  const json = parseJson(bytes);
  if (json === undefined) throw new Error("it is no JSON");
  const bundle = bundleFromJSON(json);
  if (bundle.content.$case !== "dsseEnvelope") throw new Error("the bundle holds no DSSE envelope");
  const { tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  if (tlogEntries.length + (timestampVerificationData?.rfc3161Timestamps.length ?? 0) > MOST_PROOFS) {
    throw new Error(`it has more than ${MOST_PROOFS} log entries and timestamps, which is the limit`);
  }
  const { payload, payloadType, signatures } = bundle.content.dsseEnvelope;
  // The library takes no envelope with more than one.
  const [signature] = signatures;
  if (signature === undefined) throw new Error("the envelope must have exactly one signature");
  const isByIdentity = bundle.verificationMaterial.content.$case !== "publicKey";
  return statement(payload, payloadType, signature.sig, isByIdentity ? bundle : null);
}

/** cosign, `specs/SIGNATURE_SPEC.md`: the layer is the payload, its signature stands in an annotation. */
function signedOfSignatureTag(payload: Uint8Array, annotations: Annotations): Signed {
  const signature = decoded(annotations["dev.cosignproject.cosign/signature"]);
  if (signature.length === 0) throw new Error("there is no signature in the annotations");
  const digest = createHash("sha256").update(payload).digest("base64");
  const content = { messageSignature: { messageDigest: { algorithm: "SHA2_256", digest }, signature: signature.toString("base64") } };
  return { content: "image-signature", payload, signedBytes: payload, signature, bundle: bundleOf(content, annotations) };
}

function signedOfEnvelope(bytes: Uint8Array, annotations: Annotations): Signed {
  const envelope = fieldsOf(parseJson(bytes));
  const signatures = entriesOf(envelope["signatures"]).map((entry) => textOf(fieldsOf(entry)["sig"]));
  if (signatures.length !== 1 || signatures[0] === "") throw new Error("the envelope must have exactly one signature");
  const payload = textOf(envelope["payload"]);
  const payloadType = textOf(envelope["payloadType"]);
  const dsseEnvelope = { payload, payloadType, signatures: [{ sig: signatures[0], keyid: "" }] };
  return statement(decoded(payload), payloadType, decoded(signatures[0]), bundleOf({ dsseEnvelope }, annotations));
}

function statement(payload: Uint8Array, payloadType: string, signature: Uint8Array, bundle: Bundle | null): Signed {
  if (payloadType !== IN_TOTO) throw new Error(`the envelope's payload is no in-toto statement`);
  return { content: "statement", payload, signedBytes: preAuthenticated(payloadType, payload), signature, bundle };
}

/** What DSSE signs (secure-systems-lab/dsse, `protocol.md`, "PAE"). */
function preAuthenticated(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, "utf8");
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

/**
 * The annotations of cosign's tags (`specs/SIGNATURE_SPEC.md`, "Certificate", "Bundle", "RFC3161 timestamp") as a bundle, which says the same in
 * another form; null when there is no certificate.
 */
function bundleOf(content: object, annotations: Annotations): Bundle | null {
  const certificate = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(
    annotations["dev.sigstore.cosign/certificate"] ?? "",
  )?.[1];
  if (certificate === undefined) return null;
  const timestamp = textOf(jsonIn(annotations["dev.sigstore.cosign/rfc3161timestamp"])["SignedRFC3161Timestamp"]);
  return bundleFromJSON({
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: certificate.replaceAll(/\s/g, "") }] },
      tlogEntries: logEntries(annotations["dev.sigstore.cosign/bundle"]),
      ...(timestamp === "" ? {} : { timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: timestamp }] } }),
    },
    ...content,
  });
}

function logEntries(annotation: string | undefined): readonly object[] {
  if (annotation === undefined) return [];
  const { SignedEntryTimestamp, Payload } = jsonIn(annotation);
  const { body, integratedTime, logIndex, logID } = fieldsOf(Payload);
  const { kind, apiVersion } = fieldsOf(parseJson(decoded(textOf(body))));
  return [
    {
      logIndex: String(logIndex),
      logId: { keyId: Buffer.from(textOf(logID), "hex").toString("base64") },
      kindVersion: { kind, version: apiVersion },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
      canonicalizedBody: body,
    },
  ];
}

function jsonIn(text: string | undefined) {
  return fieldsOf(parseJson(Buffer.from(text ?? "", "utf8")));
}

function decoded(base64: string | undefined): Buffer {
  return Buffer.from(base64 ?? "", "base64");
}
