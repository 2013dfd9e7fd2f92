import { known, unknown, type Answer, type Instant, type Milliseconds } from "../domain/answer.ts";
import { ownedFiles, type CodeOwners } from "../domain/code-owners.ts";
import { settingsOf, type Config, type ConfigResult } from "../domain/config.ts";
import { environmentPins, pinnedOf } from "../domain/environment-pins.ts";
import type { Fact, Manifest } from "../domain/facts.ts";
import type { ForgeSnapshot, ProposedChange, PullRequest, QuarantineEntry, Repository } from "../domain/observation.ts";
import { editPins } from "../domain/pins.ts";
import { isKustomizationFile, kustomizationsIn } from "../domain/pins/kustomization.ts";
import { isQuarantineFile, parseQuarantine, QUARANTINE_FOLDER } from "../domain/quarantine.ts";
import { sameRelease, type Oid, type Pinned } from "../domain/release.ts";
import { PortFailure, type ReadPorts } from "../ports.ts";
import { changedManifests } from "./changed-manifests.ts";
import { LastMade, type Once } from "./last-made.ts";
import { decodeManifest, readPins, type Discover } from "./pin-table.ts";
import { isRule, mayBeRule, readProposedRules, type ChangedPath } from "./proposed-rules.ts";
import { misplacedQuarantines } from "./quarantine-files.ts";
import type { CurrentRules } from "./rules.ts";
import { SharedPins, type ChangedFile as FileChange, type ChangedReading } from "./shared-pins.ts";

/** A pull request that changes more files than this is not judged: one person's mistake must not hold up everybody's promotions. */
const MOST_CHANGED_FILES = 3_000;
/** Registries are asked for each image of a pull request: one stranger's must not keep them from being asked for others. */
const MOST_IMAGES = 500;

/** How much text one pull request may bring. Text made for it costs the parser a hundredth of a millisecond for each character. */
export interface TextLimits {
  /** Bytes of files of environments, and in quarantine. */
  readonly places: number;
  /** Characters of all manifests. */
  readonly manifests: number;
}

const MIB = 1024 * 1024;
/** From a fork it may be anybody's: a stranger's must not keep Pinion busy for minutes. */
const FROM_FORKS: TextLimits = { places: MIB, manifests: 4 * MIB };
/** Only who may write can push a branch here, or put something into the merge queue. Their definitions of resources alone can have some MiB. */
export const FROM_BRANCHES: TextLimits = { places: 8 * MIB, manifests: 32 * MIB };

/** What could not be learned of the same two heads is not asked again before this: the answer would be the same, and costs processes. */
const UNKNOWN_LIFE: Milliseconds = 60_000;

interface Reading {
  readonly key: string;
  readonly answer: Answer<ProposedChange>;
}

/** What each open pull request would change; read once for each pair of heads. */
export class Proposals {
  #read = new Map<number, Reading>();
  readonly #rules = new LastMade<ConfigResult>();
  readonly #files = new LastMade<FilesRead>();
  readonly #changed = new LastMade<ChangedReading | null>();
  readonly #manifests = new LastMade<Fact<readonly Manifest[]>>();
  readonly #shared = new SharedPins();

  async update(beside: Beside, snapshot: ForgeSnapshot): Promise<ReadonlyMap<number, Answer<ProposedChange>>> {
    const { ports, rules, codeOwners } = beside;
    const judged = snapshot.open.filter((pullRequest) => pullRequest.base === snapshot.defaultBranch);
    const answers = new Map<number, Answer<ProposedChange>>();
    const read = new Map<number, Reading>();
    for (const pullRequest of judged) {
      const key = `${snapshot.head} ${pullRequest.head.oid} ${rules.version} ${codeOwners?.known ?? "unasked"}`;
      const before = this.#read.get(pullRequest.number);
      const stands = before?.key === key && isFresh(before.answer, ports.clock.now());
      const { number } = pullRequest;
      const once = { rules: this.#rules.of(number), files: this.#files.of(number), changed: this.#changed.of(number), manifests: this.#manifests.of(number) };
      const limits = pullRequest.head.fork ? FROM_FORKS : FROM_BRANCHES;
      const reader = { ...beside, limits, once, shared: this.#shared };
      const answer = stands ? before.answer : await attempt(reader, snapshot, pullRequest);
      answers.set(pullRequest.number, answer.known ? known(answer.value, snapshot.at) : answer);
      read.set(pullRequest.number, { key, answer });
    }
    this.#read = read;
    for (const made of [this.#rules, this.#files, this.#changed, this.#manifests]) made.keep(read);
    return answers;
  }

  /** When what could not be learned may be asked again, or null when everything is known. */
  get again(): Instant | null {
    const unknowns = [...this.#read.values()].flatMap(({ answer }) =>
      answer.known || answer.failure === "stalled" ? [] : [answer.at + UNKNOWN_LIFE],
    );
    return unknowns.length === 0 ? null : Math.min(...unknowns);
  }
}

/** Time that goes backwards makes nothing last longer. */
export function isFresh(answer: Answer<ProposedChange>, now: Instant): boolean {
  return answer.known || (answer.at <= now && now < answer.at + UNKNOWN_LIFE);
}

/** What all changes are read with at one look. */
export interface Beside {
  readonly ports: ReadPorts;
  readonly repository: Repository;
  readonly config: Config | null;
  readonly discover: Discover;
  readonly rules: CurrentRules;
  /** Of the default branch; null where no environment asks for them. */
  readonly codeOwners: Answer<CodeOwners> | null;
}

/** What one change is read with. */
export interface Reader extends Beside {
  readonly limits: TextLimits;
  /** What is made of the changes alone, and is not made again while they are the same. */
  readonly once: {
    readonly rules: Once<ConfigResult>;
    readonly files: Once<FilesRead>;
    readonly changed: Once<ChangedReading | null>;
    readonly manifests: Once<Fact<readonly Manifest[]>>;
  };
  readonly shared: SharedPins;
}

/** One pull request that cannot be read is unknown by itself: it never keeps the others from being judged. */
async function attempt(reader: Reader, snapshot: ForgeSnapshot, pullRequest: PullRequest): Promise<Answer<ProposedChange>> {
  const { number, head } = pullRequest;
  return attemptChange(reader, number, { ref: `refs/pull/${number}/head`, oid: head.oid }, () => readProposal(reader, snapshot.head, head.oid));
}

/** Brings a commit of a pull request here and reads it. What goes wrong with one is unknown of that one. */
export async function attemptChange(
  { ports, repository }: Reader,
  pullRequest: number,
  wanted: { readonly ref: string; readonly oid: Oid },
  read: () => Promise<ProposedChange>,
): Promise<Answer<ProposedChange>> {
  try {
    await ports.manifests.ensure(repository, [wanted]);
    return known(await read(), ports.clock.now());
  } catch (error) {
    if (error instanceof PortFailure) return unknown(error.message, error.kind, ports.clock.now());
    ports.journal.error("a pull request cannot be read, in a way nobody foresaw", {
      repository: repository.id,
      pullRequest,
      error,
    });
    return unknown("reading this pull request failed inside Pinion; its log says more", "error", ports.clock.now());
  }
}

interface Found {
  readonly promotions: FilesRead["promotions"];
  readonly otherFiles: string[];
  readonly quarantines: FilesRead["quarantines"];
  readonly broken: string[];
  config: ConfigResult | null;
}

/** What the changed files say, each by itself. */
export interface FilesRead {
  readonly promotions: ProposedChange["promotions"];
  readonly otherFiles: readonly string[];
  readonly quarantines: readonly QuarantineEntry[];
  readonly broken: readonly string[];
  readonly changesRules: boolean;
}

interface Taken {
  readonly promotions: ProposedChange["promotions"][number][];
  readonly otherFiles: string[];
  readonly quarantines: QuarantineEntry[];
  readonly broken: string[];
}

/** Reads what merging `head` into `base` would change, from the merge of both and not from either alone. */
export async function readProposal(reader: Reader, base: Oid, head: Oid): Promise<ProposedChange> {
  const { repository, config, discover, rules, limits, once, codeOwners, shared } = reader;
  const { manifests } = reader.ports;
  const merged = await manifests.mergeTree(repository, base, head);
  if ("conflicts" in merged) return { base, head, conflicts: merged.conflicts, shared: [], promotions: [], otherFiles: [], quarantines: [], broken: [], config: null };
  const changed = await manifests.changedFiles(repository, base, merged.tree);
  if (changed.length > MOST_CHANGED_FILES) {
    const reason = `merging it would change ${changed.length} files, more than the ${MOST_CHANGED_FILES} that Pinion judges; split it into smaller pull requests`;
    throw new PortFailure("stalled", reason);
  }
  // The same difference backwards tells what each file was, for all of them at once.
  const old = new Map((await manifests.changedFiles(repository, merged.tree, base)).map(({ path, blob }) => [path, blob]));
  const wanted = changed.filter(({ path }) => mayBeRule(path) || discover(path) !== null);
  const blobs = wanted.flatMap(({ path, blob }) => [blob, old.get(path) ?? null]).filter((blob) => blob !== null);
  const contents = await manifests.read(repository, [...new Set(blobs)]);
  mustReadLittle(wanted, contents, config, limits.places);
  const changes = changed.map(({ path, blob }): FileChange => ({ path, before: old.get(path) ?? null, after: blob }));
  const version = `${rules.version} ${JSON.stringify(changes)}`;
  const files = await once.files(version, async () => readFiles(config, discover, changes, contents));
  const found: Found = { promotions: files.promotions, quarantines: files.quarantines, otherFiles: [...files.otherFiles], broken: [...files.broken], config: null };
  if (files.changesRules) {
    // What the new configuration may name as a key is among them.
    const rulesOnly = changed.filter(({ path }) => mayBeRule(path));
    const merge = { manifests, repository, tree: merged.tree, changed: rulesOnly, contents };
    found.config = await once.rules(`${rules.version} ${JSON.stringify(rulesOnly)}`, () => readProposedRules(merge, rules));
    if (found.config.ok) dropRules(found.otherFiles, found.config.config);
  }
  if (config === null) return { base, head, conflicts: [], shared: [], ...found };
  const elsewhere = changes.filter(({ path }) => !isRule(path, config) && !path.startsWith(QUARANTINE_FOLDER));
  const followed = { manifests, repository, config, discover, mostText: limits.manifests };
  const taken = await shared.find(followed, base, merged.tree, elsewhere, async (make) => once.changed(version, make));
  found.broken.push(...taken.broken);
  // Whatever moves no pin is judged by no schema.
  const isJudged = rules.judgeManifests && (found.promotions.length > 0 || taken.changes.length > 0);
  const read = isJudged ? { manifests: await once.manifests(JSON.stringify(changed), () => changedManifests(manifests, repository, changed)) } : {};
  found.broken.push(...(await misplacedQuarantines(manifests, repository, merged.tree, changed.map(({ path }) => path))));
  mustBringFewImages([...found.promotions, ...taken.changes.filter(({ isPromoted }) => isPromoted)]);
  return { base, head, conflicts: [], shared: taken.changes, ...found, ...read, ...ownedBy(codeOwners, changed.map(({ path }) => path)) };
}

/** @throws {PortFailure} when it brings more text than is read. What is there before is the default branch's. */
function mustReadLittle(wanted: readonly ChangedPath[], contents: ReadonlyMap<Oid, Uint8Array>, config: Config | null, most: number): void {
  const bytes = wanted.reduce((sum, { path, blob }) => sum + (blob === null || isRule(path, config) ? 0 : (contents.get(blob)?.length ?? 0)), 0);
  if (bytes <= most) return;
  const reason = `merging it would bring ${bytes} bytes of environments' files, more than the ${most} that Pinion reads; split it into smaller pull requests`;
  throw new PortFailure("stalled", reason);
}

function readFiles(config: Config | null, discover: Discover, changes: readonly FileChange[], contents: ReadonlyMap<Oid, Uint8Array>): FilesRead {
  const taken: Taken = { promotions: [], otherFiles: [], quarantines: [], broken: [] };
  let changesRules = false;
  for (const { path, before: oldBlob, after: blob } of changes) {
    const before = oldBlob === null ? null : (contents.get(oldBlob) ?? null);
    const after = blob === null ? null : (contents.get(blob) ?? null);
    const place = discover(path);
    const tooLarge = blob !== null && after === null;
    if (isRule(path, config)) changesRules = true;
    else if (place !== null && config !== null && !tooLarge) takeManifest(taken, config, place, path, before, after);
    else if (isQuarantineFile(path) && after !== null) takeQuarantine(taken, path, before, after);
    // On the default branch it would keep everybody from being promoted.
    else if (isQuarantineFile(path) && tooLarge) taken.broken.push(`${path} is larger than Pinion reads`);
    else taken.otherFiles.push(path);
    const beside = blob === null || place !== null ? null : discoveredBeside(path, discover);
    if (beside !== null) taken.broken.push(`${path} would stand beside ${beside}, and kustomize reads only one file of a folder; keep one`);
    if (place !== null && tooLarge) taken.broken.push(`${path} is larger than Pinion reads`);
  }
  return { ...taken, changesRules };
}

/** Also of files that would be gone, as GitHub has it. */
function ownedBy(codeOwners: Answer<CodeOwners> | null, files: readonly string[]): Pick<ProposedChange, "owned"> {
  if (codeOwners === null) return {};
  return { owned: codeOwners.known ? ownedFiles(codeOwners.value, files) : { unknown: codeOwners.reason } };
}

/** What the configuration as it would be names as a key or trusted root, too, is no other file. */
function dropRules(otherFiles: string[], config: Config): void {
  otherFiles.splice(0, otherFiles.length, ...otherFiles.filter((path) => !isRule(path, config)));
}

/** @throws {PortFailure} when it brings more images than are judged. */
function mustBringFewImages(changes: readonly { readonly to: Pinned | null }[]): void {
  const images = new Set(changes.flatMap(({ to }) => to?.images ?? []).map(({ repository, tag, digest }) => `${repository}:${tag ?? ""}@${digest ?? ""}`));
  if (images.size <= MOST_IMAGES) return;
  const reason = `merging it would bring ${images.size} images, more than the ${MOST_IMAGES} that Pinion judges; split it into smaller pull requests`;
  throw new PortFailure("stalled", reason);
}

function takeManifest(
  found: Taken,
  config: Config,
  place: { readonly app: string; readonly environment: string },
  path: string,
  before: Uint8Array | null,
  after: Uint8Array | null,
): void {
  const { app, environment } = place;
  const read = (bytes: Uint8Array | null) =>
    bytes === null ? null : environmentPins(app, settingsOf(config, app), path, readPins(path, bytes));
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
  const edits = to.images.flatMap((image) =>
    image.digest === null ? [] : [{ repository: image.repository, tag: image.tag, digest: image.digest }],
  );
  const text = decoded(before);
  if (text === null) return false;
  const edited = editPins(path, text, edits);
  return edited.outcome === "changed" && edited.text === decoded(after);
}

/** The text, or null where the bytes are not UTF-8: a file may have been broken before, and be repaired now. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return decodeManifest(bytes);
  } catch {
    return null;
  }
}

/** Adding an entry, or letting one hold in more places, is quarantine; anything else done to an entry is for people to look at. */
function takeQuarantine(found: Taken, path: string, before: Uint8Array | null, after: Uint8Array): void {
  const parsed = parseQuarantine(path, new TextDecoder().decode(after));
  if (!parsed.ok) {
    found.broken.push(parsed.problem);
    return;
  }
  const old = before === null ? null : parseQuarantine(path, new TextDecoder().decode(before));
  if (old === null || (old.ok && isWider(parsed.entry, old.entry))) found.quarantines.push(parsed.entry);
  else found.otherFiles.push(path);
}

function isWider(entry: QuarantineEntry, old: QuarantineEntry): boolean {
  const covers =
    entry.environments.length === 0 || (old.environments.length > 0 && old.environments.every((name) => entry.environments.includes(name)));
  return entry.app === old.app && entry.digest === old.digest && covers;
}

/** The discovered kustomization of the folder in which this file would be another one, or null. */
function discoveredBeside(path: string, discover: Discover): string | null {
  if (!isKustomizationFile(path)) return null;
  return kustomizationsIn(path.slice(0, Math.max(0, path.lastIndexOf("/")))).find((other) => other !== path && discover(other) !== null) ?? null;
}
