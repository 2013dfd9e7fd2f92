import { isDigest, type Digest } from "../../src/domain/release.ts";
import { buildImage, type ImageContent } from "../../sandbox/registry/image.ts";
import { digestOf } from "../../sandbox/registry/store.ts";

const CREATED = Date.UTC(2026, 0, 5);

/**
 * Pushes an image as clients do (OCI distribution-spec, "Push"), over plain HTTP, with this `Authorization` if there is one. Answers
 * the digest that the tag names.
 */
export async function pushImage(
  host: string,
  repository: string,
  tag: string,
  image: ImageContent = {},
  authorization: string | null = null,
): Promise<Digest> {
  const send = (url: string, method: string, status: number, body?: Uint8Array, contentType?: string): Promise<Response> => {
    return exchange(url, { method, status, body, contentType, authorization });
  };
  const base = `http://${host}/v2/${repository}`;
  const built = buildImage(`${repository}:${tag}`, { ...image, created: image.created ?? CREATED });
  for (const blob of built.blobs) {
    const begun = await send(`${base}/blobs/uploads/`, "POST", 202);
    const location = new URL(begun.headers.get("location") ?? "", base);
    location.searchParams.set("digest", digestOf(blob));
    await send(location.href, "PUT", 201, blob, "application/octet-stream");
  }
  let pushed: string | null = null;
  for (const [nth, { mediaType, bytes }] of built.manifests.entries()) {
    const reference = nth === built.manifests.length - 1 ? tag : digestOf(bytes);
    const response = await send(`${base}/manifests/${reference}`, "PUT", 201, bytes, mediaType);
    pushed = response.headers.get("docker-content-digest");
  }
  if (pushed === null || !isDigest(pushed)) throw new Error(`${host} did not say the digest of ${repository}:${tag}`);
  return pushed;
}

interface Exchange {
  readonly method: string;
  /** The one that is right. */
  readonly status: number;
  readonly body: Uint8Array | undefined;
  readonly contentType: string | undefined;
  readonly authorization: string | null;
}

async function exchange(url: string, { method, status, body, contentType, authorization }: Exchange): Promise<Response> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: {
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      ...(authorization === null ? {} : { authorization }),
    },
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (response.status !== status) throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${text}`);
  return response;
}
