import { readFileSync } from "node:fs";
import { buildASTSchema, parse, validate } from "graphql";
import type { GraphQLSchema } from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import * as queries from "../../src/adapters/github/queries.ts";

const documents: readonly (readonly [string, string])[] = [
  ...Object.entries(queries).flatMap(([name, value]): [string, string][] => (typeof value === "string" ? [[name, value]] : [])),
  ["commitsDocument(1)", queries.commitsDocument(1)],
  ["commitsDocument(50)", queries.commitsDocument(50)],
  ["openDocument: claim and commit", queries.openDocument({ claim: true, commit: true })],
  ["openDocument: commit only", queries.openDocument({ claim: false, commit: true })],
  ["openDocument: as it stands", queries.openDocument({ claim: false, commit: false })],
  ["publishDocument: records only", queries.publishDocument(true, [])],
  ["publishDocument: all kinds", queries.publishDocument(true, ["create", "update", "create"])],
];

let schema: GraphQLSchema;

beforeAll(() => {
  const text = readFileSync(new URL("../../node_modules/@octokit/graphql-schema/schema.graphql", import.meta.url), "utf8");
  // GitHub's own schema text defines one field twice, so it is taken as it is.
  schema = buildASTSchema(parse(text), { assumeValid: true, assumeValidSDL: true });
});

describe("documents against GitHub's schema", () => {
  it.each(documents)("%s", (_, document) => {
    expect(validate(schema, parse(document)).map((error) => error.message)).toEqual([]);
  });

  it("the check can fail", () => {
    expect(validate(schema, parse(queries.SNAPSHOT.replace("isDraft", "isDrafty")))).not.toEqual([]);
  });
});
