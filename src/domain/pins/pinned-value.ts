import type { PinnedImage } from "../release.ts";
import type { Place } from "./place.ts";

/** What a value pins, by where it stands. */
export const PIN_KINDS = [
  /** An entry of kustomize `images:`, also in Flux and Argo CD: newName, newTag, digest, tagSuffix, or all in one text. */
  "kustomize-image",
  /** A whole image reference in one value: `image:` of containers and of custom resources. */
  "container-image",
  /** Helm values: repository, registry, tag, digest, version, or a whole reference. */
  "helm-values",
  /** The version of a Helm chart or of another artifact that Flux or Argo CD installs. */
  "helm-chart",
  /** What Argo CD or Flux takes from a Git repository: a tag, branch, commit or range. */
  "git-revision",
  /** A parameter that Argo CD hands to Helm and that names an image. */
  "helm-parameter",
  /** A remote resource of a kustomization with `?ref=`. */
  "kustomize-remote",
  /** A path that the configuration names. */
  "configured",
] as const;
export type PinKind = (typeof PIN_KINDS)[number];

/** One scalar that pins something, as a finder of one kind of document sees it. */
export interface Finding {
  readonly kind: PinKind;
  readonly place: Place;
  /** What the value, together with its neighbours, says of an image; null where it pins something else. */
  readonly image: PinnedImage | null;
}

export type Report = (finding: Finding) => void;

/** One scalar in a file that pins something. */
export interface PinnedValue {
  readonly kind: PinKind;
  readonly file: string;
  /** The address of the scalar, as {@link formatYamlAddress} writes it. */
  readonly path: string;
  /** Line of the scalar, from 1; behind an alias, the line of the alias. */
  readonly line: number;
  readonly image: PinnedImage | null;
  /** The scalar's text, without quotes. */
  readonly value: string;
}
