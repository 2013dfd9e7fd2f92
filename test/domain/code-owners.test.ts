import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ownersOf, parseCodeOwners } from "../../src/domain/code-owners.ts";

function owners(text: string, file: string, without: readonly number[] = []): readonly string[] {
  return ownersOf(parseCodeOwners("CODEOWNERS", text, new Set(without)), file);
}

describe("which files a pattern takes in", () => {
  it.each<[pattern: string, file: string, takenIn: boolean]>([
    ["*", "a", true],
    ["*", "a/b/c.yaml", true],
    ["/*", "a", true],
    ["/*", "a/b", false],
    ["*.js", "x/y.js", true],
    ["*.js", "x/y.jsx", false],
    ["/build/logs/", "build/logs/x", true],
    ["/build/logs/", "build/logs/x/y", true],
    ["/build/logs/", "build/logs", false],
    ["/build/logs/", "a/build/logs/x", false],
    ["docs/*", "docs/getting-started.md", true],
    ["docs/*", "docs/build-app/troubleshooting.md", false],
    ["docs/*", "a/docs/x", false],
    ["apps/", "apps/x", true],
    ["apps/", "a/apps/x/y", true],
    ["apps/", "apps", false],
    ["/apps/github", "apps/github", true],
    ["/apps/github", "apps/github/x/y", true],
    ["/apps/github", "apps/github2", false],
    ["**/logs", "build/logs/x", true],
    ["**/logs", "logs/x", true],
    ["**/logs", "x/catalogs", false],
    ["apps/**/prod/", "apps/prod/x", true],
    ["apps/**/prod/", "apps/a/b/prod/x", true],
    ["apps/**/prod/", "apps/a/b/prod", false],
    ["/apps/*/overlays/prod/", "apps/checkout/overlays/prod/kustomization.yaml", true],
    ["/apps/*/overlays/prod/", "apps/a/b/overlays/prod/kustomization.yaml", false],
    ["a/**", "a/b/c", true],
    ["a/**", "a", false],
    ["/.github/pinion*", ".github/pinion.yaml", true],
    ["/.github/pinion*", ".github/pinion/policies/any.yaml", true],
    ["/.github/pinion*", "x/.github/pinion.yaml", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["a\\ b", "a b", true],
    ["Docs", "docs", false],
    ["/", "a", false],
    ["!a", "!a", false],
    ["[ab]", "a", false],
    ["\\#a", "#a", false],
  ])("%s, %s: %s", (pattern, file, takenIn) => {
    expect(owners(`${pattern} @o\n`, file)).toEqual(takenIn ? ["@o"] : []);
  });
});

describe("who the owners are", () => {
  const file = "# all\n*  @all   mail@example.com # and why\r\n\n/apps/ @apps\n/apps/github\n";

  it("are those of the last line that matches", () => {
    expect(owners(file, "README.md")).toEqual(["@all", "mail@example.com"]);
    expect(owners(file, "apps/x")).toEqual(["@apps"]);
  });

  it("are none where that line names none", () => {
    expect(owners(file, "apps/github/x")).toEqual([]);
  });

  it("are not those of lines that GitHub leaves out", () => {
    expect(owners(file, "apps/x", [4])).toEqual(["@all", "mail@example.com"]);
  });

  it("are none where there is no line", () => expect(owners("", "a")).toEqual([]));
});

describe("any patterns", () => {
  const name = fc.stringMatching(/^[ab*?]{1,5}$/).filter((text) => text !== "**");
  const plain = fc.stringMatching(/^[ab]{1,5}$/);

  it("mean what the same regular expression means", () => {
    const parts = fc.array(fc.oneof({ weight: 3, arbitrary: name }, { weight: 1, arbitrary: fc.constant("**") }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, fc.array(plain, { minLength: 1, maxLength: 5 }), (pattern, path) => {
        const expression = expressionOf(pattern);
        expect(owners(`/${pattern.join("/")} @o`, path.join("/"))).toEqual(expression.test(`${path.join("/")}/`) ? ["@o"] : []);
      }),
      { numRuns: 3000 },
    );
  });

  it("are read in bounded time, however many stars", () => {
    const stars = "a*".repeat(2000);
    expect(owners(`/${stars}b @o`, "a".repeat(4000))).toEqual([]);
  });
});

/** The rules again, written as a regular expression over the path with a `/` behind it. */
function expressionOf(pattern: readonly string[]): RegExp {
  const last = pattern.at(-1);
  const source = pattern.map((part) => (part === "**" ? "(?:[^/]+/)*" : `${part.replaceAll(/\*+/g, "[^/]*").replaceAll("?", "[^/]")}/`)).join("");
  const end = last === "**" ? "[^/]+/" : last === "*" ? "" : "(?:[^/]+/)*";
  return new RegExp(`^${source}${end}$`);
}
