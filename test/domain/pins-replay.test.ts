import { describe, expect, it } from "vitest";
import { mayChangePinsOnly, replayFile } from "../../src/domain/pins/replay.ts";

const replay = (before: string, after: string, path = "values.yaml") => replayFile({ path, before, after });

describe("a change of pins alone", () => {
  it.each<[string, string, string, number]>([
    ["one tag", "a: 1\nimage: nginx:1 # c\n", "a: 1\nimage: nginx:2 # c\n", 1],
    ["two on one line", "i: {repository: a/b, tag: v1}\n", "i: {repository: a/c, tag: v2}\n", 2],
    ["an anchor and its alias", "image: &i a:1\nb: {image: *i}\n", "image: &i a:2\nb: {image: *i}\n", 2],
    ["quotes by need", "i: {repository: a/b, tag: v1}\n", 'i: {repository: a/b, tag: "2"}\n', 1],
    ["an integer", "i: {repository: a/b, tag: 15}\n", "i: {repository: a/b, tag: 16}\n", 1],
    ["with CRLF and without an end", "image: a:1\r\nb: 1", "image: a:2\r\nb: 1", 1],
  ])("%s is reproduced", (_, before, after, edits) => {
    expect(replay(before, after)).toEqual({ outcome: "reproduced", edits });
  });

  it.each<[string, string, string, string]>([
    ["a number", "i: {repository: a/b, tag: v1}\n", "i: {repository: a/b, tag: 1.20}\n", "values.yaml:1: i.tag became 1.20, without quotes, which is not text to every YAML reader; Pinion writes text"],
    ["quotes that are gone", 'image: "a:1"\n', "image: a:2\n", "values.yaml:1: image became a:2, and lost its quotes, or got others"],
    ["quotes that came", "image: a:1\n", 'image: "a:2"\n', "values.yaml:1: image became a:2, and got quotes that it does not need"],
    ["an anchor that others use", "image: &i a:1\nb: *i\n", "image: &i a:2\nb: *i\n", "values.yaml:2:4: the value shows here too, as b"],
  ])("%s is refused", (_, before, after, reason) => {
    expect(replay(before, after)).toEqual({ outcome: "refused", edits: 1, reason: expect.stringContaining(reason) });
  });

  it("that is written otherwise differs, and the line is shown", () => {
    expect(replay("i: {repository: a/b, tag: v1}\n", "i: {repository: a/b, tag: '2'}\n")).toEqual({
      outcome: "differs",
      edits: 1,
      reason: `values.yaml:1: made "i: {repository: a/b, tag: \\"2\\"}", committed "i: {repository: a/b, tag: '2'}"`,
    });
  });
});

it.each<[string, string, string, string]>([
  ["is broken after it", "image: a:1\n", "image: [a:2\n", "values.yaml:2:1: not valid YAML"],
  ["was broken before it", "image: [a:1\n", "image: a:2\n", "values.yaml:2:1: not valid YAML"],
  ["is a template", "image: a:{{ .x }}\n{{ end }}\n", "image: a:{{ .y }}\n{{ end }}\n", "a template"],
])("whether a change of pins is all of it is not known where the file %s", (_, before, after, reason) => {
  expect(replay(before, after)).toEqual({ outcome: "unknown", edits: 0, reason: expect.stringContaining(reason) });
});

describe("anything else is none", () => {
  it.each<[string, string, string]>([
    ["another value", "image: a:1\nb: 1\n", "image: a:2\nb: 2\n"],
    ["a line more", "image: a:1\n", "image: a:2\n\n"],
    ["a pin more", "image: a:1\n", "image: a:2\nb: {image: b:1}\n"],
    ["a comment on the line", "image: a:1 # one\n", "image: a:2 # two\n"],
    ["a space on the line", "image: a:1\n", "image:  a:2\n"],
    ["another key on the line", "{image: a:1, b: 1}\n", "{image: a:2, b: 2}\n"],
    ["the key itself", "image: a:1\n", "webImage: a:1\n"],
    ["quotes alone", "image: a:1\n", "image: 'a:1'\n"],
    ["nothing", "image: a:1\n", "image: a:1\n"],
    ["broken YAML with a line more", "image: a:1\n", "image: [a:2\n\n"],
    ["a pin that is none any more", "image: a:1\n", "image: b\n"],
  ])("%s", (_, before, after) => {
    expect(replay(before, after)).toBeNull();
  });

  it.each([
    [[{ path: "a.yaml", before: "1", after: "2" }], true],
    [[], false],
    [[{ path: "a.yaml", before: null, after: "2" }], false],
    [[{ path: "a.yaml", before: "1", after: null }], false],
    [[{ path: "a.yaml", before: "1", after: "2" }, { path: "README.md", before: "1", after: "2" }], false],
    [[{ path: null, before: "1", after: "2" }], false],
  ])("%j: %s", (files, may) => {
    expect(mayChangePinsOnly(files)).toBe(may);
  });
});
