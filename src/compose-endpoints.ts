import { createArgoCd } from "./adapters/argocd.ts";
import { createPushIdentity } from "./adapters/google-oidc.ts";
import { createPrometheus } from "./adapters/prometheus.ts";
import { createRegistry } from "./adapters/registry.ts";
import { parseDockerConfig } from "./adapters/registry/docker-config.ts";
import type { EndpointSettings, Settings } from "./config.ts";
import { PortFailure, type Clock, type Ports, type PushIdentity } from "./ports.ts";

/** The ports beside Git and GitHub; `environment` is what credential helpers may take from. Throws a `PortFailure` (`stalled`) when the Docker config is none. */
export function composeEndpoints(
  settings: EndpointSettings,
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  journal: Ports["journal"],
): Pick<Ports, "registry" | "rollouts" | "metrics"> {
  return {
    registry: createRegistry({
      clock,
      ...registryCredentials(settings, journal),
      environment,
      insecureHosts: settings.registries.insecure,
      trustedHosts: settings.registries.trusted,
    }),
    rollouts: createArgoCd({
      endpoints: new Map([...settings.argocd].map(([name, { url, token }]) => [name, { url, token: token.reveal() }])),
      now: () => clock.now(),
    }),
    metrics: createPrometheus({
      endpoints: new Map([...settings.prometheus].map(([name, { url, token }]) => [name, { url, token: token?.reveal() ?? null }])),
      now: () => clock.now(),
    }),
  };
}

/** Who may push by Pub/Sub; null where the operator names nobody. */
export function composePushIdentity({ pushIdentity }: Pick<Settings, "pushIdentity">, clock: Clock): PushIdentity | null {
  return pushIdentity === null ? null : createPushIdentity({ ...pushIdentity, clock });
}

function registryCredentials({ registries: { dockerConfig } }: EndpointSettings, journal: Ports["journal"]) {
  if (dockerConfig === null) return {};
  const parsed = parseDockerConfig(dockerConfig.content.reveal());
  if (!parsed.ok) {
    const advice = "Give the file that docker login writes, or the .dockerconfigjson of a Kubernetes secret";
    throw new PortFailure("stalled", `PINION_REGISTRY_CONFIG: the Docker config ${dockerConfig.path} ${parsed.problem}. ${advice}.`);
  }
  for (const unused of parsed.unused) journal.warn(`PINION_REGISTRY_CONFIG: ${unused}`);
  return { credentials: parsed.credentials, helpers: parsed.helpers };
}
