import type { Plan } from "../domain/action.ts";
import type { Instant, Milliseconds } from "../domain/answer.ts";
import type { Observation, Repository } from "../domain/observation.ts";
import type { PolicySet } from "../domain/policy/policy-set.ts";
import type { Ports } from "../ports.ts";
import { Application, isConsequential, type Applied } from "./apply.ts";
import type { Hint } from "./hint.ts";
import { AnswerStore } from "./knowledge.ts";
import { planKnowingly } from "./plan-knowingly.ts";
import { RepositoryView, type SeenRepository } from "./observe.ts";
import { WriteMemory } from "./write-memory.ts";

/** After a conflict or with questions still open, look again this soon. */
const SOON: Milliseconds = 1_000;
const LONGEST_PAUSE: Milliseconds = 5 * 60_000;
/** Answers that nobody asked for in this time are forgotten. */
const ANSWER_LIFE: Milliseconds = 60 * 60_000;

/** What the server and the command line need of the reconciler. */
export interface Reconciler {
  /** One look at one repository: observe, plan, apply. Answers when to look again without any event, or null. */
  look(repository: Repository, hints: readonly Hint[]): Promise<{ readonly again: Instant | null }>;
  /** The plan alone: nothing is written. */
  preview(repository: Repository): Promise<{ readonly observation: Observation; readonly plan: Plan }>;
  /** The App is not installed there any more: drops what is kept in memory. */
  forget(repositoryId: number): void;
  /** Repositories whose manifests pin an image of this repository, of those looked at so far; all of them when it is not known yet. */
  pinning(imageRepository: string, among: readonly Repository[]): readonly Repository[];
}

interface Memory {
  readonly view: RepositoryView;
  readonly answers: AnswerStore;
  readonly writes: WriteMemory;
  /** Looks in a row that ended in a conflict. */
  conflicts: number;
  /** The last look learned something that people are to be told by the next one. */
  isNews: boolean;
}

export function createReconciler(ports: Ports, policies: PolicySet): Reconciler {
  const memories = new Map<number, Memory>();
  const memoryOf = (repository: Repository): Memory => {
    let memory = memories.get(repository.id);
    if (memory === undefined) {
      memory = { view: new RepositoryView(policies), answers: new AnswerStore(), writes: new WriteMemory(), conflicts: 0, isNews: false };
      memories.set(repository.id, memory);
    }
    return memory;
  };

  return {
    async look(repository, hints) {
      const memory = memoryOf(repository);
      for (const hint of hints) {
        memory.answers.heed(hint);
        if (hint.kind === "sweep" || hint.kind === "forge") memory.view.outdate();
        memory.writes.heed(hint);
      }
      const { observation, decided } = await decide(ports, policies, repository, memory);
      const application = new Application(ports, observation);
      try {
        await application.run({ ...decided, actions: memory.writes.untried(decided.actions, ports.clock.now()) });
        const { done, conflicts } = application.applied;
        // One step may call for another, which needs to see the same again.
        if (done.length === 0 && conflicts.length === 0) memory.view.settle(observation);
      } finally {
        // What was done is done, even if the rest could not be.
        remember(ports, memory, application.applied);
        tell(ports, repository, decided, application.applied);
      }
      return { again: nextLook(decided, application.applied, memory, ports.clock.now()) };
    },

    async preview(repository) {
      const { observation, decided } = await decide(ports, policies, repository, memoryOf(repository));
      return { observation, plan: decided };
    },

    forget(repositoryId) {
      memories.delete(repositoryId);
    },

    pinning(imageRepository, among) {
      return among.filter((repository) => {
        const pins = memories.get(repository.id)?.view.pins ?? null;
        return pins === null || pinsImage(pins, imageRepository);
      });
    },
  };
}

interface Decision {
  readonly observation: Observation;
  readonly decided: Plan;
}

/**
 * Decides from what was seen last, while nothing says that it is old: a registry or a cluster that is asked again and again
 * costs no request to GitHub. Whatever would be written is decided anew from a fresh look.
 */
async function decide(ports: Ports, policies: PolicySet, repository: Repository, memory: Memory): Promise<Decision> {
  memory.answers.expire(ports.clock.now() - ANSWER_LIFE);
  const recent = memory.view.recent(ports.clock.now());
  if (recent !== null) {
    const decision = await decideFrom(ports, policies, memory, recent);
    // What would not be written now is no reason to look: a refused merge is planned each time.
    if (memory.writes.untried(decision.decided.actions, ports.clock.now()).length === 0) return decision;
  }
  return decideFrom(ports, policies, memory, await memory.view.observe(ports, repository));
}

async function decideFrom(ports: Ports, policies: PolicySet, memory: Memory, seen: SeenRepository): Promise<Decision> {
  memory.writes.merges.keep(seen.snapshot.open);
  const observation: Observation = { ...seen, refusedMerges: memory.writes.merges.reasons };
  const decided = await planKnowingly(ports, policies, observation, memory.answers);
  return { observation, decided };
}

function remember(ports: Ports, memory: Memory, applied: Applied): void {
  for (const written of applied.log) memory.view.wrote(written);
  memory.conflicts = applied.conflicts.length > 0 ? memory.conflicts + 1 : 0;
  if (applied.done.length > 0 || applied.conflicts.length > 0) memory.view.outdate();
  memory.writes.note(applied, ports.clock.now());
  memory.isNews = memory.writes.merges.note(applied, ports.clock.now());
}

function nextLook(decided: Plan, applied: Applied, { conflicts, view, writes, isNews }: Memory, now: Instant): Instant | null {
  if (conflicts === 0 && applied.done.some(isConsequential)) return now;
  const moments = decided.nextLookAt === null ? [] : [decided.nextLookAt];
  if (view.again !== null) moments.push(Math.max(view.again, now + SOON));
  if (decided.needs.length > 0 || isNews) moments.push(now + SOON);
  const retry = writes.merges.nextTry(decided.actions);
  if (retry !== null) moments.push(Math.max(retry, now + SOON));
  // One conflict is somebody being quicker; many in a row are something that will not go away by itself.
  if (conflicts > 0) moments.push(now + Math.min(SOON * 2 ** (conflicts - 1), LONGEST_PAUSE));
  return moments.length === 0 ? null : Math.min(...moments);
}

function tell(ports: Ports, repository: Repository, decided: Plan, applied: Applied): void {
  const where = { repository: `${repository.owner}/${repository.name}` };
  for (const action of applied.done) ports.journal.info(action.id, where);
  for (const conflict of applied.conflicts) ports.journal.info(`look again: ${conflict}`, where);
  for (const { action, reason } of applied.refusals) ports.journal.warn(`refused: ${action.id}: ${reason}`, where);
  if (decided.blocked.length > 0) ports.journal.info("waiting", { ...where, blocked: decided.blocked.length });
}

function pinsImage(pins: Observation["pins"], imageRepository: string): boolean {
  for (const environments of pins.values()) {
    for (const here of environments.values()) {
      if (here.ok && here.pinned.images.some((image) => image.repository === imageRepository)) return true;
    }
  }
  return false;
}
