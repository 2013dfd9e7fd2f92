/**
 * How many requests GitHub gets for one release, counted where they arrive: at the sandbox's GitHub. A first release goes
 * the whole way before, so that what happens once (the log, labels, the App's own name) is over.
 *
 *     npm run bench:requests [-- --json]
 */
import { parse } from "graphql";
import type { SeenRequest } from "../sandbox/github/server.ts";
import type { CheckRun, PullRequest } from "../sandbox/github/model.ts";
import { parseRecord } from "../src/domain/record-file.ts";
import { createWorld, notifyPushes, type World } from "../sandbox/world.ts";
import { must, printJson, printMachine, printTable } from "./figures.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ENVIRONMENTS = ["dev", "staging", "prod"] as const;

/** The README's. */
const CONFIG = `version: 1
environments:
  dev:     { promote: auto, merge: auto }
  staging: { after: dev, promote: auto, merge: auto }
  prod:
    after: staging
    soak: 1h
    watch: 30m
    promote: on-request
    merge: on-approval
    approvals: { count: 1, teams: [sre] }
    rollback: propose
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  defaults:
    select: { semver: ">=1.0.0" }
    argocd: "{app}-{env}"
`;

/** What a request is for. Tokens end with the hour, so their number says nothing of a release. */
type Sort = "api" | "git" | "token" | "identity" | "person";

function sortOf({ by, method, route }: SeenRequest): Sort {
  if (by === "user") return "person";
  if (route.startsWith("git-")) return "git";
  if (route.endsWith("/access_tokens")) return "token";
  return method === "GET" && (route === "/app" || route === "/users/{username}") ? "identity" : "api";
}

/** The operation of a GraphQL document: its name, and each mutation in it. */
function operationOf(document: string): { readonly name: string; readonly mutations: readonly string[] } {
  for (const definition of parse(document).definitions) {
    if (definition.kind !== "OperationDefinition") continue;
    const fields = definition.selectionSet.selections.flatMap((selection) => (selection.kind === "Field" ? [selection.name.value] : []));
    const isMutation = definition.operation === "mutation";
    return { name: definition.name?.value ?? (isMutation ? "mutation" : "query"), mutations: isMutation ? fields : [] };
  }
  return { name: "empty", mutations: [] };
}

function endpointOf({ method, route, document }: SeenRequest): string {
  return document === null ? `${method} ${route}` : `${method} ${route} ${operationOf(document).name}`;
}

/** What is written, one by one: each mutation of a document is a write of its own to GitHub's limits. */
function writesOf(request: SeenRequest): readonly string[] {
  if (sortOf(request) !== "api") return [];
  if (request.document !== null) return operationOf(request.document).mutations;
  return request.method === "GET" ? [] : [`${request.method} ${request.route}`];
}

function countBy<T>(items: readonly T[], name: (item: T) => string): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([left], [right]) => left.localeCompare(right)));
}

class Scene {
  readonly world: World;
  /** How many requests there had been when a pull request's first check run was there, by the pull request's number. */
  readonly checkedAt = new Map<number, number>();

  #head = "";

  constructor(world: World) {
    this.world = world;
    world.github.state.listen((event) => {
      if (event.name === "check_run" && event.action === "created") this.#checked(event.run);
    });
  }

  #checked(run: CheckRun): void {
    for (const pull of this.pulls()) {
      // The request that made it is under way: it is counted when it is answered.
      if (pull.head.oid === run.headSha && !this.checkedAt.has(pull.number)) this.checkedAt.set(pull.number, this.seen + 1);
    }
  }

  get seen(): number {
    return this.world.github.requests.length;
  }

  since(mark: number, until = this.seen): readonly SeenRequest[] {
    return this.world.github.requests.slice(mark, until);
  }

  pulls(): readonly PullRequest[] {
    return [...this.world.repository.threads.values()].filter((thread) => thread.kind === "pull-request");
  }

  pull(version: string, environment: string): PullRequest {
    const found = this.pulls().find(({ title }) => title === `Promote checkout ${version} to ${environment}`);
    must(found !== undefined, `there is no pull request for ${version} in ${environment}`);
    return found;
  }

  /** Whether the log says so, as Git shows it. */
  async #verified(environment: string, version: string): Promise<boolean> {
    const { git, refs } = this.world.repository;
    const head = refs.get("refs/heads/pinion-log");
    if (head === undefined || head === this.#head) return false;
    this.#head = head;
    const found = await git.text(["ls-tree", "-r", "--name-only", head, "--", "records"]);
    for (const path of found.split("\n").filter((name) => name.includes(`/${environment}/checkout/verified-`))) {
      const parsed = parseRecord(path, (await git.file(head, path))?.toString("utf8") ?? "");
      if (parsed.ok && parsed.record.event === "verified" && parsed.record.release.version === version) return true;
    }
    return false;
  }

  async untilVerified(environment: string, version: string): Promise<void> {
    this.#head = "";
    await this.world.until(`${version} verified in ${environment}`, () => this.#verified(environment, version), 6 * HOUR);
  }

  /** Sends a release the whole way: pushed, asked for, approved, soaked, watched. Answers where in the requests it began. */
  async promote(version: string): Promise<number> {
    const { world } = this;
    const start = this.seen;
    await world.push("checkout", version);
    await this.untilVerified("staging", version);
    await world.person("alice").label(this.pull(version, "staging").number, "promote:prod");
    await world.settle();
    await world.person("bob").approve(this.pull(version, "prod").number);
    await this.untilVerified("prod", version);
    return start;
  }
}

async function measure(world: World): Promise<void> {
  const scene = new Scene(world);
  await world.start();
  notifyPushes(world);
  await scene.promote("1.4.2");
  await world.pass(HOUR);
  const began = world.clock.now();
  const start = await scene.promote("1.4.3");
  const took = world.clock.now() - began;
  const opened = scene.checkedAt.get(scene.pull("1.4.3", "dev").number);
  must(opened !== undefined, "the pull request for dev has no check run");
  const all = scene.since(start);
  const api = all.filter((request) => sortOf(request) === "api");
  const quiet = await background(scene, took);
  report({ opening: scene.since(start, opened), all, api, quiet, took });
}

/** What goes to GitHub in the same time when nothing happens: the sweep's. */
async function background(scene: Scene, time: number): Promise<number> {
  const mark = scene.seen;
  await scene.world.pass(time);
  return scene.since(mark).filter((request) => sortOf(request) === "api").length;
}

interface Measured {
  readonly opening: readonly SeenRequest[];
  readonly all: readonly SeenRequest[];
  readonly api: readonly SeenRequest[];
  readonly quiet: number;
  readonly took: number;
}

function report({ opening, all, api, quiet, took }: Measured): void {
  const of = (requests: readonly SeenRequest[], sort: Sort) => requests.filter((request) => sortOf(request) === sort).length;
  const pushToOpen = of(opening, "api");
  const writes = all.flatMap(writesOf);
  const perPromotion = Math.round((writes.length / ENVIRONMENTS.length) * 100) / 100;
  const byEndpoint = countBy(api, endpointOf);
  const points = api.reduce((sum, request) => sum + request.points, 0);
  printTable("From the push to the registry to the open pull request with its check run", [
    ["API requests", pushToOpen, "(aim: at most 4)"],
    ...Object.entries(countBy(opening.filter((request) => sortOf(request) === "api"), endpointOf)).map(([name, count]) => [`  ${name}`, count] as const),
    ["Git requests", of(opening, "git")],
    ["for tokens, once an hour", of(opening, "token")],
    ["for the App's own name, once a start", of(opening, "identity")],
  ]);
  printTable(`The whole way through ${ENVIRONMENTS.join(", ")} to verified in prod, in ${Math.round(took / MINUTE)} minutes`, [
    ["API requests", api.length, `(${quiet} of them come in that time when nothing happens at all)`],
    ...Object.entries(byEndpoint).map(([name, count]) => [`  ${name}`, count] as const),
    ["GraphQL points, of 5,000 in an hour", points],
    ["Git requests", of(all, "git")],
    ["for tokens, once an hour", of(all, "token")],
    ["of people, not counted", of(all, "person")],
  ]);
  printTable(`Writes, each mutation of a GraphQL document counted by itself`, [
    ["for each of 3 promotions", perPromotion],
    ...Object.entries(countBy(writes, (name) => name)).map(([name, count]) => [`  ${name}`, count] as const),
  ]);
  printJson({ push_to_open: pushToOpen, whole_way: api.length, by_endpoint: byEndpoint, writes_per_promotion: perPromotion, graphql_points: points, git_requests: of(all, "git") });
}

printMachine();
const world = await createWorld({
  config: CONFIG,
  digests: true,
  people: { alice: "write", bob: "write" },
  teams: { sre: ["bob"] },
});
try {
  await measure(world);
} finally {
  await world.close();
}
