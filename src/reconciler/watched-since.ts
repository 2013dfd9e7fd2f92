import { CONFIG_PATH } from "../domain/config.ts";
import { parseConfig } from "../domain/config-file.ts";
import { compileDiscover } from "../domain/discover.ts";
import type { Repository } from "../domain/observation.ts";
import type { AppName, EnvironmentName, Oid } from "../domain/release.ts";
import type { PathCommit, ReadPorts } from "../ports.ts";
import { decodeManifest, type Discover } from "./pin-table.ts";

/** Changes of the configuration that are looked back through. */
const HISTORY_LIMIT = 100;

interface Configured {
  readonly commit: Oid;
  /** Null where the configuration could not be read: nobody looked anywhere then. */
  readonly discover: Discover | null;
}

/** Since when the configuration has looked at a place: what its file did before that is nobody's change of a pin. */
export class WatchedSince {
  readonly #ports: ReadPorts;
  readonly #repository: Repository;
  readonly #installed: Oid;
  readonly #head: Oid;
  #history: Promise<readonly Configured[]> | null = null;

  constructor(ports: ReadPorts, repository: Repository, installed: Oid, head: Oid) {
    this.#ports = ports;
    this.#repository = repository;
    this.#installed = installed;
    this.#head = head;
  }

  /** The commit of the configuration that found the place, or the installation. */
  async find(app: AppName, environment: EnvironmentName, file: string): Promise<Oid> {
    this.#history ??= this.#read();
    let since = this.#head;
    for (const { commit, discover } of (await this.#history).toReversed()) {
      const place = discover?.(file);
      if (discover !== null && (place?.app !== app || place.environment !== environment)) break;
      since = commit;
    }
    return since;
  }

  /** Oldest first, from the installation on. */
  async #read(): Promise<readonly Configured[]> {
    const { manifests } = this.#ports;
    const commits = await manifests.history(this.#repository, CONFIG_PATH, this.#installed, this.#head, HISTORY_LIMIT);
    const oids = [this.#installed, ...commits.map(({ oid }: PathCommit) => oid)];
    return Promise.all(oids.map(async (commit) => ({ commit, discover: await this.#discoverAt(commit) })));
  }

  async #discoverAt(commit: Oid): Promise<Discover | null> {
    const bytes = await this.#ports.manifests.file(this.#repository, commit, CONFIG_PATH);
    try {
      const parsed = bytes === null ? null : parseConfig(decodeManifest(bytes));
      return parsed?.ok === true ? compileDiscover(parsed.config.discover, parsed.config.environments) : null;
    } catch {
      return null;
    }
  }
}
