import { known, unknown, type Answer } from "../domain/answer.ts";
import type { Config } from "../domain/config.ts";
import type { Repository } from "../domain/observation.ts";
import type { Oid } from "../domain/release.ts";
import { trustSigners, type Signer, type TrustedSigner } from "../domain/supply-chain/signer.ts";
import { PortFailure, type ReadPorts } from "../ports.ts";

interface Seen {
  readonly commit: Oid;
  readonly signers: readonly Signer[];
  readonly trusted: readonly TrustedSigner[];
}

/** The keys and trusted roots of the configured signers, read from the commit that the configuration is of, and guarded as it is. */
export class TrustFiles {
  #seen: Seen | null = null;

  /** What cannot be read is told of the signers that need it, and read again at the next look. */
  async read(ports: ReadPorts, repository: Repository, commit: Oid, { signers }: Config): Promise<readonly TrustedSigner[]> {
    if (this.#seen?.commit === commit && this.#seen.signers === signers) return this.#seen.trusted;
    const files = new Map<string, Answer<string | null>>();
    for (const { file } of signers) if (!files.has(file)) files.set(file, await this.#file(ports, repository, commit, file));
    const trusted = trustSigners(signers, files);
    const isComplete = [...files.values()].every((answer) => answer.known);
    this.#seen = isComplete ? { commit, signers, trusted } : null;
    return trusted;
  }

  async #file(ports: ReadPorts, repository: Repository, commit: Oid, path: string): Promise<Answer<string | null>> {
    const now = ports.clock.now();
    try {
      const bytes = await ports.manifests.file(repository, commit, path);
      return known(bytes === null ? null : new TextDecoder().decode(bytes), now);
    } catch (problem) {
      if (!(problem instanceof PortFailure)) throw problem;
      return unknown(problem.message, problem.kind, now);
    }
  }
}
