import { PortFailure } from "../../ports.ts";

/** What the words of a failed Git child mean. Git has no error codes; the words are those of `LC_ALL=C`. */
export type GitTrouble =
  /** The mirror on disk cannot be trusted any more: it is removed and cloned anew. */
  | "damaged"
  /** The remote has no such ref now. */
  | "no-such-ref"
  /** The remote does not hand out the object. */
  | "no-such-object"
  /** The remote refuses the credential, or hides the repository from it. */
  | "refused"
  /** The disk is full or not writable. */
  | "disk"
  /** The object is not in the mirror. */
  | "absent"
  | "other";

const WORDS: readonly (readonly [GitTrouble, RegExp])[] = [
  ["disk", /no space left on device|read-only file system|disk quota exceeded|permission denied/i],
  ["no-such-ref", /couldn't find remote ref/i],
  ["no-such-object", /not our ref|no such remote ref|unadvertised object|remote did not send all necessary objects/i],
  ["refused", /authentication failed|could not read (?:username|password)|returned error: 40[134]|repository '' not found/i],
  [
    "damaged",
    // A lock file left behind by a killed process counts: nothing else uses the mirror, so nothing will ever remove it.
    new RegExp(
      [
        "corrupt|inflate|bad signature|not a git repository|file exists",
        "(?:unable to|could not) read (?:tree |sha1 |object )?[0-9a-f]{40}|missing (?:blob|tree|commit)|missing necessary objects",
        "object file .* is empty|packfile .* (?:cannot|does not)|index file .* is too small|invalid sha1 pointer",
      ].join("|"),
      "i",
    ),
  ],
  ["absent", /bad object|bad revision|not a tree object|not a valid (?:object|commit) name|not something we can merge|could not parse/i],
];

/** Reads the trouble out of stderr, whatever the remote says (`remote: …`) and whatever repositories, refs and files are called. */
export function troubleIn(stderr: string): GitTrouble {
  const own = stderr
    .split("\n")
    .filter((line) => !/^\s*remote:/.test(line))
    .join("\n")
    .replaceAll(/'[^'\n]*'/g, "''")
    .replaceAll(/\S+:\/\/\S+/g, "");
  return WORDS.find(([, words]) => words.test(own))?.[0] ?? "other";
}

/** The mirror must be cloned anew before it can answer. Never leaves the adapter as it is. */
export class DamagedMirror extends Error {
  override readonly name = "DamagedMirror";
}

/** The failure of a child that worked on the mirror alone, without the network. `stderr` holds no secret. */
export function localFailure(what: string, stderr: string): PortFailure | DamagedMirror {
  switch (troubleIn(stderr)) {
    case "damaged":
      return new DamagedMirror(`${what}: ${stderr}`);
    case "absent":
    case "no-such-object":
    case "no-such-ref":
      return new PortFailure("dependency", `${what}: a commit asked for is not in the mirror (${stderr}); look again`);
    case "disk":
      return new PortFailure("stalled", `${what}: the disk under PINION_DATA_DIR is full or not writable (${stderr})`);
    case "refused":
    case "other":
      return new PortFailure("error", `${what} failed: ${stderr}`);
  }
}

/** A file operation on the mirror's directory that failed. */
export function diskFailure(cause: unknown): PortFailure {
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "unknown reason";
  return new PortFailure("stalled", `PINION_DATA_DIR cannot be written (${code}): check that it has room and is Pinion's`, { cause });
}
