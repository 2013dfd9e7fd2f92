import { expect, it } from "vitest";
import { Progress } from "../../src/cli/progress.ts";
import { table } from "../../src/cli/table.ts";

function watched(err: boolean) {
  const written: string[] = [];
  return { written, terminal: { err: (text: string) => void written.push(text), watched: { out: false, err } } };
}

it("a bar is drawn where somebody watches, and goes away", () => {
  const { written, terminal } = watched(true);
  const progress = new Progress(terminal, "reading", 1_000);
  progress.show(0);
  progress.show(1);
  progress.show(500);
  progress.end();
  expect(written).toEqual([`\rreading [${".".repeat(30)}] 0/1000`, `\rreading [${"#".repeat(15)}${".".repeat(15)}] 500/1000`, "\r\u001b[K"]);
});

it.each([
  ["nobody watches", false, 10],
  ["there is nothing to do", true, 0],
])("no bar is drawn where %s", (_, err, total) => {
  const { written, terminal } = watched(err);
  const progress = new Progress(terminal, "reading", total);
  progress.show(0);
  progress.show(total);
  progress.end();
  expect(written).toEqual([]);
});

it("a table has no columns that are empty throughout, and no spaces at the ends of lines", () => {
  expect(table(["A", "B", "C"], [["1", "", "long"], ["22", "", ""]])).toBe("A   C\n1   long\n22\n");
});
