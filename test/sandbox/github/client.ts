/** A bare HTTP client for the sandbox's GitHub: what is sent is what a test says, and nothing is retried. */
import { createSign } from "node:crypto";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { runGit } from "../../../sandbox/github/git.ts";

type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** An object or array; `{}` for an answer without a body. */
  readonly body: unknown;
  /** `message` and what `errors` add to it, as people read it. */
  readonly said: string;
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

/** A field deep in an answer; undefined when it is not there. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, key) => (isJson(found) ? found[key] : undefined), value);
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  if (typeof found !== "number") throw new Error(`no number at ${path.join(".")} of ${JSON.stringify(value)}`);
  return found;
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Error(`no text at ${path.join(".")} of ${JSON.stringify(value)}`);
  return found;
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  if (!Array.isArray(found)) throw new Error(`no list at ${path.join(".")} of ${JSON.stringify(value)}`);
  return found;
}

function word(value: unknown, field: string): string | null {
  const found = at(value, field);
  return typeof found === "string" ? found : null;
}

function said(body: unknown): string {
  const errors = at(body, "errors");
  const details = Array.isArray(errors) ? errors.map((error: unknown) => (typeof error === "string" ? error : detail(error))) : [];
  return [word(body, "message"), ...details].filter((text) => text !== null).join(" | ");
}

function detail(error: unknown): string {
  return word(error, "message") ?? `${word(error, "field")} ${word(error, "code")}`;
}

export async function call(
  github: GitHubSandbox,
  token: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const answer = await fetch(`${github.url}${path}`, {
    method,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const parsed: unknown = text === "" ? {} : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, body: parsed, said: said(parsed) };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A JWT signed with the App's key, good for the next minutes unless said otherwise. */
export function appJwt(github: GitHubSandbox, claims: Json = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const head = encode({ alg: "RS256", typ: "JWT" });
  const body = encode({ iss: github.app.id, iat: now - 30, exp: now + 300, ...claims });
  const signature = createSign("RSA-SHA256").update(`${head}.${body}`).sign(github.app.privateKey, "base64url");
  return `${head}.${body}.${signature}`;
}

/** A token of the installation, asked for over HTTP as an App does. */
export async function installationToken(github: GitHubSandbox, narrowed: Json = {}): Promise<string> {
  const answer = await call(github, appJwt(github), "POST", `/app/installations/${github.installation.id}/access_tokens`, narrowed);
  return textAt(answer.body, "token");
}

/** Runs Git in a directory, and throws what it said when it fails. */
export async function git(directory: string, ...args: readonly string[]): Promise<string> {
  const identity = {
    GIT_AUTHOR_NAME: "T",
    GIT_AUTHOR_EMAIL: "t@example.org",
    GIT_COMMITTER_NAME: "T",
    GIT_COMMITTER_EMAIL: "t@example.org",
  };
  const result = await runGit(directory, args, { env: identity });
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout.toString("utf8").trim();
}
