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

/** What of an image a scalar says: all of it, or a part. */
export type ImagePart = "whole" | "registry" | "repository" | "tag" | "digest";

/** One scalar that pins something, as a finder of one kind of document sees it. */
export interface Finding {
  readonly kind: PinKind;
  readonly place: Place;
  /** What the value, together with its neighbours, says of an image; null where it pins something else. */
  readonly image: PinnedImage | null;
  /** Parts that together name one image share the same `image`. Null where the value says something else, as `tagSuffix` does. */
  readonly part: ImagePart | null;
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
  readonly part: ImagePart | null;
  /** The scalar's text, without quotes. */
  readonly value: string;
  readonly form: PinnedForm;
  /** The characters of the scalar with its quotes, as offsets into the text of the file; those of its alias where it stands behind one. */
  readonly start: number;
  readonly end: number;
}

/**
 * How a scalar is written: without quotes and read as text by every YAML reader (`plain`), without quotes and an integer that could stand
 * there again, in quotes, or in a way that is none of these (`other`): `1.20`, `yes`, block scalars, other YAML tags.
 */
export type PinnedForm = "plain" | "integer" | "single-quoted" | "double-quoted" | "other";
