import type { ManifestCommit } from "./action.ts";
import type { Environment } from "./config.ts";
import { downstreamOf, type Draft } from "./draft.ts";
import { ranAs } from "./ledger.ts";
import { quarantineFile } from "./quarantine.ts";
import { isDigest, type Pinned, type Release } from "./release.ts";

/**
 * The quarantine files that go with taking `bad` back to `target`: for each digest that goes, here and in everything that follows. A
 * digest that is in quarantine elsewhere keeps that too; one that is already in quarantine for all of this needs no file.
 */
export function revertFiles(draft: Draft, environment: Environment, bad: Pinned | null, target: Release): ManifestCommit["newFiles"] {
  const { quarantine } = draft.observation;
  const place = draft.place(target.app, environment.name);
  const current = place.current?.bad ?? null;
  const images = bad === null ? [] : (ranAs(place, bad) ?? bad).images;
  const scope = [environment.name, ...downstreamOf(draft.config, environment.name).map(({ name }) => name)];
  return images.flatMap(({ digest }) => {
    if (digest === null || !isDigest(digest) || target.images.some((image) => image.digest === digest)) return [];
    const standing = quarantine.known ? quarantine.value.filter((entry) => entry.digest === digest && entry.app === target.app) : [];
    if (standing.some(({ environments }) => environments.length === 0 || scope.every((name) => environments.includes(name)))) return [];
    const environments = [...new Set([...standing.flatMap((entry) => entry.environments), ...scope])];
    const reason = `${current?.event ?? "bad"}: ${current?.evidence ?? ""}`;
    return [quarantineFile({ app: target.app, digest, environments, reason, by: "pinion", at: current?.at ?? draft.now })];
  });
}
