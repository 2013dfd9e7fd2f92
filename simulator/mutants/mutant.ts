/** A change of one text in one file. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  /** Found there exactly once. */
  readonly text: string;
  readonly replacement: string;
}

/**
 * A mistake that somebody could make in Pinion, as a small change of its text. The simulator must notice it: by one of these
 * invariants, within its budget of seeds. Several edits only where one guard stands behind another, so that either alone does no harm.
 */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly invariants: readonly string[];
  /** Only seen where Pinion's adapters are: over HTTP. */
  readonly inAdapter?: true;
  /** Only seeds from here on have what it can show in. */
  readonly from?: number;
}

/** Most mutants are one edit. */
export function mutant(name: string, invariants: readonly string[], file: string, text: string, replacement: string): Mutant {
  return { name, edits: [{ file, text, replacement }], invariants };
}

export function adapterMutant(name: string, invariants: readonly string[], file: string, text: string, replacement: string): Mutant {
  return { ...mutant(name, invariants, `src/adapters/${file}`, text, replacement), inAdapter: true };
}
