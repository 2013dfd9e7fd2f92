import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { unifiedDiff } from "../../src/domain/line-diff.ts";

describe("a unified diff", () => {
  it.each<[string, string, string, string]>([
    ["nothing", "a\n", "a\n", ""],
    ["a line", "a\nb\nc\n", "a\nB\nc\n", "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"],
    ["no final line break", "a\nb", "a\nc", "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"],
    ["a line more, far down", "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\nx\n6\n", "--- a/f\n+++ b/f\n@@ -3,4 +3,5 @@\n 3\n 4\n 5\n+x\n 6\n"],
    ["two places", "a\n1\n2\n3\n4\n5\n6\n7\n8\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\n8\nB\n", "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -7,4 +7,4 @@\n 6\n 7\n 8\n-b\n+B\n"],
  ])("of %s", (_, before, after, diff) => {
    expect(unifiedDiff("f", before, after)).toBe(diff);
  });

  it.each([
    ["/tmp/web/values.yaml", "tmp/web/values.yaml"],
    ["./values.yaml", "values.yaml"],
    [".//./values.yaml", "values.yaml"],
    ["../values.yaml", "../values.yaml"],
    [".github/values.yaml", ".github/values.yaml"],
  ])("of %s names %s", (file, name) => {
    expect(unifiedDiff(file, "a\n", "b\n")).toBe(`--- a/${name}\n+++ b/${name}\n@@ -1,1 +1,1 @@\n-a\n+b\n`);
  });

  it("is applied by Git to the same effect", () => {
    const folder = mkdtempSync(join(tmpdir(), "pinion-diff-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "\n", "d"), { minLength: 1, maxLength: 30 }).map((lines) => lines.join(""));
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after);
        writeFileSync(join(folder, "f"), before);
        execFileSync("git", ["apply", "--unidiff-zero", "-"], { cwd: folder, input: unifiedDiff("f", before, after), stdio: ["pipe", "ignore", "ignore"], env: { PATH: process.env["PATH"], GIT_CEILING_DIRECTORIES: tmpdir() } });
        expect(readFileSync(join(folder, "f"), "utf8")).toBe(after);
      }),
      { numRuns: 60 },
    );
  });

  it("shows a very long change as one block", () => {
    const [before, after] = ["a\n".repeat(3_000), "b\n".repeat(3_000)];
    expect(unifiedDiff("f", before, after)).toBe(`--- a/f\n+++ b/f\n@@ -1,3000 +1,3000 @@\n${"-a\n".repeat(3_000)}${"+b\n".repeat(3_000)}`);
  });
});
