import { known, unknown, type Answer } from "../domain/answer.ts";
import { CODE_OWNERS_PATHS, NO_CODE_OWNERS, parseCodeOwners, type CodeOwners } from "../domain/code-owners.ts";
import type { Repository } from "../domain/observation.ts";
import type { Oid } from "../domain/release.ts";
import { PortFailure, type ReadPorts } from "../ports.ts";

/** GitHub takes no larger file for code owners (docs, "About code owners"). */
const MOST_BYTES = 3 * 1024 * 1024;

/** The code owners of the default branch: read anew only when it has moved. */
export class CodeOwnersFile {
  #seen: { readonly commit: Oid; readonly answer: Answer<CodeOwners> } | null = null;

  /** What cannot be read is read again at the next look. */
  async read(ports: ReadPorts, repository: Repository, commit: Oid): Promise<Answer<CodeOwners>> {
    if (this.#seen?.commit === commit) return this.#seen.answer;
    try {
      const answer = await this.#find(ports, repository, commit);
      this.#seen = { commit, answer };
      return answer;
    } catch (problem) {
      if (!(problem instanceof PortFailure)) throw problem;
      return unknown(problem.message, problem.kind, ports.clock.now());
    }
  }

  /** The first in GitHub's order that is there. */
  async #find(ports: ReadPorts, repository: Repository, commit: Oid): Promise<Answer<CodeOwners>> {
    const now = ports.clock.now();
    for (const path of CODE_OWNERS_PATHS) {
      const bytes = await ports.manifests.file(repository, commit, path);
      if (bytes === null) continue;
      if (bytes.byteLength >= MOST_BYTES) return unknown(`${path} has 3 MB or more, and GitHub reads no such file either: make it smaller`, "stalled", now);
      const text = textOf(bytes);
      return text === null ? unknown(`${path} is not UTF-8 text: save it as such`, "stalled", now) : known(parseCodeOwners(path, text), now);
    }
    return unknown(`${NO_CODE_OWNERS.problem}. ${NO_CODE_OWNERS.cure}`, "stalled", now);
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
