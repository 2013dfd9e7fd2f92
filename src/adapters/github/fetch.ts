import type { Milliseconds } from "../../domain/answer.ts";
import { CALL_DEADLINE, PortFailure } from "../../ports.ts";

export interface FetchLimits {
  /** From the call to the last byte of the answer. {@link CALL_DEADLINE} unless told; GitHub itself gives up after 10 s. */
  readonly deadlineMs?: Milliseconds;
  /** Most bytes of an answer, after decompression. {@link MAX_ANSWER_BYTES} unless told. */
  readonly maxBytes?: number;
  readonly fetch?: typeof globalThis.fetch;
}

/** A look at fifty lively pull requests is about 1 MB; anybody can write comments, so there has to be an end. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** GitHub answered more than we are willing to hold in memory. */
export class AnswerTooLarge extends PortFailure {
  constructor(limit: number) {
    super("error", `GitHub answered more than ${limit} bytes, which is the limit.`);
  }
}

/**
 * A `fetch` for Octokit, which has neither a deadline nor a limit of its own. It reads the answer to its end, so that both
 * cover the body too. To be given to Probot as `request: { fetch }`, so that it also serves the requests for tokens.
 */
export function boundedFetch(limits: FetchLimits = {}): typeof globalThis.fetch {
  const deadline = limits.deadlineMs ?? CALL_DEADLINE;
  const maxBytes = limits.maxBytes ?? MAX_ANSWER_BYTES;
  const send = limits.fetch ?? globalThis.fetch;
  return async (input, init) => {
    const expiry = AbortSignal.timeout(deadline);
    const signal = init?.signal ? AbortSignal.any([init.signal, expiry]) : expiry;
    try {
      const response = await send(input, { ...init, signal });
      const bytes = await bodyOf(response, maxBytes);
      // Octokit takes half an answer for text, and would keep the token that is not in it until the token's hour is over.
      if (response.ok && saysJson(response) && !isJson(bytes)) throw cutOff();
      // A body that is already decoded, but the headers as they came: Octokit looks at none of those that no longer fit.
      return new Response(bytes, { status: response.status, statusText: response.statusText, headers: response.headers });
    } catch (problem) {
      if (expiry.aborted && !(problem instanceof PortFailure)) {
        throw new PortFailure("dependency", `GitHub gave no complete answer within ${deadline} ms.`, { cause: problem });
      }
      throw problem;
    }
  };
}

/** The same words wherever an answer is found to be unreadable. */
export function cutOff(): PortFailure {
  return new PortFailure("dependency", "GitHub's answer is not JSON, or was cut off. Check the proxy in front of it.");
}

function saysJson(response: Response): boolean {
  return /^application\/(?:[^;]*\+)?json\b/i.test(response.headers.get("content-type") ?? "");
}

function isJson(bytes: Uint8Array | null): boolean {
  if (bytes === null) return true;
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Null for an empty body: the statuses 204, 205 and 304 may not have any. */
async function bodyOf(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.body === null) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.byteLength;
    // Leaving the loop cancels the stream, so the rest is never received.
    if (length > maxBytes) throw new AnswerTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return length === 0 ? null : Buffer.concat(chunks, length);
}
