const CUT_MARK = "\n\n… (cut: GitHub takes no more)";

/** Texts cut to what GitHub takes: it refuses longer ones as a whole. */
export const fitting = {
  /** REST API, "Create a check run". */
  summary: (text: string): string => cut(text, 65_535, CUT_MARK),
  /** Of pull requests, issues and comments. */
  body: (text: string): string => cut(text, 65_536, CUT_MARK),
  title: (text: string): string => cut(text, 256, "…"),
  /** Of a Deployment and its statuses (REST API, "Create a deployment status"). */
  deployment: (text: string): string => cut(text, 140, "…"),
} as const;

/** Whole characters, so that no half of one is left at the end. */
function cut(text: string, limit: number, mark: string): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit - mark.length);
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}${mark}`;
}
