import { createArgoCd } from "./adapters/argocd.ts";
import { createPushIdentity } from "./adapters/google-oidc.ts";
import { createPrometheus } from "./adapters/prometheus.ts";
import { createRegistry } from "./adapters/registry.ts";
import { parseDockerConfig } from "./adapters/registry/docker-config.ts";
import type { EndpointSettings, Settings } from "./config.ts";
import { PortFailure, type Clock, type Ports, type PushIdentity } from "./ports.ts";

/** The ports beside Git and GitHub; `environment` is what credential helpers may take from. Throws a `PortFailure` when the credentials of registries cannot be read. */
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

function registryCredentials(settings: EndpointSettings, journal: Ports["journal"]) {
  if (settings.registries.dockerConfig === null) return {};
  const parsed = parseDockerConfig(settings.registries.dockerConfig.reveal());
  if (!parsed.ok) throw new PortFailure("stalled", `PINION_REGISTRY_CONFIG: ${parsed.problem}`);
  for (const unused of parsed.unused) journal.warn(`PINION_REGISTRY_CONFIG: ${unused}`);
  return { credentials: parsed.credentials, helpers: parsed.helpers };
}
