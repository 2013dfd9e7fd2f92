import { movingTagOf, type AppSettings } from "./config.ts";
import type { EnvironmentPins } from "./observation.ts";
import type { PinsResult } from "./pins.ts";
import { inRepositoryOrder, versionOf, type AppName, type Pinned } from "./release.ts";

/** What an environment's file says of the images that an app promotes. */
export function environmentPins(app: AppName, settings: AppSettings, file: string, found: PinsResult): EnvironmentPins {
  if (!found.ok) return { ok: false, file, problem: found.problem };
  const wanted = settings.images;
  const pins = wanted === null ? found.pins : found.pins.filter((pin) => wanted.includes(pin.repository));
  if (pins.length === 0) {
    const problem = wanted === null ? `${file} pins no image` : `${file} pins none of ${wanted.join(", ")}`;
    return { ok: false, file, problem };
  }
  if (wanted === null && pins.length > 1) {
    const names = pins.map((pin) => pin.repository).join(", ");
    return {
      ok: false,
      file,
      problem: `${file} pins ${pins.length} images (${names}); say under apps.${app}.images which of them Pinion promotes`,
    };
  }
  const missing = (wanted ?? []).filter((repository) => !pins.some((pin) => pin.repository === repository));
  if (missing.length > 0) return { ok: false, file, problem: `${file} does not pin ${missing.join(", ")}` };
  const images = inRepositoryOrder(pins.map(({ repository, tag, digest }) => ({ repository, tag, digest })));
  return { ok: true, file, pinned: { app, version: versionOf(images, movingTagOf(settings)), images }, pins };
}

/** The pinned images, or null while the file cannot be read. */
export function pinnedOf(pins: EnvironmentPins | null | undefined): Pinned | null {
  return pins?.ok === true ? pins.pinned : null;
}
