import { expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import { PortFailure } from "../../src/ports.ts";
import { TrustFiles } from "../../src/reconciler/trust-files.ts";
import { newKey } from "../signing/keys.ts";
import { portsWith, REPOSITORY } from "./small-world.ts";

const KEY = ".github/pinion/keys/a.pub";
const parsed = parseConfig(`version: 1\nenvironments: { dev: }\napps: { discover: ["{app}/{env}/kustomization.yaml"] }\nsigners: { a: { key: ${KEY} }, b: { key: ${KEY} } }\n`);
if (!parsed.ok) throw new Error("the configuration is sound");
const { config } = parsed;

function reading(answers: readonly (string | null | Error)[]) {
  const asked: string[] = [];
  const file = async (_: unknown, commit: string, path: string) => {
    const answer = answers[asked.length];
    asked.push(`${commit} ${path}`);
    if (answer instanceof Error) throw answer;
    return answer === null || answer === undefined ? null : Buffer.from(answer);
  };
  const files = new TrustFiles();
  const ports = portsWith({ manifests: { file } });
  return { asked, read: (commit: string) => files.read(ports, REPOSITORY, commit, config) };
}

it("each file is read once for a commit, whoever needs it", async () => {
  const { asked, read } = reading([newKey().pem, newKey().pem]);
  const first = await read("c1");
  expect(first.map(({ name, trust }) => [name, trust])).toEqual([["a", "key"], ["b", "key"]]);
  expect(await read("c1")).toBe(first);
  expect(asked).toEqual([`c1 ${KEY}`]);
  expect(await read("c2")).not.toEqual(first);
  expect(asked).toEqual([`c1 ${KEY}`, `c2 ${KEY}`]);
});

it("one that could not be read is told, and read again at the next look", async () => {
  const { read } = reading([new PortFailure("dependency", "Git is away"), newKey().pem]);
  expect(await read("c1")).toMatchObject([{ trust: "unreadable", problem: expect.stringContaining("Git is away") }, { trust: "unreadable" }]);
  expect(await read("c1")).toMatchObject([{ trust: "key" }, { trust: "key" }]);
});

it("one that is not there is told, until another commit has it", async () => {
  const { asked, read } = reading([null, newKey().pem]);
  expect(await read("c1")).toMatchObject([{ trust: "unreadable", problem: expect.stringContaining(`there is no ${KEY}`) }, { trust: "unreadable" }]);
  await read("c1");
  expect(asked).toHaveLength(1);
  expect(await read("c2")).toMatchObject([{ trust: "key" }, { trust: "key" }]);
});

it("what is no failure of Git is not hidden", async () => {
  const { read } = reading([new Error("a mistake of ours")]);
  await expect(read("c1")).rejects.toThrow("a mistake of ours");
});
