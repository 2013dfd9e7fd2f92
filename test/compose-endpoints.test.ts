import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../sandbox/clock.ts";
import { startRegistry, type SandboxRegistry } from "../sandbox/registry.ts";
import { composeEndpoints } from "../src/compose-endpoints.ts";
import { readEndpointSettings } from "../src/config.ts";
import { PortFailure, type ArtifactRegistry } from "../src/ports.ts";
import { HelperPrograms } from "./adapters/helper-programs.ts";
import { failureOf } from "./adapters/loopback.ts";

const SECRET = "s3cr3t-value";

describe("registries, by what the operator gives", () => {
  let server: SandboxRegistry;
  let programs: HelperPrograms;
  let warnings: string[];

  beforeEach(async () => {
    server = await startRegistry();
    programs = new HelperPrograms();
    warnings = [];
    await server.push("acme/app", "1.0.0");
    server.requireBasic({ username: "AWS", password: SECRET });
  });

  afterEach(async () => {
    programs.remove();
    await server.close();
  });

  function compose(dockerConfig: string): ArtifactRegistry {
    const read = readEndpointSettings({ PINION_REGISTRY_CONFIG: "/config.json" }, () => dockerConfig);
    if (!read.ok) throw new Error(read.problems.join("\n"));
    const journal = { info: () => undefined, warn: (text: string) => void warnings.push(text), error: () => undefined };
    return composeEndpoints(read.settings, programs.environment, new VirtualClock(0), journal).registry;
  }

  it("are read with what a helper on PATH says", async () => {
    programs.answer("test", "AWS", SECRET);
    expect(await compose(JSON.stringify({ credHelpers: { [server.host]: "test" } })).tags(`${server.host}/acme/app`)).toEqual(["1.0.0"]);
    expect(warnings).toEqual([]);
  });

  it("are read with what the config says, and what it says in vain is told", async () => {
    const auths = { [server.host]: { username: "AWS", password: SECRET }, "*.test": { username: "a", password: SECRET } };
    const registry = compose(JSON.stringify({ auths, credHelpers: { "b.test": "../sh" } }));
    expect(await registry.tags(`${server.host}/acme/app`)).toEqual(["1.0.0"]);
    expect(warnings).toEqual([
      expect.stringMatching(/^PINION_REGISTRY_CONFIG: credHelpers for "b.test" is not the name of a helper/),
      expect.stringMatching(/^PINION_REGISTRY_CONFIG: the entry "\*.test" is a pattern/),
    ]);
    expect(warnings.join("")).not.toContain(SECRET);
  });

  it("name the setting where credentials are missing", async () => {
    const problem = await failureOf(compose("{}").tags(`${server.host}/acme/app`));
    expect(problem.message).toContain("give some by PINION_REGISTRY_CONFIG");
  });

  it.each([
    [`{"auths": ${SECRET}`, "is not JSON"],
    ["[]", "is not a JSON object"],
    [`{"auths": ["${SECRET}"]}`, 'has an "auths" that is not an object'],
    ['{"credsStore": 7}', 'has a "credsStore" that is not a text'],
  ])("cannot be read with a config that is none: %s", (config, problem) => {
    const advice = "Give the file that docker login writes, or the .dockerconfigjson of a Kubernetes secret";
    expect(() => compose(config)).toThrow(new PortFailure("stalled", `PINION_REGISTRY_CONFIG: the Docker config /config.json ${problem}. ${advice}.`));
  });
});
