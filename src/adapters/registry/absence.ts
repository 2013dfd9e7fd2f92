import type { HttpResponse } from "../http.ts";

/**
 * What a registry calls it when something is not there: the OCI distribution-spec ("Error Codes"), as most registries have it; Harbor's
 * code for repositories and artifacts (goharbor/harbor, `src/lib/errors`); and Quay's for a tag that is deleted (quay/quay, `endpoints/v2/errors.py`).
 */
const NOT_THERE: ReadonlySet<unknown> = new Set(["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "BLOB_UNKNOWN", "NOT_FOUND", "TAG_EXPIRED"]);

/**
 * Whether a 404 is a registry's own word that something is not there: its errors say so, and nothing else. A proxy whose registry is being
 * restarted answers 404 as well and knows nothing, perhaps with errors of its own or with the header of a registry, which proxies add to everything.
 */
export function saysNotThere(response: HttpResponse): boolean {
  if (response.status !== 404) return false;
  let body: unknown;
  try {
    body = JSON.parse(response.text());
  } catch {
    return false;
  }
  if (typeof body !== "object" || body === null || !("errors" in body) || !Array.isArray(body.errors)) return false;
  const isNotThere = (error: unknown): boolean => typeof error === "object" && error !== null && "code" in error && NOT_THERE.has(error.code);
  return body.errors.length > 0 && body.errors.every(isNotThere);
}
