import { isIPv4 } from "node:net";
import { parseImageReference } from "../../domain/image-reference.ts";
import { PortFailure } from "../../ports.ts";

/** Where one repository is asked about. */
export interface RepositoryAddress {
  /** Normalised `domain/path`. */
  readonly repository: string;
  /** As manifests write it: `docker.io`, `test:5000`. */
  readonly domain: string;
  readonly path: string;
  readonly origin: URL;
}

/** Docker Hub's images are named after `docker.io`; its registry is elsewhere (docs.docker.com, "Registry"). */
const API_HOSTS: ReadonlyMap<string, string> = new Map([["docker.io", "registry-1.docker.io"]]);

/**
 * The address of a normalised repository. Throws {@link PortFailure} (`error`) for any other text, so that nothing
 * but a repository's name can ever get into a request's path.
 */
export function addressOf(repository: string, insecureHosts: ReadonlySet<string>): RepositoryAddress {
  const parsed = parseImageReference(repository);
  const reference = parsed.ok ? parsed.reference : null;
  if (reference === null || reference.repository !== repository) {
    throw new PortFailure("error", `Could not ask a registry: ${JSON.stringify(repository)} is not a normalised repository. Report this.`);
  }
  const { domain, path } = reference;
  const host = API_HOSTS.get(domain) ?? domain;
  const scheme = insecureHosts.has(domain.toLowerCase()) || isPlainHttp(domain) ? "http" : "https";
  const origin = `${scheme}://${host}/`;
  if (!URL.canParse(origin)) {
    throw new PortFailure("stalled", `Could not ask the registry of ${repository}: ${host} is no address. Correct the image's name.`);
  }
  return { repository, domain, path, origin: new URL(origin) };
}

/**
 * Hosts that are spoken to without TLS unasked: this machine and the IPv4 addresses of private networks (RFC 1918),
 * as go-containerregistry and with it crane, ko and Flux do. Others must be named as insecure by the operator.
 */
function isPlainHttp(domain: string): boolean {
  if (/^\[::1\](?::\d+)?$/.test(domain)) return true;
  const host = domain.replace(/:\d+$/, "");
  if (host === "localhost" || host.endsWith(".localhost") || host === "127.0.0.1") return true;
  if (!isIPv4(host)) return false;
  const [first, second = 0] = host.split(".").map(Number);
  return first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168);
}
