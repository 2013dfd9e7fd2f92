/** Relay connections with GitHub's bounds: a page must say how long it is, and is at most 100 long. */
import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from "graphql";

import { refusal } from "./graphql-errors.ts";

export interface ConnectionArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** Anything a field can resolve to; `__typename` tells members of unions and interfaces apart. */
export interface GraphqlNode {
  readonly __typename: string;
  readonly [field: string]: unknown;
}

/** What a field may answer: GraphQL waits for promises. */
export type Resolved = GraphqlNode | null | Promise<GraphqlNode | null>;

const MAX_PAGE = 100;

interface Listing<T> {
  readonly items: readonly T[];
  /** What an item is recognised by when a later page is asked for. */
  readonly key: (item: T) => string | number;
  readonly node: (item: T) => Resolved;
}

const PAGE_FIELDS: ReadonlySet<string> = new Set(["nodes", "edges", "pageInfo"]);

function selectsPage(selections: SelectionSetNode | undefined, info: GraphQLResolveInfo): boolean {
  return (selections?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.FIELD) return PAGE_FIELDS.has(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) return selectsPage(selection.selectionSet, info);
    return selectsPage(info.fragments[selection.name.value]?.selectionSet, info);
  });
}

/** Counting needs no bounds; listing does. */
function checkBounds(args: ConnectionArguments, info: GraphQLResolveInfo): void {
  const name = info.fieldName;
  const first = args.first ?? null;
  const last = args.last ?? null;
  if (first === null && last === null) {
    if (!info.fieldNodes.some((field) => selectsPage(field.selectionSet, info))) return;
    const message = `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`;
    throw refusal("MISSING_PAGINATION_BOUNDARIES", message);
  }
  if (first !== null && last !== null) {
    throw refusal("UNPROCESSABLE", `Passing both \`first\` and \`last\` to paginate the \`${name}\` connection is not supported.`);
  }
  const [bound, size] = first === null ? (["last", last ?? 0] as const) : (["first", first] as const);
  if (size < 0) throw refusal("UNPROCESSABLE", `\`${bound}\` on the \`${name}\` connection cannot be less than zero.`);
  if (size > MAX_PAGE) {
    const message = `Requesting ${size} records on the \`${name}\` connection exceeds the \`${bound}\` limit of ${MAX_PAGE} records.`;
    throw refusal("EXCESSIVE_PAGINATION", message);
  }
}

/** How many items before its own a cursor remembers, to find its place when its own has gone. */
const REMEMBERED = 16;

function isKeys(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((key) => typeof key === "string");
}

/** A cursor names its item and those just before it, so that a page goes on rightly after some of them went away. */
function cursorOf<T>(listing: Listing<T>, index: number): string {
  const named = listing.items.slice(Math.max(0, index - REMEMBERED), index + 1).toReversed();
  return Buffer.from(JSON.stringify(named.map((item) => String(listing.key(item))))).toString("base64");
}

function keysOf(cursor: string): readonly string[] {
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, "base64").toString("utf8"));
    if (isKeys(keys)) return keys;
  } catch {
    // Falls through to the refusal below: it was not made here.
  }
  throw refusal("INVALID_CURSOR_ARGUMENTS", `\`${cursor}\` does not appear to be a valid cursor.`);
}

/** Where the items after a cursor begin, and where those before it end. */
function placeOf<T>(listing: Listing<T>, cursor: string): { readonly after: number; readonly before: number } {
  const [own, ...earlier] = keysOf(cursor);
  const keys = listing.items.map((item) => String(listing.key(item)));
  const index = keys.indexOf(own ?? "");
  if (index !== -1) return { after: index + 1, before: index };
  const left = earlier.map((key) => keys.indexOf(key)).find((found) => found !== -1) ?? -1;
  return { after: left + 1, before: left + 1 };
}

/** One page of a list, as the value of a connection field. `extra` are fields of the connection itself. */
export function connection<T>(
  listing: Listing<T>,
  args: ConnectionArguments,
  info: GraphQLResolveInfo,
  extra: Readonly<Record<string, unknown>> = {},
): GraphqlNode {
  checkBounds(args, info);
  const total = listing.items.length;
  const low = args.after == null ? 0 : placeOf(listing, args.after).after;
  const high = args.before == null ? total : placeOf(listing, args.before).before;
  const start = args.last == null ? low : Math.max(low, high - args.last);
  const end = args.first == null ? high : Math.min(high, low + args.first);
  const indices = Array.from({ length: Math.max(0, end - start) }, (_, offset) => start + offset);
  const nodeAt = (index: number): Resolved => {
    const item = listing.items[index];
    return item === undefined ? null : listing.node(item);
  };
  return {
    __typename: info.returnType.toString().replaceAll(/[!\][]/g, ""),
    totalCount: total,
    nodes: () => indices.map(nodeAt),
    edges: () => indices.map((index) => ({ cursor: cursorOf(listing, index), node: () => nodeAt(index) })),
    pageInfo: {
      hasNextPage: end < total,
      hasPreviousPage: start > 0,
      startCursor: indices.length === 0 ? null : cursorOf(listing, start),
      endCursor: indices.length === 0 ? null : cursorOf(listing, end - 1),
    },
    ...extra,
  };
}
