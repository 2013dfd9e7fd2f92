/** Long work that somebody may be waiting for: reading files, and asking registries and the like. */
export type Work = "reading" | "asking";

/** Is told how much of some work is done. */
export type Watch = (work: Work, done: number, total: number) => void;

/** Nobody is waiting. */
export const unwatched: Watch = () => undefined;
