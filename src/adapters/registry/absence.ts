import type { HttpResponse } from "../http.ts";

/** What every answer of the Docker Registry HTTP API carries; registries of other makes send it for old clients. */
const REGISTRY_HEADER = "docker-distribution-api-version";

/**
 * Whether a 404 is a registry's own word that something is not there: it has the errors of the OCI distribution-spec ("Error Codes") or the header
 * of a registry. A proxy whose registry is being restarted answers 404 as well, and knows nothing.
 */
export function saysNotThere(response: HttpResponse): boolean {
  return response.status === 404 && (response.headers.has(REGISTRY_HEADER) || hasErrors(response));
}

function hasErrors(response: HttpResponse): boolean {
  let body: unknown;
  try {
    body = JSON.parse(response.text());
  } catch {
    return false;
  }
  if (typeof body !== "object" || body === null || !("errors" in body) || !Array.isArray(body.errors)) return false;
  return body.errors.some((error: unknown) => typeof error === "object" && error !== null && "code" in error && typeof error.code === "string");
}
