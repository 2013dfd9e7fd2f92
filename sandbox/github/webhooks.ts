import { createHmac } from "node:crypto";
import type { SandboxEvent } from "./events.ts";
import type { App, Installation, Instant } from "./model.ts";
import { repositoryOf, webhookPayload } from "./render/events.ts";
import type { GitHubState } from "./state.ts";
import { allows, installationFor } from "./state/access.ts";

/** GitHub waits so long for an answer and does not try again by itself (docs, "Handling webhook deliveries"). */
const ANSWER_DEADLINE = 10_000;

export interface Delivery {
  /** `X-GitHub-Delivery`; the same when it is sent again. */
  readonly id: string;
  readonly app: App;
  readonly event: string;
  readonly action: string | null;
  /** The exact bytes that are signed. */
  readonly body: string;
  readonly at: Instant;
  state: "held" | "dropped" | "sending" | "answered" | "failed";
  /** Status of the last answer, or null when none came. */
  status: number | null;
  attempts: number;
}

export type WebhookMode = "deliver" | "hold" | "drop";

/** Makes webhooks of what happens, and sends, holds or loses them. */
export class Webhooks {
  mode: WebhookMode = "deliver";
  readonly log: Delivery[] = [];
  readonly #state: GitHubState;
  readonly #underWay = new Set<Promise<void>>();
  /** Payloads are finished in the order in which things happened. */
  #order: Promise<void> = Promise.resolve();

  constructor(state: GitHubState) {
    this.#state = state;
    state.listen((event) => this.#take(event));
  }

  #recipients(event: SandboxEvent): readonly App[] {
    // Every App gets these two, whatever it subscribed to (docs, "Webhook events and payloads").
    if (event.name === "installation" || event.name === "installation_repositories") return [event.installation.app];
    return this.#state.apps.filter((app) => {
      const installation = app.events.has(event.name) ? this.#installationOf(app, event) : null;
      return installation !== null && installation.suspendedAt === null;
    });
  }

  /** Where the App stands to what the event is about, or null when it does not get to see it. */
  #installationOf(app: App, event: SandboxEvent): Installation | null {
    const where = repositoryOf(event);
    const installed = where === null ? null : installationFor(this.#state, app, where);
    // An App may be subscribed and not yet granted what it takes.
    if (event.name === "merge_group") return installed !== null && allows(installed.permissions, "merge_queues", "read") ? installed : null;
    if (where !== null) return installed;
    if (event.name !== "membership") return null;
    const { organization } = event.team;
    const found = this.#state.installations.find((candidate) => candidate.app === app && candidate.account === organization);
    return found !== undefined && allows(found.permissions, "members", "read") ? found : null;
  }

  #take(event: SandboxEvent): void {
    for (const app of this.#recipients(event)) {
      // Begun now, so that the payload says what was so when it happened.
      const payload = webhookPayload(this.#state, event, app);
      const seen = { app, event, mode: this.mode, at: this.#state.now() };
      this.#order = this.#order.then(() => this.#enter(seen, payload));
      this.#track(this.#order);
    }
  }

  async #enter(
    { app, event, mode, at }: { readonly app: App; readonly event: SandboxEvent; readonly mode: WebhookMode; readonly at: Instant },
    payload: Promise<unknown>,
  ): Promise<void> {
    const delivery: Delivery = {
      id: uuidFrom(this.#state.secret("delivery")),
      app,
      event: event.name,
      action: "action" in event ? event.action : null,
      body: JSON.stringify(await payload),
      at,
      state: mode === "drop" ? "dropped" : "held",
      status: null,
      attempts: 0,
    };
    this.log.push(delivery);
    if (mode === "deliver") this.#start(delivery);
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  #start(delivery: Delivery): void {
    this.#track(this.#send(delivery));
  }

  async #send(delivery: Delivery): Promise<void> {
    const url = delivery.app.webhookUrl;
    if (url === null) {
      delivery.state = "dropped";
      return;
    }
    delivery.state = "sending";
    delivery.attempts += 1;
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: deliveryHeaders(delivery),
        body: delivery.body,
        signal: AbortSignal.timeout(ANSWER_DEADLINE),
      });
      await answer.arrayBuffer();
      delivery.status = answer.status;
      delivery.state = "answered";
    } catch {
      // A receiver that is away loses the event, as at GitHub; the log shows it.
      delivery.status = null;
      delivery.state = "failed";
    }
  }

  /** What is held back, oldest first. */
  async held(): Promise<readonly Delivery[]> {
    await this.#order;
    return this.log.filter((delivery) => delivery.state === "held");
  }

  /** Sends what is held, in an order of the caller's choosing, and waits for the answers. What is left out stays held. */
  async flush(choose: (held: readonly Delivery[]) => readonly Delivery[] = (held) => held): Promise<void> {
    for (const delivery of choose(await this.held())) this.#start(delivery);
    await this.settled();
  }

  /** Sends one again, with the same id, whatever became of it. */
  async redeliver(id: string): Promise<void> {
    await this.#order;
    const delivery = this.log.find((candidate) => candidate.id === id);
    if (delivery === undefined) throw new Error(`no delivery ${id}`);
    await this.#send(delivery);
  }

  /** Waits until every payload is made and everything that is being sent has been answered. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }
}

function uuidFrom(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function sign(algorithm: "sha1" | "sha256", delivery: Delivery): string {
  return `${algorithm}=${createHmac(algorithm, delivery.app.webhookSecret).update(delivery.body).digest("hex")}`;
}

/** What GitHub sends beside a payload. */
export function deliveryHeaders(delivery: Delivery): Record<string, string> {
  return {
    accept: "*/*",
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/5ab0a11",
    "x-github-event": delivery.event,
    "x-github-delivery": delivery.id,
    "x-github-hook-id": String(delivery.app.id + 1_000_000),
    "x-github-hook-installation-target-id": String(delivery.app.id),
    "x-github-hook-installation-target-type": "integration",
    "x-hub-signature": sign("sha1", delivery),
    "x-hub-signature-256": sign("sha256", delivery),
  };
}
