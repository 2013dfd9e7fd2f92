import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { configurationReference, gatesReference } from "./reference-docs.ts";

// When one of these fails, the reference is out of date: `npx vitest run test/contract -u` writes it anew.
describe("the reference is what the code says", () => {
  it("docs/configuration.md", async () => {
    await expect(configurationReference()).toMatchFileSnapshot("../../docs/configuration.md");
  });

  it("docs/gates.md", async () => {
    await expect(gatesReference(await loadShippedPolicies())).toMatchFileSnapshot("../../docs/gates.md");
  });
});
