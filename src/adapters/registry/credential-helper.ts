import { execFile } from "node:child_process";
import type { Milliseconds } from "../../domain/answer.ts";
import { PortFailure } from "../../ports.ts";
import { credentialHost, type Credentials } from "./credentials.ts";

export interface HelperCall {
  /** What stands after `docker-credential-` in the program's name. */
  readonly name: string;
  /** The registry's host, as manifests write it. */
  readonly host: string;
  /** What Pinion was started with, of which the program gets little. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** {@link HELPER_DEADLINE} unless told. */
  readonly deadlineMs?: Milliseconds;
}

/** A helper may have to ask its cloud who it is, and then for a token. */
const HELPER_DEADLINE: Milliseconds = 20_000;
const LARGEST_ANSWER = 64 * 1024;

/** Docker asks helpers for its Hub by this address. */
const DOCKER_HUB_SERVER = "https://index.docker.io/v1/";

/** The user name that stands for "the secret is an identity token" (docker/docker-credential-helpers, README). */
const TOKEN_USER = "<token>";

/** What a helper says that works and knows nobody for this registry (docker/docker-credential-helpers, `credentials/error.go`). */
const KNOWS_NOBODY = "credentials not found in native keychain";

/**
 * What a helper may know of Pinion's environment: where programs and its own files are, the way out, and how its cloud knows
 * this machine. Nothing of Pinion's own, such as the App's private key.
 */
const PASSED_ON: ReadonlySet<string> = new Set([
  ...["PATH", "HOME", "USER", "TMPDIR", "DOCKER_CONFIG", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"],
  ...["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "GNUPGHOME", "PASSWORD_STORE_DIR", "DBUS_SESSION_BUS_ADDRESS"],
  ...["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "GCE_METADATA_HOST"],
]);
const PASSED_ON_BY_PREFIX = /^(?:ALIBABA_CLOUD|AWS|AZURE|CLOUDSDK|GOOGLE)_/;

/**
 * Runs `docker-credential-<name> get` with the registry on its standard input (docker/docker-credential-helpers, README). Null when
 * it knows nobody there. Throws {@link PortFailure}: `stalled` when there is no such program or it speaks otherwise, `dependency`
 * when it fails or takes too long. Nothing that it printed gets into a message.
 */
export async function askCredentialHelper(call: HelperCall): Promise<Credentials | null> {
  const printed = await run(call);
  if (printed === null) return null;
  const credentials = credentialsIn(printed);
  if (credentials !== undefined) return credentials;
  throw failure("stalled", call, "answered something else than credentials. Check that it is a Docker credential helper");
}

/** What it printed, or null when it knows nobody. */
function run(call: HelperCall): Promise<string | null> {
  const deadline = call.deadlineMs ?? HELPER_DEADLINE;
  return new Promise((resolve, reject) => {
    const options = {
      cwd: "/",
      env: environmentOf(call.environment),
      encoding: "utf8",
      timeout: deadline,
      killSignal: "SIGKILL",
      maxBuffer: LARGEST_ANSWER,
    } as const;
    const child = execFile(programOf(call), ["get"], options, (problem, stdout) => {
      if (problem === null) resolve(stdout);
      else if (stdout.trim() === KNOWS_NOBODY) resolve(null);
      else reject(failureOf(call, problem, deadline));
    });
    // A program that reads nothing closes the pipe; how it ended tells why.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(serverOf(call));
  });
}

function environmentOf(ambient: HelperCall["environment"]): Record<string, string> {
  const passed = Object.entries(ambient).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    return value !== undefined && (PASSED_ON.has(name) || PASSED_ON_BY_PREFIX.test(name));
  });
  return { ...Object.fromEntries(passed), LC_ALL: "C" };
}

function failureOf(call: HelperCall, problem: { readonly code?: unknown; readonly killed?: boolean }, deadline: Milliseconds): PortFailure {
  const { code } = problem;
  const byHand = `Run it by hand to see why: printf ${serverOf(call)} | ${programOf(call)} get`;
  if (code === "ENOENT") return failure("stalled", call, "is not there. Install it on PATH where Pinion runs, as in its image");
  if (code === "EACCES") return failure("stalled", call, "may not be run. Make it executable for Pinion's user");
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
    return failure("stalled", call, `answered more than ${LARGEST_ANSWER} bytes, which is the limit. Check that it is a Docker credential helper`);
  }
  if (problem.killed === true) return failure("dependency", call, `took longer than ${deadline} ms and was stopped. ${byHand}`);
  const end = typeof code === "number" ? `ended with ${code}` : `did not end by itself (${typeof code === "string" ? code : "killed"})`;
  return failure("dependency", call, `${end}. ${byHand}`);
}

function failure(kind: "stalled" | "dependency", call: HelperCall, problem: string): PortFailure {
  return new PortFailure(kind, `Could not get credentials for ${call.host}: ${programOf(call)} ${problem}.`);
}

function serverOf({ host }: HelperCall): string {
  return credentialHost(host) === "docker.io" ? DOCKER_HUB_SERVER : host;
}

function programOf(call: HelperCall): string {
  return `docker-credential-${call.name}`;
}

/** Null for nobody, as which some helpers answer with empty texts; undefined for what is no answer. */
function credentialsIn(printed: string): Credentials | null | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(printed);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null || !("Username" in answer) || !("Secret" in answer)) return undefined;
  const { Username: username, Secret: secret } = answer;
  if (username === "" && secret === "") return null;
  if (typeof username !== "string" || typeof secret !== "string" || username === "" || secret === "") return undefined;
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
}
