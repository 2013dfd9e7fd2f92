import type { Unknown } from "../answer.ts";

/** What is looked at, in the order in which it is told. */
export type SetupCheck =
  | "installation"
  | "app-permissions"
  | "app-events"
  | "repository"
  | "config"
  | "required-check"
  | "merge-methods"
  | "reviews"
  | "up-to-date"
  | "merge-queue"
  | "other-rules"
  | "code-owner-review"
  | "code-owners-of-config"
  | "code-owners-of-production"
  | "code-owners-errors"
  | "log-writers"
  | "log-history"
  | "bypasses";

/** `unknown`: it could not be read, so it is neither. */
export type FindingStatus = "ok" | "warning" | "problem" | "unknown";

/** What one check of the set-up found, in words for whoever has to mend it. */
export interface Finding {
  readonly check: SetupCheck;
  readonly status: FindingStatus;
  readonly message: string;
  readonly cure: string | null;
  /** The page where that is done. */
  readonly page: string | null;
}

export function ok(check: SetupCheck, message: string): Finding {
  return { check, status: "ok", message, cure: null, page: null };
}

export function warning(check: SetupCheck, message: string, cure: string, page: string | null = null): Finding {
  return { check, status: "warning", message, cure, page };
}

export function problem(check: SetupCheck, message: string, cure: string, page: string | null = null): Finding {
  return { check, status: "problem", message, cure, page };
}

/** `needs` is the App's permission that the question takes, as `contents: read`. */
export function cannotTell(check: SetupCheck, answer: Pick<Unknown, "reason" | "failure">, needs: string): Finding {
  const cure = answer.failure === "stalled" ? `It needs the App's permission "${needs}". Mend that, and run this again` : "Run this again";
  return { check, status: "unknown", message: answer.reason, cure, page: null };
}

/** What cannot be told before there is a configuration that can be used. */
export function withoutConfig(check: SetupCheck, message: string): Finding {
  return { check, status: "unknown", message, cure: "Mend the configuration, and run this again", page: null };
}
