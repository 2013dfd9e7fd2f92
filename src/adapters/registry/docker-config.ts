import { isRecord } from "../../domain/json.ts";
import { credentialHost, type Credentials } from "./credentials.ts";

/** The part of a program's name that stands after `docker-credential-`. Nothing in it can lead out of PATH. */
const HELPER_NAME = /^[A-Za-z0-9_-]{1,100}$/;

/** Which programs know credentials, by the part of their name after `docker-credential-`. */
export interface HelperNames {
  /** By {@link credentialHost}. */
  readonly byHost: ReadonlyMap<string, string>;
  /** For every host of which nothing else is written down; null for none. */
  readonly store: string | null;
}

export type DockerConfigResult =
  | {
      readonly ok: true;
      /** By {@link credentialHost}, with a path behind it where they are for a part of the registry: `ghcr.io/acme`. */
      readonly credentials: ReadonlyMap<string, Credentials>;
      readonly helpers: HelperNames;
      /** What in the file is not used, and why; for the operator. */
      readonly unused: readonly string[];
    }
  /** `problem` goes on after the file's name. */
  | { readonly ok: false; readonly problem: string };

/**
 * Reads Docker's `config.json` (docs.docker.com, "docker login"; also the content of a `kubernetes.io/dockerconfigjson` secret, and
 * of Podman's `auth.json`, whose entries may be for one path of a registry: containers-auth.json(5)).
 */
export function parseDockerConfig(text: string): DockerConfigResult {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds passwords.
    return { ok: false, problem: "is not JSON" };
  }
  if (!isRecord(config)) return { ok: false, problem: "is not a JSON object" };
  const unused: string[] = [];
  const helpers = helpersOf(config, unused);
  if (typeof helpers === "string") return { ok: false, problem: `has ${helpers}` };
  const auths = config["auths"] ?? {};
  if (!isRecord(auths)) return { ok: false, problem: 'has an "auths" that is not an object' };
  const credentials = new Map<string, Credentials>();
  for (const [key, entry] of Object.entries(auths)) {
    const read = readEntry(key, entry);
    if (read === null) continue;
    if ("problem" in read) unused.push(`the entry "${key}" ${read.problem}`);
    else credentials.set(read.scope, read.credentials);
  }
  return { ok: true, credentials, helpers, unused };
}

interface Problem {
  readonly problem: string;
}

/** A text says what is wrong with all of it. */
function helpersOf(config: Readonly<Record<string, unknown>>, unused: string[]): HelperNames | string {
  const { credsStore = "", credHelpers = {} } = config;
  if (typeof credsStore !== "string") return 'a "credsStore" that is not a text';
  if (!isRecord(credHelpers)) return '"credHelpers" that are not an object';
  const byHost = new Map<string, string>();
  for (const [key, name] of Object.entries(credHelpers)) {
    const scope = scopeOf(key);
    if (typeof scope !== "string") unused.push(`credHelpers for "${key}" ${scope.problem}`);
    else if (scope.includes("/")) unused.push(`credHelpers for "${key}" are for one path of a registry; a helper is asked for a whole registry`);
    else if (typeof name !== "string" || !HELPER_NAME.test(name)) unused.push(`credHelpers for "${key}" ${NO_HELPER_NAME}`);
    else byHost.set(scope, name);
  }
  if (credsStore !== "" && !HELPER_NAME.test(credsStore)) unused.push(`credsStore ${NO_HELPER_NAME}`);
  return { byHost, store: HELPER_NAME.test(credsStore) ? credsStore : null };
}

const NO_HELPER_NAME = "is not the name of a helper; give what stands after docker-credential- in the program's name";

/** Null for the empty entry that Docker leaves when a helper holds the secret. */
function readEntry(key: string, entry: unknown): { readonly scope: string; readonly credentials: Credentials } | Problem | null {
  const scope = scopeOf(key);
  if (typeof scope !== "string") return scope;
  const credentials = credentialsOf(entry);
  if (credentials === null || "problem" in credentials) return credentials;
  return { scope, credentials };
}

/** `https://index.docker.io/v1/`, `ghcr.io` and `http://host:5000/` are whole registries; `host/team` is a part of one. */
function scopeOf(key: string): string | Problem {
  const [, host, path = ""] = /^(?:https?:\/\/)?([^/]+)(?:\/(.*))?$/i.exec(key) ?? [];
  if (host === undefined) return { problem: "names no registry; write its host" };
  if (host.includes("*")) return { problem: "is a pattern, which is not supported; write one entry for each registry" };
  const inside = /^v[12]\/?$/.test(path) ? "" : path.replace(/\/+$/, "");
  return inside === "" ? credentialHost(host) : `${credentialHost(host)}/${inside}`;
}

function credentialsOf(entry: unknown): Credentials | Problem | null {
  if (!isRecord(entry)) return { problem: "is not an object" };
  const { auth, username, password, identitytoken, registrytoken } = entry;
  // The user beside it is a placeholder: the token knows its own.
  if (typeof identitytoken === "string" && identitytoken !== "") return { identityToken: identitytoken };
  if (typeof username === "string" && username !== "" && typeof password === "string") return { username, password };
  if (typeof auth === "string" && auth !== "") return userOf(auth);
  if (typeof registrytoken !== "string" || registrytoken === "") return null;
  return { problem: 'has only a "registrytoken", which ends too soon to be of use; give a user and a password' };
}

function userOf(auth: string): Credentials | Problem {
  // Docker has been seen to pad with zero bytes.
  const decoded = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  if (colon < 1) return { problem: 'has an "auth" that is not the base64 of user:password' };
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
