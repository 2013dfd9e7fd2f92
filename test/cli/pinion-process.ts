import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** The command line in a process of its own. */
export function pinion(cwd: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const env = { PATH: process.env["PATH"], HOME: tmpdir(), ...environment };
    const child = execFile(process.execPath, [join(ROOT, "src/cli.ts"), ...args], { cwd, env }, (_, out, err) => resolve({ code: child.exitCode, out, err }));
  });
}
