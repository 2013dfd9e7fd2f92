import type { Digest, PinnedImage } from "./release.ts";

/** The place in a file that says which image runs, and what it says. */
export interface Pin extends PinnedImage {
  readonly kind: "kustomize-image";
  readonly file: string;
  /** YAML path of the entry, as `images[0]`. */
  readonly path: string;
  /** Line of the entry, from 1. */
  readonly line: number;
  /** The image name that the manifests use (kustomize `name`), as written. */
  readonly name: string;
  /** Why Pinion will not edit this pin, or null when it can. */
  readonly refusal: string | null;
}

export type PinsResult =
  | { readonly ok: true; readonly pins: readonly Pin[] }
  /** The file could not be read as what its name says. `problem` has line and column. */
  | { readonly ok: false; readonly problem: string };

/** What one image's pin shall say. */
export interface PinEdit {
  /** Normalised repository whose pin is set. */
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest;
}

export type EditResult =
  | { readonly outcome: "changed"; readonly text: string }
  | { readonly outcome: "unchanged" }
  /** The edit would not be safe. Says file, line and reason. */
  | { readonly outcome: "refused"; readonly reason: string };
