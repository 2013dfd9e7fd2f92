/** What tells which of two releases is newer, where tags are no versions. */
import { NUMBERED_FROM } from "../setup.ts";
import { mutant, type Mutant } from "./mutant.ts";

const RANKING = "src/domain/ranking.ts";
const CONFIG = "src/domain/config.ts";

export const ORDERS: readonly Mutant[] = [
  mutant("numbered builds have no order where directions are told", ["S14"], RANKING, "return compareBy(BY_NUMBER, a, b, order);", `return order.filter === null ? compareBy(BY_NUMBER, a, b, order) : "unordered";`),
  mutant("directions are told by version, whatever an app selects by", ["S14", "H1"], CONFIG, `(ledger.arrivals.get(app) ?? NO_ARRIVALS) : select;`, `(ledger.arrivals.get(app) ?? NO_ARRIVALS) : { by: "semver" as const, filter: null };`),
].map((one) => ({ ...one, from: NUMBERED_FROM }));
