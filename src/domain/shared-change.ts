import { movingTagOf, settingsOf, type AppSettings, type Config } from "./config.ts";
import type { SharedChange } from "./observation.ts";
import { namesOf } from "./pins/images-above.ts";
import { takersOf, type KustomizeReach } from "./pins/kustomize-reach.ts";
import { inRepositoryOrder, versionOf, type AppName, type EnvironmentName, type Pinned, type PinnedImage } from "./release.ts";

/**
 * The images in a file before and after a change; none where it is not there. In an environment's own file these are the images
 * beside its pins, as in values that it hands to a chart.
 */
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

/** An image, and the files that say it. */
interface Said {
  readonly image: PinnedImage;
  readonly files: readonly string[];
}

interface Place {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly before: Map<string, Said>;
  readonly after: Map<string, Said>;
}

/**
 * What changes of such files come to in each environment that takes them in. What an environment pins above them does not change
 * there, nor does it go away where an environment pins it itself from now on. Where an app names its images, the others are told
 * apart, since Pinion promotes none of them; where it names none, every image may be the one that runs.
 *
 * @param old What was taken in before the change, and `now` what is after it.
 */
export function sharedChanges(config: Config, changed: readonly ChangedImages[], old: KustomizeReach, now: KustomizeReach): readonly SharedChange[] {
  const places = new Map<string, Place>();
  const take = (reach: KustomizeReach, file: string, images: readonly PinnedImage[], side: "before" | "after"): void => {
    for (const reaching of takersOf(reach, file)) {
      const { app, environment } = reaching.place;
      const key = `${environment}/${app}`;
      const here = places.get(key) ?? { app, environment, before: new Map(), after: new Map() };
      places.set(key, here);
      const pinsNow = side === "before" ? now.own.get(reaching.root)?.pinned : null;
      const left = images.filter(({ repository }) => pinsNow?.has(repository) !== true);
      const running = left.flatMap((image) => namesOf(reaching, image.repository).map((repository) => ({ ...image, repository })));
      for (const image of running) here[side].set(keyOf(image), { image, files: [...(here[side].get(keyOf(image))?.files ?? []), file] });
    }
  };
  for (const { file, before, after } of changed) {
    take(old, file, before, "before");
    take(now, file, after, "after");
  }
  return [...places.values()].flatMap((place) => changesOf(config, place));
}

function changesOf(config: Config, { app, environment, before, after }: Place): readonly SharedChange[] {
  const settings = settingsOf(config, app);
  const wanted = settings.images;
  const [gone, come] = [only(before, after), only(after, before)];
  return [true, false].flatMap((isPromoted): readonly SharedChange[] => {
    const isMeant = ({ image }: Said): boolean => (wanted === null || wanted.includes(image.repository)) === isPromoted;
    const [was, is] = [gone.filter(isMeant), come.filter(isMeant)];
    const files = [...new Set([...was, ...is].flatMap((said) => said.files))].toSorted();
    return files.length === 0 ? [] : [{ app, environment, from: pinnedOf(app, settings, was), to: pinnedOf(app, settings, is), isPromoted, files }];
  });
}

function only(these: ReadonlyMap<string, Said>, others: ReadonlyMap<string, Said>): readonly Said[] {
  return [...these].flatMap(([key, said]) => (others.has(key) ? [] : [said]));
}

function pinnedOf(app: AppName, settings: AppSettings, said: readonly Said[]): Pinned | null {
  const ordered = inRepositoryOrder(said.map(({ image }) => image));
  return ordered.length === 0 ? null : { app, version: versionOf(ordered, movingTagOf(settings)), images: ordered };
}

function keyOf({ repository, tag, digest }: PinnedImage): string {
  return `${repository}:${tag ?? ""}@${digest ?? ""}`;
}
