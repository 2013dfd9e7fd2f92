/** One entry of `errors` in GitHub's "Validation Failed" answers. */
export interface RefusalDetail {
  readonly resource: string;
  readonly code: "missing" | "missing_field" | "invalid" | "already_exists" | "unprocessable" | "custom";
  readonly field?: string;
  readonly message?: string;
}

/** What kind of refusal it is, for callers that do not speak HTTP (GraphQL's `errors[].type`). */
export type RefusalCode =
  | "unauthenticated"
  | "not-found"
  | "forbidden"
  | "unprocessable"
  | "stale"
  | "exists"
  | "not-allowed"
  | "protected";

/** GitHub says no. `status` and `message` are those of its REST API; GraphQL makes its errors from `code` and `message`. */
export class SandboxRefusal extends Error {
  override readonly name = "SandboxRefusal";
  readonly status: number;
  readonly code: RefusalCode;
  readonly errors: readonly RefusalDetail[];

  constructor(status: number, code: RefusalCode, message: string, errors: readonly RefusalDetail[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export function notFound(): SandboxRefusal {
  return new SandboxRefusal(404, "not-found", "Not Found");
}

export function forbiddenToApp(): SandboxRefusal {
  return new SandboxRefusal(403, "forbidden", "Resource not accessible by integration");
}

export function unprocessable(message: string, errors: readonly RefusalDetail[] = []): SandboxRefusal {
  return new SandboxRefusal(422, "unprocessable", message, errors);
}

/** 422 "Validation Failed" with one detail. */
export function invalid(detail: RefusalDetail): SandboxRefusal {
  return new SandboxRefusal(422, "unprocessable", "Validation Failed", [detail]);
}
