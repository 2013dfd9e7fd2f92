import type { Answer, Milliseconds } from "../answer.ts";
import type { Draft } from "../draft.ts";
import type { Facts, UnknownFact } from "../facts.ts";
import type { ImageLabels } from "../observation.ts";
import { namesOfPlatform } from "../platform.ts";
import type { Digest, Pinned, PinnedImage } from "../release.ts";

/** What an image says of itself never changes; that it is gone may be learned this late. */
const CONTENT_MAX_AGE: Milliseconds = 24 * 60 * 60_000;
/** That a tag was moved may be learned this late. */
const TAG_MAX_AGE: Milliseconds = 10 * 60_000;
/** An image grows too old without any event. Ages are told in days mostly. */
const AGE_STEP: Milliseconds = 60 * 60_000;

export function imagesFact(to: Pinned): Facts["images"] {
  return to.images.map(({ repository, tag, digest }) => ({ repository, tag: tag ?? "", digest: digest ?? "" }));
}

/** Unlike the facts of the registry, unknown while it cannot be told of each tag. A tag that is gone has not moved. */
export function tagsFact(draft: Draft, to: Pinned): Facts["tags"] {
  const asked = to.images.flatMap(({ repository, tag, digest }) => {
    if (tag === null) return [];
    return [{ name: `${repository}:${tag}`, digest, answer: draft.ask({ kind: "digest", repository, reference: tag }, TAG_MAX_AGE) }];
  });
  const moved: string[] = [];
  for (const { name, digest, answer } of asked) {
    if (digest === null) return { unknown: `${name} is pinned without a digest` };
    if (answer === null) return { unknown: `the registry has not been asked about ${name} yet` };
    if (!answer.known) return { unknown: answer.reason };
    if (answer.value !== null && answer.value !== digest) moved.push(name);
  }
  return { moved };
}

/** The platforms that all images of the release are for. */
export function platformsFact(draft: Draft, to: Pinned): Facts["platforms"] {
  const told = ofEachImage<readonly string[]>(to, (repository, digest) => draft.ask({ kind: "platforms", repository, digest }, CONTENT_MAX_AGE));
  if ("unknown" in told) return told;
  const [first = [], ...others] = told.map((platforms) => platforms.flatMap(namesOfPlatform));
  return { common: [...new Set(first)].filter((name) => others.every((names) => names.includes(name))) };
}

export function labelsFact(draft: Draft, to: Pinned): Facts["labels"] {
  const told = ofEachImage<readonly ImageLabels[]>(to, (repository, digest) => draft.ask({ kind: "labels", repository, digest }, CONTENT_MAX_AGE));
  if ("unknown" in told) return told;
  const all = told.flat().flatMap((labels) => [...labels].map(([name, value]) => `${name}=${value}`));
  return { any: [...new Set(all)] };
}

/** An age must be told by every image: the one that tells none may be the oldest, or the newest. */
export function builtFact(draft: Draft, to: Pinned): Facts["built"] {
  const times = to.images.map((image) => draft.builds.builtAt(image));
  const untold = times.find((time) => time.kind !== "told");
  if (untold !== undefined) return { unknown: untold.why };
  const known = times.flatMap((time) => (time.kind === "told" ? [time.at] : []));
  if (known.length === 0) return { unknown: NO_IMAGE };
  draft.due(draft.now + AGE_STEP);
  return { first_at: Math.min(...known), last_at: Math.max(...known) };
}

const NO_IMAGE = "it pins no image";

/** What the registry tells of each image, in their order, or why it is not known of one of them. */
export function ofEachImage<T>(to: Pinned, ask: (repository: string, digest: Digest) => Answer<T | null> | null): readonly T[] | UnknownFact {
  // All are asked at once: one after the other would take as many looks.
  const asked = to.images.map((image) => ({ image, answer: image.digest === null ? null : ask(image.repository, image.digest) }));
  const all: T[] = [];
  for (const { image, answer } of asked) {
    if (image.digest === null) return { unknown: `${nameOf(image)} is pinned without a digest` };
    if (answer === null) return { unknown: `the registry has not been asked about ${nameOf(image)} yet` };
    if (!answer.known) return { unknown: answer.reason };
    if (answer.value === null) return { unknown: `the registry does not have ${nameOf(image)}` };
    all.push(answer.value);
  }
  return all.length === 0 ? { unknown: NO_IMAGE } : all;
}

function nameOf({ repository, tag, digest }: PinnedImage): string {
  return tag === null ? `${repository}@${digest?.slice(0, 19) ?? "nothing"}` : `${repository}:${tag}`;
}
