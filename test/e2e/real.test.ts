import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { kustomization } from "../../sandbox/world.ts";
import { hasDockerRegistry, startDockerRegistry, type DockerRegistry } from "../real/docker-registry.ts";
import { hasPrometheus, openMetricsOf, startPrometheus } from "../real/prometheus.ts";
import { overlay } from "./onlooker.ts";
import { begin, MINUTE, type Story } from "./story.ts";

const REGISTRY_SECRET = "Bearer sandbox-registry-secret";
/** The day on which the sandbox's clock begins, at nine o'clock. */
const DAY = Date.UTC(2026, 10, 23);
const ELEVEN = DAY + 11 * 60 * MINUTE;
const SCRAPE = 15_000;
const DEV = "dev: { promote: auto, merge: auto, watch: 5m, rollback: auto }";

const available = [hasDockerRegistry(), hasPrometheus()].every(Boolean);

/** What Prometheus would have scraped on that day: no errors before eleven, and a fifth of all requests from then on. */
function scraped(): string {
  const series = ["200", "500"].map((code) => {
    const samples: { at: number; value: number }[] = [];
    let value = 0;
    for (let at = DAY; at < DAY + 14 * 60 * MINUTE; at += SCRAPE) {
      samples.push({ at, value });
      const failing = at < ELEVEN ? 0 : 0.2;
      value += ((50 * SCRAPE) / 1_000) * (code === "500" ? failing : 1 - failing);
    }
    return { labels: `{app="checkout",env="dev",code="${code}"}`, samples };
  });
  return openMetricsOf("http_requests_total", series);
}

/** The registry must be told where Pinion will listen before Pinion is told where the registry is. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function beginWithRealServers(): Promise<{ readonly story: Story; readonly registry: DockerRegistry }> {
  const port = await freePort();
  const registry = await startDockerRegistry({
    notificationsUrl: `http://127.0.0.1:${port}/webhooks/registry/distribution`,
    authorization: REGISTRY_SECRET,
  });
  onTestFinished(() => registry.close());
  const prometheus = await startPrometheus({ openMetrics: scraped() });
  onTestFinished(() => prometheus.close());
  const digest = await registry.push("acme/checkout", "1.4.1");
  const story = await begin({
    environmentLines: [DEV],
    apps: [],
    files: { [overlay("dev")]: kustomization(`${registry.host}/acme/checkout`, "1.4.1", digest) },
    settings: { PORT: String(port), PINION_PROMETHEUS_URL: prometheus.url, PINION_SWEEP_INTERVAL: "1d" },
    pushed: "",
    asleep: true,
  });
  story.world.argocd.add({ name: "checkout-dev", path: overlay("dev") });
  await story.wake();
  return { story, registry };
}

/** The registry tells Pinion in its own time; Pinion's clock stands still meanwhile. */
async function untilOpened(story: Story, title: string): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    await story.world.pass(1_000);
    return story.pulls().some((pull) => pull.title === title);
  };
  await vi.waitUntil(isThere, { timeout: 20_000, interval: 50 });
}

it.skipIf(!available)("promotes what a real registry tells of, and judges it by a real Prometheus", async () => {
  const { story, registry } = await beginWithRealServers();
  const { world } = story;
  const good = await registry.push("acme/checkout", "1.4.2");
  await untilOpened(story, "Promote checkout 1.4.2 to dev");
  await story.until("verified dev 1.4.2");
  expect(await story.fileOf("dev")).toBe(kustomization(`${registry.host}/acme/checkout`, "1.4.2", good));
  expect((await story.recordsOf("verified")).at(-1)).toMatchObject({ how: "slo", evidence: expect.stringContaining("events failed") });

  await world.pass(ELEVEN - 3 * MINUTE - world.clock.now());
  await registry.push("acme/checkout", "1.4.3");
  await untilOpened(story, "Promote checkout 1.4.3 to dev");
  await story.until("reverted dev 1.4.3");
  expect((await story.recordsOf("breached")).map(({ release }) => release.version)).toEqual(["1.4.3"]);
  expect(await story.fileOf("dev")).toBe(kustomization(`${registry.host}/acme/checkout`, "1.4.2", good));
  expect(await story.doubled()).toEqual([]);
});
