import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGitHub, type GitHubSandbox } from "../sandbox/github/sandbox.ts";
import type { Repository as SandboxRepository } from "../sandbox/github/model.ts";
import { compose } from "../src/compose.ts";
import { readSettings } from "../src/config.ts";
import type { Repository } from "../src/domain/observation.ts";
import { createLogger } from "../src/telemetry.ts";

describe("the mirror of a GitHub that is elsewhere", () => {
  let github: GitHubSandbox;
  let seeded: SandboxRepository;
  let directory: string;

  beforeAll(async () => {
    github = await startGitHub();
    seeded = await github.seedRepository("manifests", { "README.md": "# Manifests\n" });
    directory = await mkdtemp(join(tmpdir(), "pinion-compose-"));
  });
  afterAll(async () => {
    await github.close();
    await rm(directory, { recursive: true, force: true });
  });

  const repository = (): Repository => ({ installation: github.installation.id, id: seeded.id, owner: "acme", name: "manifests" });
  const wanted = () => [{ ref: "refs/heads/main", oid: seeded.refs.get("refs/heads/main") ?? "" }];

  async function manifests() {
    const read = readSettings({
      APP_ID: String(github.app.id),
      PRIVATE_KEY: github.app.privateKey,
      WEBHOOK_SECRET: "sandbox-webhook-secret",
      GITHUB_URL: github.url,
      GITHUB_API_URL: github.url,
      PINION_DATA_DIR: await mkdtemp(join(directory, "mirrors-")),
    });
    if (!read.ok) throw new Error(read.problems.join("\n"));
    const clock = { now: () => Date.now(), schedule: () => () => undefined };
    const logger = createLogger({ level: "fatal" });
    const surroundings = { clock, logger, random: () => 0.5, environment: { PATH: process.env["PATH"] }, throttle: false };
    return (await compose(read.settings, surroundings)).ports.manifests;
  }

  it("is fetched with a token from there, though nothing was asked before", async () => {
    const mirror = await manifests();
    await mirror.ensure(repository(), wanted());
    expect(await mirror.files(repository(), wanted()[0]?.oid ?? "")).toMatchObject([{ path: "README.md" }]);
  });

  it("says what it could not do when it gets no token", async () => {
    const mirror = await manifests();
    const unknown = { ...repository(), installation: 999_999 };
    await expect(mirror.ensure(unknown, wanted())).rejects.toMatchObject({ name: "PortFailure", kind: "stalled", message: expect.stringContaining("get a token to fetch acme/manifests") });
  });
});
