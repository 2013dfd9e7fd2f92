import { describe, expect, it } from "vitest";
import { chooseEndpoint } from "../../src/domain/endpoint.ts";

const ADVICE = "Correct the name, or ask the operator to add it.";
const one = new Map([["main", 1]]);
const two = new Map([["us", 2], ["eu", 1]]);

describe("which endpoint is meant", () => {
  it("is the named one, or the only one", () => {
    expect(chooseEndpoint("Argo CD", two, "eu")).toEqual({ ok: true, name: "eu", endpoint: 1 });
    expect(chooseEndpoint("Argo CD", one, null)).toEqual({ ok: true, name: "main", endpoint: 1 });
    expect(chooseEndpoint("Argo CD", new Map([["main", 0]]), null)).toEqual({ ok: true, name: "main", endpoint: 0 });
  });

  it.each<[string, ReadonlyMap<string, number>, string | null, string]>([
    ["none", new Map(), null, "No Argo CD is configured. The operator gives one by environment variables."],
    ["none by that name", new Map(), "eu", `There is no Argo CD named "eu" (none is configured). ${ADVICE}`],
    ["another", one, "eu", `There is no Argo CD named "eu" (configured: "main"). ${ADVICE}`],
    ["several", two, null, 'The environment does not say which Argo CD it means. Name one of them (configured: "eu", "us").'],
  ])("is not guessed when there is %s", (_, endpoints, wanted, problem) => {
    expect(chooseEndpoint("Argo CD", endpoints, wanted)).toEqual({ ok: false, problem });
  });
});
