import { ARRIVING_MUTANTS } from "./arriving.ts";
import { ADAPTERS } from "./adapters.ts";
import { ENDURANCE } from "./endurance.ts";
import { GATES } from "./gates.ts";
import { HOTFIXES } from "./hotfixes.ts";
import { IMAGES_MUTANTS } from "./images.ts";
import { LOG_MUTANTS } from "./log.ts";
import { MERGING } from "./merging.ts";
import type { Mutant } from "./mutant.ts";
import { OPENINGS_MUTANTS } from "./openings.ts";
import { ORDERS } from "./orders.ts";
import { PEOPLE } from "./people.ts";
import { OWN_RULES_MUTANTS } from "./own-rules.ts";
import { QUEUEING } from "./queueing.ts";
import { REVERTS_MUTANTS } from "./reverts.ts";
import { VERDICTS } from "./verdicts.ts";
import { WINDOWS_MUTANTS } from "./windows.ts";

export const MUTANTS: readonly Mutant[] = [
  ...GATES,
  ...PEOPLE,
  ...HOTFIXES,
  ...MERGING,
  ...OPENINGS_MUTANTS,
  ...ORDERS,
  ...REVERTS_MUTANTS,
  ...LOG_MUTANTS,
  ...VERDICTS,
  ...WINDOWS_MUTANTS,
  ...OWN_RULES_MUTANTS,
  ...IMAGES_MUTANTS,
  ...ARRIVING_MUTANTS,
  ...QUEUEING,
  ...ENDURANCE,
  ...ADAPTERS,
];
