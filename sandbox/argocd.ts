/**
 * Argo CD in a few hundred lines: its API over Applications that follow a real Git repository. Time is the given
 * clock's; what an Application is at some moment is played from the commits and the clock alone (see argocd/history.ts).
 */
import type { Instant, Milliseconds } from "../src/domain/answer.ts";
import { applicationJson } from "./argocd/answer.ts";
import type { SandboxApplication } from "./argocd/answer.ts";
import { sceneAt } from "./argocd/history.ts";
import type { Misbehaviour, Scene } from "./argocd/history.ts";
import { imagesOf, openManifests } from "./argocd/manifests.ts";
import type { Manifests } from "./argocd/manifests.ts";
import { startJsonServer } from "./json-server.ts";
import type { JsonReply, JsonRequest } from "./json-server.ts";

export interface ArgoCdSandboxOptions {
  readonly clock: { now(): Instant };
  /** The directory of a repository, or a URL to clone. Its commits must be dated by the same clock. */
  readonly repositoryUrl: string;
  readonly applications?: readonly SandboxApplication[];
  /** What a client must send as bearer. */
  readonly token?: string;
  /** How often new commits are noticed without a refresh. */
  readonly poll?: Milliseconds;
  readonly syncTakes?: Milliseconds;
  /** From the end of a sync that changes images until they are healthy. */
  readonly rolloutTakes?: Milliseconds;
}

/** The server, and the instructions it takes. Instructions hold for a digest in an Application until {@link behave}. */
export interface ArgoCdSandbox {
  readonly url: string;
  readonly token: string;
  add(application: SandboxApplication): void;
  /** From now on there is no such Application. */
  remove(name: string): void;
  /** Its rollout ends Degraded, or becomes so a while after it was healthy. */
  degradeOn(name: string, digest: string, options?: { readonly after?: Milliseconds }): void;
  failSyncOn(name: string, digest: string): void;
  /** Its rollout never ends. */
  hangOn(name: string, digest: string): void;
  /** Its health changes to and fro. */
  flapOn(name: string, digest: string, options?: { readonly every?: Milliseconds }): void;
  /** Takes all instructions for the digest back. */
  behave(name: string, digest: string): void;
  /** Somebody presses "Sync" now. */
  syncByHand(name: string): void;
  /** `unavailable`: 503 to everything. `silent`: no answer at all. Null: as usual. */
  outage(kind: "unavailable" | "silent" | null): void;
  /** Path and query of every request so far. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

const POLL: Milliseconds = 60_000;
const SYNC_TAKES: Milliseconds = 5_000;
const ROLLOUT_TAKES: Milliseconds = 20_000;
const FLAP_EVERY: Milliseconds = 5_000;
const TOKEN = "sandbox-argocd-token";

export async function startArgoCd(options: ArgoCdSandboxOptions): Promise<ArgoCdSandbox> {
  const manifests = await openManifests(options.repositoryUrl);
  const world = new World(options, manifests);
  const server = await startJsonServer((request) => world.answer(request));
  for (const application of options.applications ?? []) world.add(application);
  return {
    url: server.url,
    token: options.token ?? TOKEN,
    add: (application) => world.add(application),
    remove: (name) => world.remove(name),
    degradeOn: (name, digest, { after = 0 } = {}) => world.misbehave(name, digest, { kind: "degrade", after }),
    failSyncOn: (name, digest) => world.misbehave(name, digest, { kind: "fail-sync" }),
    hangOn: (name, digest) => world.misbehave(name, digest, { kind: "hang" }),
    flapOn: (name, digest, { every = FLAP_EVERY } = {}) => world.misbehave(name, digest, { kind: "flap", every }),
    behave: (name, digest) => world.misbehave(name, digest, null),
    syncByHand: (name) => world.syncByHand(name),
    outage: (kind) => world.outage(kind),
    requests: world.requests,
    async close() {
      await server.close();
      await manifests.close();
    },
  };
}

interface Followed {
  readonly application: SandboxApplication;
  readonly from: Instant;
  readonly refreshes: Instant[];
  readonly handSyncs: Instant[];
  readonly misbehaviours: Map<string, Misbehaviour>;
}

class World {
  readonly requests: string[] = [];
  readonly #options: ArgoCdSandboxOptions;
  readonly #manifests: Manifests;
  readonly #applications = new Map<string, Followed>();
  #outage: "unavailable" | "silent" | null = null;

  constructor(options: ArgoCdSandboxOptions, manifests: Manifests) {
    this.#options = options;
    this.#manifests = manifests;
  }

  add(application: SandboxApplication): void {
    const from = this.#options.clock.now();
    this.#applications.set(application.name, { application, from, refreshes: [], handSyncs: [], misbehaviours: new Map() });
  }

  remove(name: string): void {
    this.#applications.delete(name);
  }

  misbehave(name: string, digest: string, behaviour: Misbehaviour | null): void {
    const { misbehaviours } = this.#followed(name);
    if (behaviour === null) misbehaviours.delete(digest);
    else misbehaviours.set(digest, behaviour);
  }

  syncByHand(name: string): void {
    this.#followed(name).handSyncs.push(this.#options.clock.now());
  }

  outage(kind: "unavailable" | "silent" | null): void {
    this.#outage = kind;
  }

  #followed(name: string): Followed {
    const followed = this.#applications.get(name);
    if (followed === undefined) throw new Error(`the sandbox has no Application "${name}"`);
    return followed;
  }

  async answer(request: JsonRequest): Promise<JsonReply> {
    this.requests.push(`${request.path}${request.query.size === 0 ? "" : `?${request.query.toString()}`}`);
    if (this.#outage === "silent") return "silence";
    if (this.#outage === "unavailable") return { status: 503, body: "upstream connect error" };
    if (request.headers.authorization !== `Bearer ${this.#options.token ?? TOKEN}`) return refusal(401, 16, "no session information");
    if (request.method !== "GET") return refusal(501, 12, "Method Not Allowed");
    if (request.path === "/api/v1/applications") {
      const items = await Promise.all([...this.#applications.values()].map((followed) => this.#json(followed)));
      return { status: 200, body: { metadata: { resourceVersion: "1" }, items } };
    }
    const name = /^\/api\/v1\/applications\/([^/]+)$/.exec(request.path)?.[1];
    return name === undefined ? refusal(404, 5, "Not Found") : this.#one(decodeURIComponent(name), request.query);
  }

  async #one(name: string, query: URLSearchParams): Promise<JsonReply> {
    const followed = this.#applications.get(name);
    const { namespace = "argocd", project = "default" } = followed?.application ?? {};
    const there = followed !== undefined && (query.get("appNamespace") ?? "argocd") === namespace;
    const asked = query.get("project");
    // Without the project, Argo CD does not tell a missing Application from a forbidden one.
    if (!there && asked !== null) return refusal(404, 5, `applications.argoproj.io "${name}" not found`);
    if (!there || (asked !== null && asked !== project)) return refusal(403, 7, "permission denied");
    const refresh = query.get("refresh");
    if (refresh === "normal" || refresh === "hard") followed.refreshes.push(this.#options.clock.now());
    return { status: 200, body: await this.#json(followed) };
  }

  async #json(followed: Followed): Promise<unknown> {
    return applicationJson(followed.application, this.#options.repositoryUrl, await this.#scene(followed));
  }

  async #scene({ application, from, refreshes, handSyncs, misbehaviours }: Followed): Promise<Scene> {
    const { clock, poll = POLL, syncTakes = SYNC_TAKES, rolloutTakes = ROLLOUT_TAKES } = this.#options;
    const commits = await this.#manifests.commits(application.targetRevision ?? "HEAD", application.path);
    const misbehaviour = (images: readonly string[]): Misbehaviour | null =>
      [...misbehaviours].find(([digest]) => images.some((image) => image.endsWith(`@${digest}`)))?.[1] ?? null;
    const automated = application.automated ?? true;
    return sceneAt({ from, commits, poll, syncTakes, rolloutTakes, refreshes, handSyncs, automated, imagesOf, misbehaviour }, clock.now());
  }
}

/** As grpc-gateway writes an error. */
function refusal(status: number, code: number, message: string): JsonReply {
  return { status, body: { error: message, code, message } };
}
