import { PersonRefused, type Person } from "../../sandbox/github/people.ts";
import { SandboxRefusal } from "../../sandbox/github/refusal.ts";
import type { GitHubSandbox } from "../../sandbox/github/sandbox.ts";
import type { PullRequest, Repository } from "../../sandbox/github/model.ts";
import { joinTeam, leaveTeam } from "../../sandbox/github/state/accounts.ts";
import type { SandboxRegistry } from "../../sandbox/registry.ts";
import { isDigest, type Oid } from "../../src/domain/release.ts";
import { MAIN, type ConfigFacts, type Fate } from "../facts.ts";
import type { Edits, WorldActions } from "../world-view.ts";
import { CONFIG_PATH } from "../world/config-text.ts";
import { ClusterHands } from "../world/cluster-hands.ts";
import type { HttpWorld } from "./http-world.ts";

/** Every other commit of his on a branch that is called like Pinion's says that it is the App's, and GitHub signs the others. */
const IMITATOR = "ivan";

/** What people and machines do at a GitHub and a registry that they reach over HTTP, as Pinion does. */
export class HttpPeople extends ClusterHands implements WorldActions {
  readonly #world: HttpWorld;
  readonly #github: GitHubSandbox;
  readonly #repository: Repository;
  readonly #registry: SandboxRegistry;
  readonly #forks = new Map<string, Repository>();
  #pushes = 0;
  #imitations = 0;

  constructor(world: HttpWorld, { github, repository, registry }: { readonly github: GitHubSandbox; readonly repository: Repository; readonly registry: SandboxRegistry }) {
    super(world);
    this.#world = world;
    this.#github = github;
    this.#repository = repository;
    this.#registry = registry;
  }

  #person(login: string): Person {
    return this.#github.person(login, this.#repository);
  }

  #pull(number: number): PullRequest | null {
    const thread = this.#repository.threads.get(number);
    return thread?.kind === "pull-request" ? thread : null;
  }

  #branch(name: string): Oid | null {
    return this.#repository.refs.get(`refs/heads/${name}`) ?? null;
  }

  /** Whether GitHub let it happen; whatever else goes wrong is a mistake here. */
  async #lets(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (problem) {
      if (problem instanceof PersonRefused || problem instanceof SandboxRefusal) return false;
      throw problem;
    }
  }

  review(login: string, pull: number, state: "approved" | "changes-requested"): Promise<boolean> {
    if (this.#pull(pull)?.state !== "open") return Promise.resolve(false);
    const person = this.#person(login);
    return this.#lets(() => (state === "approved" ? person.approve(pull) : person.requestChanges(pull, "Not like this")));
  }

  async dismiss(login: string, pull: number): Promise<boolean> {
    const last = this.#pull(pull)?.reviews.findLast(({ state }) => state === "APPROVED" || state === "CHANGES_REQUESTED");
    return last !== undefined && (await this.#lets(() => this.#person(login).dismissReview(pull, last.id, "No longer so")));
  }

  comment(login: string, pull: number, body: string): Promise<boolean> {
    return this.#lets(() => this.#person(login).comment(pull, body));
  }

  async label(login: string, pull: number, label: string): Promise<boolean> {
    if (this.#pull(pull)?.labels.some(({ name }) => name === label) === true) return false;
    return this.#lets(() => this.#person(login).label(pull, label));
  }

  unlabel(login: string, pull: number, label: string): Promise<boolean> {
    return this.#lets(() => this.#person(login).unlabel(pull, label));
  }

  async close(login: string, pull: number): Promise<boolean> {
    return this.#pull(pull)?.state === "open" && (await this.#lets(() => this.#person(login).closePullRequest(pull)));
  }

  async reopen(login: string, pull: number): Promise<boolean> {
    const found = this.#pull(pull);
    if (found === null || found.state === "open" || found.mergedAt !== null) return false;
    return this.#lets(() => this.#person(login).reopenPullRequest(pull));
  }

  merge(login: string, pull: number): Promise<boolean> {
    return this.#lets(() => this.#person(login).mergeWithButton(pull));
  }

  enqueue(login: string, pull: number, jump: boolean): Promise<boolean> {
    return this.#lets(() => this.#person(login).enqueue(pull, { jump }));
  }

  dequeue(login: string, pull: number): Promise<boolean> {
    return this.#lets(() => this.#person(login).dequeue(pull));
  }

  /** There is no other CI at these servers. */
  reportGroup(): boolean {
    return false;
  }

  push(login: string, branch: string, edits: Edits, message: string): Promise<boolean> {
    return this.#lets(async () => {
      const person = this.#person(login);
      if (this.#branch(branch) === null) await person.createBranch(branch, this.#branch(MAIN) ?? "");
      const imitates = login === IMITATOR && branch.startsWith("pinion/") && this.#imitations++ % 2 === 1;
      if (imitates) await person.push(branch, edits, message, { as: { name: login, email: this.#github.app.bot.email } });
      else await person.editInBrowser(branch, edits, message);
    });
  }

  async force(login: string, branch: string, to: Oid | null): Promise<boolean> {
    if (branch === MAIN || this.#branch(branch) === null) return false;
    const person = this.#person(login);
    return this.#lets(() => (to === null ? person.deleteBranch(branch) : person.moveBranch(branch, to)));
  }

  async openPull(login: string, branch: string, fork: boolean, edits: Edits): Promise<number | null> {
    if (!fork && this.#branch(branch) !== null) return null;
    const person = this.#person(login);
    const title = `Change by ${login}`;
    let number: number | null = null;
    await this.#lets(async () => {
      const there = fork ? person.on(await this.#forkOf(login)) : person;
      const main = this.#branch(MAIN) ?? "";
      if (fork && there.repository.refs.has(`refs/heads/${branch}`)) await there.moveBranch(branch, main);
      else await there.createBranch(branch, main);
      await there.editInBrowser(branch, edits, title);
      number = await person.openPullRequest({ head: fork ? `${login}:${branch}` : branch, title });
    });
    return number;
  }

  /** Somebody's copy, with everything that the repository has now. */
  async #forkOf(login: string): Promise<Repository> {
    const known = this.#forks.get(login);
    if (known === undefined) {
      const made = await this.#github.fork(this.#repository, login);
      this.#forks.set(login, made);
      return made;
    }
    await known.git.text(["fetch", "--quiet", this.#repository.git.directory, MAIN]);
    return known;
  }

  /** Labels are only set by those who may triage. */
  async openIssue(login: string, title: string, labels: readonly string[]): Promise<number | null> {
    let number: number | null = null;
    const mayLabel = this.#world.facts().people.get(login) !== "read";
    await this.#lets(async () => {
      number = await this.#person(login).openIssue(title, mayLabel ? labels : []);
    });
    return number;
  }

  async closeIssue(login: string, issue: number): Promise<boolean> {
    if (this.#repository.threads.get(issue)?.state !== "open") return false;
    return this.#lets(() => this.#person(login).closeIssue(issue));
  }

  grant(login: string, permission: "read" | "triage" | "write"): void {
    this.#repository.collaborators.set(this.#github.account(login).id, permission);
    this.#world.changed({ kind: "access", login });
  }

  setTeam(slug: string, members: readonly string[]): void {
    const { state, organization } = this.#github;
    const team = state.team(organization.login, slug);
    if (team === null) throw new Error(`there is no team ${slug}`);
    for (const { account } of team.members.values()) if (!members.includes(account.login)) leaveTeam(state, team, account);
    for (const login of members) joinTeam(state, team, this.#github.account(login));
    this.#world.changed({ kind: "access", login: `team ${slug}` });
  }

  setConfig(login: string, config: ConfigFacts | "broken"): Promise<boolean> {
    return this.push(login, MAIN, config === "broken" ? { [CONFIG_PATH]: "environments: [\n" } : this.configEdits(config), "Configure Pinion");
  }

  configEdits(config: ConfigFacts): Edits {
    return { [CONFIG_PATH]: this.#world.written(config) };
  }

  async publish(app: string, tag: string, fate: Fate): Promise<void> {
    this.#pushes += 1;
    const digest = await this.#registry.push(`acme/${app}`, tag, { content: String(this.#pushes) });
    this.#world.published({ app, tag, digest, fate });
  }

  moveTag(app: string, tag: string, fate: Fate): Promise<void> {
    return this.publish(app, tag, fate);
  }

  async pointTag(app: string, tag: string, digest: string): Promise<boolean> {
    if (!isDigest(digest) || this.#world.appOf(digest) !== app) return false;
    await this.#registry.moveTag(`acme/${app}`, tag, digest);
    this.#world.published({ app, tag, digest, fate: this.#world.fateOf(digest) });
    return true;
  }

  /** The registry behind servers is given nothing but images. */
  sign(): boolean {
    return false;
  }

  dropImage(digest: string): void {
    const app = this.#world.appOf(digest);
    if (app !== null && isDigest(digest)) this.#registry.deleteManifest(`acme/${app}`, digest);
  }

  registryDown(down: boolean): void {
    if (down) this.#registry.down();
    else this.#registry.recover();
  }
}
