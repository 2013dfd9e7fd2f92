import type { Facts, UnknownFact } from "../facts.ts";
import { FACT_TYPES, type FactName } from "./fact-types.ts";

/** How a whole number is meant, and so how people may write it: `2026-11-21T14:00:00Z`, `3h`, `2`. */
export type Unit = "moment" | "duration" | "count";

/** What a field says: a number with its unit, a text of a closed set with what each word means. */
type FieldDoc<T> = [T] extends [number]
  ? { readonly says: string; readonly unit: Unit }
  : [T] extends [string]
    ? string extends T
      ? string
      : { readonly says: string; readonly words: Readonly<Record<T, string>> }
    : string;

type Documented<T> = T extends readonly (infer E)[]
  ? { readonly fields: { readonly [K in keyof E]-?: FieldDoc<E[K]> } }
  : T extends object
    ? { readonly fields: { readonly [K in keyof T]-?: FieldDoc<T[K]> } }
    : { readonly value: FieldDoc<T> };

interface GroupDoc {
  readonly says: string;
  /** Where it is learned. */
  readonly source: string;
  /** What Pinion must be allowed to read for it. */
  readonly access: string;
}

/** Only what can be unknown says what it is while the access is missing, and it must. */
type Missing<T> = UnknownFact extends T ? { readonly missing: string } : unknown;

/**
 * Every fact in words: what policies and people may rely on. The facts reference and the JSON Schema of facts are made of it. The
 * type makes it follow {@link Facts}: a fact, field or word that is not told of does not compile.
 */
const FACT_DOCS: { readonly [K in FactName]: GroupDoc & Missing<Facts[K]> & Documented<Exclude<Facts[K], UnknownFact>> } = {
  now: {
    says: "The moment at which the promotion is judged.",
    source: "the clock of the machine that Pinion runs on",
    access: "none",
    value: { says: "", unit: "moment" },
  },
  promotion: {
    says: "What is to be promoted, where to, and by whom.",
    source: "Git: the pins of the default branch and of the pull request, `.github/pinion.yaml`, the promotion log; GitHub: who opened and asked",
    access: "GitHub: contents read, pull requests read",
    fields: {
      app: "The app.",
      environment: "The environment it is promoted into.",
      kind: {
        says: "What sort of promotion it is.",
        words: {
          promotion: "a release moves forward",
          revert: "the way back from a bad release",
          hotfix: "a release that somebody who may write asked to bring past some rules",
        },
      },
      origin: { says: "Who made the pull request.", words: { bot: "Pinion opened it, and nobody else touched it", person: "anything else" } },
      requester: "Who asked for it; empty when it is automatic.",
      version: "The version that it brings.",
      from_version: "The version that is pinned now; empty when nothing is.",
      first: "Whether the environment follows no other.",
      every_image_has_digest: "Whether each image is pinned by its digest.",
      went_bad: "Where and how this release went bad, here or further up; empty when it did not.",
    },
  },
  order: {
    says: "How the release stands to the one that is pinned now, by the order that the app's `select` names.",
    source: "Git: the pins; registry: the time of building, where the order takes it",
    access: "registry: pull, where the order takes the time of building",
    missing: "unknown where the order takes what the registry does not tell",
    fields: {
      direction: {
        says: "The way it goes.",
        words: { up: "forward, or nothing is pinned yet", down: "an image goes back", same: "neither", unordered: "one of the two has no place in the order" },
      },
      going_back: "Where several images move together: those that go back, in words.",
    },
  },
  change: {
    says: "What merging the pull request would change, beside the pins of the promotion.",
    source: "Git: the default branch merged with the pull request's head",
    access: "GitHub: contents read",
    missing: "unknown",
    fields: {
      pins_only: "Whether pins are all that changes.",
      other_files: "The files with other changes.",
      conflicts: "Whether it conflicts with the default branch.",
    },
  },
  manifests: {
    says:
      "The documents of the YAML and JSON files (`.yaml`, `.yml`, `.json`, and kustomizations) that merging the pull request would change, as they would stand then. " +
      "Files under `.github/` are none. What kustomize, Helm or Argo CD make of them is not looked at.",
    source: "Git: the default branch merged with the pull request's head; read only where a policy needs it",
    access: "GitHub: contents read",
    missing: "unknown, as it is before the pull request is open, while it conflicts, and where one of the files cannot be read as YAML",
    fields: {
      file: "The file.",
      document: { says: "Which of the file's documents, from 1.", unit: "count" },
      content: "The document.",
    },
  },
  registry: {
    says: "Whether the registry serves exactly what is pinned.",
    source: "registry: the manifest of each digest, and of each tag",
    access: "registry: pull",
    missing: "unknown",
    fields: {
      missing: "Images that the registry does not have, and images without a digest.",
      moved: "Tags that name another digest now than the one pinned, as `repository:tag`.",
    },
  },
  upstream: {
    says: "How the release did in the environments that this one follows: an entry for each.",
    source: "Git: the promotion log; Argo CD: what runs there now",
    access: "Argo CD: get applications; GitHub: contents read",
    missing: "unknown where the release runs there and Argo CD cannot be asked",
    fields: {
      environment: "The environment.",
      verified: "Whether the release was verified there and did not go bad since.",
      bad: "Whether it went bad there, and still stands so.",
      soaked_for: { says: "How long it has run there, as far as that counts.", unit: "duration" },
      soak: { says: "How long it must have run there, by `soak:` of the environment that it is promoted into.", unit: "duration" },
      soaked_at: { says: "When the soak is over; 0 while it has not begun.", unit: "moment" },
      soak_lost: "Whether it ran there, but was replaced or went bad before the soak was over.",
    },
  },
  approvals: {
    says: "Reviews of the pull request's head, by those who may approve.",
    source: "GitHub: reviews, permissions, members of teams; `approvals:` in `.github/pinion.yaml`; CODEOWNERS of the default branch where it asks for code owners",
    access: "GitHub: pull requests read, metadata read; members read where teams are named",
    missing: "unknown where a team, a permission or a code owner cannot be read",
    fields: {
      required: { says: "How many approvals are needed.", unit: "count" },
      count: { says: "How many count.", unit: "count" },
      by: "Whose approvals count.",
      who: "Who may approve, in words.",
      ignored: "Approvals that do not count, each with its reason.",
      changes_requested_by: "Those who may approve, and ask for changes; and accounts that are gone, whose request for changes nobody has dismissed.",
      owners_by: "Who has approved as a code owner of files that it changes, whether they count above or not.",
      owners_missing: "Code owners of whom nobody has approved yet, each with their files; empty unless `codeOwners: true` asks for them.",
    },
  },
  approvers: {
    says: "Those whose approvals count, an entry for each.",
    source: "GitHub: as for `approvals`; members of the teams that policies name, asked once somebody has approved",
    access: "GitHub: as for `approvals`; members read",
    missing: "unknown where one of the teams cannot be read",
    fields: { login: "Who it is.", teams: "Those teams they are in which a parameter `teams` (`list<string>`) of a policy in force here names." },
  },
  freeze: {
    says: "Whether people have stopped promotions into the environment.",
    source: "GitHub: open issues labelled `freeze:<environment>`, and who set the label",
    access: "GitHub: issues read, metadata read",
    missing: "unknown where it cannot be read who set the label",
    fields: { active: "Whether the line is stopped.", reasons: "Why, with the issue." },
  },
  quarantine: {
    says: "Whether images of the release must not come back.",
    source: "Git: `.github/pinion/quarantine/` of the default branch",
    access: "GitHub: contents read",
    missing: "unknown where a file there cannot be read",
    fields: { hits: "Each image that is in quarantine, with the reason." },
  },
  rollout: {
    says: "Whether another release of the app is still being rolled out in the environment.",
    source: "Git: the promotion log; Argo CD: why it does not end",
    access: "Argo CD: get applications",
    missing: "told from the log alone: the reason is left out",
    fields: {
      in_progress: "Whether one is.",
      version: "The version of that release; empty without one.",
      reason: "Why it does not end by itself; empty while it goes on as it should.",
    },
  },
  signatures: {
    says: "Who signed each image: one entry for each.",
    source: "registry: what is attached to the image; Git: the keys and trusted roots of `signers:` on the default branch",
    access: "registry: pull; GitHub: contents read",
    missing: "unknown where the registry does not tell what is attached, no signer's key can be read, or one repository is pinned by two digests",
    fields: {
      image: "The image's repository.",
      by: "The names of the signers whose signatures hold.",
      problem: "Why signatures that are there do not count; empty when there is nothing to say.",
    },
  },
  provenance: {
    says: "SLSA provenance that a signer vouches for: one entry for each statement, and one with a problem for each image without any.",
    source: "registry: what is attached to the image; Git: the keys and trusted roots of `signers:` on the default branch",
    access: "registry: pull; GitHub: contents read",
    missing: "unknown where the registry does not tell what is attached, no signer's key can be read, or one repository is pinned by two digests",
    fields: {
      image: "The image's repository.",
      by: "The names of the signers who attested it.",
      builder: "The id of the builder.",
      source: "The repository that was built, as a URL; empty when it is not said.",
      parameters: "External parameters beside the source, as `inputs.debug`.",
      problem: "Why there is none that counts; empty otherwise.",
    },
  },
  sboms: {
    says: "Lists of what is in the images: one entry for each, and one with a problem for each image without any.",
    source: "registry: what is attached to the image; Git: the keys and trusted roots of `signers:` on the default branch",
    access: "registry: pull; GitHub: contents read",
    missing: "unknown where the registry does not tell what is attached, no signer's key can be read, or one repository is pinned by two digests",
    fields: {
      image: "The image's repository.",
      format: "`spdx` or `cyclonedx`; empty where there is none.",
      by: "The names of the signers who attested it; empty for one that is only attached.",
      problem: "Why there is none; empty otherwise.",
    },
  },
  scans: {
    says: "The latest vulnerability scan of each signer: one entry for each, and one with a problem for each image without any.",
    source: "registry: what is attached to the image; Git: the keys and trusted roots of `signers:` on the default branch",
    access: "registry: pull; GitHub: contents read",
    missing: "unknown where the registry does not tell what is attached, no signer's key can be read, or one repository is pinned by two digests",
    fields: {
      image: "The image's repository.",
      by: "The names of the signers who attested it.",
      at: { says: "When the scan ended; 0 where there is none.", unit: "moment" },
      patched_criticals: "Critical vulnerabilities for which a fix is released, by id.",
      problem: "Why there is none that counts; empty otherwise.",
    },
  },
  paused: {
    says: "Whether `paused:` stands under the app or the environment.",
    source: "Git: `.github/pinion.yaml` of the default branch",
    access: "GitHub: contents read",
    missing: "unknown; without the configuration nothing is judged",
    fields: { active: "Whether it does.", reason: "The reason written there; empty without one." },
  },
  window: {
    says: "How the environment's `windows:` stand.",
    source: "Git: `.github/pinion.yaml` of the default branch; the clock of the machine that Pinion runs on",
    access: "GitHub: contents read",
    missing: "never unknown",
    fields: {
      configured: "Whether it has any.",
      open: "Whether promotions may be merged now.",
      changes_at: { says: "When that turns; 0 when it is not in sight.", unit: "moment" },
    },
  },
  images: {
    says: "The images of the release, in the order of the pins: an entry for each.",
    source: "Git: the pins of the pull request",
    access: "GitHub: contents read",
    missing: "never unknown",
    fields: {
      repository: "The repository with its registry, as `ghcr.io/acme/app`.",
      tag: "The tag; empty without one.",
      digest: "The digest; empty without one.",
    },
  },
  tags: {
    says: "Whether the tags of the release still name what is pinned.",
    source: "registry: the manifest of each tag",
    access: "registry: pull",
    missing: "unknown",
    fields: { moved: "Tags that name another digest now, as `repository:tag`." },
  },
  platforms: {
    says: "The platforms that the images are for.",
    source: "registry: the index of each image, or its configuration",
    access: "registry: pull",
    missing: "unknown, also where an image does not tell",
    fields: { common: "Those that every image is for, with the variant and without: `linux/arm64/v8`, `linux/arm64`." },
  },
  labels: {
    says: "The labels of the images.",
    source: "registry: the configuration of each image, for each platform",
    access: "registry: pull",
    missing: "unknown",
    fields: { any: "As `name=value`: those that any image has, for any platform." },
  },
  built: {
    says: "When the images say that they were built.",
    source: "registry: an annotation of each image, or its configuration",
    access: "registry: pull",
    missing: "unknown, also where an image does not tell, or not what can be",
    fields: {
      first_at: { says: "The oldest of them.", unit: "moment" },
      last_at: { says: "The newest of them.", unit: "moment" },
    },
  },
  error_budget: {
    says: "How much of the errors that the app's objective allows in its `period` is left in this environment.",
    source: "Prometheus: the queries of the app's `slo`, at steps of five minutes",
    access: "Prometheus: queries",
    missing: "unknown",
    fields: {
      measured: "Whether the app has an objective.",
      period: { says: "The time over which the budget is reckoned; 0 without an objective.", unit: "duration" },
      left: { says: "Percent that is left, rounded down; 0 also when more than all was used.", unit: "count" },
      burning: "Whether it is used up so fast now that people would be paged.",
    },
  },
  upstream_checks: {
    says:
      "Check runs and commit statuses on the commits by which the release came to the environments that this one follows, by name, " +
      "and with who made them: `app:name`, `@login:name`.",
    source: "GitHub: check runs, commit statuses; Git: the promotion log",
    access: "GitHub: checks read, commit statuses read",
    missing: "unknown",
    fields: { passed: "Those that passed for each of these environments.", failed: "Those that failed, or were skipped, for one of them." },
  },
  source_ci: {
    says: "Check runs and commit statuses on the commits that the images say they were built from.",
    source: "registry: the labels `org.opencontainers.image.source` and `….revision`; GitHub: check runs and commit statuses in that repository",
    access: "registry: pull; GitHub: checks read and commit statuses read in the source repository, where the App must be installed by the same owner",
    missing: "unknown, also where an image does not tell its source",
    fields: {
      commits: "The commits, as `acme/app at abc1234`.",
      failed: "Checks that failed, with their commit.",
      pending: "Checks that have not ended, and commits without any.",
    },
  },
  drift: {
    says: "Whether the environment runs what Git says now.",
    source: "Argo CD: the Applications of the app in the environment",
    access: "Argo CD: get applications",
    missing: "unknown, also where Argo CD has not compared for an hour",
    fields: {
      watched: "Whether anything is known to be pinned there.",
      applications: "Applications that are not as Git says, or are being synced.",
    },
  },
};

/** One field, as the reference and the schema tell of it. */
export interface DescribedField {
  readonly name: string;
  /** Its type in CEL. */
  readonly type: string;
  readonly says: string;
  readonly unit: Unit | null;
  /** The only words it may hold, with what each means; null for any. */
  readonly words: ReadonlyMap<string, string> | null;
}

/** One group of facts with its type and its words together. */
export interface DescribedFact extends GroupDoc {
  readonly name: string;
  readonly shape: "value" | "record" | "list";
  /** One nameless field for a value. */
  readonly fields: readonly DescribedField[];
  /** What it is while the access is missing; null when it can always be told. */
  readonly missing: string | null;
}

/** All facts, in the order in which they are declared. */
export const DESCRIBED_FACTS: readonly DescribedFact[] = Object.entries(FACT_DOCS).map(([name, doc]) => {
  const declared = FACT_TYPES.get(name);
  if (declared === undefined) throw new Error(`the fact ${name} is told of, but is no fact`);
  const missing = "missing" in doc ? doc.missing : null;
  const { says, source, access } = doc;
  const types = declared.shape === "value" ? [["", declared.type] as const] : Object.entries(declared.fields);
  const docs: Readonly<Record<string, unknown>> = "fields" in doc ? doc.fields : { "": doc.value };
  const fields = types.map(([field, type]) => ({ name: field, type, ...describe(docs[field]) }));
  return { name, says, source, access, missing, shape: declared.shape, fields };
});

function describe(doc: unknown): Pick<DescribedField, "says" | "unit" | "words"> {
  if (typeof doc === "string") return { says: doc, unit: null, words: null };
  const { says, unit, words } = doc as { says: string; unit?: Unit; words?: Readonly<Record<string, string>> };
  return { says, unit: unit ?? null, words: words === undefined ? null : new Map(Object.entries(words)) };
}
