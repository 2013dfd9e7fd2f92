import { textAt, childAt, itemsAt, placeAt } from "./place.ts";
import type { Place } from "./place.ts";
import { imageOfParts, reportEach, wholeImage } from "./image-parts.ts";
import type { Report } from "./pinned-value.ts";

/** Fields of a kustomization that may name remote resources (kustomize api/types/kustomization.go). */
const REMOTE_FIELDS = ["resources", "bases", "components", "crds"] as const;
/** The query that chooses a revision; `version` is kustomize's older name for it (kustomize api/internal/git/repospec.go). */
const REVISION = /[?&](?:ref|version)=[^&]+/;

/** Reports what a kustomization pins beside the images in its patches and inline values. */
export function reportKustomization(root: Place, report: Report): void {
  reportKustomizeImages(childAt(root, "images"), report);
  for (const field of REMOTE_FIELDS) {
    for (const item of itemsAt(childAt(root, field))) {
      if (REVISION.test(textAt(item) ?? "")) report({ kind: "kustomize-remote", place: item, image: null, part: null });
    }
  }
  for (const chart of itemsAt(childAt(root, "helmCharts"))) reportText(childAt(chart, "version"), report);
  for (const chart of itemsAt(childAt(root, "helmChartInflationGenerator"))) reportText(childAt(chart, "chartVersion"), report);
}

function reportText(place: Place | null, report: Report): void {
  if (place !== null && textAt(place) !== null) report({ kind: "helm-chart", place, image: null, part: null });
}

/** Reports entries of kustomize `images:`; Flux's Kustomization has the same. Entries without newName, newTag and digest pin nothing. */
export function reportKustomizeImages(list: Place | null, report: Report): void {
  for (const entry of itemsAt(list)) {
    const [newName, tagSuffix] = [childAt(entry, "newName"), childAt(entry, "tagSuffix")];
    const repository = textAt(newName) === null ? childAt(entry, "name") : newName;
    const parts = { registry: null, repository, tag: childAt(entry, "newTag"), digest: childAt(entry, "digest") };
    const image = imageOfParts(parts) ?? wholeImage(textAt(repository));
    reportEach("kustomize-image", { ...parts, repository: newName }, image, report);
    if (tagSuffix !== null && textAt(tagSuffix) !== null) report({ kind: "kustomize-image", place: tagSuffix, image, part: null });
  }
}

/**
 * Reports Argo CD's `kustomize.images`: texts such as `nginx:1.2`, `name=other:1.2` or `name=other@sha256:…`
 * (argo-cd docs/user-guide/kustomize.md).
 */
export function reportKustomizeImageTexts(list: Place | null, report: Report): void {
  for (const place of itemsAt(list)) {
    const text = textAt(place);
    const image = text === null ? null : wholeImage(text.slice(text.indexOf("=") + 1));
    if (image !== null) report({ kind: "kustomize-image", place, image, part: "whole" });
  }
}

/** Reports `spec.images` of Flux's Kustomization (fluxcd.io, "Kustomization", Images). */
export function reportFluxKustomization(root: Place, report: Report): void {
  reportKustomizeImages(placeAt(root, "spec", "images"), report);
}
