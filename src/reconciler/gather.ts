import { known, unknown, type Answer } from "../domain/answer.ts";
import type { Need, NeedAnswers, Repository } from "../domain/observation.ts";
import { findPins } from "../domain/pins.ts";
import { releaseKey, type Pinned } from "../domain/release.ts";
import type { ApplicationStatus, ObservedApplication } from "../domain/rollout.ts";
import { assessInSteps, type Evidence } from "../domain/supply-chain/evidence.ts";
import { PortFailure, type ReadPorts } from "../ports.ts";
import type { AnswerStore, ComparedRevision } from "./knowledge.ts";
import { unwatched, type Watch } from "./watch.ts";

/** Questions asked at once. */
const CONCURRENCY = 8;
/** Questions answered in one look; the rest waits for the next, so that no look takes for ever. */
const NEEDS_PER_LOOK = 500;

/**
 * Asks the world what the planner needs. What cannot be learned is put down as unknown, with the reason.
 *
 * @param watch Is told how many of the questions are answered.
 */
export async function gather(ports: ReadPorts, repository: Repository, needs: readonly Need[], store: AnswerStore, watch: Watch = unwatched): Promise<void> {
  const queue = needs.slice(0, NEEDS_PER_LOOK);
  const total = queue.length;
  let answered = 0;
  watch("asking", answered, total);
  const worker = async () => {
    for (let need = queue.shift(); need !== undefined; need = queue.shift()) {
      await settle(ports, repository, need, store);
      answered += 1;
      watch("asking", answered, total);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function settle(ports: ReadPorts, repository: Repository, need: Need, store: AnswerStore): Promise<void> {
  switch (need.kind) {
    case "tags":
      return store.put<"tags">(need, await attempt(ports, () => ports.registry.tags(need.repository)));
    case "digest":
      return store.put<"digest">(need, await attempt(ports, () => ports.registry.digest(need.repository, need.reference)));
    case "created":
      return store.put<"created">(need, await attempt(ports, () => ports.registry.created(need.repository, need.digest)));
    case "evidence":
      return store.put<"evidence">(need, await attempt(ports, () => observeEvidence(ports, need)));
    case "platforms":
      return store.put<"platforms">(need, await attempt(ports, () => ports.registry.platforms(need.repository, need.digest)));
    case "labels":
      return store.put<"labels">(need, await attempt(ports, () => ports.registry.labels(need.repository, need.digest)));
    case "checks":
      return store.put<"checks">(need, await attempt(ports, () => ports.forge.checksOf(repository, need.source, need.commit)));
    case "permission":
      return store.put<"permission">(need, await attempt(ports, () => ports.forge.permission(repository, need.login)));
    case "team":
      return store.put<"team">(need, await attempt(ports, () => ports.forge.teamMembers(repository, need.team)));
    case "metric":
      return store.put<"metric">(need, await attempt(ports, () => ports.metrics.query(need.endpoint, need.expression, need.at)));
    case "rollout":
      return store.put<"rollout">(need, await attempt(ports, () => observeRollout(ports, repository, need, store)));
  }
}

/** An answer is as old as its question: what was so when it was asked may be otherwise when a slow answer comes. */
async function attempt<T>(ports: ReadPorts, ask: () => Promise<T>): Promise<Answer<T>> {
  const asked = ports.clock.now();
  try {
    return known(await ask(), asked);
  } catch (error) {
    if (error instanceof PortFailure) return unknown(error.message, error.kind, ports.clock.now());
    ports.journal.error("a question failed in a way nobody foresaw", { error });
    return unknown("asking failed inside Pinion; its log says more", "error", ports.clock.now());
  }
}

async function observeEvidence(ports: ReadPorts, need: Extract<Need, { readonly kind: "evidence" }>): Promise<Evidence> {
  const steps = assessInSteps(await ports.registry.attachments(need.repository, need.digest), need.digest, need.signers);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    // Whoever attaches as much as is read keeps nothing else waiting: webhooks are answered in between.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

type RolloutNeed = Extract<Need, { readonly kind: "rollout" }>;

async function observeRollout(
  ports: ReadPorts,
  repository: Repository,
  need: RolloutNeed,
  store: AnswerStore,
): Promise<NeedAnswers["rollout"]> {
  const observe = async (name: string): Promise<ObservedApplication> => {
    const status = await ports.rollouts.application(need.endpoint, name);
    // One Application that is not there leaves the whole unknown: the others prove nothing for it.
    if (status === null) throw new PortFailure("dependency", `Argo CD has no Application ${name}; check \`argocd:\` in the configuration`);
    return besideGit(ports, repository, need, status, store);
  };
  // All at once: one after the other, the first would be old by the time of the last.
  return Promise.all(need.applications.map(observe));
}

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

async function besideGit(
  ports: ReadPorts,
  repository: Repository,
  need: RolloutNeed,
  status: ApplicationStatus,
  store: AnswerStore,
): Promise<ObservedApplication> {
  let includesCommit: boolean | null = null;
  let pinsAtRevision: ObservedApplication["pinsAtRevision"] = "unknown";
  for (const revision of status.revisions) {
    if (!COMMIT.test(revision)) continue;
    const key = `${revision} ${need.commit} ${need.file} ${releaseKey(need.wanted)}`;
    const compared = await store.comparedOnce(key, () => compare(ports, repository, need, revision));
    if (compared.includesCommit === null) continue;
    includesCommit = includesCommit === true || compared.includesCommit;
    if (compared.includesCommit) pinsAtRevision = compared.pinsAtRevision;
  }
  return { status, includesCommit, pinsAtRevision };
}

async function compare(ports: ReadPorts, repository: Repository, need: RolloutNeed, revision: string): Promise<ComparedRevision> {
  const included = await ports.manifests.isAncestor(repository, need.commit, revision).catch(() => null);
  return { includesCommit: included, pinsAtRevision: included === true ? await pinsAt(ports, repository, need, revision) : "unknown" };
}

async function pinsAt(
  ports: ReadPorts,
  repository: Repository,
  need: RolloutNeed,
  revision: string,
): Promise<ComparedRevision["pinsAtRevision"]> {
  const bytes = await ports.manifests.file(repository, revision, need.file).catch(() => null);
  if (bytes === null) return "unknown";
  const found = findPins(need.file, new TextDecoder().decode(bytes));
  if (!found.ok) return "unknown";
  return pinsAre(found.pins, need.wanted) ? "wanted" : "other";
}

function pinsAre(pins: readonly Pinned["images"][number][], wanted: Pinned): boolean {
  return wanted.images.every((image) =>
    pins.some(
      (pin) => pin.repository === image.repository && (image.digest === null ? pin.tag === image.tag : pin.digest === image.digest),
    ),
  );
}
