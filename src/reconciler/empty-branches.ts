import type { ForgeSnapshot, Repository } from "../domain/observation.ts";
import type { Oid } from "../domain/release.ts";
import { PortFailure, type ManifestsRepository } from "../ports.ts";

/** Finds branches that hold nothing which the default branch does not hold: claims whose commit never came. */
export class EmptyBranches {
  /** What is in the default branch stays there. */
  readonly #within = new Set<Oid>();
  #outside: { readonly head: Oid; readonly oids: ReadonlySet<Oid> } = { head: "", oids: new Set() };

  /** Their names. One of which that cannot be told is none: who made it may have put something there. */
  async find(manifests: ManifestsRepository, repository: Repository, { branches, head }: ForgeSnapshot): Promise<ReadonlySet<string>> {
    const known = this.#outside.head === head ? this.#outside.oids : new Set<Oid>();
    const outside = new Set<Oid>();
    const empty = new Set<string>();
    for (const { name, oid, own } of branches) {
      if (own) continue;
      if (!known.has(oid) && (await this.#isWithin(manifests, repository, oid, head))) empty.add(name);
      else outside.add(oid);
    }
    this.#outside = { head, oids: outside };
    return empty;
  }

  async #isWithin(manifests: ManifestsRepository, repository: Repository, oid: Oid, head: Oid): Promise<boolean> {
    if (oid === head || this.#within.has(oid)) return true;
    try {
      if (!(await manifests.isAncestor(repository, oid, head))) return false;
    } catch (problem) {
      // What is not in the mirror of the default branch is not in the default branch.
      if (problem instanceof PortFailure) return false;
      throw problem;
    }
    this.#within.add(oid);
    return true;
  }
}
