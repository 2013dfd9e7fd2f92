/** Well-known names of environments, in the order in which releases go through them; names in one row stand for the same step. */
const STEPS: readonly (readonly string[])[] = [
  ["dev", "devel", "develop", "development", "sandbox", "playground"],
  ["nonprod"],
  ["ci", "int", "integration"],
  ["test", "tst", "testing"],
  ["qa"],
  ["uat", "acc", "acceptance"],
  ["stg", "stage", "staging"],
  ["preprod", "preproduction"],
  ["canary"],
  ["prod", "prd", "production", "live"],
];

const STEP_OF: ReadonlyMap<string, number> = new Map(STEPS.flatMap((names, step) => names.map((name) => [name, step] as const)));

/** What may stand beside a well-known name where an environment is there more than once: regions, zones, numbers, colours, clouds. */
const QUALIFIER = new RegExp(
  "^(?:us|eu|uk|ap|sa|ca|me|af|de|fr|jp|in|au|emea|apac|amer|latam|asia|europe|global|aws|gcp|azure|blue|green|internal|external|" +
    "cluster|region|zone|(?:north|south)?(?:east|west|central|north|south)\\d?|\\d+[a-z]?|[a-d])$",
);

/**
 * The step of a folder's name on the way to production, 0 for the first; null where no well-known name tells it. Regions, numbers and the
 * like may stand beside the name: `prod-eu-west-1`, `us_staging`. What prepares for production, or is none, is not production.
 */
export function stepOf(folder: string): number | null {
  const parts = partsOf(folder);
  const steps = parts.map((part) => STEP_OF.get(part)).filter((step) => step !== undefined);
  const [step] = steps;
  if (step === undefined || steps.length > 1) return null;
  return parts.every((part) => STEP_OF.has(part) || QUALIFIER.test(part)) ? step : null;
}

/** Whether a well-known name alone, without anything beside it, is what the folder is called. */
export function isPlainName(folder: string): boolean {
  return partsOf(folder).length === 1 && stepOf(folder) !== null;
}

function partsOf(folder: string): readonly string[] {
  return folder
    .toLowerCase()
    .replace(/\b(pre|non)[-_.](prod(?:uction)?)\b/, "$1$2")
    .replace(/\bnonproduction\b/, "nonprod")
    .split(/[-_.]/);
}

/** Whether conventions differ on which of two steps comes first. */
export function isDisputed(left: number, right: number): boolean {
  const [early, late] = [Math.min(left, right), Math.max(left, right)];
  return DISPUTED.some(([one, other]) => STEP_OF.get(one) === early && STEP_OF.get(other) === late);
}

/** Some houses accept in staging's place, or test before they integrate. */
const DISPUTED: readonly (readonly [string, string])[] = [
  ["uat", "staging"],
  ["test", "qa"],
  ["int", "test"],
  ["qa", "uat"],
];
