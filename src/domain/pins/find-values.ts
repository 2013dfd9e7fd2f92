import { isScalar } from "yaml";
import type { ParsedNode } from "yaml";
import { readsAsString, TEXT_TAG, TextPositions } from "../yaml-document.ts";
import type { YamlDocument } from "../yaml-document.ts";
import { formatYamlAddress } from "../yaml-path.ts";
import { reportArgoCd } from "./argocd-fields.ts";
import {
  reportChartDependencies,
  reportChartGenerator,
  reportGitRepository,
  reportHelmChart,
  reportHelmfile,
  reportHelmRelease,
  reportOciRepository,
} from "./chart-fields.ts";
import { NO_CONFIGURED_PINS } from "./configured.ts";
import type { ConfiguredPins } from "./configured.ts";
import { reportImageFields } from "./image-fields.ts";
import { isKustomizationFile, isKustomizationName } from "./kustomization.ts";
import { reportFluxKustomization, reportKustomization } from "./kustomize-fields.ts";
import { parseManifests } from "./manifests.ts";
import { childAt, itemsAt, pathOf, rootPlace, textAt } from "./place.ts";
import { isPlainInteger } from "./spell.ts";
import type { Place } from "./place.ts";
import type { Finding, PinnedForm, PinnedValue, Report } from "./pinned-value.ts";

export type PinnedValuesResult =
  | { readonly ok: true; readonly values: readonly PinnedValue[] }
  /** The file could not be read. `problem` has line and column. */
  | { readonly ok: false; readonly problem: string };

/** Whether a file of this name may hold pins: YAML, JSON, or a kustomization. */
export function mayHoldPins(file: string): boolean {
  return [".yaml", ".yml", ".json"].some((end) => file.endsWith(end)) || isKustomizationFile(file);
}

/** No pin stands in a text without one of these words; most files need not be parsed. */
const WORDS = /image|newName|newTag|digest|repository|version|revision|[?&]ref=|ref:|tag["']?\s*:/i;
/** JSON is most often something else (locks, dashboards), which is long and pins nothing. */
const WORDS_IN_JSON = /image"\s*:|"apiVersion"\s*:|"repository"\s*:|tag"\s*:/i;

/**
 * Finds all that a file pins, in the order of the file: whatever its name and its documents' kinds tell to be a pin
 * ({@link PIN_KINDS}), and what a configuration names. The text must keep the file's byte order mark. What is no mapping or list has no pins.
 */
export function findPinnedValues(file: string, text: string, configured = NO_CONFIGURED_PINS): PinnedValuesResult {
  if (!configured.holds(file) && !(file.endsWith(".json") ? WORDS_IN_JSON : WORDS).test(text)) return { ok: true, values: [] };
  const parsed = parseManifests(text);
  const positions = new TextPositions(text);
  if (!parsed.ok) {
    const { offset, message } = parsed.problems[0] ?? { offset: 0, message: "not valid YAML" };
    const { line, column } = positions.at(offset);
    // What stands in templates makes many odd messages; what it is says more.
    const told = text.includes("{{") ? "a template ({{ … }}), which only its renderer can read" : message;
    return { ok: false, problem: `${file}:${line}:${column}: ${told}` };
  }
  const values = parsed.documents.flatMap((document, index) =>
    findingsIn(file, document, configured).map(({ kind, place, image, part }): PinnedValue => ({
      kind,
      file,
      path: formatYamlAddress({ document: index, path: pathOf(place) }),
      line: positions.at(place.offset).line,
      image,
      part,
      value: isScalar(place.node) ? place.node.source : "",
      form: formOf(place.node),
      start: place.offset,
      end: place.aliased ? place.offset : (place.node?.range[1] ?? place.offset),
    })),
  );
  return { ok: true, values };
}

function findingsIn(file: string, document: YamlDocument, configured: ConfiguredPins): readonly Finding[] {
  const findings = new Map<string, Finding>();
  const report: Report = (finding) => {
    const path = JSON.stringify(pathOf(finding.place));
    if (!findings.has(path)) findings.set(path, finding);
  };
  reportObject(file, rootPlace(document), report);
  configured.report(file, rootPlace(document), report);
  return [...findings.values()].toSorted((left, right) => left.place.offset - right.place.offset);
}

const NOTHING: ReadonlySet<string> = new Set();
/** The controller writes it, not people. */
const STATUS: ReadonlySet<string> = new Set(["status"]);
const KUSTOMIZE_IMAGES: ReadonlySet<string> = new Set(["images"]);

function reportObject(file: string, root: Place, report: Report): void {
  const name = baseName(file);
  const [group = ""] = (textAt(childAt(root, "apiVersion")) ?? "").split("/");
  const kind = textAt(childAt(root, "kind")) ?? "";
  if (isKustomization(name, group, kind)) {
    reportKustomization(root, report);
    reportImageFields(root, { whole: "container-image", except: KUSTOMIZE_IMAGES }, report);
  } else if (name === "Chart.yaml" || name === "requirements.yaml") {
    reportChartDependencies(root, report);
  } else if (group === "" || kind === "") {
    reportHelmfile(root, report);
    reportImageFields(root, { whole: /values/i.test(name) ? "helm-values" : "container-image", except: NOTHING }, report);
  } else if (kind.endsWith("List") && itemsAt(childAt(root, "items")).length > 0) {
    for (const item of itemsAt(childAt(root, "items"))) reportObject(file, item, report);
  } else if (kind !== "CustomResourceDefinition") {
    reportByKind(group, kind, root, report);
    reportImageFields(root, { whole: "container-image", except: STATUS }, report);
  }
}

/** kustomize takes a file of its name for a kustomization also where it does not say so; Flux and Argo CD have other objects of that kind. */
function isKustomization(name: string, group: string, kind: string): boolean {
  if (group === "kustomize.config.k8s.io") return kind === "Kustomization" || kind === "Component";
  return isKustomizationName(name) && group === "" && (kind === "" || kind === "Kustomization" || kind === "Component");
}

function reportByKind(group: string, kind: string, root: Place, report: Report): void {
  if (group === "argoproj.io" && (kind === "Application" || kind === "ApplicationSet")) reportArgoCd(root, report);
  else if (kind === "HelmRelease") reportHelmRelease(root, report);
  else if (kind === "HelmChartInflationGenerator") reportChartGenerator(root, report);
  else if (kind === "HelmChart") reportHelmChart(root, report);
  else if (kind === "OCIRepository") reportOciRepository(root, report);
  else if (kind === "GitRepository") reportGitRepository(root, report);
  else if (kind === "Kustomization") reportFluxKustomization(root, report);
}

function formOf(node: ParsedNode | null): PinnedForm {
  if (isPlainInteger(node)) return "integer";
  if (!isScalar(node) || (node.tag !== undefined && node.tag !== TEXT_TAG)) return "other";
  switch (node.type) {
    case "QUOTE_SINGLE":
      return "single-quoted";
    case "QUOTE_DOUBLE":
      return "double-quoted";
    case "PLAIN":
      return node.tag !== undefined || readsAsString(node.source) ? "plain" : "other";
    default:
      return "other";
  }
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}
