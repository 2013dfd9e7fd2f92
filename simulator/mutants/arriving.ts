/** What a tag that is moved from image to image brings. */
import { RULED_FROM } from "../setup.ts";
import { mutant, type Mutant } from "./mutant.ts";

export const ARRIVING_MUTANTS: readonly Mutant[] = [
  mutant("whatever the moving tag names is newer", ["H11"], "src/domain/arrivals.ts", "return left === 0 || right === 0 ? null : left - right;", "return left === 0 || right === 0 ? null : 1;"),
].map((one) => ({ ...one, from: RULED_FROM }));
