import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { RegistrySource } from "../domain/registry-events/sources.ts";
import type { PushIdentity } from "../ports.ts";
import type { Secret } from "../secret.ts";

/** How a sender shows that it knows the secret: the best that each of them can do. */
export type Proof =
  /** The `Authorization` header holds the secret, as it is or as a bearer token. */
  | { readonly kind: "header" }
  /** The address holds it, `?secret=…`, because the sender can be given nothing but an address. */
  | { readonly kind: "address" }
  /** A header holds an HMAC of the body, in hex after a prefix. The secret itself never travels. */
  | { readonly kind: "signature"; readonly header: string; readonly algorithm: "sha256" | "sha1"; readonly prefix: string };

const HEADER: Proof = { kind: "header" };
const ADDRESS: Proof = { kind: "address" };

export const PROOFS: Readonly<Record<RegistrySource, Proof>> = {
  distribution: HEADER,
  acr: HEADER,
  // docs.jfrog.com, "Webhooks", with the secret used for signing the payload.
  artifactory: { kind: "signature", header: "x-jfrog-event-auth", algorithm: "sha256", prefix: "" },
  cloudevents: HEADER,
  dockerhub: ADDRESS,
  ecr: HEADER,
  // For operators who name no service account; where they do, it is the token that counts ({@link tokenProblem}).
  gar: ADDRESS,
  generic: HEADER,
  // docs.github.com, "Validating webhook deliveries".
  github: { kind: "signature", header: "x-hub-signature-256", algorithm: "sha256", prefix: "sha256=" },
  harbor: HEADER,
  // help.sonatype.com, "Working with HMAC payloads". It knows no better hash.
  nexus: { kind: "signature", header: "x-nexus-webhook-signature", algorithm: "sha1", prefix: "" },
  quay: ADDRESS,
};

/**
 * What is wrong with the proof as far as it can be told before the body is read, or null. A signature only has to be there:
 * {@link signatureProblem} judges it.
 */
export function proofProblem(proof: Proof, secret: Secret, request: IncomingMessage, query: URLSearchParams): string | null {
  switch (proof.kind) {
    case "header":
      return opens(secret, request.headers.authorization) ? null : "the Authorization header does not hold the configured secret";
    case "address":
      return isSame(query.get("secret") ?? "", secret.reveal()) ? null : "the address does not hold the configured secret as ?secret=";
    case "signature":
      return signatureIn(proof.header, request) === null ? `the header ${proof.header} with the body's signature is missing` : null;
  }
}

/**
 * What is wrong with the token that Google signed for a push of Pub/Sub, or null.
 *
 * @throws {PortFailure} when that cannot be told.
 */
export async function tokenProblem(identity: PushIdentity, request: IncomingMessage): Promise<string | null> {
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(request.headers.authorization ?? "")?.[1];
  return token === undefined ? "the Authorization header holds no bearer token of Google: turn on authentication for the push subscription" : identity.problem(token);
}

/** What is wrong with the signature of a body, over its raw bytes, or null. */
export function signatureProblem(proof: Proof, secret: Secret, request: IncomingMessage, body: Buffer): string | null {
  if (proof.kind !== "signature") return null;
  const expected = `${proof.prefix}${createHmac(proof.algorithm, secret.reveal()).update(body).digest("hex")}`;
  const given = signatureIn(proof.header, request) ?? "";
  return isSame(given.toLowerCase(), expected) ? null : `the header ${proof.header} is not the body's signature with the configured secret`;
}

function signatureIn(header: string, request: IncomingMessage): string | null {
  const value = request.headers[header];
  return typeof value === "string" && value !== "" ? value : null;
}

function opens(secret: Secret, header = ""): boolean {
  const bare = isSame(header, secret.reveal());
  const bearer = isSame(header, `Bearer ${secret.reveal()}`);
  return bare || bearer;
}

/** Compared by hash, so that neither the length nor the first wrong character shows in the time it takes. */
function isSame(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
