import { readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pinion } from "./pinion-process.ts";
import { folderWith } from "./repository-folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const OWN = ".github/pinion/policies";

const POLICY = `name: few-files
description: A promotion changes only a few other files.
parameters:
  most: { type: int, description: how many files it may change, default: 2, minimum: 0 }
  patience: { type: duration, description: how long, default: 1h }
enforce: block
pass: change.other_files.size() <= params.most
messages:
  pass: "{{ change.other_files.size() }} of {{ params.most }}"
  fail: "{{ change.other_files.size() }} files, and {{ params.most }} are allowed: {{ listed(change.other_files) }}"
`;
const CASES = `policy: few-files
cases:
  - name: none
    expect: pass
    reason: 0 of 2
  - name: three
    given: { change: { other_files: [a, b, c] } }
    expect: fail
  - name: three where five are allowed
    given: { change: { other_files: [a, b, c] } }
    params: { most: 5 }
    expect: pass
`;
const CONFIG = `version: 1
environments:
  dev: {}
  prod: { after: dev, policies: { few-files: { most: 1 } } }
apps: { discover: ["apps/{app}/{env}/kustomization.yaml"] }
`;

function repository(files: Readonly<Record<string, string>> = {}): string {
  return folderWith({ [`${OWN}/few-files.yaml`]: POLICY, [`${OWN}/few-files.test.yaml`]: CASES, ...files });
}

const FACTS = readFileSync(join(ROOT, "docs/facts.md"), "utf8").split("```yaml\n")[1]?.split("```")[0] ?? "";

describe("a policy for apps that are not there", () => {
  it("is warned of, and no error: apps come and go", async () => {
    const rule = POLICY.replace("parameters:", "applies: { apps: [chekout] }\nparameters:");
    const folder = repository({ ".github/pinion.yaml": CONFIG, [`${OWN}/few-files.yaml`]: rule, "apps/checkout/dev/kustomization.yaml": "" });
    const warning = 'no app is called "chekout" now, so this judges none. Did you mean "checkout"?';
    expect(await pinion(folder, ["config", "check"])).toMatchObject({ code: 0, out: `${OWN}/few-files.yaml:3:19: warning: ${warning}\n` });
    const { code, out } = await pinion(folder, ["policy", "explain", "few-files"]);
    expect(code).toBe(0);
    expect(out.replaceAll(/\s+/g, " ")).toContain(`warning line 3:19: ${warning}`);
  });
});

describe("what stands among the policies and would judge nothing", () => {
  it.each(["policy test", "policy explain few-files", "config check"])("is told by pinion %s", async (command) => {
    const folder = repository({ ".github/pinion.yaml": CONFIG, [`${OWN}/B.YAML`]: POLICY, [`${OWN}/sub/c.yaml`]: POLICY, "d.yaml": POLICY });
    symlinkSync("../../../d.yaml", join(folder, OWN, "d.yaml"));
    const { code, out, err } = await pinion(folder, command.split(" "));
    expect(code).not.toBe(0);
    const told = `${out}${err}`;
    expect(told).toContain(`${OWN}/B.YAML:1:1: policies are files that end in .yaml: rename it`);
    expect(told).toContain(`${OWN}/d.yaml:1:1: the file is larger than Pinion reads, no UTF-8 text, or a link to another one: put the policy itself here`);
    expect(told).toContain(`${OWN}/sub/:1:1: policies are read from this folder alone`);
  });

  it.each([OWN, ".github/pinion"])("is told where %s itself is a link", async (linked) => {
    const folder = repository({ ".github/pinion.yaml": CONFIG });
    renameSync(join(folder, linked), join(folder, "kept"));
    symlinkSync(join(folder, "kept"), join(folder, linked));
    expect(await pinion(folder, ["config", "check"])).toMatchObject({ code: 1, out: expect.stringContaining(`${linked}:1:1: this must be a folder, and is a link`) as string });
    expect(await pinion(folder, ["policy", "test"])).toMatchObject({ code: 2, err: expect.stringContaining(`${linked} is no folder itself`) as string });
  });

  it("is no matter in another folder, whose policies are only tried", async () => {
    const folder = folderWith({ "tried/sub/x.yaml": "[", "few-files.yaml": POLICY, "tried/few-files.test.yaml": CASES });
    symlinkSync("../few-files.yaml", join(folder, "tried/few-files.yaml"));
    expect((await pinion(folder, ["policy", "test", "tried"])).out).toContain("3 cases, all as expected");
  });
});

describe("pinion policy test", () => {
  it("runs the cases of the repository's own policies", async () => {
    const { code, out, err } = await pinion(repository(), ["policy", "test"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(`few-files  (${OWN}/few-files.test.yaml)\n  ok    none\n  ok    three\n  ok    three where five are allowed\n\n3 cases, all as expected\n`);
  });

  it("shows what is expected and what came, at the line of the case", async () => {
    const cases = CASES.replace("0 of 2", "none of 2").replace("expect: fail", "expect: wait\n    enforce: warn\n    until: 2026-11-21T15:00:00Z");
    const { code, out } = await pinion(repository({ [`${OWN}/few-files.test.yaml`]: cases }), ["policy", "test"]);
    expect(code).toBe(1);
    expect(out).toBe(
      [
        `few-files  (${OWN}/few-files.test.yaml)`,
        `  WRONG none  (${OWN}/few-files.test.yaml:3; - expected, + got)`,
        "        reason  - none of 2",
        "                + 0 of 2",
        `  WRONG three  (${OWN}/few-files.test.yaml:6; - expected, + got)`,
        "        result  - wait",
        "                + fail",
        "        enforce - warn",
        "                + block",
        "        because: 3 files, and 2 are allowed: a, b, c",
        "  ok    three where five are allowed",
        "",
        "3 cases, 2 not as expected",
        "",
      ].join("\n"),
    );
  });

  it("uses the parameters that the configuration gives for the environment, unless a case gives its own", async () => {
    const folder = repository({ ".github/pinion.yaml": CONFIG });
    const { code, out } = await pinion(folder, ["policy", "test", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      cases: [
        { name: "none", line: 3, ok: false, result: "pass", differences: [{ what: "reason", expected: "0 of 2", got: "0 of 1" }] },
        { name: "three", policy: "few-files", ok: true, result: "fail", reason: "3 files, and 1 are allowed: a, b, c", differences: [] },
        { name: "three where five are allowed", ok: true, result: "pass" },
      ],
      untested: [],
      problems: [],
    });
  });

  it("runs cases of shipped policies, and names policies without cases", async () => {
    const files = { [`${OWN}/soak.test.yaml`]: "policy: soak\ncases: [{ name: sound, expect: pass }]\n", [`${OWN}/other.yaml`]: POLICY.replace("few-files", "other") };
    const { code, out } = await pinion(repository(files), ["policy", "test", OWN]);
    expect(code).toBe(0);
    expect(out).toContain("soak  (.github/pinion/policies/soak.test.yaml)\n  ok    sound\n");
    expect(out).toContain("other has no cases\n");
  });

  it("tries the policies of another folder in place of shipped ones", async () => {
    const files = { "tried/soak.yaml": POLICY.replace("few-files", "soak"), "tried/soak.test.yaml": CASES.replace("few-files", "soak") };
    expect(await pinion(folderWith(files), ["policy", "test", "tried"])).toMatchObject({ code: 0, out: expect.stringContaining("3 cases, all as expected") as string });
  });

  it("runs Pinion's own", async () => {
    const { code, out } = await pinion(ROOT, ["policy", "test", "policies"]);
    expect([code, out.split("\n").filter((line) => line.startsWith("  WRONG"))]).toEqual([0, []]);
  });

  it.each<[what: string, files: Readonly<Record<string, string>>, says: string]>([
    [
      "all mistakes of a case file",
      {
        [`${OWN}/few-files.test.yaml`]:
          "policy: few-files\ngiven: { chnage: {} }\ncases:\n  - { name: a, expect: passes }\n  - { name: a, expect: pass, given: { change: { pins_only: null, other_files: x }, upstream: [{ soaked_for: 3 hours }] } }\n  - { nme: b, expect: pass, until: 2026-11-21T15:00:00Z }\n",
      },
      [
        "2:10: unknown key \"chnage\" in given. Did you mean \"change\"?",
        "4:24: cases[0].expect must be pass or fail or wait or unknown or not-applicable, but is \"passes\". Did you mean \"pass\"?",
        '5:13: cases[1] has the name of cases[0]',
        "5:60: cases[1].given.change.pins_only must be true or false, but is empty",
        '5:79: cases[1].given.change.other_files must be a list, but is "x"',
        '5:109: cases[1].given.upstream[0].soaked_for must be a time such as 90s, 30m, 3h or 2d, or milliseconds, but is "3 hours"',
        '6:5: cases[2] lacks the key "name"',
        '6:7: unknown key "nme" in cases[2]. Did you mean "name"?',
        "6:29: cases[2].until says how long a `wait` lasts, and this case expects none",
      ]
        .map((line) => `${OWN}/few-files.test.yaml:${line}\n`)
        .join(""),
    ],
    ["a case file without a case", { [`${OWN}/few-files.test.yaml`]: "policy: few-files\ncases: []\n" }, `${OWN}/few-files.test.yaml:2:8: cases must be a list of 1 to 500 cases, but is an empty list`],
    ["a case file that is no YAML", { [`${OWN}/few-files.test.yaml`]: "policy: [\n" }, `${OWN}/few-files.test.yaml:2:1: `],
    ["a broken policy", { [`${OWN}/few-files.yaml`]: POLICY.replace("other_files.size() <=", "other_file.size() <=") }, `${OWN}/few-files.yaml:7:14: \`pass\`: no such key: other_file`],
    ["two policies of one name", { [`${OWN}/few.yaml`]: POLICY }, `${OWN}/few.yaml:1:7: the name few-files is taken by ${OWN}/few-files.yaml`],
    ["a shipped policy's name without an override", { [`${OWN}/soak.yaml`]: POLICY.replace("few-files", "soak") }, `${OWN}/soak.yaml:1:7: soak is a policy that comes with Pinion`],
    ["an environment that there is not", { [`${OWN}/far.yaml`]: POLICY.replace("few-files", "far").replace("enforce", "applies: { environments: [moon] }\nenforce"), ".github/pinion.yaml": CONFIG }, `${OWN}/far.yaml:6:27: no environment is called "moon"`],
    ["cases of no policy", { [`${OWN}/few-files.test.yaml`]: CASES.replace("few-files", "few-flies") }, `${OWN}/few-files.test.yaml:1:9: "few-flies" is no policy. Did you mean "few-files"?`],
    [
      "parameters that do not fit",
      { [`${OWN}/few-files.test.yaml`]: CASES.replace("most: 5", "most: -1, mots: 5") },
      `${OWN}/few-files.test.yaml:11:21: params.most must be at least 0\n${OWN}/few-files.test.yaml:11:31: params: few-files has no parameter "mots". Did you mean "most"?\n`,
    ],
    ["a broken configuration", { ".github/pinion.yaml": CONFIG.replace("most: 1", "mots: 1") }, 'few-files has no parameter "mots"'],
  ])("ends with 2 for %s", async (_, files, says) => {
    const folder = repository(files);
    const { code, out, err } = await pinion(folder, ["policy", "test"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(says);
  });

  it("tells problems as JSON too", async () => {
    const folder = repository({ [`${OWN}/few-files.test.yaml`]: CASES.replace("few-files", "few-flies") });
    const { code, out } = await pinion(folder, ["policy", "test", "--json"]);
    const problems = [{ file: `${OWN}/few-files.test.yaml`, line: 1, column: 9, message: '"few-flies" is no policy. Did you mean "few-files"?' }];
    expect([code, JSON.parse(out)]).toEqual([2, { ok: false, cases: [], untested: [], problems }]);
  });

  it("says what to do where there is nothing to run", async () => {
    expect(await pinion(folderWith({}), ["policy", "test"])).toMatchObject({ code: 2, err: expect.stringContaining("name a folder, or go to the root of the repository") as string });
    expect(await pinion(folderWith({ "a/x.yaml": POLICY }), ["policy", "test", "a"])).toMatchObject({ code: 2, err: expect.stringContaining("a has no cases: write some in NAME.test.yaml") as string });
    expect(await pinion(folderWith({ a: "" }), ["policy", "test", "a"])).toMatchObject({ code: 2, err: expect.stringContaining("it is a file, name its folder") as string });
  });
});

describe("pinion policy eval", () => {
  it.each<[facts: string, code: number, says: RegExp]>([
    [FACTS, 0, /\npass\n$/],
    [FACTS.replace("quarantine: { hits: [] }", "quarantine: { hits: [bad] }"), 1, /quarantine +fail .*1 image in quarantine: bad[^]*\nfail\n$/],
    [FACTS.replace("soaked_for: 3h", "soaked_for: 30m").replace("soaked_at: 2026-11-21T12:00:00Z", "soaked_at: 2026-11-21T14:30:00Z"), 3, /soak +wait +2026-11-21 14:30 UTC [^]*\nwait until 2026-11-21 14:30 UTC\n$/],
    [FACTS.replace("freeze: { active: false, reasons: [] }", "freeze: { unknown: GitHub is down }"), 3, /freeze +unknown +GitHub is down[^]*\nunknown\n$/],
    [FACTS.replace(/^freeze: .*\n/m, ""), 3, /freeze +unknown +the facts about freeze were not given/],
  ])("judges facts, and its exit code is the judgement (%#)", async (facts, code, says) => {
    const told = await pinion(folderWith({ "facts.yaml": facts }), ["policy", "eval", "--facts", "facts.yaml"]);
    expect([told.code, told.err]).toEqual([code, ""]);
    expect(told.out).toMatch(says);
  });

  it("lists no policy that is not switched on", async () => {
    const folder = repository({ "facts.yaml": FACTS });
    const gates = async () => (await pinion(folder, ["policy", "eval", "--facts", "facts.yaml"])).out;
    expect(await gates()).not.toContain("image-age");
    writeFileSync(join(folder, ".github/pinion.yaml"), `${CONFIG}policies: { image-age: {} }\n`);
    expect(await gates()).toMatch(/^image-age +pass /m);
  });

  it("knows the repository's own policies and what the configuration gives them", async () => {
    const folder = repository({ ".github/pinion.yaml": CONFIG, "facts.yaml": FACTS.replace("other_files: []", "other_files: [a, b]") });
    const { code, out } = await pinion(folder, ["policy", "eval", "--facts", "facts.yaml", "--policy", "few-files", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      judgement: "fail",
      gates: [{ policy: "few-files", enforce: "block", result: "fail", reason: "2 files, and 1 are allowed: a, b" }],
    });
  });

  it("tells what stands in the place of a shipped policy", async () => {
    const own = POLICY.replace("name: few-files", "name: soak\noverride: we soak by hand");
    const folder = folderWith({ [`${OWN}/soak.yaml`]: own, "facts.yaml": FACTS });
    const { code, out } = await pinion(folder, ["policy", "eval", "--facts", "facts.yaml", "--policy", "soak"]);
    expect(code).toBe(0);
    expect(out).toContain(`0 of 2 (overridden by ${OWN}/soak.yaml: we soak by hand)`);
  });

  it("ends with 0 for one policy that does not apply", async () => {
    const folder = folderWith({ "facts.yaml": FACTS });
    expect(await pinion(folder, ["policy", "eval", "--facts", "facts.yaml", "--policy", "target-pullable"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\nnot-applicable\n$/) as string,
    });
  });

  it.each<[args: readonly string[], says: string]>([
    [[], "which facts? Write pinion policy eval --facts FILE"],
    [["--facts", "none.yaml"], "none.yaml cannot be read (ENOENT): there is no such file, check the path"],
    [["--facts", "facts.yaml", "--policy", "soack"], '"soack" is no policy. Did you mean "soak"?'],
    [["--facts", "facts.yaml", "nowhere"], "nowhere cannot be read (ENOENT): there is no such folder"],
    [["--facts", "bytes.yaml"], "bytes.yaml is not UTF-8: save it as such"],
  ])("ends with 2 for %j", async (args, says) => {
    const folder = folderWith({ "facts.yaml": FACTS, "bytes.yaml": new Uint8Array([0xff, 0xfe, 0xff]) });
    const { code, out, err } = await pinion(folder, ["policy", "eval", ...args]);
    expect([code, out, err]).toEqual([2, "", `pinion: ${says}\n`]);
  });

  it("tells everything that is wrong with the facts", async () => {
    const facts = `now: yesterday\npromotion: { app: 1, kind: promote }\npaused: null\nregistry: { unknown: "" }\nupstream: [{}]\nfreez: {}\nquarantine: { hits: [] , unknown: no }\napprovals: [\n`;
    const folder = folderWith({ "facts.yaml": facts.replace("approvals: [\n", "") });
    const { code, err } = await pinion(folder, ["policy", "eval", "--facts", "facts.yaml"]);
    expect(code).toBe(2);
    expect(err.split("\n")).toEqual(
      expect.arrayContaining([
        'facts.yaml:1:6: now must be a moment such as 2026-11-21T14:00:00Z, or milliseconds since 1970, but is "yesterday"',
        'facts.yaml:2:12: promotion lacks the key "environment"'.replace("2:12", "2:1"),
        "facts.yaml:2:19: promotion.app must be text, but is the number 1",
        'facts.yaml:2:28: promotion.kind must be promotion or revert or hotfix, but is "promote". Did you mean "promotion"?',
        "facts.yaml:3:9: paused must be a mapping, but is empty",
        'facts.yaml:4:22: registry.unknown must say why, but is ""',
        'facts.yaml:5:12: upstream[0] lacks the key "soak"',
        'facts.yaml:6:1: unknown key "freez" in the file. Did you mean "freeze"?',
        'facts.yaml:7:15: unknown key "hits" in quarantine. Known here: unknown.',
      ]),
    );
    writeFileSync(join(folder, "facts.yaml"), facts);
    expect((await pinion(folder, ["policy", "eval", "--facts", "facts.yaml", "--json"])).out).toContain('"file": "facts.yaml",\n      "line": 9');
  });
});

describe("pinion policy explain", () => {
  it("tells a core policy in a screen", async () => {
    const { code, out, err } = await pinion(folderWith({}), ["policy", "explain", "soak"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^soak\nThe release has run in the environments before this one/);
    expect(out).toMatch(/^judges +promotion; blocks$/m);
    expect(out).toMatch(/^switched on +always$/m);
    expect(out).toMatch(/^when +!promotion\.first$/m);
    expect(out).toMatch(/^upstream +from Git: the promotion log; Argo CD/m);
    expect(out).toMatch(/^says: pass +soaked in \{\{ join/m);
    const lines = out.split("\n");
    expect([lines.length <= 40, lines.every((line) => line.length <= 110)]).toEqual([true, true]);
  });

  it("tells links as words, with the page", async () => {
    const { out } = await pinion(folderWith({}), ["policy", "explain", "no-downgrade"]);
    expect(out.replaceAll(/\s+/g, " ")).toContain("names (docs/selecting.md), each");
    expect(out).not.toContain("](");
  });

  it("tells that a schema judges only pull requests that move or remove pins", async () => {
    const rule = "name: shape\ndescription: d\nenforce: block\nschema: { type: object }\nmessages: { pass: a, fail: b }\n";
    const { out } = await pinion(repository({ [`${OWN}/shape.yaml`]: rule }), ["policy", "explain", "shape"]);
    expect(out.replaceAll(/\s+/g, " ")).toContain("not judged pull requests that move or remove no pin");
  });

  it("tells the parameters in force, by environment where they differ", async () => {
    const folder = repository({ ".github/pinion.yaml": CONFIG });
    const { out } = await pinion(folder, ["policy", "explain", "few-files"]);
    expect(out).toMatch(/^params\.most +how many files it may change \(int\) dev = 2; prod = 1$/m);
    expect(out).toMatch(/^params\.patience +how long \(duration\) = 1 h$/m);
    expect(JSON.parse((await pinion(folder, ["policy", "explain", "few-files", "--json"])).out)).toMatchObject({
      name: "few-files",
      file: `${OWN}/few-files.yaml`,
      judges: ["dev", "prod"],
      parameters: [{ name: "most", type: "int", values: { dev: 2, prod: 1 } }, { name: "patience" }],
      conditions: { pass: "change.other_files.size() <= params.most" },
      facts: [{ name: "change", access: "GitHub: contents read" }],
    });
  });

  it("tells what is needed, and what holds by default, of a policy that is switched on nowhere", async () => {
    const folder = repository({ ".github/pinion.yaml": CONFIG });
    expect((await pinion(folder, ["policy", "explain", "signed"])).out).toMatch(/^params\.signers [^]*\(list<string>\) required$/m);
    expect((await pinion(folder, ["policy", "explain", "image-age"])).out).toMatch(/^params\.at_least [^]*\(duration\) 0 s by default$/m);
    expect(JSON.parse((await pinion(folder, ["policy", "explain", "image-age", "--json"])).out)).toMatchObject({ judges: [], parameters: [{ default: 0, values: {} }, { default: 0, values: {} }] });
  });

  it("leaves no gap where a policy has no docs", async () => {
    const { out } = await pinion(repository({}), ["policy", "explain", "few-files"]);
    expect(out).not.toContain("\n\n\n");
  });

  it("tells a schema as a policy file has it, and which manifests it is for", async () => {
    const shape = "name: shape\ndescription: How it looks.\nenforce: block\nmatch: { kind: Deployment }\nschema:\n  type: object\n  properties:\n    spec: { type: object }\nmessages: { pass: fits, fail: differs }\n";
    const folder = repository({ ".github/pinion.yaml": CONFIG, [`${OWN}/shape.yaml`]: shape });
    const { code, out } = await pinion(folder, ["policy", "explain", "shape"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^schema +below, for each manifest of kind Deployment that the pull request changes$/m);
    expect(out).toMatch(/^manifests +from Git: the default branch merged/m);
    expect(out).toMatch(/^schema:\n {2}type: object\n {2}properties:\n {4}spec:\n {6}type: object\n$/m);
    expect(JSON.parse((await pinion(folder, ["policy", "explain", "shape", "--json"])).out)).toMatchObject({
      conditions: {},
      schema: { match: { apiVersion: ["*"], kind: ["Deployment"] }, schema: { type: "object", properties: { spec: { type: "object" } } } },
      facts: [{ name: "manifests" }],
    });
  });

  it("knows what was meant", async () => {
    expect(await pinion(folderWith({}), ["policy", "explain", "upstream-verfied"])).toMatchObject({ code: 2, err: 'pinion: "upstream-verfied" is no policy. Did you mean "upstream-verified"?\n' });
    expect(await pinion(folderWith({}), ["policy", "explain"])).toMatchObject({ code: 2, err: expect.stringMatching(/^pinion: which policy\? There are: [a-z, -]*approvals, /) as string });
  });
});
