import type { Need } from "./observation.ts";
import { signerKey } from "./supply-chain/signer.ts";

/** The same text for the same question. */
export function needKey(need: Need): string {
  switch (need.kind) {
    case "tags":
      return `tags ${need.repository}`;
    case "digest":
      return `digest ${need.repository} ${need.reference}`;
    case "created":
      return `created ${need.repository} ${need.digest}`;
    case "evidence":
      return `evidence ${need.repository} ${need.digest} ${need.signers.map(signerKey).join(" ")}`;
    case "platforms":
      return `platforms ${need.repository} ${need.digest}`;
    case "labels":
      return `labels ${need.repository} ${need.digest}`;
    case "checks":
      return `checks ${need.source === null ? "here" : `${need.source.host}/${need.source.owner}/${need.source.name}`} ${need.commit}`;
    case "permission":
      return `permission ${need.login}`;
    case "team":
      return `team ${need.team}`;
    case "rollout":
      return `rollout ${need.environment}/${need.app} ${need.commit} ${need.endpoint ?? ""} ${need.applications.join(" ")}`;
    case "metric":
      return `metric ${need.endpoint ?? ""} ${need.at} ${need.expression}`;
  }
}
