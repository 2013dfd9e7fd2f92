import { invalid } from "../refusal.ts";

const TITLE_LIMIT = 256;
const BODY_LIMIT = 65_536;

/** Characters as GitHub counts them: by code point, so that an emoji is not two. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Titles of issues and pull requests: not empty, at most 256 characters. */
export function requireTitle(resource: "PullRequest" | "Issue", title: string): void {
  if (title.trim() === "") throw invalid({ resource, code: "missing_field", field: "title" });
  if (lengthOf(title) > TITLE_LIMIT) {
    throw invalid({ resource, code: "custom", field: "title", message: `title is too long (maximum is ${TITLE_LIMIT} characters)` });
  }
}

/** Bodies and comments: at most 65,536 characters. */
export function requireBody(resource: "PullRequest" | "Issue" | "IssueComment", body: string | null): void {
  if (body !== null && lengthOf(body) > BODY_LIMIT) {
    throw invalid({ resource, code: "unprocessable", field: "data", message: `Body is too long (maximum is ${BODY_LIMIT} characters)` });
  }
}
