/**
 * Makes sure that GitHub's official OpenAPI description is at hand for the conformance tests, as an extract in `.cache/openapi/`.
 * The description is 13 MB inside a 29 MB package, so it is neither a dependency nor in Git: it is fetched once and kept.
 * Without a network the conformance tests are left out, loudly; under CI that is an error.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CACHE_FORMAT, extractFile, hasExtract, type JsonSchema, type OpenApiExtract, type Operation, type Webhook } from "./openapi.ts";

const PACKAGE = "@octokit/openapi@23.0.2";
const MEMBER = "package/generated/api.github.com.json";
const METHODS = ["get", "put", "post", "patch", "delete"] as const;
const FETCH_DEADLINE = 180_000;

type Json = Readonly<Record<string, unknown>>;

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const NAME = /^#\/components\/(?:schemas|responses|parameters)\/(.+)$/;

function refName(reference: string): string {
  const name = NAME.exec(reference)?.[1];
  if (name === undefined || name.includes("/")) throw new Error(`${PACKAGE}: a reference of an unexpected form: ${reference}`);
  return name;
}

/** Keywords that mean the same in OpenAPI 3.0 and in JSON Schema; descriptions, examples and formats are left behind. */
const PLAIN = [
  "type",
  "required",
  "enum",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minLength",
  "maxLength",
  "pattern",
  "maxProperties",
  "minProperties",
];

/**
 * An OpenAPI 3.0 schema as JSON Schema. `nullable` becomes a type (it stands without `type`, and beside enums that lack null);
 * `oneOf` becomes `anyOf`, because GitHub's own examples match several branches of theirs.
 */
function jsonSchema(source: unknown): JsonSchema {
  const schema = object(source);
  const reference = text(schema["$ref"]);
  if (reference !== null) return { $ref: `gh:${refName(reference)}` };
  const result: Record<string, unknown> = {};
  for (const keyword of PLAIN) if (schema[keyword] !== undefined) result[keyword] = schema[keyword];
  for (const keyword of ["properties", "patternProperties"]) {
    if (schema[keyword] === undefined) continue;
    result[keyword] = Object.fromEntries(Object.entries(object(schema[keyword])).map(([name, value]) => [name, jsonSchema(value)]));
  }
  if (schema["items"] !== undefined) result["items"] = jsonSchema(schema["items"]);
  if (schema["not"] !== undefined) result["not"] = jsonSchema(schema["not"]);
  const additional = schema["additionalProperties"];
  if (additional !== undefined) result["additionalProperties"] = typeof additional === "boolean" ? additional : jsonSchema(additional);
  if (schema["allOf"] !== undefined) result["allOf"] = list(schema["allOf"]).map(jsonSchema);
  const choices = [schema["anyOf"], schema["oneOf"]].filter((choice) => choice !== undefined).map((choice) => list(choice).map(jsonSchema));
  if (choices.length === 1) result["anyOf"] = choices[0];
  if (choices.length === 2) result["allOf"] = [...list(result["allOf"]), ...choices.map((anyOf) => ({ anyOf }))];
  return schema["nullable"] === true ? nullable(result) : result;
}

function nullable(schema: JsonSchema): JsonSchema {
  const values = schema["enum"];
  const withNull = Array.isArray(values) && !values.includes(null) ? { ...schema, enum: [...list(values), null] } : schema;
  const type = text(schema["type"]);
  return type === null ? { anyOf: [schema, { type: "null" }] } : { ...withNull, type: [type, "null"] };
}

/** The schemas of a body by media type, as one: GitHub answers several media types under one status. */
function bodySchema(content: unknown): JsonSchema | null {
  const schemas = Object.values(object(content)).map((media) => jsonSchema(object(media)["schema"]));
  if (schemas.length === 0) return null;
  return schemas.length === 1 ? (schemas[0] ?? null) : { anyOf: schemas };
}

function resolved(value: unknown, section: Json): Json {
  const entry = object(value);
  const reference = text(entry["$ref"]);
  return reference === null ? entry : object(section[refName(reference)]);
}

function operations(document: Json): readonly Operation[] {
  const components = object(document["components"]);
  const found: Operation[] = [];
  for (const [path, entry] of Object.entries(object(document["paths"]))) {
    for (const method of METHODS) {
      const operation = object(object(entry)[method]);
      const id = text(operation["operationId"]);
      if (id === null) continue;
      const parameters = list(operation["parameters"]).map((each) => resolved(each, object(components["parameters"])));
      const responses = Object.entries(object(operation["responses"])).map(([status, response]) => {
        return [status, bodySchema(resolved(response, object(components["responses"]))["content"])] as const;
      });
      found.push({
        id,
        method: method.toUpperCase(),
        path,
        multiSegment: parameters.filter((each) => each["x-multi-segment"] === true).flatMap((each) => text(each["name"]) ?? []),
        apps: object(operation["x-github"])["enabledForGitHubApps"] === true,
        responses: Object.fromEntries(responses),
      });
    }
  }
  return found;
}

function webhooks(document: Json): readonly Webhook[] {
  return Object.values(object(document["x-webhooks"])).flatMap((entry) => {
    const post = object(object(entry)["post"]);
    const event = text(object(post["x-github"])["subcategory"]);
    const schema = bodySchema(object(post["requestBody"])["content"]);
    const id = text(post["operationId"]);
    if (event === null || schema === null || id === null) return [];
    const action = id.split("/")[1] ?? null;
    return [{ event, action: action?.replaceAll("-", "_") ?? null, schema }];
  });
}

function extract(document: Json): OpenApiExtract {
  const components = Object.entries(object(object(document["components"])["schemas"]));
  return {
    format: CACHE_FORMAT,
    source: PACKAGE,
    operations: operations(document),
    webhooks: webhooks(document),
    schemas: Object.fromEntries(components.map(([name, schema]) => [name, jsonSchema(schema)])),
  };
}

function fetchDocument(): Json {
  const folder = mkdtempSync(join(tmpdir(), "pinion-openapi-"));
  try {
    const pack = ["pack", PACKAGE, "--loglevel=error", "--fetch-retries=1"];
    const output = execFileSync("npm", pack, { cwd: folder, encoding: "utf8", timeout: FETCH_DEADLINE, stdio: "pipe" });
    const tarball = output.trim().split("\n").at(-1) ?? "";
    execFileSync("tar", ["-xzf", tarball, MEMBER], { cwd: folder, timeout: FETCH_DEADLINE });
    return object(JSON.parse(readFileSync(join(folder, MEMBER), "utf8")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function main(): void {
  if (hasExtract()) return;
  let document: Json;
  try {
    document = fetchDocument();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const reason = /npm error code (\S+)/.exec(said)?.[1] ?? said.split("\n")[0];
    process.stderr.write(
      `\n!!! GitHub's OpenAPI description (${PACKAGE}) could not be fetched: CONFORMANCE TESTS WILL BE SKIPPED. ${reason}\n\n`,
    );
    process.exitCode = process.env["CI"] === "true" ? 1 : 0;
    return;
  }
  const file = extractFile();
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(`${file}.tmp`, JSON.stringify(extract(document)));
  renameSync(`${file}.tmp`, file);
  process.stdout.write(`GitHub's OpenAPI description is in ${file}\n`);
}

main();
