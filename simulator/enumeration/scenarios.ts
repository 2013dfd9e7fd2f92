/** Where the enumeration begins: environments that promote in the three ways there are, settled or seen for the first time. */
import type { Config } from "../../src/domain/config.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import { appendRecords, EMPTY_LEDGER } from "../../src/domain/ledger.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import { policySet, type PolicySet } from "../../src/domain/policy/policy-set.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import type { Digest, Release } from "../../src/domain/release.ts";
import { APP, FREE_RESULTS, HOUR, oidOf, STAGES, START, type FreeResult, type Scenario, type World } from "./small-world.ts";

const REPOSITORY = `ghcr.io/acme/${APP}`;

function releaseOf(minor: number): Release {
  const digest: Digest = `sha256:${String(minor).padStart(64, "0")}`;
  const version = `1.${minor}.0`;
  return { app: APP, version, images: [{ repository: REPOSITORY, tag: version, digest }] };
}

/** A soak takes two hours of this world and a watch one. */
const PROMOTING: Readonly<Record<string, string>> = {
  "on request": "promote: on-request, merge: on-approval, rollback: auto",
  "by approval": "promote: auto, merge: on-approval, rollback: propose",
  "by itself": "promote: auto, merge: auto, rollback: auto",
};

function configFor(prod: string, slo: boolean): Config {
  const parsed = parseConfig(`version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 30m, deadline: 90m, rollback: auto }
  prod: { after: dev, soak: 90m, watch: 30m, deadline: 90m, ${prod} }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  defaults: { ${slo ? "slo: availability" : 'select: { semver: "*" }'} }
${slo ? SLOS : ""}`);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ line, message }) => `line ${line}: ${message}`).join("; "));
  return parsed.config;
}

const SLOS = `slos:
  availability:
    objective: 90
    errors: 'sum(increase(errors{app="{app}",env="{env}"}[{window}]))'
    total: 'sum(increase(total{app="{app}",env="{env}"}[{window}]))'
`;

/** How far an enumeration goes. */
export interface Reach {
  readonly disturbances: number;
  /** New releases that come. */
  readonly releases: number;
  readonly hours: number;
  readonly processes: number;
}

export function scenariosFor(shipped: PolicySet, reach: Reach): readonly Scenario[] {
  const policies = policiesWith(shipped);
  return [
    ...Object.entries(PROMOTING).map(([name, prod]) => scenario(name, prod, true, policies, reach)),
    scenario("by itself, from the installation on", PROMOTING["by itself"] ?? "", false, policies, reach),
  ];
}

function scenario(name: string, prod: string, settled: boolean, policies: Scenario["policies"], reach: Reach): Scenario {
  const releases = Array.from({ length: reach.releases + 1 }, (_, index) => releaseOf(index));
  const { hours, processes } = reach;
  return { name, config: configFor(prod, prod === PROMOTING["by itself"]), releases, hours, processes, policies, begin: beginning(settled, reach.disturbances) };
}

/** Every policy that is shipped, and one whose result depends on nothing. */
function policiesWith(shipped: PolicySet): Scenario["policies"] {
  const sets = FREE_RESULTS.map((result): [FreeResult, PolicySet] => {
    const free = parsePolicy("free.yaml", freePolicy(result));
    if (!free.ok) throw new Error(free.problems.map(({ message }) => message).join("; "));
    const together = policySet([...shipped.policies, free.policy]);
    if (!together.ok) throw new Error(together.problems.map(({ message }) => message).join("; "));
    return [result, together.set];
  });
  return Object.fromEntries(sets) as Record<FreeResult, PolicySet>;
}

function freePolicy(result: FreeResult): string {
  const nothing = "promotion.version.size() - promotion.version.size()";
  const pass = result === "unknown" ? `1 / (${nothing}) == 1` : result === "pass" ? `${nothing} == 0` : `${nothing} == 1`;
  return `name: free
description: It says what the world wants it to say.
docs: It stands for every policy that is not shipped.
enforce: block
wait: "${nothing} == ${result === "wait" ? 0 : 1}"
pass: "${pass}"
messages: { pass: it passes, fail: it fails, wait: something }
`;
}

function beginning(settled: boolean, disturbances: number): World {
  const first = releaseOf(0);
  const cluster = { at: 0, health: "healthy" as const, since: START - 24 * HOUR, failingSince: null };
  return {
    now: START,
    ledger: settled ? appendRecords(EMPTY_LEDGER, story(first)) : EMPTY_LEDGER,
    released: [first],
    initial: { dev: first, prod: first },
    main: [],
    pins: { dev: first, prod: first },
    quarantine: [],
    made: 0,
    branches: [],
    pulls: [],
    checks: new Map(),
    issues: [],
    clusters: { dev: cluster, prod: cluster },
    outages: [],
    free: "pass",
    asked: [],
    disturbances,
  };
}

/** The first release was promoted and verified in both environments some days ago. */
function story(release: Release): readonly LogRecord[] {
  const commit = oidOf("main", 0);
  const at = START - 72 * HOUR;
  const brought = STAGES.flatMap((environment, index): readonly LogRecord[] => {
    const base = { app: APP, environment, release, at: at + (index + 1) * HOUR };
    const change = { kind: "promotion", from: null, pullRequest: 900 + index, head: oidOf("branch", 900 + index), requestedBy: null } as const;
    return [
      { ...base, ...change, event: "opened" },
      { ...base, ...change, event: "merged", commit, mergedBy: "pinion", judgement: "judged" },
      { ...base, event: "deployed", commit, evidence: "" },
      { ...base, event: "verified", commit, how: "rollout-only", evidence: "" },
    ];
  });
  return [{ event: "installed", at, commit }, ...brought];
}
