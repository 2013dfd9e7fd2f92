import type { Instant } from "../answer.ts";
import { entriesOf, fieldsOf, textOf, type Fields } from "../json.ts";

/** What a scanner found in an image. */
export interface Scan {
  readonly scanner: string;
  readonly at: Instant;
  /** Critical vulnerabilities for which there is a release without them, by id. */
  readonly patchedCriticals: readonly string[];
}

/** RFC 3339, §5.6. */
const TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Reads cosign's predicate for scans (cosign, `specs/COSIGN_VULN_ATTESTATION_SPEC.md`) with results as Trivy and Grype write them in JSON, or says
 * why it cannot be read. The time is the scan's end; where none is said, its beginning.
 */
export function readScan(predicate: Fields): Scan | string {
  const { scanFinishedOn, scanStartedOn } = fieldsOf(predicate["metadata"]);
  const at = [scanFinishedOn, scanStartedOn].map(textOf).find((text) => text !== "") ?? "";
  const time = TIME.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(time)) return "it does not say when the scan was made";
  const scanner = fieldsOf(predicate["scanner"]);
  const result = fieldsOf(scanner["result"]);
  const found = trivyFindings(result) ?? grypeFindings(result);
  if (found === null) return "its results are of no form that can be read: Trivy's and Grype's JSON can";
  const patched = found.filter(({ severity, isPatched }) => severity.toLowerCase() === "critical" && isPatched).map(({ id }) => id);
  return { scanner: textOf(scanner["uri"]), at: time, patchedCriticals: [...new Set(patched)].toSorted() };
}

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly isPatched: boolean;
}

/** Trivy leaves `Results` out of a report without any; the version of its schema always stands there. */
function trivyFindings(result: Fields): readonly Finding[] | null {
  if (!Array.isArray(result["Results"]) && typeof result["SchemaVersion"] !== "number") return null;
  return entriesOf(result["Results"])
    .flatMap((part) => entriesOf(fieldsOf(part)["Vulnerabilities"]))
    .map(fieldsOf)
    .map((found) => ({
      id: textOf(found["VulnerabilityID"]),
      severity: textOf(found["Severity"]),
      isPatched: textOf(found["FixedVersion"]) !== "",
    }));
}

function grypeFindings(result: Fields): readonly Finding[] | null {
  if (!Array.isArray(result["matches"])) return null;
  return entriesOf(result["matches"])
    .map((match) => fieldsOf(fieldsOf(match)["vulnerability"]))
    .map((found) => {
      const { state, versions } = fieldsOf(found["fix"]);
      return { id: textOf(found["id"]), severity: textOf(found["severity"]), isPatched: state === "fixed" || entriesOf(versions).length > 0 };
    });
}
