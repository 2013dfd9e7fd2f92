import { isDigest } from "./release.ts";
import type { Digest } from "./release.ts";

/** An image reference as people write it, with Docker Hub's short forms spelled out. */
export interface ImageReference {
  /** The registry's host, with its port if one is given: `docker.io`, `test:5000`, `[2001:db8::1]:5000`. */
  readonly domain: string;
  readonly path: string;
  /** `domain/path`: what makes two references the same repository. */
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
}

export type ImageReferenceResult =
  | { readonly ok: true; readonly reference: ImageReference }
  /** `problem` says what is wrong with the text, for people. */
  | { readonly ok: false; readonly problem: string };

const DOCKER_HUB = "docker.io";
/** Docker Hub's older name, still written in files. */
const DOCKER_INDEX = "index.docker.io";
const OFFICIAL_IMAGES = "library/";

/** github.com/distribution/reference `RepositoryNameTotalLengthMax`. */
const LONGEST_PATH = 255;
/** Far more than any host, path, tag and digest together, so that no grammar is run over a whole file. */
const LONGEST_REFERENCE = 1_024;

const HOST_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = new RegExp(`^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const PATH_COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const PATH = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/;
const BARE_IDENTIFIER = /^[a-f0-9]{64}$/;

/**
 * Reads `name[:tag][@digest]` by the grammar and the normalisation of github.com/distribution/reference
 * (`ParseNormalizedNamed`), which Docker and containerd use. A tag beside a digest is kept. Only sha256 digests
 * are accepted, since Pinion pins no other. Never throws.
 */
export function parseImageReference(text: string): ImageReferenceResult {
  if (text === "") return invalid("an image reference is empty");
  if (text.length > LONGEST_REFERENCE) return invalid(`an image reference is longer than ${LONGEST_REFERENCE} characters`);
  if (text.includes("://")) return invalid(`"${text}" is a URL: an image reference has no scheme`);
  if (BARE_IDENTIFIER.test(text)) return invalid(`"${text}" is an image id, not a name: 64 hex digits cannot name a repository`);

  const at = text.indexOf("@");
  const named = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? null : text.slice(at + 1);
  const { domain, rest } = splitDomain(named);
  // Past the domain the first colon begins the tag: a path has none.
  const colon = rest.indexOf(":");
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? null : rest.slice(colon + 1);

  if (!DOMAIN.test(domain)) return invalid(`"${text}" has the registry host "${domain}", which is no host name`);
  if (path !== path.toLowerCase()) return invalid(`"${text}" has upper-case letters in its repository name: it must be lower case`);
  if (!PATH.test(path)) return invalid(`"${text}" has the repository name "${path}", which is not valid`);
  if (path.length > LONGEST_PATH) return invalid(`"${text}" has a repository name longer than ${LONGEST_PATH} characters`);
  if (tag !== null && !isTag(tag)) return invalid(`"${text}" has the tag "${tag}", which is not valid`);
  if (digest !== null && !isDigest(digest)) return invalid(`"${text}" has a digest that is not sha256: and 64 lower-case hex digits`);
  return { ok: true, reference: { domain, path, repository: `${domain}/${path}`, tag, digest } };
}

function invalid(problem: string): ImageReferenceResult {
  return { ok: false, problem };
}

/**
 * The first element is a host if it could not be a Docker Hub namespace: `localhost`, or with a dot, a colon
 * or an upper-case letter. A single element is always a name, so `test.com:5000` is the image `test.com`.
 */
function splitDomain(named: string): { readonly domain: string; readonly rest: string } {
  const slash = named.indexOf("/");
  if (slash === -1) return { domain: DOCKER_HUB, rest: OFFICIAL_IMAGES + named };
  const first = named.slice(0, slash);
  const isHost = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  const domain = !isHost || first === DOCKER_INDEX ? DOCKER_HUB : first;
  const rest = isHost ? named.slice(slash + 1) : named;
  return { domain, rest: domain === DOCKER_HUB && !rest.includes("/") ? OFFICIAL_IMAGES + rest : rest };
}

/** Whether a registry could have a tag of this name (OCI distribution-spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** OCI distribution-spec "Referrers Tag Schema" (`sha256-<hex>`), and the suffixes that cosign adds to it or to a tag. */
const SIGNATURE_TAG = /^sha256-[0-9a-f]{64}|\.(?:sig|att|sbom)$/;

/** Whether a tag names a signature, attestation or SBOM that is stored beside an image, not an image. */
export function isSignatureTag(tag: string): boolean {
  return SIGNATURE_TAG.test(tag);
}

/** The reference written out in full; reading it again gives the same reference. */
export function formatImageReference(reference: Pick<ImageReference, "repository" | "tag" | "digest">): string {
  const tag = reference.tag === null ? "" : `:${reference.tag}`;
  const digest = reference.digest === null ? "" : `@${reference.digest}`;
  return `${reference.repository}${tag}${digest}`;
}

/**
 * The short name that people know a normalised repository by: `nginx` for `docker.io/library/nginx`.
 * Where the short form would be read as another repository (`docker.io/a.b/c`), the full name stays.
 */
export function familiarName(repository: string): string {
  if (!repository.startsWith(`${DOCKER_HUB}/`)) return repository;
  const path = repository.slice(DOCKER_HUB.length + 1);
  const official = path.slice(OFFICIAL_IMAGES.length);
  const short = path.startsWith(OFFICIAL_IMAGES) && !official.includes("/") ? official : path;
  const parsed = parseImageReference(short);
  return parsed.ok && parsed.reference.repository === repository ? short : repository;
}
