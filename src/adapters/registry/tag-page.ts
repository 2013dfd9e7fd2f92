import { isTag } from "../../domain/image-reference.ts";
import { PortFailure } from "../../ports.ts";
import type { HttpResponse } from "../http.ts";
import type { RepositoryAddress } from "./address.ts";

/** The tags of one page; what no tag can be called is left out. Throws {@link PortFailure} (`dependency`) for what is no list. */
export function tagsOf(page: HttpResponse, address: RepositoryAddress): readonly string[] {
  const body = page.json();
  // Distribution says `null` for a repository whose tags are all deleted.
  const tags: unknown = typeof body === "object" && body !== null && "tags" in body ? (body.tags ?? []) : undefined;
  if (!Array.isArray(tags)) {
    const problem = `${page.url.host} answered something that is no list. Check the address`;
    throw new PortFailure("dependency", `Could not list the tags of ${address.repository}: ${problem}.`);
  }
  return tags.filter((tag: unknown): tag is string => typeof tag === "string" && isTag(tag));
}

/** `<target>; rel="next"` among the links of a header (RFC 8288), with or without quotes. */
const NEXT_LINK = /(?:^|,)\s*<([^>]*)>\s*(?:;[^,;]*)*?;\s*rel="?next"?\s*(?:[;,]|$)/i;

/**
 * Where the list goes on, or null at its end (OCI distribution-spec, "Listing Tags" and "Listing Referrers"). Only the query of the link is used:
 * the path stays the repository's, since proxies get it wrong and nothing may send us elsewhere. Throws
 * {@link PortFailure} (`stalled`) for a link to another origin. `what` is what is being done, as "list the tags of …".
 */
export function nextPage(page: HttpResponse, asked: URL, address: RepositoryAddress, what: string): URL | null {
  const target = NEXT_LINK.exec(page.headers.get("link") ?? "")?.[1];
  if (target === undefined) return null;
  const link = URL.canParse(target, page.url.href) ? new URL(target, page.url) : null;
  if (link === null || (link.origin !== page.url.origin && link.origin !== address.origin.origin)) {
    const where = link === null ? "an address that is none" : link.host;
    const advice = "Correct the external address in its configuration";
    const text = `Could not ${what}: ${page.url.host} says that they go on at ${where}. ${advice}.`;
    throw new PortFailure("stalled", text);
  }
  const next = new URL(asked);
  next.search = link.search;
  return next;
}
