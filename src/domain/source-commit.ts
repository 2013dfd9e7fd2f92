import type { ImageLabels } from "./observation.ts";
import type { Oid } from "./release.ts";

/** A repository on a Git server, as an address names it. */
export interface SourceRepository {
  readonly host: string;
  readonly owner: string;
  readonly name: string;
}

/** The commit that an image says it was built from. */
export interface SourceCommit {
  readonly repository: SourceRepository;
  readonly commit: Oid;
}

/** OCI image-spec, "annotations.md", as builds write them into labels. */
const REVISION = "org.opencontainers.image.revision";
const SOURCE = "org.opencontainers.image.source";
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const REPOSITORY = /^https:\/\/([a-z0-9.-]+)\/([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))\/([A-Za-z0-9._-]{1,100}?)(?:\.git)?\/?$/;

export type ReadSource = { readonly ok: true; readonly source: SourceCommit } | { readonly ok: false; readonly why: string };

/** The source of an image, by the labels of all its platforms, which must say the same. */
export function sourceOf(labels: readonly ImageLabels[]): ReadSource {
  const revision = theOne(labels, REVISION);
  const source = theOne(labels, SOURCE);
  if (revision === null || source === null) {
    return { ok: false, why: `it does not tell its source, the same for all platforms, by the labels ${SOURCE} and ${REVISION}` };
  }
  if (!COMMIT.test(revision)) return { ok: false, why: `its label ${REVISION} is no whole commit id` };
  const [, host, owner, name] = REPOSITORY.exec(source) ?? [];
  if (host === undefined || owner === undefined || name === undefined || /^\.+$/.test(name)) {
    return { ok: false, why: `its label ${SOURCE} is no address of a repository, as https://github.com/acme/app` };
  }
  return { ok: true, source: { repository: { host, owner, name }, commit: revision } };
}

function theOne(labels: readonly ImageLabels[], name: string): string | null {
  const values = new Set(labels.map((all) => all.get(name)));
  const [value] = values;
  return values.size === 1 && value !== undefined ? value : null;
}
