import type { LocalRepository } from "../ports.ts";

/** Opens the Git repository that a folder belongs to, or that it is. */
export type OpenRepository = (
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
) => Promise<LocalRepository>;
