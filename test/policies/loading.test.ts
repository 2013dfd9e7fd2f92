import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { PortFailure } from "../../src/ports.ts";

describe("loading the shipped policies", () => {
  let directory = "";

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "pinion-policies-"));
    await cp(join(import.meta.dirname, "../../policies"), directory, { recursive: true });
  });

  afterEach(() => rm(directory, { recursive: true }));

  async function failure(): Promise<PortFailure> {
    const error: unknown = await loadShippedPolicies(directory).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error instanceof PortFailure) return error;
    throw new Error("it did not fail as it should");
  }

  it("reads every file, and others beside the core ones", async () => {
    await writeFile(join(directory, "zz-more.yaml"), "name: more\ndescription: More.\nenforce: warn\nwait: freeze.active\nmessages: { pass: a, wait: b }\n");
    await writeFile(join(directory, "README.md"), "no policy");
    const { policies } = await loadShippedPolicies(directory);
    expect(policies).toHaveLength((await loadShippedPolicies()).policies.length + 1);
    expect(policies.at(-1)).toMatchObject({ name: "more", file: "policies/zz-more.yaml" });
  });

  it("refuses to judge without one of the core policies", async () => {
    await rm(join(directory, "quarantine.yaml"));
    const { kind, message } = await failure();
    expect(kind).toBe("error");
    expect(message).toContain("these policies are missing");
    expect(message).toContain("quarantine");
  });

  it("refuses all of them when one is wrong, and says where", async () => {
    await writeFile(join(directory, "soak.yaml"), "name: soak\ndescription: x\nenforce: block\npass: upstreem\nmessages: { pass: a, fail: b }\n");
    expect((await failure()).message).toContain("policies/soak.yaml:4:7: `pass`: unknown variable: upstreem");
  });

  it("refuses two of the same name", async () => {
    await cp(join(directory, "soak.yaml"), join(directory, "soak-2.yaml"));
    expect((await failure()).message).toContain("the name soak is taken by policies/soak-2.yaml");
  });

  it("says what to do when there is nothing to read", async () => {
    await rm(directory, { recursive: true });
    expect((await failure()).message).toContain("cannot be read: reinstall the package");
    await cp(join(import.meta.dirname, "../../policies"), directory, { recursive: true });
  });
});
