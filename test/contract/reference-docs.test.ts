import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { parseDockerConfig } from "../../src/adapters/registry/docker-config.ts";
import { PUSH_ACCOUNT, PUSH_AUDIENCE, webhookSecretVariable } from "../../src/config.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import { factsSchemaText } from "../../src/domain/policy/facts-schema.ts";
import { REGISTRY_SOURCES } from "../../src/domain/registry-events/sources.ts";
import { PROOFS } from "../../src/web/registry-proof.ts";
import { shippedCases } from "../policies/shipped-cases.ts";
import { factsReference } from "./facts-docs.ts";
import { configurationReference, gatesReference } from "./reference-docs.ts";

// When one of these fails, the reference is out of date: `npx vitest run test/contract -u` writes it anew.
describe("the reference is what the code says", () => {
  it("docs/configuration.md", async () => {
    await expect(configurationReference()).toMatchFileSnapshot("../../docs/configuration.md");
  });

  it("docs/gates.md", async () => {
    await expect(gatesReference(await loadShippedPolicies(), shippedCases())).toMatchFileSnapshot("../../docs/gates.md");
  });

  it("docs/gates.md shows a configuration that can be used", async () => {
    const page = readFileSync(new URL("../../docs/gates.md", import.meta.url), "utf8");
    const example = /^```yaml\n([^]*?)^```$/m.exec(page)?.[1] ?? "";
    const { policies } = await loadShippedPolicies();
    expect(parseConfig(`version: 1\napps: { discover: ["apps/{app}/{env}/kustomization.yaml"] }\n${example}`, policies)).toMatchObject({ ok: true });
  });

  it("docs/facts.md", async () => {
    await expect(factsReference()).toMatchFileSnapshot("../../docs/facts.md");
  });

  it("schema/facts.schema.json", async () => {
    await expect(factsSchemaText()).toMatchFileSnapshot("../../schema/facts.schema.json");
  });
});

describe("docs/registry-webhooks.md", () => {
  const page = readFileSync(new URL("../../docs/registry-webhooks.md", import.meta.url), "utf8");

  it.each(REGISTRY_SOURCES)("says of %s what the code does", (source) => {
    const proof = PROOFS[source].kind;
    if (source === "gar") expect(page).toContain(`| \`gar\` | \`${PUSH_AUDIENCE}\` and \`${PUSH_ACCOUNT}\` | token |`);
    const query = proof === "address" ? "?secret=…" : source === "artifactory" || source === "nexus" ? "?registry=…" : "";
    expect(page).toContain(`| \`${source}${query}\` | \`${webhookSecretVariable(source)}\` | ${proof} |`);
  });
});

describe("docs/registries.md", () => {
  const page = readFileSync(new URL("../../docs/registries.md", import.meta.url), "utf8");
  const fenced = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, text = ""]) => text);
  const inline = [...page.matchAll(/`(\{ "[^`]*\})`/g)].map(([, text = ""]) => text);

  it("has examples", () => {
    expect([fenced.length, inline.length]).toEqual([7, 2]);
  });

  it.each([...fenced, ...inline])("shows a Docker config that is used whole: %s", (text) => {
    expect(parseDockerConfig(text)).toMatchObject({ ok: true, unused: [] });
  });
});
