import { NO_ARRIVALS, type ByArrival } from "./arrivals.ts";
import type { Action, Blocked, Plan } from "./action.ts";
import { unknown, type Answer, type FailureKind, type Instant, type Milliseconds } from "./answer.ts";
import { buildTimeOf, withoutDigest, type BuildTime, type ByBuild } from "./build-time.ts";
import { orderOf, settingsOf, type AppSettings, type Config, type Environment } from "./config.ts";
import { ASKS_FOR_TOO_MUCH, GuestQuestions, inTurn } from "./guest-questions.ts";
import { knownRegistries, registryOf } from "./known-registries.ts";
import { placeIn, type Place } from "./ledger.ts";
import { needKey } from "./need.ts";
import type { Deployment, EnvironmentPins, Knowledge, Need, NeedAnswers, Observation } from "./observation.ts";
import type { PolicySet } from "./policy/policy-set.ts";
import type { LogRecord } from "./record.ts";
import { recordIdentity } from "./record-file.ts";
import type { AppName, EnvironmentName, Pinned, PinnedImage } from "./release.ts";
import type { ReleaseOrder } from "./version-order.ts";

/** How long an answer that could not be had stands before the question is asked again. */
const UNKNOWN_MAX_AGE: Milliseconds = 30_000;
/** The same where a person must act first: asking more often mends nothing. */
const STALLED_MAX_AGE: Milliseconds = 5 * 60_000;

/** What an image says of itself never changes; that it is gone may be learned this late. */
const BUILD_TIME_MAX_AGE: Milliseconds = 24 * 60 * 60_000;

interface AppInView {
  readonly app: AppName;
  readonly pins: ReadonlyMap<EnvironmentName, EnvironmentPins> | undefined;
  readonly places: ReadonlyMap<EnvironmentName, Place> | undefined;
}

/** A pull request that people made, while it is judged. */
interface Guest {
  readonly pullRequest: number;
  /** Registries that it would leave, or stay with. */
  readonly registries: ReadonlySet<string>;
}

/**
 * A plan while it is being made. The parts of the planner read the world from it and put down what they want;
 * it notes each question whose answer is missing, so that asking is the same as reading.
 */
export class Draft {
  readonly observation: Observation;
  readonly config: Config;
  readonly policies: PolicySet;
  readonly now: Instant;
  /** The order of what says when it was built. */
  readonly builds: ByBuild = { by: "build", builtAt: (image) => this.#builtAt(image) };
  readonly #knowledge: Knowledge;
  readonly #actions: Action[] = [];
  readonly #blocked: Blocked[] = [];
  readonly #needs = new Map<string, Need>();
  readonly #guestQuestions = new GuestQuestions();
  readonly #records = new Set<string>();
  #nextLookAt: Instant | null = null;
  #inView: AppInView = { app: "", pins: undefined, places: undefined };
  #deployments: ReadonlyMap<AppName, readonly Deployment[]> | null = null;
  #changing: ReadonlySet<string> | null = null;
  #guest: Guest | null = null;
  #registries: ReadonlySet<string> | null = null;

  constructor(observation: Observation, config: Config, policies: PolicySet, knowledge: Knowledge, now: Instant) {
    this.observation = observation;
    this.config = config;
    this.policies = policies;
    this.#knowledge = knowledge;
    this.now = now;
  }

  /**
   * The answer, or null when it must be asked first; then the question is among the plan's needs. `retry` is how long an answer that
   * could not be had stands; one from before `since` does not count. For people's pull requests no registry is asked that the default
   * branch does not speak of, and nothing where one asks for too much: that is unknown.
   */
  ask<K extends Need["kind"]>(
    need: Extract<Need, { kind: K }>,
    maxAge: Milliseconds,
    { retry = UNKNOWN_MAX_AGE, since = 0 }: { readonly retry?: Milliseconds; readonly since?: Instant } = {},
  ): Answer<NeedAnswers[K]> | null {
    const strange = this.#strangeRegistry(need);
    if (strange !== null) return unknown(strangeRegistryWords(strange), "stalled", this.now);
    if (this.#guest !== null && !this.#guestQuestions.admit(this.#guest.pullRequest, need)) return unknown(ASKS_FOR_TOO_MUCH, "stalled", this.now);
    const answer = this.#knowledge.get<K>(need);
    const limit = answer?.known === false ? unknownMaxAge(answer.failure, maxAge, retry) : maxAge;
    // An answer from the future was given before the clock was set back: how old it is cannot be told.
    if (answer !== null && answer.at >= since && answer.at <= this.now && this.now - answer.at <= limit) {
      if (!answer.known) this.due(answer.at + limit + 1);
      return answer;
    }
    if (this.#guest === null) this.#needs.set(needKey(need), need);
    else this.#guestQuestions.want(this.#guest.pullRequest, need);
    return null;
  }

  /**
   * Judges a pull request that people made. What is asked in it waits for no longer than its turn, so that no pull request, however much
   * it asks, keeps the others and the promotions from being asked for. One that asks for too much is judged again with nothing asked, so
   * that all of it says so.
   */
  asGuest<T>(guest: Guest, judge: () => T): T {
    this.#guest = guest;
    try {
      const judged = judge();
      return this.#guestQuestions.asksTooMuch(guest.pullRequest) ? judge() : judged;
    } finally {
      this.#guest = null;
    }
  }

  /** The registry that must not be asked for whom this is, or null. */
  #strangeRegistry(need: Need): string | null {
    if (this.#guest === null || !("repository" in need)) return null;
    const registry = registryOf(need.repository);
    this.#registries ??= knownRegistries(this.config, this.observation.pins);
    return this.#registries.has(registry) || this.#guest.registries.has(registry) ? null : registry;
  }

  act(action: Action): void {
    this.#actions.push(action);
  }

  /** Wants a record, unless the log or this plan has it already. Answers whether it is new. */
  record(record: LogRecord): boolean {
    const identity = recordIdentity(record);
    if (this.observation.ledger.identities.has(identity) || this.#records.has(identity)) return false;
    this.#records.add(identity);
    this.#actions.push({ id: `record ${identity}`, kind: "record", record });
    return true;
  }

  block(app: AppName | null, environment: EnvironmentName | null, reason: string): void {
    this.#blocked.push({ app, environment, reason });
  }

  /** Why nothing is opened in this place, as far as this plan has said it; null when it is being opened, or has not said. */
  waitsFor(app: AppName, environment: EnvironmentName): string | null {
    if (this.#actions.some((action) => action.kind === "open" && action.app === app && action.environment === environment)) return null;
    return this.#blocked.findLast((blocked) => blocked.app === app && blocked.environment === environment)?.reason ?? null;
  }

  /** Something will be due at this moment without any event. */
  due(at: Instant): void {
    const moment = Math.max(at, this.now + 1);
    if (this.#nextLookAt === null || moment < this.#nextLookAt) this.#nextLookAt = moment;
  }

  place(app: AppName, environment: EnvironmentName): Place {
    return placeIn(this.#turnTo(app).places, environment);
  }

  pins(app: AppName, environment: EnvironmentName): EnvironmentPins | null {
    return this.#turnTo(app).pins?.get(environment) ?? null;
  }

  /** What is known of one app. Many questions about the same one follow each other, in repositories with many. */
  #turnTo(app: AppName): AppInView {
    if (this.#inView.app !== app) {
      const { pins, ledger } = this.observation;
      this.#inView = { app, pins: pins.get(app), places: ledger.places.get(app) };
    }
    return this.#inView;
  }

  /** What GitHub shows of an app's promotions. */
  deploymentsOf(app: AppName): readonly Deployment[] {
    this.#deployments ??= Map.groupBy(this.observation.snapshot.deployments, (deployment) => deployment.app);
    return this.#deployments.get(app) ?? [];
  }

  /** Whether any pin is not what the log knows. */
  get isAnyChanging(): boolean {
    return this.#changingPlaces.size > 0;
  }

  /** Whether the pin here is not what the log knows: that is put into the log first, and the next look plans on from it. */
  isChanging(app: AppName, environment: EnvironmentName): boolean {
    return this.#changingPlaces.has(`${environment}/${app}`);
  }

  get #changingPlaces(): ReadonlySet<string> {
    const { changes, unexplained } = this.observation;
    this.#changing ??= new Set([...changes, ...unexplained].map(({ app, environment }) => `${environment}/${app}`));
    return this.#changing;
  }

  settings(app: AppName): AppSettings {
    return settingsOf(this.config, app);
  }

  /** What tells which of this app's releases is newer. */
  order(app: AppName): ReleaseOrder {
    if (this.settings(app).select.by === "build") return this.builds;
    return orderOf(this.config, this.observation.ledger, app);
  }

  #builtAt(image: PinnedImage): BuildTime {
    const { repository, digest } = image;
    if (digest === null) return withoutDigest(image);
    const answer = this.ask({ kind: "created", repository, digest }, BUILD_TIME_MAX_AGE);
    if (answer?.known === true && answer.value !== null && answer.value > this.now) this.due(answer.value);
    return buildTimeOf(image, answer, this.now);
  }

  /** The order in which a moving tag was seen to name this app's images. */
  arrivals(app: AppName): ByArrival {
    return this.observation.ledger.arrivals.get(app) ?? NO_ARRIVALS;
  }

  /** What this app's environments pin now, as far as their files can be read. */
  pinnedAnywhere(app: AppName): readonly Pinned[] {
    const there = this.#turnTo(app).pins?.values() ?? [];
    return [...there].flatMap((pins) => (pins.ok ? [pins.pinned] : []));
  }

  finish(): Plan {
    const needs = new Map(inTurn([[...this.#needs], this.#guestQuestions.wanted]));
    return { actions: this.#actions, blocked: this.#blocked, needs: [...needs.values()], nextLookAt: this.#nextLookAt };
  }
}

function strangeRegistryWords(registry: string): string {
  const why = `nothing on the default branch uses the registry ${registry}, so Pinion does not ask it for a pull request`;
  return `${why}; name the image under \`apps.<name>.images\` of the configuration there first, or let somebody who may merge without this check decide`;
}

function unknownMaxAge(failure: FailureKind, maxAge: Milliseconds, retry: Milliseconds): Milliseconds {
  return failure === "stalled" ? Math.max(STALLED_MAX_AGE, retry) : Math.min(retry, maxAge);
}

/** The environments that follow this one, directly or further on. */
export function downstreamOf(config: Config, environment: EnvironmentName): readonly Environment[] {
  const reached = new Set([environment]);
  // Environments come in topological order, so one pass reaches everything.
  return config.environments.filter((candidate) => {
    if (!candidate.after.some((name) => reached.has(name))) return false;
    reached.add(candidate.name);
    return true;
  });
}

/** The environments that this one follows, directly or further back. */
export function upstreamOf(config: Config, environment: EnvironmentName): readonly Environment[] {
  const reached = new Set([environment]);
  const found: Environment[] = [];
  for (const candidate of config.environments.toReversed()) {
    const followed = config.environments.some((other) => reached.has(other.name) && other.after.includes(candidate.name));
    if (!followed) continue;
    reached.add(candidate.name);
    found.push(candidate);
  }
  return found;
}
