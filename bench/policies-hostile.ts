import { fork } from "node:child_process";
import { once } from "node:events";
import { HOSTILE } from "../test/policies/hostile.ts";
import { must, printJson, printTable, type Row } from "./figures.ts";

interface Measured {
  readonly took: number;
  readonly mb: number;
  readonly result: string;
}

/** Runs everything that is as bad as its cap allows, each in a fresh process, where nothing is compiled yet: the worst case. */
export async function measureHostile(): Promise<void> {
  const rows: Row[] = [];
  const measured: Measured[] = [];
  for (const [index, { name }] of HOSTILE.entries()) {
    const child = fork(new URL("./policies-hostile-child.ts", import.meta.url), [String(index)]);
    const [[message]] = await Promise.all([once(child, "message"), once(child, "exit")]);
    const one = message as Measured;
    must(one.result !== "", `${name} gave nothing`);
    measured.push(one);
    rows.push([name, `${one.took.toFixed(0)} ms`, `+${one.mb.toFixed(0)} MB  ${one.result.slice(0, 90)}`]);
  }
  printTable("As bad as the caps allow, each in a fresh process", rows);
  const worst = (figure: (one: Measured) => number): number => Math.ceil(measured.map(figure).reduce((most, one) => Math.max(most, one), 0));
  printJson({ cases: measured.length, worst_ms: worst(({ took }) => took), worst_mb: worst(({ mb }) => mb) });
}
