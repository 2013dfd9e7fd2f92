import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { code, codeBlock, cut, fit, mention, plainWords, words } from "../../src/domain/report/markdown.ts";

const MARKS = [..."`|\\\n\r*_a $".split(""), "\u202e", "``", "@all", "#1", "GH-2", "-->", "<b>", "[x](y)", "://", "www.", "&#64;"];
const markedText = fc.array(fc.constantFrom(...MARKS), { maxLength: 12 }).map((parts) => parts.join(""));
const anyText = fc.oneof(fc.string({ unit: "binary" }), markedText);

/** Markdown as a table's row is read: what stands inside code spans, and the rest. */
function outsideCode(markdown: string): string {
  return markdown.replaceAll(/(?<!\\)(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, "CODE");
}

describe("foreign words in Markdown", () => {
  it.each<[what: string, text: string, markdown: string]>([
    ["plain words", "soaked in staging", "soaked in staging"],
    ["the end of a table's cell", "a | b", "a &#124; b"],
    ["a backslash before a pipe", "a \\| b", "a &#92;&#124; b"],
    ["new lines", "a\n\n# b\r\nc", "a # b c"],
    ["HTML", "<img src=x onerror=y> & more", "&lt;img src=x onerror=y&gt; &amp; more"],
    ["the end of a comment", "a --> b", "a --&gt; b"],
    ["emphasis, links and mathematics", "*a* _b_ ~c~ [d](e) $f$", "\\*a\\* \\_b\\_ \\~c\\~ \\[d\\](e) \\$f\\$"],
    ["a mention", "ping @everyone and @acme/sre", "ping @&#8203;everyone and @&#8203;acme/sre"],
    ["a reference that would close an issue", "fixes #12, GH-13 and o/r#14", "fixes #&#8203;12, GH&#8203;-13 and o/r#&#8203;14"],
    ["a link that would close an issue", "fixes https://github.com/o/r/issues/1", "fixes https:&#8203;//github.com/o/r/issues/1"],
    ["an entity of its own", "&#64;everyone", "&amp;#&#8203;64;everyone"],
    ["a heading at the start", "# big", "\\# big"],
    ["a list at the start", "- a", "\\- a"],
    ["a numbered list at the start", "1. a", "1\\. a"],
    ["a version at the start", "1.4.2 is newer", "1.4.2 is newer"],
    ["code that is meant as code", "the label `promote:prod` was", "the label `promote:prod` was"],
    ["code with a pipe", "`a|b`", "<code>a&#124;b</code>"],
    ["a lone backtick", "a ` b", "a \\` b"],
    ["characters that hide or turn text", "a\u202eb\u200bc\u0007d\ufeffe", "abc d e"],
    ["half a character", "a\ud800b", "a\ufffdb"],
  ])("%s", (_what, text, markdown) => {
    expect(words(text)).toBe(markdown);
  });

  it("never end a line or a cell, begin HTML, or address anybody, whatever they are", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const markdown = words(text);
        expect(markdown).not.toMatch(/[\n\r|]/);
        const rest = outsideCode(markdown).replaceAll(/<\/?code>/g, "");
        expect(rest).not.toMatch(/[<>]/);
        expect(rest).not.toMatch(/@(?!&#8203;|\s|$|CODE)/);
        expect(rest).not.toMatch(/(?<!&)#\d/);
        expect(rest).not.toContain("://");
      }),
      { numRuns: 2000 },
    );
  });
});

describe("foreign text as code", () => {
  it.each<[text: string, markdown: string]>([
    ["1.4.2", "`1.4.2`"],
    ["a`b", "``a`b``"],
    ["`a", "`` `a ``"],
    ["a``", "``` a`` ```"],
    ["a|b`c", "<code>a&#124;b\\`c</code>"],
    ["a\nb", "`a b`"],
    ["", "(empty)"],
    [" \n", "(empty)"],
    ["@everyone #1", "`@everyone #1`"],
  ])("%j", (text, markdown) => {
    expect(code(text)).toBe(markdown);
  });

  it("is one code span, whatever it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const markdown = code(text);
        expect(markdown).not.toMatch(/[\n\r|]/);
        if (markdown === "(empty)" || markdown.startsWith("<code>")) return;
        expect(outsideCode(markdown)).toBe("CODE");
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps its lines in a block, and cannot end it", () => {
    expect(codeBlock("a\r\n```\n@everyone\tb")).toBe("````text\na\n```\n@everyone\tb\n````");
    fc.assert(
      fc.property(anyText, (text) => {
        const lines = codeBlock(text).split("\n");
        const fence = lines.at(-1) ?? "";
        expect(lines[0]).toBe(`${fence}text`);
        for (const line of lines.slice(1, -1)) expect(line.trimStart().startsWith(fence)).toBe(false);
      }),
    );
  });
});

describe("names and limits", () => {
  it("mentions only what is a login", () => {
    expect(mention("alice-b1")).toBe("@alice-b1");
    expect(mention("renovate[bot]")).toBe("`renovate[bot]`");
    expect(mention("a b @everyone")).toBe("`a b @everyone`");
    expect(mention("-a")).toBe("`-a`");
    expect(mention("a".repeat(40))).toBe(`\`${"a".repeat(40)}\``);
  });

  it("breaks references in plain text with a character that nobody sees", () => {
    expect(plainWords("fixes #1 @all\nhttps://x")).toBe("fixes #\u200b1 @\u200ball https:\u200b//x");
  });

  it("cuts between characters", () => {
    expect(cut("abcdef", 6)).toBe("abcdef");
    expect(cut("abcdefg", 6)).toBe("abcde…");
    expect(cut("abcd🙂g", 6)).toBe("abcd…");
  });

  it("leaves out what does not fit, whole lines at a time, and says so", () => {
    const blocks = [
      { text: "one\ntwo\nthree", divisible: true },
      { text: "<details>\nfour\n</details>", divisible: false },
      { text: "five", divisible: true },
    ];
    expect(fit(blocks, 1000, "cut")).toBe("one\ntwo\nthree\n\n<details>\nfour\n</details>\n\nfive");
    expect(fit(blocks, 40, "cut")).toBe("one\ntwo\nthree\n\ncut");
    expect(fit(blocks, 15, "cut")).toBe("one\ntwo\n\ncut");
  });

  it("stays within the limit", () => {
    const block = fc.record({ text: fc.array(fc.string({ maxLength: 20 })).map((lines) => lines.join("\n")), divisible: fc.boolean() });
    fc.assert(
      fc.property(fc.array(block), fc.integer({ min: 10, max: 300 }), (blocks, limit) => {
        expect(fit(blocks, limit, "cut").length).toBeLessThanOrEqual(limit);
      }),
    );
  });
});
