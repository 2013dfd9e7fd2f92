/** A user of a registry. Neither part may reach a log or a message. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export type DockerConfigResult =
  | {
      readonly ok: true;
      /** By {@link credentialHost}. */
      readonly credentials: ReadonlyMap<string, Credentials>;
      /** What in the file is not used, and why; for the operator. */
      readonly unused: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

const DOCKER_HUB_HOSTS: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);
const HELPER_ADVICE = 'is a program, which is not supported yet; put the user and password into "auths"';

/** The host that credentials are kept under: in lower case, and `docker.io` for every name of Docker Hub. */
export function credentialHost(host: string): string {
  const lower = host.toLowerCase();
  return DOCKER_HUB_HOSTS.has(lower) ? "docker.io" : lower;
}

/**
 * Reads Docker's `config.json` (docs.docker.com, "docker login"; also the content of a `kubernetes.io/dockerconfigjson` secret).
 * Only `auths` with a user and a password are used: helpers are programs, which Pinion does not run.
 */
export function parseDockerConfig(text: string): DockerConfigResult {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds passwords.
    return { ok: false, problem: "the Docker config is not JSON" };
  }
  if (!isRecord(config)) return { ok: false, problem: "the Docker config is not a JSON object" };
  const credentials = new Map<string, Credentials>();
  const unused = helpers(config);
  const auths = config["auths"] ?? {};
  if (!isRecord(auths)) return { ok: false, problem: 'the Docker config has an "auths" that is not an object' };
  for (const [key, entry] of Object.entries(auths)) {
    const host = hostOfKey(key);
    if (host === null) {
      unused.push(`the entry "${key}" is for one path of a registry; only entries for a whole registry are used`);
      continue;
    }
    const found = credentialsOf(entry);
    if (typeof found === "string") unused.push(`the entry "${key}" ${found}`);
    else if (found !== null) credentials.set(host, found);
  }
  return { ok: true, credentials, unused };
}

function helpers(config: Readonly<Record<string, unknown>>): string[] {
  const unused: string[] = [];
  const store = config["credsStore"];
  if (typeof store === "string" && store !== "") unused.push(`credsStore "${store}" ${HELPER_ADVICE}`);
  const perHost = config["credHelpers"];
  for (const host of isRecord(perHost) ? Object.keys(perHost) : []) {
    unused.push(`credHelpers for "${host}" ${HELPER_ADVICE}`);
  }
  return unused;
}

/** `https://index.docker.io/v1/`, `ghcr.io` and `http://host:5000/` are hosts; `host/team` is not. */
function hostOfKey(key: string): string | null {
  const [, host, path] = /^(?:https?:\/\/)?([^/]+)(?:\/(.*))?$/i.exec(key) ?? [];
  if (host === undefined) return null;
  return path === undefined || path === "" || /^v[12]\/?$/.test(path) ? credentialHost(host) : null;
}

/** Null for the empty entry that Docker leaves when a helper holds the secret; a text says what is wrong. */
function credentialsOf(entry: unknown): Credentials | string | null {
  if (!isRecord(entry)) return "is not an object";
  const { auth, username, password, identitytoken } = entry;
  if (typeof identitytoken === "string" && identitytoken !== "") {
    return "is an identity token, which is not supported yet; use a user and password";
  }
  if (typeof username === "string" && username !== "" && typeof password === "string") return { username, password };
  if (typeof auth !== "string" || auth === "") return null;
  // Docker has been seen to pad with zero bytes.
  const decoded = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  if (colon < 1) return 'has an "auth" that is not the base64 of user:password';
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
