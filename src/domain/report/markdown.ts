/**
 * Words from outside, made safe to stand in Markdown on GitHub: tags, reasons, titles and names can hold anything.
 * They must not end a table cell, start markup, notify people (`@name`), link or close issues (`#1`, `GH-1`, a URL).
 */

/** A zero-width space, written so that it can be seen in the source of the text. */
const BREAK = "&#8203;";
/** The same in plain text, where entities are not read. */
const PLAIN_BREAK = "\u200b";

/** One line without control, formatting (bidirectional, invisible) or surrogate characters on their own. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .replaceAll(/\p{Cf}/gu, "")
    .trim();
}

/** At most `limit` UTF-16 units, which GitHub's limits are never below; never half a character. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, limit - 1);
  return `${/[\uD800-\uDBFF]$/.test(head) ? head.slice(0, -1) : head}…`;
}

/** A sentence to be put into another one: one line, without its full stop. */
export function clause(text: string): string {
  return oneLine(text).replace(/\.$/, "");
}

/** Foreign words as plain words, for commit messages and titles, which no Markdown is read in. */
export function plainWords(text: string): string {
  return breakReferences(oneLine(text), PLAIN_BREAK);
}

/**
 * Foreign words inside Markdown text or a table cell. What stands between two backticks stays code;
 * nothing else in them means anything to Markdown.
 */
export function words(text: string): string {
  return oneLine(text)
    .split(/(`+[^`]+`+)/)
    .map((part) => (/^`+[^`]+`+$/.test(part) ? code(part.replaceAll("`", "")) : escaped(part)))
    .join("");
}

/** Foreign text as code in a line or a table cell. */
export function code(text: string): string {
  const line = oneLine(text);
  if (line === "") return "(empty)";
  // In a table a pipe ends the cell even inside backticks, and a backslash before it would show outside of tables.
  if (line.includes("|")) return `<code>${escaped(line)}</code>`;
  const fence = "`".repeat(longestRun(line) + 1);
  const padding = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${fence}${padding}${line}${padding}${fence}`;
}

/** Foreign text of several lines as a block of code: the fence is longer than any run of backticks in it. */
export function codeBlock(text: string): string {
  const lines = text
    .toWellFormed()
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => line.replaceAll(/(?!\t)[\p{Cc}\p{Cf}]/gu, " "));
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}text`, ...lines, fence].join("\n");
}

const LOGIN = /^[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}$/;

/** A person by GitHub login, as a mention that notifies; anything that is no login becomes code. */
export function mention(login: string): string {
  return LOGIN.test(login) ? `@${login}` : code(login);
}

/** A part of a text. One that is not divisible, such as a folded section, is shown whole or not at all. */
export interface Block {
  readonly text: string;
  readonly divisible: boolean;
}

/** Puts blocks together up to `limit`. What does not fit is left out from the end, and `note` says so. */
export function fit(blocks: readonly Block[], limit: number, note: string): string {
  const whole = blocks.map(({ text }) => text).join("\n\n");
  if (whole.length <= limit) return whole;
  const room = limit - note.length - 2;
  const kept: string[] = [];
  let used = 0;
  for (const { text, divisible } of blocks) {
    const length = text.length + (kept.length === 0 ? 0 : 2);
    if (used + length <= room) {
      kept.push(text);
      used += length;
      continue;
    }
    const lines = divisible ? text.slice(0, Math.max(0, room - used - 2)) : "";
    const end = lines.lastIndexOf("\n");
    if (end > 0) kept.push(lines.slice(0, end));
    break;
  }
  return [...kept, note].join("\n\n");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "\\": "&#92;" };

function escaped(text: string): string {
  const inert = text.replaceAll(/[&<>|\\]/g, (mark) => ENTITIES[mark] ?? mark).replaceAll(/[`*_[\]~$]/g, (mark) => `\\${mark}`);
  // At the start of a line or of a list's entry these would begin a list or a heading.
  const started = inert.replace(/^([-+#])/, "\\$1").replace(/^(\d{1,9})([.)])(?=\s|$)/, "$1\\$2");
  return breakReferences(started, BREAK);
}

function breakReferences(text: string, separator: string): string {
  return (
    text
      .replaceAll(/@(?=\S)/g, `@${separator}`)
      // Not the number of an entity, which an ampersand precedes.
      .replaceAll(/(?<!&)#(?=\d)/g, `#${separator}`)
      .replaceAll(/\b(GH)-(?=\d)/gi, `$1${separator}-`)
      .replaceAll("://", `:${separator}//`)
      .replaceAll(/\b(www)\.(?=\w)/gi, `$1${separator}.`)
  );
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
