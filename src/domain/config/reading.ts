import { isYamlList } from "../yaml-document.ts";
import type { YamlPath, YamlValue } from "../yaml-document.ts";

/** Notes a broken rule. The readers go on after it, so that all problems are told at once. */
export type Report = (path: YamlPath, message: string, at?: "key" | "value") => void;

// The readers below run even where the schema has found a value of the wrong shape. Such a value is told already,
// so they take the fallback in silence.

export function textOf(value: YamlValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

export function numberOr(value: YamlValue | undefined, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

/** One text or a list of them, as a list. */
export function textsOf(value: YamlValue | undefined): readonly string[] {
  const list = isYamlList(value) ? value : [value];
  return list.filter((item) => typeof item === "string");
}

export function choiceOf<T extends string>(value: YamlValue | undefined, allowed: readonly T[], fallback: T): T {
  return allowed.find((choice) => choice === value) ?? fallback;
}
