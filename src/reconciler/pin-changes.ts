import { settingsOf, type Config } from "../domain/config.ts";
import { environmentPins, pinnedOf } from "../domain/environment-pins.ts";
import { placeOf, type Ledger } from "../domain/ledger.ts";
import type { Actor, EnvironmentPins, ForgeSnapshot, PinChange, Repository } from "../domain/observation.ts";
import { sameRelease, type AppName, type EnvironmentName, type Oid, type Pinned } from "../domain/release.ts";
import type { PathCommit, Ports } from "../ports.ts";
import { readPins } from "./pin-table.ts";

/** Commits looked back through for one changed pin. */
const HISTORY_LIMIT = 100;

interface Suspect {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly file: string;
  readonly expected: Pinned | null;
  readonly since: Oid;
  readonly here: EnvironmentPins;
}

type Pins = ReadonlyMap<AppName, ReadonlyMap<EnvironmentName, EnvironmentPins>>;

/** Finds changes of pins on the default branch that the log does not know, each with the commit that made it. */
export class PinChanges {
  #installed: Oid | null = null;
  #head: Oid | null = null;
  #touched: ReadonlySet<string> = new Set();
  /** The log for which nothing unknown was found at this head. */
  #explained: Ledger | null = null;
  #pins: Pins | null = null;

  async find(ports: Ports, repository: Repository, snapshot: ForgeSnapshot, config: Config, pins: Pins, ledger: Ledger): Promise<readonly PinChange[]> {
    if (ledger.installed === null) return [];
    if (this.#head === snapshot.head && this.#explained === ledger && this.#pins === pins) return [];
    await this.#update(ports, repository, ledger.installed.commit, snapshot.head);
    const changes: PinChange[] = [];
    for (const suspect of suspects(pins, ledger, this.#touched, ledger.installed.commit)) {
      changes.push(...(await explain(ports, repository, snapshot, config, suspect)));
    }
    this.#explained = changes.length === 0 ? ledger : null;
    this.#pins = pins;
    return changes;
  }

  /** Files that differ from the time of the installation: only there can a place without records have changed. */
  async #update(ports: Ports, repository: Repository, installed: Oid, head: Oid): Promise<void> {
    if (this.#installed === installed && this.#head === head) return;
    const changed = installed === head ? [] : await ports.manifests.changedFiles(repository, installed, head);
    this.#touched = new Set(changed.map(({ path }) => path));
    this.#installed = installed;
    this.#head = head;
  }
}

function suspects(pins: Pins, ledger: Ledger, touched: ReadonlySet<string>, installed: Oid): readonly Suspect[] {
  const found: Suspect[] = [];
  for (const [app, environments] of pins) {
    for (const [environment, here] of environments) {
      const current = placeOf(ledger, app, environment).current;
      if (current === null && !touched.has(here.file)) continue;
      const expected = current?.release ?? null;
      const pinned = pinnedOf(here);
      if (pinned === null || (expected !== null && sameRelease(expected, pinned))) continue;
      found.push({ app, environment, file: here.file, expected, since: current?.commit ?? installed, here });
    }
  }
  return found;
}

async function explain(ports: Ports, repository: Repository, snapshot: ForgeSnapshot, config: Config, suspect: Suspect): Promise<readonly PinChange[]> {
  const { app, environment, file } = suspect;
  const pinnedAt = async (commit: Oid) => {
    const bytes = await ports.manifests.file(repository, commit, file);
    return bytes === null ? null : pinnedOf(environmentPins(app, settingsOf(config, app), file, readPins(file, bytes)));
  };
  const commits = await ports.manifests.history(repository, file, suspect.since, snapshot.head, HISTORY_LIMIT);
  let before = suspect.expected ?? (await pinnedAt(suspect.since));
  const changes: PinChange[] = [];
  for (const commit of commits) {
    const after = await pinnedAt(commit.oid);
    if (before === null ? after === null : after !== null && sameRelease(before, after)) continue;
    changes.push({ app, environment, from: before, to: after, ...(await origin(ports, repository, snapshot, commit)) });
    before = after;
  }
  // The history does not lead from what was known to what is there: the branch was rewritten, or the change is too old.
  const now = pinnedOf(suspect.here);
  if (now !== null && (before === null || !sameRelease(before, now))) {
    const author: Actor = { login: "unknown", kind: "ghost" };
    changes.push({ app, environment, from: before, to: now, commit: snapshot.head, at: snapshot.at, author, pullRequest: null });
  }
  return changes;
}

async function origin(ports: Ports, repository: Repository, snapshot: ForgeSnapshot, commit: PathCommit): Promise<Pick<PinChange, "commit" | "at" | "author" | "pullRequest">> {
  const listed = snapshot.ended.find((pullRequest) => pullRequest.merge?.commit === commit.oid);
  const pullRequest = listed ?? (await ports.forge.pullRequestOf(repository, commit.oid));
  // Git's author name is only what the committer wrote; it is shown, and decides nothing.
  const author: Actor = pullRequest?.author ?? { login: commit.authorName, kind: "user" };
  return { commit: commit.oid, at: commit.at, author, pullRequest };
}
