/**
 * All that is checked. Left out, each for a reason: S13 is a comparison of whole runs (see `confluence.ts`); S20, because a pull
 * request of Pinion holds one promotion; S21, because there is one repository; S23 and S29, because no secret and no address is
 * in this world; S25, because Pinion sets no tags; S30, but for L0: a world that is calm comes to rest. L8 is seen in that what was
 * rate limited goes on (L2, L4); that a freeze that has ended lets through in L4.
 */
import type { Checker, Hope } from "../world-view.ts";
import { approvingChecker } from "./approving.ts";
import { imagesChecker } from "./images.ts";
import { arrivingChecker } from "./arriving.ts";
import { conductChecker } from "./conduct.ts";
import { goingBackChecker } from "./going-back.ts";
import {
  everyBadAnswered,
  everyBranchTidied,
  everyChangeRecorded,
  everyMergeSettled,
  everyOpeningRecorded,
  everyPullChecked,
  everyRequestAnswered,
  everyRequestOpened,
  everythingGreenMerged,
} from "./hopes.ts";
import { hotfixChecker } from "./hotfix.ts";
import { mergingChecker } from "./merging.ts";
import { offeringChecker } from "./offering.ts";
import { openingChecker } from "./opening.ts";
import { ownRulesChecker } from "./own-rules.ts";
import { queueingChecker } from "./queueing.ts";
import { recordingChecker } from "./recording.ts";
import { verdictsChecker } from "./verdicts.ts";
import { waitingChecker } from "./waiting.ts";
import { buttonChecker, everyOpeningUsed, windowsChecker } from "./windows.ts";

/** Fresh checkers for one run: they may remember what they have seen. */
export function allCheckers(): readonly Checker[] {
  return [
    mergingChecker,
    approvingChecker,
    waitingChecker,
    hotfixChecker,
    goingBackChecker,
    openingChecker,
    offeringChecker,
    arrivingChecker,
    conductChecker,
    recordingChecker(),
    verdictsChecker(),
    windowsChecker(),
    ownRulesChecker(),
    imagesChecker(),
    buttonChecker(),
    queueingChecker(),
  ];
}

/** What is looked at once everything has come to rest. */
export function allHopes(): readonly Hope[] {
  return [
    everyPullChecked,
    everyOpeningRecorded,
    everythingGreenMerged,
    everyChangeRecorded,
    everyMergeSettled,
    everyBadAnswered,
    everyRequestAnswered,
    everyRequestOpened,
    everyBranchTidied,
    everyOpeningUsed,
  ];
}
