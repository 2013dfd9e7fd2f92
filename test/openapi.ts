/**
 * What GitHub's own description says about answers and webhooks, as validators that are compiled when they are first needed.
 * Reads the extract that `test/openapi-cache.ts` makes.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";

/** Raised whenever the shape or the conversion of the extract changes, so that an old one is made again. */
export const CACHE_FORMAT = 1;

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Operation {
  /** GitHub's operationId, as `pulls/create`. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** Path parameters that may hold slashes. */
  readonly multiSegment: readonly string[];
  /** Whether GitHub Apps may call it at all. */
  readonly apps: boolean;
  /** By status; null where no body is described. */
  readonly responses: Readonly<Record<string, JsonSchema | null>>;
}

export interface Webhook {
  readonly event: string;
  readonly action: string | null;
  readonly schema: JsonSchema;
}

export interface OpenApiExtract {
  readonly format: number;
  readonly source: string;
  readonly operations: readonly Operation[];
  readonly webhooks: readonly Webhook[];
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

export function extractFile(): string {
  return fileURLToPath(new URL("../.cache/openapi/github.json", import.meta.url));
}

const BASIC_ERROR: JsonSchema = { $ref: "gh:basic-error" };
const WITH_MESSAGE: JsonSchema = { type: "object", required: ["message"], properties: { message: { type: "string" } } };

function isExtract(value: unknown): value is OpenApiExtract {
  return typeof value === "object" && value !== null && "format" in value && value.format === CACHE_FORMAT;
}

function readExtract(): OpenApiExtract | null {
  if (!existsSync(extractFile())) return null;
  const value: unknown = JSON.parse(readFileSync(extractFile(), "utf8"));
  return isExtract(value) ? value : null;
}

export function hasExtract(): boolean {
  return readExtract() !== null;
}

function patternOf(operation: Operation): RegExp {
  const escaped = operation.path.replaceAll(/[.+]/g, String.raw`\$&`);
  const pattern = escaped.replaceAll(/\{([^}]+)\}/g, (_, name: string) => (operation.multiSegment.includes(name) ? "(?:.+)" : "(?:[^/]+)"));
  return new RegExp(`^${pattern}$`);
}

/**
 * Longer paths come first, so that a parameter that may hold slashes does not swallow what follows it; and literal segments
 * come before parameters, so `/pulls/comments` is not taken for `/pulls/{pull_number}`.
 */
function bySpecificity(left: Operation, right: Operation): number {
  const order = (path: string): string => path.replaceAll(/\{[^}]+\}/g, "~");
  const segments = (path: string): number => path.split("/").length;
  return segments(right.path) - segments(left.path) || (order(left.path) < order(right.path) ? -1 : 1);
}

/** Where GitHub's description is at odds with itself and with what GitHub answers. */
const EXCUSED: readonly RegExp[] = [
  // A label without a description has null there, which the same label in `pulls/get` may have.
  /^pulls\/list 200: \/\d+\/labels\/\d+\/description must be string/,
  // Asks for a user and an enterprise in one; `apps/get-installation`, which is the same object, asks for either.
  /^apps\/list-installations 200: \/\d+\/account /,
];

function problem(error: ErrorObject): string {
  const detail = Object.values(error.params).map(String).join(", ");
  return `${error.instancePath === "" ? "/" : error.instancePath} ${error.message ?? error.keyword} (${detail})`;
}

export class OpenApi {
  readonly #ajv: Ajv;
  readonly #routes: readonly { readonly operation: Operation; readonly pattern: RegExp }[];
  readonly #webhooks: readonly Webhook[];
  readonly #compiled = new Map<JsonSchema, ValidateFunction>();

  constructor(extract: OpenApiExtract) {
    // GitHub's description uses `required` beside properties it does not list and the like, which ajv's strict mode refuses.
    this.#ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false, allErrors: true, allowUnionTypes: true });
    for (const [name, schema] of Object.entries(extract.schemas)) this.#ajv.addSchema(schema, `gh:${name}`);
    this.#routes = extract.operations.toSorted(bySpecificity).map((operation) => ({ operation, pattern: patternOf(operation) }));
    this.#webhooks = extract.webhooks;
  }

  /** The operation that a method and path (without query) call, or null. */
  operation(method: string, path: string): Operation | null {
    return this.#routes.find((route) => route.operation.method === method && route.pattern.test(path))?.operation ?? null;
  }

  /**
   * What is wrong with an answer; nothing when it conforms. GitHub describes its errors sparsely: an undescribed status
   * from 400 on must look like its usual error, an undescribed success is wrong.
   */
  checkResponse(method: string, path: string, status: number, body: unknown): readonly string[] {
    const operation = this.operation(method, path);
    if (operation === null) return [`${method} ${path} is no operation of GitHub`];
    const schema = operation.responses[String(status)];
    if (schema === undefined && status < 400) return [`${operation.id} never answers ${status}`];
    if (schema === null) return body === null || body === "" || status >= 300 ? [] : [`${operation.id} ${status} has no body`];
    const wrong = this.#check(schema ?? BASIC_ERROR, body);
    // GitHub's error schemas require nothing, but each of its errors has a message.
    const mute = status >= 400 ? this.#check(WITH_MESSAGE, body) : [];
    const problems = [...wrong, ...mute].map((each) => `${operation.id} ${status}: ${each}`);
    return problems.filter((each) => !EXCUSED.some((pattern) => pattern.test(each)));
  }

  /** What is wrong with a webhook's payload; nothing when it conforms. */
  checkWebhook(event: string, payload: unknown): readonly string[] {
    const action = typeof payload === "object" && payload !== null && "action" in payload ? payload.action : null;
    const webhook = this.#webhooks.find((each) => each.event === event && (each.action === null || each.action === action));
    if (webhook === undefined) return [`GitHub sends no ${event} with action ${String(action)}`];
    return this.#check(webhook.schema, payload).map((each) => `${event}.${String(action)}: ${each}`);
  }

  #check(schema: JsonSchema, value: unknown): readonly string[] {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      validate = this.#ajv.compile(schema);
      this.#compiled.set(schema, validate);
    }
    return validate(value) ? [] : (validate.errors ?? []).map(problem);
  }
}

/**
 * The description, or null when it is not at hand (the tests then skip, and say so). Under CI its absence is an error.
 */
export function loadOpenApi(): OpenApi | null {
  const extract = readExtract();
  if (extract !== null) return new OpenApi(extract);
  if (process.env["CI"] === "true") throw new Error("GitHub's OpenAPI description is missing: run `node test/openapi-cache.ts` first");
  process.stderr.write(
    "\n!!! GitHub's OpenAPI description is missing: conformance tests are skipped (node test/openapi-cache.ts fetches it)\n\n",
  );
  return null;
}
