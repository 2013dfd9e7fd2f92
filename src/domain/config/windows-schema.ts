import type { JsonSchema } from "../schema-check.ts";
import { DURATION, textUpTo } from "./schema-terms.ts";

export const MOST_WINDOWS = 20;
/** Whose clocks count where a window names no zone. */
export const STANDARD_ZONE = "UTC";

const WINDOW: JsonSchema = {
  type: "object",
  title: "A window",
  additionalProperties: false,
  required: ["for"],
  properties: {
    allow: {
      ...textUpTo(100),
      description:
        "When a time begins in which promotions may be merged: a cron expression of five fields (minute hour day-of-month month day-of-week), of which the first is one minute.",
      examples: ["0 9 * * 1-4"],
    },
    deny: {
      ...textUpTo(100),
      description: "The same for a time in which they must not, whatever `allow` says.",
      examples: ["0 0 20 12 *"],
    },
    for: {
      ...DURATION,
      description: "How long it lasts. Days end at the same time of day; hours and less are exact, also where clocks are changed.",
      examples: ["8h", "14d"],
    },
    timezone: {
      ...textUpTo(60),
      description: "The zone of the times, by its name in the IANA database.",
      default: STANDARD_ZONE,
      examples: ["Europe/Berlin"],
    },
  },
};

export const WINDOWS: JsonSchema = {
  type: "array",
  description:
    "When promotions may be merged here ([windows](windows.md)). With none that allows, whenever none denies. What is urgent, and the way back, waits for no window.",
  items: WINDOW,
  minItems: 1,
  maxItems: MOST_WINDOWS,
  examples: [[{ allow: "0 9 * * 1-4", for: "8h", timezone: "Europe/Berlin" }]],
  errorMessage: `must be a list of 1 to ${MOST_WINDOWS} windows, such as { allow: "0 9 * * 1-4", for: 8h, timezone: Europe/Berlin }`,
};
