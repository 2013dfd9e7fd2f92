import type { Milliseconds } from "../../domain/answer.ts";
import { PortFailure } from "../../ports.ts";
import { credentialHost, type Credentials } from "./credentials.ts";
import { runProgram, type ProgramEnd } from "./program.ts";

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
  const deadlineMs = call.deadlineMs ?? HELPER_DEADLINE;
  const end = await runProgram({
    program: programOf(call),
    args: ["get"],
    input: serverOf(call),
    environment: environmentOf(call.environment),
    deadlineMs,
    maxBytes: LARGEST_ANSWER,
  });
  if (end.kind !== "ended") throw failureOf(call, end, deadlineMs);
  if (end.code === 0) {
    const credentials = credentialsIn(end.printed);
    if (credentials !== undefined) return credentials;
    throw failure("stalled", call, "answered something else than credentials. Check that it is a Docker credential helper");
  }
  if (end.printed.trim() === KNOWS_NOBODY) return null;
  const how = end.code === null ? "did not end by itself (killed)" : `ended with ${end.code}`;
  throw failure("dependency", call, `${how}. ${byHand(call)}`);
}

function environmentOf(ambient: HelperCall["environment"]): Record<string, string> {
  const passed = Object.entries(ambient).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    return value !== undefined && (PASSED_ON.has(name) || PASSED_ON_BY_PREFIX.test(name));
  });
  return { ...Object.fromEntries(passed), LC_ALL: "C" };
}

function failureOf(call: HelperCall, end: Exclude<ProgramEnd, { kind: "ended" }>, deadline: Milliseconds): PortFailure {
  switch (end.kind) {
    case "too late":
      return failure("dependency", call, `took longer than ${deadline} ms and was stopped. ${byHand(call)}`);
    case "too much":
      return failure("stalled", call, `answered more than ${LARGEST_ANSWER} bytes, which is the limit. Check that it is a Docker credential helper`);
    case "not started":
      if (end.code === "ENOENT") return failure("stalled", call, "is not there. Install it on PATH where Pinion runs, as in its image");
      if (end.code === "EACCES") return failure("stalled", call, "may not be run. Make it executable for Pinion's user");
      return failure("dependency", call, `could not be started (${end.code}). ${byHand(call)}`);
  }
}

function byHand(call: HelperCall): string {
  return `Run it by hand to see why: printf ${serverOf(call)} | ${programOf(call)} get`;
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
