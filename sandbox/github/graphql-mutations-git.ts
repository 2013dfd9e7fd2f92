/** GraphQL's mutations of refs and commits. */
import { commitNode, refNode } from "./graphql-commits.ts";
import type { GraphqlNode } from "./graphql-connection.ts";
import { notFound, refusal, unprocessable } from "./graphql-errors.ts";
import { canSee, nodeOfKind, type Session } from "./graphql-session.ts";
import { NO_OID, type Oid, type Repository } from "./model.ts";
import { SandboxRefusal } from "./refusal.ts";
import { commitOnBranch } from "./state/commits.ts";
import { createRef, deleteRef, updateRef, updateRefs } from "./state/refs.ts";

export interface MutationInput {
  readonly clientMutationId?: string | null;
}

/** What every payload echoes. */
export function echo(input: MutationInput): { readonly clientMutationId: string | null } {
  return { clientMutationId: input.clientMutationId ?? null };
}

interface CreateRefInput extends MutationInput {
  readonly repositoryId: string;
  readonly name: string;
  readonly oid: Oid;
}

interface UpdateRefInput extends MutationInput {
  readonly refId: string;
  readonly oid: Oid;
  readonly force: boolean;
}

interface UpdateRefsInput extends MutationInput {
  readonly repositoryId: string;
  readonly refUpdates: readonly {
    readonly name: string;
    readonly beforeOid?: Oid | null;
    readonly afterOid: Oid;
    readonly force: boolean;
  }[];
}

interface CreateCommitOnBranchInput extends MutationInput {
  readonly branch: { readonly id?: string | null; readonly repositoryNameWithOwner?: string | null; readonly branchName?: string | null };
  readonly expectedHeadOid: Oid;
  readonly message: { readonly headline: string; readonly body?: string | null };
  readonly fileChanges?: {
    readonly additions?: readonly { readonly path: string; readonly contents: string }[] | null;
    readonly deletions?: readonly { readonly path: string }[] | null;
  } | null;
}

async function createRefMutation(session: Session, input: CreateRefInput): Promise<unknown> {
  const repository = nodeOfKind(session, input.repositoryId, ["repository"]);
  try {
    await createRef(session.state, session.actor, repository, input.name, input.oid);
  } catch (error) {
    if (!(error instanceof SandboxRefusal) || error.code !== "exists") throw error;
    throw unprocessable(`A ref named "${input.name}" already exists in the repository.`);
  }
  return { ...echo(input), ref: () => refNode(session, repository, input.name) };
}

async function updateRefsMutation(session: Session, input: UpdateRefsInput): Promise<unknown> {
  const repository = nodeOfKind(session, input.repositoryId, ["repository"]);
  const updates = input.refUpdates.map(({ name, beforeOid, afterOid, force }) => ({
    name,
    before: beforeOid ?? null,
    after: afterOid,
    force,
  }));
  for (const { name, after } of updates) {
    if (!name.startsWith("refs/heads/") || after === NO_OID) continue;
    const type = await repository.git.objectType(after);
    if (type !== null && type !== "commit") throw unprocessable(`Invalid object type ${type}, expected commit`);
  }
  await updateRefs(session.state, session.actor, repository, updates);
  return echo(input);
}

/** A branch is named by its id, or by repository and name, and never by both (documented on `CommittableBranch`). */
function committableBranch(
  session: Session,
  branch: CreateCommitOnBranchInput["branch"],
): { readonly repository: Repository; readonly name: string } {
  const named = branch.repositoryNameWithOwner != null || branch.branchName != null;
  if (branch.id != null && named) throw unprocessable("Only one of `id` or `repositoryNameWithOwner` and `branchName` may be given.");
  if (branch.id != null) {
    const ref = nodeOfKind(session, branch.id, ["ref"]);
    return { repository: ref.repository, name: ref.name };
  }
  if (branch.repositoryNameWithOwner == null || branch.branchName == null) {
    throw unprocessable("Either `id` or both `repositoryNameWithOwner` and `branchName` must be given.");
  }
  const [owner = "", name = ""] = branch.repositoryNameWithOwner.split("/");
  const repository = session.state.repository(owner, name);
  if (repository === null || !canSee(session, repository)) {
    throw notFound(`Could not resolve to a Repository with the name '${branch.repositoryNameWithOwner}'.`);
  }
  return { repository, name: branch.branchName.startsWith("refs/heads/") ? branch.branchName : `refs/heads/${branch.branchName}` };
}

async function createCommitOnBranchMutation(session: Session, input: CreateCommitOnBranchInput): Promise<unknown> {
  const { repository, name } = committableBranch(session, input.branch);
  const additions = (input.fileChanges?.additions ?? []).map(({ path, contents }) => ({ path, contents: Buffer.from(contents, "base64") }));
  const deletions = (input.fileChanges?.deletions ?? []).map(({ path }) => path);
  let oid: Oid;
  try {
    oid = await commitOnBranch(session.state, session.actor, repository, {
      branch: name,
      expectedHeadOid: input.expectedHeadOid,
      headline: input.message.headline,
      body: input.message.body ?? "",
      additions,
      deletions,
    });
  } catch (error) {
    if (!(error instanceof SandboxRefusal)) throw error;
    if (error.code === "not-found" && !repository.refs.has(name)) throw notFound(`Could not resolve to a Ref with the name '${name}'.`);
    if (error.code !== "stale") throw error;
    throw refusal("STALE_DATA", `Expected branch to point to "${input.expectedHeadOid}" but it did not.  Pull and try again.`);
  }
  return { ...echo(input), commit: () => commitNode(session, repository, oid), ref: () => refNode(session, repository, name) };
}

export function gitMutations(session: Session): Readonly<Record<string, unknown>> {
  return {
    createRef: ({ input }: { readonly input: CreateRefInput }) => createRefMutation(session, input),
    updateRef: async ({ input }: { readonly input: UpdateRefInput }): Promise<Readonly<Record<string, unknown>>> => {
      const { repository, name } = nodeOfKind(session, input.refId, ["ref"]);
      await updateRef(session.state, session.actor, repository, name, input.oid, input.force);
      return { ...echo(input), ref: (): GraphqlNode | null => refNode(session, repository, name) };
    },
    updateRefs: ({ input }: { readonly input: UpdateRefsInput }) => updateRefsMutation(session, input),
    deleteRef: async ({ input }: { readonly input: MutationInput & { readonly refId: string } }) => {
      const { repository, name } = nodeOfKind(session, input.refId, ["ref"]);
      await deleteRef(session.state, session.actor, repository, name);
      return echo(input);
    },
    createCommitOnBranch: ({ input }: { readonly input: CreateCommitOnBranchInput }) => createCommitOnBranchMutation(session, input),
  };
}
