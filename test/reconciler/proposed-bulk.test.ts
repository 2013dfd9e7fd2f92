import { describe, expect, it } from "vitest";
import { FILE, pinning, proposed, type Change } from "./proposed.ts";

describe("how much a pull request brings", () => {
  const BULK = `# ${"x".repeat(600_000)}\n`;

  it.each<[string, Change["files"], string | null]>([
    ["much text in environments' files", { [FILE]: BULK, "apps/other/dev/kustomization.yaml": `${BULK}#\n` }, "bytes of environments' files, more than the 1048576 that Pinion reads; split it"],
    ["much text in quarantine", { ".github/pinion/quarantine/a.yaml": BULK, ".github/pinion/quarantine/b.yaml": `${BULK}#\n` }, "bytes of environments' files, more than the 1048576"],
    ["much text in other manifests", Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`m/${index}.yaml`, `${BULK}# ${index}\n`])), "more manifests than Pinion reads"],
    ["much other text", Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`m/${index}.txt`, `${BULK}# ${index}\n`])), null],
    ["less than there was", { [FILE]: pinning("1.1.0"), "apps/large/dev/kustomization.yaml": null, "apps/huge/dev/kustomization.yaml": null }, null],
  ])("is not read where it is more than one stranger may keep Pinion busy with: %s", async (_, files, problem) => {
    const before = { [FILE]: pinning("1.0.0"), "apps/large/dev/kustomization.yaml": BULK, "apps/huge/dev/kustomization.yaml": `${BULK}#\n` };
    const answer = (await proposed(before, [{ number: 1, files, fork: true }]).read()).get(1);
    expect(answer).toMatchObject(problem === null ? { known: true } : { known: false, failure: "stalled", reason: expect.stringContaining(problem) as string });
  });

  it("is read where only somebody who may write can bring it", async () => {
    const files = { ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`m/${index}.yaml`, `${BULK}# ${index}\n`])), [FILE]: BULK, "apps/other/dev/kustomization.yaml": `${BULK}#\n` };
    expect((await proposed({ [FILE]: pinning("1.0.0") }, [{ number: 1, files }]).read()).get(1)).toMatchObject({ known: true });
  });
});
