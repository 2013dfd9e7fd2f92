import { verify as verifySignature } from "node:crypto";
import { toSignedEntity, Verifier } from "@sigstore/verify";
import type { Instant } from "../answer.ts";
import type { Digest } from "../release.ts";
import { cut } from "../report/markdown.ts";
import { SBOM_ARTIFACTS, type AttachedDocument, type AttachedDocuments, type UnreadDocument } from "./documents.ts";
import { readProvenance, type Provenance } from "./provenance.ts";
import { readSigned, type Signed } from "./signed.ts";
import type { TrustedRootMaterial, TrustedSigner } from "./signer.ts";
import { kindOf, readStatement, signaturePayloadProblem, type StatementKind } from "./statement.ts";
import { readScan, type Scan } from "./vulnerabilities.ts";

/** What is proven of one image by what is attached to it. Everything but unsigned SBOMs was signed by one of the signers, whose names stand in `by`. */
export interface Evidence {
  /** Who signed the image itself. */
  readonly signatures: readonly string[];
  readonly provenance: readonly (Provenance & { readonly by: readonly string[] })[];
  readonly sboms: readonly { readonly format: "spdx" | "cyclonedx"; readonly by: readonly string[] }[];
  readonly scans: readonly (Scan & { readonly by: readonly string[] })[];
  /** What is attached and proves nothing, each with the reason. */
  readonly refused: readonly string[];
  /** What could not be read, with the kind that it may be of; null for any. */
  readonly unread: readonly { readonly reason: string; readonly kind: StatementKind | "other" | null }[];
}

/** Nobody reads more reasons. */
const MOST_REFUSED = 10;
/** Of a reason: some hold words of whoever made a document. */
const LONGEST_REASON = 300;

/** Judges everything that is attached to an image, as {@link assessInSteps} does, at once. */
export function assess(attached: AttachedDocuments, digest: Digest, signers: readonly TrustedSigner[]): Evidence {
  const steps = assessInSteps(attached, digest, signers);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/**
 * Judges everything that is attached to an image, one document in a step: a hundred take seconds, and who runs the steps can do something else
 * between them. A document counts for each signer whose signature it verifiably has, for the image with exactly this digest, and as what its predicate
 * type says. Any throw of a library means that it is not verified.
 */
export function* assessInSteps({ documents, unread }: AttachedDocuments, digest: Digest, signers: readonly TrustedSigner[]): Generator<void, Evidence> {
  const found = new Findings();
  for (const document of documents) {
    if (document.layout === "artifact") {
      const format = SBOM_ARTIFACTS.get(document.artifactType);
      if (format !== undefined) found.sboms.push({ format, by: [] });
      continue;
    }
    const problem = assessSigned(document, digest, signers, found);
    if (problem !== null && found.refused.length < MOST_REFUSED) found.refused.push(cut(`${document.name}: ${problem}`, LONGEST_REASON));
    yield;
  }
  found.unread.push(...unread.map(unreadOf));
  const { signatures, provenance, sboms, scans, refused, unread: notRead } = found;
  return { signatures: [...signatures].toSorted(), provenance, sboms, scans, refused, unread: notRead };
}

class Findings {
  readonly signatures = new Set<string>();
  readonly provenance: Evidence["provenance"][number][] = [];
  readonly sboms: Evidence["sboms"][number][] = [];
  readonly scans: Evidence["scans"][number][] = [];
  readonly refused: string[] = [];
  readonly unread: Evidence["unread"][number][] = [];
}

function unreadOf({ reason, predicateType }: UnreadDocument): Evidence["unread"][number] {
  return { reason, kind: predicateType === null ? null : (kindOf(predicateType) ?? "other") };
}

type SignedDocument = Exclude<AttachedDocument, { readonly layout: "artifact" }>;

/** Adds what a document proves. Answers why it proves nothing, or null. */
function assessSigned(document: SignedDocument, digest: Digest, signers: readonly TrustedSigner[], found: Findings): string | null {
  let signed: Signed;
  try {
    signed = readSigned(document);
  } catch (problem) {
    return `it cannot be read (${problem instanceof Error ? problem.message : "unexpected failure"})`;
  }
  const verified = signersOf(signed, signers);
  if (!verified.ok) return verified.problem;
  const { by } = verified;
  if (signed.content === "image-signature") {
    const problem = signaturePayloadProblem(signed.payload, digest);
    if (problem === null) for (const name of by) found.signatures.add(name);
    return problem;
  }
  const statement = readStatement(signed.payload, digest);
  if (typeof statement === "string") return statement;
  switch (kindOf(statement.predicateType)) {
    case "signature":
      for (const name of by) found.signatures.add(name);
      return null;
    case "provenance":
      found.provenance.push({ ...readProvenance(statement), by });
      return null;
    case "sbom":
      found.sboms.push({ format: statement.predicateType.startsWith("https://spdx.dev/") ? "spdx" : "cyclonedx", by });
      return null;
    case "vulnerabilities": {
      const scan = readScan(statement.predicate);
      if (typeof scan === "string") found.unread.push({ reason: `the scan attested in ${document.name}: ${scan}`, kind: "vulnerabilities" });
      else found.scans.push({ ...scan, by });
      return null;
    }
    case null:
      return null;
  }
}

type Verified = { readonly ok: true; readonly by: readonly string[] } | { readonly ok: false; readonly problem: string };

/** Everyone among the signers whose signature this is. */
function signersOf(signed: Signed, signers: readonly TrustedSigner[]): Verified {
  const by: string[] = [];
  const problems = new Set<string>();
  const identities = new Map<TrustedRootMaterial, Identity | string>();
  for (const signer of signers) {
    if (signer.trust === "unreadable") continue;
    if (signer.trust === "key") {
      if (isSignedByKey(signed, signer)) by.push(signer.name);
      continue;
    }
    const vouched = signer.roots.map((root) => {
      const identity = identities.get(root) ?? identityOf(signed, root);
      identities.set(root, identity);
      return identity;
    });
    if (vouched.some((identity) => typeof identity !== "string" && identity.name === signer.identity && identity.issuer === signer.issuer)) by.push(signer.name);
    else for (const problem of problemsOf(vouched)) problems.add(problem);
  }
  if (by.length > 0) return { ok: true, by };
  return { ok: false, problem: signed.bundle !== null && problems.size > 0 ? [...problems].join("; ") : "it is signed with a key of none of the signers" };
}

/** Whom it is signed by, if any root tells, else why none does. */
function problemsOf(vouched: readonly (Identity | string)[]): readonly string[] {
  const known = vouched.filter((identity) => typeof identity !== "string");
  const others = vouched.filter((identity) => typeof identity === "string");
  return known.length === 0 ? others : known.map(({ name, issuer }) => `it is signed by ${name} (as ${issuer} says), which is none of the signers`);
}

/** Every kind of key has one way of signing: SHA-256 with ECDSA and RSA, and Ed25519 its own. */
function isSignedByKey({ signedBytes, signature }: Signed, { key }: Extract<TrustedSigner, { trust: "key" }>): boolean {
  try {
    return verifySignature(key.asymmetricKeyType === "ed25519" ? null : "sha256", signedBytes, key, signature);
  } catch {
    return false;
  }
}

interface Identity {
  readonly name: string;
  readonly issuer: string;
}

/** Who signed, as a certificate of this Sigstore instance proves, or why that is not proven. The library is told no identity: it would take it for a pattern. */
function identityOf(signed: Signed, root: TrustedRootMaterial): Identity | string {
  if (signed.bundle === null) return "it has no certificate";
  try {
    const entity = toSignedEntity(signed.bundle, Buffer.from(signed.signedBytes));
    const { identity } = new Verifier(root.material, root.thresholds).verify(entity);
    const name = identity?.subjectAlternativeName ?? "";
    const issuer = identity?.extensions?.issuer ?? "";
    return name === "" || issuer === "" ? "its certificate names nobody" : { name, issuer };
  } catch (problem) {
    return `its certificate or log entry does not hold (${problem instanceof Error ? problem.message : "unexpected failure"})`;
  }
}

/** The latest scan of each signer: an older one says nothing any more of what is known now. */
export function latestScans(scans: Evidence["scans"]): readonly (Scan & { readonly by: string })[] {
  const latest = new Map<string, Scan & { readonly by: string }>();
  for (const scan of scans) {
    for (const by of scan.by) {
      const before = latest.get(by);
      if (before === undefined || isLater(scan, before)) latest.set(by, { ...scan, by });
    }
  }
  return [...latest.values()];
}

/** Of two scans of one moment, the worse one counts. */
function isLater(scan: { readonly at: Instant; readonly patchedCriticals: readonly string[] }, than: typeof scan): boolean {
  return scan.at === than.at ? scan.patchedCriticals.length > than.patchedCriticals.length : scan.at > than.at;
}
