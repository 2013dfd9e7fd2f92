import type { Instant, Milliseconds } from "../answer.ts";
import type { Environment } from "../config.ts";
import type { Draft } from "../draft.ts";
import type { Facts } from "../facts.ts";
import { windowsAt, type Window, type WindowsState } from "../windows.ts";

/** Where no turn is in sight, it is looked again after this long. */
const LOOK_AGAIN: Milliseconds = 24 * 3_600_000;

/** How the environment's windows stand. The plan is due again when that turns, either way: what passes now must wait then. */
export function windowFact(draft: Draft, { windows }: Environment): Facts["window"] {
  if (windows.length === 0) return { configured: false, open: true, changes_at: 0 };
  const { open, changesAt } = stateOf(windows, draft.now);
  draft.due(changesAt ?? draft.now + LOOK_AGAIN);
  return { configured: true, open, changes_at: changesAt ?? 0 };
}

/** Every promotion into an environment asks the same at one look, and at each look until the windows turn. */
const lately = new WeakMap<readonly Window[], { readonly since: Instant; readonly state: WindowsState }>();

function stateOf(windows: readonly Window[], now: Instant): WindowsState {
  const known = lately.get(windows);
  if (known !== undefined && known.since <= now && now < (known.state.changesAt ?? known.since + 1)) return known.state;
  const state = windowsAt(windows, now);
  lately.set(windows, { since: now, state });
  return state;
}
