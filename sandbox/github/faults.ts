/** What goes wrong with one request. */
export type Fault =
  /** Answered at once, without doing anything. */
  | { readonly kind: "status"; readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** The connection closes before anything is done. */
  | { readonly kind: "drop" }
  /** Everything is done, then the connection closes without an answer. */
  | { readonly kind: "drop-after" }
  /** Done, but only the first half of the answer arrives. */
  | { readonly kind: "truncate" }
  /** Done and answered, so many real milliseconds late. */
  | { readonly kind: "delay"; readonly milliseconds: number };

/** `document` is what is asked of GraphQL, and null for everything else. */
export type FaultMatch = (method: string, path: string, document: string | null) => boolean;

/** Faults that wait for the requests they are meant for. */
export class Faults {
  #waiting: { readonly match: FaultMatch; readonly fault: Fault }[] = [];

  /** The next request that matches meets this fault, once. */
  next(match: FaultMatch, fault: Fault): void {
    this.#waiting.push({ match, fault });
  }

  /** The fault for this request, which is used up by it; or null. */
  take(method: string, path: string, document: string | null): Fault | null {
    const index = this.#waiting.findIndex(({ match }) => match(method, path, document));
    if (index === -1) return null;
    const [found] = this.#waiting.splice(index, 1);
    return found?.fault ?? null;
  }

  /** Faults that no request has met yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  clear(): void {
    this.#waiting = [];
  }
}

/** GitHub's answer to too many writes in a burst (docs, "Secondary rate limits"). */
export function secondaryLimit(retryAfterSeconds: number): Fault {
  return {
    kind: "status",
    status: 403,
    headers: { "retry-after": String(retryAfterSeconds) },
    body: {
      message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
      documentation_url: "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
    },
  };
}

/** What stands in for GitHub when its front end has no back end: an HTML page. */
export function badGateway(): Fault {
  return { kind: "status", status: 502, headers: { "content-type": "text/html" }, body: "<html><title>Unicorn!</title></html>" };
}

/** What a merge answers when the base moved while GitHub was at it: to be tried again. */
export function baseModified(): Fault {
  return { kind: "status", status: 405, body: { message: "Base branch was modified. Review and try the merge again." } };
}
