import { known, unknown, type Answer } from "../domain/answer.ts";
import { CONFIG_PATH } from "../domain/config.ts";
import { isPolicyPath, isReadAsPolicy, MOST_POLICY_FILES, type PolicyFile } from "../domain/policy/own-policies.ts";
import { LOG_BRANCH } from "../domain/record-file.ts";
import { CODE_OWNERS_PATHS } from "../domain/code-owners.ts";
import type { BranchSetup, InstallationSetup, RulesetSetup, SetupFacts } from "../domain/setup/facts.ts";
import { PortFailure, type Clock, type InstalledAt, type SetupReads } from "../ports.ts";

/** Reads all that is to be known of a repository's set-up, each part by itself: what cannot be read is unknown, and says why. */
export async function observeSetup(
  reads: SetupReads,
  clock: Pick<Clock, "now">,
  place: InstalledAt,
  installation: InstallationSetup,
  page: string,
): Promise<SetupFacts> {
  const ask = <T>(question: () => Promise<T>): Promise<Answer<T>> => answered(clock, question);
  const [app, settings] = await Promise.all([ask(() => reads.app()), ask(() => reads.settings(place))]);
  /** What takes the default branch's name is as unknown as that is. */
  const inMain = async <T>(question: (branch: string) => Promise<T>): Promise<Answer<T>> => (settings.known ? ask(() => question(settings.value.defaultBranch)) : settings);
  const branch = async (name: string): Promise<BranchSetup> => {
    const [rules, classic] = await Promise.all([ask(() => reads.rules(place, name)), ask(() => reads.classic(place, name))]);
    return { name, rules, classic };
  };
  const [main, log, files, config, codeOwners] = await Promise.all([
    settings.known ? branch(settings.value.defaultBranch) : { name: "the default branch", rules: settings, classic: settings },
    branch(LOG_BRANCH),
    inMain((name) => reads.files(place, name)),
    inMain((name) => reads.text(place, name, CONFIG_PATH)),
    inMain((name) => codeOwnersFile(reads, place, name)),
  ]);
  const ids = [main, log].flatMap(({ rules }) => (rules.known ? rules.value.map(({ ruleset }) => ruleset) : []));
  const rulesets = await Promise.all(
    [...new Set(ids)].map(async (id): Promise<readonly [number, Answer<RulesetSetup>]> => [id, await ask(() => reads.ruleset(place, id))]),
  );
  const policies = files.known ? await inMain((name) => policyFiles(reads, place, name, files.value)) : files;
  const codeOwnersErrors = codeOwners.known && codeOwners.value === null ? known([], clock.now()) : await ask(() => reads.codeOwnersErrors(place));
  return { page, app, installation: known(installation, clock.now()), settings, main, log, rulesets: new Map(rulesets), files, codeOwners, codeOwnersErrors, config, policies };
}

/** Those that are read as policies, and no more than there may be of them; of the rest the names tell enough. */
async function policyFiles(reads: SetupReads, place: InstalledAt, branch: string, files: readonly string[]): Promise<readonly PolicyFile[]> {
  const paths = files.filter(isPolicyPath).slice(0, MOST_POLICY_FILES + 1);
  return Promise.all(paths.map(async (path) => ({ path, text: isReadAsPolicy(path) ? await reads.text(place, branch, path) : null })));
}

/** The first in GitHub's order that is there. */
async function codeOwnersFile(reads: SetupReads, place: InstalledAt, branch: string): Promise<{ readonly path: string; readonly text: string } | null> {
  for (const path of CODE_OWNERS_PATHS) {
    const text = await reads.text(place, branch, path);
    if (text !== null) return { path, text };
  }
  return null;
}

async function answered<T>(clock: Pick<Clock, "now">, question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return known(await question(), clock.now());
  } catch (cause) {
    if (!(cause instanceof PortFailure)) throw cause;
    return unknown(cause.message, cause.kind, clock.now());
  }
}
