import type { Answer, Instant } from "./answer.ts";
import type { PinnedImage } from "./release.ts";

/**
 * When an image was built, as it says itself. `untold`: it does not say, or not what can be believed; that does not change. `unlearned`: the registry
 * could not be asked, or has not been asked yet.
 */
export type BuildTime =
  | { readonly kind: "told"; readonly at: Instant }
  | { readonly kind: "untold"; readonly why: string }
  | { readonly kind: "unlearned"; readonly why: string };

/** The order of an app that takes the newest build. */
export interface ByBuild {
  readonly by: "build";
  builtAt(image: PinnedImage): BuildTime;
}

/** Where no registry can be asked. */
export const UNASKED: ByBuild = { by: "build", builtAt: (image) => ({ kind: "unlearned", why: `the registry has not been asked when ${nameOf(image)} was built` }) };

/** Builds that are made to be the same each time say 1970 or 1980; images as they are now did not exist before. */
const EARLIEST: Instant = Date.UTC(2013, 0, 1);

/** What a registry's answer is worth at a moment. A time to come is a mistake of somebody's clock, and would stay the newest for ever. */
export function buildTimeOf(image: PinnedImage, answer: Answer<Instant | null> | null, now: Instant): BuildTime {
  const name = nameOf(image);
  if (answer === null) return UNASKED.builtAt(image);
  if (!answer.known) return { kind: "unlearned", why: answer.reason };
  if (answer.value === null) return { kind: "untold", why: `${name} does not say when it was built` };
  if (answer.value < EARLIEST) return { kind: "untold", why: `${name} says that it was built in ${new Date(answer.value).getUTCFullYear()}, as reproducible builds do` };
  if (answer.value > now) return { kind: "untold", why: `${name} says that it was built in the future` };
  return { kind: "told", at: answer.value };
}

/** A pin by a tag alone may run anything that the tag ever named. */
export function withoutDigest(image: PinnedImage): BuildTime {
  return { kind: "untold", why: `${nameOf(image)} is pinned without a digest` };
}

function nameOf({ repository, tag, digest }: PinnedImage): string {
  return tag === null ? `${repository}@${digest?.slice(0, 19) ?? "nothing"}` : `${repository}:${tag}`;
}
