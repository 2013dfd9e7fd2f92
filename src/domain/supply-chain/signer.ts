import { createPublicKey, type KeyObject } from "node:crypto";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toTrustMaterial, type TrustMaterial } from "@sigstore/verify";
import type { Answer } from "../answer.ts";
import { fingerprint } from "../fingerprint.ts";
import type { AppName } from "../release.ts";
import { fieldsOf, textOf } from "../json.ts";

/** Somebody whose signatures count, as the configuration names them. Paths are of files on the default branch. */
export type Signer =
  | { readonly name: string; readonly by: "key"; readonly file: string }
  | {
      readonly name: string;
      readonly by: "identity";
      /** The certificate's subject alternative name; `{app}` and `{tag}` stand for the promotion's. */
      readonly identity: string;
      /** Who says so: the OIDC issuer in the certificate. */
      readonly issuer: string;
      /** A Sigstore trusted root, or several, one a line. */
      readonly file: string;
    };

/** A signer with what its signatures are checked by. */
export type TrustedSigner =
  | { readonly name: string; readonly trust: "key"; readonly fingerprint: string; readonly key: KeyObject }
  | {
      readonly name: string;
      readonly trust: "identity";
      readonly fingerprint: string;
      readonly identity: string;
      readonly issuer: string;
      /** Any of them may vouch for the identity. */
      readonly roots: readonly TrustedRootMaterial[];
    }
  /** `problem` says which file, what is wrong with it and what to do. */
  | { readonly name: string; readonly trust: "unreadable"; readonly problem: string };

/** By name, why the signatures of some cannot be told. */
export function unreliableSigners(signers: readonly TrustedSigner[]): ReadonlyMap<string, string> {
  return new Map(signers.flatMap((signer) => (signer.trust === "unreadable" ? [[signer.name, `the signer ${signer.name} cannot be relied on: ${signer.problem}`]] : [])));
}

/** The same text for a signer whose signatures are checked in the same way. */
export function signerKey(signer: TrustedSigner): string {
  const { name, trust } = signer;
  switch (trust) {
    case "key":
      return JSON.stringify([name, trust, signer.fingerprint]);
    case "identity":
      return JSON.stringify([name, trust, signer.fingerprint, signer.identity, signer.issuer]);
    case "unreadable":
      return JSON.stringify([name, trust]);
  }
}

/**
 * The signers as they are for one image of an app: `{app}` and `{tag}` filled in. An identity with `{tag}` is nobody's where the image has no tag.
 * Neither can hold a slash, so a name can never reach into the next part of an identity.
 */
export function signersFor(signers: readonly TrustedSigner[], app: AppName, tag: string | null): readonly TrustedSigner[] {
  return signers.flatMap((signer): readonly TrustedSigner[] => {
    if (signer.trust !== "identity") return [signer];
    if (tag === null && signer.identity.includes("{tag}")) return [];
    return [{ ...signer, identity: signer.identity.replaceAll(/\{(?:app|tag)\}/g, (name) => (name === "{app}" ? app : (tag ?? ""))) }];
  });
}

/** One Sigstore instance: the same object for the same file, so that a signature is checked against it once. */
export interface TrustedRootMaterial {
  readonly material: TrustMaterial;
  /** How many proofs of each kind a signature needs: what the instance has, it must show. */
  readonly thresholds: { readonly tlogThreshold: number; readonly ctlogThreshold: number; readonly timestampThreshold: number };
}

/** The files that signers need, with their contents or why these could not be had; null where there is no such file. */
export type TrustFiles = ReadonlyMap<string, Answer<string | null>>;

/** Puts signers and files together. What cannot be used is told of each signer, and is never left out. */
export function trustSigners(signers: readonly Signer[], files: TrustFiles): readonly TrustedSigner[] {
  const roots = new Map<string, Reading<readonly TrustedRootMaterial[]>>();
  return signers.map((signer): TrustedSigner => {
    const { name, file } = signer;
    const text = textIn(files, file);
    if (!text.ok) return { name, trust: "unreadable", problem: text.problem };
    if (signer.by === "key") {
      const key = readKey(file, text.value);
      if (!key.ok) return { name, trust: "unreadable", problem: key.problem };
      return { name, trust: "key", fingerprint: fingerprint(text.value), key: key.value };
    }
    const read = roots.get(file) ?? readRoots(file, text.value);
    roots.set(file, read);
    if (!read.ok) return { name, trust: "unreadable", problem: read.problem };
    const { identity, issuer } = signer;
    return { name, trust: "identity", fingerprint: fingerprint(text.value), identity, issuer, roots: read.value };
  });
}

type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

function textIn(files: TrustFiles, file: string): Reading<string> {
  const answer = files.get(file);
  if (answer === undefined) return { ok: false, problem: `${file} has not been read yet` };
  if (!answer.known) return { ok: false, problem: `${file} could not be read: ${answer.reason}` };
  if (answer.value === null) return { ok: false, problem: `there is no ${file} on the default branch; add it, or correct its path under \`signers\`` };
  return { ok: true, value: answer.value };
}

const LEAST_RSA_BITS = 2048;

/** A public key as `cosign public-key` and OpenSSL print it. The kinds that are taken each have one way of signing, so none is chosen by what is signed. */
function readKey(file: string, text: string): Reading<KeyObject> {
  const advice = "give the public key in PEM, as `cosign public-key` prints it";
  if (text.includes("PRIVATE KEY")) return { ok: false, problem: `${file} holds a private key: take it out of use, and ${advice}` };
  let key: KeyObject;
  try {
    key = createPublicKey({ key: text, format: "pem" });
  } catch {
    return { ok: false, problem: `${file} is no public key; ${advice}` };
  }
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const isEcdsa = key.asymmetricKeyType === "ec" && namedCurve === "prime256v1";
  const isRsa = key.asymmetricKeyType === "rsa" && modulusLength >= LEAST_RSA_BITS;
  if (isEcdsa || isRsa || key.asymmetricKeyType === "ed25519") return { ok: true, value: key };
  return { ok: false, problem: `${file} is a key of a kind that is not taken: use ECDSA P-256, RSA with ${LEAST_RSA_BITS} bits or more, or Ed25519` };
}

/** One JSON document, or one a line as `gh attestation trusted-root` prints them: GitHub has an instance of its own for private repositories. */
function readRoots(file: string, text: string): Reading<readonly TrustedRootMaterial[]> {
  const whole = jsonOf(text);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const roots: TrustedRootMaterial[] = [];
  for (const json of whole === undefined ? lines.slice(0, MOST_ROOTS + 1).map(jsonOf) : [whole]) {
    const root = readRoot(json);
    if (typeof root === "string") return { ok: false, problem: `${file} ${root}` };
    roots.push(root);
  }
  if (roots.length > 0 && roots.length <= MOST_ROOTS) return { ok: true, value: roots };
  return { ok: false, problem: `${file} holds ${roots.length === 0 ? "no trusted root" : `more than ${MOST_ROOTS} trusted roots`}` };
}

const MOST_ROOTS = 10;

function jsonOf(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return json;
  } catch {
    return undefined;
  }
}

/** The root, or what is wrong with it, as the end of a sentence. */
function readRoot(json: unknown): TrustedRootMaterial | string {
  const problem = "is no Sigstore trusted root; write it with `cosign trusted-root create` or `gh attestation trusted-root`";
  if (!textOf(fieldsOf(json)["mediaType"]).startsWith("application/vnd.dev.sigstore.trustedroot")) return problem;
  try {
    const root = TrustedRoot.fromJSON(json);
    const { certificateAuthorities, tlogs, ctlogs, timestampAuthorities } = root;
    if (certificateAuthorities.length === 0) return "names no certificate authority, so no signature can be checked by it";
    if (tlogs.length === 0 && timestampAuthorities.length === 0) {
      return "names no transparency log and no timestamp authority, so when something was signed cannot be told";
    }
    const thresholds = { tlogThreshold: tlogs.length > 0 ? 1 : 0, ctlogThreshold: ctlogs.length > 0 ? 1 : 0, timestampThreshold: 1 };
    return { material: toTrustMaterial(root), thresholds };
  } catch {
    return problem;
  }
}
