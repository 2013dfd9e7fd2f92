import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { readEndpointSettings, readSettings, takeEnvironment, type Settings } from "../src/config.ts";
import { Secret } from "../src/secret.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PKCS1 = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const PKCS8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const WEBHOOK_SECRET = "a-long-enough-secret";

const SOUND = { APP_ID: "1234", PRIVATE_KEY: PKCS1, WEBHOOK_SECRET, HOME: "/home/pinion" };

function settingsOf(environment: Record<string, string | undefined>, files: Record<string, string> = {}): Settings {
  const result = readSettings({ ...SOUND, ...environment }, reader(files));
  if (!result.ok) throw new Error(result.problems.join("\n"));
  return result.settings;
}

function problemsOf(environment: Record<string, string | undefined>, files: Record<string, string> = {}): readonly string[] {
  const result = readSettings({ ...SOUND, ...environment }, reader(files));
  return result.ok ? [] : result.problems;
}

function reader(files: Record<string, string>): (path: string) => string {
  return (path) => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return content;
  };
}

describe("the least that is needed", () => {
  it("gives defaults that suit one machine", () => {
    const settings = settingsOf({});
    expect(settings).toMatchObject({
      github: { appId: 1234, url: "https://github.com", apiUrl: "https://api.github.com" },
      host: "localhost",
      port: 3000,
      logLevel: "info",
      dataDirectory: "/home/pinion/.cache/pinion",
      registries: { dockerConfig: null, insecure: [], trusted: [] },
      sweepInterval: 300_000,
    });
    expect([settings.argocd.size, settings.prometheus.size, settings.webhooks.size]).toEqual([0, 0, 0]);
  });

  it("tells everything that is missing at once", () => {
    const result = readSettings({}, reader({}));
    expect(result).toEqual({
      ok: false,
      problems: [
        expect.stringMatching(/^APP_ID is missing/),
        expect.stringMatching(/^PRIVATE_KEY_PATH or PRIVATE_KEY is missing/),
        expect.stringMatching(/^WEBHOOK_SECRET is missing/),
        expect.stringMatching(/^PINION_DATA_DIR is missing/),
      ],
    });
  });

  it("counts an empty variable as not given", () => {
    expect(settingsOf({ PORT: "", HOST: " ", PINION_ARGOCD_URL: "", PINION_TYPO: "" }).port).toBe(3000);
  });
});

describe("the private key", () => {
  it.each([
    ["in PKCS#1, as GitHub gives it", { PRIVATE_KEY: PKCS1 }],
    ["in PKCS#8", { PRIVATE_KEY: PKCS8 }],
    ["with \\n for line breaks", { PRIVATE_KEY: PKCS1.replaceAll("\n", "\\n") }],
    ["in base64", { PRIVATE_KEY: Buffer.from(PKCS1).toString("base64") }],
    ["in a file", { PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: "/key.pem" }],
  ])("can be given %s", (_name, environment) => {
    expect(settingsOf(environment, { "/key.pem": PKCS1 }).github.privateKey.reveal()).toBe(PKCS8);
  });

  it.each([
    ["noise", { PRIVATE_KEY: "noise" }],
    ["a public key", { PRIVATE_KEY: generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }).toString() }],
    ["a key of another kind", { PRIVATE_KEY: generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString() }],
    ["half a key", { PRIVATE_KEY: PKCS1.slice(0, 400) }],
  ])("cannot be %s, and is not repeated", (_name, environment) => {
    const problems = problemsOf(environment);
    expect(problems).toEqual([expect.stringMatching(/^PRIVATE_KEY is not an RSA key in PEM/)]);
  });

  it("must be readable, and given once", () => {
    expect(problemsOf({ PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: "/none" })).toEqual(["PRIVATE_KEY_PATH: the file /none cannot be read (ENOENT)"]);
    expect(problemsOf({ PRIVATE_KEY_PATH: "/key.pem" }, { "/key.pem": PKCS1 })).toEqual([expect.stringContaining("both given")]);
  });
});

it.each([
  [{ APP_ID: "Iv1.abc" }, /^APP_ID must be the App's number/],
  [{ APP_ID: "0" }, /^APP_ID must/],
  [{ APP_ID: "-1" }, /^APP_ID must/],
  [{ APP_ID: "1e3" }, /^APP_ID must/],
  [{ WEBHOOK_SECRET: "development" }, /everybody knows/],
  [{ WEBHOOK_SECRET: "short" }, /at least 16/],
  [{ WEBHOOK_SECRET: "               " }, /is missing/],
  [{ PORT: "65536" }, /^PORT must/],
  [{ PORT: "-1" }, /^PORT must/],
  [{ PORT: "3000/tcp" }, /^PORT must/],
  [{ PORT: "0x10" }, /^PORT must/],
  [{ LOG_LEVEL: "INFO" }, /^LOG_LEVEL must be one of .*Did you mean "info"\?/],
  [{ LOG_LEVEL: "verbose" }, /^LOG_LEVEL must/],
  [{ PINION_SWEEP_INTERVAL: "9s" }, /^PINION_SWEEP_INTERVAL must/],
  [{ PINION_SWEEP_INTERVAL: "2d" }, /^PINION_SWEEP_INTERVAL must/],
  [{ PINION_SWEEP_INTERVAL: "300" }, /^PINION_SWEEP_INTERVAL must/],
  [{ GITHUB_URL: "ghe.example.com" }, /^GITHUB_URL must be a URL/],
  [{ GITHUB_URL: "http://ghe.example.com" }, /^GITHUB_URL must begin with https/],
  [{ GITHUB_URL: "ftp://ghe.example.com" }, /^GITHUB_URL must be a URL/],
  [{ GITHUB_API_URL: "https://ghe.example.com/api/v3" }, /without GITHUB_URL/],
  [{ PINION_ARGOCD_URL: "https://u:p@argocd.example.com", PINION_ARGOCD_TOKEN: "t" }, /must not hold a user/],
  [{ PINION_ARGOCD_URL: "https://argocd.example.com?x=1", PINION_ARGOCD_TOKEN: "t" }, /without \? or #/],
  [{ PINION_ARGOCD_URL: "https://argocd.example.com" }, /^PINION_ARGOCD_URL needs a token: give PINION_ARGOCD_TOKEN_FILE$/],
  [{ PINION_ARGOCD_EU_TOKEN: "t" }, /^PINION_ARGOCD_EU_URL is missing, though there is a token/],
  [{ PINION_PROMETHEUS_TOKEN_FILE: "/none" }, /^PINION_PROMETHEUS_TOKEN_FILE: the file \/none cannot be read/],
  [{ PINION_REGISTRY_CONFIG: "/none" }, /cannot be read \(ENOENT\)/],
  [{ PINION_INSECURE_REGISTRIES: "a.example.com, http://b" }, /"http:\/\/b" is not a host/],
  [{ PINION_WEBHOOK_DISTRIBUTION_SECRET: "short" }, /at least 16/],
  [{ PINION_WEBHOOK_GAR_AUDIENCE: "https://pinion.example.com" }, /^PINION_WEBHOOK_GAR_AUDIENCE and PINION_WEBHOOK_GAR_SERVICE_ACCOUNT go together/],
  [{ PINION_WEBHOOK_GAR_SERVICE_ACCOUNT: "push@p.iam.gserviceaccount.com" }, /go together/],
  [{ PINION_WEBHOOK_GAR_AUDIENCE: "a", PINION_WEBHOOK_GAR_SERVICE_ACCOUNT: "push" }, /must be the e-mail address/],
  [
    { PINION_WEBHOOK_GAR_AUDIENCE: "a", PINION_WEBHOOK_GAR_SERVICE_ACCOUNT: "push@p.iam.gserviceaccount.com", PINION_WEBHOOK_GAR_SECRET: "sixteen characters" },
    /^PINION_WEBHOOK_GAR_SECRET is given beside PINION_WEBHOOK_GAR_AUDIENCE: take it out/,
  ],
])("refuses %j", (environment, problem) => {
  expect(problemsOf(environment)).toEqual([expect.stringMatching(problem)]);
});

describe("variables that are not settings", () => {
  it.each([
    ["PINION_DATADIR", "PINION_DATA_DIR"],
    ["PINION_SWEEP_INTERVALL", "PINION_SWEEP_INTERVAL"],
    ["PINION_WEBHOOK_DISTRIBUTION_SECRETS", "PINION_WEBHOOK_DISTRIBUTION_SECRET"],
    ["PINION_ARGOCD_EU_WEST_URI", "PINION_ARGOCD_EU_WEST_URL"],
    ["PINION_ARGOCD_TOKENFILE", "PINION_ARGOCD_TOKEN_FILE"],
    ["PINION_ARGOCD_DEFAULT_URL", "PINION_ARGOCD_URL"],
    ["PINION_PROMETEUS_URL", "PINION_PROMETHEUS_URL"],
    ["PINION_WEBHOOK_SECRET", "WEBHOOK_SECRET"],
    ["PINION_PORT", "PORT"],
    ["PINION_APP_ID", "APP_ID"],
  ])("%s: did you mean %s?", (name, meant) => {
    expect(problemsOf({ [name]: "12345678901234567890" })).toEqual([`${name} is not a setting. Did you mean "${meant}"?`]);
  });

  it("are told without a guess when nothing is close", () => {
    expect(problemsOf({ PINION_QX: "1" })).toEqual(["PINION_QX is not a setting."]);
  });

  it("are left alone when Kubernetes gave them for a Service that is called pinion", () => {
    expect(
      problemsOf({
        PINION_SERVICE_HOST: "10.0.0.1",
        PINION_SERVICE_PORT: "80",
        PINION_SERVICE_PORT_HTTP: "80",
        PINION_PORT: "tcp://10.0.0.1:80",
        PINION_PORT_80_TCP: "tcp://10.0.0.1:80",
        PINION_PORT_80_TCP_PROTO: "tcp",
        PINION_PORT_80_TCP_PORT: "80",
        PINION_PORT_80_TCP_ADDR: "10.0.0.1",
      }),
    ).toEqual([]);
  });
});

describe("endpoints", () => {
  it("have names, or none", () => {
    const settings = settingsOf(
      {
        PINION_ARGOCD_URL: "https://argocd.example.com/",
        PINION_ARGOCD_TOKEN: "one",
        PINION_ARGOCD_EU_WEST_URL: "https://eu.example.com/argocd//",
        PINION_ARGOCD_EU_WEST_TOKEN_FILE: "/run/eu",
        PINION_PROMETHEUS_MAIN_URL: "http://prometheus.monitoring.svc:9090",
      },
      { "/run/eu": "two\n" },
    );
    expect([...settings.argocd].map(([name, { url, token }]) => [name, url, token.reveal()])).toEqual([
      ["default", "https://argocd.example.com", "one"],
      ["eu-west", "https://eu.example.com/argocd", "two"],
    ]);
    expect([...settings.prometheus]).toEqual([["main", { url: "http://prometheus.monitoring.svc:9090", token: null }]]);
  });

  it("can be a GitHub of one's own, and one on this machine without TLS", () => {
    expect(settingsOf({ GITHUB_URL: "https://ghe.example.com/" }).github).toMatchObject({
      url: "https://ghe.example.com",
      apiUrl: "https://ghe.example.com/api/v3",
    });
    expect(settingsOf({ GITHUB_URL: "http://127.0.0.1:8080", GITHUB_API_URL: "http://127.0.0.1:8080/api" }).github).toMatchObject({
      url: "http://127.0.0.1:8080",
      apiUrl: "http://127.0.0.1:8080/api",
    });
  });

  it("are read with hosts, secrets of webhooks and the registries' config", () => {
    const settings = settingsOf(
      {
        PINION_INSECURE_REGISTRIES: "Registry.internal:5000, 10.0.0.1 ,",
        PINION_REGISTRY_CONFIG: "/docker.json",
        PINION_WEBHOOK_DISTRIBUTION_SECRET_FILE: "/hook",
        PINION_WEBHOOK_GAR_AUDIENCE: "https://pinion.example.com",
        PINION_WEBHOOK_GAR_SERVICE_ACCOUNT: "push@p.iam.gserviceaccount.com",
        PINION_SWEEP_INTERVAL: "90s",
        PORT: "0",
      },
      { "/docker.json": '{"auths":{}}', "/hook": "sixteen characters\n" },
    );
    expect(settings.registries.insecure).toEqual(["registry.internal:5000", "10.0.0.1"]);
    expect(settings.registries.dockerConfig?.path).toBe("/docker.json");
    expect(settings.registries.dockerConfig?.content.reveal()).toBe('{"auths":{}}');
    expect(settings.webhooks.get("distribution")?.reveal()).toBe("sixteen characters");
    expect(settings.pushIdentity).toEqual({ audience: "https://pinion.example.com", serviceAccount: "push@p.iam.gserviceaccount.com" });
    expect([settings.sweepInterval, settings.port]).toEqual([90_000, 0]);
  });
});

it("reads real files", () => {
  const directory = mkdtempSync(join(tmpdir(), "pinion-config-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "key.pem"), PKCS1);
  const result = readSettings({ ...SOUND, PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: join(directory, "key.pem") });
  expect(result.ok).toBe(true);
  const missing = readSettings({ ...SOUND, PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: join(directory, "none.pem") });
  expect(missing).toMatchObject({ ok: false, problems: [expect.stringContaining("ENOENT")] });
});

it("keeps secrets out of sight, however they are printed", () => {
  const secret = new Secret("do not show me");
  const shown = [String(secret), JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] }), Object.values(secret).join()];
  expect(shown.join("\n")).not.toContain("do not show me");
  const settings = settingsOf({ PINION_ARGOCD_URL: "https://a.example.com", PINION_ARGOCD_TOKEN: "do not show me" });
  expect(inspect(settings, { depth: 10, showHidden: true })).not.toContain("do not show me");
  expect(inspect(settings, { depth: 10 })).not.toContain("PRIVATE KEY");
  expect(problemsOf({ PRIVATE_KEY: "do not show me", WEBHOOK_SECRET: "hush", PINION_ARGOCD_TOKEN: "hush hush" }).join("\n")).not.toMatch(/show me|hush/);
});

describe("the endpoints alone, for a plan without GitHub", () => {
  it("need nothing of GitHub, and are read as for the server", () => {
    const environment = { PINION_ARGOCD_URL: "https://argo.test", PINION_ARGOCD_TOKEN: "t", PINION_INSECURE_REGISTRIES: "r.test:5000" };
    const alone = readEndpointSettings(environment, reader({}));
    const whole = readSettings({ ...SOUND, ...environment }, reader({}));
    if (!alone.ok || !whole.ok) throw new Error("both are sound");
    const { argocd, prometheus, registries } = whole.settings;
    expect(alone.settings).toEqual({ argocd, prometheus, registries });
    expect([...alone.settings.argocd.keys()]).toEqual(["default"]);
    expect(alone.settings.registries.insecure).toEqual(["r.test:5000"]);
  });

  it("are told wrong with the same words", () => {
    expect(readEndpointSettings({ PINION_ARGOCD_URL: "https://argo.test", PINION_PROMETHEUS_ULR: "x" }, reader({}))).toEqual({
      ok: false,
      problems: [expect.stringContaining("PINION_ARGOCD_URL needs a token"), expect.stringContaining('Did you mean "PINION_PROMETHEUS_URL"?')],
    });
  });
});

describe("the process's environment", () => {
  it("is taken as it is, and is the same from then on to whoever looks at it", () => {
    const before = process.env;
    onTestFinished(() => {
      process.env = before;
      delete process.env["PINION_TEST"];
    });
    process.env["PINION_TEST"] = "here";
    const taken = takeEnvironment();
    expect(taken).toEqual({ ...before });
    expect([taken["PINION_TEST"], process.env === taken, taken === before]).toEqual(["here", true, false]);
    const child = execFileSync(process.execPath, ["--print", "process.env.PINION_TEST"], { encoding: "utf8" });
    expect(child.trim()).toBe("here");
  });
});
