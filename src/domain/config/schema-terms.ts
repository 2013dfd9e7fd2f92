import type { JsonSchema } from "../schema-check.ts";

export function textUpTo(characters: number): JsonSchema {
  return { type: "string", minLength: 1, maxLength: characters, errorMessage: `must be text of 1 to ${characters} characters` };
}

export const DURATION: JsonSchema = {
  type: "string",
  pattern: "^[0-9]{1,7}[smhd]$",
  errorMessage: "must be a length of time with its unit, such as 90s, 30m, 1h or 2d",
};
