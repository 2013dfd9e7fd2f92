import { availableParallelism, loadavg } from "node:os";

/** A row of a table for people: what was measured, the figure, and what to know about it. */
export type Row = readonly [what: string, figure: string | number, remark?: string];

/** Prints rows in columns, figures to the right. */
export function printTable(title: string, rows: readonly Row[]): void {
  const what = Math.max(...rows.map(([name]) => name.length));
  const figure = Math.max(...rows.map(([, value]) => String(value).length));
  console.log(`\n${title}`);
  for (const [name, value, remark] of rows) {
    console.log(`  ${name.padEnd(what)}  ${String(value).padStart(figure)}${remark === undefined ? "" : `  ${remark}`}`);
  }
}

/** The machine, since no figure means anything without it. */
export function printMachine(): void {
  const [load = 0] = loadavg();
  console.log(`Node.js ${process.versions.node}, ${availableParallelism()} cores, load ${load.toFixed(1)} before the start`);
}

/** With `--json`, the figures as the last line, for programs. */
export function printJson(figures: Readonly<Record<string, unknown>>): void {
  if (process.argv.includes("--json")) console.log(JSON.stringify(figures));
}

/** What `--name=value` says, or null. */
export function option(name: string): string | null {
  const found = process.argv.find((argument) => argument.startsWith(`--${name}=`));
  return found === undefined ? null : found.slice(name.length + 3);
}

/** The value that this share of the sorted values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Without it what was to be measured did not happen: the error ends the process with exit code 1. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`the figures mean nothing: ${what}`);
}
