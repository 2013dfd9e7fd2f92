/** GitHub's limits on one call: at most 500,000 nodes, and a cost in points that is told by `rateLimit`. */
import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";

import { refusal } from "./graphql-errors.ts";

const MAX_NODES = 500_000;

export interface CallSize {
  /** Nodes that the call may answer, each page taken as full. */
  readonly nodes: number;
  /** Points it costs: requests to fill each connection, divided by 100, at least 1. */
  readonly cost: number;
}

interface Walk {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
  nodes: number;
  requests: number;
}

function sizeArgument(walk: Walk, field: FieldNode): number {
  for (const argument of field.arguments ?? []) {
    if (argument.name.value !== "first" && argument.name.value !== "last") continue;
    const value = argument.value.kind === Kind.VARIABLE ? walk.variables[argument.value.name.value] : null;
    if (typeof value === "number") return value;
    if (argument.value.kind === Kind.INT) return Number(argument.value.value);
  }
  return 0;
}

function visit(walk: Walk, selections: SelectionSetNode, parent: GraphQLNamedType | undefined, copies: number): void {
  for (const selection of selections.selections) {
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value;
      visit(walk, selection.selectionSet, condition === undefined ? parent : walk.schema.getType(condition), copies);
    } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = walk.fragments.get(selection.name.value);
      if (fragment !== undefined) visit(walk, fragment.selectionSet, walk.schema.getType(fragment.typeCondition.name.value), copies);
    } else if (selection.selectionSet !== undefined && (isObjectType(parent) || isInterfaceType(parent))) {
      const definition = parent.getFields()[selection.name.value];
      if (definition === undefined) continue;
      const type = getNamedType(definition.type);
      const isConnection = type.name.endsWith("Connection");
      const size = isConnection ? sizeArgument(walk, selection) : 1;
      if (isConnection) {
        walk.nodes += copies * size;
        walk.requests += copies;
      }
      visit(walk, selection.selectionSet, type, copies * size);
    }
  }
}

/** How much a call asks for, by GitHub's rules ("Rate limits and query limits for the GraphQL API"). Refuses what is too much. */
export function callSize(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): CallSize {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const walk: Walk = { schema, fragments, variables, nodes: 0, requests: 0 };
  visit(walk, operation.selectionSet, schema.getRootType(operation.operation) ?? undefined, 1);
  if (walk.nodes > MAX_NODES) {
    const shown = walk.nodes.toLocaleString("en-US");
    const message = `This query requests up to ${shown} possible nodes which exceeds the maximum limit of 500,000.`;
    throw refusal("MAX_NODE_LIMIT_EXCEEDED", message);
  }
  return { nodes: walk.nodes, cost: Math.max(1, Math.round(walk.requests / 100)) };
}
