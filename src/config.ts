/**
 * What the operator says, by environment variables: who Pinion is on GitHub, where it listens, and the endpoints with
 * their secrets. What a repository says is in its own file (`src/domain/config-file.ts`).
 */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Milliseconds } from "./domain/answer.ts";
import { parseDuration } from "./domain/config/duration.ts";
import { REGISTRY_SOURCES, type RegistrySource } from "./domain/registry-events/sources.ts";
import { didYouMean } from "./domain/suggest.ts";
import { Secret } from "./secret.ts";

/**
 * The environment of this process, copied; from now on the copy is `process.env`. Node asks the system each time something looks there, and `yaml`
 * looks once for every token that it reads, which took a third of the time of reading manifests.
 */
export function takeEnvironment(): Readonly<Record<string, string | undefined>> {
  process.env = { ...process.env };
  return process.env;
}

export interface Settings {
  readonly github: {
    readonly appId: number;
    /** PEM, PKCS#8. */
    readonly privateKey: Secret;
    readonly webhookSecret: Secret;
    /** Without a slash at the end, as are all URLs here. */
    readonly apiUrl: string;
    readonly url: string;
  };
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logLevel: LogLevel;
  /** For mirrors of repositories. All of it can be lost. */
  readonly dataDirectory: string;
  readonly argocd: ReadonlyMap<string, { readonly url: string; readonly token: Secret }>;
  readonly prometheus: ReadonlyMap<string, { readonly url: string; readonly token: Secret | null }>;
  readonly registries: {
    /** A Docker `config.json`, or null. */
    readonly dockerConfig: { readonly path: string; readonly content: Secret } | null;
    /** Hosts that are spoken to without TLS. */
    readonly insecure: readonly string[];
    /** Hosts in private networks that a registry may send us to. */
    readonly trusted: readonly string[];
  };
  /** Secrets by which registries show who they are. A source without one has no door. */
  readonly webhooks: ReadonlyMap<RegistrySource, Secret>;
  /** Whose token Pub/Sub shows instead, or null. */
  readonly pushIdentity: { readonly audience: string; readonly serviceAccount: string } | null;
  readonly sweepInterval: Milliseconds;
}

/** Where releases, rollouts and measures are asked for; all that a plan without GitHub needs. */
export type EndpointSettings = Pick<Settings, "argocd" | "prometheus" | "registries">;

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The variable that opens the door for a source. */
export function webhookSecretVariable(source: RegistrySource): string {
  return `PINION_WEBHOOK_${source.toUpperCase()}_SECRET`;
}

/** The variables that open the door for Pub/Sub. */
export const PUSH_AUDIENCE = "PINION_WEBHOOK_GAR_AUDIENCE";
export const PUSH_ACCOUNT = "PINION_WEBHOOK_GAR_SERVICE_ACCOUNT";
/** The name of an endpoint that was given without one. */
const UNNAMED = "default";
/** Shorter secrets can be guessed. */
const SECRET_LENGTH = 16;
const SHORTEST_SWEEP: Milliseconds = 10_000;
const LONGEST_SWEEP: Milliseconds = 86_400_000;

const PRODUCTS = ["ARGOCD", "PROMETHEUS"] as const;
type Product = (typeof PRODUCTS)[number];
const ENDPOINT =
  /^PINION_(?<product>ARGOCD|PROMETHEUS)(?!_DEFAULT_)(?:_(?<name>[A-Z0-9]+(?:_[A-Z0-9]+)*?))??_(?<part>URL|TOKEN_FILE|TOKEN)$/;
const PLAIN_VARIABLES = [
  "PINION_DATA_DIR",
  "PINION_REGISTRY_CONFIG",
  "PINION_INSECURE_REGISTRIES",
  "PINION_TRUSTED_REGISTRY_HOSTS",
  "PINION_SWEEP_INTERVAL",
  ...REGISTRY_SOURCES.flatMap((source) => [webhookSecretVariable(source), `${webhookSecretVariable(source)}_FILE`]),
  PUSH_AUDIENCE,
  PUSH_ACCOUNT,
];
const OTHER_VARIABLES = [
  "APP_ID",
  "PRIVATE_KEY",
  "PRIVATE_KEY_PATH",
  "WEBHOOK_SECRET",
  "HOST",
  "PORT",
  "LOG_LEVEL",
  "GITHUB_URL",
  "GITHUB_API_URL",
];
/** Every variable that is read, but for those of named endpoints. */
export const VARIABLES: readonly string[] = [
  ...OTHER_VARIABLES,
  ...PLAIN_VARIABLES,
  ...PRODUCTS.flatMap((product) => ["URL", "TOKEN", "TOKEN_FILE"].map((part) => `PINION_${product}_${part}`)),
];
/** What Kubernetes gives every container for a Service that is called `pinion` (or `pinion-…`) in its namespace. */
const SERVICE_LINK = /_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;

export type SettingsResult =
  { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly problems: readonly string[] };

/** All secrets of the settings, so that they can be kept out of logs. */
export function secretsOf(settings: Settings): readonly Secret[] {
  const { github, argocd, prometheus, registries, webhooks } = settings;
  const tokens = [...argocd.values(), ...prometheus.values()].map(({ token }) => token);
  return [github.privateKey, github.webhookSecret, ...tokens, registries.dockerConfig?.content ?? null, ...webhooks.values()].filter(
    (secret) => secret !== null,
  );
}

/** Reads where registries, Argo CD and Prometheus are, and nothing of GitHub or the server; mistakes as {@link readSettings} tells them. */
export function readEndpointSettings(
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, "utf8"),
): { readonly ok: true; readonly settings: EndpointSettings } | { readonly ok: false; readonly problems: readonly string[] } {
  const reading = new Reading(environment, readFile);
  const settings = endpointSettings(reading);
  unknownVariables(reading);
  return reading.problems.length === 0 ? { ok: true, settings } : { ok: false, problems: reading.problems };
}

function endpointSettings(reading: Reading): EndpointSettings {
  return {
    argocd: argocd(reading),
    prometheus: new Map(endpoints(reading, "PROMETHEUS")),
    registries: {
      dockerConfig: dockerConfig(reading),
      insecure: hosts(reading, "PINION_INSECURE_REGISTRIES"),
      trusted: hosts(reading, "PINION_TRUSTED_REGISTRY_HOSTS"),
    },
  };
}

function dockerConfig(reading: Reading): EndpointSettings["registries"]["dockerConfig"] {
  const path = reading.text("PINION_REGISTRY_CONFIG");
  const content = reading.fileIn("PINION_REGISTRY_CONFIG");
  return path === null || content === null ? null : { path, content };
}

/** Reads everything and tells all mistakes at once. A variable that is empty counts as not given. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, "utf8"),
): SettingsResult {
  const reading = new Reading(environment, readFile);
  const settings: Settings = {
    github: {
      appId: appId(reading),
      privateKey: privateKey(reading),
      webhookSecret: webhookSecret(reading),
      ...gitHubUrls(reading),
    },
    host: reading.text("HOST") ?? "localhost",
    port: port(reading),
    logLevel: logLevel(reading),
    dataDirectory: dataDirectory(reading),
    ...endpointSettings(reading),
    webhooks: webhooks(reading),
    pushIdentity: pushIdentity(reading),
    sweepInterval: sweepInterval(reading),
  };
  unknownVariables(reading);
  return reading.problems.length === 0 ? { ok: true, settings } : { ok: false, problems: reading.problems };
}

/** One pass over the environment. What is missing or wrong becomes a problem, and a stand-in that is never used. */
class Reading {
  readonly problems: string[] = [];
  readonly names: readonly string[];
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #readFile: (path: string) => string;

  constructor(environment: Readonly<Record<string, string | undefined>>, readFile: (path: string) => string) {
    this.#environment = environment;
    this.#readFile = readFile;
    this.names = Object.keys(environment).filter((name) => this.text(name) !== null);
  }

  problem(text: string): void {
    this.problems.push(text);
  }

  text(name: string): string | null {
    const text = this.#environment[name]?.trim() ?? "";
    return text === "" ? null : text;
  }

  /** The content of the file that a variable names. */
  fileIn(name: string): Secret | null {
    const path = this.text(name);
    if (path === null) return null;
    try {
      const content = this.#readFile(path).trim();
      if (content !== "") return new Secret(content);
      this.problem(`${name}: the file ${path} is empty`);
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
      this.problem(`${name}: the file ${path} cannot be read (${code})`);
    }
    return null;
  }

  /** A secret given as it is, or better as a file; not both. */
  secret(name: string, fileName: string): Secret | null {
    const text = this.text(name);
    if (text !== null && this.text(fileName) !== null) this.problem(`${name} and ${fileName} are both given: keep one of them`);
    return text === null ? this.fileIn(fileName) : new Secret(text);
  }
}

function appId(reading: Reading): number {
  const text = reading.text("APP_ID");
  if (text === null) reading.problem("APP_ID is missing: the number on the App's page on GitHub");
  else if (!/^[1-9]\d{0,14}$/.test(text)) reading.problem("APP_ID must be the App's number, not its client id or name");
  return Number(text);
}

/** Takes PEM, PEM with `\n` for line breaks as env files write it, and PEM in base64. */
function privateKey(reading: Reading): Secret {
  const given = reading.secret("PRIVATE_KEY", "PRIVATE_KEY_PATH");
  if (given === null) {
    if (reading.text("PRIVATE_KEY_PATH") === null)
      reading.problem("PRIVATE_KEY_PATH or PRIVATE_KEY is missing: the App's private key in PEM");
    return new Secret("");
  }
  const unescaped = given.reveal().replaceAll("\\n", "\n");
  const pem = unescaped.includes("-----BEGIN") ? unescaped : Buffer.from(unescaped, "base64").toString("utf8");
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "rsa") return new Secret(key.export({ type: "pkcs8", format: "pem" }).toString());
  } catch {
    // OpenSSL's words are about ASN.1; what they would quote is a secret.
  }
  reading.problem("PRIVATE_KEY is not an RSA key in PEM: give the file that GitHub let you download, unchanged");
  return new Secret("");
}

function webhookSecret(reading: Reading): Secret {
  const text = reading.text("WEBHOOK_SECRET") ?? "";
  if (text === "") reading.problem("WEBHOOK_SECRET is missing: without it, anybody could send events in GitHub's name");
  else if (text === "development") reading.problem('WEBHOOK_SECRET must not be "development", which everybody knows');
  else if (text.length < SECRET_LENGTH) reading.problem(`WEBHOOK_SECRET must have at least ${SECRET_LENGTH} characters`);
  return new Secret(text);
}

function gitHubUrls(reading: Reading): { readonly apiUrl: string; readonly url: string } {
  const url = urlOf(reading, "GITHUB_URL", "tls");
  const apiUrl = urlOf(reading, "GITHUB_API_URL", "tls");
  if (url === null && apiUrl !== null && apiUrl !== "https://api.github.com") {
    reading.problem("GITHUB_API_URL is given without GITHUB_URL: both must name the same GitHub");
  }
  if (url === null || url === "https://github.com") return { url: "https://github.com", apiUrl: apiUrl ?? "https://api.github.com" };
  // As GitHub Enterprise Server serves it (docs.github.com, "Getting started with the REST API").
  return { url, apiUrl: apiUrl ?? `${url}/api/v3` };
}

/** `tls`: over plain HTTP only to this machine, because a credential goes along that opens everything. */
function urlOf(reading: Reading, name: string, demand: "tls" | "any"): string | null {
  const text = reading.text(name);
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["https:", "http:"].includes(url.protocol)) {
    reading.problem(`${name} must be a URL with https:// or http://`);
  } else if (url.username !== "" || url.password !== "") {
    reading.problem(`${name} must not hold a user or password: URLs end up in logs`);
  } else if (url.search !== "" || url.hash !== "") {
    reading.problem(`${name} must be an address without ? or #`);
  } else if (demand === "tls" && url.protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) {
    reading.problem(`${name} must begin with https://`);
  } else {
    return url.href.replace(/\/+$/, "");
  }
  return null;
}

function port(reading: Reading): number {
  const text = reading.text("PORT") ?? "3000";
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  reading.problem("PORT must be a number from 0 to 65535");
  return 0;
}

function logLevel(reading: Reading): LogLevel {
  const text = reading.text("LOG_LEVEL") ?? "info";
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) reading.problem(`LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}.${didYouMean(text, LOG_LEVELS)}`);
  return level ?? "info";
}

function dataDirectory(reading: Reading): string {
  const given = reading.text("PINION_DATA_DIR");
  if (given !== null) return given;
  const cache = reading.text("XDG_CACHE_HOME");
  const home = reading.text("HOME");
  // Never a directory that anybody may write to: Git obeys the configuration that it finds in a repository.
  if (cache === null && home === null) reading.problem("PINION_DATA_DIR is missing, and there is no HOME to take its place");
  return cache === null ? join(home ?? "", ".cache", "pinion") : join(cache, "pinion");
}

function argocd(reading: Reading): Settings["argocd"] {
  const found = new Map<string, { readonly url: string; readonly token: Secret }>();
  for (const [name, { url, token }] of endpoints(reading, "ARGOCD")) {
    if (token !== null) found.set(name, { url, token });
    else reading.problem(`${variable("ARGOCD", name, "URL")} needs a token: give ${variable("ARGOCD", name, "TOKEN_FILE")}`);
  }
  return found;
}

/** By name in lower case, with `-` for `_`: `PINION_ARGOCD_EU_WEST_URL` is `eu-west`. */
function endpoints(
  reading: Reading,
  product: Product,
): readonly (readonly [string, { readonly url: string; readonly token: Secret | null }])[] {
  const names = new Set<string>();
  for (const name of reading.names) {
    const parts = ENDPOINT.exec(name)?.groups;
    if (parts?.["product"] === product) names.add(parts["name"]?.toLowerCase().replaceAll("_", "-") ?? UNNAMED);
  }
  return [...names].toSorted().flatMap((name) => {
    const before = reading.problems.length;
    const token = reading.secret(variable(product, name, "TOKEN"), variable(product, name, "TOKEN_FILE"));
    const url = urlOf(reading, variable(product, name, "URL"), "any");
    if (url === null && reading.problems.length === before) {
      reading.problem(`${variable(product, name, "URL")} is missing, though there is a token for it`);
    }
    return url === null || reading.problems.length > before ? [] : [[name, { url, token }] as const];
  });
}

function variable(product: Product, name: string, part: "URL" | "TOKEN" | "TOKEN_FILE"): string {
  return `PINION_${product}_${name === UNNAMED ? "" : `${name.toUpperCase().replaceAll("-", "_")}_`}${part}`;
}

function hosts(reading: Reading, name: string): readonly string[] {
  const found = (reading.text(name) ?? "").split(",").map((host) => host.trim().toLowerCase());
  for (const host of found) {
    if (host !== "" && !/^[a-z0-9.-]+(?::\d{1,5})?$|^\[[0-9a-f:]+\](?::\d{1,5})?$/.test(host)) {
      reading.problem(`${name}: "${host}" is not a host with an optional port; give hosts with commas between them`);
    }
  }
  return found.filter((host) => host !== "");
}

function webhooks(reading: Reading): ReadonlyMap<RegistrySource, Secret> {
  const found = new Map<RegistrySource, Secret>();
  for (const source of REGISTRY_SOURCES) {
    const name = webhookSecretVariable(source);
    const secret = reading.secret(name, `${name}_FILE`);
    if (secret === null) continue;
    if (secret.reveal().length < SECRET_LENGTH) reading.problem(`${name} must have at least ${SECRET_LENGTH} characters`);
    found.set(source, secret);
  }
  return found;
}

/** Both or neither: any service account of Google's can have a token made for any audience. */
function pushIdentity(reading: Reading): Settings["pushIdentity"] {
  const [audience, serviceAccount] = [reading.text(PUSH_AUDIENCE), reading.text(PUSH_ACCOUNT)];
  if (audience === null && serviceAccount === null) return null;
  if (audience === null || serviceAccount === null) {
    reading.problem(`${PUSH_AUDIENCE} and ${PUSH_ACCOUNT} go together: give the subscription's audience and the account it pushes as`);
    return null;
  }
  if (!/^[^\s@]+@[^\s@]+$/.test(serviceAccount)) reading.problem(`${PUSH_ACCOUNT} must be the e-mail address of a service account`);
  const secret = webhookSecretVariable("gar");
  for (const name of [secret, `${secret}_FILE`]) {
    if (reading.text(name) !== null) reading.problem(`${name} is given beside ${PUSH_AUDIENCE}: take it out, the token is the better proof`);
  }
  return { audience, serviceAccount };
}

function sweepInterval(reading: Reading): Milliseconds {
  const text = reading.text("PINION_SWEEP_INTERVAL") ?? "5m";
  const interval = parseDuration(text);
  if (interval !== null && interval >= SHORTEST_SWEEP && interval <= LONGEST_SWEEP) return interval;
  reading.problem("PINION_SWEEP_INTERVAL must be a time from 10s to 1d, like 90s, 5m or 1h");
  return LONGEST_SWEEP;
}

/** A variable that is misspelt would otherwise be a setting that silently does not hold. */
function unknownVariables(reading: Reading): void {
  for (const name of reading.names) {
    if (!name.startsWith("PINION_") || PLAIN_VARIABLES.includes(name) || ENDPOINT.test(name)) continue;
    if (SERVICE_LINK.test(name) || (name === "PINION_PORT" && /^[a-z]+:\/\//.test(reading.text(name) ?? ""))) continue;
    const start = name.slice(0, name.lastIndexOf("_"));
    const candidates = [
      ...["URL", "TOKEN_FILE", "TOKEN"].map((part) => `${start}_${part}`).filter((candidate) => ENDPOINT.test(candidate)),
      ...PLAIN_VARIABLES,
      ...PRODUCTS.flatMap((product) => [variable(product, UNNAMED, "URL"), variable(product, UNNAMED, "TOKEN_FILE")]),
    ];
    const other = OTHER_VARIABLES.find((known) => `PINION_${known}` === name);
    reading.problem(`${name} is not a setting.${other === undefined ? didYouMean(name, candidates) : ` Did you mean "${other}"?`}`);
  }
}
