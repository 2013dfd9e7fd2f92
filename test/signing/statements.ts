import type { Digest } from "../../src/domain/release.ts";

export const COSIGN_SIGNATURE = "https://sigstore.dev/cosign/sign/v1";
export const SLSA_V1 = "https://slsa.dev/provenance/v1";
export const SLSA_V02 = "https://slsa.dev/provenance/v0.2";
export const SPDX = "https://spdx.dev/Document";
export const CYCLONEDX = "https://cyclonedx.org/bom";
export const SCAN = "https://cosign.sigstore.dev/attestation/vuln/v1";

/** An in-toto statement about one image. */
export function statementOf(digest: Digest, predicateType: string, predicate: object = {}): object {
  const subject = [{ name: "", digest: { sha256: digest.slice("sha256:".length) } }];
  return { _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate };
}

/** What cosign 3 signs for an image. */
export function imageSignature(digest: Digest): object {
  return statementOf(digest, COSIGN_SIGNATURE);
}

/** What cosign 1 and 2 sign for an image. */
export function simpleSigning(digest: Digest): Uint8Array {
  const critical = {
    identity: { "docker-reference": "" },
    image: { "docker-manifest-digest": digest },
    type: "cosign container image signature",
  };
  return Buffer.from(JSON.stringify({ critical, optional: null }));
}

/** Provenance as GitHub's workflows have it. */
export function workflowProvenance(repository: string, builder: string, inputs: object | null = null): object {
  const workflow = { ref: "refs/heads/main", repository, path: ".github/workflows/release.yml" };
  return {
    buildDefinition: {
      buildType: "https://actions.github.io/buildtypes/workflow/v1",
      externalParameters: inputs === null ? { workflow } : { workflow, inputs },
    },
    runDetails: { builder: { id: builder } },
  };
}

interface TrivyFinding {
  readonly id: string;
  readonly severity: string;
  readonly fixed?: string;
}

/** A scan as `trivy image --format cosign-vuln` writes it. */
export function trivyScan(finishedOn: string, found: readonly TrivyFinding[] = []): object {
  const Vulnerabilities = found.map(({ id, severity, fixed }) => {
    return { VulnerabilityID: id, Severity: severity, ...(fixed === undefined ? {} : { FixedVersion: fixed }) };
  });
  return {
    scanner: { uri: "pkg:github/aquasecurity/trivy@0.60.0", result: { SchemaVersion: 2, Results: [{ Target: "app", Vulnerabilities }] } },
    metadata: { scanStartedOn: finishedOn, scanFinishedOn: finishedOn },
  };
}

/** The same by `grype -o json`, put into cosign's predicate. */
export function grypeScan(finishedOn: string, found: readonly TrivyFinding[] = []): object {
  const matches = found.map(({ id, severity, fixed }) => {
    return { vulnerability: { id, severity, fix: { state: fixed === undefined ? "not-fixed" : "fixed", versions: fixed === undefined ? [] : [fixed] } } };
  });
  return { scanner: { uri: "pkg:github/anchore/grype", result: { matches } }, metadata: { scanFinishedOn: finishedOn } };
}
