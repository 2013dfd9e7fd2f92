/** Signs that take two columns of a terminal. Pinion's own texts use no others. */
const WIDE = /\p{Emoji_Presentation}/u;

/** How many columns a line takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

/** Breaks a line that is too long at spaces, and leaves any other as it is; lines after the first begin with `hanging`. A word that is too long is broken inside. */
export function wrap(text: string, columns: number, hanging = ""): readonly string[] {
  if (columnsOf(text) <= columns) return [text.trimEnd()];
  const lines: string[] = [];
  const indent = /^ */.exec(text)?.[0] ?? "";
  let line = indent;
  let empty = true;
  const next = (): void => {
    lines.push(line.trimEnd());
    line = hanging;
    empty = true;
  };
  for (const word of text.trim().split(/ +/)) {
    let rest = word;
    if (!empty && columnsOf(line) + 1 + columnsOf(rest) > columns) next();
    while (columnsOf(line) + columnsOf(rest) > columns && rest.length > 1) {
      const room = Math.max(1, columns - columnsOf(line));
      line += rest.slice(0, room);
      rest = rest.slice(room);
      next();
    }
    line += `${empty ? "" : " "}${rest}`;
    empty = false;
  }
  return [...lines, line.trimEnd()];
}
