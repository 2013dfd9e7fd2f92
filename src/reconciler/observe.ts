import { known, unknown, type Answer, type Instant, type Milliseconds } from "../domain/answer.ts";
import { asksCodeOwners } from "../domain/config.ts";
import { compileDiscover } from "../domain/discover.ts";
import type { Ledger } from "../domain/ledger.ts";
import type { ForgeSnapshot, Observation, QuarantineEntry, Repository } from "../domain/observation.ts";
import type { PolicySet } from "../domain/policy/policy-set.ts";
import { LOG_BRANCH } from "../domain/record-file.ts";
import { unansweredSince } from "../domain/requests.ts";
import type { Oid } from "../domain/release.ts";
import { PortFailure, type ReadPorts } from "../ports.ts";
import { CodeOwnersFile } from "./code-owners.ts";
import { EmptyBranches } from "./empty-branches.ts";
import { MergeGroups } from "./merge-groups.ts";
import { PinChanges } from "./pin-changes.ts";
import { PinTable } from "./pin-table.ts";
import { PromotionLog, type WrittenLog } from "./promotion-log.ts";
import { Proposals } from "./proposals.ts";
import { readQuarantine } from "./quarantine-files.ts";
import { Rules } from "./rules.ts";
import { TrustFiles } from "./trust-files.ts";
import { unwatched, type Watch } from "./watch.ts";

/** Ended pull requests are listed from this long before what was seen to: clocks and webhooks are not exact. */
const ENDED_OVERLAP = 10 * 60_000;
/** At the first look, and at most, this far back: whatever happened while nobody was looking. */
const ENDED_AT_START = 14 * 24 * 3_600_000;

/** GitHub's lists may lag behind for this long; what they do not show then is another matter. */
const LISTED_WITHIN: Milliseconds = 2 * 60_000;

/** However sure nobody told of a change: webhooks get lost. */
const SNAPSHOT_MAX_AGE: Milliseconds = 10 * 60_000;

/** What is seen of a repository itself; what this process met with while writing comes to it. */
export type SeenRepository = Omit<Observation, "refusedMerges">;

/** What one repository looked like so far. All of it can be read again from Git and GitHub. */
export class RepositoryView {
  readonly #pins = new PinTable();
  readonly #log = new PromotionLog();
  readonly #changes = new PinChanges();
  readonly #proposals = new Proposals();
  readonly #groups = new MergeGroups();
  readonly #emptyBranches = new EmptyBranches();
  readonly #trustFiles = new TrustFiles();
  readonly #codeOwners = new CodeOwnersFile();
  readonly #rules: Rules;
  readonly #listsPullRequests: boolean;
  readonly #watch: Watch;
  #hasLooked = false;
  /** Up to when everything that was done to pull requests has been seen to, or null. */
  #seenTo: Instant | null = null;
  #last: SeenRepository | null = null;
  #quarantine: { readonly commit: Oid; readonly entries: Answer<readonly QuarantineEntry[]> } | null = null;

  /** `shipped` are the policies that come with Pinion. Without GitHub nobody lists pull requests, and none that is missing is a sign of an old answer. */
  constructor(shipped: PolicySet, { listsPullRequests = true, watch = unwatched } = {}) {
    this.#rules = new Rules(shipped);
    this.#listsPullRequests = listsPullRequests;
    this.#watch = watch;
  }

  /** Notes a commit of the log that this process wrote itself. */
  wrote(written: WrittenLog): void {
    this.#log.wrote(written);
  }

  /** What was seen last is old: something was written since, or an event says so. */
  outdate(): void {
    this.#last = null;
  }

  /** What was seen last, while nothing says that it is old. */
  recent(now: Instant): SeenRepository | null {
    if (this.#last === null) return null;
    const age = now - this.#last.snapshot.at;
    if (this.again !== null && now >= this.again) return null;
    return age >= 0 && age < SNAPSHOT_MAX_AGE ? this.#last : null;
  }

  /** When something that could not be learned at the last look may be known, or null. */
  get again(): Instant | null {
    const moments = [this.#changes.again, this.#proposals.again, this.#groups.again].filter((moment) => moment !== null);
    return moments.length === 0 ? null : Math.min(...moments);
  }

  /** Repositories of the images that are pinned, as of the last look; null before the first. */
  get pins(): Observation["pins"] | null {
    return this.#hasLooked ? this.#pins.pins : null;
  }

  /**
   * Nothing of what was observed is left to do. A pull request that was closed, or asked for something, while nothing could be decided
   * must be listed until it has been seen to, however many others have ended since.
   */
  settle({ snapshot, config }: SeenRepository): void {
    if (config?.ok !== true) return;
    this.#seenTo = Math.min(snapshot.at, unansweredSince(snapshot.ended, config.config.environments, snapshot.at) ?? snapshot.at);
  }

  /** Looks: GitHub in one question, Git for what changed since the last time. */
  async observe(ports: ReadPorts, repository: Repository): Promise<SeenRepository> {
    const since = Math.max(ports.clock.now() - ENDED_AT_START, (this.#seenTo ?? 0) - ENDED_OVERLAP);
    const snapshot = await ports.forge.snapshot(repository, since);
    const { defaultBranch, head, logHead } = snapshot;
    // Both in one fetch, where both have moved.
    const log = logHead === null || this.#log.knows(logHead) ? [] : [{ ref: `refs/heads/${LOG_BRANCH}`, oid: logHead }];
    await ports.manifests.ensure(repository, [{ ref: `refs/heads/${defaultBranch}`, oid: head }, ...log]);
    const rules = await this.#rules.update(ports.manifests, repository, head);
    const config = rules?.config ?? null;
    await this.#log.update(ports, repository, snapshot.logHead);
    const usable = config?.ok === true ? config.config : null;
    if (usable !== null) await this.#pins.update(ports.manifests, repository, snapshot.head, usable, this.#watch);
    const discover = usable === null ? () => null : compileDiscover(usable.discover, usable.environments);
    const ledger = this.#log.ledger;
    if (this.#listsPullRequests) mustList(snapshot, ledger, ports.clock.now());
    const { changes, unexplained } =
      usable === null
        ? { changes: [], unexplained: [] }
        : await this.#changes.find(ports, repository, snapshot, usable, discover, this.#pins.pins, ledger);
    const codeOwners = usable !== null && asksCodeOwners(usable) ? await this.#codeOwners.read(ports, repository, snapshot.head) : null;
    const beside = { ports, repository, config: usable, discover, rules: this.#rules, codeOwners };
    const proposals = config === null ? new Map() : await this.#proposals.update(beside, snapshot);
    const groups = config === null ? new Map() : await this.#groups.update(beside, snapshot);
    const quarantine = await this.#readQuarantine(ports, repository, snapshot);
    const signers = usable === null ? [] : await this.#trustFiles.read(ports, repository, snapshot.head, usable);
    const emptyBranches = await this.#emptyBranches.find(ports.manifests, repository, snapshot);
    this.#hasLooked = true;
    const pins = usable === null ? new Map() : this.#pins.pins;
    const ownPolicies = rules?.ownPolicies ?? [];
    this.#last = { repository, snapshot, config, ownPolicies, pins, quarantine, codeOwners, signers, ledger, changes, unexplained, proposals, groups, emptyBranches };
    return this.#last;
  }

  async #readQuarantine(ports: ReadPorts, repository: Repository, snapshot: ForgeSnapshot): Promise<Answer<readonly QuarantineEntry[]>> {
    if (this.#quarantine?.commit === snapshot.head) return this.#quarantine.entries;
    const { entries, problems } = await readQuarantine(ports.manifests, repository, snapshot.head);
    const answer =
      problems.length === 0
        ? known(entries, snapshot.at)
        : unknown(`a quarantine file cannot be read: ${problems.join("; ")}`, "stalled", snapshot.at);
    this.#quarantine = { commit: snapshot.head, entries: answer };
    return answer;
  }
}

/** GitHub's replicas are behind by a second or so, and seldom by more. */
const LAG: Milliseconds = 2_000;

/**
 * Branches can be shown as they are, and with them the log, and pull requests as they were.
 * @throws {PortFailure} when what was opened just now is neither among the open nor among the ended.
 */
function mustList({ open, ended }: ForgeSnapshot, { openedAs }: Ledger, now: Instant): void {
  const listed = new Set([...open, ...ended].map(({ number }) => number));
  for (const { pullRequest, at } of openedAs.values()) {
    if (listed.has(pullRequest) || Math.abs(now - at) >= LISTED_WITHIN) continue;
    const words = `GitHub does not list #${pullRequest}, which was opened just now: it shows pull requests as they were`;
    throw new PortFailure("dependency", words, { retryAt: now + LAG });
  }
}
