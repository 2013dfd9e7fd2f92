import type { Instant } from "./answer.ts";
import type { QuarantineEntry } from "./observation.ts";
import type { AppName, Digest, EnvironmentName } from "./release.ts";
import { compileSchemaCheck } from "./schema-check.ts";
import { isYamlList, member, offsetOf, parseYaml, plainValue, readsAsString, TextPositions } from "./yaml-document.ts";
import type { YamlLimits, YamlProblem } from "./yaml-document.ts";

/** Where quarantine files live in a manifests repository, with a slash at the end. */
export const QUARANTINE_FOLDER = ".github/pinion/quarantine/";

/** Whether a file that is called so is read as one. */
export function isQuarantineFile(path: string): boolean {
  return path.startsWith(QUARANTINE_FOLDER) && !path.slice(QUARANTINE_FOLDER.length).includes("/");
}

/** What to say of something at this path that is no file of its own, or stands in the place of the folder; null of everything that is elsewhere. */
export function noQuarantineFile(path: string): string | null {
  if (QUARANTINE_FOLDER.startsWith(`${path}/`)) return `${path} must be a folder, and is a link, a submodule or a file, so that nothing in ${QUARANTINE_FOLDER} is read`;
  if (!path.startsWith(QUARANTINE_FOLDER)) return null;
  return `${path} is a folder, a link or a submodule, and only files that stand directly in ${QUARANTINE_FOLDER} are read`;
}

/** Whether an entry keeps this digest out of an environment. */
export function quarantinedIn(entries: readonly QuarantineEntry[], environment: EnvironmentName, digest: string): boolean {
  return entries.some((entry) => entry.digest === digest && (entry.environments.length === 0 || entry.environments.includes(environment)));
}

export type QuarantineResult =
  | { readonly ok: true; readonly entry: QuarantineEntry }
  /** Says file, line, column and every mistake. Which digest is meant is then not known, so nothing may pass. */
  | { readonly ok: false; readonly problem: string };

const LIMITS: YamlLimits = { characters: 64 * 1024, aliases: 0, scalars: "typed" };
/** What people read of a reason; evidence can be as long as a whole error page. */
const LONGEST_REASON = 2_000;

const TEXT = { type: "string", minLength: 1, maxLength: 5_000, errorMessage: "must be text" };

const checkShape = compileSchemaCheck({
  type: "object",
  required: ["app", "digest", "reason"],
  additionalProperties: false,
  properties: {
    app: { ...TEXT, errorMessage: "must be the name of the app" },
    digest: { type: "string", pattern: "^sha256:[0-9a-f]{64}$", errorMessage: "must be sha256: and 64 lower-case hex digits" },
    environments: { type: "array", items: TEXT, errorMessage: "must be a list of environments (empty or absent for all)" },
    reason: { type: "string", errorMessage: "must say why, as text" },
    by: TEXT,
    at: TEXT,
  },
});

/**
 * The file that keeps a digest from coming back. No environments means all. A reason over 2,000 characters is cut.
 * The text is valid YAML for any reason.
 */
export function quarantineFile(quarantine: {
  readonly app: AppName;
  readonly digest: Digest;
  readonly environments: readonly EnvironmentName[];
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
}): { readonly file: string; readonly text: string } {
  const { app, digest, environments, reason, by, at } = quarantine;
  const cut = reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON - 1)}…` : reason;
  const everywhere = environments.length === 0;
  const lines = [
    `# This digest must not come back to ${everywhere ? "any environment" : "these environments"}.`,
    "# To allow it again, delete this file.",
    `app: ${name(app)}`,
    `digest: ${digest}`,
    everywhere ? "environments: []" : "environments:",
    ...environments.map((environment) => `  - ${name(environment)}`),
    `reason: ${quoted(cut)}`,
    `by: ${quoted(by)}`,
    `at: ${new Date(at).toISOString()}`,
    "",
  ];
  const short = digest.slice("sha256:".length, "sha256:".length + 12);
  return { file: `${QUARANTINE_FOLDER}${app}-${short}.yaml`, text: lines.join("\n") };
}

/** Reads a quarantine file, also one that a person wrote: only app, digest and reason are needed, nothing unknown is allowed. */
export function parseQuarantine(file: string, text: string): QuarantineResult {
  const parsed = parseYaml(text, LIMITS);
  if (!parsed.ok) return refused(file, text, parsed.problems);
  const plain = plainValue(parsed.document);
  if (!plain.ok) return refused(file, text, [plain.problem]);
  const mistakes = checkShape(plain.value).map(({ path, at, message }) => ({ offset: offsetOf(parsed.document, path, at), message }));
  const problems = [...parsed.duplicates, ...mistakes];
  const app = member(plain.value, "app");
  const digest = member(plain.value, "digest");
  const reason = member(plain.value, "reason");
  if (problems.length > 0 || typeof app !== "string" || typeof digest !== "string" || typeof reason !== "string") {
    return refused(file, text, problems);
  }
  const environments = member(plain.value, "environments");
  const names = isYamlList(environments) ? environments.filter((environment) => typeof environment === "string") : [];
  return { ok: true, entry: { app, digest, environments: names, reason, file } };
}

function refused(file: string, text: string, problems: readonly YamlProblem[]): QuarantineResult {
  const positions = new TextPositions(text);
  const told = problems.map(({ offset, message }) => {
    const { line, column } = positions.at(offset);
    return `${file}:${line}:${column}: ${message}`;
  });
  return { ok: false, problem: told.join("; ") };
}

function name(text: string): string {
  return readsAsString(text) ? text : quoted(text);
}

/**
 * JSON strings are YAML strings, but for characters that YAML calls unprintable or YAML 1.1 takes for line breaks.
 */
function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what must be escaped
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
