import { runGit } from "../sandbox/github/git.ts";
import { fingerprint } from "../src/domain/fingerprint.ts";
import { LOG_BRANCH, printRecord, recordPath } from "../src/domain/record-file.ts";
import type { LogRecord } from "../src/domain/record.ts";
import type { Digest, Oid, Release } from "../src/domain/release.ts";

/** The size of a manifests repository, and of what became of it so far. */
export interface Scale {
  readonly apps: number;
  readonly environments: readonly string[];
  /** With them, every place was once promoted, deployed and verified, as in a repository in use; else Pinion was installed just now. */
  readonly records: boolean;
}

export const REGISTRY = "registry.example.com";
export const TAG = "1.4.2";
/** Records written at once, as a busy look writes them. */
const RECORDS_PER_COMMIT = 1_000;
const INSTALLED_AT = Date.UTC(2026, 0, 5, 9, 0, 0);
const HOUR = 3_600_000;

export function appName(index: number): string {
  return `app-${String(index).padStart(5, "0")}`;
}

export function imageOf(app: string): string {
  return `${REGISTRY}/acme/${app}`;
}

export function digestOf(app: string): Digest {
  return `sha256:${fingerprint(app)}`;
}

export function overlayPath(app: string, environment: string): string {
  return `apps/${app}/overlays/${environment}/kustomization.yaml`;
}

export function configOf(environments: readonly string[]): string {
  const stages = environments.map((name, index) => {
    const after = index === 0 ? "" : `after: ${environments[index - 1] ?? ""}, soak: 1h, `;
    return `  ${name}: { ${after}promote: auto, merge: auto, watch: 30m }`;
  });
  return [
    "version: 1",
    "environments:",
    ...stages,
    "apps:",
    '  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]',
    "",
  ].join("\n");
}

/** An overlay as people keep them: the image among other things, with comments. */
export function overlay(app: string, environment: string): string {
  return `# ${app} in ${environment}: what differs from the base.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: ${app}-${environment}
resources:
  - ../../base
labels:
  - pairs:
      app.kubernetes.io/part-of: ${app}
      environment: ${environment}
    includeSelectors: false
replicas:
  - name: ${app}
    count: ${environment.startsWith("prod") ? 3 : 1}
patches:
  - target: { kind: Deployment, name: ${app} }
    patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/resources/limits/memory
        value: 512Mi
images:
  - name: ${imageOf(app)}
    newTag: ${TAG}   # set by Pinion
    digest: ${digestOf(app)}
`;
}

function base(app: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${app} }
spec:
  selector: { matchLabels: { app: ${app} } }
  template:
    metadata: { labels: { app: ${app} } }
    spec:
      containers:
        - { name: ${app}, image: ${imageOf(app)} }
`;
}

export interface Commit {
  readonly branch: string;
  readonly author: string;
  readonly message: string;
  readonly files: Iterable<readonly [path: string, text: string]>;
}

/** A bare repository with `main` and, with records, the promotion log, made by `git fast-import`. The log's commits are the App's. */
export async function makeRepository(directory: string, scale: Scale, app: { readonly name: string; readonly email: string }): Promise<void> {
  await git("/", ["init", "--quiet", "--bare", "--initial-branch=main", directory]);
  await importCommits(directory, [
    { branch: "main", author: "Olivia Owner <olivia@example.com>", message: "All apps", files: manifests(scale) },
  ]);
  if (!scale.records) return;
  const head = await git(directory, ["rev-parse", "refs/heads/main"]);
  const commits: Commit[] = [];
  let batch: LogRecord[] = [];
  const flush = (): void => {
    const files = batch.map((record, index) => [recordPath(record), printRecord(record, index)] as const);
    commits.push({ branch: LOG_BRANCH, author: `${app.name} <${app.email}>`, message: `log: ${batch.length} records`, files });
    batch = [];
  };
  for (const record of records(scale, head)) {
    batch.push(record);
    if (batch.length === RECORDS_PER_COMMIT) flush();
  }
  if (batch.length > 0) flush();
  await importCommits(directory, commits);
}

function* manifests({ apps, environments }: Scale): Iterable<readonly [string, string]> {
  yield [".github/pinion.yaml", configOf(environments)];
  yield ["README.md", "# Manifests\n"];
  for (let index = 0; index < apps; index += 1) {
    const app = appName(index);
    yield [`apps/${app}/base/kustomization.yaml`, "resources: [deployment.yaml]\n"];
    yield [`apps/${app}/base/deployment.yaml`, base(app)];
    for (const environment of environments) yield [overlayPath(app, environment), overlay(app, environment)];
  }
}

function* records({ apps, environments }: Scale, commit: Oid): Iterable<LogRecord> {
  yield { event: "installed", at: INSTALLED_AT, commit };
  for (const [stage, environment] of environments.entries()) {
    for (let index = 0; index < apps; index += 1) {
      const app = appName(index);
      const at = INSTALLED_AT + (stage + 1) * 24 * HOUR + index * 1_000;
      const release: Release = { app, version: TAG, images: [{ repository: imageOf(app), tag: TAG, digest: digestOf(app) }] };
      const place = { app, environment, release, commit };
      const by = { mergedBy: "pinion[bot]", requestedBy: null, judgement: "judged" } as const;
      const pullRequest = stage * apps + index + 1;
      yield { event: "merged", at, kind: "promotion", from: null, pullRequest, head: commit, ...by, ...place };
      yield { event: "deployed", at: at + 120_000, evidence: "synced and healthy", ...place };
      yield { event: "verified", at: at + HOUR, how: "rollout-only", evidence: "no SLO is configured; healthy for 30 min", ...place };
    }
  }
}

/** Commits on branches that are new, one after the other. */
export async function importCommits(directory: string, commits: readonly Commit[]): Promise<void> {
  const parts: Buffer[] = [];
  const say = (text: string): void => void parts.push(Buffer.from(text, "utf8"));
  for (const { branch, author, message, files } of commits) {
    const when = `${INSTALLED_AT / 1_000} +0000`;
    say(`commit refs/heads/${branch}\nauthor ${author} ${when}\ncommitter GitHub <noreply@github.com> ${when}\n`);
    say(`data ${Buffer.byteLength(message)}\n${message}\n`);
    for (const [path, text] of files) say(`M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`);
    say("\n");
  }
  await git(directory, ["fast-import", "--quiet"], Buffer.concat(parts));
}

export async function git(directory: string, args: readonly string[], input?: Buffer): Promise<string> {
  const result = await runGit(directory, args, input === undefined ? {} : { input });
  if (result.code !== 0) throw new Error(`git ${args[0] ?? ""}: ${result.stderr}`);
  return result.stdout.toString("utf8").trim();
}
