import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

it("the image starts Pinion in whatever folder it is run in", () => {
  const image = readFileSync(join(ROOT, "Dockerfile"), "utf8").split(/^FROM /m).at(-1) ?? "";
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly bin: { readonly pinion: string } };
  const home = /^WORKDIR (\S+)$/m.exec(image)?.[1] ?? "";
  const entry: unknown = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(image)?.[1] ?? "null");
  expect(entry).toEqual(["node", join(home, manifest.bin.pinion)]);
  expect(home).toMatch(/^\//);
});
