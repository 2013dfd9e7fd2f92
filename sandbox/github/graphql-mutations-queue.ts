/** GraphQL's mutations of merge queues. REST has none. */
import { unprocessable } from "./graphql-errors.ts";
import { entryNode } from "./graphql-merge-queue.ts";
import { echo, type MutationInput } from "./graphql-mutations-git.ts";
import { nodeOfKind, type Session } from "./graphql-session.ts";
import type { Oid } from "./model.ts";
import { SandboxRefusal } from "./refusal.ts";
import { dequeuePullRequest, enqueuePullRequest } from "./state/merge-queue.ts";

interface EnqueueInput extends MutationInput {
  readonly pullRequestId: string;
  readonly expectedHeadOid?: Oid | null;
  readonly jump?: boolean | null;
}

async function enqueue(session: Session, input: EnqueueInput): Promise<unknown> {
  const pull = nodeOfKind(session, input.pullRequestId, ["pull-request"]);
  try {
    const wanted = { head: input.expectedHeadOid ?? null, jump: input.jump ?? false };
    const entry = await enqueuePullRequest(session.state, session.actor, pull, wanted);
    return { ...echo(input), mergeQueueEntry: entryNode(session, entry) };
  } catch (error) {
    // As of mergePullRequest: a moved head has no type of its own.
    throw error instanceof SandboxRefusal && error.code === "stale" ? unprocessable(error.sentence) : error;
  }
}

async function dequeue(session: Session, input: MutationInput & { readonly id: string }): Promise<unknown> {
  const pull = nodeOfKind(session, input.id, ["pull-request"]);
  const entry = await dequeuePullRequest(session.state, session.actor, pull);
  return { ...echo(input), mergeQueueEntry: entryNode(session, entry) };
}

export function queueMutations(session: Session): Readonly<Record<string, unknown>> {
  return {
    enqueuePullRequest: ({ input }: { readonly input: EnqueueInput }) => enqueue(session, input),
    dequeuePullRequest: ({ input }: { readonly input: MutationInput & { readonly id: string } }) => dequeue(session, input),
  };
}
