import { parseConfig } from "../../src/domain/config-file.ts";
import type { CodeOwners } from "../../src/domain/code-owners.ts";
import type { Config } from "../../src/domain/config.ts";
import { compileDiscover } from "../../src/domain/discover.ts";
import type { ForgeSnapshot, ProposedChange, PullRequest } from "../../src/domain/observation.ts";
import type { Answer } from "../../src/domain/answer.ts";
import type { ManifestsRepository } from "../../src/ports.ts";
import { Proposals } from "../../src/reconciler/proposals.ts";
import { mirrorOf, REPOSITORY, Upstream } from "../adapters/git-upstream.ts";
import { portsWith, pullRequestOf, snapshotOf } from "./small-world.ts";

export const FILE = "apps/checkout/dev/kustomization.yaml";
export const DIGEST = `sha256:${"a".repeat(64)}`;
export const pinning = (tag: string): string => `images:\n  - name: checkout\n    newName: ghcr.io/acme/checkout\n    newTag: ${tag}\n    digest: sha256:${tag.charAt(2).repeat(64)}\n`;
export const LATIN_1 = Buffer.concat([Buffer.from("# caf"), Buffer.from([0xe9]), Buffer.from(`\n${pinning("1.0.0")}`)]);
export const LARGE = "x".repeat(1_100_000);

export function configOf(more = ""): Config {
  const parsed = parseConfig(`version: 1\nenvironments:\n  dev: {}\n  prod: { after: dev }\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\n${more}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

export interface Change {
  readonly number: number;
  readonly files: Readonly<Record<string, string | Uint8Array | null>>;
  readonly fork?: boolean;
}

/** Proposals over a real repository: what is on its main branch, and one pull request for each change. */
export function proposed(
  before: Change["files"],
  changes: readonly Change[],
  through: (manifests: ManifestsRepository) => ManifestsRepository = (same) => same,
  config = configOf(),
  beside: { readonly before?: (upstream: Upstream) => void; readonly after?: (upstream: Upstream) => void } = {},
  judgeManifests = false,
  codeOwners: Answer<CodeOwners> | null = null,
) {
  const upstream = new Upstream();
  beside.before?.(upstream);
  const head = upstream.commit(before);
  const open: PullRequest[] = changes.map(({ number, files, fork = false }) => {
    upstream.git("checkout", "--quiet", "--detach", head);
    beside.after?.(upstream);
    const oid = upstream.commit(files);
    upstream.git("update-ref", `refs/pull/${number}/head`, oid);
    return pullRequestOf({ number, head: { ref: `change-${number}`, oid, fork } });
  });
  const { manifests, clock } = mirrorOf(upstream.url);
  const errors: string[] = [];
  const ports = portsWith({ manifests: through(manifests), clock, journal: { error: (message) => errors.push(message) } });
  const snapshot: ForgeSnapshot = snapshotOf({ at: clock.now(), head, open });
  const proposals = new Proposals();
  const discover = compileDiscover(config.discover, config.environments);
  const read = async (): Promise<ReadonlyMap<number, Answer<ProposedChange>>> => {
    await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: head }]);
    return proposals.update({ ports, repository: REPOSITORY, config, discover, rules: { shipped: { policies: [] }, files: null, version: "", judgeManifests }, codeOwners }, snapshot);
  };
  return { read, clock, errors, proposals };
}
