import { known, type Answer, type Instant, type Milliseconds } from "../domain/answer.ts";
import type { ForgeSnapshot, ProposedChange, QueueEntry } from "../domain/observation.ts";
import type { Oid } from "../domain/release.ts";
import { PortFailure } from "../ports.ts";
import { attemptChange, FROM_BRANCHES, isFresh, readProposal, type Beside, type Reader } from "./proposals.ts";
import { SharedPins } from "./shared-pins.ts";

/** While something is queued: without the permission `merge_queues: read`, GitHub does not tell when a group is made, or given up. */
const LOOK_AGAIN: Milliseconds = 30_000;

/** Only who may write puts anything into the queue. */
const ANEW: Reader["once"] = {
  rules: async (_from, make) => make(),
  files: async (_from, make) => make(),
  changed: async (_from, make) => make(),
  manifests: async (_from, make) => make(),
};

interface Reading {
  readonly key: string;
  readonly answer: Answer<ProposedChange>;
}

/** What each commit changes that the merge queue tries, on top of the one before. Read once for each pair of commits. */
export class MergeGroups {
  #read = new Map<Oid, Reading>();
  readonly #shared = new SharedPins();
  #again: Instant | null = null;

  /** When to look at the queue again, or null while nothing is in it. */
  get again(): Instant | null {
    return this.#again;
  }

  async update(beside: Beside, snapshot: ForgeSnapshot): Promise<ReadonlyMap<Oid, Answer<ProposedChange>>> {
    const { ports, rules, codeOwners } = beside;
    const { queue, defaultBranch, at } = snapshot;
    const entries = queue.known && queue.value !== null ? queue.value.entries : [];
    const reader: Reader = { ...beside, limits: FROM_BRANCHES, once: ANEW, shared: this.#shared };
    const read = new Map<Oid, Reading>();
    const answers = new Map<Oid, Answer<ProposedChange>>();
    for (const { pullRequest, group } of entries) {
      if (group === null) continue;
      const ahead = [...read].flatMap(([head, { answer }]) => (answer.known ? [head] : []));
      const key = `${ahead.join(" ")} ${group.base} ${group.head} ${rules.version} ${codeOwners?.known ?? "unasked"}`;
      const before = this.#read.get(group.head);
      const stands = before?.key === key && isFresh(before.answer, ports.clock.now());
      const answer = stands ? before.answer : await attempt(reader, defaultBranch, pullRequest, group, ahead);
      read.set(group.head, { key, answer });
      answers.set(group.head, answer.known ? known(answer.value, at) : answer);
    }
    this.#read = read;
    this.#again = entries.length === 0 ? null : at + LOOK_AGAIN;
    return answers;
  }
}

/**
 * The branch's name is GitHub's own; where it is another, the commit is fetched by its id. What it stands on is told by Git: the last one
 * ahead that it holds, or the base that GitHub names.
 */
async function attempt(
  reader: Reader,
  branch: string,
  pullRequest: number,
  { base, head }: NonNullable<QueueEntry["group"]>,
  ahead: readonly Oid[],
): Promise<Answer<ProposedChange>> {
  const ref = `refs/heads/gh-readonly-queue/${branch}/pr-${pullRequest}-${base}`;
  return attemptChange(reader, pullRequest, { ref, oid: head }, async () => {
    const holds = (commit: Oid) => reader.ports.manifests.isAncestor(reader.repository, commit, head);
    for (const below of ahead.toReversed()) if (await holds(below)) return readProposal(reader, below, head);
    if (await holds(base)) return readProposal(reader, base, head);
    throw new PortFailure("dependency", `what the merge queue tries of #${pullRequest} does not stand on its base ${base.slice(0, 12)}: look again`);
  });
}
