import type { Clock } from "../../src/ports.ts";

/** Where a registry says what happened in it. */
export interface NotificationEndpoint {
  readonly url: string;
  /** Sent as it is in `Authorization`; none when null. */
  readonly authorization: string | null;
}

export interface RegistryHappening {
  readonly action: "push" | "pull" | "delete";
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  /** Blobs and manifests of single platforms have none. */
  readonly tag: string | null;
  /** `Host` of the request that did it. */
  readonly host: string;
  readonly method: string;
  readonly path: string;
}

/** Far longer than a receiver on the same machine needs. */
const DELIVERY_DEADLINE = 5_000;

/**
 * Sends notifications as CNCF Distribution 2.8 does: one POST for each event, in order, of pulls and blobs too. What cannot
 * be delivered is lost, as after a restart of the real one.
 */
export class Notifications {
  readonly #clock: Pick<Clock, "now">;
  readonly #endpoints: NotificationEndpoint[] = [];
  #queue: Promise<void> = Promise.resolve();
  #sent = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  add(endpoint: NotificationEndpoint): void {
    this.#endpoints.push(endpoint);
  }

  tell(happening: RegistryHappening): void {
    if (this.#endpoints.length === 0) return;
    this.#sent += 1;
    const body = JSON.stringify({ events: [this.#event(happening)] });
    this.#queue = this.#queue.then(() => this.#deliver(body));
  }

  /** Resolves when everything told so far was delivered or lost. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  async #deliver(body: string): Promise<void> {
    for (const { url, authorization } of this.#endpoints) {
      const headers = { "content-type": "application/vnd.docker.distribution.events.v1+json" };
      const lost = (): undefined => undefined;
      const response = await fetch(url, {
        method: "POST",
        headers: authorization === null ? headers : { ...headers, authorization },
        body,
        signal: AbortSignal.timeout(DELIVERY_DEADLINE),
      }).catch(lost);
      await response?.body?.cancel().catch(lost);
    }
  }

  #event(happening: RegistryHappening): object {
    const { action, repository, digest, mediaType, size, tag, host, method, path } = happening;
    return {
      id: `event-${this.#sent}`,
      timestamp: new Date(this.#clock.now()).toISOString(),
      action,
      target: { mediaType, size, digest, length: size, repository, url: `http://${host}${path}`, ...(tag === null ? {} : { tag }) },
      request: { id: `request-${this.#sent}`, addr: "127.0.0.1", host, method, useragent: "sandbox" },
      actor: {},
      source: { addr: host, instanceID: "sandbox" },
    };
  }
}
