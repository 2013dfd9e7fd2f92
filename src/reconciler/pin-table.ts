import { settingsOf, type Config } from "../domain/config.ts";
import { compileDiscover } from "../domain/discover.ts";
import { environmentPins } from "../domain/environment-pins.ts";
import type { EnvironmentPins, Repository } from "../domain/observation.ts";
import { findPins, type PinsResult } from "../domain/pins.ts";
import type { AppName, EnvironmentName, Oid } from "../domain/release.ts";
import type { ManifestsRepository } from "../ports.ts";

/** Blobs read at once, so that a large repository is not in memory twice. */
const READ_BATCH = 2_000;

export type Discover = ReturnType<typeof compileDiscover>;

/** The files of the default branch that pin something, read once and then kept up by what changes. */
export class PinTable {
  #commit: Oid | null = null;
  #config: Config | null = null;
  #discover: Discover | null = null;
  #pins = new Map<AppName, Map<EnvironmentName, EnvironmentPins>>();
  #owner = new Map<string, string>();
  /** Two files claim one place: which of them stays is only seen by reading all again. */
  #contested = false;

  get pins(): ReadonlyMap<AppName, ReadonlyMap<EnvironmentName, EnvironmentPins>> {
    return this.#pins;
  }

  /** Brings the table to this commit and this config. */
  async update(manifests: ManifestsRepository, repository: Repository, commit: Oid, config: Config): Promise<void> {
    if (this.#commit === commit && this.#config === config) return;
    const fresh = this.#contested || this.#config !== config || this.#commit === null || this.#discover === null;
    const changed =
      fresh || this.#commit === null
        ? await manifests.files(repository, commit)
        : await manifests.changedFiles(repository, this.#commit, commit);
    const discover = fresh || this.#discover === null ? compileDiscover(config.discover, config.environments) : this.#discover;
    if (fresh) {
      this.#pins = new Map();
      this.#owner = new Map();
      this.#contested = false;
    }
    const matching = changed.filter(({ path }) => discover(path) !== null);
    for (let start = 0; start < matching.length; start += READ_BATCH) {
      await this.#take(manifests, repository, config, discover, matching.slice(start, start + READ_BATCH));
    }
    this.#commit = commit;
    this.#config = config;
    this.#discover = discover;
  }

  async #take(
    manifests: ManifestsRepository,
    repository: Repository,
    config: Config,
    discover: Discover,
    entries: readonly { readonly path: string; readonly blob: Oid | null }[],
  ): Promise<void> {
    const blobs = entries.map(({ blob }) => blob).filter((blob) => blob !== null);
    const contents = await manifests.read(repository, blobs);
    for (const { path, blob } of entries) {
      const place = discover(path);
      if (place === null) continue;
      if (blob === null) this.#remove(place.app, place.environment, path);
      else this.#set(config, place.app, place.environment, path, readPins(path, contents.get(blob) ?? null));
    }
  }

  #remove(app: AppName, environment: EnvironmentName, path: string): void {
    if (this.#owner.get(`${environment}/${app}`) !== path) return;
    this.#owner.delete(`${environment}/${app}`);
    this.#pins.get(app)?.delete(environment);
  }

  #set(config: Config, app: AppName, environment: EnvironmentName, path: string, found: PinsResult): void {
    const key = `${environment}/${app}`;
    const owner = this.#owner.get(key);
    let environments = this.#pins.get(app);
    if (environments === undefined) {
      environments = new Map();
      this.#pins.set(app, environments);
    }
    if (owner !== undefined && owner !== path) {
      this.#contested = true;
      environments.set(environment, { ok: false, file: owner, problem: `both ${owner} and ${path} are found for ${app} in ${environment}; keep one` });
      return;
    }
    this.#owner.set(key, path);
    environments.set(environment, environmentPins(app, settingsOf(config, app), path, found));
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
