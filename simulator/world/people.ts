import type { Actor } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import { MAIN, type ConfigFacts, type Fate, type PullFacts, type ReviewFacts } from "../facts.ts";
import { signatureOf, type Signatory } from "../signing.ts";
import type { Edits, WorldActions } from "../world-view.ts";
import { CONFIG_PATH } from "./config-text.ts";
import { ClusterHands } from "./cluster-hands.ts";
import { imageRepository, type World } from "./world.ts";

/** What people and machines do in the world in memory, as far as GitHub lets them. */
export class People extends ClusterHands implements WorldActions {
  readonly #world: World;

  constructor(world: World) {
    super(world);
    this.#world = world;
  }

  get #github() {
    return this.#world.github;
  }

  #person(login: string): Actor {
    return { login, kind: "user" };
  }

  #pull(number: number): PullFacts | null {
    return this.#github.facts.pulls.get(number) ?? null;
  }

  #may(login: string, needed: "read" | "triage" | "write"): boolean {
    const order = ["none", "read", "triage", "write", "maintain", "admin"];
    return order.indexOf(this.#github.permission(login)) >= order.indexOf(needed);
  }

  /** Anyone who may read may review; nobody may approve or refuse their own pull request. */
  review(login: string, number: number, state: ReviewFacts["state"]): boolean {
    const pull = this.#pull(number);
    if (pull === null || pull.state !== "open" || !this.#may(login, "read")) return false;
    if (pull.author.login === login && state !== "commented") return false;
    const review = { id: this.#github.id("RV"), author: this.#person(login), state, commit: pull.head, at: this.#github.second };
    this.#github.changePull(number, { reviews: [...pull.reviews, review] });
    this.#github.tell({ kind: "reviewed", pull: number, by: this.#person(login), state });
    return true;
  }

  /** Takes back the last review that decides something. */
  dismiss(login: string, number: number): boolean {
    const pull = this.#pull(number);
    const last = pull?.reviews.findLast(({ state }) => state === "approved" || state === "changes-requested");
    if (pull === null || last === undefined || !this.#may(login, "write")) return false;
    const reviews = pull.reviews.map((review) => (review === last ? { ...review, state: "dismissed" as const } : review));
    this.#github.changePull(number, { reviews });
    this.#github.tell({ kind: "reviewed", pull: number, by: this.#person(login), state: "dismissed" });
    return true;
  }

  comment(login: string, number: number, body: string): boolean {
    if (this.#pull(number) === null || !this.#may(login, "read")) return false;
    this.#github.commentOn(this.#person(login), number, body);
    return true;
  }

  label(login: string, number: number, label: string): boolean {
    const pull = this.#pull(number);
    if (pull === null || !this.#may(login, "triage") || pull.labels.includes(label)) return false;
    this.#github.knowLabels([label]);
    const event = { id: this.#github.id("LE"), label, actor: this.#person(login), at: this.#github.second };
    this.#github.changePull(number, { labels: [...pull.labels, label], labelEvents: [...pull.labelEvents, event] });
    this.#github.tell({ kind: "labelled", pull: number, by: this.#person(login), label });
    return true;
  }

  unlabel(login: string, number: number, label: string): boolean {
    if (this.#pull(number)?.labels.includes(label) !== true || !this.#may(login, "triage")) return false;
    this.#github.removeLabel(this.#person(login), number, label);
    return true;
  }

  close(login: string, number: number): boolean {
    const pull = this.#pull(number);
    if (pull === null || pull.state !== "open") return false;
    if (pull.author.login !== login && !this.#may(login, "triage")) return false;
    this.#github.close(this.#person(login), number);
    return true;
  }

  /** Only while its branch is there, and no other pull request is open from it. */
  reopen(login: string, number: number): boolean {
    const pull = this.#pull(number);
    if (pull === null || pull.state !== "closed" || !this.#may(login, "triage")) return false;
    const head = pull.fork ? pull.head : this.#github.branch(pull.headRef);
    const taken = [...this.#github.facts.pulls.values()].some(
      (other) => other.state === "open" && other.headRef === pull.headRef && other.fork === pull.fork,
    );
    if (head === null || taken || !this.#github.git.isAncestor(pull.head, head)) return false;
    this.#github.changePull(number, { state: "open", closed: null, head });
    this.#github.tell({ kind: "reopened", pull: number, by: this.#person(login) });
    return true;
  }

  merge(login: string, number: number): boolean {
    const pull = this.#pull(number);
    if (pull === null || !this.#may(login, "write")) return false;
    const message = `${pull.title} (#${number})`;
    return "commit" in this.#github.merge(this.#person(login), number, { expectedHead: null, message, bot: null, squash: true });
  }

  enqueue(login: string, number: number, jump: boolean): boolean {
    return this.#world.queue.enqueue(this.#person(login), number, { expectedHead: null, jump, bot: null }) === null;
  }

  dequeue(login: string, number: number): boolean {
    return this.#world.queue.dequeue(this.#person(login), number) === null;
  }

  reportGroup(head: Oid, conclusion: "success" | "failure"): boolean {
    this.#world.queue.report(head, conclusion);
    return true;
  }

  override calm(): void {
    super.calm();
    this.#world.queue.calm();
  }

  push(login: string, branch: string, edits: Edits, message: string): boolean {
    const actor = this.#person(login);
    if (!this.#github.mayMove(actor, branch)) return false;
    const parent = this.#github.branch(branch) ?? this.#github.main;
    this.#github.move(actor, branch, this.#github.commitOn(actor, parent, edits, message));
    return true;
  }

  force(login: string, branch: string, to: Oid | null): boolean {
    const actor = this.#person(login);
    if (branch === MAIN || this.#github.branch(branch) === null || !this.#github.mayMove(actor, branch)) return false;
    this.#github.move(actor, branch, to);
    return true;
  }

  openPull(login: string, branch: string, fork: boolean, edits: Edits): number | null {
    const actor = this.#person(login);
    if (!fork && (this.#github.branch(branch) !== null || !this.#github.mayMove(actor, branch))) return null;
    const head = this.#github.commitOn(actor, this.#github.main, edits, `Change by ${login}`);
    if (!fork) this.#github.move(actor, branch, head);
    return this.#github.openPull(actor, { title: `Change by ${login}`, base: MAIN, headRef: branch, head, fork }, null);
  }

  /** Labels are only set by those who may triage. */
  openIssue(login: string, title: string, labels: readonly string[]): number | null {
    return this.#github.openIssue(this.#person(login), title, this.#may(login, "triage") ? labels : []);
  }

  closeIssue(login: string, number: number): boolean {
    const issue = this.#github.facts.issues.get(number);
    const actor = this.#person(login);
    if (issue === undefined || issue.state === "closed") return false;
    if (issue.author.login !== login && !this.#may(login, "triage")) return false;
    this.#github.change({ issues: new Map(this.#github.facts.issues).set(number, { ...issue, state: "closed", closedBy: actor }) });
    this.#github.tell({ kind: "issue", issue: number, by: actor, what: "closed" });
    return true;
  }

  grant(login: string, permission: "read" | "triage" | "write"): void {
    this.#github.change({ people: new Map(this.#github.facts.people).set(login, permission) });
    this.#github.tell({ kind: "access", login });
  }

  setTeam(team: string, members: readonly string[]): void {
    this.#github.change({ teams: new Map(this.#github.facts.teams).set(team, members) });
    this.#github.tell({ kind: "access", login: `team ${team}` });
  }

  setConfig(login: string, config: ConfigFacts | "broken"): boolean {
    return this.push(login, MAIN, config === "broken" ? { [CONFIG_PATH]: "environments: [\n" } : this.configEdits(config), "Configure Pinion");
  }

  configEdits(config: ConfigFacts): Edits {
    return { [CONFIG_PATH]: this.#world.written(config) };
  }

  publish(app: string, tag: string, fate: Fate): void {
    const repository = imageRepository(app);
    const digest = this.#world.registry.push(repository, tag, fate, this.#world.clock.now());
    this.#world.note({ kind: "image", repository, tag, digest });
  }

  moveTag(app: string, tag: string, fate: Fate): void {
    this.publish(app, tag, fate);
  }

  pointTag(app: string, tag: string, digest: string): boolean {
    const repository = imageRepository(app);
    const pointed = this.#world.registry.point(repository, tag, digest);
    if (pointed) this.#world.note({ kind: "image", repository, tag, digest });
    return pointed;
  }

  sign(digest: string, about: string, by: Signatory): boolean {
    if (!this.#world.registry.attach(digest, signatureOf(about, by))) return false;
    this.#world.note({ kind: "signed", digest, about, by });
    return true;
  }

  dropImage(digest: string): void {
    this.#world.registry.drop(digest);
  }

  registryDown(down: boolean): void {
    this.#world.registry.down = down;
  }
}
