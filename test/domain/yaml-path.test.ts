import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatYamlAddress, parseYamlAddress } from "../../src/domain/yaml-path.ts";

describe("an address", () => {
  it.each([
    ["image", { document: 0, path: ["image"] }],
    ["spec.template.spec.containers[0].image", { document: 0, path: ["spec", "template", "spec", "containers", 0, "image"] }],
    ["[2].image", { document: 0, path: [2, "image"] }],
    ["[0][1]", { document: 0, path: [0, 1] }],
    ["doc[3]:spec.ref.tag", { document: 3, path: ["spec", "ref", "tag"] }],
    ["doc[0].tag", { document: 0, path: ["doc", 0, "tag"] }],
    ['metadata.annotations["example.com/version"]', { document: 0, path: ["metadata", "annotations", "example.com/version"] }],
    ['["image.tag"]', { document: 0, path: ["image.tag"] }],
    ['["a\\"b"].c', { document: 0, path: ['a"b', "c"] }],
    ["ports.8080", { document: 0, path: ["ports", "8080"] }],
    ["a-b._c.<<", null],
  ])("%s", (text, address) => {
    const parsed = parseYamlAddress(text);
    expect(parsed.ok ? parsed.address : null).toEqual(address);
    if (address !== null && text !== "doc[0].tag") expect(formatYamlAddress(address)).toBe(text);
  });

  it.each(["", ".", ".a", "a.", "a..b", "a[", "a[]", "a[-1]", "a[x]", "a[1", "a]", "doc[1]:", 'a["b]', "a b", "a=b", "a/b", "a[0]b", `${"a.".repeat(2_000)}a`])(
    "is not %s",
    (text) => {
      const parsed = parseYamlAddress(text);
      expect(parsed.ok).toBe(false);
      expect(!parsed.ok && parsed.problem).not.toBe("");
    },
  );

  it("is read from what it is written as, whatever the keys", () => {
    const step = fc.oneof(fc.nat(1_000), fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("a", "image", "0", "1.2", "", "doc", "<<", "__proto__"));
    fc.assert(
      fc.property(fc.nat(5), fc.array(step, { minLength: 1, maxLength: 8 }), (document, path) => {
        const text = formatYamlAddress({ document, path });
        fc.pre(text.length <= 2_000);
        expect(parseYamlAddress(text)).toEqual({ ok: true, address: { document, path } });
      }),
      { numRuns: 1_000 },
    );
  });

  it("never throws", () => {
    const token = fc.constantFrom(..."a,.,[,],\",\\,0,1,doc[,]:,:,=, ,\n,é".split(","));
    fc.assert(fc.property(fc.oneof(fc.string(), fc.array(token).map((tokens) => tokens.join(""))), (text) => void parseYamlAddress(text)), { numRuns: 2_000 });
  });
});
