/** One entry of `errors` in GitHub's "Validation Failed" answers. */
export interface RefusalDetail {
  readonly resource: string;
  readonly code: "missing" | "missing_field" | "invalid" | "already_exists" | "unprocessable" | "custom";
  readonly field?: string;
  readonly message?: string;
}

/** What kind of refusal it is, for callers that do not speak HTTP (GraphQL's `errors[].type`). */
export type RefusalCode =
  "unauthenticated" | "not-found" | "forbidden" | "unprocessable" | "stale" | "exists" | "not-allowed" | "protected";

/** GitHub says no. `status` and `message` are those of its REST API; GraphQL makes its errors from `code` and `message`. */
export class SandboxRefusal extends Error {
  override readonly name = "SandboxRefusal";
  readonly status: number;
  readonly code: RefusalCode;
  /** Some of GitHub's answers list objects here, some bare sentences. */
  readonly errors: readonly (RefusalDetail | string)[];

  constructor(status: number, code: RefusalCode, message: string, errors: readonly (RefusalDetail | string)[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  /** The one sentence that says most, as GraphQL gives it: the detail if there is one. */
  get sentence(): string {
    const first = this.errors[0];
    if (first === undefined) return this.message;
    return typeof first === "string" ? first : (first.message ?? `${this.message}: ${first.field ?? first.resource} is ${first.code}`);
  }
}

export function notFound(): SandboxRefusal {
  return new SandboxRefusal(404, "not-found", "Not Found");
}

export function forbiddenToApp(): SandboxRefusal {
  return new SandboxRefusal(403, "forbidden", "Resource not accessible by integration");
}

export function unprocessable(message: string, errors: readonly (RefusalDetail | string)[] = []): SandboxRefusal {
  return new SandboxRefusal(422, "unprocessable", message, errors);
}

/** 422 "Validation Failed" with one detail. */
export function invalid(detail: RefusalDetail): SandboxRefusal {
  return new SandboxRefusal(422, "unprocessable", "Validation Failed", [detail]);
}
