import { SIGNERS } from "./config/signers-schema.ts";
import { DURATION, textUpTo } from "./config/schema-terms.ts";
import { WINDOWS } from "./config/windows-schema.ts";
import { compileSchemaCheck } from "./schema-check.ts";
import type { JsonSchema } from "./schema-check.ts";
import { MOST_POLICIES } from "./config/policies.ts";
import { LONGEST_EXTRACT, LONGEST_PATTERN } from "./tag-filter.ts";
import { LONGEST_TAG_PATTERN } from "./tag-pattern.ts";

/** The closed sets of the config; the reader and the schema share them. */
export const MODES = ["enforce", "observe"] as const;
export const PROMOTE = ["auto", "on-request"] as const;
export const MERGE = ["auto", "on-approval", "manual"] as const;
export const ROLLBACK = ["auto", "propose", "off"] as const;
export const NEWEST = ["build"] as const;
export const ORDERS = ["numerical", "alphabetical"] as const;

/** Far more than anyone has; they keep a file by a stranger from costing much time. */
export const MOST_ENVIRONMENTS = 100;
export const MOST_SLOS = 200;

/** What holds where the file says nothing. Durations are written as a person would write them. */
export const DEFAULTS = {
  mode: "enforce",
  promote: "auto",
  merge: "on-approval",
  soak: "0s",
  watch: "10m",
  deadline: "20m",
  approvals: 0,
  rollback: "propose",
  period: "30d",
  semver: ">=0.0.0",
  prereleases: false,
  argocd: "{app}-{env}",
  openPullRequests: 50,
  newPullRequestsPerHour: 60,
} as const;

const NAME: JsonSchema = {
  type: "string",
  pattern: "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
  errorMessage: "must be lower-case letters, digits and inner hyphens, 40 at most",
};

const TEXT = textUpTo(500);

const PAUSED: JsonSchema = {
  ...TEXT,
  examples: ["the database is being moved"],
  errorMessage: "must be the reason, in 1 to 500 characters (remove the key to resume)",
};

const APPROVALS: JsonSchema = {
  type: "object",
  title: "Who must approve",
  description:
    "Approvals count from eligible people other than the pull request's author and whoever asked for the promotion, on the merged head.",
  additionalProperties: false,
  properties: {
    count: {
      type: "integer",
      description: "How many approvals are needed. With `merge: on-approval` at least one is, whatever this says.",
      minimum: 0,
      maximum: 10,
      default: DEFAULTS.approvals,
      errorMessage: "must be a whole number from 0 to 10",
    },
    teams: {
      type: "array",
      description:
        "Slugs of teams in the repository's organisation whose members may approve. Without teams and users, everyone who may write may.",
      items: {
        type: "string",
        pattern: "^[a-z0-9_][a-z0-9_-]{0,99}$",
        errorMessage: 'must be a team\'s slug without the organisation, as "sre"',
      },
      uniqueItems: true,
      maxItems: 20,
      default: [],
      examples: [["sre"]],
    },
    users: {
      type: "array",
      description: "Logins that may approve beside the teams.",
      items: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", errorMessage: 'must be a login without "@"' },
      uniqueItems: true,
      maxItems: 100,
      default: [],
      examples: [["octocat"]],
    },
    codeOwners: {
      type: "boolean",
      description:
        "Beside the count, an owner of each changed file that has owners must approve, by the CODEOWNERS file of the default branch. " +
        "The owners need not be among the teams and users above.",
      default: false,
      errorMessage: "must be true or false",
    },
  },
};

const POLICIES: JsonSchema = {
  type: "object",
  title: "Policies by name",
  maxProperties: MOST_POLICIES,
  propertyNames: { pattern: "^[a-z][a-z0-9-]{0,59}$", errorMessage: "must be lower-case words joined by hyphens, 60 characters at most" },
  additionalProperties: {
    type: ["object", "null"],
    title: "The parameters of a policy",
    additionalProperties: {
      title: "A parameter of a policy",
      description: "Of the type that the policy declares ([gates](gates.md)); a length of time is written as `1h`.",
      type: ["string", "integer", "boolean", "array"],
      items: { type: "string", errorMessage: "must be text" },
      errorMessage: "must be text, a whole number, true, false or a list of texts",
    },
    errorMessage: "must be a mapping of parameters, or {} for none",
  },
  examples: [{ "image-age": { at_most: "30d" } }],
  errorMessage: `must be a mapping with ${MOST_POLICIES} policies at most`,
};

const ENVIRONMENT: JsonSchema = {
  type: ["object", "null"],
  title: "An environment",
  description: "Empty means that every default holds.",
  additionalProperties: false,
  properties: {
    after: {
      type: ["string", "array"],
      description: "The environment, or the list of environments, that it follows. New releases enter the ones that follow nothing.",
      items: { type: "string" },
      uniqueItems: true,
      maxItems: MOST_ENVIRONMENTS,
      examples: ["staging", ["staging-eu", "staging-us"]],
      errorMessage: "must be the name of an environment, or a list of names",
    },
    path: {
      type: "string",
      description: "What stands for {env} in the `discover` patterns, if the folder does not have the environment's name.",
      pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$",
      examples: ["production"],
      errorMessage: "must be the name of one folder: letters, digits, dots, underscores and hyphens",
    },
    promote: {
      description:
        "`auto` opens the pull request when there is a candidate; `on-request` when someone sets the label `promote:<env>` or comments " +
        "`/pinion promote`.",
      enum: PROMOTE,
      default: DEFAULTS.promote,
    },
    merge: {
      description:
        "`auto` merges when every gate passes; `on-approval` as well, with at least one approval; `manual` leaves the button to people.",
      enum: MERGE,
      default: DEFAULTS.merge,
    },
    soak: {
      ...DURATION,
      description: "How long a release must have been deployed in each environment of `after`.",
      default: DEFAULTS.soak,
      examples: ["1h"],
    },
    watch: {
      ...DURATION,
      description: "How long SLOs are watched after the rollout. At least `60s` where an app has an `slo`.",
      default: DEFAULTS.watch,
      examples: ["30m"],
    },
    deadline: {
      ...DURATION,
      description: "A rollout that is not healthy this long after Argo CD began it is bad; the way back is only proposed, and being verified later takes it back.",
      default: DEFAULTS.deadline,
      examples: ["20m"],
    },
    approvals: APPROVALS,
    rollback: {
      description:
        "What to do with a bad release: merge a pull request that sets the pins back (`auto`), open it for people (`propose`), or only " +
        "say so (`off`).",
      enum: ROLLBACK,
      default: DEFAULTS.rollback,
    },
    windows: WINDOWS,
    policies: {
      ...POLICIES,
      description: "Policies for this environment, as `policies` at the top level has them; of parameters that stand in both places, these hold.",
    },
    paused: { ...PAUSED, description: "Nothing is promoted into this environment while this is set. The text is the reason people read." },
    argocd: {
      ...NAME,
      description: "The operator's Argo CD endpoint: `<name>` in PINION_ARGOCD_<NAME>_URL. Not needed when there is exactly one.",
      examples: ["eu"],
    },
    prometheus: {
      ...NAME,
      description: "The operator's Prometheus endpoint: `<name>` in PINION_PROMETHEUS_<NAME>_URL. Not needed when there is exactly one.",
      examples: ["eu"],
    },
  },
};

const TAG_PATTERNS: JsonSchema = {
  type: "array",
  items: textUpTo(LONGEST_TAG_PATTERN),
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  examples: [["1.*", "2.*"]],
  errorMessage: "must be a list of 1 to 50 different patterns of tags",
};

const TAG_FILTER: JsonSchema = {
  type: "object",
  title: "What tags look like, and what they are ordered by",
  description: "A tag that the pattern does not fit is left out.",
  additionalProperties: false,
  required: ["pattern"],
  properties: {
    pattern: {
      ...textUpTo(LONGEST_PATTERN),
      description: "A regular expression of RE2, as Go and Flux have it, for the whole tag.",
      examples: ["main-[0-9a-f]{7}-(?<build>[0-9]+)"],
    },
    extract: {
      ...textUpTo(LONGEST_EXTRACT),
      description: "What of the tag is put in order: `$1` or `$name` stands for a group of the pattern. The whole tag unless given.",
      examples: ["$build"],
    },
  },
};

const SETTINGS: NonNullable<JsonSchema["properties"]> = {
  images: {
    type: "array",
    description: "The images that move together, without tags. Needed where an app's file pins more than one image.",
    items: TEXT,
    minItems: 1,
    maxItems: 50,
    examples: [["ghcr.io/acme/checkout"]],
    errorMessage: "must be a list of 1 to 50 images",
  },
  select: {
    type: "object",
    description:
      "Which tags may enter the first environments, and which of two releases is newer ([selecting](selecting.md)): one of `semver`, `order`, `tag` and " +
      "`newest`. What an app says here takes the place of the whole `select` of the defaults.",
    additionalProperties: false,
    properties: {
      semver: {
        ...TEXT,
        description: "A range in npm's notation. The newest version in it is taken; prereleases only if the range names one of the same x.y.z.",
        examples: [">=1.0.0", "^2.1.0"],
      },
      order: {
        description: "For tags that are no versions: the greatest number, or the last by the alphabet, is taken.",
        enum: ORDERS,
        errorMessage: `must be ${ORDERS.join(" or ")} (there is none that takes the least, or the first)`,
      },
      tag: {
        ...TEXT,
        description: "One tag that is moved from image to image: each digest that it comes to name is taken, and never one from before.",
        examples: ["main"],
      },
      newest: {
        description: "The image that was built last is taken, by the time that images tell of themselves.",
        enum: NEWEST,
      },
      filter: TAG_FILTER,
      prereleases: {
        type: "boolean",
        description: "Whether every prerelease between the bounds of the range may be taken.",
        default: DEFAULTS.prereleases,
        errorMessage: "must be true or false",
      },
      allow: { ...TAG_PATTERNS, description: "Patterns, one of which a tag must fit: `*` is any characters, `?` is one." },
      ignore: { ...TAG_PATTERNS, description: "Patterns, none of which a tag may fit, whatever `allow` says.", examples: [["*-debug"]] },
    },
    default: { semver: DEFAULTS.semver },
  },
  argocd: {
    type: ["string", "array"],
    description: "The Argo CD Application, or several, whose worst verdict counts. `{app}` and `{env}` stand for the names.",
    pattern: "^[^\\s]+$",
    items: { ...TEXT },
    minItems: 1,
    maxItems: 20,
    uniqueItems: true,
    default: DEFAULTS.argocd,
    examples: ["{app}-{env}", ["{app}-{env}-eu", "{app}-{env}-us"]],
    errorMessage: "must be the name of an Argo CD Application, or a list of 1 to 20 names",
  },
  slo: { ...NAME, description: "The name of an SLO under `slos`.", examples: ["availability"] },
  paused: { ...PAUSED, description: "The app is not promoted while this is set. The text is the reason people read." },
};

const APP: JsonSchema = {
  type: ["object", "null"],
  title: "An app",
  description: "What it says overrides `defaults`, key by key.",
  additionalProperties: false,
  properties: SETTINGS,
};

const APPS: JsonSchema = {
  type: "object",
  title: "Apps",
  description:
    "Apps are found by the path of their files. One that is named here overrides the defaults; `discover` and `defaults` are reserved " +
    "and cannot be.",
  required: ["discover"],
  propertyNames: {
    pattern: "^[a-z0-9][a-z0-9._-]{0,99}$",
    errorMessage: "must be lower-case letters, digits, dots, underscores and hyphens, 100 at most",
  },
  properties: {
    discover: {
      type: "array",
      description:
        "Where the apps' kustomizations are. `{app}` stands for the app's name and `{env}` for the environment's `path`; each is part of " +
        "one folder name.",
      items: { type: "string" },
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
      examples: [["apps/{app}/overlays/{env}/kustomization.yaml"]],
      errorMessage: 'must be a list of 1 to 20 paths, such as "apps/{app}/overlays/{env}/kustomization.yaml"',
    },
    defaults: { ...APP, title: "Defaults for every app", description: "What holds for each app that does not say otherwise." },
  },
  additionalProperties: APP,
};

const QUERY: JsonSchema = {
  type: "string",
  pattern: "\\{window\\}",
  maxLength: 5_000,
  errorMessage: 'must be PromQL that contains {window}, such as sum(increase(requests_total{app="{app}"}[{window}]))',
};

const SLO: JsonSchema = {
  type: "object",
  title: "A service level objective",
  additionalProperties: false,
  required: ["objective", "errors", "total"],
  properties: {
    objective: {
      type: "number",
      description: "Percent of good events.",
      exclusiveMinimum: 0,
      exclusiveMaximum: 100,
      examples: [99.9],
      errorMessage: "must be a percentage above 0 and below 100, such as 99.9",
    },
    errors: {
      ...QUERY,
      description:
        "PromQL for the number of bad events in {window}. {app} and {env} stand for the names. End it in `or vector(0)`: while nothing " +
        "has failed yet there is no series, and an empty answer is no zero.",
      examples: ['sum(increase(http_requests_total{app="{app}",env="{env}",code=~"5.."}[{window}])) or vector(0)'],
    },
    total: {
      ...QUERY,
      description:
        "PromQL for the number of all events in {window}. {app} and {env} stand for the names. Without `or vector(0)`, an empty answer " +
        "after a deploy holds the release: the query may ask for something that is not counted at all.",
      examples: ['sum(increase(http_requests_total{app="{app}",env="{env}"}[{window}]))'],
    },
    period: {
      ...DURATION,
      description: "The time over which the error budget is reckoned, from `1d` to `90d`; no longer than Prometheus keeps what it measured.",
      default: DEFAULTS.period,
      examples: ["7d"],
    },
  },
};

const CONFIGURED_PIN: JsonSchema = {
  type: "object",
  additionalProperties: false,
  required: ["files", "path"],
  properties: {
    files: {
      ...TEXT,
      description: "The files, by their path from the root; `*` stands for anything in one name, and `**` for any folders.",
      examples: ["clusters/*/versions.yaml"],
    },
    path: {
      ...TEXT,
      description: "The way to the value in each document; `*` stands for any key or index.",
      examples: ["clusters.*.version", "items[*].tag"],
    },
  },
};

function limit(most: number, standard: number, description: string): JsonSchema {
  const errorMessage = `must be a whole number from 1 to ${most}`;
  return { type: "integer", description, minimum: 1, maximum: most, default: standard, errorMessage };
}

/**
 * The JSON Schema of `.github/pinion.yaml`. It is the reference of the file: every key says what it means and what
 * holds without it. Rules that one key alone cannot break (references, cycles, patterns) are in `config-file.ts`.
 */
export const configSchema: JsonSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Pinion's configuration (.github/pinion.yaml)",
  description:
    "How releases move through environments. Read from the default branch only. Editors check the file as you type if its first line is " +
    "`# yaml-language-server: $schema=<path or URL of this schema>`.",
  type: "object",
  required: ["version", "environments", "apps"],
  additionalProperties: false,
  properties: {
    version: { const: 1, description: "The version of this format." },
    mode: {
      description: "`enforce` promotes; `observe` judges and shows, and writes nothing but the check.",
      enum: MODES,
      default: DEFAULTS.mode,
    },
    environments: {
      type: "object",
      title: "Environments",
      description: "The stages by name. `after` makes them a graph; a release must prove itself in what an environment follows.",
      minProperties: 1,
      maxProperties: MOST_ENVIRONMENTS,
      propertyNames: { pattern: NAME.pattern ?? "", errorMessage: NAME.errorMessage ?? "" },
      additionalProperties: ENVIRONMENT,
      errorMessage: `must be a mapping with 1 to ${MOST_ENVIRONMENTS} environments`,
    },
    apps: APPS,
    policies: {
      ...POLICIES,
      description:
        "Policies that judge in every environment, with their parameters. The core ones always judge; every other one that comes with Pinion does " +
        "only where it is named, here or under an environment. `{}` names one without parameters.",
    },
    slos: {
      type: "object",
      title: "Service level objectives by name",
      maxProperties: MOST_SLOS,
      propertyNames: { pattern: NAME.pattern ?? "", errorMessage: NAME.errorMessage ?? "" },
      additionalProperties: SLO,
      errorMessage: `must be a mapping with ${MOST_SLOS} objectives at most`,
    },
    signers: SIGNERS,
    pins: {
      type: "array",
      title: "Pins that nothing else tells to be pins",
      description: "Values in YAML and JSON files that `pinion pins` lists beside those that it finds by itself. They are not promoted.",
      items: CONFIGURED_PIN,
      maxItems: 100,
      examples: [[{ files: "clusters/*/versions.yaml", path: "clusters.*.version" }]],
      errorMessage: "must be a list of 100 entries at most, each with files and path",
    },
    limits: {
      type: "object",
      title: "Limits",
      description: "What is over a limit waits, and the waiting list is shown.",
      additionalProperties: false,
      properties: {
        openPullRequests: limit(1_000, DEFAULTS.openPullRequests, "Most pull requests of Pinion that are open at once."),
        newPullRequestsPerHour: limit(500, DEFAULTS.newPullRequestsPerHour, "Most pull requests that Pinion opens in an hour."),
      },
    },
  },
};

/** The committed schema file, character for character. */
export function configSchemaText(): string {
  return `${JSON.stringify(configSchema, null, 2)}\n`;
}

/** Checks the shape of a config, key by key. */
export const checkConfigShape = compileSchemaCheck(configSchema, {
  refusedKeys: new Map([
    ["windows", "windows stand under an environment: move the key there"],
    ["<<", "merge keys (<<) are not supported: write the keys out, or use an alias for a whole value"],
  ]),
});
