import type { Digest, Oid, Release } from "../../src/domain/release.ts";

/** A commit id made of one repeated digit, so that failures are readable. */
export function oid(digit: string): Oid {
  return digit.repeat(40).slice(0, 40);
}

export function digestOf(seed: string): Digest {
  const hex = Buffer.from(seed).toString("hex").padEnd(64, "0").slice(0, 64);
  return `sha256:${hex}`;
}

/** A release of one image whose digest follows from its version. */
export function release(version: string, app = "checkout"): Release {
  return { app, version, images: [{ repository: `ghcr.io/acme/${app}`, tag: version, digest: digestOf(version) }] };
}
