/** Where a repository is fetched from. */
export interface Remote {
  /** `https:`, `http:` or `file:`, without user or password. */
  readonly url: string;
  /** A whole header line that opens it, as `Authorization: Basic …`, or null where none is needed. */
  readonly header: string | null;
}

/** What a Git child may take from the environment Pinion was started in. All else, and every `GIT_*` above all, stays outside. */
const PASSED_ON = [
  "PATH",
  "TMPDIR",
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
  "NO_PROXY",
  "no_proxy",
  "ALL_PROXY",
  "all_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "GIT_SSL_CAINFO",
] as const;

/** Settings that hold for every child, whatever a config file on the machine says. */
const ALWAYS: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["credential.helper", ""],
  ["gc.autoDetach", "false"],
  ["fetch.recurseSubmodules", "false"],
  // A redirect could carry the credential elsewhere; a renamed repository is looked up under its new name instead.
  ["http.followRedirects", "false"],
  // A transfer that has all but stopped ends by itself, also where killing `git` leaves its transport child behind.
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "30"],
];

/**
 * The whole environment of one Git child. A credential travels here, where other users of the machine cannot read it
 * (the command line is public) and nothing is written to disk; it is bound to the URL it belongs to.
 */
export function gitEnvironment(
  ambient: Readonly<Record<string, string | undefined>>,
  mirror: string,
  remote: Remote | null,
): Record<string, string> {
  const environment: Record<string, string> = {
    HOME: mirror,
    LC_ALL: "C",
    GIT_DIR: mirror,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_ALLOW_PROTOCOL: remote === null ? "none" : new URL(remote.url).protocol.slice(0, -1),
  };
  for (const name of PASSED_ON) {
    const value = ambient[name];
    if (value !== undefined) environment[name] = value;
  }
  const settings = [...ALWAYS];
  if (remote !== null && remote.header !== null) settings.push([`http.${remote.url}.extraHeader`, remote.header]);
  environment["GIT_CONFIG_COUNT"] = String(settings.length);
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

/**
 * What Git said, fit for a message that people see: without the remote's credential, without user and password in URLs,
 * without places on the machine, and short.
 */
export function presentable(text: string, mirror: string, remote: Remote | null): string {
  let clean = text.replaceAll(mirror, "the mirror").replaceAll(/\/\/[^/\s@]*@/g, "//");
  for (const part of remote?.header?.split(/[\s:]+/) ?? []) {
    if (part.length >= 8 && !/^(?:authorization|bearer)$/i.test(part)) clean = clean.replaceAll(part, "[secret]");
  }
  return clean.trim().slice(0, 500);
}
