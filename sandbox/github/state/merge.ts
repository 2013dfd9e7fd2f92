import type { CommitInfo, Identity } from "../git.ts";
import type { Account, Actor, Instant, MergeMethod, Oid, PullRequest } from "../model.ts";
import { SandboxRefusal } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { requireAccess } from "./access.ts";
import { GITHUB, identityOf } from "./commits.ts";
import { mergeViolations, violationText } from "./protection.ts";
import { markMerged } from "./pull-changes.ts";
import { commitsOf } from "./pulls.ts";
import { moveRefs, settle } from "./ref-moves.ts";
import { signByGitHub } from "./signatures.ts";

export interface MergeInput {
  readonly method: MergeMethod;
  /** The head that must still be there; null: not checked. */
  readonly sha: Oid | null;
  /** Null takes GitHub's default. */
  readonly title: string | null;
  readonly message: string | null;
}

const NOT_ALLOWED: Readonly<Record<MergeMethod, string>> = {
  merge: "Merge commits are not allowed on this repository.",
  squash: "Squash merges are not allowed on this repository.",
  rebase: "Rebase merges are not allowed on this repository.",
};

function notAllowed(message: string): SandboxRefusal {
  return new SandboxRefusal(405, "not-allowed", message);
}

/**
 * Merges by a real three-way merge, and answers the commit that the base branch is at then. The refusals are those of
 * `PUT /pulls/{n}/merge`: 409 when the head is not `sha`, 405 for everything else that stands in the way.
 */
export async function mergePullRequest(state: GitHubState, actor: Actor, pull: PullRequest, input: MergeInput): Promise<Oid> {
  const { repository } = pull;
  const sender = requireAccess(state, actor, repository, { app: [["contents", "write"]], role: "write" });
  return repository.writes.run(async () => {
    const baseRef = `refs/heads/${pull.base.ref}`;
    const base = repository.refs.get(baseRef);
    if (pull.state !== "open" || base === undefined) throw notAllowed("Pull Request is not mergeable");
    if (input.sha !== null && input.sha !== pull.head.oid) {
      throw new SandboxRefusal(409, "stale", "Head branch was modified. Review and try the merge again.");
    }
    if (pull.draft) throw notAllowed("Pull Request is still a draft");
    if (!repository.mergeMethods.has(input.method)) throw notAllowed(NOT_ALLOWED[input.method]);
    const violations = mergeViolations(state, actor, pull, input.method);
    if (violations !== null) throw new SandboxRefusal(405, "protected", violationText(violations));
    const commit = await mergeCommit(state, sender, pull, base, input);
    if (commit === null) throw notAllowed("Pull Request is not mergeable");
    const move = { name: baseRef, before: base, after: commit };
    if (!(await repository.git.moveRefs([move]))) throw notAllowed("Base branch was modified. Review and try the merge again.");
    pull.base.oid = base;
    markMerged(state, sender, pull, commit);
    await settle(state, sender, repository, [move]);
    state.emit({ name: "pull_request", action: "closed", sender, pull });
    await deleteMergedBranch(state, sender, pull);
    return commit;
  });
}

/** As the repository's setting "Automatically delete head branches" has it. */
export async function deleteMergedBranch(state: GitHubState, sender: Account, pull: PullRequest): Promise<void> {
  const { repository } = pull;
  if (!repository.deleteBranchOnMerge || pull.head.repository !== repository) return;
  await moveRefs(state, sender, repository, [{ name: `refs/heads/${pull.head.ref}`, before: pull.head.oid, after: null }]);
}

/** Makes the commit to put on the base branch, or null when there is a conflict. */
export async function mergeCommit(
  state: GitHubState,
  sender: Account,
  pull: PullRequest,
  base: Oid,
  input: Omit<MergeInput, "sha">,
  at = state.now(),
): Promise<Oid | null> {
  if (input.method === "rebase") return rebased(sender, pull, base, at);
  const { git } = pull.repository;
  const merged = await git.mergeTree(base, pull.head.oid);
  if (!("tree" in merged)) return null;
  const squash = input.method === "squash";
  const defaults = squash ? await squashMessage(pull) : { title: mergeTitle(pull), message: pull.title };
  const title = input.title ?? defaults.title;
  const message = input.message ?? defaults.message;
  const oid = await git.commitTree(merged.tree, {
    parents: squash ? [base] : [base, pull.head.oid],
    author: { ...identityOf(squash ? pull.author : sender), at },
    committer: { ...GITHUB, at },
    message: message === "" ? title : `${title}\n\n${message}`,
  });
  signByGitHub(pull.repository, oid);
  return oid;
}

function mergeTitle(pull: PullRequest): string {
  return `Merge pull request #${pull.number} from ${pull.head.owner.login}/${pull.head.ref}`;
}

function split(message: string): { readonly title: string; readonly body: string } {
  const [title = "", ...rest] = message.split("\n");
  return { title, body: rest.join("\n").trim() };
}

/**
 * The defaults of a repository that changed nothing (`COMMIT_OR_PR_TITLE`, `COMMIT_MESSAGES`): one commit keeps its own
 * words, several become a list; other people's work is credited by trailers.
 */
async function squashMessage(pull: PullRequest): Promise<{ readonly title: string; readonly message: string }> {
  const commits = await commitsOf(pull);
  const credits = coAuthors(pull, commits);
  const only = commits.length === 1 ? commits[0] : undefined;
  if (only !== undefined) {
    const { title, body } = split(only.message);
    return { title: `${title} (#${pull.number})`, message: [body, credits].filter((part) => part !== "").join("\n\n") };
  }
  const list = commits.map((commit) => `* ${commit.message.trim()}`).join("\n\n");
  const message = credits === "" ? list : `${list}\n\n---------\n\n${credits}`;
  return { title: `${pull.title} (#${pull.number})`, message };
}

function coAuthors(pull: PullRequest, commits: readonly CommitInfo[]): string {
  const others = new Map<string, Identity>();
  for (const { author } of commits) if (author.email !== pull.author.email) others.set(author.email, author);
  return [...others.values()].map(({ name, email }) => `Co-authored-by: ${name} <${email}>`).join("\n");
}

/** Each commit again on the base. GitHub does not sign these (docs, "About merge methods"). */
async function rebased(sender: Account, pull: PullRequest, base: Oid, at: Instant): Promise<Oid | null> {
  const { git } = pull.repository;
  let onto = base;
  for (const commit of await commitsOf(pull)) {
    if (commit.parents.length > 1) return null;
    const [parent, top] = await Promise.all([git.commit(commit.parents[0] ?? ""), git.commit(onto)]);
    if (parent === null || top === null) return null;
    // `merge-tree` takes no merge base of our choosing in Git 2.39: two commits made for this share just the one wanted.
    const stamp = { ...GITHUB, at: 0 };
    const synthetic = (tree: Oid, parents: readonly Oid[]) =>
      git.commitTree(tree, { parents, author: stamp, committer: stamp, message: "" });
    const origin = await synthetic(parent.tree, []);
    const [ours, theirs] = await Promise.all([synthetic(top.tree, [origin]), synthetic(commit.tree, [origin])]);
    const merged = await git.mergeTree(ours, theirs);
    if (!("tree" in merged)) return null;
    onto = await git.commitTree(merged.tree, {
      parents: [onto],
      author: commit.author,
      committer: { ...identityOf(sender), at },
      message: commit.message,
    });
  }
  return onto;
}
