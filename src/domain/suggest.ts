import { distance } from "fastest-levenshtein";

/**
 * What a person most likely meant by `text`, or null when nothing is close: few typing mistakes (two letters that changed places are one), another case,
 * or a longer or shorter form of the same word (`automatic` for `auto`).
 */
export function closest(text: string, candidates: readonly string[]): string | null {
  const wanted = text.toLowerCase();
  // Distance takes time by the product of the lengths, and nobody mistypes a name by a whole page.
  if (wanted === "" || wanted.length > 100) return null;
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const mistakes = isLongerForm(wanted, known) || isSwapped(wanted, known) ? 1 : distance(wanted, known);
    const most = Math.max(1, Math.floor(Math.max(wanted.length, known.length) / 3));
    if (mistakes <= most && mistakes < bestDistance) {
      best = candidate;
      bestDistance = mistakes;
    }
  }
  return best;
}

/** A sentence to put behind a message, or nothing. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  const meant = closest(text, candidates);
  return meant === null ? "" : ` Did you mean "${meant}"?`;
}

function isSwapped(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let at = 0;
  while (at < left.length && left[at] === right[at]) at += 1;
  return at + 1 < left.length && left[at] === right[at + 1] && left[at + 1] === right[at] && left.slice(at + 2) === right.slice(at + 2);
}

function isLongerForm(left: string, right: string): boolean {
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return short.length >= 3 && long.startsWith(short);
}
