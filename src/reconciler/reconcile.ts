import type { Instant } from "../domain/answer.ts";
import type { Repository } from "../domain/observation.ts";
import type { Hint } from "./hint.ts";

/** What the server and the command line need of the reconciler. */
export interface Reconciler {
  /** One look at one repository: observe, plan, apply. Answers when to look again without any event, or null. */
  look(repository: Repository, hints: readonly Hint[]): Promise<{ readonly again: Instant | null }>;
  /** Repositories whose manifests pin an image of this repository, of those looked at so far; all of them when it is not known yet. */
  pinning(imageRepository: string, among: readonly Repository[]): readonly Repository[];
}
