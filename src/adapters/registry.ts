import type { Instant, Milliseconds } from "../domain/answer.ts";
import { entriesOf, fieldsOf } from "../domain/json.ts";
import { isTag } from "../domain/image-reference.ts";
import type { ImageLabels } from "../domain/observation.ts";
import { isDigest } from "../domain/release.ts";
import type { Digest } from "../domain/release.ts";
import type { AttachedDocuments } from "../domain/supply-chain/documents.ts";
import { NewestEntries } from "../domain/newest-entries.ts";
import type { ArtifactRegistry, Clock } from "../ports.ts";
import { CALL_DEADLINE, PortFailure } from "../ports.ts";
import { createTargetGuard, request, retryAfter, type HttpResponse, type TargetGuard, type TargetPolicy } from "./http.ts";
import { saysNotThere } from "./registry/absence.ts";
import { addressOf, type RepositoryAddress } from "./registry/address.ts";
import { Authorizer } from "./registry/authorizer.ts";
import { attachmentsOf, LARGEST_ATTACHED } from "./registry/attachments.ts";
import { ContentCache } from "./registry/content-cache.ts";
import { builtAt } from "./registry/created.ts";
import type { Credentials } from "./registry/credentials.ts";
import type { HelperNames } from "./registry/docker-config.ts";
import { HostGate, TooManyRequests } from "./registry/host-gate.ts";
import type { ContentReader } from "./registry/image-parts.ts";
import { ACCEPTED_MANIFESTS, digestOfBytes, LARGEST_MANIFEST, manifestProblem } from "./registry/manifest.ts";
import { labelsOf, platformsOf } from "./registry/platforms.ts";
import { nextPage, tagsOf } from "./registry/tag-page.ts";
import { TimeLimit, type Elapsed } from "./registry/time-limit.ts";

export interface RegistryOptions {
  readonly clock: Pick<Clock, "now">;
  /** By `credentialHost`, with a path behind it where they are for a part of the registry. */
  readonly credentials?: ReadonlyMap<string, Credentials>;
  readonly helpers?: HelperNames;
  /** What credential helpers may take from; nothing unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Hosts, with their port if they have one, that are spoken to without TLS beside those that always are. */
  readonly insecureHosts?: readonly string[];
  /** Hosts in private networks that a registry may send us to: token servers, mirrors. */
  readonly trustedHosts?: readonly string[];
  /** For one exchange. */
  readonly deadlineMs?: Milliseconds;
  /** Calls to one host at the same time. */
  readonly concurrency?: number;
  readonly mostTags?: number;
  readonly fetch?: typeof globalThis.fetch;
  /** What limits are counted by; the time since the process began unless told. */
  readonly elapsed?: Elapsed;
  readonly resolve?: TargetPolicy["resolve"];
}

const CONCURRENCY = 8;
/** Some repositories hold every build ever made; past this, cleaning up is cheaper than listing. */
const MOST_TAGS = 100_000;
const PAGE_SIZE = 1_000;
/** Registries may give fewer than asked for, and some give everything at once. */
const MOST_PAGES = 1_000;
/** More than a hundred attachments are not read anyway; registries with small pages give some beside. */
const MOST_REFERRER_PAGES = 20;
/** Of any kind; a page may hold a hundred thousand, and they are held until the last has come. */
const MOST_REFERRERS = 5_000;
const LARGEST_PAGE = 16 * 1024 * 1024;
/** For one question: all pages of a list, all parts of an image, a digest. A credential helper alone may take a third of it. */
const QUESTION_DEADLINE: Milliseconds = 60_000;
const MOST_KEPT = 50_000;
/** Of images; their labels may be long. */
const MOST_LABELS_KEPT = 2_000;
/** What registries and proxies that know no HEAD answer to it. */
const NO_HEAD: readonly number[] = [400, 405, 501];
/** What registries without the referrers API answer to it, beside 404. */
const NO_REFERRERS: readonly number[] = [400, 405, 406, 501];
const INDEX = "application/vnd.oci.image.index.v1+json";

/**
 * Any registry of the OCI distribution-spec, read only. Failures are {@link PortFailure}s: `stalled` for credentials,
 * permissions and names, `dependency` for registries that are down, slow, rate limited or garbled, `error` for
 * one that contradicts itself about a digest.
 */
export function createRegistry(options: RegistryOptions): ArtifactRegistry {
  const client = new RegistryClient(options);
  return {
    tags: (repository) => client.tags(repository),
    digest: (repository, reference) => client.digest(repository, reference),
    created: (repository, digest) => client.created(repository, digest),
    attachments: (repository, digest) => client.attachments(repository, digest),
    platforms: (repository, digest) => client.platforms(repository, digest),
    labels: (repository, digest) => client.labels(repository, digest),
  };
}

interface Ask {
  readonly method: "GET" | "HEAD";
  readonly url: URL;
  readonly accept: string;
  readonly what: string;
  readonly maxBytes: number;
  /** Statuses that say that the registry does not know such a request. */
  readonly unknownRequest?: readonly number[];
  /** Of the question that this is a part of. */
  readonly limit: TimeLimit;
}

interface Question {
  readonly address: RepositoryAddress;
  readonly what: string;
  readonly limit: TimeLimit;
}

class RegistryClient {
  readonly #clock: Pick<Clock, "now">;
  readonly #fetch: typeof globalThis.fetch | undefined;
  readonly #insecureHosts: ReadonlySet<string>;
  readonly #deadline: Milliseconds;
  readonly #mostTags: number;
  readonly #elapsed: Elapsed;
  readonly #guard: TargetGuard;
  readonly #gate: HostGate;
  readonly #authorizer: Authorizer;
  /** The digest that a repository's tag or digest last had, by hash of the bytes. */
  readonly #verified = new NewestEntries<string, Digest>(MOST_KEPT);
  /** What an image says of itself never changes. */
  readonly #built = new NewestEntries<Digest, Instant>(MOST_KEPT);
  readonly #attached = new ContentCache();
  readonly #platforms = new NewestEntries<Digest, readonly string[]>(MOST_KEPT);
  readonly #labels = new NewestEntries<Digest, readonly ImageLabels[]>(MOST_LABELS_KEPT);

  constructor(options: RegistryOptions) {
    this.#clock = options.clock;
    this.#fetch = options.fetch;
    this.#insecureHosts = new Set(options.insecureHosts?.map((host) => host.toLowerCase()));
    this.#deadline = options.deadlineMs ?? CALL_DEADLINE;
    this.#mostTags = options.mostTags ?? MOST_TAGS;
    this.#elapsed = options.elapsed ?? (() => performance.now());
    this.#guard = createTargetGuard({
      trustedHosts: options.trustedHosts ?? [],
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    });
    this.#gate = new HostGate(options.concurrency ?? CONCURRENCY, options.clock);
    this.#authorizer = new Authorizer({
      credentials: options.credentials ?? new Map(),
      helpers: options.helpers ?? { byHost: new Map(), store: null },
      environment: options.environment ?? {},
      clock: options.clock,
      guard: this.#guard,
      deadlineMs: this.#deadline,
      fetch: options.fetch,
    });
  }

  async tags(repository: string): Promise<readonly string[]> {
    const address = addressOf(repository, this.#insecureHosts);
    const what = `list the tags of ${repository}`;
    const limit = this.#limit(what, address, "Remove tags that nobody needs, and check");
    const tags = new Set<string>();
    const seen = new Set<string>();
    let url: URL | null = new URL(`v2/${address.path}/tags/list?n=${PAGE_SIZE}`, address.origin);
    while (url !== null) {
      if (seen.has(url.search) || seen.size === MOST_PAGES) {
        throw listFailure("dependency", address, "gives pages without end. Look at the log over there");
      }
      seen.add(url.search);
      const ask: Ask = { method: "GET", url, accept: "application/json", what, maxBytes: LARGEST_PAGE, limit };
      const page = await this.#ask(address, ask);
      if (page.status === 404 && !saysNotThere(page)) throw notOfARegistry(what, page);
      if (page.status === 404) throw listFailure("stalled", address, "has no such repository. Correct the name, or push an image");
      for (const tag of tagsOf(page, address)) tags.add(tag);
      if (tags.size > this.#mostTags) {
        throw listFailure("stalled", address, `has more than ${this.#mostTags} tags, which is the limit. Remove tags that nobody needs`);
      }
      url = nextPage(page, url, address, what);
    }
    return [...tags];
  }

  /**
   * The hash of the manifest's bytes. Once they were read, a HEAD request is enough for as long as the registry
   * names the same digest: nothing new is believed of it, and Docker Hub counts only GET against its limit.
   */
  async digest(repository: string, reference: string): Promise<Digest | null> {
    const address = addressOf(repository, this.#insecureHosts);
    if (!isTag(reference) && !isDigest(reference)) {
      const text = `Could not ask ${address.domain}: ${JSON.stringify(reference)} is no tag and no sha256 digest. Report this.`;
      throw new PortFailure("error", text);
    }
    const separator = isTag(reference) ? ":" : "@";
    const name = `${repository}${separator}${reference}`;
    const what = `read the manifest of ${name}`;
    const ask = {
      url: new URL(`v2/${address.path}/manifests/${reference}`, address.origin),
      accept: ACCEPTED_MANIFESTS,
      what,
      maxBytes: LARGEST_MANIFEST,
      limit: this.#limit(what, address),
    };
    const verified = this.#verified.get(name);
    if (verified !== undefined) {
      const head = await this.#ask(address, { ...ask, method: "HEAD" });
      if (head.status === 200 && head.headers.get("docker-content-digest") === verified) return verified;
    }
    const response = await this.#ask(address, { ...ask, method: "GET" });
    if (response.status === 404) {
      if (!saysNotThere(response)) throw notOfARegistry(ask.what, response);
      this.#verified.delete(name);
      return null;
    }
    const digest = verifiedDigest(response, reference, name);
    this.#verified.set(name, digest);
    return digest;
  }

  async created(repository: string, digest: Digest): Promise<Instant | null> {
    return this.#once(this.#built, digest, () => builtAt(this.#reader(repository, `read when ${repository}@${digest} was built`), digest));
  }

  async platforms(repository: string, digest: Digest): Promise<readonly string[] | null> {
    return this.#once(this.#platforms, digest, () => platformsOf(this.#reader(repository, `read the platforms of ${repository}@${digest}`), digest));
  }

  async labels(repository: string, digest: Digest): Promise<readonly ImageLabels[] | null> {
    const ask = () => labelsOf(this.#reader(repository, `read the labels of ${repository}@${digest}`), digest);
    return this.#once(this.#labels, digest, ask);
  }

  async #once<V>(known: Map<Digest, V>, digest: Digest, ask: () => Promise<V | null>): Promise<V | null> {
    const value = known.get(digest) ?? (await ask());
    if (value !== null) known.set(digest, value);
    return value;
  }

  #reader(repository: string, what: string): ContentReader {
    const address = addressOf(repository, this.#insecureHosts);
    const question = { address, what, limit: this.#limit(what, address) };
    const manifest = (wanted: Digest) => this.#content(question, "manifests", wanted, LARGEST_MANIFEST);
    const config = (wanted: Digest) => this.#content(question, "blobs", wanted, LARGEST_MANIFEST);
    return { repository, manifest, config };
  }

  attachments(repository: string, digest: Digest): Promise<AttachedDocuments> {
    const address = addressOf(repository, this.#insecureHosts);
    const what = `read the signatures and attestations of ${repository}@${digest}`;
    const question = { address, what, limit: this.#limit(what, address) };
    const cached = (kind: "manifests" | "blobs", maxBytes: number) => (wanted: Digest) => {
      return this.#attached.get(repository, wanted, () => this.#content(question, kind, wanted, maxBytes));
    };
    return attachmentsOf(
      {
        referrers: () => this.#referrers(question, digest),
        tagged: (tag) => this.#tagged(question, tag),
        manifest: cached("manifests", LARGEST_MANIFEST),
        blob: cached("blobs", LARGEST_ATTACHED),
      },
      digest,
    );
  }

  /** Entries of the referrers API (OCI distribution-spec, "Listing Referrers"), or null where there is no such API. */
  async #referrers({ address, what, limit }: Question, digest: Digest): Promise<readonly unknown[] | null> {
    const entries: unknown[] = [];
    const seen = new Set<string>();
    let url: URL | null = new URL(`v2/${address.path}/referrers/${digest}`, address.origin);
    while (url !== null) {
      if (seen.has(url.search) || seen.size === MOST_REFERRER_PAGES) {
        throw new PortFailure("dependency", `Could not ${what}: ${address.origin.host} gives pages without end. Look at the log over there.`);
      }
      seen.add(url.search);
      const ask: Ask = { method: "GET", url, accept: INDEX, what, maxBytes: LARGEST_MANIFEST, unknownRequest: NO_REFERRERS, limit };
      const page = await this.#ask(address, ask);
      // That an image without referrers is none is said by an empty list, so 404 says that there is no such API; the tag is asked then.
      if (page.status !== 200 && seen.size === 1) return null;
      if (page.status !== 200) {
        throw new PortFailure("dependency", `Could not ${what}: ${page.url.host} answered ${page.status} in the middle of the list. Look at the log over there.`);
      }
      const listed = fieldsOf(page.json())["manifests"];
      if (!Array.isArray(listed)) {
        throw new PortFailure("dependency", `Could not ${what}: ${page.url.host} answered something that is no list of referrers. Check the address.`);
      }
      // One by one: as arguments, a hundred thousand are more than a call takes.
      for (const entry of entriesOf(listed)) entries.push(entry);
      if (entries.length > MOST_REFERRERS) {
        throw new PortFailure("stalled", `Could not ${what}: more than ${MOST_REFERRERS} things are attached to it, which is the limit. Remove old ones.`);
      }
      url = nextPage(page, url, address, what);
    }
    return entries;
  }

  async #tagged({ address, what, limit }: Question, tag: string): Promise<Uint8Array | null> {
    const url = new URL(`v2/${address.path}/manifests/${tag}`, address.origin);
    const response = await this.#ask(address, { method: "GET", url, accept: ACCEPTED_MANIFESTS, what, maxBytes: LARGEST_MANIFEST, limit });
    if (response.status === 404 && !saysNotThere(response)) throw notOfARegistry(what, response);
    return response.status === 404 ? null : response.bytes;
  }

  /** Bytes that are proven to have the digest, or null when the registry says that it does not have them. */
  async #content({ address, what, limit }: Question, kind: "manifests" | "blobs", wanted: Digest, maxBytes: number): Promise<Uint8Array | null> {
    const url = new URL(`v2/${address.path}/${kind}/${wanted}`, address.origin);
    const accept = kind === "manifests" ? ACCEPTED_MANIFESTS : "*/*";
    const response = await this.#ask(address, { method: "GET", url, accept, what, maxBytes, limit });
    if (response.status === 404 && !saysNotThere(response)) throw notOfARegistry(what, response);
    if (response.status === 404) return null;
    if (digestOfBytes(response.bytes) !== wanted) throw garbled(response, what, wanted);
    return response.bytes;
  }

  #limit(what: string, { origin }: RepositoryAddress, advice = "Check"): TimeLimit {
    const problem = `Could not ${what}: ${origin.host} gave no complete answer`;
    return new TimeLimit(QUESTION_DEADLINE, problem, `${advice} that it, its token server and its credential helper are up and not overloaded.`, this.#elapsed);
  }

  /** One answer, 200 or 404, when it is its turn. */
  #ask(address: RepositoryAddress, ask: Ask): Promise<HttpResponse> {
    return this.#gate.run(address.origin.host, () => ask.limit.counted(() => this.#signedIn(address, ask)));
  }

  /** One answer, 200 or 404, after signing in; a second time only with another password than was refused. */
  async #signedIn(address: RepositoryAddress, ask: Ask): Promise<HttpResponse> {
    const authorizer = this.#authorizer;
    const authorization = authorizer.current(address);
    const first = await this.#exchange(ask, authorization);
    if (!isRefusal(first)) return first;
    // Whoever we were redirected to is not the one that the credentials are for.
    if (first.url.origin !== address.origin.origin) {
      throw refused(ask, first, "there, after a redirect. Name that registry in the manifests instead");
    }
    const sent = await ask.limit.waitFor(() => authorizer.renew(address, authorization, first));
    const second = await this.#exchange(ask, sent);
    if (!isRefusal(second)) return second;
    const newer = await ask.limit.waitFor(() => authorizer.newerPassword(address, sent));
    const third = newer === null ? second : await this.#exchange(ask, newer);
    if (!isRefusal(third)) return third;
    const advice = `Check that the repository exists. ${await ask.limit.waitFor(() => authorizer.advice(address))}`;
    throw refused(ask, third, `to what it should have let in. ${advice}`);
  }

  async #exchange(ask: Ask, authorization: string | null): Promise<HttpResponse> {
    const response = await request(ask.url, {
      method: ask.method,
      what: ask.what,
      headers: { accept: ask.accept, ...(authorization === null ? {} : { authorization }) },
      accept: [401, 403, 404, 429, ...(ask.method === "HEAD" ? NO_HEAD : []), ...(ask.unknownRequest ?? [])],
      maxBytes: ask.maxBytes,
      deadlineMs: Math.ceil(Math.min(ask.limit.left(), this.#deadline)),
      redirects: this.#guard,
      now: () => this.#clock.now(),
      ...(this.#fetch === undefined ? {} : { fetch: this.#fetch }),
    });
    if (response.status !== 429) return response;
    throw new TooManyRequests(ask.what, response.url.host, retryAfter(response.headers.get("retry-after"), this.#clock.now()));
  }
}

function isRefusal(response: HttpResponse): boolean {
  return response.status === 401 || response.status === 403;
}

function refused(ask: Ask, response: HttpResponse, rest: string): PortFailure {
  return new PortFailure("stalled", `Could not ${ask.what}: ${response.url.host} answered ${response.status} ${rest}.`);
}

function notOfARegistry(what: string, { url }: HttpResponse): PortFailure {
  const problem = `${url.host} answered 404 as no registry does, so nothing is known. Check the address and the proxy in front of it`;
  return new PortFailure("dependency", `Could not ${what}: ${problem}.`);
}

function listFailure(kind: "stalled" | "dependency", address: RepositoryAddress, problem: string): PortFailure {
  return new PortFailure(kind, `Could not list the tags of ${address.repository}: ${address.origin.host} ${problem}.`);
}

function garbled({ url }: HttpResponse, what: string, wanted: Digest): PortFailure {
  const advice = "Ask whoever runs the registry, and the proxies before it";
  return new PortFailure("dependency", `Could not ${what}: ${url.host} answered other bytes than those of ${wanted}. ${advice}.`);
}

/** The hash of the bytes, which must be a manifest, and which everything else that was said of them must agree with. */
function verifiedDigest(response: HttpResponse, reference: string, name: string): Digest {
  const { host } = response.url;
  const problem = manifestProblem(response.bytes);
  if (problem !== null) throw new PortFailure("dependency", `Could not read the manifest of ${name}: ${host} answered ${problem}.`);
  const digest = digestOfBytes(response.bytes);
  const stated = response.headers.get("docker-content-digest");
  const other = isDigest(reference) && reference !== digest ? "the digest it was asked for" : "the digest it says they have";
  // A header of another algorithm is refused too: what is pinned is sha256, and that registry may not serve it by that.
  if ((isDigest(reference) && reference !== digest) || (stated !== null && stated !== digest)) {
    const advice = "Nothing of it is used. Ask whoever runs the registry, and the proxies before it";
    throw new PortFailure("error", `Could not believe ${host} about ${name}: the bytes it serves have ${digest}, not ${other}. ${advice}.`);
  }
  return digest;
}
