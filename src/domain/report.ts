/** Everything that people read on GitHub, in one place to import it from. The words stand in `report/`. */
export { checkContent, configOnlyCheck, configProblemsCheck } from "./report/check.ts";
export { newerReadyComment, obsoleteComment, requestAcceptedComment, requestRefusedComment, supersededComment } from "./report/comment.ts";
export { commitMessage } from "./report/commit-message.ts";
export { frozenIssue } from "./report/frozen-issue.ts";
export { promotionBody, type BodyEvidence } from "./report/promotion-body.ts";
export { promotionTitle } from "./report/promotion-title.ts";
