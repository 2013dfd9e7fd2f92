import { DEFAULTS } from "../config-schema.ts";
import { readsAsString } from "../yaml-document.ts";
import type { GuessedEnvironment, GuessedLayout } from "./guess.ts";

/**
 * The configuration that a guessed layout makes, with comments. It begins in `observe` mode, in which Pinion judges and shows and
 * writes nothing but its check: a guess must not move anything before a person has read it.
 */
export function configText(layout: GuessedLayout): string {
  return [
    "# Written by pinion init from what is in this repository. Read it, mend it, then check it: pinion config check",
    "# All keys: docs/configuration.md of Pinion.",
    "version: 1",
    "",
    "# observe: judge and show, and write nothing but the check. Change it to enforce when what is shown is right.",
    "mode: observe",
    "",
    ...comments(layout.doubts, "To check, because the repository does not tell it:"),
    "environments:",
    ...layout.environments.flatMap(environmentLines),
    "",
    "apps:",
    "  # {app} stands for an app's name, and {env} for an environment's path, which is its name unless it says otherwise.",
    "  discover:",
    ...layout.patterns.map((pattern) => `    - ${quoted(pattern)}`),
    "  defaults:",
    "    # Versions that may enter the first environments by themselves.",
    `    select: { semver: ${quoted(DEFAULTS.semver)} }`,
    "    # The Argo CD Applications of an app in an environment.",
    `    argocd: ${listOf(layout.applications.defaults ?? [DEFAULTS.argocd])}`,
    ...appLines(layout),
    "",
  ].join("\n");
}

function environmentLines({ name, path, after, isOrdered, isLast }: GuessedEnvironment): readonly string[] {
  return [
    `  ${key(name)}:`,
    ...(path === name ? [] : [`    path: ${quoted(path)}`]),
    ...(after.length === 0 ? [] : [`    after: ${after.length === 1 ? quoted(after[0] ?? "") : `[${after.map(quoted).join(", ")}]`}`]),
    ...(isOrdered ? [] : [`    paused: ${quoted("pinion init could not tell what this environment follows")}`]),
    isLast || !isOrdered
      ? "    promote: on-request # somebody asks, by a label or /pinion promote"
      : "    promote: auto # a pull request is opened when there is a candidate",
    "    merge: on-approval # auto merges when every gate passes; manual leaves the button to people",
  ];
}

function appLines({ applications, severalImages }: GuessedLayout): readonly string[] {
  const names = [...new Set([...applications.apps.keys(), ...severalImages.keys()])].filter((name) => name !== "discover" && name !== "defaults");
  return names.toSorted().flatMap((name) => {
    const argocd = applications.apps.get(name);
    const images = severalImages.get(name);
    // A key with comments alone under it is empty, which is what the defaults are.
    return [
      `  ${key(name)}:`,
      ...(argocd === undefined ? [] : [`    argocd: ${listOf(argocd)}`]),
      ...(images === undefined ? [] : ["    # Which of them move together? Nothing is promoted before that is said.", `    # images: [${images.map(quoted).join(", ")}]`]),
    ];
  });
}

function comments(lines: readonly string[], title: string): readonly string[] {
  if (lines.length === 0) return [];
  return [`# ${title}`, ...lines.map((line) => `# - ${line.replaceAll(/[^\P{Cc}]/gu, " ")}`)];
}

function listOf(texts: readonly string[]): string {
  return texts.length === 1 ? quoted(texts[0] ?? "") : `[${texts.map(quoted).join(", ")}]`;
}

/** JSON's strings are YAML's double-quoted ones. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Names of digits alone, or like `on`, would be something else than text without quotes. */
function key(name: string): string {
  return readsAsString(name) ? name : quoted(name);
}
