import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import { checkConfigShape, configSchema, configSchemaText, DEFAULTS } from "../../src/domain/config-schema.ts";
import type { JsonSchema } from "../../src/domain/schema-check.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Every schema under the given one, with the keys that lead to it. */
function schemasIn(schema: JsonSchema, path: string): readonly { readonly path: string; readonly schema: JsonSchema }[] {
  const inside = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => schemasIn(value, `${path}.${key}`));
  const others = typeof schema.additionalProperties === "object" ? schemasIn(schema.additionalProperties, `${path}.*`) : [];
  return [{ path, schema }, ...inside, ...others];
}

const schemas = schemasIn(configSchema, "");

it("the committed schema file is the schema in force", () => {
  const committed = readFileSync(join(ROOT, "schema/pinion.schema.json"), "utf8");
  expect(committed, "schema/pinion.schema.json is out of date: run `npm run schema`").toBe(configSchemaText());
});

it("the schema is the reference: every key says what it means", () => {
  const silent = schemas.filter(({ schema }) => schema.description === undefined && schema.title === undefined);
  expect(silent.map(({ path }) => path)).toEqual([]);
});

it("every mapping says which keys it knows", () => {
  const open = schemas.filter(({ schema }) => schema.properties !== undefined && schema.additionalProperties === undefined);
  expect(open.map(({ path }) => path)).toEqual([]);
});

it("every example and default fits the schema that gives it", () => {
  const base = { version: 1, environments: { dev: {} }, apps: { discover: ["{app}/{env}/kustomization.yaml"] } };
  const wrong = schemas.flatMap(({ path, schema }) => {
    const values = [...(schema.examples ?? []), ...(schema.default === undefined ? [] : [schema.default])];
    return values.flatMap((value) => {
      // The path's keys, with a name of our own where any name may stand, hold the value; the rest of the file is sound.
      const keys = path.split(".").slice(1).map((key) => (key === "*" ? "dev" : key));
      const file = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      const found = checkConfigShape(parse(JSON.stringify(merged(base, file))));
      return found.filter(({ path: at }) => at.join(".") === keys.join(".")).map(({ message }) => message);
    });
  });
  expect(wrong).toEqual([]);
});

it("shows policies that there are, with parameters that they have", async () => {
  const examples = schemas.filter(({ path }) => path.endsWith(".policies")).flatMap(({ schema }) => schema.examples ?? []);
  const { policies } = await loadShippedPolicies();
  const wrong = examples.flatMap((example) => {
    const file = { version: 1, environments: { dev: {} }, apps: { discover: ["{app}/{env}/kustomization.yaml"] }, policies: example };
    const read = parseConfig(JSON.stringify(file), policies);
    return read.ok ? [] : read.problems.map(({ message }) => message);
  });
  expect([examples.length > 0, wrong]).toEqual([true, []]);
});

function merged(left: unknown, right: unknown): unknown {
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null || Array.isArray(right)) return right;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const [before, after]: unknown[] = [Reflect.get(left, name), Reflect.get(right, name)];
      return [name, name in right ? merged(before, after) : before];
    }),
  );
}

describe("the defaults that the schema names", () => {
  const written = `
version: 1
mode: ${DEFAULTS.mode}
environments:
  dev:
    promote: ${DEFAULTS.promote}
    merge: ${DEFAULTS.merge}
    soak: ${DEFAULTS.soak}
    watch: ${DEFAULTS.watch}
    deadline: ${DEFAULTS.deadline}
    approvals: { count: ${DEFAULTS.approvals}, teams: [], users: [], codeOwners: false }
    rollback: ${DEFAULTS.rollback}
apps:
  discover: ["{app}/{env}/kustomization.yaml"]
  defaults:
    select: { semver: "${DEFAULTS.semver}" }
    argocd: "${DEFAULTS.argocd}"
limits: { openPullRequests: ${DEFAULTS.openPullRequests}, newPullRequestsPerHour: ${DEFAULTS.newPullRequestsPerHour} }
`;

  it("are those that hold when nothing is written", () => {
    const silent = 'version: 1\nenvironments: { dev: }\napps: { discover: ["{app}/{env}/kustomization.yaml"] }\n';
    const explicit = parseConfig(written);
    expect(explicit).toMatchObject({ ok: true });
    expect(parseConfig(silent)).toEqual(explicit);
  });

  it("are the ones written in the schema", () => {
    const told = new Map(schemas.flatMap(({ path, schema }) => (schema.default === undefined ? [] : [[path.split(".").at(-1), schema.default]])));
    expect(Object.fromEntries(told)).toMatchObject({
      mode: DEFAULTS.mode,
      promote: DEFAULTS.promote,
      merge: DEFAULTS.merge,
      soak: DEFAULTS.soak,
      watch: DEFAULTS.watch,
      deadline: DEFAULTS.deadline,
      count: DEFAULTS.approvals,
      rollback: DEFAULTS.rollback,
      select: { semver: DEFAULTS.semver },
      argocd: DEFAULTS.argocd,
      openPullRequests: DEFAULTS.openPullRequests,
      newPullRequestsPerHour: DEFAULTS.newPullRequestsPerHour,
    });
  });
});
