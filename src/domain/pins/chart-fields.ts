import { textAt, childAt, itemsAt, placeAt } from "./place.ts";
import type { Place } from "./place.ts";
import type { PinKind, Report } from "./pinned-value.ts";

/** Reports the versions of a chart's dependencies: `Chart.yaml`, and Helm 2's `requirements.yaml` (helm.sh, "Chart Dependencies"). */
export function reportChartDependencies(root: Place, report: Report): void {
  for (const dependency of itemsAt(childAt(root, "dependencies"))) reportTexts("helm-chart", dependency, ["version"], report);
}

/** Reports the charts of a helmfile (helmfile.readthedocs.io, "Configuration", releases). */
export function reportHelmfile(root: Place, report: Report): void {
  for (const release of itemsAt(childAt(root, "releases"))) {
    if (textAt(childAt(release, "chart")) !== null) reportTexts("helm-chart", release, ["version"], report);
  }
}

/** Reports the chart of a kustomize generator of its own file (kustomize plugin/builtin/helmchartinflationgenerator). */
export function reportChartGenerator(root: Place, report: Report): void {
  reportTexts("helm-chart", root, ["version"], report);
}

/** Reports the chart of a HelmRelease (fluxcd.io, "HelmRelease", Chart template; and the older `spec.chart.version` of v1). */
export function reportHelmRelease(root: Place, report: Report): void {
  const chart = placeAt(root, "spec", "chart");
  reportTexts("helm-chart", childAtOrNull(chart, "spec"), ["version"], report);
  reportTexts("helm-chart", chart, ["version", "ref"], report);
}

/** Reports the version of a HelmChart: Flux's (source.toolkit.fluxcd.io) and that of k3s (helm.cattle.io). */
export function reportHelmChart(root: Place, report: Report): void {
  reportTexts("helm-chart", childAt(root, "spec"), ["version"], report);
}

/** Reports the version of an OCIRepository (fluxcd.io, "OCI Repositories", Reference). */
export function reportOciRepository(root: Place, report: Report): void {
  reportTexts("helm-chart", placeAt(root, "spec", "ref"), ["tag", "digest", "semver"], report);
}

/** Reports the revision of a GitRepository (fluxcd.io, "Git Repositories", Reference). */
export function reportGitRepository(root: Place, report: Report): void {
  reportTexts("git-revision", placeAt(root, "spec", "ref"), ["branch", "tag", "semver", "name", "commit"], report);
}

function reportTexts(kind: PinKind, parent: Place | null, keys: readonly string[], report: Report): void {
  for (const key of keys) {
    const place = childAtOrNull(parent, key);
    if (place !== null && textAt(place) !== null) report({ kind, place, image: null, part: null });
  }
}

function childAtOrNull(place: Place | null, key: string): Place | null {
  return place === null ? null : childAt(place, key);
}
