import { known, unknown, type Answer } from "../domain/answer.ts";
import { CONFIG_PATH, settingsOf, type Config, type ConfigResult } from "../domain/config.ts";
import { parseConfig } from "../domain/config-file.ts";
import { environmentPins, pinnedOf } from "../domain/environment-pins.ts";
import type { ForgeSnapshot, ProposedChange, PullRequest, QuarantineEntry, Repository } from "../domain/observation.ts";
import { editPins } from "../domain/pins.ts";
import { parseQuarantine, QUARANTINE_FOLDER } from "../domain/quarantine.ts";
import { sameRelease, type Oid, type Pinned } from "../domain/release.ts";
import { PortFailure, type Ports } from "../ports.ts";
import { decodeManifest, readPins, type Discover } from "./pin-table.ts";

/** What each open pull request would change; read once for each pair of heads. */
export class Proposals {
  #read = new Map<number, { readonly key: string; readonly change: ProposedChange }>();

  async update(
    ports: Ports,
    repository: Repository,
    snapshot: ForgeSnapshot,
    config: Config | null,
    discover: Discover,
    configVersion: string,
  ): Promise<ReadonlyMap<number, Answer<ProposedChange>>> {
    const judged = snapshot.open.filter((pullRequest) => pullRequest.base === snapshot.defaultBranch);
    const answers = new Map<number, Answer<ProposedChange>>();
    const read = new Map<number, { readonly key: string; readonly change: ProposedChange }>();
    for (const pullRequest of judged) {
      const key = `${snapshot.head} ${pullRequest.head.oid} ${configVersion}`;
      const before = this.#read.get(pullRequest.number);
      const answer = before?.key === key ? known(before.change, snapshot.at) : await attempt(ports, repository, snapshot, pullRequest, config, discover);
      answers.set(pullRequest.number, answer);
      if (answer.known) read.set(pullRequest.number, { key, change: answer.value });
    }
    this.#read = read;
    return answers;
  }
}

async function attempt(
  ports: Ports,
  repository: Repository,
  snapshot: ForgeSnapshot,
  pullRequest: PullRequest,
  config: Config | null,
  discover: Discover,
): Promise<Answer<ProposedChange>> {
  try {
    await ports.manifests.ensure(repository, [{ ref: `refs/pull/${pullRequest.number}/head`, oid: pullRequest.head.oid }]);
    return known(await readProposal(ports, repository, snapshot.head, pullRequest.head.oid, config, discover), ports.clock.now());
  } catch (error) {
    if (error instanceof PortFailure) return unknown(error.message, error.kind, ports.clock.now());
    throw error;
  }
}

interface Found {
  readonly promotions: ProposedChange["promotions"][number][];
  readonly otherFiles: string[];
  readonly quarantines: QuarantineEntry[];
  readonly broken: string[];
  config: ConfigResult | null;
}

/** Reads what merging `head` into `base` would change, from the merge of both and not from either alone. */
async function readProposal(ports: Ports, repository: Repository, base: Oid, head: Oid, config: Config | null, discover: Discover): Promise<ProposedChange> {
  const merged = await ports.manifests.mergeTree(repository, base, head);
  const found: Found = { promotions: [], otherFiles: [], quarantines: [], broken: [], config: null };
  if ("conflicts" in merged) return { base, head, conflicts: merged.conflicts, ...found };
  const changed = await ports.manifests.changedFiles(repository, base, merged.tree);
  const contents = await ports.manifests.read(repository, changed.map(({ blob }) => blob).filter((blob) => blob !== null));
  for (const { path, blob } of changed) {
    const before = await ports.manifests.file(repository, base, path);
    const after = blob === null ? null : (contents.get(blob) ?? null);
    const tooLarge = blob !== null && after === null;
    const place = discover(path);
    if (path === CONFIG_PATH) found.config = readConfig(after);
    else if (place !== null && config !== null && !tooLarge) takeManifest(found, config, place, path, before, after);
    else if (path.startsWith(QUARANTINE_FOLDER) && before === null && after !== null) takeQuarantine(found, path, after);
    else found.otherFiles.push(path);
    if (place !== null && tooLarge) found.broken.push(`${path} is larger than Pinion reads`);
  }
  return { base, head, conflicts: [], ...found };
}

function readConfig(bytes: Uint8Array | null): ConfigResult {
  if (bytes === null) return { ok: false, problems: [{ line: 1, column: 1, message: `${CONFIG_PATH} would be gone` }] };
  try {
    return parseConfig(decodeManifest(bytes));
  } catch {
    return { ok: false, problems: [{ line: 1, column: 1, message: `${CONFIG_PATH} is not UTF-8 text` }] };
  }
}

function takeManifest(
  found: Found,
  config: Config,
  place: { readonly app: string; readonly environment: string },
  path: string,
  before: Uint8Array | null,
  after: Uint8Array | null,
): void {
  const { app, environment } = place;
  const read = (bytes: Uint8Array | null) => (bytes === null ? null : environmentPins(app, settingsOf(config, app), path, readPins(path, bytes)));
  const then = read(after);
  if (then?.ok === false) found.broken.push(then.problem);
  const from = pinnedOf(read(before));
  const to = pinnedOf(then);
  if (from === null ? to !== null : to === null || !sameRelease(from, to)) found.promotions.push({ app, environment, from, to });
  if (!onlyPinsChange(path, before, after, to)) found.otherFiles.push(path);
}

/** Whether setting the pins in the old file gives exactly the new file. */
function onlyPinsChange(path: string, before: Uint8Array | null, after: Uint8Array | null, to: Pinned | null): boolean {
  if (before === null || after === null || to === null) return false;
  const edits = to.images.flatMap((image) => (image.digest === null ? [] : [{ repository: image.repository, tag: image.tag, digest: image.digest }]));
  const edited = editPins(path, decodeManifest(before), edits);
  return edited.outcome === "changed" && edited.text === decodeManifest(after);
}

function takeQuarantine(found: Found, path: string, bytes: Uint8Array): void {
  const parsed = parseQuarantine(path, new TextDecoder().decode(bytes));
  if (parsed.ok) found.quarantines.push(parsed.entry);
  else found.broken.push(parsed.problem);
}
