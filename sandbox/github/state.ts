import { createHash } from "node:crypto";
import type { EventListener, SandboxEvent } from "./events.ts";
import type { Account, Actor, App, Installation, Instant, Repository, SandboxNode, Team } from "./model.ts";

/** Where the sandbox is reached, for the addresses in its answers. */
export interface Addresses {
  /** As `http://127.0.0.1:4000`, where REST begins. */
  readonly api: string;
  /** As `http://127.0.0.1:4000`, where pages and clone URLs begin. */
  readonly html: string;
}

/** With a clock that cannot be told to call, what is due happens when somebody next does something. */
export interface SandboxClock {
  now(): Instant;
  /** Calls `run` when the time has come. Returns how to call it off. */
  schedule?(at: Instant, run: () => void): () => void;
}

/** A token that is accepted, with the real time at which it ends (null: never). */
export interface Token {
  readonly actor: Actor;
  readonly expiresAt: number | null;
}

/** First ids by kind: far apart and unlike each other, so that a mixed-up id shows. */
const FIRST_IDS: Readonly<Record<string, number>> = {
  account: 5_000_001,
  team: 30_001,
  app: 900_001,
  installation: 70_000_001,
  repository: 400_000_001,
  issue: 2_000_000_001,
  "pull-request": 1_500_000_001,
  label: 600_000_001,
  comment: 1_900_000_001,
  review: 1_700_000_001,
  "check-suite": 15_000_000_001,
  "check-run": 13_000_000_001,
  deployment: 800_000_001,
  "deployment-status": 850_000_001,
  event: 9_000_000_001,
  "merge-queue-entry": 40_000_001,
  ruleset: 1_001,
  package: 3_000_001,
};

const NODE_PREFIX: Readonly<Record<string, string>> = {
  account: "U",
  team: "T",
  app: "A",
  installation: "IN",
  repository: "R",
  issue: "I",
  "pull-request": "PR",
  label: "LA",
  comment: "IC",
  review: "PRR",
  "check-suite": "CS",
  "check-run": "CR",
  deployment: "DE",
  "deployment-status": "DES",
  event: "EV",
  "merge-queue-entry": "MQE",
  ruleset: "RRS",
};

/**
 * Everything this GitHub knows, and nothing of HTTP. What may be done to it, with GitHub's rules, are the
 * functions in `state/`, each taking the state and the actor: REST and GraphQL call the same ones.
 */
export class GitHubState {
  readonly clock: SandboxClock;
  /** Where bare repositories are made. */
  readonly directory: string;
  addresses: Addresses = { api: "http://sandbox.invalid", html: "http://sandbox.invalid" };
  readonly accounts = new Map<number, Account>();
  readonly teams: Team[] = [];
  readonly apps: App[] = [];
  readonly installations: Installation[] = [];
  readonly repositories: Repository[] = [];
  readonly tokens = new Map<string, Token>();
  /** How many first reads of `mergeable`, after head or base moved, give null, as while GitHub's background job runs. */
  unknownMergeableReads = 0;
  readonly #ids = new Map<string, number>();
  readonly #nodes = new Map<string, SandboxNode>();
  readonly #listeners = new Set<EventListener>();

  constructor(options: { readonly clock: SandboxClock; readonly directory: string }) {
    this.clock = options.clock;
    this.directory = options.directory;
  }

  now(): Instant {
    return this.clock.now();
  }

  /** A new id and node id of this kind. Counted, so that the same story gives the same ids. */
  identify(kind: string): { readonly id: number; readonly nodeId: string } {
    const id = this.#ids.get(kind) ?? FIRST_IDS[kind] ?? 1;
    this.#ids.set(kind, id + 1);
    return { id, nodeId: nodeIdOf(kind, String(id)) };
  }

  /** Hex that looks random and never comes twice, but is the same in every run: for tokens and delivery ids. */
  secret(purpose: string): string {
    return createHash("sha256")
      .update(`${purpose} ${this.identify(`secret ${purpose}`).id}`)
      .digest("hex");
  }

  /** Keeps a new thing findable by its node id. */
  register<T extends SandboxNode>(node: T): T {
    this.#nodes.set(node.nodeId, node);
    return node;
  }

  /** What a GraphQL id stands for, or null. */
  node(nodeId: string): SandboxNode | null {
    const found = this.#nodes.get(nodeId);
    if (found !== undefined) return found;
    const decoded = /^(REF|C)_(.+)$/.exec(nodeId);
    if (decoded === null) return null;
    const [id, rest] = splitOnce(Buffer.from(decoded[2] ?? "", "base64url").toString("utf8"), " ");
    const repository = this.repositories.find((candidate) => String(candidate.id) === id);
    if (repository === undefined) return null;
    return decoded[1] === "REF" ? { kind: "ref", nodeId, repository, name: rest } : { kind: "commit", nodeId, repository, oid: rest };
  }

  accountByLogin(login: string): Account | null {
    const wanted = login.toLowerCase();
    return [...this.accounts.values()].find((account) => account.login.toLowerCase() === wanted) ?? null;
  }

  /** Whose commit it is, by e-mail; null as at GitHub when no account has that address. */
  accountByEmail(email: string): Account | null {
    const own = /^(\d+)\+.*@users\.noreply\.github\.com$/.exec(email);
    if (own !== null) return this.accounts.get(Number(own[1])) ?? null;
    return [...this.accounts.values()].find((account) => account.email === email) ?? null;
  }

  repository(owner: string, name: string): Repository | null {
    const full = `${owner}/${name}`.toLowerCase();
    return this.repositories.find((repository) => `${repository.owner.login}/${repository.name}`.toLowerCase() === full) ?? null;
  }

  repositoryById(id: number): Repository | null {
    return this.repositories.find((repository) => repository.id === id) ?? null;
  }

  team(organization: string, slug: string): Team | null {
    const login = organization.toLowerCase();
    return this.teams.find((team) => team.organization.login.toLowerCase() === login && team.slug === slug) ?? null;
  }

  /** The account of someone that must be there, as the one of a token. */
  account(login: string): Account {
    const found = this.accountByLogin(login);
    if (found === null) throw new Error(`the sandbox has no account ${login}`);
    return found;
  }

  /** Waits until all that was begun has been done, with what followed from it. */
  async idle(): Promise<void> {
    for (const repository of this.repositories) await repository.writes.idle();
  }

  /** Waits for writes under way and ends what runs for the repositories. */
  async close(): Promise<void> {
    await this.idle();
    for (const repository of this.repositories) repository.git.close();
  }

  /**
   * Everything as it is now, to be read later: what happens to this state does not change the copy. Accounts, Apps and
   * installations are the same in both, and so are Git's objects with the signatures on them.
   */
  copy(): GitHubState {
    const copy = new GitHubState(this);
    copy.addresses = this.addresses;
    const signatures = this.repositories.map((repository) => repository.signatures);
    const same = [...this.accounts.values(), ...this.apps, ...this.installations, ...signatures];
    const copies = new Map<object, object>(same.map((one) => [one, one]));
    for (const [id, account] of this.accounts) copy.accounts.set(id, account);
    copy.apps.push(...this.apps);
    copy.installations.push(...this.installations);
    copy.teams.push(...copied(this.teams, copies));
    copy.repositories.push(...copied(this.repositories, copies));
    for (const [id, node] of this.#nodes) copy.#nodes.set(id, copied(node, copies));
    return copy;
  }

  emit(event: SandboxEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Calls `listener` for everything that happens, in order and at once. Returns how to stop. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** A deep copy in which what was one thing is one thing still. Things with behaviour of their own are not copied. */
function copied<T>(value: T, copies: Map<object, object>): T {
  if (typeof value !== "object" || value === null) return value;
  // What was kept for a thing is of its kind: each case below makes the same kind again.
  const known = copies.get(value);
  if (known !== undefined) return known as T;
  const keep = <C extends object>(copy: C): C => {
    copies.set(value, copy);
    return copy;
  };
  if (Array.isArray(value)) {
    const list: unknown[] = keep([]);
    for (const item of value) list.push(copied<unknown>(item, copies));
    return list as T;
  }
  if (value instanceof Map) {
    const map = keep(new Map<unknown, unknown>());
    for (const [key, item] of value) map.set(key, copied<unknown>(item, copies));
    return map as T;
  }
  if (value instanceof Set) return keep(new Set([...value].map((item: unknown) => copied(item, copies)))) as T;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const record: Record<string, unknown> = keep({});
  for (const [name, item] of Object.entries(value)) record[name] = copied<unknown>(item, copies);
  return record as T;
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function nodeIdOf(kind: string, content: string): string {
  return `${NODE_PREFIX[kind] ?? "N"}_${Buffer.from(content, "utf8").toString("base64url")}`;
}

/** The GraphQL id of a ref, by its full name. */
export function refNodeId(repository: Repository, name: string): string {
  return `REF_${Buffer.from(`${repository.id} ${name}`, "utf8").toString("base64url")}`;
}

/** The GraphQL id of a commit. */
export function commitNodeId(repository: Repository, oid: string): string {
  return `C_${Buffer.from(`${repository.id} ${oid}`, "utf8").toString("base64url")}`;
}
