import type { Answer } from "../answer.ts";
import { ownedFiles, ownerNamed, type OwnedFiles } from "../code-owners.ts";
import type { Draft } from "../draft.ts";
import type { Fact } from "../facts.ts";
import type { JudgedPromotion } from "../promotion-facts.ts";
import { PEOPLE_MAX_AGE } from "./people.ts";

type Judged = Pick<JudgedPromotion, "app" | "environment" | "kind" | "proposedOnly" | "pullRequest" | "proposal">;

/** What is still missing is told of this many groups of owners, and of files of each. */
const MOST_TOLD = 20;
const MOST_FILES_TOLD = 2;
/** As many are asked for a review at once. */
const MOST_ASKED = 15;

/** Whether code owners have to approve. The way back needs none where it merges by itself. */
export function needsCodeOwners({ environment, kind, proposedOnly }: Pick<Judged, "environment" | "kind" | "proposedOnly">): boolean {
  return environment.approvals.codeOwners && (kind !== "revert" || environment.rollback !== "auto" || proposedOnly);
}

/**
 * What code owners say of a promotion: who of `approving`, all of whom may approve, is one, and for which files nobody of their owners has
 * approved yet. Unknown where an owner cannot be told, unless another one has approved. `untold` is why somebody else's approval cannot be told to count.
 */
export function ownersApprovals(
  draft: Draft,
  promotion: Judged,
  approving: readonly string[],
  untold: string | null,
): Fact<{ readonly by: readonly string[]; readonly missing: readonly string[] }> {
  const groups = ownersIn(draft, promotion);
  if ("unknown" in groups) return groups;
  const by = new Set<string>();
  const missing: string[] = [];
  let unknown: string | null = null;
  // Everybody is asked after at once, and only once somebody has approved.
  for (const { group, words } of groups.map((one) => ({ group: one, words: one.owners.map((owner) => ownersWord(draft, owner, approving)) }))) {
    const approved = words.flatMap((word) => word.matched);
    for (const login of approved) by.add(login);
    if (approved.length > 0) continue;
    const problems = words.flatMap(({ problem }) => problem ?? []);
    const lost = problems.length > 0 && (approving.length > 0 || words.every(({ isReadable }) => !isReadable));
    if (lost) unknown ??= `whether an owner of ${named(group)} has approved: ${problems.join("; ")}`;
    else if (untold !== null) unknown ??= `whether an owner of ${named(group)} has approved: ${untold}`;
    else missing.push(`${group.owners.join(" or ")} for ${named(group)}`);
  }
  if (unknown !== null) return { unknown };
  const more = missing.length - MOST_TOLD;
  return { by: [...by], missing: more > 0 ? [...missing.slice(0, MOST_TOLD), `owners of ${more} more groups of files`] : missing };
}

/** Whether somebody is one of the owners of what is changed; null while that is being asked. */
export function isCodeOwner(draft: Draft, promotion: Judged, login: string): Answer<boolean> | null {
  const groups = ownersIn(draft, promotion);
  if ("unknown" in groups) return { known: false, reason: groups.unknown, failure: "stalled", at: draft.now };
  const words = [...new Set(groups.flatMap(({ owners }) => owners))].map((owner) => ownersWord(draft, owner, [login]));
  if (words.some(({ matched }) => matched.length > 0)) return { known: true, value: true, at: draft.now };
  const [problem] = words.flatMap((word) => word.problem ?? []);
  return problem === undefined ? { known: true, value: false, at: draft.now } : { known: false, reason: problem, failure: "stalled", at: draft.now };
}

/** Owners to be asked for a review, besides those who were asked before; none where they are not known. */
export function ownersToAsk(draft: Draft, promotion: Judged, asked: readonly string[]): { readonly teams: readonly string[]; readonly users: readonly string[] } {
  const groups = needsCodeOwners(promotion) ? ownersIn(draft, promotion) : [];
  if ("unknown" in groups) return { teams: [], users: [] };
  const known = new Set(asked.map((name) => name.toLowerCase()));
  const owners = [...new Set(groups.flatMap((group) => group.owners))].map((owner) => ownerNamed(owner, draft.observation.repository.owner));
  const teams = owners.flatMap((owner) => (owner.kind === "team" && !known.has(owner.team) ? [owner.team] : []));
  const users = owners.flatMap((owner) => (owner.kind === "user" && !known.has(owner.login.toLowerCase()) ? [owner.login] : []));
  return { teams: teams.slice(0, MOST_ASKED), users: users.slice(0, MOST_ASKED) };
}

/** Of all that the pull request changes; before it is open, of the file that it will change. */
function ownersIn(draft: Draft, { app, environment, pullRequest, proposal }: Judged): Fact<readonly OwnedFiles[]> {
  if (pullRequest !== null) {
    if (proposal?.conflicts.length !== 0) return { unknown: "who owns what it changes is known once it can be merged with the default branch" };
    return proposal.owned ?? { unknown: "who owns what it changes has not been read yet" };
  }
  const { codeOwners } = draft.observation;
  const pins = draft.pins(app, environment.name);
  if (codeOwners === null || pins === null) return { unknown: "who owns what it changes has not been read yet" };
  return codeOwners.known ? ownedFiles(codeOwners.value, [pins.file]) : { unknown: codeOwners.reason };
}

interface OwnersWord {
  /** Who of those asked after is this owner. */
  readonly matched: readonly string[];
  /** Why it cannot be told who it is, or null. */
  readonly problem: string | null;
  /** Somebody could be this owner. */
  readonly isReadable: boolean;
}

function ownersWord(draft: Draft, name: string, approving: readonly string[]): OwnersWord {
  const owner = ownerNamed(name, draft.observation.repository.owner);
  if (owner.kind === "untold") return { matched: [], problem: `the owner ${name} is not known: ${owner.why}`, isReadable: false };
  if (owner.kind === "user") return { matched: among(approving, [owner.login]), problem: null, isReadable: true };
  if (approving.length === 0) return { matched: [], problem: null, isReadable: true };
  const members = draft.ask({ kind: "team", team: owner.team }, PEOPLE_MAX_AGE);
  if (members === null) return { matched: [], problem: `who is in ${name} has not been asked yet`, isReadable: true };
  return members.known ? { matched: among(approving, members.value), problem: null, isReadable: true } : { matched: [], problem: members.reason, isReadable: true };
}

function among(logins: readonly string[], members: readonly string[]): readonly string[] {
  const lower = new Set(members.map((member) => member.toLowerCase()));
  return logins.filter((login) => lower.has(login.toLowerCase()));
}

function named({ files }: OwnedFiles): string {
  const more = files.length - MOST_FILES_TOLD;
  return more > 0 ? `${files.slice(0, MOST_FILES_TOLD).join(", ")} and ${more} more` : files.join(", ");
}
