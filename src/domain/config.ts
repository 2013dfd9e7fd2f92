import type { Milliseconds } from "./answer.ts";
import { NO_ARRIVALS } from "./arrivals.ts";
import { UNASKED } from "./build-time.ts";
import { mergedPolicies, type ConfiguredPolicies } from "./policy/parameters.ts";
import type { Ledger } from "./ledger.ts";
import type { AppName, EnvironmentName } from "./release.ts";
import type { Select } from "./select.ts";
import type { Signer } from "./supply-chain/signer.ts";
import type { ReleaseOrder } from "./version-order.ts";
import type { Window } from "./windows.ts";

/** A named stage. Environments form a DAG by `after`. */
export interface Environment {
  readonly name: EnvironmentName;
  /** The environments it follows; empty for the ones that new releases enter first. */
  readonly after: readonly EnvironmentName[];
  /** What stands for `{env}` in paths: its name, unless the folder has another. */
  readonly path: string;
  readonly promote: "auto" | "on-request";
  readonly merge: "auto" | "on-approval" | "manual";
  /** How long a release must have been deployed in each `after` environment. */
  readonly soak: Milliseconds;
  /** How long SLOs are watched after the rollout. */
  readonly watch: Milliseconds;
  /** A rollout that is not healthy this long after Argo CD began it is bad. */
  readonly deadline: Milliseconds;
  readonly approvals: Approvals;
  readonly rollback: "auto" | "propose" | "off";
  /** When promotions may be merged here; empty means always. */
  readonly windows: readonly Window[];
  /** The reason why nothing is promoted here, or null. */
  readonly paused: string | null;
  /** What is said of policies for this environment alone. */
  readonly policies: ConfiguredPolicies;
  /** The name of the operator's Argo CD endpoint, or null when there is exactly one. */
  readonly argocd: string | null;
  /** The name of the operator's Prometheus endpoint, or null when there is exactly one. */
  readonly prometheus: string | null;
}

/** Who must approve. Zero approvals are needed unless `count` says so, or `merge: on-approval` does (then at least one). */
export interface Approvals {
  readonly count: number;
  /** Team slugs of the repository's organisation; empty means anyone with write permission. */
  readonly teams: readonly string[];
  /** Logins that may approve beside the teams. */
  readonly users: readonly string[];
  /** Beside the count, an owner of each changed file that has owners must approve. */
  readonly codeOwners: boolean;
}

export interface AppSettings {
  /** Repositories (normalised) of the images that move together; null means the single image that the file pins. */
  readonly images: readonly string[] | null;
  readonly select: Select;
  /** Argo CD Application names, with `{app}` and `{env}`. */
  readonly argocd: readonly string[];
  /** The name of an SLO, or null. */
  readonly slo: string | null;
  readonly paused: string | null;
}

/** An availability objective over two PromQL counts. Queries may use `{app}`, `{env}` and must use `{window}`. */
export interface Slo {
  readonly name: string;
  /** Percent of good events, above 0 and below 100. */
  readonly objective: number;
  readonly errors: string;
  readonly total: string;
  /** The time over which the error budget is reckoned. */
  readonly period: Milliseconds;
}

/** A value in files of the repository that pins something, although nothing tells that it does. */
export interface ConfiguredPin {
  /** A path from the root; `*` stands for anything in one name, and `**` for any folders. */
  readonly files: string;
  /** The way to the value in each document, as `clusters.*.version`; `*` stands for any key or index. */
  readonly path: string;
}

/** `.github/pinion.yaml` as read from the default branch: checked, defaulted, normalised. */
export interface Config {
  readonly mode: "enforce" | "observe";
  /** Every environment after the ones it follows. */
  readonly environments: readonly Environment[];
  /** Path patterns with `{app}` and `{env}`. */
  readonly discover: readonly string[];
  readonly defaults: AppSettings;
  /** Apps that say something of their own, already merged over the defaults. */
  readonly apps: ReadonlyMap<AppName, AppSettings>;
  readonly slos: ReadonlyMap<string, Slo>;
  /** Whose signatures count, in the order of their names. */
  readonly signers: readonly Signer[];
  /** What is said of policies for all environments. */
  readonly policies: ConfiguredPolicies;
  /** Pins beside those that are found by themselves; they are listed, not promoted. */
  readonly pins: readonly ConfiguredPin[];
  readonly limits: { readonly openPullRequests: number; readonly newPullRequestsPerHour: number };
}

/** One mistake in a config file, where a person can find it. Lines and columns start at 1. */
export interface ConfigProblem {
  /** The file, where it is not the configuration itself but a policy of the repository. */
  readonly file?: string;
  readonly line: number;
  readonly column: number;
  /** Says what is wrong and how to mend it, with a "did you mean" where one is close. */
  readonly message: string;
}

export type ConfigResult =
  { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Where the config lives in a manifests repository; read from the default branch only. */
export const CONFIG_PATH = ".github/pinion.yaml";

export function settingsOf(config: Config, app: AppName): AppSettings {
  return config.apps.get(app) ?? config.defaults;
}

/** The policies that the configuration names for an environment, with the parameters that hold there. */
export function policiesIn(config: Config, environment: Environment): ConfiguredPolicies {
  return mergedPolicies(config.policies, environment.policies);
}

/** Whether code owners have to approve in any environment. */
export function asksCodeOwners({ environments }: Config): boolean {
  return environments.some(({ approvals }) => approvals.codeOwners);
}

/** What tells which of an app's releases is newer, in every environment, as far as no registry has to be asked. The same value as long as nothing changes. */
export function orderOf(config: Config, ledger: Ledger, app: AppName): ReleaseOrder {
  const { select } = settingsOf(config, app);
  if (select.by === "build") return UNASKED;
  return select.by === "tag" ? (ledger.arrivals.get(app) ?? NO_ARRIVALS) : select;
}

/** The tag that an app follows from image to image, or null. */
export function movingTagOf({ select }: AppSettings): string | null {
  return select.by === "tag" ? select.tag : null;
}

export function environmentOf(config: Config, name: EnvironmentName): Environment | null {
  return config.environments.find((environment) => environment.name === name) ?? null;
}
