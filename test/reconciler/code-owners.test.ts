import { expect, it } from "vitest";
import { CODE_OWNERS_PATHS, ownersOf } from "../../src/domain/code-owners.ts";
import { PortFailure } from "../../src/ports.ts";
import { CodeOwnersFile } from "../../src/reconciler/code-owners.ts";
import { portsWith, REPOSITORY } from "./small-world.ts";

type Content = string | Uint8Array | Error;

function reading(files: Record<string, Content>) {
  const asked: string[] = [];
  const file = async (_: unknown, commit: string, path: string) => {
    asked.push(`${commit} ${path}`);
    const content = files[path];
    if (content instanceof Error) throw content;
    return content === undefined ? null : Buffer.from(content);
  };
  const owners = new CodeOwnersFile();
  const ports = portsWith({ manifests: { file } });
  return { asked, read: (commit: string) => owners.read(ports, REPOSITORY, commit) };
}

it("the first in GitHub's order is taken, also where it is empty, and read once for a commit", async () => {
  const [first, second, third] = CODE_OWNERS_PATHS;
  const of = async (files: Record<string, Content>) => {
    const answer = await reading(files).read("c1");
    return answer.known ? [answer.value.path, ...ownersOf(answer.value, "a")] : answer.reason;
  };
  expect(await of({ [first]: "* @a", [second]: "* @b", [third]: "* @c" })).toEqual([first, "@a"]);
  expect(await of({ [first]: "", [second]: "* @b" })).toEqual([first]);
  expect(await of({ [second]: "\uFEFF* @b\n", [third]: "* @c" })).toEqual([second, "@b"]);
  expect(await of({ [third]: "* @c" })).toEqual([third, "@c"]);
  const { asked, read } = reading({ [first]: "* @a" });
  expect(await read("c1")).toBe(await read("c1"));
  await read("c2");
  expect(asked).toEqual([`c1 ${first}`, `c2 ${first}`]);
});

it.each<[string, Record<string, Content>, RegExp]>([
  ["there is none", {}, /no CODEOWNERS file on the default branch\. Add \.github\/CODEOWNERS there, or take `codeOwners` out/],
  ["it is too large", { CODEOWNERS: "#".repeat(3 * 1024 * 1024) }, /CODEOWNERS has 3 MB or more/],
  ["it is no text", { CODEOWNERS: Uint8Array.of(0x2a, 0xff) }, /CODEOWNERS is not UTF-8 text/],
  ["it is larger than Git is read", { CODEOWNERS: new PortFailure("stalled", "CODEOWNERS is over 1000000 bytes, which Pinion does not read") }, /over 1000000 bytes/],
])("unknown, with the reason: %s", async (_, files, reason) => {
  expect(await reading(files).read("c1")).toMatchObject({ known: false, reason: expect.stringMatching(reason) });
});

it("what could not be read is read again at the next look; a mistake of ours is not hidden", async () => {
  const files = { CODEOWNERS: new PortFailure("dependency", "Git is away") as Content };
  const { read } = reading(files);
  expect(await read("c1")).toMatchObject({ known: false, reason: "Git is away" });
  files.CODEOWNERS = "* @a";
  expect(await read("c1")).toMatchObject({ known: true });
  await expect(reading({ CODEOWNERS: new Error("ours") }).read("c1")).rejects.toThrow("ours");
});
