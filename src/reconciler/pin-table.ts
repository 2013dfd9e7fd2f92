import { settingsOf, type Config } from "../domain/config.ts";
import { compileDiscover } from "../domain/discover.ts";
import { environmentPins } from "../domain/environment-pins.ts";
import type { EnvironmentPins, Repository } from "../domain/observation.ts";
import { findPins, type PinsResult } from "../domain/pins.ts";
import type { AppName, EnvironmentName, Oid } from "../domain/release.ts";
import type { ManifestsRepository } from "../ports.ts";
import { unwatched, type Watch } from "./watch.ts";

/** Blobs read at once, so that a large repository is not in memory twice. */
const READ_BATCH = 2_000;

export type Discover = ReturnType<typeof compileDiscover>;

/** What one commit pins, as told by its files. */
class Places {
  readonly pins = new Map<AppName, ReadonlyMap<EnvironmentName, EnvironmentPins>>();
  /** Every file that is found for a place, by place: one is the rule, more are somebody's mistake. */
  readonly #claims = new Map<string, readonly EnvironmentPins[]>();

  set(app: AppName, environment: EnvironmentName, here: EnvironmentPins): void {
    const others = this.#claimsOf(app, environment).filter(({ file }) => file !== here.file);
    this.#settle(app, environment, [...others, here]);
  }

  remove(app: AppName, environment: EnvironmentName, path: string): void {
    const others = this.#claimsOf(app, environment).filter(({ file }) => file !== path);
    this.#settle(app, environment, others);
  }

  #claimsOf(app: AppName, environment: EnvironmentName): readonly EnvironmentPins[] {
    return this.#claims.get(`${environment}/${app}`) ?? [];
  }

  #settle(app: AppName, environment: EnvironmentName, claims: readonly EnvironmentPins[]): void {
    this.#claims.set(`${environment}/${app}`, claims);
    // A new map: what was planned from the old one may still be remembered by it.
    const environments = new Map(this.pins.get(app));
    this.pins.set(app, environments);
    const [one, other] = claims.length < 2 ? claims : claims.toSorted((a, b) => (a.file < b.file ? -1 : 1));
    if (one === undefined) environments.delete(environment);
    else if (other === undefined) environments.set(environment, one);
    else {
      const problem = `both ${one.file} and ${other.file} are found for ${app} in ${environment}; keep one`;
      environments.set(environment, { ok: false, file: one.file, problem });
    }
  }
}

/** The table for one commit and one config. */
interface Table {
  readonly commit: Oid;
  readonly config: Config;
  readonly discover: Discover;
  readonly places: Places;
}

/** The files of the default branch that pin something, read once and then kept up by what changes. */
export class PinTable {
  #table: Table | null = null;

  get pins(): ReadonlyMap<AppName, ReadonlyMap<EnvironmentName, EnvironmentPins>> {
    return this.#table?.places.pins ?? new Map();
  }

  /**
   * Brings the table to this commit and this config. When reading fails it stays at the commit before,
   * and the next update takes every change since then again.
   *
   * @param watch Is told how many of the files are read.
   */
  async update(manifests: ManifestsRepository, repository: Repository, commit: Oid, config: Config, watch: Watch = unwatched): Promise<void> {
    const before = this.#table?.config === config ? this.#table : null;
    if (before?.commit === commit) return;
    const changed =
      before === null ? await manifests.files(repository, commit) : await manifests.changedFiles(repository, before.commit, commit);
    const table: Table =
      before === null
        ? { commit, config, discover: compileDiscover(config.discover, config.environments), places: new Places() }
        : { ...before, commit };
    const matching = changed.filter(({ path }) => table.discover(path) !== null);
    for (let start = 0; start < matching.length; start += READ_BATCH) {
      watch("reading", start, matching.length);
      await take(manifests, repository, table, matching.slice(start, start + READ_BATCH));
    }
    this.#table = table;
  }
}

async function take(
  manifests: ManifestsRepository,
  repository: Repository,
  { config, discover, places }: Table,
  entries: readonly { readonly path: string; readonly blob: Oid | null }[],
): Promise<void> {
  const blobs = entries.map(({ blob }) => blob).filter((blob) => blob !== null);
  const contents = await manifests.read(repository, blobs);
  for (const { path, blob } of entries) {
    const place = discover(path);
    if (place === null) continue;
    const { app, environment } = place;
    if (blob === null) places.remove(app, environment, path);
    else places.set(app, environment, environmentPins(app, settingsOf(config, app), path, readPins(path, contents.get(blob) ?? null)));
  }
}

/** Reads a manifest's bytes. Bytes that are no UTF-8, or too many, are a problem of that file alone. */
export function readPins(path: string, bytes: Uint8Array | null): PinsResult {
  if (bytes === null) return { ok: false, problem: `${path} is larger than Pinion reads` };
  try {
    return findPins(path, decodeManifest(bytes));
  } catch {
    return { ok: false, problem: `${path} is not UTF-8 text` };
  }
}

/** Decodes so that the same bytes come out again: a byte order mark is kept, and bad UTF-8 throws. */
export function decodeManifest(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}
