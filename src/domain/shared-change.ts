import { settingsOf, type Config } from "./config.ts";
import type { SharedChange } from "./observation.ts";
import type { KustomizeReach } from "./pins/kustomize-reach.ts";
import { inRepositoryOrder, versionOf, type AppName, type EnvironmentName, type Pinned, type PinnedImage } from "./release.ts";

/** The images in a file outside the environments' own, before and after a change of it; none where it is not there. */
export interface ChangedImages {
  readonly file: string;
  readonly before: readonly PinnedImage[];
  readonly after: readonly PinnedImage[];
}

/** Whether both sides say the same of the same images, in whatever order. */
export function saysTheSame(left: readonly PinnedImage[], right: readonly PinnedImage[]): boolean {
  const [ours, theirs] = [new Set(left.map(keyOf)), new Set(right.map(keyOf))];
  return ours.size === theirs.size && [...ours].every((key) => theirs.has(key));
}

interface Place {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly before: Map<string, PinnedImage>;
  readonly after: Map<string, PinnedImage>;
  readonly files: Set<string>;
}

/**
 * What changes of such files come to in each environment that takes them in. What an environment pins above them does not change
 * there. Where an app names its images, the others are told apart, since Pinion promotes none of them; where it names none, every
 * image may be the one that runs.
 *
 * @param old What was taken in before the change, and `now` what is after it.
 */
export function sharedChanges(config: Config, changed: readonly ChangedImages[], old: KustomizeReach, now: KustomizeReach): readonly SharedChange[] {
  const places = new Map<string, Place>();
  const take = (reach: KustomizeReach, file: string, images: readonly PinnedImage[], side: "before" | "after"): void => {
    for (const { place, pinned } of reach.files.get(file) ?? []) {
      const { app, environment } = place;
      const key = `${environment}/${app}`;
      const here = places.get(key) ?? { app, environment, before: new Map(), after: new Map(), files: new Set() };
      places.set(key, here);
      const left = images.filter(({ repository }) => !pinned.has(repository));
      for (const image of left) here[side].set(keyOf(image), image);
      if (left.length > 0) here.files.add(file);
    }
  };
  for (const { file, before, after } of changed) {
    take(old, file, before, "before");
    take(now, file, after, "after");
  }
  return [...places.values()].flatMap((place) => changesOf(config, place));
}

function changesOf(config: Config, { app, environment, before, after, files }: Place): readonly SharedChange[] {
  const wanted = settingsOf(config, app).images;
  const [gone, come] = [only(before, after), only(after, before)];
  return [true, false].flatMap((isPromoted): readonly SharedChange[] => {
    const isMeant = ({ repository }: PinnedImage): boolean => (wanted === null || wanted.includes(repository)) === isPromoted;
    const [from, to] = [pinnedOf(app, gone.filter(isMeant)), pinnedOf(app, come.filter(isMeant))];
    return from === null && to === null ? [] : [{ app, environment, from, to, isPromoted, files: [...files].toSorted() }];
  });
}

function only(these: ReadonlyMap<string, PinnedImage>, others: ReadonlyMap<string, PinnedImage>): readonly PinnedImage[] {
  return [...these].flatMap(([key, image]) => (others.has(key) ? [] : [image]));
}

function pinnedOf(app: AppName, images: readonly PinnedImage[]): Pinned | null {
  const ordered = inRepositoryOrder(images);
  return ordered.length === 0 ? null : { app, version: versionOf(ordered), images: ordered };
}

function keyOf({ repository, tag, digest }: PinnedImage): string {
  return `${repository}:${tag ?? ""}@${digest ?? ""}`;
}
