import type { Milliseconds } from "./answer.ts";
import type { Draft } from "./draft.ts";
import type { Facts } from "./facts.ts";
import type { JudgedPromotion } from "./promotion-facts.ts";
import type { Digest, PinnedImage } from "./release.ts";
import { latestScans, type Evidence } from "./supply-chain/evidence.ts";
import { signersFor, unreliableSigners } from "./supply-chain/signer.ts";
import type { StatementKind } from "./supply-chain/statement.ts";

/** What is attached to a digest can become more, and a scan be made again; that something was taken away may be learned this late. */
const EVIDENCE_MAX_AGE: Milliseconds = 10 * 60_000;
/** Builds sign some moments after they push, and no registry tells of it. */
const LACKING_MAX_AGE: Milliseconds = 2 * 60_000;

/** Who signed each image itself. */
export function signaturesFact(draft: Draft, promotion: JudgedPromotion): Facts["signatures"] {
  return eachImage(draft, promotion, "signature", true, ({ image, evidence, problem }) => [{ image, by: evidence.signatures, problem }]);
}

/** All provenance of each image that somebody of the signers vouches for. */
export function provenanceFact(draft: Draft, promotion: JudgedPromotion): Facts["provenance"] {
  return eachImage(draft, promotion, "provenance", true, ({ image, evidence, problem }) => {
    const found = evidence.provenance.map((statement) => ({ image, ...statement, problem: "" }));
    return found.length > 0 ? found : [{ image, by: [], builder: "", source: "", parameters: [], problem }];
  });
}

/** The SBOMs of each image, signed or only attached. */
export function sbomsFact(draft: Draft, promotion: JudgedPromotion): Facts["sboms"] {
  return eachImage<Sbom>(draft, promotion, "sbom", false, ({ image, evidence, problem }) => {
    const found = evidence.sboms.map((sbom) => ({ image, ...sbom, problem: "" }));
    return found.length > 0 ? found : [{ image, by: [], format: "", problem }];
  });
}

/** The latest scan of each image by each of the signers. */
export function scansFact(draft: Draft, promotion: JudgedPromotion): Facts["scans"] {
  return eachImage(draft, promotion, "vulnerabilities", true, ({ image, evidence, problem }) => {
    const found = latestScans(evidence.scans).map(({ by, at, patchedCriticals }) => {
      return { image, by: [by], at, patched_criticals: patchedCriticals, problem: "" };
    });
    return found.length > 0 ? found : [{ image, by: [], at: 0, patched_criticals: [], problem }];
  });
}

/** One entry of a fact that is a list. */
type Sbom = Extract<Facts["sboms"], readonly unknown[]>[number];

interface JudgedImage {
  /** Its repository. */
  readonly image: string;
  readonly evidence: Evidence;
  /** Why nothing of the kind counts, when nothing does. */
  readonly problem: string;
}

/** What is said of each image, or why that is not known of one of them, which then leaves the whole unknown. */
function eachImage<T>(
  draft: Draft,
  promotion: JudgedPromotion,
  kind: StatementKind,
  needsSigners: boolean,
  say: (judged: JudgedImage) => readonly T[],
): readonly T[] | { readonly unknown: string } {
  const untrusted = signersProblem(draft, needsSigners);
  if (untrusted !== null) return { unknown: untrusted };
  const twofold = twofoldIn(promotion.to.images);
  if (twofold !== null) return { unknown: `${twofold} is pinned by two digests, and policies tell images by their repository: pin one of them` };
  const said: T[] = [];
  let unlearned: string | null = null;
  // All images are asked after at once; one after the other would take as many looks.
  for (const image of promotion.to.images) {
    const judged = judgeImage(draft, promotion, image, kind);
    if (typeof judged === "string") unlearned ??= judged;
    else said.push(...say(judged));
  }
  return unlearned === null ? said : { unknown: unlearned };
}

/** A repository of which the release has two images; what holds for one of them would be taken to hold for both. */
function twofoldIn(images: readonly PinnedImage[]): string | null {
  const digests = new Map<string, Digest | null>();
  for (const { repository, digest } of images) {
    if (digests.has(repository) && digests.get(repository) !== digest) return repository;
    digests.set(repository, digest);
  }
  return null;
}

function signersProblem({ observation: { signers } }: Draft, needsSigners: boolean): string | null {
  if (signers.length === 0) return needsSigners ? "the configuration names no `signers`, so nobody's signature counts" : null;
  // Where some can be relied on, each policy tells whether it counts one of the others.
  const unreliable = unreliableSigners(signers);
  return signers.length > 0 && unreliable.size === signers.length ? [...unreliable.values()].join("; ") : null;
}

function judgeImage(draft: Draft, { app }: JudgedPromotion, { repository, tag, digest }: PinnedImage, kind: StatementKind): JudgedImage | string {
  if (digest === null) return { image: repository, evidence: NOTHING, problem: "it has no digest, so nothing can be about it" };
  const evidence = evidenceOf(draft, { repository, tag, digest }, app, kind);
  if (typeof evidence === "string") return evidence;
  const unread = evidence.unread.filter((one) => one.kind === null || one.kind === kind).map(({ reason }) => reason);
  // One good signature is enough, whatever else there is; but the latest scan could be among what was not read.
  if (unread.length > 0 && (kind === "vulnerabilities" || isLacking(evidence, kind))) {
    return `what is attached to ${repository}@${digest.slice(0, 19)} could not all be read: ${unread.join("; ")}`;
  }
  return { image: repository, evidence, problem: evidence.refused.length === 0 ? "nothing is attached to it" : evidence.refused.join("; ") };
}

const NOTHING: Evidence = { signatures: [], provenance: [], sboms: [], scans: [], refused: [], unread: [] };

function evidenceOf(draft: Draft, image: PinnedImage & { readonly digest: Digest }, app: string, kind: StatementKind): Evidence | string {
  const { repository, tag, digest } = image;
  const need = { kind: "evidence", repository, digest, signers: signersFor(draft.observation.signers, app, tag) } as const;
  const answer = draft.ask(need, EVIDENCE_MAX_AGE);
  if (answer === null || !answer.known) return answer?.reason ?? `${repository} has not been asked for signatures and attestations yet`;
  if (!isLacking(answer.value, kind)) return answer.value;
  const again = draft.ask(need, LACKING_MAX_AGE);
  if (again !== null) draft.due(answer.at + LACKING_MAX_AGE + 1);
  return answer.value;
}

function isLacking(evidence: Evidence, kind: StatementKind): boolean {
  switch (kind) {
    case "signature":
      return evidence.signatures.length === 0;
    case "provenance":
      return evidence.provenance.length === 0;
    case "sbom":
      return evidence.sboms.length === 0;
    case "vulnerabilities":
      return evidence.scans.length === 0;
  }
}
