import type { SandboxEvent } from "../../sandbox/github/events.ts";
import { NO_OID, type App, type Oid } from "../../sandbox/github/model.ts";
import type { BotId, Happening } from "../events.ts";
import { actorIn } from "./github-facts.ts";

/** Who is served while something happens, and what was asked for. */
export interface Occasion {
  readonly bot: BotId | null;
  /** What the last request to merge named: the pull request, and its head. */
  readonly merging: { readonly pull: number; readonly head: Oid | null } | null;
}

const BRANCHES = "refs/heads/";

/** What an event of the sandbox means to those who judge; nothing, for much of what GitHub tells. A merge tells of itself. */
export function happeningsOf(event: SandboxEvent, app: App, { bot, merging }: Occasion): readonly Happening[] {
  const by = actorIn(event.sender, app);
  switch (event.name) {
    case "push": {
      if (!event.ref.startsWith(BRANCHES) || event.repository.parent !== null) return [];
      const merge = [...event.repository.threads.values()].some((one) => {
        return one.kind === "pull-request" && one.mergeCommit === event.after && event.ref === `${BRANCHES}${one.base.ref}` && event.before === one.base.oid;
      });
      if (merge) return [];
      const [from, to] = [event.before, event.after].map((oid) => (oid === NO_OID ? null : oid));
      return [{ kind: "moved", branch: event.ref.slice(BRANCHES.length), from: from ?? null, to: to ?? null, by }];
    }
    case "pull_request":
      return pullHappenings(event, { bot: by.kind === "app" ? bot : null, merging }, by);
    case "pull_request_review": {
      const { pull, state } = event.review;
      return [{ kind: "reviewed", pull: pull.number, by, state: REVIEWED[state] ?? "commented" }];
    }
    case "issue_comment":
      return event.action === "created" ? [{ kind: "commented", pull: event.comment.thread.number, by, body: event.comment.body }] : [];
    case "issues": {
      const { number } = event.issue;
      if (event.action === "opened" || event.action === "closed" || event.action === "labeled") {
        return [{ kind: "issue", issue: number, by, what: event.action === "labeled" ? "labelled" : event.action }];
      }
      return [];
    }
    case "deployment_status": {
      const { deployment, state } = event.status;
      return [{ kind: "deployment", app: deployment.task.replace(/^promote:/, ""), environment: deployment.environment, state }];
    }
    default:
      return [];
  }
}

const REVIEWED: Readonly<Record<string, string>> = { APPROVED: "approved", CHANGES_REQUESTED: "changes-requested", DISMISSED: "dismissed" };

function pullHappenings(
  event: Extract<SandboxEvent, { name: "pull_request" }>,
  { bot, merging }: Occasion,
  by: ReturnType<typeof actorIn>,
): readonly Happening[] {
  const { pull } = event;
  const { number } = pull;
  switch (event.action) {
    case "opened":
      return [{ kind: "opened", pull: number, by, bot }];
    case "closed": {
      const { mergeCommit: commit } = pull;
      if (commit === null) return [{ kind: "closed", pull: number, by }];
      const asked = merging?.pull === number;
      const how = { expectedHead: asked ? merging.head : null, bot: asked ? bot : null };
      return [{ kind: "merged", pull: number, by, head: pull.head.oid, base: pull.base.oid, commit, ...how }];
    }
    case "reopened":
      return [{ kind: "reopened", pull: number, by }];
    case "labeled":
    case "unlabeled":
      return [{ kind: event.action === "labeled" ? "labelled" : "unlabelled", pull: number, by, label: event.label.name }];
    default:
      return [];
  }
}
