import type { PromotionKind } from "../record.ts";
import type { AppName, EnvironmentName } from "../release.ts";
import { cut, oneLine } from "./markdown.ts";

/** GitHub takes no longer title for a pull request or an issue. */
export const MAX_TITLE = 256;

/** What a promotion is called wherever it is shown. */
export function promotionTitle(promotion: {
  readonly kind: PromotionKind;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly version: string;
}): string {
  const { kind } = promotion;
  const app = oneLine(promotion.app);
  const environment = oneLine(promotion.environment);
  const version = oneLine(promotion.version);
  if (kind === "revert") return cut(`Revert ${app} in ${environment} to ${version}`, MAX_TITLE);
  return cut(`Promote ${app} ${version} to ${environment}${kind === "hotfix" ? " (hotfix)" : ""}`, MAX_TITLE);
}
