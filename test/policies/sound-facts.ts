import type { Facts } from "../../src/domain/facts.ts";
import { SOUND_FACTS } from "../../src/domain/policy/sound-facts.ts";

/** 2026-11-21 14:00 UTC. */
export const NOW = SOUND_FACTS.now;
export const HOUR = 3_600_000;

/** Facts of a promotion to prod against which no gate has anything to say, with some of them changed. */
export function soundFacts(changed: Partial<Omit<Facts, "promotion">> & { readonly promotion?: Partial<Facts["promotion"]> } = {}): Facts {
  const { promotion, ...groups } = changed;
  return { ...SOUND_FACTS, ...groups, promotion: { ...SOUND_FACTS.promotion, ...promotion } };
}
