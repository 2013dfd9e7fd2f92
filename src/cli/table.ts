/** Rows in columns as wide as their widest cell, under a head; columns that are empty throughout are left out. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = head.map((_, column) => column).filter((column) => rows.some((row) => (row[column] ?? "") !== ""));
  const widths = used.map((column) => rows.reduce((widest, row) => Math.max(widest, (row[column] ?? "").length), (head[column] ?? "").length));
  return [head, ...rows]
    .map((row) => `${used.map((column, index) => (row[column] ?? "").padEnd(widths[index] ?? 0)).join("  ").trimEnd()}\n`)
    .join("");
}
