import type { Digest } from "../release.ts";
import { entriesOf, fieldsOf, parseJson, textOf, type Fields } from "../json.ts";

/** An in-toto statement that is about the image that was asked for. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: Fields;
}

const STATEMENT_TYPES = new Set(["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"]);
/** What cosign 3 writes when it signs an image: everything else under a signature is an attestation, and no signature of the image. */
const IMAGE_SIGNATURE = "https://sigstore.dev/cosign/sign/v1";

/** Reads a statement, or says why it says nothing about this image. Subjects are compared by SHA-256 only; their names are words of the signer. */
export function readStatement(payload: Uint8Array, digest: Digest): Statement | string {
  const statement = fieldsOf(parseJson(payload));
  if (!STATEMENT_TYPES.has(textOf(statement["_type"]))) return "it is no in-toto statement";
  const subjects = entriesOf(statement["subject"]).map((subject) => textOf(fieldsOf(fieldsOf(subject)["digest"])["sha256"]));
  if (!subjects.includes(digest.slice("sha256:".length))) return `it is about another image (${subjects.map(shortHex).join(", ") || "none"})`;
  return { predicateType: textOf(statement["predicateType"]), predicate: fieldsOf(statement["predicate"]) };
}

/** Why a payload of cosign's signature tag does not sign this image, or null when it does. */
export function signaturePayloadProblem(payload: Uint8Array, digest: Digest): string | null {
  const critical = fieldsOf(fieldsOf(parseJson(payload))["critical"]);
  if (textOf(critical["type"]) !== "cosign container image signature") return "it is no signature of an image";
  const signed = textOf(fieldsOf(critical["image"])["docker-manifest-digest"]);
  return signed === digest ? null : `it is about another image (${shortHex(signed.replace(/^sha256:/, "")) || "none"})`;
}

/** What a predicate type means here; null for those that no rule asks for. */
export type StatementKind = "signature" | "provenance" | "sbom" | "vulnerabilities";

const KINDS: readonly (readonly [StatementKind, RegExp])[] = [
  ["provenance", /^https:\/\/slsa\.dev\/provenance\/v(?:1|0\.2)$/],
  ["sbom", /^https:\/\/(?:spdx\.dev\/Document|cyclonedx\.org\/bom)(?:\/v\d+(?:\.\d+)*)?$/],
  ["vulnerabilities", /^https:\/\/cosign\.sigstore\.dev\/attestation\/vuln\/v1$/],
];

export function kindOf(predicateType: string): StatementKind | null {
  if (predicateType === IMAGE_SIGNATURE) return "signature";
  return KINDS.find(([, pattern]) => pattern.test(predicateType))?.[0] ?? null;
}

function shortHex(hex: string): string {
  return /^[0-9a-f]{64}$/.test(hex) ? `sha256:${hex.slice(0, 12)}` : "";
}
