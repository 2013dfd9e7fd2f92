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

/** Breaks a line that is too long at spaces, and leaves any other as it is. Lines after the first begin with `hanging`. */
export function wrap(text: string, columns: number, hanging = ""): readonly string[] {
  const lines: string[] = [];
  let rest = text.trimEnd();
  let start = "";
  while (columnsOf(start + rest) > columns) {
    const room = fitting(rest, columns - columnsOf(start));
    const space = rest.lastIndexOf(" ", room);
    // A word that is longer than the line is broken inside.
    const end = rest.slice(0, space).trim() === "" ? Math.max(1, room) : space;
    lines.push(start + rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
    start = hanging;
  }
  return [...lines, start + rest];
}

/** How much of a text fits into so many columns. */
function fitting(text: string, columns: number): number {
  let taken = 0;
  let length = 0;
  for (const character of text) {
    taken += columnsOf(character);
    if (taken > columns) return length;
    length += character.length;
  }
  return length;
}
