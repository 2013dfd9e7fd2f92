import { MOVING_TAG, type ConfigFacts, type EnvironmentSetup, type WindowSetup } from "../facts.ts";
import { filesFor, KEY_PATH } from "../signing.ts";

export const CONFIG_PATH = ".github/pinion.yaml";

const SLO = {
  objective: 99.9,
  errors: 'sum(increase(http_requests_total{app="{app}",env="{env}",code=~"5.."}[{window}]))',
  total: 'sum(increase(http_requests_total{app="{app}",env="{env}"}[{window}]))',
};

/** The configuration as a file. JSON is YAML too. */
export function configText(config: ConfigFacts): string {
  return `${JSON.stringify(
    {
      version: 1,
      environments: Object.fromEntries(config.environments.map((environment) => [environment.name, environmentText(environment)])),
      apps: {
        discover: ["apps/{app}/overlays/{env}/kustomization.yaml"],
        defaults: { ...(config.slo ? { slo: "availability" } : {}), ...selectText(config) },
      },
      ...(config.slo ? { slos: { availability: SLO } } : {}),
      ...(config.policies === undefined ? {} : { policies: config.policies }),
      ...(Object.keys(filesFor(config)).length === 0 ? {} : { signers: { ci: { key: KEY_PATH } } }),
      limits: { openPullRequests: config.limit, newPullRequestsPerHour: 60 },
    },
    null,
    2,
  )}\n`;
}

function selectText({ slo, numbered, moving }: ConfigFacts): object {
  if (moving === true) return { select: { tag: MOVING_TAG } };
  if (numbered === true) return { select: { order: "numerical", filter: { pattern: "main-[0-9a-f]{3}-(?<build>[0-9.]+)", extract: "$build" } } };
  return slo ? {} : { select: { semver: ">=1.0.0" } };
}

function environmentText(environment: EnvironmentSetup): object {
  const { after, promote, merge, soak, watch, deadline, approvals, rollback, paused, windows = [], policies } = environment;
  return {
    ...(after.length === 0 ? {} : { after }),
    promote,
    merge,
    ...(after.length === 0 ? {} : { soak: `${soak}m` }),
    watch: `${watch}m`,
    deadline: `${deadline}m`,
    ...(approvals.count > 0 || approvals.teams.length > 0 ? { approvals } : {}),
    rollback,
    ...(paused === null ? {} : { paused }),
    ...(windows.length === 0 ? {} : { windows: windows.map(windowText) }),
    ...(policies === undefined ? {} : { policies }),
  };
}

function windowText({ rule, minute, hours, lasts, zone }: WindowSetup): object {
  return { [rule]: `${minute} ${hours === null ? "*" : hours.join(",")} * * *`, for: `${lasts}m`, timezone: zone };
}
