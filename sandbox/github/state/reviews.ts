import type { Account, Actor, Oid, PullRequest, Review, Team } from "../model.ts";
import { invalid, notFound, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { atLeast, requireAccess, roleOf } from "./access.ts";
import { note } from "./pull-changes.ts";
import { WRITE_PULLS, commitsOf } from "./pulls.ts";
import { requireBody } from "./text-limits.ts";

export interface NewReview {
  readonly event: "APPROVE" | "REQUEST_CHANGES" | "COMMENT";
  readonly body: string;
  /** What was looked at; null takes the head. */
  readonly commit: Oid | null;
}

const STATE_OF = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" } as const;

/** Submits a review. Anyone who may read may review; nobody may approve or refuse their own pull request. */
export async function review(state: GitHubState, actor: Actor, pull: PullRequest, input: NewReview): Promise<Review> {
  const author = requireAccess(state, actor, pull.repository, WRITE_PULLS);
  if (author === pull.author && input.event !== "COMMENT") {
    const what = input.event === "APPROVE" ? "approve" : "request changes on";
    throw unprocessable("Unprocessable Entity", [`Can not ${what} your own pull request`]);
  }
  if (input.event !== "APPROVE" && input.body.trim() === "") {
    throw unprocessable("Unprocessable Entity", ["Body can't be blank"]);
  }
  requireBody("PullRequest", input.body);
  const commit = input.commit ?? pull.head.oid;
  if (commit !== pull.head.oid && !(await commitsOf(pull)).some(({ oid }) => oid === commit)) {
    throw unprocessable("Unprocessable Entity", ["Commit is not part of the pull request"]);
  }
  const now = state.now();
  const made: Review = {
    kind: "review",
    ...state.identify("review"),
    pull,
    author,
    state: STATE_OF[input.event],
    body: input.body,
    commit,
    submittedAt: now,
  };
  pull.reviews.push(state.register(made));
  pull.requestedReviewers = pull.requestedReviewers.filter((asked) => asked !== author);
  pull.requestedTeams = pull.requestedTeams.filter((team) => team.members.get(author.id)?.state !== "active");
  pull.updatedAt = now;
  state.emit({ name: "pull_request_review", action: "submitted", sender: author, review: made });
  return made;
}

/** Takes back what a review decided. For those who can write. */
export async function dismissReview(state: GitHubState, actor: Actor, dismissed: Review, message: string): Promise<void> {
  const { pull } = dismissed;
  const sender = requireAccess(state, actor, pull.repository, { ...WRITE_PULLS, role: "write" });
  if (message.trim() === "") throw unprocessable("Unprocessable Entity", ["Message can't be blank"]);
  if (dismissed.state !== "APPROVED" && dismissed.state !== "CHANGES_REQUESTED") {
    throw unprocessable("Unprocessable Entity", [`Can not dismiss a ${dismissed.state.toLowerCase()} pull request review`]);
  }
  dismissed.state = "DISMISSED";
  pull.updatedAt = state.now();
  note(state, pull, sender, { event: "review_dismissed", review: dismissed, message });
  state.emit({ name: "pull_request_review", action: "dismissed", sender, review: dismissed });
}

export interface Reviewers {
  readonly users: readonly Account[];
  readonly teams: readonly Team[];
}

function requireReviewers(state: GitHubState, pull: PullRequest, reviewers: Reviewers): void {
  const { repository } = pull;
  if (reviewers.users.includes(pull.author)) throw unprocessable("Review cannot be requested from pull request author.");
  const strangers =
    reviewers.users.some((user) => !isCollaborator(state, user, pull)) ||
    reviewers.teams.some((team) => team.organization !== repository.owner || !team.repositories.has(repository.id));
  if (strangers) {
    throw unprocessable(
      "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a " +
        `collaborator of the ${repository.owner.login}/${repository.name} repository.`,
    );
  }
}

/** Someone with a role of their own here, beyond what everyone has on a public repository. */
function isCollaborator(state: GitHubState, user: Account, pull: PullRequest): boolean {
  if (user.type !== "User") return false;
  const { repository } = pull;
  if (repository.collaborators.has(user.id)) return true;
  return atLeast(roleOf(state, user, repository), repository.private ? "read" : "triage");
}

/** Asks people and teams for review. Asking someone who is asked already changes nothing. */
export async function requestReviewers(state: GitHubState, actor: Actor, pull: PullRequest, reviewers: Reviewers): Promise<void> {
  const sender = requireAccess(state, actor, pull.repository, { ...WRITE_PULLS, role: "triage" });
  if (reviewers.users.length + reviewers.teams.length === 0) {
    throw invalid({ resource: "PullRequest", code: "missing_field", field: "reviewers" });
  }
  requireReviewers(state, pull, reviewers);
  for (const user of new Set(reviewers.users)) {
    if (pull.requestedReviewers.includes(user)) continue;
    pull.requestedReviewers = [...pull.requestedReviewers, user];
    asked(state, sender, pull, user, "review_requested");
  }
  for (const team of new Set(reviewers.teams)) {
    if (pull.requestedTeams.includes(team)) continue;
    pull.requestedTeams = [...pull.requestedTeams, team];
    asked(state, sender, pull, team, "review_requested");
  }
}

export async function removeRequestedReviewers(state: GitHubState, actor: Actor, pull: PullRequest, reviewers: Reviewers): Promise<void> {
  const sender = requireAccess(state, actor, pull.repository, { ...WRITE_PULLS, role: "triage" });
  for (const user of reviewers.users.filter((candidate) => pull.requestedReviewers.includes(candidate))) {
    pull.requestedReviewers = pull.requestedReviewers.filter((candidate) => candidate !== user);
    asked(state, sender, pull, user, "review_request_removed");
  }
  for (const team of reviewers.teams.filter((candidate) => pull.requestedTeams.includes(candidate))) {
    pull.requestedTeams = pull.requestedTeams.filter((candidate) => candidate !== team);
    asked(state, sender, pull, team, "review_request_removed");
  }
}

function asked(
  state: GitHubState,
  sender: Account,
  pull: PullRequest,
  reviewer: Account | Team,
  action: "review_requested" | "review_request_removed",
): void {
  pull.updatedAt = state.now();
  note(state, pull, sender, { event: action, reviewer });
  state.emit({ name: "pull_request", action, sender, pull, reviewer });
}

/** The accounts and teams by name, as REST takes them. Throws GitHub's 422 for a name that is no collaborator. */
export function reviewersNamed(state: GitHubState, pull: PullRequest, logins: readonly string[], slugs: readonly string[]): Reviewers {
  const unknown = unprocessable(
    "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a " +
      `collaborator of the ${pull.repository.owner.login}/${pull.repository.name} repository.`,
  );
  const users = logins.map((login) => state.accountByLogin(login));
  const teams = slugs.map((slug) => state.team(pull.repository.owner.login, slug));
  const found = { users: users.filter((user) => user !== null), teams: teams.filter((team) => team !== null) };
  if (found.users.length < users.length || found.teams.length < teams.length) throw unknown;
  return found;
}

/** The review of that id on the pull request. Throws 404. */
export function reviewNumbered(pull: PullRequest, id: number): Review {
  const found = pull.reviews.find((candidate) => candidate.id === id);
  if (found === undefined) throw notFound();
  return found;
}
