/** GraphQL errors as GitHub words and shapes them: `type` stands beside `message`, `path` and `locations`. */
import { GraphQLError } from "graphql";

export type GraphqlErrorType =
  | "NOT_FOUND"
  | "FORBIDDEN"
  | "UNPROCESSABLE"
  | "STALE_DATA"
  | "MISSING_PAGINATION_BOUNDARIES"
  | "EXCESSIVE_PAGINATION"
  | "INVALID_CURSOR_ARGUMENTS"
  | "RATE_LIMITED"
  | "MAX_NODE_LIMIT_EXCEEDED"
  | "ARGUMENT_LIMIT";

/** A refusal of one field. The other fields of the document are answered all the same. */
export function refusal(type: GraphqlErrorType, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}

export function notFound(message: string): GraphQLError {
  return refusal("NOT_FOUND", message);
}

export function unprocessable(message: string): GraphQLError {
  return refusal("UNPROCESSABLE", message);
}

export const NOT_FOR_APPS = "Resource not accessible by integration";

/** What an installation token gets for anything beyond its permissions. */
export function inaccessible(): GraphQLError {
  return new GraphQLError(NOT_FOR_APPS, { extensions: { type: "FORBIDDEN", saml_failure: false } });
}

export interface ShownError {
  readonly type?: string;
  readonly path?: readonly (string | number)[];
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** An error as it stands in an answer's `errors`. */
export function showError(error: GraphQLError): ShownError {
  const { type, ...extensions } = error.extensions;
  return {
    ...(typeof type === "string" ? { type } : {}),
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    message: error.message,
  };
}
