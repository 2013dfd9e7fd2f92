/** One hostile thing in a process of its own, so that the memory is its own too: the index of it is the argument. */
import { HOSTILE } from "../test/policies/hostile.ts";

const run = HOSTILE[Number(process.argv[2])]?.prepare();
const before = process.resourceUsage().maxRSS;
const start = performance.now();
const result = run?.() ?? "nothing was run";
const took = performance.now() - start;
process.send?.({ took, mb: (process.resourceUsage().maxRSS - before) / 1024, result });
