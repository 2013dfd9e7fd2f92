import { textAt, childAt, entriesAt, itemsAt, placeAt } from "./place.ts";
import type { Place } from "./place.ts";
import { imageOfParts, wholeImage } from "./image-parts.ts";
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
    report({ kind, place: revision, image: null });
  }
  reportKustomizeImageTexts(placeAt(place, "kustomize", "images"), report);
  reportParameters(itemsAt(placeAt(place, "helm", "parameters")), report);
  for (const [, child] of entriesAt(place)) reportArgoCd(child, report);
  for (const child of itemsAt(place)) reportArgoCd(child, report);
}

/** `image.tag`, `web.image.repository`, `imageTag`: what stands before, and which part it is. */
const PARAMETER = /^(?<prefix>.*?)(?<part>registry|repository|tag|digest)$/i;

function reportParameters(parameters: readonly Place[], report: Report): void {
  const values = new Map<string, Place>();
  for (const parameter of parameters) {
    const name = textAt(childAt(parameter, "name"));
    const value = childAt(parameter, "value");
    if (name !== null && value !== null && textAt(value) !== null) values.set(name.replaceAll("\\.", "."), value);
  }
  for (const [name, place] of values) {
    const { prefix, part } = PARAMETER.exec(name)?.groups ?? {};
    if (prefix !== undefined && part !== undefined && (prefix === "" || /\.$|image$/i.test(prefix))) {
      const of = (key: string): Place | null => values.get(`${prefix}${part === part.toLowerCase() ? key : capitalised(key)}`) ?? null;
      const image = imageOfParts({ registry: of("registry"), repository: of("repository"), tag: of("tag"), digest: of("digest") });
      report({ kind: "helm-parameter", place, image });
    } else if (/(?:^|\.)\w*image$/i.test(name)) {
      const image = wholeImage(textAt(place));
      if (image !== null) report({ kind: "helm-parameter", place, image });
    }
  }
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
