import type { ApplicationFunction } from "probot";
import type { Journal } from "./ports.ts";
import type { Dispatcher } from "./reconciler/dispatch.ts";
import type { RecentDeliveries } from "./web/deliveries.ts";
import { EVENTS, meaningOf, type GitHubEventName } from "./web/github-event.ts";

export interface AppParts {
  readonly appId: number;
  readonly dispatcher: Pick<Dispatcher, "hint" | "imagePushed" | "forget" | "sweep">;
  readonly deliveries: RecentDeliveries;
  readonly journal: Journal;
}

/**
 * The Probot app. It turns GitHub's events into hints and returns at once: GitHub waits ten seconds for an answer and
 * does not ask again, and what an event says may be old by the time it is read. The looking is done by the reconciler.
 */
export default function createApp({ appId, dispatcher, deliveries, journal }: AppParts): ApplicationFunction {
  const heed = (name: GitHubEventName, payload: unknown): void => {
    const meaning = meaningOf(name, payload, appId);
    switch (meaning.kind) {
      case "look":
        dispatcher.hint(meaning.repository, { kind: "forge" });
        return;
      case "sweep":
        dispatcher.sweep();
        return;
      case "gone":
        dispatcher.forget(meaning.repositoryId);
        return;
      case "images":
        for (const repository of meaning.repositories) dispatcher.imagePushed(repository);
        return;
      case "nothing":
        return;
    }
  };

  return (app) => {
    for (const event of EVENTS) {
      app.on(event, ({ id, payload }) => {
        if (deliveries.isNew(id)) heed(event, payload);
        else journal.info("a delivery came twice", { delivery: id, event });
      });
    }
  };
}
