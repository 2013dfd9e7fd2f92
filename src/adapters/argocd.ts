/** Argo CD by its API, read only: the only right it needs is `applications, get`. */
import type { Instant, Milliseconds } from "../domain/answer.ts";
import { chooseEndpoint } from "../domain/endpoint.ts";
import type { ApplicationStatus } from "../domain/rollout.ts";
import { NewestEntries } from "../domain/newest-entries.ts";
import { PortFailure } from "../ports.ts";
import type { Rollouts } from "../ports.ts";
import { parseApplication } from "./argocd/application.ts";
import { request } from "./http.ts";

/** One Argo CD, as the operator gave it. */
export interface ArgoCdEndpoint {
  /** Where its UI is, root path included. */
  readonly url: string;
  /** Of a local account with `apiKey`, or of a project's role. */
  readonly token: string;
  /** The AppProject of all Applications asked for. With it, Argo CD tells what is missing from what is forbidden. */
  readonly project?: string;
}

export interface ArgoCdOptions {
  readonly endpoints: ReadonlyMap<string, ArgoCdEndpoint>;
  /**
   * An Application whose last comparison is older than this is asked to be compared again, at most this often. Argo CD
   * compares every two to three minutes by itself. Five minutes unless told; null never asks.
   */
  readonly refreshAfter?: Milliseconds | null;
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => Instant;
}

/** An Application lists every resource of its own; large ones come to some megabytes. */
const MAX_BYTES = 10 * 1024 * 1024;
const REFRESH_AFTER: Milliseconds = 5 * 60_000;
/** Argo CD answers a refresh only when the comparison is done, or not at all while its controller is behind. */
const REFRESH_DEADLINE: Milliseconds = 15_000;
/** Most Applications whose last refresh is remembered. */
const MAX_REMEMBERED = 10_000;

/** A Kubernetes object name (RFC 1123 subdomain), with the namespace before it where Applications live in several. */
const APPLICATION_NAME = /^(?:(?<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/)?(?<name>[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)$/;

export function createArgoCd(options: ArgoCdOptions): Rollouts {
  const { refreshAfter = REFRESH_AFTER, now = Date.now } = options;
  const refreshes = createRefreshes(refreshAfter, now);
  return {
    async application(endpointName, name) {
      const choice = chooseEndpoint("Argo CD", options.endpoints, endpointName);
      if (!choice.ok) throw new PortFailure("stalled", choice.problem);
      const call: Call = { endpoint: choice.endpoint, name, options };
      const status = await read(call, null);
      if (status === null || !refreshes.due(`${choice.name} ${name}`, status.reconciledAt)) return status;
      try {
        return await read(call, "normal");
      } catch (problem) {
        // The refresh was a favour; what is known without it still stands, and says how old it is.
        if (problem instanceof PortFailure) return status;
        throw problem;
      }
    },
  };
}

interface Call {
  readonly endpoint: ArgoCdEndpoint;
  readonly name: string;
  readonly options: ArgoCdOptions;
}

async function read(call: Call, refresh: "normal" | null): Promise<ApplicationStatus | null> {
  const { endpoint, name, options } = call;
  const what = `read the Argo CD Application "${name}"`;
  const response = await request(addressOf(call, refresh), {
    what,
    headers: { authorization: `Bearer ${endpoint.token}`, accept: "application/json" },
    accept: [403, 404],
    maxBytes: MAX_BYTES,
    ...(refresh === null ? {} : { deadlineMs: REFRESH_DEADLINE }),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  if (response.status === 403) throw forbidden(call, response.url.host);
  if (response.status === 404) {
    if (isNotFound(response.text(), bareName(name))) return null;
    const problem = `answered 404, but not as Argo CD does. Check that the address is Argo CD's, with its root path`;
    throw new PortFailure("stalled", `Could not ${what}: ${response.url.host} ${problem}.`);
  }
  const parsed = parseApplication(response.json(), bareName(name));
  if (!parsed.ok) throw new PortFailure("dependency", `Could not ${what}: ${response.url.host} ${parsed.problem}.`);
  return { ...parsed.status, name };
}

function addressOf({ endpoint, name }: Call, refresh: "normal" | null): URL {
  const { namespace, name: bare } = APPLICATION_NAME.exec(name)?.groups ?? {};
  if (bare === undefined) {
    const rule = 'it must be lower-case letters, digits, "-" and ".", with "<namespace>/" before it at most';
    throw new PortFailure("stalled", `"${name}" is no name of an Argo CD Application: ${rule}.`);
  }
  const base = endpoint.url.endsWith("/") ? endpoint.url : `${endpoint.url}/`;
  if (!URL.canParse(base)) throw new PortFailure("stalled", "The address of Argo CD is not a URL. Correct the operator's setting.");
  const address = new URL(`api/v1/applications/${bare}`, base);
  if (namespace !== undefined) address.searchParams.set("appNamespace", namespace);
  if (endpoint.project !== undefined) address.searchParams.set("project", endpoint.project);
  if (refresh !== null) address.searchParams.set("refresh", refresh);
  return address;
}

/** Argo CD's API docs: without the project it answers 403 for a missing Application too, so as not to tell which ones exist. */
function forbidden({ endpoint, name }: Call, host: string): PortFailure {
  const { project } = endpoint;
  const cause = project === undefined ? "It is missing, or the token may not read it" : `The token may not read it in project "${project}"`;
  const line = `p, <account or role of the token>, applications, get, ${project ?? "<project>"}/${name}, allow`;
  const advice = `Check the name, or add to argocd-rbac-cm: ${line}`;
  return new PortFailure("stalled", `${host} answered 403 for the Argo CD Application "${name}". ${cause}. ${advice}`);
}

function bareName(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

/** gRPC code 5 (NOT_FOUND) and the name, as Argo CD answers; a wrong address gives a 404 without them. */
function isNotFound(body: string, name: string): boolean {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== "object" || answer === null || !("code" in answer) || !("message" in answer)) return false;
    return answer.code === 5 && typeof answer.message === "string" && answer.message.includes(`"${name}"`);
  } catch {
    return false;
  }
}

interface Refreshes {
  /** Whether to ask for a new comparison now; if so, that is remembered. */
  due(key: string, reconciledAt: Instant | null): boolean;
}

function createRefreshes(after: Milliseconds | null, now: () => Instant): Refreshes {
  const asked = new NewestEntries<string, Instant>(MAX_REMEMBERED);
  return {
    due(key, reconciledAt) {
      if (after === null) return false;
      const at = now();
      if (reconciledAt !== null && at - reconciledAt <= after) return false;
      const last = asked.get(key);
      if (last !== undefined && at - last <= after) return false;
      asked.set(key, at);
      return true;
    },
  };
}
