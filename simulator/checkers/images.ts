/**
 * What policies that are named in the configuration ask of images. H9: no tag that was pushed again (moved-tag), from where images may come (allowed-registries),
 * not too young and not too old (image-age). H10: signed by the key that the default branch has, for that very image (signed).
 */
import type { Instant } from "../../src/domain/answer.ts";
import type { WorldEvent } from "../events.ts";
import { MINUTE, type NamedPolicies, type PlacePin } from "../facts.ts";
import { KEY_PATH, whoseKey, type Signatory } from "../signing.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { Asking, type Asked } from "./asking.ts";
import { breach, environmentAt, isRevert, pinMoves } from "./reading.ts";

/** That a tag was moved may be learned so late; and what was judged may be a little older than the merge. */
const MOVED_LATE = 11 * MINUTE;
const JUDGED = 40_000;

export function imagesChecker(): Checker {
  const asking = new Asking();
  const images = new Images();
  return {
    invariants: ["H9", "H10"],
    see(event, view) {
      asking.see(event, view);
      images.see(event);
      if (event.kind !== "merged" || event.bot === null) return [];
      const pull = view.facts().pulls.get(event.pull);
      if (pull === undefined || isRevert(view, pull)) return [];
      const asked = asking.of(event, view);
      return pinMoves(view, event.base, event.commit).flatMap(({ app, environment, to }) => {
        if (to === null) return [];
        const policies = { ...view.configAt(asked.main)?.policies, ...environmentAt(view, asked.main, environment)?.policies };
        const words = `#${event.pull} brought ${app} ${to.tag} to ${environment}`;
        return [...originOf(policies, to, words), ...images.ageOf(policies, to, asked, words), ...images.tagOf(policies, to, asked, words), ...images.signatureOf(policies, to, asked, view, words)];
      });
    },
  };
}

function originOf(policies: NamedPolicies, { repository }: PlacePin, words: string): readonly Breach[] {
  const allowed = policies["allowed-registries"]?.["allowed"];
  if (!Array.isArray(allowed) || allowed.some((part) => repository === part || repository.startsWith(`${String(part)}/`))) return [];
  return [breach("H9", `${words}, from where images may not come`)];
}

/** What happened to images, in the words of events. */
class Images {
  readonly #pushed = new Map<string, Instant>();
  /** Where each tag points, and since when. */
  readonly #tags = new Map<string, { readonly digest: string; readonly since: Instant }>();
  readonly #signed = new Map<string, ReadonlySet<Signatory>>();

  see(event: WorldEvent): void {
    if (event.kind === "image") {
      if (!this.#pushed.has(event.digest)) this.#pushed.set(event.digest, event.at);
      this.#tags.set(`${event.repository}:${event.tag}`, { digest: event.digest, since: event.at });
    }
    if (event.kind === "signed" && event.about === event.digest) this.#signed.set(event.digest, new Set([...(this.#signed.get(event.digest) ?? []), event.by]));
  }

  ageOf(policies: NamedPolicies, { digest }: PlacePin, { at }: Asked, words: string): readonly Breach[] {
    const built = this.#pushed.get(digest ?? "");
    if (policies["image-age"] === undefined || built === undefined) return [];
    const { at_least: least, at_most: most } = policies["image-age"];
    if (at - built < minutes(least) * MINUTE) return [breach("H9", `${words} when it was ${at - built} ms old, too young`)];
    return most !== undefined && at - built > minutes(most) * MINUTE + JUDGED ? [breach("H9", `${words} when it was ${at - built} ms old, too old`)] : [];
  }

  tagOf(policies: NamedPolicies, { repository, tag, digest }: PlacePin, { at }: Asked, words: string): readonly Breach[] {
    const now = this.#tags.get(`${repository}:${tag}`);
    if (policies["moved-tag"] === undefined || now === undefined || now.digest === digest || at - now.since < MOVED_LATE) return [];
    return [breach("H9", `${words}, whose tag names another image since ${new Date(now.since).toISOString().slice(11, 19)}`)];
  }

  signatureOf(policies: NamedPolicies, { digest }: PlacePin, { main }: Asked, view: WorldView, words: string): readonly Breach[] {
    if (policies["signed"] === undefined) return [];
    const blob = view.tree(main).get(KEY_PATH);
    const key = blob === undefined ? null : whoseKey(view.text(blob));
    return key !== null && this.#signed.get(digest ?? "")?.has(key) === true ? [] : [breach("H10", `${words}, which the key that counts has not signed`)];
  }
}

function minutes(text: unknown): number {
  return typeof text === "string" ? Number.parseInt(text, 10) : 0;
}
