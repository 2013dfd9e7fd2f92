import type { Actor, Repository } from "../model.ts";
import { notFound } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { requireVisible } from "../state/access.ts";
import type { Fields } from "./fields.ts";

/** One REST request, understood. */
export interface RestCall {
  readonly state: GitHubState;
  readonly actor: Actor;
  /** Decoded path parameters. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Fields;
  /** The body when it is not an object: GitHub takes a bare array of labels. */
  readonly rawBody: string;
  /** Address of the request, without query, for `Link` headers. */
  readonly url: string;
  /** Real time, for tokens. */
  readonly realNow: number;
}

export interface RestAnswer {
  readonly status: number;
  /** Null for an answer without a body. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As GitHub's documentation writes it; `{+name}` may hold slashes. */
  readonly template: string;
  readonly handle: (call: RestCall) => Promise<RestAnswer> | RestAnswer;
}

export function route(method: Route["method"], template: string, handle: Route["handle"]): Route {
  return { method, template, handle };
}

export function ok(body: unknown): RestAnswer {
  return { status: 200, body };
}

export function created(body: unknown): RestAnswer {
  return { status: 201, body };
}

export const NO_CONTENT: RestAnswer = { status: 204, body: null };

export function parameter(call: RestCall, name: string): string {
  return call.params[name] ?? "";
}

/** A path parameter that is a number; anything else is no such thing. */
export function numberParameter(call: RestCall, name: string): number {
  const text = parameter(call, name);
  if (!/^\d+$/.test(text)) throw notFound();
  return Number(text);
}

/** The repository of `{owner}/{repo}`, if the caller may see it. Throws 404. */
export function repositoryIn(call: RestCall): Repository {
  const found = call.state.repository(parameter(call, "owner"), parameter(call, "repo"));
  if (found === null) throw notFound();
  requireVisible(call.state, call.actor, found);
  return found;
}

function whole(text: string | null, otherwise: number, most: number): number {
  const value = Number(text ?? otherwise);
  return Number.isInteger(value) && value >= 1 ? Math.min(value, most) : otherwise;
}

/** One page of a list, with GitHub's `Link` header: `per_page` 30 unless asked, 100 at most. */
export async function page<T>(
  call: RestCall,
  items: readonly T[],
  render: (item: T) => unknown,
  wrap: (shown: readonly unknown[], total: number) => unknown = (shown) => shown,
): Promise<RestAnswer> {
  const size = whole(call.query.get("per_page"), 30, 100);
  const at = whole(call.query.get("page"), 1, Number.MAX_SAFE_INTEGER);
  const last = Math.max(1, Math.ceil(items.length / size));
  const shown = await Promise.all(items.slice((at - 1) * size, at * size).map(render));
  const link = (number: number, relation: string) => {
    const query = new URLSearchParams(call.query);
    query.set("page", String(number));
    return `<${call.url}?${query.toString()}>; rel="${relation}"`;
  };
  const links = [
    ...(at > 1 ? [link(at - 1, "prev")] : []),
    ...(at < last ? [link(at + 1, "next"), link(last, "last")] : []),
    ...(at > 1 ? [link(1, "first")] : []),
  ];
  return { ...ok(wrap(shown, items.length)), ...(links.length === 0 ? {} : { headers: { link: links.join(", ") } }) };
}
