/** One way in that a server offers in `WWW-Authenticate` (RFC 9110 §11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By lower-case name. The first of a doubled name counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A scheme or a parameter's name with what follows it; a quoted value may hold commas and escaped quotes. */
const PIECE = /[\s,]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y;

/** Longer headers are cut: no registry needs them, and they are the other side's to choose. */
const LONGEST_HEADER = 16_384;

/**
 * All challenges of a header, in order. `fetch` joins several headers with commas, and registries put several challenges
 * into one, so a name without `=` begins the next challenge. Text that fits no grammar ends the reading. Never throws.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, LONGEST_HEADER);
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
  PIECE.lastIndex = 0;
  for (let piece = PIECE.exec(text); piece !== null; piece = PIECE.exec(text)) {
    const [, name = "", quoted, bare] = piece;
    const current = challenges.at(-1);
    if (quoted === undefined && bare === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
    else if (current !== undefined && !current.parameters.has(name.toLowerCase())) {
      current.parameters.set(name.toLowerCase(), quoted === undefined ? (bare ?? "") : quoted.replaceAll(/\\(.)/g, "$1"));
    }
  }
  return challenges;
}

/** What the token server needs (distribution "Token Authentication Specification"). */
export interface BearerChallenge {
  readonly realm: URL;
  readonly service: string | null;
  /** As `repository:acme/app:pull`; empty when the registry does not say. */
  readonly scopes: readonly string[];
}

/** The first Bearer challenge whose realm is an http(s) address, or null. */
export function bearerOf(challenges: readonly Challenge[]): BearerChallenge | null {
  for (const { scheme, parameters } of challenges) {
    const realm = parameters.get("realm") ?? "";
    if (scheme !== "bearer" || !/^https?:\/\//i.test(realm) || !URL.canParse(realm)) continue;
    const scopes = (parameters.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
    return { realm: new URL(realm), service: parameters.get("service") ?? null, scopes };
  }
  return null;
}

export function offersBasic(challenges: readonly Challenge[]): boolean {
  return challenges.some((challenge) => challenge.scheme === "basic");
}
