import { tagFilter, type TagFilter } from "../../src/domain/tag-filter.ts";

/** A filter that is known to be sound. */
export function filterOf(pattern: string, extract: string | null = null): TagFilter {
  const compiled = tagFilter(pattern, extract);
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.filter;
}
