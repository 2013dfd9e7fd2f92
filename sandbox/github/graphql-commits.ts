/** Commits, refs and other Git objects as GraphQL shows them. */
import type { GraphQLResolveInfo } from "graphql";

import type { CommitInfo, Identity } from "./git.ts";
import { asUserNode } from "./graphql-actors.ts";
import { checkSuites } from "./graphql-checks.ts";
import { connection, type ConnectionArguments, type GraphqlNode } from "./graphql-connection.ts";
import { deployments, type DeploymentsArguments } from "./graphql-deployments.ts";
import { statusNode } from "./graphql-statuses.ts";
import { pullRequestConnection, type PullRequestsArguments } from "./graphql-pulls.ts";
import { repositoryNode } from "./graphql-repositories.ts";
import { pageOf, requireRead, type Session } from "./graphql-session.ts";
import type { Account, Instant, Oid, PullRequest, Repository } from "./model.ts";
import { commitNodeId, refNodeId } from "./state.ts";
import { peopleOf, signatureOf } from "./state/signatures.ts";
import { mayPush } from "./state/protection.ts";
import { commitsOf } from "./state/pulls.ts";

const CO_AUTHOR = /^co-authored-by:\s*(.*?)\s*<([^<>]+)>\s*$/gim;

function gitActor(session: Session, person: Identity, at: Instant, account: Account | null): GraphqlNode {
  return {
    __typename: "GitActor",
    name: person.name,
    email: person.email,
    date: at,
    avatarUrl: pageOf(session, "avatars", account?.id ?? 0),
    user: () => asUserNode(session, account),
  };
}

/** The author first, then whoever the message's `Co-authored-by` lines name. */
function authorsOf(session: Session, commit: CommitInfo): readonly GraphqlNode[] {
  const author = gitActor(session, commit.author, commit.author.at, peopleOf(session.state, commit).author);
  const seen = new Set([commit.author.email]);
  const others = [...commit.message.matchAll(CO_AUTHOR)].flatMap(([, name = "", email = ""]) => {
    if (seen.has(email)) return [];
    seen.add(email);
    return [gitActor(session, { name, email }, commit.author.at, session.state.accountByEmail(email))];
  });
  return [author, ...others];
}

function signatureNode(session: Session, repository: Repository, commit: CommitInfo): GraphqlNode | null {
  const signature = signatureOf(repository, commit.oid);
  if (signature === null || signature.state === "UNSIGNED") return null;
  return {
    __typename: "GpgSignature",
    isValid: signature.isValid,
    wasSignedByGitHub: signature.wasSignedByGitHub,
    state: signature.state,
    email: commit.committer.email,
    keyId: null,
    payload: "",
    signature: "",
    signer: () => (signature.isValid ? asUserNode(session, peopleOf(session.state, commit).committer) : null),
  };
}

/**
 * Pull requests that a commit came by: those it was merged with, and, while it is not on the default branch,
 * open ones that hold it.
 */
async function pullRequestsOf(repository: Repository, oid: Oid): Promise<readonly PullRequest[]> {
  const head = repository.refs.get(`refs/heads/${repository.defaultBranch}`);
  const landed = head !== undefined && (await repository.git.isAncestor(oid, head));
  const found: PullRequest[] = [];
  for (const thread of repository.threads.values()) {
    if (thread.kind !== "pull-request") continue;
    if (thread.mergedAt === null && (landed || thread.state === "closed")) continue;
    const holds = thread.mergeCommit === oid || (await commitsOf(thread)).some((commit) => commit.oid === oid);
    if (holds) found.push(thread);
  }
  return found;
}

interface HistoryArguments extends ConnectionArguments {
  readonly path?: string | null;
  readonly since?: string | null;
  readonly until?: string | null;
  readonly author?: { readonly emails?: readonly string[] | null } | null;
}

async function history(
  session: Session,
  repository: Repository,
  oid: Oid,
  args: HistoryArguments,
  info: GraphQLResolveInfo,
): Promise<GraphqlNode> {
  const filters = [
    ...(args.since == null ? [] : [`--since=${args.since}`]),
    ...(args.until == null ? [] : [`--until=${args.until}`]),
    ...(args.author?.emails ?? []).map((email) => `--author=<${email}>`),
  ];
  const path = args.path == null ? [] : ["--", args.path];
  const listed = await repository.git.text(["rev-list", "--fixed-strings", ...filters, oid, ...path]);
  const items = listed.split("\n").filter((line) => line !== "");
  return connection({ items, key: (item) => item, node: (item) => commitNode(session, repository, item) }, args, info);
}

function messageParts(message: string): { readonly headline: string; readonly body: string } {
  const [headline = "", ...rest] = message.split("\n");
  return { headline, body: rest.join("\n").replace(/^\n+/, "").trimEnd() };
}

function commitFields(session: Session, repository: Repository, commit: CommitInfo): GraphqlNode {
  const { oid } = commit;
  const path = [repository.owner.login, repository.name, "commit", oid];
  const people = peopleOf(session.state, commit);
  const { headline, body } = messageParts(commit.message);
  return {
    __typename: "Commit",
    id: commitNodeId(repository, oid),
    oid,
    abbreviatedOid: oid.slice(0, 7),
    message: commit.message,
    messageHeadline: headline,
    messageBody: body,
    authoredDate: commit.author.at,
    committedDate: commit.committer.at,
    authoredByCommitter: commit.author.email === commit.committer.email,
    committedViaWeb: signatureOf(repository, oid)?.wasSignedByGitHub === true,
    resourcePath: `/${path.join("/")}`,
    url: pageOf(session, ...path),
    commitUrl: pageOf(session, ...path),
    author: () => gitActor(session, commit.author, commit.author.at, people.author),
    committer: () => gitActor(session, commit.committer, commit.committer.at, people.committer),
    signature: () => signatureNode(session, repository, commit),
    repository: () => repositoryNode(session, repository),
    tree: () => treeNode(session, repository, commit.tree),
    authors: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const items = authorsOf(session, commit).map((node, index) => ({ node, index }));
      return connection({ items, key: (item) => item.index, node: (item) => item.node }, args, info);
    },
    parents: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      return connection(
        { items: commit.parents, key: (parent) => parent, node: (parent) => commitNode(session, repository, parent) },
        args,
        info,
      );
    },
    history: (args: HistoryArguments, _context: unknown, info: GraphQLResolveInfo) => history(session, repository, oid, args, info),
    associatedPullRequests: async (args: PullRequestsArguments, _context: unknown, info: GraphQLResolveInfo) => {
      requireRead(session, repository, "pull_requests");
      return pullRequestConnection(session, await pullRequestsOf(repository, oid), args, info);
    },
    checkSuites: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) =>
      checkSuites(session, repository, oid, args, info),
    status: () => statusNode(session, repository, oid),
    deployments: (args: DeploymentsArguments, _context: unknown, info: GraphQLResolveInfo) =>
      deployments(session, repository, oid, args, info),
  };
}

/** The commit, or null when the repository has none of that id. */
export async function commitNode(session: Session, repository: Repository, oid: Oid): Promise<GraphqlNode | null> {
  const commit = await repository.git.commit(oid);
  return commit === null ? null : commitFields(session, repository, commit);
}

/** Decimal, as GraphQL shows the octal modes of Git. */
function treeEntries(session: Session, repository: Repository, listing: string): readonly GraphqlNode[] {
  return listing
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [attributes = "", name = ""] = line.split("\t");
      const [mode = "", type = "", oid = ""] = attributes.split(" ");
      return {
        __typename: "TreeEntry",
        name,
        path: name,
        mode: Number.parseInt(mode, 8),
        type,
        oid,
        object: () => objectNode(session, repository, oid),
      };
    });
}

function treeNode(session: Session, repository: Repository, oid: Oid): GraphqlNode {
  return {
    __typename: "Tree",
    oid,
    abbreviatedOid: oid.slice(0, 7),
    repository: () => repositoryNode(session, repository),
    entries: async () => treeEntries(session, repository, await repository.git.text(["ls-tree", "-z", oid])),
  };
}

async function blobNode(session: Session, repository: Repository, oid: Oid): Promise<GraphqlNode> {
  const { stdout } = await repository.git.run(["cat-file", "blob", oid]);
  const isBinary = stdout.includes(0);
  return {
    __typename: "Blob",
    oid,
    abbreviatedOid: oid.slice(0, 7),
    byteSize: stdout.length,
    isBinary,
    isTruncated: false,
    text: isBinary ? null : stdout.toString("utf8"),
    repository: () => repositoryNode(session, repository),
  };
}

/** Any Git object by its id, or null. */
export async function objectNode(session: Session, repository: Repository, oid: Oid): Promise<GraphqlNode | null> {
  const commit = await commitNode(session, repository, oid);
  if (commit !== null) return commit;
  const type = await repository.git.objectType(oid);
  if (type === "tree") return treeNode(session, repository, oid);
  if (type === "blob") return blobNode(session, repository, oid);
  return type === "tag" ? { __typename: "Tag", oid, abbreviatedOid: oid.slice(0, 7) } : null;
}

/** The object that a Git expression as `main:path` names, or null. */
export async function objectByExpression(session: Session, repository: Repository, expression: string): Promise<GraphqlNode | null> {
  const found = await repository.git.run(["rev-parse", "--verify", "--quiet", "--end-of-options", expression]);
  return found.code === 0 ? objectNode(session, repository, found.stdout.toString("utf8").trim()) : null;
}

/** What of a branch's classic protection everyone is told who can read; rulesets are not among it. */
function refUpdateRule(session: Session, repository: Repository, branch: string): GraphqlNode | null {
  const protection = repository.protections.get(branch);
  if (protection === undefined) return null;
  return {
    __typename: "RefUpdateRule",
    pattern: branch,
    allowsDeletions: protection.allowDeletions,
    allowsForcePushes: protection.allowForcePushes,
    blocksCreations: false,
    requiredApprovingReviewCount: protection.reviews?.count ?? null,
    requiredStatusCheckContexts: protection.checks?.required.map(({ context }) => context) ?? null,
    requiresCodeOwnerReviews: protection.reviews?.codeOwners ?? false,
    requiresConversationResolution: false,
    requiresLinearHistory: protection.linearHistory,
    requiresSignatures: false,
    viewerAllowedToDismissReviews: false,
    viewerCanPush: mayPush(session.state, session.actor, repository, protection),
  };
}

/** The branch or tag, or null. A ref's `name` goes on where `prefix` ends. */
export function refNode(session: Session, repository: Repository, fullName: string, prefix: string | null = null): GraphqlNode | null {
  const oid = repository.refs.get(fullName);
  if (oid === undefined) return null;
  const shown = prefix ?? /^refs\/[^/]+\//.exec(fullName)?.[0] ?? "refs/";
  return {
    __typename: "Ref",
    id: refNodeId(repository, fullName),
    name: fullName.slice(shown.length),
    prefix: shown,
    target: () => objectNode(session, repository, oid),
    repository: () => repositoryNode(session, repository),
    refUpdateRule: () => refUpdateRule(session, repository, fullName.replace(/^refs\/heads\//, "")),
    associatedPullRequests: (args: PullRequestsArguments, _context: unknown, info: GraphQLResolveInfo) => {
      requireRead(session, repository, "pull_requests");
      const branch = fullName.replace(/^refs\/heads\//, "");
      const items = [...repository.threads.values()].filter((thread) => thread.kind === "pull-request" && thread.head.ref === branch);
      return pullRequestConnection(
        session,
        items.filter((thread) => thread.kind === "pull-request"),
        args,
        info,
      );
    },
  };
}
