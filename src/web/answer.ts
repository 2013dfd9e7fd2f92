import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Milliseconds } from "../domain/answer.ts";

/** How long a sender whose body is refused is listened to, so that it hears why. */
const LINGER: Milliseconds = 2_000;
const LINGER_BYTES = 4 * 1024 * 1024;

export function answer(
  response: ServerResponse,
  status: number,
  content: Readonly<Record<string, unknown>>,
  headers: OutgoingHttpHeaders = {},
): void {
  const text = `${JSON.stringify(content)}\n`;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(text);
}

/**
 * Answers before the body was read, and closes. The rest of the body is thrown away for a while first: closing at once
 * makes the system drop the answer with it, and the sender sees a broken connection instead of the reason.
 */
export function refuse(request: IncomingMessage, response: ServerResponse, status: number, reason: string): void {
  const text = `${JSON.stringify({ error: reason })}\n`;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    connection: "close",
  });
  response.write(text);
  if (request.readableEnded) {
    response.end();
    return;
  }
  let discarded = 0;
  const close = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(close, LINGER);
  request.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > LINGER_BYTES) close();
  });
  request.once("end", close).once("close", close);
  request.resume();
}
