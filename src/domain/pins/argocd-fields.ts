import { textAt, childAt, entriesAt, itemsAt, placeAt } from "./place.ts";
import type { Place } from "./place.ts";
import { imageOfParts, PARTS, reportEach, wholeImage } from "./image-parts.ts";
import type { ImageParts } from "./image-parts.ts";
import { reportKustomizeImageTexts } from "./kustomize-fields.ts";
import type { Report } from "./pinned-value.ts";

/**
 * Reports what Applications and ApplicationSets pin, wherever their sources stand (`source`, `sources`, templates of generators):
 * `targetRevision`, `kustomize.images`, and `helm.parameters` that name an image (argo-cd docs/operator-manual/application.yaml).
 */
export function reportArgoCd(place: Place, report: Report): void {
  const revision = childAt(place, "targetRevision");
  if (revision !== null && textAt(revision) !== null) {
    const kind = textAt(childAt(place, "chart")) === null ? "git-revision" : "helm-chart";
    report({ kind, place: revision, image: null, part: null });
  }
  reportKustomizeImageTexts(placeAt(place, "kustomize", "images"), report);
  reportParameters(itemsAt(placeAt(place, "helm", "parameters")), report);
  for (const [, child] of entriesAt(place)) reportArgoCd(child, report);
  for (const child of itemsAt(place)) reportArgoCd(child, report);
}

/** `image.tag`, `web.image.repository`, `imageTag`: what stands before, and which part it is. */
const PARAMETER = /^(?<prefix>.*?)(?<part>registry|repository|tag|digest)$/i;

function reportParameters(parameters: readonly Place[], report: Report): void {
  const images = new Map<string, Record<keyof ImageParts, Place | null>>();
  for (const parameter of parameters) {
    const name = (textAt(childAt(parameter, "name")) ?? "").replaceAll("\\.", ".");
    const place = childAt(parameter, "value");
    if (place === null || textAt(place) === null) continue;
    const { prefix, part } = PARAMETER.exec(name)?.groups ?? {};
    const known = PARTS.find((one) => one === part?.toLowerCase());
    if (prefix !== undefined && known !== undefined && (prefix === "" || /\.$|image$/i.test(prefix))) {
      const parts = images.get(prefix) ?? { registry: null, repository: null, tag: null, digest: null };
      parts[known] = place;
      images.set(prefix, parts);
    } else if (/(?:^|\.)\w*image$/i.test(name)) {
      const image = wholeImage(textAt(place));
      if (image !== null) report({ kind: "helm-parameter", place, image, part: "whole" });
    }
  }
  for (const parts of images.values()) reportEach("helm-parameter", parts, imageOfParts(parts), report);
}
