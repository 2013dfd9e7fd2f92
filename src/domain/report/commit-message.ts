import type { PromotionKind } from "../record.ts";
import type { AppName, EnvironmentName, Pinned, PinnedImage } from "../release.ts";
import { cut, plainWords } from "./markdown.ts";
import { promotionTitle } from "./promotion-title.ts";
import { plural } from "./readable.ts";

/** A promotion as a commit tells it. */
export interface CommittedPromotion {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly from: Pinned | null;
  readonly to: Pinned;
}

/** Longer headlines are folded by GitHub and cut by Git's own tools; this only keeps out what no name should hold. */
const MAX_HEADLINE = 200;
const MAX_IMAGES = 20_000;
/** Trailers are for people; the promotion log holds them all. */
const MAX_TRAILERS = 100;

/** The commit that sets the pins. Its last paragraph is one trailer for each promotion. */
export function commitMessage(input: { readonly kind: PromotionKind; readonly promotions: readonly CommittedPromotion[] }): {
  readonly headline: string;
  readonly body: string;
} {
  const { kind, promotions } = input;
  const lines = promotions.slice(0, MAX_TRAILERS).flatMap(({ from, to }) => to.images.map((image) => imageLine(from, image)));
  const paragraphs = [cut(lines.join("\n"), MAX_IMAGES), promotionTrailers(promotions).join("\n")];
  return {
    headline: promotionHeadline(kind, promotions, MAX_HEADLINE),
    body: paragraphs.filter((text) => text !== "").join("\n\n"),
  };
}

/** One line that names one promotion, or counts several. */
export function promotionHeadline(kind: PromotionKind, promotions: readonly CommittedPromotion[], limit: number): string {
  const [first, second] = promotions;
  if (first === undefined) return "Promote nothing";
  if (second !== undefined) return `${kind === "revert" ? "Revert" : "Promote"} ${plural(promotions.length, "release")}`;
  const title = promotionTitle({ kind, app: first.app, environment: first.environment, version: first.to.version });
  return cut(plainWords(title), limit);
}

/** `Pinion-Promotion: <app> <environment> <from> -> <to>` for each promotion, in the form of git-interpret-trailers. */
export function promotionTrailers(promotions: readonly CommittedPromotion[]): readonly string[] {
  const shown = promotions.slice(0, MAX_TRAILERS).map(({ app, environment, from, to }) => {
    return `Pinion-Promotion: ${token(app)} ${token(environment)} ${pinToken(from)} -> ${pinToken(to)}`;
  });
  const left = promotions.length - shown.length;
  return left === 0 ? shown : [...shown, `Pinion-Promotions-Left-Out: ${left}`];
}

/** The first 12 hex digits of a digest, which is what people compare. */
export function shortDigest(image: PinnedImage | undefined): string | null {
  return image?.digest?.slice("sha256:".length, "sha256:".length + 12) ?? null;
}

/** `1.4.2/0123456789ab`: the version and the short digest of each image, in the release's order. */
function pinToken(pinned: Pinned | null): string {
  if (pinned === null) return "none";
  const digests = pinned.images.map((image) => shortDigest(image) ?? "no-digest");
  return token(`${pinned.version}/${digests.slice(0, 20).join(",")}`);
}

/** A name as one word of a trailer: white space and whatever GitHub would link or act on is percent-encoded, controls are dropped. */
function token(text: string): string {
  const visible = text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "");
  const word = visible.replaceAll(/[\s%@#]/gu, (mark) => encodeURIComponent(mark));
  return cut(word, 300) || "-";
}

function imageLine(from: Pinned | null, image: PinnedImage): string {
  const before = from?.images.find((candidate) => candidate.repository === image.repository);
  return plainWords(`${image.repository}: ${before === undefined ? "nothing" : pinWords(before)} -> ${pinWords(image)}`);
}

function pinWords(image: PinnedImage): string {
  const digest = shortDigest(image);
  if (image.tag === null) return digest ?? "nothing";
  return digest === null ? image.tag : `${image.tag} (${digest})`;
}
