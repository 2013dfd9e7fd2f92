import type { IncomingMessage } from "node:http";

/** Bytes of bodies that may be held at the same time, all requests together. */
export class BodyBudget {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#free += bytes;
  }
}

export type Body =
  | { readonly kind: "whole"; readonly bytes: Buffer; readonly release: () => void }
  | { readonly kind: "too-large" }
  /** Other requests hold all the memory there is for bodies. */
  | { readonly kind: "busy" }
  /** The sender went away. */
  | { readonly kind: "aborted" };

/**
 * Reads a body up to a limit, judged by what is declared as soon as that is known and by what really comes, so that a
 * stranger cannot make Pinion hold more. `release` must be called when the bytes are no longer needed.
 */
export function readBody(request: IncomingMessage, limit: number, budget: BodyBudget): Promise<Body> {
  // Node has refused a Content-Length that is no number, or that stands beside chunked encoding.
  if (Number(request.headers["content-length"] ?? 0) > limit) return Promise.resolve({ kind: "too-large" });
  // It may have gone away while something else was waited for.
  if (request.destroyed) return Promise.resolve({ kind: "aborted" });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let held = 0;
    let size = 0;
    const release = (): void => {
      budget.give(held);
      held = 0;
    };
    const end = (body: Body): void => {
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      if (body.kind !== "whole") release();
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) {
        end({ kind: "too-large" });
      } else if (!budget.take(chunk.length)) {
        end({ kind: "busy" });
      } else {
        held += chunk.length;
        chunks.push(chunk);
      }
    };
    const onEnd = (): void => end({ kind: "whole", bytes: Buffer.concat(chunks), release });
    const onClose = (): void => end({ kind: "aborted" });
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}
