import type { Config } from "./config.ts";
import type { Observation } from "./observation.ts";
import type { Pinned, PinnedImage } from "./release.ts";

/** The host of a normalised repository name, with its port if it has one. */
export function registryOf(repository: string): string {
  const slash = repository.indexOf("/");
  return slash === -1 ? repository : repository.slice(0, slash);
}

/**
 * The registries that the default branch speaks of: by the pins of its environments, or under `images:` of its configuration. Only these
 * are asked for a pull request that people opened: whoever may open one could otherwise have any host asked, also of an inner network,
 * and read the answer on the check.
 */
export function knownRegistries({ defaults, apps }: Config, pins: Observation["pins"]): ReadonlySet<string> {
  const found = new Set([defaults, ...apps.values()].flatMap(({ images }) => images ?? []).map(registryOf));
  for (const environments of pins.values()) {
    for (const here of environments.values()) {
      if (here.ok) for (const { repository } of here.pins) found.add(registryOf(repository));
    }
  }
  return found;
}

/** The registries of what a pull request would replace, which the default branch pins as well. */
export function registriesOf(replaced: readonly (Pinned | null)[]): ReadonlySet<string> {
  return new Set(replaced.flatMap((pinned): readonly PinnedImage[] => pinned?.images ?? []).map(({ repository }) => registryOf(repository)));
}
