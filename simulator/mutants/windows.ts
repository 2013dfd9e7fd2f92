/** When promotions may be merged, and what is said of those that people merge. */
import { RULED_FROM } from "../setup.ts";
import { mutant, type Mutant } from "./mutant.ts";

const WINDOWS = "src/domain/windows.ts";

export const WINDOWS_MUTANTS: readonly Mutant[] = [
  mutant("windows are not waited for", ["H5"], "policies/window.yaml", `wait: "!window.open"`, `wait: "!window.open && false"`),
  mutant("what denies is not heard", ["H5"], WINDOWS, "const isOpen = (at: Instant) => denies.every((span) => !span.at(at).within) &&", "const isOpen = (at: Instant) => denies.length >= 0 &&"),
  mutant("all windows go by one zone", ["H5"], WINDOWS, `fixedTimeRule: "no-wildcard", timezone, paused: true`, `fixedTimeRule: "no-wildcard", timezone: timezone === "" ? timezone : "UTC", paused: true`),
  mutant("what comes twice when clocks are put back counts each time", ["H5", "L10"], WINDOWS, `fixedTimeRule: "no-wildcard", `, ""),
  mutant(
    "windows stay as they were seen first",
    ["H5", "L4", "L10"],
    "src/domain/facts/window.ts",
    "now < (known.state.changesAt ?? known.since + 1)",
    "now < known.since + 86_400_000",
  ),
  mutant("a window that opens lets nothing through", ["L10"], "src/domain/facts/window.ts", "return { configured: true, open,", "return { configured: true, open: open && changesAt === null,"),
  mutant(
    "a check that was turned back is forgotten after the merge",
    ["H6"],
    "src/domain/changes.ts",
    " && stillPassed !== false) return \"judged\";",
    ") return \"judged\";",
  ),
].map((one) => ({ ...one, from: RULED_FROM }));
