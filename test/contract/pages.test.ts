import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** Lines of tables that belong together, each block with the number of its first line. */
function tablesIn(text: string): readonly { readonly at: number; readonly lines: readonly string[] }[] {
  const tables: { at: number; lines: string[] }[] = [];
  let isOpen = false;
  for (const [index, line] of text.split("\n").entries()) {
    const isRow = line.startsWith("|");
    if (isRow && isOpen) tables.at(-1)?.lines.push(line);
    else if (isRow) tables.push({ at: index + 1, lines: [line] });
    isOpen = isRow;
  }
  return tables;
}

/** Cells are parted by bars that are not escaped. */
function cells(line: string): number {
  return line.split(/(?<!\\)\|/).length;
}

describe("the pages for people", () => {
  it.each(PAGES)("README leads to %s", (page) => {
    expect(README).toContain(`](${page})`);
  });

  it.each([...PAGES, "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"])("every row of %s stands in a table, and has its columns", (page) => {
    for (const { at, lines } of tablesIn(readFileSync(join(ROOT, page), "utf8"))) {
      expect(lines[1], `${page}:${at} has no line of headings above it`).toMatch(/^\|(?: ?:?-+:? ?\|)+$/);
      for (const [index, line] of lines.entries()) expect(cells(line), `${page}:${at + index}`).toBe(cells(lines[0] ?? ""));
    }
  });
});
