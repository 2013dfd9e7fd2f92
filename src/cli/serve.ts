import { PUSH_ACCOUNT, PUSH_AUDIENCE, readSettings, webhookSecretVariable } from "../config.ts";
import { REGISTRY_SOURCES } from "../domain/registry-events/sources.ts";
import { EXIT, type Command } from "./command.ts";

export const serve: Command = {
  name: "serve",
  parameters: "",
  summary: "run the GitHub App",
  details: `Listens for webhooks and promotes, until SIGTERM or SIGINT: then it is no longer ready, lets looks under way end
for up to 25 seconds, and exits with 0. A second signal ends it at once. The log is lines of JSON on standard output.

Needed:
  APP_ID                     the App's number
  PRIVATE_KEY_PATH           the App's private key, a PEM file; or PRIVATE_KEY, its content
  WEBHOOK_SECRET             as given to GitHub, at least 16 characters
Where to listen:
  HOST, PORT                 localhost and 3000; in a container HOST is 0.0.0.0; PORT 0 takes any free port
GitHub Enterprise Server:
  GITHUB_URL                 https://github.com
  GITHUB_API_URL             follows from GITHUB_URL, unless given
The rest:
  LOG_LEVEL                  trace, debug, info (unless given), warn, error or fatal
  PINION_DATA_DIR            for mirrors of repositories, all of which may be lost; ~/.cache/pinion
  PINION_SWEEP_INTERVAL      how often every repository is looked at without any event; 5m
  PINION_REGISTRY_CONFIG     a Docker config.json with logins of registries, or credential helpers that know them
  PINION_INSECURE_REGISTRIES hosts without TLS, with commas between them
  PINION_TRUSTED_REGISTRY_HOSTS
                             hosts in private networks that a registry may send Pinion to, as its token server
  PINION_ARGOCD_URL, PINION_ARGOCD_TOKEN_FILE or PINION_ARGOCD_TOKEN
  PINION_PROMETHEUS_URL, PINION_PROMETHEUS_TOKEN_FILE or PINION_PROMETHEUS_TOKEN
                             one endpoint; for several, with a name: PINION_ARGOCD_EU_URL is "eu" in a configuration
Each of these (or the same without _FILE) opens POST /webhooks/registry/<name> for a registry that knows the secret:
${inPairs(REGISTRY_SOURCES.map((source) => `${webhookSecretVariable(source)}_FILE`))}
Both of these instead open gar for a push subscription of Pub/Sub that signs tokens:
  ${PUSH_AUDIENCE}, ${PUSH_ACCOUNT}`,
  accepts: { words: 0, json: false },
  run: async (_given, terminal) => {
    const read = readSettings(terminal.environment);
    if (!read.ok) {
      terminal.err(`pinion: the environment cannot be used:\n${read.problems.map((problem) => `  ${problem}\n`).join("")}`);
      return EXIT.usage;
    }
    // Loaded only here: no other command needs a server, and Probot takes its time.
    const { runUntilStopped } = await import("./run-server.ts");
    return runUntilStopped(read.settings, terminal);
  },
};

function inPairs(names: readonly string[]): string {
  const width = Math.max(...names.map((name) => name.length));
  return names.flatMap((name, index) => (index % 2 === 0 ? [`  ${name.padEnd(width)}  ${names[index + 1] ?? ""}`.trimEnd()] : [])).join("\n");
}
