/** `sha256:` and 64 lower-case hex digits: the only digest Pinion pins (OCI image-spec, descriptor.md §Digests). */
export type Digest = `sha256:${string}`;

/** The full object id of a Git commit or blob, in lower-case hex. */
export type Oid = string;

export type AppName = string;
export type EnvironmentName = string;

/** What one pin in a manifest says. A tag-only pin has no digest; a digest-only pin has no tag. */
export interface PinnedImage {
  /** Normalised `domain/path`, as `docker.io/library/nginx`. */
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
}

export interface ReleaseImage extends PinnedImage {
  readonly digest: Digest;
}

/** What moves through the environments: an app's images, each by digest, under one version. */
export interface Release {
  readonly app: AppName;
  /** The tag its images share, or the first image's tag; for people and for ordering, never for identity. */
  readonly version: string;
  /** Ordered by repository. */
  readonly images: readonly ReleaseImage[];
}

/** What an environment's file says of an app now: like a release, but digests may be missing. */
export interface Pinned {
  readonly app: AppName;
  readonly version: string;
  readonly images: readonly PinnedImage[];
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/**
 * What makes two releases the same: the app's repositories and digests. Tags are left out, since a tag can move.
 * The text is stable across versions of Pinion: branch names and records are derived from it.
 */
export function releaseKey(release: Pinned): string {
  return release.images
    .map((image) => `${image.repository}@${image.digest ?? `tag:${image.tag ?? ""}`}`)
    .toSorted()
    .join(",");
}

/** Whether both have the same {@link releaseKey}. Asked for every place at every look, so the keys are made only where the order differs. */
export function sameRelease(left: Pinned, right: Pinned): boolean {
  if (left.images.length !== right.images.length) return false;
  if (left.images.every((image, index) => sameImage(image, right.images[index]))) return true;
  return left.images.length > 1 && releaseKey(left) === releaseKey(right);
}

/** Whether both are made of the same images, whatever their versions. */
export function sameRepositories(left: Pinned, right: Pinned): boolean {
  const names = new Set(left.images.map(({ repository }) => repository));
  return names.size === right.images.length && right.images.every(({ repository }) => names.has(repository));
}

function sameImage(left: PinnedImage, right: PinnedImage | undefined): boolean {
  if (left.repository !== right?.repository || left.digest !== right.digest) return false;
  return left.digest !== null || (left.tag ?? "") === (right.tag ?? "");
}

/** Whether both say the same of the images that both tell of, and only one tells of more. */
export function isOtherCut(left: Pinned, right: Pinned): boolean {
  const common = commonOf(left, right);
  const here = { ...left, images: left.images.filter(({ repository }) => common.includes(repository)) };
  const there = { ...right, images: right.images.filter(({ repository }) => common.includes(repository)) };
  return common.length > 0 && !sameRepositories(left, right) && sameRelease(here, there);
}

/** Whether this is what is pinned, perhaps with other images looked at beside it by now. */
export function isStillPinned(release: Pinned, pinned: Pinned): boolean {
  return sameRelease(release, pinned) || isOtherCut(release, pinned);
}

/** The repositories that both tell of. */
export function commonOf(left: Pinned, right: Pinned): readonly string[] {
  const names = new Set(left.images.map(({ repository }) => repository));
  return right.images.map(({ repository }) => repository).filter((name) => names.has(name));
}

/** Whether all of the release's images are pinned there by their digests, whatever else is. */
export function isWithin(release: Release, pinned: Pinned): boolean {
  return release.images.every(({ repository, digest }) =>
    pinned.images.some((image) => image.repository === repository && image.digest === digest),
  );
}

/** The pinned images as a release, or null while a digest is missing. */
export function asRelease(pinned: Pinned): Release | null {
  const images: ReleaseImage[] = [];
  for (const image of pinned.images) {
    if (image.digest === null) return null;
    images.push({ repository: image.repository, tag: image.tag, digest: image.digest });
  }
  return { app: pinned.app, version: pinned.version, images };
}

/** Whether a pin means this release: by digest, or by tag where the pin has no digest. */
export function isCalled(release: Pinned, pinned: Pinned): boolean {
  return (
    release.images.length === pinned.images.length &&
    pinned.images.every(({ repository, tag, digest }) =>
      release.images.some((image) => image.repository === repository && (digest === null ? image.tag === tag : image.digest === digest)),
    )
  );
}

/**
 * The version people see: the tag all images share, else the first image's tag, else its short digest. With a tag that is moved from image to image the digest
 * stands beside it, or two releases would be called the same.
 */
export function versionOf(images: readonly PinnedImage[], movingTag: string | null): string {
  const first = images[0];
  if (first === undefined) return "nothing";
  const digest = first.digest?.slice("sha256:".length, "sha256:".length + 12) ?? null;
  if (first.tag === null) return digest ?? "untagged";
  return first.tag === movingTag && digest !== null ? `${first.tag} (${digest})` : first.tag;
}

/** Images in the order that releases and pins keep them: by repository. */
export function inRepositoryOrder<T extends PinnedImage>(images: readonly T[]): readonly T[] {
  return images.toSorted((a, b) => (a.repository < b.repository ? -1 : a.repository > b.repository ? 1 : 0));
}
