/**
 * GitHub's GraphQL API over the sandbox's state: GitHub's own schema, executed by graphql-js. What a type shows is
 * in the `graphql-*` file named after it; they refer to one another, as the types of the schema do.
 */
import {
  defaultFieldResolver,
  execute,
  GraphQLError,
  Kind,
  parse,
  validate,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type OperationDefinitionNode,
} from "graphql";

import { refusal, showError } from "./graphql-errors.ts";
import { callSize } from "./graphql-limits.ts";
import { checkMutations } from "./graphql-mutations-checks.ts";
import { gitMutations } from "./graphql-mutations-git.ts";
import { queueMutations } from "./graphql-mutations-queue.ts";
import { threadMutations } from "./graphql-mutations-threads.ts";
import { queries } from "./graphql-queries.ts";
import { githubSchema } from "./graphql-schema.ts";
import { asGraphqlError, type RateLimit, type Session } from "./graphql-session.ts";
import type { Actor } from "./model.ts";
import { SandboxRefusal } from "./refusal.ts";
import type { GitHubState } from "./state.ts";

export interface GraphqlRequest {
  readonly query?: unknown;
  readonly variables?: unknown;
  readonly operationName?: unknown;
}

export interface GraphqlAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the call cost, when it was taken up. */
  readonly points?: number;
}

/** Queries are answered from `replica`; mutations are made to the state itself. */
export type GraphqlHandler = (actor: Actor, request: GraphqlRequest, replica?: GitHubState) => Promise<GraphqlAnswer>;

/** Points that an installation may use in an hour (GitHub docs, "Primary rate limit"; the floor of it). */
const POINTS_PER_HOUR = 5_000;
const HOUR = 3_600_000;
const DOCUMENTATION = "https://docs.github.com/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql";

type Checked = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

function check(query: string): Checked {
  try {
    const document = parse(query);
    const errors = validate(githubSchema(), document);
    return errors.length === 0 ? { document } : { errors };
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
}

function refuse(errors: readonly GraphQLError[]): GraphqlAnswer {
  return { status: 200, body: { errors: errors.map(showError) } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const ISSUE_FILTERS = ["assignee", "mentioned", "milestone", "milestoneNumber", "viewerSubscribed"].map((name) => `filterBy.${name}`);

/** Arguments whose meaning the sandbox does not know, by field. Elsewhere all of a field's arguments are heeded. */
const UNKNOWN_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  "Commit.history": ["author.id"],
  "Issue.comments": ["orderBy"],
  "Issue.timelineItems": ["skip"],
  "Label.issues": ISSUE_FILTERS,
  "Mutation.closeIssue": ["input.duplicateIssueId"],
  "Mutation.createCheckRun": ["input.output.annotations", "input.output.images"],
  "Mutation.createDeploymentStatus": ["input.environment"],
  "Mutation.createIssue": ["assigneeIds", "issueTemplate", "milestoneId", "parentIssueId", "projectIds"].map((name) => `input.${name}`),
  "Mutation.mergePullRequest": ["input.authorEmail"],
  "Mutation.updateCheckRun": ["input.output.annotations", "input.output.images"],
  "Mutation.updatePullRequest": ["assigneeIds", "labelIds", "milestoneId", "projectIds"].map((name) => `input.${name}`),
  "Organization.teams": ["ldapMapped", "notificationSetting", "orderBy", "privacy", "query", "role", "rootTeamsOnly", "userLogins"],
  "PullRequest.comments": ["orderBy"],
  "PullRequest.latestOpinionatedReviews": ["writersOnly"],
  "PullRequest.timelineItems": ["skip"],
  "Repository.issues": ISSUE_FILTERS,
  "Team.members": ["orderBy", "role"],
};

/** Whether an argument is given a value of its own, by its path into nested inputs. */
function isGiven(args: Readonly<Record<string, unknown>>, path: string): boolean {
  return Boolean(path.split(".").reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), args));
}

/** What the sandbox does not know is an error of the sandbox, never a silent null or an argument passed over. */
function requireKnown(source: unknown, args: Readonly<Record<string, unknown>>, info: GraphQLResolveInfo): void {
  const field = `${info.parentType.name}.${info.fieldName}`;
  if (!isRecord(source) || !(info.fieldName in source)) throw new Error(`the sandbox does not know ${field}`);
  const argument = UNKNOWN_ARGUMENTS[field]?.find((path) => isGiven(args, path));
  if (argument !== undefined) throw new Error(`the sandbox does not know ${field}(${argument}:)`);
}

/** GitHub tells a person who lacks the role which mutation it was, in one sentence for all of them. */
function forbidden(error: SandboxRefusal, session: Session, info: GraphQLResolveInfo): GraphQLError | null {
  const lacking = error.code === "forbidden" || (error.code === "not-found" && error.message === "Not Found");
  if (info.parentType.name !== "Mutation" || session.actor.kind !== "user" || !lacking) return null;
  const mutation = info.fieldName.slice(0, 1).toUpperCase() + info.fieldName.slice(1);
  const message = `${session.actor.account.login} does not have the correct permissions to execute \`${mutation}\``;
  return refusal("FORBIDDEN", message);
}

const resolveField: GraphQLFieldResolver<unknown, Session> = (source, args, session, info) => {
  requireKnown(source, args, info);
  const refuseAsGraphql = (error: unknown): never => {
    throw (error instanceof SandboxRefusal ? forbidden(error, session, info) : null) ?? asGraphqlError(error);
  };
  try {
    const value: unknown = defaultFieldResolver(source, args, session, info);
    return value instanceof Promise ? value.catch(refuseAsGraphql) : value;
  } catch (error) {
    return refuseAsGraphql(error);
  }
};

function operationOf(document: DocumentNode, name: string | null): OperationDefinitionNode | GraphQLError {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const found = name === null ? operations[0] : operations.find((operation) => operation.name?.value === name);
  if (found !== undefined && (name !== null || operations.length === 1)) return found;
  return new GraphQLError(name === null ? "An operation name is required" : `No operation named "${name}"`);
}

/** Counts the points of each account, hour by hour of the sandbox's clock. */
class RateLimits {
  readonly #used = new Map<number, { readonly points: number; readonly resetAt: number }>();

  count(account: number, now: number, size: { readonly nodes: number; readonly cost: number }): RateLimit {
    const before = this.#used.get(account);
    const running = before !== undefined && before.resetAt > now ? before : { points: 0, resetAt: now + HOUR };
    if (running.points >= POINTS_PER_HOUR) throw new UsedUp(this.#rate(running.points, running.resetAt, size));
    const used = running.points + size.cost;
    this.#used.set(account, { points: used, resetAt: running.resetAt });
    return this.#rate(used, running.resetAt, size);
  }

  #rate(used: number, resetAt: number, { nodes, cost }: { readonly nodes: number; readonly cost: number }): RateLimit {
    return { limit: POINTS_PER_HOUR, cost, nodeCount: nodes, used, remaining: Math.max(0, POINTS_PER_HOUR - used), resetAt };
  }
}

/** The hour's points are spent. GitHub answers 200 with an error then. */
class UsedUp extends Error {
  readonly rate: RateLimit;

  constructor(rate: RateLimit) {
    super("used up");
    this.rate = rate;
  }
}

function rateHeaders(rate: RateLimit): Readonly<Record<string, string>> {
  return {
    "x-ratelimit-limit": String(rate.limit),
    "x-ratelimit-remaining": String(rate.remaining),
    "x-ratelimit-used": String(rate.used),
    "x-ratelimit-reset": String(Math.ceil(rate.resetAt / 1000)),
    "x-ratelimit-resource": "graphql",
  };
}

/** Answers `POST /graphql`: the status and the JSON body. Refusals of single fields come with status 200, as at GitHub. */
export function createGraphqlHandler(state: GitHubState): GraphqlHandler {
  const documents = new Map<string, Checked>();
  const limits = new RateLimits();

  return async (actor, request, replica = state) => {
    if (actor.kind === "anonymous" || actor.kind === "app") {
      const message = "This endpoint requires you to be authenticated.";
      return { status: 401, body: { message, documentation_url: DOCUMENTATION, status: "401" } };
    }
    if (typeof request.query !== "string") {
      return refuse([new GraphQLError("A query attribute must be specified and must be a string.")]);
    }
    const checked = documents.get(request.query) ?? check(request.query);
    documents.set(request.query, checked);
    if ("errors" in checked) return refuse(checked.errors);
    const operation = operationOf(checked.document, typeof request.operationName === "string" ? request.operationName : null);
    if (operation instanceof GraphQLError) return refuse([operation]);
    const variables = isRecord(request.variables) ? request.variables : {};
    const schema = githubSchema();
    let session: Session;
    try {
      const size = callSize(schema, checked.document, operation, variables);
      session = { state: operation.operation === "query" ? replica : state, actor, rateLimit: limits.count(actor.account.id, state.now(), size) };
    } catch (error) {
      if (error instanceof GraphQLError) return refuse([error]);
      if (!(error instanceof UsedUp)) throw error;
      const message = `API rate limit exceeded for ${actor.kind === "installation" ? "installation" : "user"} ID ${actor.account.id}.`;
      return { ...refuse([refusal("RATE_LIMITED", message)]), headers: rateHeaders(error.rate) };
    }
    const result = await execute({
      schema,
      document: checked.document,
      rootValue: rootOf(session, operation),
      variableValues: variables,
      operationName: operation.name?.value ?? null,
      contextValue: session,
      fieldResolver: resolveField,
    });
    // Nothing was executed when the variables do not fit; GitHub then leaves `data` out.
    const errors = result.errors === undefined ? {} : { errors: result.errors.map(showError) };
    const body = result.data === undefined ? errors : { data: result.data, ...errors };
    return { status: 200, body, headers: rateHeaders(session.rateLimit), points: session.rateLimit.cost };
  };
}

function rootOf(session: Session, operation: OperationDefinitionNode): Readonly<Record<string, unknown>> {
  if (operation.operation === "query") return queries(session);
  return { ...gitMutations(session), ...threadMutations(session), ...queueMutations(session), ...checkMutations(session) };
}
