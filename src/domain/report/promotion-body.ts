import type { Instant, Milliseconds } from "../answer.ts";
import type { PromotionKind } from "../record.ts";
import type { AppName, EnvironmentName, Pinned, PinnedImage, Release } from "../release.ts";
import { promoteCommand } from "./comment.ts";
import { shortDigest } from "./commit-message.ts";
import { code, codeBlock, cut, fit, mention, oneLine, words, type Block } from "./markdown.ts";
import { hotfixSection, undoOpened, type ToldHotfix } from "./hotfix.ts";
import { readableDuration, readableTime } from "./readable.ts";

/** How the release did in one environment before this one. */
export interface BodyEvidence {
  readonly environment: EnvironmentName;
  /** Since when it has run there, or null when it was never seen running. */
  readonly deployedAt: Instant | null;
  /** How long it had soaked there when the pull request was opened. */
  readonly soakedFor?: Milliseconds;
  readonly verified: { readonly how: "slo" | "rollout-only"; readonly evidence: string } | null;
}

/** What the text of a promotion's pull request is made of. */
export interface PromotionBody {
  readonly kind: PromotionKind;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly version: string;
  readonly from: Pinned | null;
  readonly to: Release;
  /** The manifest whose pins change. */
  readonly file: string;
  /** Logins of those who asked for it; empty when it is automatic. */
  readonly requesters: readonly string[];
  /** Who called it a hotfix, and which gates it passes by as it is opened; null where it is none. */
  readonly hotfix?: ToldHotfix | null;
  readonly evidence: readonly BodyEvidence[];
  /** What went bad, where this is the way back. */
  readonly bad: { readonly version: string; readonly evidence: string } | null;
  /** The quarantine files that the pull request adds. */
  readonly quarantine?: readonly string[];
  /** Under which conditions it is merged, as a sentence. */
  readonly mergeRule: string;
  /** Environments that follow this one and take a promotion only when somebody asks. */
  readonly nextOnRequest: readonly EnvironmentName[];
}

/** GitHub takes 65,536 characters. */
const MAX_BODY = 65_000;
const MAX_EVIDENCE = 4000;
const MAX_LIST = 20;

/** The text of a promotion's pull request: the change, what speaks for it, and what happens next. */
export function promotionBody(input: PromotionBody): string {
  const blocks: Block[] = [
    { text: openingSentence(input), divisible: false },
    { text: changeTable(input), divisible: true },
    ...(input.hotfix == null ? [] : [{ text: `### Hotfix\n\n${hotfixSection(input.hotfix, undoOpened(promoteCommand(input.app, input.environment)))}`, divisible: true }]),
    ...(input.bad === null ? [] : [{ text: whatWentBad(input.bad, input.quarantine ?? []), divisible: false }]),
    {
      text: `### Why\n\n${reasons(input)
        .map((line) => `- ${line}`)
        .join("\n")}`,
      divisible: true,
    },
    {
      text: `### What happens next\n\n${nextSteps(input)
        .map((line) => `- ${line}`)
        .join("\n")}`,
      divisible: true,
    },
    { text: fullReferences(input), divisible: false },
  ];
  return fit(blocks, MAX_BODY, "The rest of this text was left out, since GitHub takes no longer one. The files changed show everything.");
}

function openingSentence({ kind, app, environment, version, from, file }: PromotionBody): string {
  const before = from === null ? "" : ` from ${code(from.version)}`;
  const where = `in ${code(environment)}, in the file ${code(file)}`;
  if (kind === "revert") return `Takes ${code(app)} back${before} to ${code(version)} ${where}.`;
  const urgent = kind === "hotfix" ? " This is a hotfix." : "";
  if (from?.version === version) return `Pins ${code(`${app} ${version}`)} by its digest ${where}.${urgent}`;
  return `Moves ${code(app)}${before} to ${code(version)} ${where}.${urgent}`;
}

function changeTable({ from, to }: PromotionBody): string {
  const rows = to.images.map((image) => {
    const before = from?.images.find((candidate) => candidate.repository === image.repository);
    return `| ${code(image.repository)} | ${change(tagOf(before), tagOf(image))} | ${change(digestOf(before), digestOf(image))} |`;
  });
  return ["| Image | Tag | Digest |", "| :-- | :-- | :-- |", ...rows].join("\n");
}

function tagOf(image: PinnedImage | undefined): string {
  return image === undefined || image.tag === null ? "none" : code(image.tag);
}

function digestOf(image: PinnedImage | undefined): string {
  const digest = shortDigest(image);
  return digest === null ? "none" : code(digest);
}

function change(before: string, after: string): string {
  return before === after ? after : `${before} → ${after}`;
}

function whatWentBad(bad: { readonly version: string; readonly evidence: string }, quarantine: readonly string[]): string {
  const seen = codeBlock(cut(bad.evidence, MAX_EVIDENCE));
  const lines = ["### What went bad", "", `${code(bad.version)} went bad. This is what was seen:`, "", seen];
  if (quarantine.length === 0) return lines.join("\n");
  const files = quarantine.length === 1 ? "that file" : "those files";
  lines.push("", `So that it does not come back, this pull request also adds ${list(quarantine)}.`);
  lines.push(`If the image turns out not to be to blame, delete ${files} by a pull request of your own; then the release may be brought here again.`);
  return lines.join("\n");
}

function reasons({ kind, environment, requesters, evidence }: PromotionBody): readonly string[] {
  const lines: string[] = [];
  if (requesters.length > 0) lines.push(`${requesters.slice(0, MAX_LIST).map(mention).join(", ")} asked for it.`);
  else if (kind === "revert") lines.push(`It is the last release that was verified in ${code(environment)} and is not known to be bad.`);
  else lines.push(`${code(environment)} takes new releases without being asked.`);
  return [...lines, ...evidence.slice(0, MAX_LIST).map(evidenceLine)];
}

function evidenceLine({ environment, deployedAt, soakedFor, verified }: BodyEvidence): string {
  const where = code(environment);
  if (deployedAt === null) return `${where}: it has not been seen running there.`;
  const soaked = soakedFor === undefined ? "" : `, soaked for ${readableDuration(soakedFor)}`;
  const since = `${where}: deployed ${readableTime(deployedAt)}${soaked}`;
  if (verified === null) return `${since}, not verified yet.`;
  const how = verified.how === "slo" ? "verified against its objective" : "verified by its rollout only, without measurements";
  return `${since}, ${how}: ${words(cut(verified.evidence, 500))}`;
}

function nextSteps({ kind, app, environment, mergeRule, nextOnRequest }: PromotionBody): readonly string[] {
  const revert = kind === "revert";
  const lines = [
    words(mergeRule),
    "The check **Pinion** below shows every gate, and what is still missing.",
    revert
      ? "To keep the release that runs now, close this pull request."
      : `To withdraw the promotion, close this pull request. To have it after all, comment ${code(promoteCommand(app, environment))} on it then.`,
  ];
  if (revert) return lines;
  const next = nextOnRequest.slice(0, MAX_LIST).map((name) => {
    return `To ask for the promotion to ${code(name)}, put the label ${code(`promote:${name}`)} on this pull request after the merge.`;
  });
  return [...lines, ...next];
}

function fullReferences({ from, to }: PromotionBody): string {
  const before = (from?.images ?? []).map((image) => `before  ${reference(image)}`);
  const references = [...before, ...to.images.map((image) => `after   ${reference(image)}`)];
  return ["<details>", "<summary>Full references</summary>", "", codeBlock(references.join("\n")), "", "</details>"].join("\n");
}

function reference({ repository, tag, digest }: PinnedImage): string {
  return oneLine(`${repository}${tag === null ? "" : `:${tag}`}${digest === null ? "" : `@${digest}`}`);
}

function list(files: readonly string[]): string {
  const shown = files.slice(0, MAX_LIST).map(code);
  const left = files.length - shown.length;
  return `${shown.join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
}
