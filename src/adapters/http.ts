/**
 * The one way Pinion speaks HTTP to anything but GitHub: every call has a deadline that covers the body, a cap
 * on bytes, no silent redirects, and failures that say what, where and what to do without showing a secret.
 */
import { BlockList, isIP, isIPv6 } from "node:net";
import { lookup } from "node:dns/promises";
import type { FailureKind, Instant, Milliseconds } from "../domain/answer.ts";
import { CALL_DEADLINE, PortFailure } from "../ports.ts";

/** Why a server may not send us somewhere. `reason` goes on after the server's name and holds no query string. */
export interface TargetRefusal {
  readonly kind: "stalled" | "dependency";
  readonly reason: string;
}

/** Decides whether the server at `from` may send us to `target`; null lets it. */
export type TargetGuard = (target: URL, from: URL) => Promise<TargetRefusal | null>;

export interface HttpRequest {
  /** GET unless told. */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the call to the last byte of the body. {@link CALL_DEADLINE} unless told. */
  readonly deadlineMs?: Milliseconds;
  /** Most bytes of body that are read, after decompression. {@link DEFAULT_MAX_BYTES} unless told. */
  readonly maxBytes?: number;
  /** What the call is for, after "Could not": `list the tags of ghcr.io/acme/app`. */
  readonly what: string;
  /** Statuses beside 2xx that the caller understands. All others are thrown. */
  readonly accept?: readonly number[];
  /**
   * Lets GET and HEAD follow up to {@link MAX_REDIRECTS} redirects that it does not refuse. Without it, none are
   * followed. To another origin only `accept` and `user-agent` are sent along, whatever the guard says.
   */
  readonly redirects?: TargetGuard;
  readonly fetch?: typeof globalThis.fetch;
  /** For `Retry-After` in seconds. */
  readonly now?: () => Instant;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** The address that answered, after redirects. */
  readonly url: URL;
  readonly bytes: Uint8Array;
  text(): string;
  /** Throws {@link PortFailure} (`dependency`) when the body is not JSON. */
  json(): unknown;
}

export const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
export const MAX_REDIRECTS = 5;

const LONGEST_RETRY_AFTER: Milliseconds = 24 * 60 * 60 * 1000;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const HEADERS_FOR_STRANGERS: readonly string[] = ["accept", "user-agent"];

/**
 * One HTTP exchange. Throws {@link PortFailure}: `dependency` for timeouts, network errors, 408, 425, 429 and 5xx;
 * `stalled` for 401, 403, 404, certificate errors, oversized answers and refused redirects, which all need a person;
 * `error` for every other 4xx, because then we asked wrongly.
 */
export async function request(url: string | URL, options: HttpRequest): Promise<HttpResponse> {
  const call: Call = {
    options,
    method: options.method ?? "GET",
    signal: AbortSignal.timeout(options.deadlineMs ?? CALL_DEADLINE),
    deadline: options.deadlineMs ?? CALL_DEADLINE,
    send: options.fetch ?? globalThis.fetch,
  };
  let target = addressOf(url, call);
  let headers = headersOf(options.headers ?? {}, target, call);
  for (let hop = 0; ; hop += 1) {
    const response = await exchange(target, headers, call);
    const next = redirectOf(response, target, call);
    if (next === null) return finish(response, target, call);
    await discard(response);
    if (options.redirects === undefined || (call.method !== "GET" && call.method !== "HEAD")) {
      const problem = `answered ${response.status}, a redirect to ${next.host}. Configure the address it should be asked at`;
      throw failure("stalled", target, call, problem);
    }
    if (hop === MAX_REDIRECTS) {
      throw failure("stalled", target, call, `still redirected after ${MAX_REDIRECTS} redirects. Check the address`);
    }
    const refusal = await withinDeadline(options.redirects(next, target), target, call);
    if (refusal !== null) throw failure(refusal.kind, target, call, refusal.reason);
    if (next.origin !== target.origin) headers = forStrangers(headers);
    target = next;
  }
}

interface Call {
  readonly options: HttpRequest;
  readonly method: string;
  readonly signal: AbortSignal;
  readonly deadline: Milliseconds;
  readonly send: typeof globalThis.fetch;
}

function failure(kind: FailureKind, target: URL, call: Call, problem: string, retryAt: Instant | null = null): PortFailure {
  const message = `Could not ${call.options.what}: ${target.host} ${problem}.`;
  return retryAt === null ? new PortFailure(kind, message) : new PortFailure(kind, message, { retryAt });
}

function addressOf(url: string | URL, call: Call): URL {
  const address = typeof url === "string" ? (URL.canParse(url) ? new URL(url) : null) : url;
  // The text is not shown: it may hold a password.
  if (address === null || (address.protocol !== "http:" && address.protocol !== "https:")) {
    throw new PortFailure("stalled", `Could not ${call.options.what}: its address is not an http or https URL. Correct the address.`);
  }
  if (address.username !== "" || address.password !== "") {
    throw failure("stalled", address, call, "has a user name or password in its address. Give credentials by their own setting");
  }
  return address;
}

function headersOf(entries: Readonly<Record<string, string>>, target: URL, call: Call): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(entries)) {
    try {
      headers.set(name, value);
    } catch {
      // The error of the platform quotes the value, which may be a token.
      const problem = `cannot be sent the header "${name}": its value holds a character that headers may not, such as a line break`;
      throw failure("stalled", target, call, `${problem}. Check the secret it is made from`);
    }
  }
  if (!headers.has("user-agent")) headers.set("user-agent", "pinion");
  return headers;
}

function forStrangers(headers: Headers): Headers {
  const kept = new Headers();
  for (const name of HEADERS_FOR_STRANGERS) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}

async function exchange(target: URL, headers: Headers, call: Call): Promise<Response> {
  const { body } = call.options;
  try {
    return await call.send(target, {
      method: call.method,
      headers,
      redirect: "manual",
      signal: call.signal,
      ...(body === undefined ? {} : { body }),
    });
  } catch (problem) {
    throw networkFailure(problem, target, call);
  }
}

/** Codes of node:tls for a certificate that is not trusted; only a person can mend that. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;

function networkFailure(problem: unknown, target: URL, call: Call): PortFailure {
  if (problem instanceof PortFailure) return problem;
  if (call.signal.aborted) return timeout(target, call);
  // Only the code is shown: messages of the platform can quote headers and addresses.
  const code = codeOf(problem);
  if (CERTIFICATE.test(code)) {
    const problem = `has a certificate that is not trusted (${code}). Renew it, or give its authority with NODE_EXTRA_CA_CERTS`;
    return failure("stalled", target, call, problem);
  }
  return failure("dependency", target, call, `could not be reached (${code}). Check that it is up and that this host may reach it`);
}

function codeOf(problem: unknown): string {
  for (let current = problem, depth = 0; current instanceof Error && depth < 4; current = current.cause, depth += 1) {
    if ("code" in current && typeof current.code === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(current.code)) return current.code;
    if (current instanceof AggregateError && current.errors.length > 0) return codeOf(current.errors[0]);
  }
  return "network error";
}

function timeout(target: URL, call: Call): PortFailure {
  return failure("dependency", target, call, `gave no complete answer within ${call.deadline} ms. Check that it is up and not overloaded`);
}

async function withinDeadline<T>(work: Promise<T>, target: URL, call: Call): Promise<T> {
  const late = Promise.withResolvers<never>();
  const expire = (): void => late.reject(timeout(target, call));
  if (call.signal.aborted) expire();
  call.signal.addEventListener("abort", expire, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    call.signal.removeEventListener("abort", expire);
  }
}

function redirectOf(response: Response, target: URL, call: Call): URL | null {
  if (!REDIRECT_STATUSES.has(response.status)) return null;
  const location = response.headers.get("location");
  if (location === null || !URL.canParse(location, target.href)) {
    throw failure("dependency", target, call, `answered ${response.status} without a usable Location. Check the proxy in front of it`);
  }
  const next = new URL(location, target);
  next.hash = "";
  return addressOf(next, call);
}

async function finish(response: Response, target: URL, call: Call): Promise<HttpResponse> {
  if (!response.ok && call.options.accept?.includes(response.status) !== true) {
    await discard(response);
    throw statusFailure(response, target, call);
  }
  const bytes = await bodyOf(response, target, call);
  const text = (): string => new TextDecoder().decode(bytes);
  return {
    status: response.status,
    headers: response.headers,
    url: target,
    bytes,
    text,
    json() {
      try {
        return JSON.parse(text()) as unknown;
      } catch {
        const problem = `answered ${response.status} with a body that is not JSON. Check the address and the proxy in front of it`;
        throw failure("dependency", target, call, problem);
      }
    },
  };
}

/** What a refusal that needs a person says. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [401, "answered 401: it does not accept the credentials, or wants some. Give it valid ones"],
  [403, "answered 403: the credentials may not do this. Give them the permission"],
  [404, "answered 404: there is no such thing at this address. Check the address and the name"],
]);

function statusFailure(response: Response, target: URL, call: Call): PortFailure {
  const { status } = response;
  const refusal = REFUSALS.get(status);
  if (refusal !== undefined) return failure("stalled", target, call, refusal);
  const later = status === 429 || status === 408 || status === 425 || status >= 500;
  if (!later) return failure("error", target, call, `answered ${status}, which was not expected. Check its version and the address`);
  const retryAt = retryAfter(response.headers.get("retry-after"), (call.options.now ?? Date.now)());
  const meaning = status === 429 ? " (too many requests)" : "";
  const until = retryAt === null ? "" : ` and asks to wait until ${new Date(retryAt).toISOString()}`;
  const advice = "Pinion asks again later; if this lasts, look at the log over there";
  return failure("dependency", target, call, `answered ${status}${meaning}${until}. ${advice}`, retryAt);
}

/**
 * `Retry-After` (RFC 9110 §10.2.3) in seconds or as a date, at most a day ahead; null when absent or senseless. Ten digits would be decades:
 * they are the Unix time that Docker Hub sends (docker/hub-feedback#2459).
 */
export function retryAfter(header: string | null, now: Instant): Instant | null {
  if (header === null) return null;
  const text = header.trim();
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : null;
  const at = seconds === null ? (text.endsWith("GMT") ? Date.parse(text) : Number.NaN) : text.length === 10 ? seconds : now + seconds;
  if (Number.isNaN(at)) return null;
  return Math.min(Math.max(at, now), now + LONGEST_RETRY_AFTER);
}

async function bodyOf(response: Response, target: URL, call: Call): Promise<Uint8Array> {
  const limit = call.options.maxBytes ?? DEFAULT_MAX_BYTES;
  const tooLarge = (): PortFailure =>
    failure("stalled", target, call, `answered more than ${limit} bytes, which is the limit. Check that the address is right`);
  if (call.method === "HEAD" || response.body === null) return new Uint8Array(0);
  if (Number(response.headers.get("content-length") ?? 0) > limit) {
    await discard(response);
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body) {
      length += chunk.byteLength;
      // Leaving the loop cancels the stream, so the rest is never received.
      if (length > limit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (problem) {
    throw networkFailure(problem, target, call);
  }
  return Buffer.concat(chunks, length);
}

/** Frees the connection of an answer nobody reads. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

export interface TargetPolicy {
  /** `host` or `host:port` that the operator named; always allowed. */
  readonly trustedHosts?: readonly string[];
  /** Every address of a name. The system's resolver unless told. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
}

/**
 * Guards against being sent into the private network by a server (SSRF). The origin we are already talking to and hosts
 * that the operator named are allowed, whatever their address. Any other target (redirect, token realm, next
 * page) is refused if one of its addresses is not public, or if it would leave https.
 *
 * The name is resolved here and again when the connection is made, so a resolver that answers differently each time
 * is not caught; the answer of such a target is still only read as a token or a manifest whose digest is checked.
 */
export function createTargetGuard(policy: TargetPolicy = {}): TargetGuard {
  const trusted = new Set(policy.trustedHosts?.map((host) => host.toLowerCase()));
  const resolve = policy.resolve ?? systemAddresses;
  return async (target, from) => {
    if (target.origin === from.origin || trusted.has(target.host) || trusted.has(target.hostname)) return null;
    const refuse = (problem: string): TargetRefusal => {
      return { kind: "stalled", reason: `sends Pinion to ${target.host}, ${problem}. If that is meant, add it to the trusted hosts` };
    };
    if (from.protocol === "https:" && target.protocol !== "https:") return refuse("without https");
    const hostname = target.hostname.replace(/^\[|\]$/g, "");
    const addresses = isIP(hostname) === 0 ? await resolve(hostname).catch(() => []) : [hostname];
    if (addresses.length === 0) {
      return { kind: "dependency", reason: `sends Pinion to ${target.host}, which has no address. Check the name and the resolver` };
    }
    return addresses.every(isPublicAddress) ? null : refuse("which is in a private network");
  };
}

async function systemAddresses(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true });
  return found.map((entry) => entry.address);
}

/** IANA special-purpose registries (RFC 6890): what is not globally reachable, as far as it can be connected to. */
const NOT_PUBLIC_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

const notPublic = ((): BlockList => {
  const list = new BlockList();
  for (const [network, bits] of NOT_PUBLIC_IPV4) {
    list.addSubnet(network, bits, "ipv4");
    // NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an IPv4 address inside an IPv6 one.
    list.addSubnet(`64:ff9b::${network}`, 96 + bits, "ipv6");
    const [a = 0, b = 0, c = 0, d = 0] = network.split(".").map(Number);
    list.addSubnet(`2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::`, 16 + bits, "ipv6");
  }
  list.addSubnet("::", 127, "ipv6");
  list.addSubnet("fc00::", 7, "ipv6");
  list.addSubnet("fe80::", 10, "ipv6");
  list.addSubnet("fec0::", 10, "ipv6");
  list.addSubnet("ff00::", 8, "ipv6");
  return list;
})();

/** Whether an IP address can be reached from anywhere. False for what is no IP address. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  return !notPublic.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
