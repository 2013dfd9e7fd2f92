import type { Actor, PullRequest, Repository } from "../../domain/observation.ts";
import type { GitHubApi } from "./api.ts";
import { PortFailure } from "../../ports.ts";
import { Reader } from "./reader.ts";

/** Who the App is on GitHub. */
export interface AppIdentity {
  readonly id: number;
  /** As in `github.com/apps/<slug>`. */
  readonly slug: string;
  /**
   * The addresses of commits that the App makes through the API: at GitHub's own domain, or that of an Enterprise Server.
   * Anyone can write them into a commit of theirs, so they count only beside GitHub's signature.
   */
  readonly commitEmails: readonly string[];
  /** The addresses that GitHub itself commits with, for people in the browser. */
  readonly webEmails: readonly string[];
}

const GITHUB = "github.com";

/**
 * Asks once who the App is: its slug, and its account, whose id is part of the address of its commits.
 *
 * @param host of GitHub's web pages, as `github.com` or that of an Enterprise Server.
 */
export function identityOf(api: GitHubApi, host: string): (repository: Repository) => Promise<AppIdentity> {
  let known: Promise<AppIdentity> | null = null;
  const ask = async (installation: number): Promise<AppIdentity> => {
    const app = new Reader((await api.rest(null, { route: "GET /app", parameters: {}, what: "find out who the App is" })).body, "app");
    const slug = app.text("slug");
    const { body } = await api.rest(installation, {
      route: "GET /users/{username}",
      parameters: { username: `${slug}[bot]` },
      what: `find the account of the App "${slug}"`,
    });
    const account = new Reader(body, "user").integer("id");
    const domains = [...new Set([GITHUB, host])];
    return {
      id: app.integer("id"),
      slug,
      commitEmails: domains.map((domain) => `${account}+${slug}[bot]@users.noreply.${domain}`),
      webEmails: domains.map((domain) => `noreply@${domain}`),
    };
  };
  return (repository) => {
    const asked = known ?? ask(repository.installation);
    known = asked;
    return asked.catch((problem: unknown) => {
      if (known === asked) known = null;
      throw problem;
    });
  };
}

/**
 * A login as GraphQL gives it. Bots get the form of the REST API, `<slug>[bot]`, everywhere: GraphQL leaves the ending out,
 * and a person may be called like a bot's slug.
 */
export function actorOf(node: Reader | null, app: AppIdentity): Actor {
  if (node === null) return { login: "ghost", kind: "ghost" };
  const login = node.text("login");
  switch (node.text("__typename")) {
    case "Bot":
      return { login: botLogin(login), kind: botLogin(login) === botLogin(app.slug) ? "app" : "bot" };
    case "User":
    case "EnterpriseUserAccount":
      // GitHub shows what deleted accounts did as the work of this user.
      return { login, kind: login === "ghost" ? "ghost" : "user" };
    default:
      // A mannequin stands for somebody of another forge, and an organisation for nobody in particular.
      return { login, kind: "ghost" };
  }
}

export function botLogin(login: string): string {
  return login.endsWith("[bot]") ? login : `${login}[bot]`;
}

/**
 * Whether the App made this commit through the API: only then does GitHub sign it itself with the App as its author.
 * GitHub signs what people do in its web editor too, but then they are the author.
 */
export function isOwnCommit(commit: Reader, app: AppIdentity): boolean {
  return signedByGitHub(commit) && isOneOf(app.commitEmails, commit.optional("author"));
}

/** GitHub can check no signature right now (GraphQL `GitSignatureState`), its own neither. */
const UNCHECKED: ReadonlySet<string> = new Set(["GPGVERIFY_ERROR", "GPGVERIFY_UNAVAILABLE"]);

/**
 * As {@link isOwnCommit}, for where a wrong no does as much harm as a wrong yes: a record that does not count any more.
 *
 * @throws {PortFailure} `dependency` while GitHub cannot check the signature of what names the App as its author.
 */
export function isProvenOwnCommit(commit: Reader, app: AppIdentity, what: string): boolean {
  const signature = commit.optional("signature");
  if (signature !== null && UNCHECKED.has(signature.text("state")) && isOneOf(app.commitEmails, commit.optional("author"))) {
    throw new PortFailure("dependency", `Could not ${what}: GitHub cannot check signatures just now, and ${commit.text("oid")} says that it is the App's.`);
  }
  return isOwnCommit(commit, app);
}

function isOneOf(emails: readonly string[], person: Reader | null): boolean {
  return emails.includes(person?.optionalText("email") ?? "");
}

function signedByGitHub(commit: Reader): boolean {
  const signature = commit.optional("signature");
  return signature !== null && signature.flag("isValid") && signature.flag("wasSignedByGitHub");
}

/** Facts about the commits of a pull request, with `CommitPeopleFields`, from as many as were read. `head` is where the branch stands now. */
export function commitFacts(connection: Reader, head: string, app: AppIdentity): PullRequest["commits"] {
  const commits = allCommits(connection, head);
  return {
    count: connection.integer("totalCount"),
    allOwn: areOwn(connection, head, app),
    people: commits === null ? null : peopleOf(commits, app),
  };
}

/** Whether every commit of a pull request is the App's own; no is the answer while not all of them are known. */
export function areOwn(connection: Reader, head: string, app: AppIdentity): boolean {
  return allCommits(connection, head)?.every((commit) => isOwnCommit(commit, app)) ?? false;
}

function allCommits(connection: Reader, head: string): readonly Reader[] | null {
  const commits = connection.objects("nodes").map((node) => node.object("commit"));
  // The list can lag behind a push.
  const complete = commits.length === connection.integer("totalCount") && commits.at(-1)?.text("oid") === head;
  return complete ? commits : null;
}

function peopleOf(commits: readonly Reader[], app: AppIdentity): readonly string[] | null {
  const people = new Set<string>();
  for (const commit of commits) {
    const logins = isOwnCommit(commit, app) ? [botLogin(app.slug)] : loginsOf(commit, app);
    if (logins === null) return null;
    for (const login of logins) people.add(login);
  }
  return [...people].toSorted();
}

/** Authors, co-authors and committer, or null when one of them has no account that GitHub knows. */
function loginsOf(commit: Reader, app: AppIdentity): readonly string[] | null {
  const authors = commit.object("authors");
  if (authors.object("pageInfo").flag("hasNextPage")) return null;
  const logins = authors.objects("nodes").map((author) => loginOf(author));
  const committer = commit.optional("committer");
  // What people do in the browser is committed by GitHub, and to claim that takes its signature.
  const byGitHub = signedByGitHub(commit) && isOneOf(app.webEmails, committer);
  const all = byGitHub ? logins : [...logins, loginOf(committer)];
  return logins.length > 0 && all.every((login) => login !== null) ? all : null;
}

function loginOf(person: Reader | null): string | null {
  return person?.optional("user")?.text("login") ?? null;
}
