import { describe, expect, it } from "vitest";
import { sourceOf } from "../../src/domain/source-commit.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const labels = (source: string | null, revision: string | null) =>
  new Map([...(source === null ? [] : [["org.opencontainers.image.source", source] as const]), ...(revision === null ? [] : [["org.opencontainers.image.revision", revision] as const])]);

describe("the source of an image", () => {
  it.each([
    ["https://github.com/acme/app", "github.com", "acme", "app"],
    ["https://github.com/acme/app.git", "github.com", "acme", "app"],
    ["https://github.com/acme/app/", "github.com", "acme", "app"],
    ["https://git.example.com/Acme-Inc/my.app_1", "git.example.com", "Acme-Inc", "my.app_1"],
  ])("is told by %s", (source, host, owner, name) => {
    expect(sourceOf([labels(source, COMMIT), labels(source, COMMIT)])).toEqual({ ok: true, source: { repository: { host, owner, name }, commit: COMMIT } });
  });

  it.each([
    ["http://github.com/acme/app"],
    ["git@github.com:acme/app.git"],
    ["https://github.com/acme"],
    ["https://github.com/acme/app/tree/main"],
    ["https://github.com/acme/.."],
    ["https://user@github.com/acme/app"],
    ["https://github.com:8443/acme/app"],
    ["https://github.com/acme/app?x"],
    [""],
  ])("is not taken from %s", (source) => {
    expect(sourceOf([labels(source, COMMIT)])).toMatchObject({ ok: false, why: expect.stringContaining("is no address of a repository") });
  });

  it.each([["main"], ["v1.4.2"], ["0123456"], [COMMIT.toUpperCase()], [`${COMMIT}0`]])("is not taken from the revision %s", (revision) => {
    expect(sourceOf([labels("https://github.com/acme/app", revision)])).toMatchObject({ ok: false, why: expect.stringContaining("no whole commit id") });
  });

  it("must be told, and the same for all platforms", () => {
    const good = labels("https://github.com/acme/app", COMMIT);
    for (const all of [[], [labels(null, COMMIT)], [labels("https://github.com/acme/app", null)], [good, labels("https://github.com/acme/app", "f".repeat(40))], [good, new Map<string, string>()]]) {
      expect(sourceOf(all)).toMatchObject({ ok: false, why: expect.stringContaining("it does not tell its source") });
    }
  });
});
