import { columnsOf, padded, wrap } from "./wrap.ts";

/** A row of a table by its column's heading, as plain words. */
export type Row = Readonly<Record<string, string>>;

/** Inline Markdown as the words that GitHub's page shows. */
export function plain(text: string): string {
  return text
    .replaceAll(/<\/?code>/g, "")
    .replaceAll(/\\([\\`*_[\]~$#+.)-])/g, "$1")
    .replaceAll(/\*\*(.+?)\*\*/g, "$1")
    .replaceAll(/`+([^`]+)`+/g, "$1")
    .replaceAll("&#8203;", "")
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** The part of a text under one of its headings, without the heading. Empty when there is none of that name. */
export function section(text: string, heading: string): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("#") && plain(line.replace(/^#+ /, "")) === heading);
  if (start === -1) return "";
  const end = lines.findIndex((line, index) => index > start && (line.startsWith("#") || line.startsWith("<details>")));
  return lines.slice(start + 1, end === -1 ? undefined : end).join("\n").trim();
}

function cellsOf(line: string): readonly string[] {
  return line.replace(/^\|/, "").replace(/\|\s*$/, "").split("|").map((cell) => plain(cell.trim()));
}

/** The rows of the first table. */
export function rowsOf(text: string): readonly Row[] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  if (start === -1) return [];
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  const [head, , ...rows] = lines.slice(start, end === -1 ? undefined : end).map(cellsOf);
  return rows.map((row) => Object.fromEntries((head ?? []).map((name, index) => [name, row[index] ?? ""])));
}

/** Rows as aligned columns, without those that hold nothing. The last column is wrapped. */
export function columns(rows: readonly Row[], width: number, { heading = true } = {}): readonly string[] {
  const names = Object.keys(rows[0] ?? {}).filter((name) => rows.some((row) => row[name] !== ""));
  const headed = heading ? [Object.fromEntries(names.map((name) => [name, name])), ...rows] : rows;
  const widths = names.map((name) => Math.max(...headed.map((row) => columnsOf(row[name] ?? ""))));
  return headed.flatMap((row) => {
    const left = names.slice(0, -1).map((name, index) => `${padded(row[name] ?? "", widths[index] ?? 0)}  `).join("");
    const [first = "", ...more] = wrap(row[names.at(-1) ?? ""] ?? "", width - columnsOf(left));
    return [`${left}${first}`, ...more.map((line) => `${" ".repeat(columnsOf(left))}${line}`)];
  });
}

/** A line of a text as it is shown. */
export interface RenderedLine {
  readonly text: string;
  readonly heading: boolean;
}

/** A whole text as lines for a terminal: comments are hidden and details folded, as on GitHub's page. */
export function rendered(markdown: string, width: number): readonly RenderedLine[] {
  const text = markdown
    .replaceAll(/<!--[\s\S]*?-->\n?/g, "")
    .replaceAll(/<details>\s*<summary>(.*?)<\/summary>[\s\S]*?<\/details>/g, "▸ $1 (folded)")
    .trim();
  const lines: RenderedLine[] = [];
  const add = (texts: readonly string[], heading = false): void => void lines.push(...texts.map((one) => ({ text: one, heading })));
  let table: string[] = [];
  let fenced = false;
  for (const line of [...text.split("\n"), ""]) {
    if (line.startsWith("|")) {
      table.push(line);
      continue;
    }
    if (table.length > 0) add(columns(rowsOf(table.join("\n")), width));
    table = [];
    if (/^`{3,}/.test(line)) fenced = !fenced;
    else if (fenced) add(wrap(`    ${line}`, width, "    "));
    else if (line.startsWith("#")) add(wrap(plain(line.replace(/^#+ /, "")), width), true);
    else add(wrap(plain(line), width, line.startsWith("- ") ? "  " : ""));
  }
  const blank = (index: number): boolean => lines[index]?.text === "";
  // Neither two blank lines in a row, nor one below a heading or at the end.
  return lines.slice(0, -1).filter((_, index) => !blank(index) || !(blank(index - 1) || lines[index - 1]?.heading === true));
}
