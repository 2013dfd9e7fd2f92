/** What happened, in plain words. */
import type { Actor } from "../src/domain/observation.ts";
import type { Happening } from "./events.ts";
import type { Trouble } from "./setup.ts";

/** Null for what nobody needs to hear. */
export function toldEvent(event: Happening): string | null {
  switch (event.kind) {
    case "merged":
      return `#${event.pull} is merged by ${name(event.by)} as ${short(event.commit)}`;
    case "enqueued":
      return `#${event.pull} is put into the merge queue by ${name(event.by)}`;
    case "dequeued":
      return `#${event.pull} leaves the merge queue${event.by === null ? "" : `, by ${name(event.by)}`}: ${event.reason}`;
    case "group":
      return `the merge queue ${event.what === "requested" ? "asks for the checks of" : "gives up"} ${short(event.head)}, for #${event.pull}`;
    case "moved":
      if (event.to === null) return `${event.branch} is deleted by ${name(event.by)}`;
      return `${event.branch} ${event.from === null ? "begins" : "moves"} at ${short(event.to)}, by ${name(event.by)}`;
    case "opened":
      return `#${event.pull} is opened by ${name(event.by)}`;
    case "closed":
    case "reopened":
      return `#${event.pull} is ${event.kind} by ${name(event.by)}`;
    case "reviewed":
      return `#${event.pull}: ${name(event.by)} reviews, ${event.state}`;
    case "labelled":
      return `#${event.pull} gets the label ${event.label} from ${name(event.by)}`;
    case "unlabelled":
      return `#${event.pull} loses the label ${event.label} by ${name(event.by)}`;
    case "commented":
      return `#${event.pull}: ${name(event.by)} says "${event.body.replaceAll(/\s+/g, " ").slice(0, 140)}"`;
    case "checked":
      return `the check on ${short(event.head)} says ${event.conclusion ?? "in progress"}`;
    case "issue":
      return `the issue #${event.issue} is ${event.what} by ${name(event.by)}`;
    case "bewildered":
      return `process ${event.bot} ran into: ${event.message}`;
    case "merging":
    case "asking":
    case "access":
    case "deployment":
    case "image":
    case "signed":
    case "looked":
    case "started":
    case "crashed":
    case "clock-set-back":
      return null;
  }
}

function name({ login, kind }: Actor): string {
  return kind === "app" ? "Pinion" : login;
}

function short(oid: string): string {
  return oid.slice(0, 8);
}

export const TROUBLE_IN_WORDS: Readonly<Record<Trouble, string>> = {
  "fail-before": "fails before anything happens",
  "fail-after": "happens, but the answer is a failure",
  slow: "happens, and the answer takes its time",
  late: "happens only after a while",
  doubled: "happens twice",
  stale: "is answered from a while ago",
  partial: "happens in part",
  "crash-before": "is not made any more, since the process dies",
  wire: "is spoilt on its way",
  "crash-after": "happens, and the process dies before it hears of it",
};
