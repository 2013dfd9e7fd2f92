/** Requests over HTTP to the sandbox, each answer held against GitHub's description. */
import { createSign } from "node:crypto";

import { GitHubServer } from "../../sandbox/github/server.ts";
import { issueInstallationToken, issueUserToken } from "../../sandbox/github/state/tokens.ts";
import type { OpenApi } from "../openapi.ts";
import type { GraphqlWorld } from "./github-graphql-world.ts";

export type Caller = "app" | "bot" | "owner" | "alice" | "stranger" | "nobody" | "liar";

export interface Answered {
  readonly method: string;
  /** As the sandbox routes it. */
  readonly route: string;
  readonly path: string;
  readonly status: number;
  readonly problems: readonly string[];
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

export class Story {
  readonly world: GraphqlWorld;
  readonly answered: Answered[] = [];
  readonly #openapi: OpenApi;
  readonly #server: GitHubServer;
  readonly #tokens = new Map<Caller, string>();
  #address = "";

  constructor(openapi: OpenApi, world: GraphqlWorld) {
    this.#openapi = openapi;
    this.world = world;
    this.#server = new GitHubServer(world.state);
  }

  async begin(): Promise<void> {
    const { state, installation } = this.world;
    this.#address = await this.#server.listen();
    state.addresses = { api: this.#address, html: this.#address };
    this.#tokens.set("app", `Bearer ${this.#jwt()}`);
    this.#tokens.set("bot", `Bearer ${issueInstallationToken(state, installation, {}, Date.now()).token}`);
    for (const [caller, login] of [
      ["owner", "olga"],
      ["alice", "alice"],
      ["stranger", "bob"],
    ] as const) {
      this.#tokens.set(caller, `token ${issueUserToken(state, login)}`);
    }
    this.#tokens.set("liar", "Bearer ghs_invented");
  }

  async end(): Promise<void> {
    await this.#server.close();
    await this.world.end();
  }

  #jwt(): string {
    const now = Math.floor(Date.now() / 1000);
    const unsigned = `${encode({ alg: "RS256", typ: "JWT" })}.${encode({ iss: this.world.app.id, iat: now - 30, exp: now + 300 })}`;
    return `${unsigned}.${createSign("RSA-SHA256").update(unsigned).sign(this.world.app.privateKey, "base64url")}`;
  }

  /** Sends a request, notes whether its answer conforms, and gives its body (null for none). */
  async call(caller: Caller, method: string, path: string, body?: unknown): Promise<unknown> {
    const authorization = this.#tokens.get(caller);
    const response = await fetch(`${this.#address}${path}`, {
      method,
      headers: { accept: "application/vnd.github+json", ...(authorization === undefined ? {} : { authorization }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = text === "" ? null : JSON.parse(text);
    const [pathname = ""] = path.split("?");
    this.answered.push({
      method,
      route: this.#server.requests.at(-1)?.route ?? "",
      path,
      status: response.status,
      problems: this.#openapi.checkResponse(method, pathname, response.status, parsed),
    });
    return parsed;
  }

  /** As {@link call}, in the repository, with the status it must have. */
  async expect(status: number, caller: Caller, method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.call(caller, method, path, body);
    const got = this.answered.at(-1)?.status;
    if (got !== status) throw new Error(`${method} ${path}: ${got}, not ${status}: ${JSON.stringify(answer)}`);
    return answer;
  }
}
