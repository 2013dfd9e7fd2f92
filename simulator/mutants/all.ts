import { ADAPTERS } from "./adapters.ts";
import { ENDURANCE } from "./endurance.ts";
import { GATES } from "./gates.ts";
import { HOTFIXES } from "./hotfixes.ts";
import { LOG_MUTANTS } from "./log.ts";
import { MERGING } from "./merging.ts";
import type { Mutant } from "./mutant.ts";
import { OPENINGS_MUTANTS } from "./openings.ts";
import { ORDERS } from "./orders.ts";
import { PEOPLE } from "./people.ts";
import { REVERTS_MUTANTS } from "./reverts.ts";
import { VERDICTS } from "./verdicts.ts";

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
  ...ENDURANCE,
  ...ADAPTERS,
];
