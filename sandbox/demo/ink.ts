import { styleText } from "node:util";

/** How words stand out. Without colours every one of them gives the text back as it is. */
export interface Ink {
  readonly heading: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const plain = (text: string): string => text;

export const NO_INK: Ink = { heading: plain, strong: plain, faint: plain, good: plain, bad: plain };

/** Colours where the stream is a terminal that shows them and `NO_COLOR` does not forbid them; Node.js looks at both. */
export function inkFor(stream: NodeJS.WriteStream): Ink {
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) => styleText(format, text, { stream });
  return {
    heading: style(["bold", "cyan"]),
    strong: style("bold"),
    faint: style("dim"),
    good: style("green"),
    bad: style("red"),
  };
}
