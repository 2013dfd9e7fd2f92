import { openClone } from "./adapters/git/clone.ts";
import { loadShippedPolicies } from "./adapters/policies.ts";
import { composeEndpoints } from "./compose-endpoints.ts";
import type { EndpointSettings } from "./config.ts";
import { known } from "./domain/answer.ts";
import type { Repository } from "./domain/observation.ts";
import type { PolicySet } from "./domain/policy/policy-set.ts";
import { PortFailure, type Clock, type ForgeReads, type Ports, type ReadPorts } from "./ports.ts";

/** A clone of a manifests repository, ready for looking and planning without GitHub. */
export interface ClonePorts {
  readonly ports: ReadPorts;
  readonly policies: PolicySet;
  readonly repository: Repository;
  /** What stands for the default branch. */
  readonly branch: string;
  /** The root of the work tree, or null in a bare repository. */
  readonly workTree: string | null;
  close(): void;
}

/** There is one repository, and nobody asks what it is called. */
const REPOSITORY: Repository = { installation: 0, id: 0, owner: "clone", name: "clone" };

/** @throws {PortFailure} when the folder belongs to no clone that can be read. */
export async function composeClone(
  directory: string,
  settings: EndpointSettings,
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  journal: Ports["journal"],
): Promise<ClonePorts> {
  const endpoints = composeEndpoints(settings, environment, clock, journal);
  const policies = await loadShippedPolicies();
  const clone = await openClone({ directory, environment });
  const { manifests, branch, head, logHead, workTree } = clone;
  const unasked = (what: string) => async (): Promise<never> => {
    throw new PortFailure("dependency", `${what} is not known without GitHub`);
  };
  const forge: ForgeReads = {
    snapshot: async () => ({
      at: clock.now(),
      defaultBranch: branch,
      head,
      logHead,
      mergeMethods: ["squash", "merge"],
      queue: known(null, clock.now()),
      open: [],
      ended: [],
      issues: [],
      branches: [],
      labels: [],
      deployments: [],
    }),
    permission: unasked("who may write"),
    teamMembers: unasked("who is in a team"),
    checksOf: unasked("what checks a commit has"),
    pullRequestOf: async () => null,
    // GitHub alone can prove whose commits they are; whoever shows the plan says so.
    ownCommits: async (_repository, commits) => new Set(commits),
  };
  const ports = { forge, manifests, ...endpoints, clock, journal };
  return { ports, policies, repository: REPOSITORY, branch, workTree, close: () => clone.close() };
}
