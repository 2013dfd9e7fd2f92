import { fieldsOf, parseJson, type Fields } from "../../domain/json.ts";
import type { ImageLabels } from "../../domain/observation.ts";
import { platformName } from "../../domain/platform.ts";
import type { Digest } from "../../domain/release.ts";
import { PortFailure } from "../../ports.ts";
import { imagesOf, MOST_PLATFORMS, partsOf, type ContentReader } from "./image-parts.ts";

/** Of one image of an index. */
const MOST_LABELS = 200;
/** Of all of them: they are kept. */
const MOST_CHARACTERS = 64 * 1024;

/**
 * The platforms that an image is for, as `linux/arm64/v8`: those of an index as it lists them, attestations left out, or the one of a single
 * image, as its configuration tells (OCI image-spec, "image-index.md", "config.md"). Null when there is no such image.
 * @throws {PortFailure} `stalled` when it does not tell, or a part is missing that would have to be read.
 */
export async function platformsOf(reader: ContentReader, digest: Digest): Promise<readonly string[] | null> {
  const bytes = await reader.manifest(digest);
  if (bytes === null) return null;
  const question = (image: string) => `read the platforms of ${image}`;
  const parts = partsOf(reader, digest, question, "Push it again.");
  const untold = () => refused(question(`${reader.repository}@${digest}`), "it does not tell them. Push it again with a current tool");
  const manifest = fieldsOf(parseJson(bytes));
  const images = imagesOf(manifest);
  const silent = images?.filter(({ platform }) => nameOf(platform) === null) ?? [];
  if (silent.length > MOST_PLATFORMS) throw untold();
  const names = (images ?? []).map(({ platform }) => nameOf(platform)).filter((name) => name !== null);
  for (const single of images === null ? [manifest] : await Promise.all(silent.map((image) => parts.manifest(image.digest)))) {
    const name = nameOf((await parts.configOf(single)) ?? {});
    if (name === null) throw untold();
    names.push(name);
  }
  return [...new Set(names)];
}

function nameOf({ os, architecture, variant }: Fields): string | null {
  if (typeof os !== "string" || typeof architecture !== "string" || os === "" || architecture === "") return null;
  return platformName(os, architecture, typeof variant === "string" ? variant : "");
}

/**
 * The labels in an image's configuration (OCI image-spec, "config.md"), for each of the images of an index, attestations left out. Null when there is no such image.
 * @throws {PortFailure} `stalled` when they are too many, or it is not known which there are: a part is missing that would have to be read, or is no image.
 */
export async function labelsOf(reader: ContentReader, digest: Digest): Promise<readonly ImageLabels[] | null> {
  const bytes = await reader.manifest(digest);
  if (bytes === null) return null;
  const question = (image: string) => `read the labels of ${image}`;
  const parts = partsOf(reader, digest, question, "Push it again.");
  const tooMany = (what: string) => refused(question(`${reader.repository}@${digest}`), `it has more than ${what}, which is the limit`);
  const manifest = fieldsOf(parseJson(bytes));
  const images = imagesOf(manifest);
  if (images !== null && images.length > MOST_PLATFORMS) throw tooMany(`${MOST_PLATFORMS} images`);
  const untold = () => refused(question(`${reader.repository}@${digest}`), "it does not tell them. Push it again with a current tool");
  if (images?.length === 0) throw untold();
  const found: ImageLabels[] = [];
  let characters = 0;
  for (const single of images ?? [null]) {
    const config = await parts.configOf(single === null ? manifest : await parts.manifest(single.digest));
    // What has no configuration may have images below it, as an index has, and labels with them.
    if (config === null || Object.keys(config).length === 0) throw untold();
    const written = Object.entries(fieldsOf(fieldsOf(config["config"])["Labels"]));
    const labels = written.flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : []));
    characters += labels.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (labels.length > MOST_LABELS || characters > MOST_CHARACTERS) throw tooMany(`${MOST_LABELS} labels for one platform, or ${MOST_CHARACTERS} characters in those of all`);
    found.push(new Map(labels));
  }
  return found;
}

function refused(question: string, why: string): PortFailure {
  return new PortFailure("stalled", `Could not ${question}: ${why}.`);
}
