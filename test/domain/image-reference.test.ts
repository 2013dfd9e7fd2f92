import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { familiarName, formatImageReference, isTag, parseImageReference } from "../../src/domain/image-reference.ts";

const F = "f".repeat(64);
const SHA256 = `sha256:${F}`;
const HEX = "1a3f5e7d9c1b3a5f7e5d3c1b3a5f7e5d3c1b3a5f7e5d3c1b3a5f7e5d3c1b3a5f";

interface Row {
  readonly text: string;
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

const VALID: readonly Row[] = [
  { text: "ubuntu", domain: "docker.io", path: "library/ubuntu" },
  { text: "ubuntu:22.04", domain: "docker.io", path: "library/ubuntu", tag: "22.04" },
  { text: "fooo/bar", domain: "docker.io", path: "fooo/bar" },
  { text: "index.docker.io/fooo/bar", domain: "docker.io", path: "fooo/bar" },
  { text: "docker.io/fooo/bar", domain: "docker.io", path: "fooo/bar" },
  { text: "docker.io/foo", domain: "docker.io", path: "library/foo" },
  { text: "index.docker.io/foo", domain: "docker.io", path: "library/foo" },
  { text: "index.docker.io/library/busybox", domain: "docker.io", path: "library/busybox" },
  { text: "docker.io/busybox:1", domain: "docker.io", path: "library/busybox", tag: "1" },
  { text: "library/busybox", domain: "docker.io", path: "library/busybox" },
  { text: "docker.io/library/foo/bar", domain: "docker.io", path: "library/foo/bar" },
  { text: "example.com/privatebase", domain: "example.com", path: "privatebase" },
  { text: "test.com:5000", domain: "docker.io", path: "library/test.com", tag: "5000" },
  { text: "test:5000/repo", domain: "test:5000", path: "repo" },
  { text: "test:5000/repo:tag", domain: "test:5000", path: "repo", tag: "tag" },
  { text: `test:5000/repo@${SHA256}`, domain: "test:5000", path: "repo", digest: SHA256 },
  { text: `test:5000/repo:tag@${SHA256}`, domain: "test:5000", path: "repo", tag: "tag", digest: SHA256 },
  { text: "192.168.1.1:5000/repo:5050", domain: "192.168.1.1:5000", path: "repo", tag: "5050" },
  { text: "192.168.1.1:5000", domain: "docker.io", path: "library/192.168.1.1", tag: "5000" },
  { text: "192.168.1.1/repo", domain: "192.168.1.1", path: "repo" },
  { text: "foo/foo_bar.com:8080", domain: "docker.io", path: "foo/foo_bar.com", tag: "8080" },
  {
    text: `xn--7o8h.com/myimage:xn--7o8h.com@${SHA256}`,
    domain: "xn--7o8h.com",
    path: "myimage",
    tag: "xn--7o8h.com",
    digest: SHA256,
  },
  { text: `[2001:db8::1]:5000/repo:tag@${SHA256}`, domain: "[2001:db8::1]:5000", path: "repo", tag: "tag", digest: SHA256 },
  { text: "[2001:db8:1:2:3:4:5:6]/repo:tag", domain: "[2001:db8:1:2:3:4:5:6]", path: "repo", tag: "tag" },
  { text: "[::1]:5000/repo", domain: "[::1]:5000", path: "repo" },
  { text: "localhost/fooo", domain: "localhost", path: "fooo" },
  { text: "localhost:5000/image", domain: "localhost:5000", path: "image" },
  { text: "localhost", domain: "docker.io", path: "library/localhost" },
  { text: "Foo/bar", domain: "Foo", path: "bar" },
  { text: "LOCALDOMAIN/x", domain: "LOCALDOMAIN", path: "x" },
  { text: "lowercase:Uppercase", domain: "docker.io", path: "library/lowercase", tag: "Uppercase" },
  { text: `busybox:latest@${SHA256}`, domain: "docker.io", path: "library/busybox", tag: "latest", digest: SHA256 },
  { text: `docker.io/${HEX}`, domain: "docker.io", path: `library/${HEX}` },
  { text: `${HEX}:v1`, domain: "docker.io", path: `library/${HEX}`, tag: "v1" },
  { text: "dock__er/docker", domain: "docker.io", path: "dock__er/docker" },
  { text: "docker---rules/docker", domain: "docker.io", path: "docker---rules/docker" },
  { text: "harbor.example.com/library/x:0.1", domain: "harbor.example.com", path: "library/x", tag: "0.1" },
  {
    text: `gcr.io/x/y:latest-bookworm@${SHA256}`,
    domain: "gcr.io",
    path: "x/y",
    tag: "latest-bookworm",
    digest: SHA256,
  },
  { text: "registry-1.docker.io/busybox", domain: "registry-1.docker.io", path: "busybox" },
  { text: "amd64/x", domain: "docker.io", path: "amd64/x" },
  { text: `a/${"a/".repeat(123)}a:tag`, domain: "docker.io", path: `a/${"a/".repeat(123)}a`, tag: "tag" },
  { text: `x:${"t".repeat(128)}`, domain: "docker.io", path: "library/x", tag: "t".repeat(128) },
];

const INVALID: readonly (readonly [text: string, says: RegExp])[] = [
  ["", /empty/],
  [":justtag", /repository name/],
  [`@${SHA256}`, /repository name/],
  ["docker/Docker", /lower case/],
  ["test:5000/Uppercase/x:tag", /lower case/],
  ["Uppercase:tag", /lower case/],
  [`repo@sha256:${"f".repeat(34)}`, /digest/],
  ["gcr.io/x/y@sha256:abcde", /digest/],
  [`repo@sha256:${"F".repeat(64)}`, /digest/],
  [`validname@sha512:${"f".repeat(128)}`, /digest/],
  [`validname@invaliddigest:${F}`, /digest/],
  ["repo@", /digest/],
  [HEX, /image id/],
  ["https://github.com/docker/docker", /scheme/],
  ["docker///docker", /repository name/],
  ["docker/", /repository name/],
  ["/docker", /repository name|host/],
  ["dock..er/x", /host/],
  ["dock_.er/x", /host/],
  ["dock_.er", /repository name/],
  ["-docker/x", /repository name/],
  ["docker-/x", /repository name/],
  ["-docker.io/x", /host/],
  ["[fe80::1%eth0]:5000/repo", /host/],
  ["[2001:db8::1]", /repository name/],
  ["[2001:db8::1]:5000", /repository name/],
  ["aa/asdf$$^/aa", /repository name/],
  [`${"a/".repeat(128)}a:tag`, /longer/],
  ["ghcr.io/user/image:", /tag/],
  ["some.registry.io/my-image:{GENERATED_TAG}", /tag/],
  ["${REDIS_IMAGE:-redis:5.0.0}", /repository name/],
  ["$REG/alpine:3", /host/],
  [`x:${"t".repeat(129)}`, /tag/],
  ["x:.hidden", /tag/],
  ["classic-web=registry:5000/classic-web", /host/],
  ["nginx\n", /repository name/],
  ["nginx:1\n", /tag/],
  [" nginx", /repository name/],
  ["x".repeat(2_000), /longer/],
];

describe("parseImageReference", () => {
  it.each(VALID)("reads $text", ({ text, domain, path, tag, digest }) => {
    expect(parseImageReference(text)).toEqual({
      ok: true,
      reference: { domain, path, repository: `${domain}/${path}`, tag: tag ?? null, digest: digest ?? null },
    });
  });

  it.each(INVALID)("refuses %j", (text, says) => {
    const result = parseImageReference(text);
    expect(result.ok ? formatImageReference(result.reference) : result.problem).toMatch(says);
    expect(result.ok).toBe(false);
  });

  it("never throws and says of any text one or the other", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), nearReferences), (text) => {
        const result = parseImageReference(text);
        expect(result.ok ? result.reference.path : result.problem).not.toBe("");
      }),
    );
  });

  it("agrees with the grammar written as one expression", () => {
    fc.assert(
      fc.property(nearReferences, (text) => {
        expect(parseImageReference(text).ok).toBe(grammarAccepts(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it("reads what it printed as the same reference", () => {
    fc.assert(
      fc.property(references, (text) => {
        const first = parseImageReference(text);
        if (!first.ok) throw new Error(`${text}: ${first.problem}`);
        expect(parseImageReference(formatImageReference(first.reference))).toEqual(first);
      }),
    );
  });
});

describe("familiarName", () => {
  it.each([
    ["docker.io/library/redis", "redis"],
    ["docker.io/dmcgowan/myapp", "dmcgowan/myapp"],
    ["docker.io/library/foo/bar", "library/foo/bar"],
    ["ghcr.io/library/x", "ghcr.io/library/x"],
    ["docker.io/a.b/c", "docker.io/a.b/c"],
    ["docker.io/localhost/c", "docker.io/localhost/c"],
    [`docker.io/library/${HEX}`, `docker.io/library/${HEX}`],
  ])("%s is %s", (repository, familiar) => {
    expect(familiarName(repository)).toBe(familiar);
  });

  it("always names the same repository", () => {
    fc.assert(
      fc.property(references, (text) => {
        const parsed = parseImageReference(text);
        if (!parsed.ok) throw new Error(parsed.problem);
        const again = parseImageReference(familiarName(parsed.reference.repository));
        expect(again.ok && again.reference.repository).toBe(parsed.reference.repository);
      }),
    );
  });
});

describe("isTag", () => {
  it.each([
    ["v1.2.3", true],
    ["_x", true],
    ["1.2.3+build", false],
    ["-x", false],
    ["", false],
    ["a/b", false],
  ])("%j: %s", (text, expected) => {
    expect(isTag(text)).toBe(expected);
  });
});

const component = fc.stringMatching(/^[a-z0-9]{1,4}(?:(?:[._]|__|-{1,3})[a-z0-9]{1,4}){0,2}$/);
const domain = fc.oneof(
  fc.constantFrom("", "localhost/", "docker.io/", "index.docker.io/", "ghcr.io/", "test:5000/", "[::1]:80/", "Foo/", "a.b:1/"),
  fc.stringMatching(/^[a-zA-Z0-9]{1,3}\.[a-zA-Z0-9]{1,3}(?::[0-9]{1,4})?\/$/),
);
const references = fc
  .tuple(
    domain,
    fc.array(component, { minLength: 1, maxLength: 3 }),
    fc.option(fc.stringMatching(/^[\w][\w.-]{0,10}$/)),
    fc.option(fc.stringMatching(/^[0-9a-f]{64}$/)),
  )
  .map(([host, path, tag, hex]) => `${host}${path.join("/")}${tag === null ? "" : `:${tag}`}${hex === null ? "" : `@sha256:${hex}`}`)
  .filter(grammarAccepts);

/** Texts that are references but for a character or two, where a parser goes wrong if it does. */
const PIECES = ["a", "B", "0", ".", ":", "/", "-", "_", "__", "@", "localhost", "docker.io", "[", "]", SHA256];
const PUTS = ["", ":", "/", "@", ".", "A", "_", "-", "\n"];
const nearReferences = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 9 }).map((pieces) => pieces.join("")),
  fc
    .tuple(fc.constantFrom(...VALID.map((row) => row.text)), fc.nat(80), fc.constantFrom(...PUTS))
    .map(([text, at, put]) => `${text.slice(0, at)}${put}${text.slice(at + (put === "" ? 1 : 0))}`),
);

/** The published grammar as a single anchored expression over the spelled-out name: an oracle built another way. */
function grammarAccepts(text: string): boolean {
  if (/^[a-f0-9]{64}$/.test(text)) return false;
  const [first = "", ...others] = text.split("/");
  const isDomain = others.length > 0 && (first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase());
  const rest = isDomain ? others.join("/") : text;
  const hub = !isDomain || first === "docker.io" || first === "index.docker.io";
  const full = `${hub ? "docker.io" : first}/${hub && !rest.includes("/") ? "library/" : ""}${rest}`;
  const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
  const host = String.raw`(?:${label}(?:\.${label})*|\[[a-fA-F0-9:]+\])(?::\d+)?`;
  const part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
  const grammar = new RegExp(String.raw`^${host}/(${part}(?:/${part})*)(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);
  const match = grammar.exec(full);
  return match !== null && (match[1] ?? "").length <= 255;
}
