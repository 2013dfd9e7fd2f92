import type { SharedChange } from "../observation.ts";
import { plural } from "./readable.ts";

/** Files and images named in one sentence. */
const NAMED = 5;
const WAYS_OUT =
  "To promote an image from one environment to the next, pin it in the kustomization of each; " +
  "if Pinion is not to promote it, say under `images:` of the app what it promotes.";

/** Says where files outside the environments' own change what runs, which the files' names do not tell. */
export function sharedNotes(shared: readonly SharedChange[]): readonly string[] {
  const groups = Map.groupBy(shared, ({ files, isPromoted }) => JSON.stringify([files, isPromoted]));
  return [...groups.values()].map((changes) => {
    const [{ files, isPromoted } = { files: [], isPromoted: true }] = changes;
    const apps = new Set(changes.map(({ app }) => app));
    const environments = new Set(changes.map(({ environment }) => environment));
    const whose = apps.size === 1 ? [...apps].join("") : plural(apps.size, "app");
    const where = `${some(files.map((file) => `\`${file}\``))} changes what ${whose} runs in ${[...environments].join(", ")}${environments.size > 1 ? " at once" : ""}`;
    if (isPromoted) return `${where}, and is judged there. ${WAYS_OUT}`;
    const images = new Set(changes.flatMap(({ from, to }) => [from, to]).flatMap((pinned) => pinned?.images.map(({ repository }) => repository) ?? []));
    return `${where}. Pinion does not promote ${some([...images].toSorted())} there, so no gate judges that.`;
  });
}

function some(texts: readonly string[]): string {
  const rest = texts.length - NAMED;
  return `${texts.slice(0, NAMED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
