/** What happened in the world, in order: the history that checkers judge. */
import type { Instant } from "../src/domain/answer.ts";
import type { Actor } from "../src/domain/observation.ts";
import type { Oid } from "../src/domain/release.ts";
import type { QueueExitReason } from "./facts.ts";
import type { Signatory } from "./signing.ts";

/** One of Pinion's processes, from its start to its end. */
export type BotId = number;

export type Happening =
  | {
      readonly kind: "merged";
      readonly pull: number;
      readonly by: Actor;
      readonly head: Oid;
      /** The default branch before and after. */
      readonly base: Oid;
      readonly commit: Oid;
      /** What the merge said the head must be, or null when it said nothing. */
      readonly expectedHead: Oid | null;
      /** Which process asked for it; null for people, and for the merge queue. */
      readonly bot: BotId | null;
      /** The merge queue did it, for whoever had put it there. */
      readonly queued?: true;
    }
  /** A process asks for a merge, which may come about a while later, or not at all. */
  | { readonly kind: "merging"; readonly pull: number; readonly head: Oid; readonly bot: BotId }
  /** A branch moved by other ways than a merge. `to` is null when it went away, `from` when it came to be. */
  | { readonly kind: "moved"; readonly branch: string; readonly from: Oid | null; readonly to: Oid | null; readonly by: Actor }
  | { readonly kind: "opened"; readonly pull: number; readonly by: Actor; readonly bot: BotId | null }
  | { readonly kind: "closed" | "reopened"; readonly pull: number; readonly by: Actor }
  | {
      readonly kind: "enqueued";
      readonly pull: number;
      readonly by: Actor;
      readonly head: Oid;
      /** What was said that the head must be, or null. */
      readonly expectedHead: Oid | null;
      /** Which process asked for it; null for people. */
      readonly bot: BotId | null;
    }
  /** A process asks for a check that lets something through, or puts it into the merge queue; that may come about a while later. */
  | { readonly kind: "asking"; readonly what: "check" | "enqueue"; readonly head: Oid; readonly bot: BotId }
  | { readonly kind: "dequeued"; readonly pull: number; readonly by: Actor | null; readonly reason: QueueExitReason }
  /** A merge queue asks for the checks of a group, or gives the group up. */
  | { readonly kind: "group"; readonly pull: number; readonly head: Oid; readonly what: "requested" | "destroyed" }
  | { readonly kind: "reviewed"; readonly pull: number; readonly by: Actor; readonly state: string }
  | { readonly kind: "labelled" | "unlabelled"; readonly pull: number; readonly by: Actor; readonly label: string }
  | { readonly kind: "commented"; readonly pull: number; readonly by: Actor; readonly body: string }
  | { readonly kind: "checked"; readonly head: Oid; readonly conclusion: string | null; readonly by: Actor }
  | { readonly kind: "issue"; readonly issue: number; readonly by: Actor; readonly what: "opened" | "closed" | "labelled" }
  | { readonly kind: "access"; readonly login: string }
  | { readonly kind: "deployment"; readonly app: string; readonly environment: string; readonly state: string }
  | { readonly kind: "image"; readonly repository: string; readonly tag: string; readonly digest: string }
  /** A signature of the image `about` is attached to the image with this digest. */
  | { readonly kind: "signed"; readonly digest: string; readonly about: string; readonly by: Signatory }
  /** A process was told what the repository looks like. */
  | { readonly kind: "looked"; readonly bot: BotId }
  | { readonly kind: "started" | "crashed"; readonly bot: BotId }
  /** A process ran into something that nobody foresaw. */
  | { readonly kind: "bewildered"; readonly bot: BotId; readonly message: string }
  | { readonly kind: "clock-set-back"; readonly by: number };

export type WorldEvent = Happening & { readonly at: Instant };

/** Whether GitHub sends a webhook that Pinion heeds. */
export function isNews(event: Happening): boolean {
  switch (event.kind) {
    case "merged":
    case "enqueued":
    case "dequeued":
    case "group":
    case "opened":
    case "closed":
    case "reopened":
    case "reviewed":
    case "labelled":
    case "unlabelled":
    case "issue":
      return true;
    case "moved":
      return event.branch === "main" || event.branch.startsWith("pinion");
    case "commented":
      return event.by.kind !== "app";
    default:
      return false;
  }
}
