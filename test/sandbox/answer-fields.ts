/** Reads single fields of answers whose shape the compiler cannot know. */

type Json = Readonly<Record<string, unknown>>;

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

/** A field deep in an answer, which must be there and be of that type. */
export function numberIn(answer: unknown, ...path: readonly (string | number)[]): number {
  const found = path.reduce<unknown>((at, key) => (isJson(at) ? at[key] : undefined), answer);
  if (typeof found !== "number") throw new Error(`no number at ${path.join(".")} of ${JSON.stringify(answer)}`);
  return found;
}

export function textIn(answer: unknown, ...path: readonly (string | number)[]): string {
  const found = path.reduce<unknown>((at, key) => (isJson(at) ? at[key] : undefined), answer);
  if (typeof found !== "string") throw new Error(`no text at ${path.join(".")} of ${JSON.stringify(answer)}`);
  return found;
}
