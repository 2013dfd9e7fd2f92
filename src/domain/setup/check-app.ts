import { CONFIG_PATH } from "../config.ts";
import { compileDiscover } from "../discover.ts";
import { unmatchedApps } from "../policy/own-policies.ts";
import type { RepositoryRules } from "../repository-rules.ts";
import { missingEvents, missingPermissions, NEEDED_PERMISSIONS } from "./access.ts";
import type { SetupFacts } from "./facts.ts";
import { cannotTell, ok, problem, warning, type Finding } from "./finding.ts";

/** Permissions that are missing: the App's owner gives them, and whoever installed it has to accept them. */
export function checkPermissions({ app, installation }: SetupFacts): Finding {
  const check = "app-permissions";
  if (!installation.known) return cannotTell(check, installation, "metadata: read");
  const missing = missingPermissions(installation.value.permissions);
  if (missing.length === 0) return ok(check, "The App has every permission that it needs");
  const told = missing.map((name) => `${name}: ${NEEDED_PERMISSIONS[name]?.access} (${NEEDED_PERMISSIONS[name]?.use})`).join("; ");
  const message = `The App may not do all it must: ${told}`;
  const lacking = app.known ? missingPermissions(app.value.permissions).filter((name) => missing.includes(name)) : missing;
  if (app.known && lacking.length === 0) {
    return problem(check, message, "The App asks for them, and they wait to be accepted: review the request of this installation", installation.value.page);
  }
  const page = app.known ? `${app.value.settingsPage}/permissions` : null;
  return problem(check, message, `Give the App ${lacking.join(", ")} in its settings, then accept the request of this installation`, page);
}

/** Events that do not come: nothing is lost, since every repository is looked at again and again, but it takes longer. */
export function checkEvents({ app, installation }: SetupFacts): Finding {
  const check = "app-events";
  if (!installation.known) return cannotTell(check, installation, "metadata: read");
  const missing = missingEvents(installation.value.events);
  if (missing.length === 0) return ok(check, "The App is told of everything it listens to");
  const page = app.known ? `${app.value.settingsPage}/permissions` : null;
  const message = `The App is not told of ${missing.join(", ")}, so it sees them only when it looks by itself`;
  return warning(check, message, "Subscribe it to these events in its settings, below its permissions", page);
}

export function checkRepository({ page, settings }: SetupFacts): Finding {
  const check = "repository";
  if (!settings.known) return cannotTell(check, settings, "metadata: read");
  if (settings.value.archived) return problem(check, "The repository is archived: nothing can be written to it", "Unarchive it", `${page}/settings`);
  if (!settings.value.issues) {
    const message = "Issues are turned off: nobody can freeze an environment, and Pinion cannot say that there is no way back";
    return problem(check, message, "Turn issues on, under Features", `${page}/settings`);
  }
  return ok(check, `The default branch is ${settings.value.defaultBranch}, and issues are on`);
}

/** @param rules what the texts of the facts say, or null where there is no configuration or it could not be read. */
export function checkConfig(facts: SetupFacts, rules: RepositoryRules | null): Finding {
  const check = "config";
  if (!facts.config.known) return cannotTell(check, facts.config, "contents: read");
  const page = facts.settings.known ? `${facts.page}/blob/${facts.settings.value.defaultBranch}/${CONFIG_PATH}` : null;
  if (rules === null) {
    return problem(check, `There is no ${CONFIG_PATH} on the default branch, so Pinion does nothing`, "Let pinion init write one, and commit it to the default branch");
  }
  const { config } = rules;
  if (!config.ok) {
    const [first] = config.problems;
    const where = first === undefined ? "" : `: line ${first.line}: ${first.message}`;
    const more = config.problems.length > 1 ? ` (and ${config.problems.length - 1} more)` : "";
    return problem(check, `${first?.file ?? CONFIG_PATH} cannot be used${where}${more}`, "Mend it; pinion config check tells all that is wrong", page);
  }
  const { environments, mode, signers } = config.config;
  const { files, policies } = facts;
  const lost = files.known ? [...new Set(signers.map(({ file }) => file))].filter((file) => !files.value.includes(file)) : [];
  if (lost.length > 0) {
    const message = `\`signers:\` names ${lost.join(", ")}, which is not on the default branch, so no signature can be checked`;
    return problem(check, message, "Commit it there, or correct its path", page);
  }
  if (!policies.known) return cannotTell(check, policies, "contents: read");
  const discover = compileDiscover(config.config.discover, environments);
  const apps = files.known ? [...new Set(files.value.flatMap((path) => discover(path)?.app ?? []))] : [];
  const [nobodys, ...others] = files.known ? unmatchedApps(rules.ownPolicies, apps) : [];
  if (nobodys !== undefined) {
    const more = others.length > 0 ? ` (and ${others.length} more)` : "";
    const message = `${nobodys.file} line ${nobodys.line}: ${nobodys.message}${more}`;
    return warning(check, message, "Correct the name, unless the app is still to come; pinion config check tells them all", page);
  }
  const names = environments.map(({ name }) => name).join(", ");
  return ok(check, `${CONFIG_PATH} can be used: ${names}${mode === "observe" ? "; in observe mode, so nothing is promoted" : ""}`);
}
