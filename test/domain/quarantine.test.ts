import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { parseQuarantine, QUARANTINE_FOLDER, quarantineFile } from "../../src/domain/quarantine.ts";
import type { Digest } from "../../src/domain/release.ts";

const DIGEST: Digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const AT = Date.UTC(2026, 10, 21, 9, 30);
const FILE = `${QUARANTINE_FOLDER}x.yaml`;

describe("quarantineFile", () => {
  it("is a file that a person can read", () => {
    const { file, text } = quarantineFile({
      app: "checkout",
      digest: DIGEST,
      environments: ["staging", "prod"],
      reason: 'breached: "availability" burned 14x: 5.2 % errors',
      by: "pinion",
      at: AT,
    });
    expect(file).toBe(".github/pinion/quarantine/checkout-0123456789ab.yaml");
    expect(text).toBe(`# This digest must not come back to these environments.
# To allow it again, delete this file.
app: checkout
digest: ${DIGEST}
environments:
  - staging
  - prod
reason: "breached: \\"availability\\" burned 14x: 5.2 % errors"
by: "pinion"
at: 2026-11-21T09:30:00.000Z
`);
  });

  it("says so when it holds everywhere", () => {
    const { text } = quarantineFile({ app: "checkout", digest: DIGEST, environments: [], reason: "bad", by: "octocat", at: AT });
    expect(text).toContain("# This digest must not come back to any environment.\n");
    expect(text).toContain("environments: []\n");
  });

  it("is read back as what it was made of, whatever the reason", () => {
    const name = fc.oneof(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/), fc.constantFrom("1", "0755", "1e3", "no", "true", "null"));
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
      fc.string({ unit: fc.constantFrom("\n", "\r\n", ": ", " #", '"', "'", "\\", "---\n", "\u2028", "\u0085", "\u0000", "\ufeff", "a") }),
      fc.string({ maxLength: 3_000, minLength: 1_990 }),
    );
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 4 }), text, text, (app, environments, reason, by) => {
        const made = quarantineFile({ app, digest: DIGEST, environments, reason, by: by === "" ? "pinion" : by, at: AT });
        const cut = reason.length > 2_000 ? `${reason.slice(0, 1_999)}…` : reason;
        expect(parseQuarantine(made.file, made.text)).toEqual({
          ok: true,
          entry: { app, digest: DIGEST, environments, reason: cut, file: made.file },
        });
        // The bytes on disk are UTF-8, and other readers may hold to YAML 1.1.
        const stored = new TextDecoder().decode(new TextEncoder().encode(made.text));
        expect(stored).toBe(made.text);
        expect(parse(stored, { version: "1.1" })).toMatchObject({ app, reason: cut, environments });
      }),
      { numRuns: 300 },
    );
  });
});

describe("parseQuarantine", () => {
  it("reads what a person wrote by hand, and takes no environments for all", () => {
    expect(parseQuarantine(FILE, `\uFEFFdigest: ${DIGEST}\r\napp: web\r\nreason: it loses orders # see the incident\r\n`)).toEqual({
      ok: true,
      entry: { app: "web", digest: DIGEST, environments: [], reason: "it loses orders", file: FILE },
    });
  });

  it.each([
    ["an empty file", "", `${FILE}:1:1: the file must be a mapping, but is empty`],
    ["no digest", "app: web\nreason: bad\n", `${FILE}:1:1: the file lacks the key "digest"`],
    ["a short digest", "app: web\nreason: bad\ndigest: sha256:0123\n", `${FILE}:3:9: digest must be sha256: and 64 lower-case hex digits, but is "sha256:0123"`],
    ["an unknown key", `app: web\nreason: bad\ndigest: ${DIGEST}\nenvironment: [prod]\n`, `${FILE}:4:1: unknown key "environment" in the file. Did you mean "environments"?`],
    ["one environment that is no list", `app: web\nreason: bad\ndigest: ${DIGEST}\nenvironments: prod\n`, `${FILE}:4:15: environments must be a list of environments (empty or absent for all), but is "prod"`],
    ["an environment that is no text", `app: web\nreason: bad\ndigest: ${DIGEST}\nenvironments: [1]\n`, `${FILE}:4:16: environments[0] must be text, but is the number 1`],
    ["a digest twice", `app: web\nreason: bad\ndigest: ${DIGEST}\ndigest: ${DIGEST}\n`, `${FILE}:4:1: the key "digest" is there twice`],
    ["no YAML", "app: [web\n", `${FILE}:2:1: not valid YAML`],
    ["several documents", `app: web\n---\ndigest: ${DIGEST}\n`, `${FILE}:2:1: more than one YAML document`],
    ["an alias", `app: &a web\nreason: *a\ndigest: ${DIGEST}\n`, `${FILE}:2:9: aliases are not read here`],
    ["too much", `#${" ".repeat(64 * 1024)}`, `${FILE}:1:1: the file has 65537 characters: more than 65536 are not read`],
  ])("refuses %s", (_, text, problem) => {
    const result = parseQuarantine(FILE, text);
    expect(result.ok).toBe(false);
    expect(!result.ok && result.problem).toContain(problem);
  });

  it("tells all mistakes at once", () => {
    const result = parseQuarantine(FILE, "apps: web\nreason: 1\n");
    expect(!result.ok && result.problem.split("; ")).toHaveLength(4);
  });
});
