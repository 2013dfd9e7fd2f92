import { expect, it } from "vitest";
import { Progress, Progresses } from "../../src/cli/progress.ts";
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

it("works that come one after the other have a bar each, and what is told in between stands alone", () => {
  const { written, terminal } = watched(true);
  const progress = new Progresses(terminal);
  progress.end();
  progress.show("reading", 0, 2);
  progress.show("asking", 1, 2);
  progress.end();
  progress.end();
  progress.show("asking", 2, 2);
  progress.show("asking", 0, 4);
  progress.end();
  const [none, half, all, gone] = [".".repeat(30), `${"#".repeat(15)}${".".repeat(15)}`, "#".repeat(30), "\r\u001b[K"];
  expect(written).toEqual([`\rreading [${none}] 0/2`, gone, `\rasking [${half}] 1/2`, gone, `\rasking [${all}] 2/2`, gone, `\rasking [${none}] 0/4`, gone]);
});

it("a table has no columns that are empty throughout, and no spaces at the ends of lines", () => {
  expect(table(["A", "B", "C"], [["1", "", "long"], ["22", "", ""]])).toBe("A   C\n1   long\n22\n");
});
