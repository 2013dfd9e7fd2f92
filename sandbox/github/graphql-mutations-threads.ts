/** GraphQL's mutations of pull requests, issues, comments and labels. */
import { actorNode } from "./graphql-actors.ts";
import { notFound, unprocessable } from "./graphql-errors.ts";
import { issueNode } from "./graphql-issues.ts";
import { echo, type MutationInput } from "./graphql-mutations-git.ts";
import { pullRequestNode } from "./graphql-pulls.ts";
import { nodeOfKind, viewer, type Session } from "./graphql-session.ts";
import { commentNode, minimize, threadNode } from "./graphql-threads.ts";
import type { MergeMethod, Oid, PullRequest, Repository } from "./model.ts";
import { SandboxRefusal } from "./refusal.ts";
import { requireAccess, type Need } from "./state/access.ts";
import { mergePullRequest } from "./state/merge.ts";
import { closePullRequest, createPullRequest, editPullRequest, reopenPullRequest } from "./state/pulls.ts";
import { removeRequestedReviewers, requestReviewers } from "./state/reviews.ts";
import { addComment, addLabels, closeIssue, createIssue, removeLabel, reopenIssue } from "./state/threads.ts";

interface CreatePullRequestInput extends MutationInput {
  readonly repositoryId: string;
  readonly headRepositoryId?: string | null;
  readonly headRefName: string;
  readonly baseRefName: string;
  readonly title: string;
  readonly body?: string | null;
  readonly draft: boolean;
}

interface UpdatePullRequestInput extends MutationInput {
  readonly pullRequestId: string;
  readonly title?: string | null;
  readonly body?: string | null;
  readonly baseRefName?: string | null;
  readonly state?: "OPEN" | "CLOSED" | null;
}

interface MergePullRequestInput extends MutationInput {
  readonly pullRequestId: string;
  readonly expectedHeadOid?: Oid | null;
  readonly mergeMethod: "MERGE" | "SQUASH" | "REBASE";
  readonly commitHeadline?: string | null;
  readonly commitBody?: string | null;
}

interface RequestReviewsInput extends MutationInput {
  readonly pullRequestId: string;
  readonly userIds?: readonly string[] | null;
  readonly teamIds?: readonly string[] | null;
  readonly union: boolean;
}

interface CreateIssueInput extends MutationInput {
  readonly repositoryId: string;
  readonly title: string;
  readonly body?: string | null;
  readonly labelIds?: readonly string[] | null;
}

interface LabelsInput extends MutationInput {
  readonly labelableId: string;
  readonly labelIds: readonly string[];
}

interface CloseIssueInput extends MutationInput {
  readonly issueId: string;
  readonly stateReason?: "COMPLETED" | "NOT_PLANNED" | "DUPLICATE" | null;
}

const MINIMIZE: Need = {
  app: [
    ["issues", "write"],
    ["pull_requests", "write"],
  ],
  role: "write",
};

const METHODS: Readonly<Record<MergePullRequestInput["mergeMethod"], MergeMethod>> = { MERGE: "merge", SQUASH: "squash", REBASE: "rebase" };

function labelNames(repository: Repository, ids: readonly string[]): readonly string[] {
  return ids.map((id) => {
    const label = [...repository.labels.values()].find((candidate) => candidate.nodeId === id);
    if (label === undefined) throw notFound(`Could not resolve to Label node with the global id of '${id}'.`);
    return label.name;
  });
}

/** A head in a fork is given by the fork's id or as `owner:branch`. */
function headOf(session: Session, input: CreatePullRequestInput): string {
  if (input.headRepositoryId == null || input.headRepositoryId === input.repositoryId) return input.headRefName;
  return `${nodeOfKind(session, input.headRepositoryId, ["repository"]).owner.login}:${input.headRefName}`;
}

async function createPullRequestMutation(session: Session, input: CreatePullRequestInput): Promise<unknown> {
  const repository = nodeOfKind(session, input.repositoryId, ["repository"]);
  const pull = await createPullRequest(session.state, session.actor, repository, {
    title: input.title,
    body: input.body ?? null,
    head: headOf(session, input),
    base: input.baseRefName,
    draft: input.draft,
  });
  return { ...echo(input), pullRequest: () => pullRequestNode(session, pull) };
}

async function updatePullRequestMutation(session: Session, input: UpdatePullRequestInput): Promise<unknown> {
  const pull = nodeOfKind(session, input.pullRequestId, ["pull-request"]);
  await editPullRequest(session.state, session.actor, pull, {
    ...(input.title == null ? {} : { title: input.title }),
    ...(input.body === undefined ? {} : { body: input.body }),
    ...(input.baseRefName == null ? {} : { base: input.baseRefName }),
  });
  if (input.state === "CLOSED" && pull.state === "open") await closePullRequest(session.state, session.actor, pull);
  if (input.state === "OPEN" && pull.state === "closed") await reopenPullRequest(session.state, session.actor, pull);
  return { ...echo(input), actor: () => actorNode(session, viewer(session)), pullRequest: () => pullRequestNode(session, pull) };
}

async function mergePullRequestMutation(session: Session, input: MergePullRequestInput): Promise<unknown> {
  const pull = nodeOfKind(session, input.pullRequestId, ["pull-request"]);
  try {
    await mergePullRequest(session.state, session.actor, pull, {
      method: METHODS[input.mergeMethod],
      sha: input.expectedHeadOid ?? null,
      title: input.commitHeadline ?? null,
      message: input.commitBody ?? null,
    });
  } catch (error) {
    // GitHub words a moved head here as it does in REST, and gives it no type of its own.
    throw error instanceof SandboxRefusal && error.code === "stale" ? unprocessable(error.sentence) : error;
  }
  return { ...echo(input), actor: () => actorNode(session, viewer(session)), pullRequest: () => pullRequestNode(session, pull) };
}

/** With `union`, those asked before stay asked; without, they are asked no more. */
async function requestReviewsMutation(session: Session, input: RequestReviewsInput): Promise<unknown> {
  const pull = nodeOfKind(session, input.pullRequestId, ["pull-request"]);
  const users = (input.userIds ?? []).map((id) => nodeOfKind(session, id, ["account"]));
  const teams = (input.teamIds ?? []).map((id) => nodeOfKind(session, id, ["team"]));
  if (!input.union) {
    const dropped = {
      users: pull.requestedReviewers.filter((account) => !users.includes(account)),
      teams: pull.requestedTeams.filter((team) => !teams.includes(team)),
    };
    if (dropped.users.length + dropped.teams.length > 0) await removeRequestedReviewers(session.state, session.actor, pull, dropped);
  }
  if (users.length + teams.length > 0) await requestReviewers(session.state, session.actor, pull, { users, teams });
  return { ...echo(input), actor: () => actorNode(session, viewer(session)), pullRequest: () => pullRequestNode(session, pull) };
}

async function closePullRequestMutation(
  session: Session,
  input: MutationInput & { readonly pullRequestId: string },
  move: (pull: PullRequest) => Promise<void>,
): Promise<unknown> {
  const pull = nodeOfKind(session, input.pullRequestId, ["pull-request"]);
  await move(pull);
  return { ...echo(input), pullRequest: () => pullRequestNode(session, pull) };
}

async function addCommentMutation(
  session: Session,
  input: MutationInput & { readonly subjectId: string; readonly body: string },
): Promise<unknown> {
  const thread = nodeOfKind(session, input.subjectId, ["issue", "pull-request"]);
  const comment = await addComment(session.state, session.actor, thread, input.body);
  const edge = { cursor: comment.nodeId, node: () => commentNode(session, comment) };
  return { ...echo(input), commentEdge: edge, timelineEdge: edge, subject: () => threadNode(session, thread) };
}

async function addLabelsMutation(session: Session, input: LabelsInput): Promise<unknown> {
  const thread = nodeOfKind(session, input.labelableId, ["issue", "pull-request"]);
  await addLabels(session.state, session.actor, thread, labelNames(thread.repository, input.labelIds));
  return { ...echo(input), labelable: () => threadNode(session, thread) };
}

/** Labels that the thread does not carry are passed over, unlike in REST. */
async function removeLabelsMutation(session: Session, input: LabelsInput): Promise<unknown> {
  const thread = nodeOfKind(session, input.labelableId, ["issue", "pull-request"]);
  for (const name of labelNames(thread.repository, input.labelIds)) {
    if (thread.labels.some((label) => label.name === name)) await removeLabel(session.state, session.actor, thread, name);
  }
  return { ...echo(input), labelable: () => threadNode(session, thread) };
}

async function createIssueMutation(session: Session, input: CreateIssueInput): Promise<unknown> {
  const repository = nodeOfKind(session, input.repositoryId, ["repository"]);
  const labels = labelNames(repository, input.labelIds ?? []);
  const issue = await createIssue(session.state, session.actor, repository, { title: input.title, body: input.body ?? null, labels });
  return { ...echo(input), issue: () => issueNode(session, issue) };
}

async function closeIssueMutation(session: Session, input: CloseIssueInput): Promise<unknown> {
  const issue = nodeOfKind(session, input.issueId, ["issue"]);
  const reason = input.stateReason == null || input.stateReason === "COMPLETED" ? "completed" : "not_planned";
  await closeIssue(session.state, session.actor, issue, reason);
  return { ...echo(input), issue: () => issueNode(session, issue) };
}

export function threadMutations(session: Session): Readonly<Record<string, unknown>> {
  const { state, actor } = session;
  type Closing = MutationInput & { readonly pullRequestId: string };
  return {
    createPullRequest: ({ input }: { readonly input: CreatePullRequestInput }) => createPullRequestMutation(session, input),
    updatePullRequest: ({ input }: { readonly input: UpdatePullRequestInput }) => updatePullRequestMutation(session, input),
    mergePullRequest: ({ input }: { readonly input: MergePullRequestInput }) => mergePullRequestMutation(session, input),
    closePullRequest: ({ input }: { readonly input: Closing }) => {
      return closePullRequestMutation(session, input, (pull) => closePullRequest(state, actor, pull));
    },
    reopenPullRequest: ({ input }: { readonly input: Closing }) => {
      return closePullRequestMutation(session, input, (pull) => reopenPullRequest(state, actor, pull));
    },
    requestReviews: ({ input }: { readonly input: RequestReviewsInput }) => requestReviewsMutation(session, input),
    addComment: ({ input }: { readonly input: MutationInput & { readonly subjectId: string; readonly body: string } }) => {
      return addCommentMutation(session, input);
    },
    addLabelsToLabelable: ({ input }: { readonly input: LabelsInput }) => addLabelsMutation(session, input),
    removeLabelsFromLabelable: ({ input }: { readonly input: LabelsInput }) => removeLabelsMutation(session, input),
    createIssue: ({ input }: { readonly input: CreateIssueInput }) => createIssueMutation(session, input),
    closeIssue: ({ input }: { readonly input: CloseIssueInput }) => closeIssueMutation(session, input),
    reopenIssue: async ({ input }: { readonly input: MutationInput & { readonly issueId: string } }) => {
      const issue = nodeOfKind(session, input.issueId, ["issue"]);
      await reopenIssue(state, actor, issue);
      return { ...echo(input), issue: () => issueNode(session, issue) };
    },
    minimizeComment: ({ input }: { readonly input: MutationInput & { readonly subjectId: string; readonly classifier: string } }) => {
      const comment = nodeOfKind(session, input.subjectId, ["comment"]);
      requireAccess(state, actor, comment.thread.repository, MINIMIZE);
      minimize(comment, input.classifier);
      return { ...echo(input), minimizedComment: () => commentNode(session, comment) };
    },
  };
}
