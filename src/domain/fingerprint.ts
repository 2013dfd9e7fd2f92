// The one Node module the domain uses: hashing is a pure function, and no hand-written one would be better.
import { createHash } from "node:crypto";

/** SHA-256 of the UTF-8 text, as 64 lower-case hex digits. */
export function fingerprint(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
