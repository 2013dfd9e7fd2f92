import { adapterMutant, type Mutant } from "./mutant.ts";

/** Mistakes in how Pinion asks and understands others. */
export const ADAPTERS: readonly Mutant[] = [
  adapterMutant("a merge does not say of which head", ["S7"], "github/merge.ts", "      sha: wanted.head,\n", ""),
];
