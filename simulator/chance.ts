/**
 * Chance that can be had again: the same seed gives the same numbers, on every machine. Nothing in the simulator takes chance
 * from anywhere else.
 */
export class Chance {
  #counter = 0;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = mixed(seed >>> 0, 0x51ed270b);
  }

  /** A whole number from 0 up to but not including 2^32. */
  roll(): number {
    this.#counter += 1;
    return mixed(this.#seed, this.#counter);
  }

  /** From 0 up to but not including 1. */
  fraction(): number {
    return this.roll() / 2 ** 32;
  }

  /** A whole number from 0 up to but not including `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** True so often in a hundred. */
  percent(share: number): boolean {
    return this.fraction() * 100 < share;
  }

  /** One of them, or undefined when there is none. */
  oneOf<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }

  /** One of them by weight; what weighs nothing never comes. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T | undefined {
    let left = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    return undefined;
  }
}

/** Spreads a counter over 32 bits: each bit of the input turns about half of the output's. */
function mixed(seed: number, counter: number): number {
  let bits = (seed ^ Math.imul(counter, 0x9e3779b1)) >>> 0;
  for (const [shift, factor] of ROUNDS) bits = Math.imul(bits ^ (bits >>> shift), factor) >>> 0;
  return (bits ^ (bits >>> 16)) >>> 0;
}

const ROUNDS: readonly (readonly [number, number])[] = [
  [16, 0x45d9f3b3],
  [15, 0x2c1b3c6d],
  [17, 0x297a2d39],
];
