/** Lines around a change that show where it is. */
const CONTEXT = 3;
/** Beyond this many lines on either side a change is shown as one block, since comparing costs their product. */
const MOST_COMPARED = 2_000;

type Line = readonly [mark: " " | "-" | "+", text: string];

/**
 * What is different between two texts, as a unified diff (GNU diffutils, "Detailed Description of Unified Format"); nothing where they are
 * the same. A path from the root is shown as Git shows one, without its first slash.
 */
export function unifiedDiff(file: string, before: string, after: string): string {
  if (before === after) return "";
  const lines = compare(linesOf(before), linesOf(after));
  const name = file.replace(/^(?:\.?\/)+/, "");
  return `--- a/${name}\n+++ b/${name}\n${hunks(lines).map(format(lines)).join("")}`;
}

/** Lines with what ends them. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const same = (texts: readonly string[]): Line[] => texts.map((text) => [" ", text]);
  return [
    ...same(before.slice(0, start)),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ];
}

/** By the longest common subsequence. */
function compareMiddle(before: readonly string[], after: readonly string[]): readonly Line[] {
  if (before.length > MOST_COMPARED || after.length > MOST_COMPARED) {
    return [...before.map((text): Line => ["-", text]), ...after.map((text): Line => ["+", text])];
  }
  const width = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const [diagonal, down, right] = [lengths[(i + 1) * width + j + 1] ?? 0, lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0];
      lengths[i * width + j] = before[i] === after[j] ? diagonal + 1 : Math.max(down, right);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [left, right] = [before[i], after[j]];
    if (left !== undefined && left === right) {
      lines.push([" ", left]);
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))) {
      lines.push(["-", left]);
      i += 1;
    } else {
      lines.push(["+", right ?? ""]);
      j += 1;
    }
  }
  return lines;
}

/** Ranges of lines that belong together, with their context. */
function hunks(lines: readonly Line[]): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (const [index, [mark]] of lines.entries()) {
    if (mark === " ") continue;
    const last = ranges.at(-1);
    const [from, to] = [Math.max(0, index - CONTEXT), Math.min(lines.length, index + CONTEXT + 1)];
    if (last !== undefined && from <= last[1]) last[1] = to;
    else ranges.push([from, to]);
  }
  return ranges;
}

function format(lines: readonly Line[]) {
  return ([from, to]: readonly [number, number]): string => {
    const count = (upTo: readonly Line[], without: "-" | "+"): number => upTo.filter(([mark]) => mark !== without).length;
    const [earlier, shown] = [lines.slice(0, from), lines.slice(from, to)];
    const range = (without: "-" | "+"): string => `${count(earlier, without) + 1},${count(shown, without)}`;
    return `@@ -${range("+")} +${range("-")} @@\n${shown.map(written).join("")}`;
  };
}

function written([mark, text]: Line): string {
  return text.endsWith("\n") ? `${mark}${text}` : `${mark}${text}\n\\ No newline at end of file\n`;
}
