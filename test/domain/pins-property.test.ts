import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { editPins, findPins } from "../../src/domain/pins.ts";
import type { Digest } from "../../src/domain/release.ts";

const FILE = "kustomization.yaml";
const DIGESTS: readonly Digest[] = ["0", "a", "f"].map((digit): Digest => `sha256:${digit.repeat(64)}`);
/** Tags that are text to every reader, and tags that are not without quotes. */
const SAFE = ["v1.0.0", "1.2.3", "latest", "2024.11.21", "main-1a2b3c4", "v1", "_x", "a..b--c"];
const UNSAFE = ["1.20", "16", "1e3", "0755", "true", "no", "null", "2024-01-01", "0x1F", "1_000"];

/** How one value or key is written. */
type Quotes = "" | "'" | '"';

interface Line {
  readonly key: string;
  readonly value: string;
  readonly quotes: Quotes;
  /** White space and perhaps a comment behind the value. */
  readonly behind: string;
  /** Whole lines before it. */
  readonly above: readonly string[];
}

interface Entry {
  readonly lines: readonly Line[];
  readonly flow: boolean;
}

/** A kustomization as its author wrote it; the same model always gives the same text. */
interface Model {
  readonly head: readonly string[];
  readonly entries: readonly Entry[];
  readonly tail: readonly string[];
  readonly indent: number;
  readonly afterDash: number;
  readonly newline: "\n" | "\r\n";
  readonly bom: boolean;
  readonly finalNewline: boolean;
}

function render(model: Model): string {
  const dash = `${" ".repeat(model.indent)}-${" ".repeat(model.afterDash)}`;
  const below = " ".repeat(dash.length);
  const lines = [...model.head, "images:"];
  for (const { lines: written, flow } of model.entries) {
    const spelled = written.map(({ key, value, quotes }) => `${key}: ${quotes}${value}${quotes}`);
    if (flow) lines.push(`${dash}{${spelled.join(", ")}}${written[0]?.behind ?? ""}`);
    else {
      for (const [index, { above, behind }] of written.entries()) {
        // Nothing can stand between the dash and the first key.
        if (index > 0) lines.push(...above.map((text) => (text === "" ? "" : below + text)));
        lines.push(`${index === 0 ? dash : below}${spelled[index] ?? ""}${behind}`);
      }
    }
  }
  lines.push(...model.tail);
  return (model.bom ? "\uFEFF" : "") + lines.join(model.newline) + (model.finalNewline ? model.newline : "");
}

/** What the file must become: the model with new values, in the quotes it has, and with what was missing. */
function edited(model: Model, at: number, tag: string, digest: Digest): Model {
  const entries = model.entries.map((entry, index) => {
    if (index !== at) return entry;
    const inline = entry.lines.some(({ key, value }) => key === "newTag" && value.includes("@"));
    const has = (name: string) => entry.lines.some(({ key }) => key === name);
    const lines = entry.lines.map((line) => {
      if (line.key === "newTag") return requoted(line, inline ? `${tag}@${digest}` : tag);
      return line.key === "digest" ? requoted(line, digest) : line;
    });
    if (inline || has("digest")) return { ...entry, lines };
    const added: Line[] = [{ key: "digest", value: digest, quotes: "", behind: "", above: [] }];
    if (!has("newTag")) added.unshift(requoted({ key: "newTag", value: "", quotes: "", behind: "", above: [] }, tag));
    const behind = has("newTag") ? lines.findIndex(({ key }) => key === "newTag") : lines.findLastIndex(({ key }) => key === "name" || key === "newName");
    return { ...entry, lines: lines.toSpliced(behind + 1, 0, ...added) };
  });
  return { ...model, entries };
}

function requoted(line: Line, value: string): Line {
  return { ...line, value, quotes: line.quotes === "" && UNSAFE.includes(value) ? '"' : line.quotes };
}

const quotes = fc.constantFrom<Quotes>("", "'", '"');
const comment = fc.constantFrom("", "", "  ", " # newTag: v1.0.0", "   # é😀 *x &y: {", " #");
const above = fc.array(fc.constantFrom("", "# newTag: v1.0.0", "#"), { maxLength: 2 });
const tag = fc.oneof(fc.constantFrom(...SAFE), fc.constantFrom(...UNSAFE));
const digest = fc.constantFrom(...DIGESTS);

function line(key: string, value: fc.Arbitrary<string>): fc.Arbitrary<Line> {
  return fc
    .record({ key: fc.constant(key), value, quotes, behind: comment, above })
    .map((made) => ({ ...made, quotes: made.quotes === "" && UNSAFE.includes(made.value) ? "'" : made.quotes }));
}

function entry(index: number): fc.Arbitrary<Entry> {
  const name = line("name", fc.constant(`ghcr.io/acme/app-${index}`));
  const newName = fc.option(line("newName", fc.constant(`test:5000/app-${index}`)), { nil: null });
  const pinned = fc.oneof(
    fc.tuple(line("newTag", tag)),
    fc.tuple(line("newTag", tag), line("digest", digest)),
    fc.tuple(line("digest", digest)),
    fc.tuple(line("newTag", fc.tuple(tag, digest).map(([left, right]) => `${left}@${right}`))),
    fc.constant([]),
  );
  return fc
    .tuple(name, newName, pinned, fc.boolean())
    .chain(([first, second, rest, flow]) => {
      const lines: readonly Line[] = [first, ...(second === null ? [] : [second]), ...rest];
      return fc.record({ lines: fc.shuffledSubarray([...lines], { minLength: lines.length }), flow: fc.constant(flow) });
    });
}

const section = fc.constantFrom(
  ["# a comment"],
  ["resources:", "- ../../base", "- v1.0.0"],
  ["labels: [ {pairs: {app: v1.0.0, x: 0x1F}} ]"],
  ["patches:", "- patch: |", "    images:", "", "    - name: ghcr.io/acme/app-0", "      newTag: v1.0.0", ""],
  ["anchors:", "  a: &a 1.20", "  b: *a"],
  ["", ""],
  ['long: "a  b \\', '  c"'],
);

/** Sections once each, since keys may not be there twice. */
const sections = fc.uniqueArray(section, { maxLength: 4 });

const models: fc.Arbitrary<Model> = fc
  .tuple(sections, fc.integer({ min: 1, max: 4 }), fc.nat(4))
  .chain(([parts, size, cut]) =>
    fc.record({
      head: fc.constant(parts.slice(0, cut).flat()),
      tail: fc.constant(parts.slice(cut).flat()),
      entries: fc.tuple(...Array.from({ length: size }, (_, index) => entry(index))),
      indent: fc.nat(4),
      afterDash: fc.integer({ min: 1, max: 3 }),
      newline: fc.constantFrom<"\n" | "\r\n">("\n", "\r\n"),
      bom: fc.boolean(),
      finalNewline: fc.boolean(),
    }),
  );

function repositoryOf({ lines }: Entry): string {
  return (lines.find(({ key }) => key === "newName") ?? lines.find(({ key }) => key === "name"))?.value ?? "";
}

describe("any kustomization", () => {
  it("shows the pins that its author wrote", () => {
    fc.assert(
      fc.property(models, (model) => {
        const found = findPins(FILE, render(model));
        const wanted = model.entries.map((made, index) => {
          const value = (name: string) => made.lines.find(({ key }) => key === name)?.value ?? null;
          const [newTag, inline] = value("newTag")?.split("@") ?? [null, null];
          return { path: `images[${index}]`, repository: repositoryOf(made), tag: newTag ?? null, digest: value("digest") ?? inline ?? null, refusal: null };
        });
        expect(found).toMatchObject({ ok: true, pins: wanted });
      }),
      { numRuns: 300 },
    );
  });

  it("changes by an edit exactly where the pin is, and by a second one not at all", () => {
    fc.assert(
      fc.property(models, fc.nat(), tag, digest, (model, seed, newTag, newDigest) => {
        const at = seed % model.entries.length;
        const target = model.entries[at];
        if (target === undefined) return;
        const before = render(model);
        const after = render(edited(model, at, newTag, newDigest));
        const edit = { repository: repositoryOf(target), tag: newTag, digest: newDigest };
        expect(editPins(FILE, before, [edit])).toEqual(before === after ? { outcome: "unchanged" } : { outcome: "changed", text: after });
        expect(editPins(FILE, after, [edit])).toEqual({ outcome: "unchanged" });
      }),
      { numRuns: 1_000 },
    );
  });

  it("says after an edit what it said before, but for the pin, to readers of either YAML version", () => {
    fc.assert(
      fc.property(models, fc.nat(), tag, digest, fc.constantFrom("1.1" as const, "1.2" as const), (model, seed, newTag, newDigest, version) => {
        const at = seed % model.entries.length;
        const target = model.entries[at];
        const before = render(model);
        const result = editPins(FILE, before, [{ repository: target === undefined ? "" : repositoryOf(target), tag: newTag, digest: newDigest }]);
        if (result.outcome !== "changed") return;
        const [old, now]: { images: Record<string, unknown>[] }[] = [parse(before, { version }), parse(result.text, { version })];
        const was = old?.images[at];
        const tagged = was?.["newTag"];
        const pinned = typeof tagged === "string" && tagged.includes("@") ? { newTag: `${newTag}@${newDigest}` } : { digest: newDigest };
        const tagStays = was !== undefined && "digest" in was && !("newTag" in was);
        const wanted = { ...was, ...(tagStays ? {} : { newTag }), ...pinned };
        expect(now).toEqual({ ...old, images: old?.images.map((image, index) => (index === at ? wanted : image)) });
      }),
      { numRuns: 500 },
    );
  });
});

describe("any text", () => {
  const token = fc.constantFrom(
    ..."images:,name:,newTag:,digest:,newName:,nginx,v1,1.20,&a,*a,<<:,!!str,|,>-,?,:,-,{,},[,],#,',\",~,\uFEFF,\t, ,  ,\n,\r\n,---,...,%YAML 1.1".split(",").concat(DIGESTS[0] ?? "", ","),
  );
  /** Texts that were once found fit to edit, and were not. */
  const ONCE = ["  &a newTag: v1", "  !!str newTag: v1", "  &a\tnewTag: v1"].map((line) => `images:\n- name: nginx # web\n${line}\n`);
  const sound = `images:\n- name: nginx # web\n  newTag: v1\n- {name: web, newTag: "v1", digest: ${DIGESTS[0] ?? ""}}\n`;
  const text = fc.oneof(
    fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join("")),
    fc.array(token, { maxLength: 30 }).map((tokens) => `images:\n- name: nginx\n  newTag: ${tokens.join("")}\n`),
    fc.tuple(fc.nat(sound.length), fc.nat(8), fc.array(token, { maxLength: 3 })).map(([at, cut, put]) => sound.slice(0, at) + put.join("") + sound.slice(at + cut)),
  );

  it("never throws, and is never changed but to what was asked", () => {
    fc.assert(
      fc.property(text, tag, digest, (given, newTag, newDigest) => {
        const found = findPins(FILE, given);
        for (const repository of found.ok ? new Set(found.pins.map((pin) => pin.repository)) : ["docker.io/library/nginx"]) {
          const result = editPins(FILE, given, [{ repository, tag: newTag, digest: newDigest }]);
          if (!found.ok) expect(result.outcome).toBe("refused");
          if (!found.ok || result.outcome !== "changed") continue;
          const after = findPins(FILE, result.text);
          expect(after).toMatchObject({ ok: true });
          const says = (pin: { repository: string; tag: string | null; digest: string | null }) => [pin.repository, pin.tag, pin.digest];
          const wanted = found.pins.map((pin) => {
            const tagStays = pin.tag === null && pin.digest !== null;
            return pin.repository === repository ? [repository, tagStays ? null : newTag, newDigest] : says(pin);
          });
          expect(after.ok && after.pins.map(says)).toEqual(wanted);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("that is found fit to edit is edited", () => {
    fc.assert(
      fc.property(text, tag, digest, (given, newTag, newDigest) => {
        const found = findPins(FILE, given);
        const pins = found.ok ? found.pins : [];
        for (const { repository, refusal } of pins) {
          fc.pre(refusal === null && pins.filter((pin) => pin.repository === repository).length === 1);
          expect(editPins(FILE, given, [{ repository, tag: newTag, digest: newDigest }]).outcome).not.toBe("refused");
        }
      }),
      { numRuns: 3_000, examples: ONCE.map((given) => [given, "1.2.3", DIGESTS[0] ?? "sha256:"]) },
    );
  });
});
