import { describe, expect, it } from "vitest";
import { parseCodeOwners } from "../../src/domain/code-owners.ts";
import type { Config } from "../../src/domain/config.ts";
import { compileDiscover } from "../../src/domain/discover.ts";
import { known, unknown } from "../../src/domain/answer.ts";
import { evaluatePolicies } from "../../src/domain/policy/evaluate.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import { Proposals } from "../../src/reconciler/proposals.ts";
import { mirrorOf, REPOSITORY, Upstream } from "../adapters/git-upstream.ts";
import { soundFacts } from "../policies/sound-facts.ts";
import { FILE, DIGEST, pinning, LATIN_1, LARGE, configOf, type Change, proposed } from "./proposed.ts";
import { portsWith, pullRequestOf, snapshotOf } from "./small-world.ts";

describe("one pull request does not stop the others", () => {
  it("repairs a file whose old bytes are not text", async () => {
    const { read } = proposed({ [FILE]: LATIN_1 }, [{ number: 1, files: { [FILE]: pinning("1.1.0") } }]);
    const answer = (await read()).get(1);
    expect(answer).toMatchObject({ known: true, value: { broken: [], otherFiles: [FILE] } });
    expect(answer?.known === true && answer.value.promotions).toMatchObject([{ app: "checkout", environment: "dev", from: null, to: { images: [{ tag: "1.1.0" }] } }]);
  });

  it("is unknown by itself when reading it fails in a way nobody foresaw", async () => {
    const changes = [1, 2].map((number) => ({ number, files: { [FILE]: pinning(`1.${number}.0`) } }));
    let calls = 0;
    const { read, errors } = proposed({ [FILE]: pinning("1.0.0") }, changes, (manifests) => ({
      ...manifests,
      mergeTree: async (...asked) => {
        calls += 1;
        if (calls === 1) throw new TypeError("a defect");
        return manifests.mergeTree(...asked);
      },
    }));
    const answers = await read();
    expect(answers.get(1)).toMatchObject({ known: false, failure: "error" });
    expect(answers.get(2)).toMatchObject({ known: true });
    expect(errors).toHaveLength(1);
  });
});

describe("what a pull request changes beside pins", () => {
  it("may be of any size", async () => {
    const { read } = proposed({ "big.bin": LARGE, "gone.bin": LARGE, [FILE]: pinning("1.0.0") }, [
      { number: 1, files: { "big.bin": `${LARGE}x`, "gone.bin": null, [FILE]: pinning("1.1.0") } },
    ]);
    expect((await read()).get(1)).toMatchObject({ known: true, value: { broken: [], otherFiles: ["big.bin", "gone.bin"], promotions: [{ app: "checkout" }] } });
  });

  it("is too much beyond 3,000 files, and the reason says what to do", async () => {
    const many = Object.fromEntries(Array.from({ length: 3_001 }, (_, index) => [`docs/${index}.md`, "text"]));
    const { read } = proposed({ [FILE]: pinning("1.0.0") }, [{ number: 1, files: many }]);
    expect((await read()).get(1)).toMatchObject({ known: false, failure: "stalled", reason: expect.stringContaining("split it") });
  });

  it("adds a quarantine entry or widens one; anything else done to an entry is for people to look at", async () => {
    const entry = (...places: readonly string[]) => `app: checkout\ndigest: ${DIGEST}\nreason: bad\nenvironments: [${places.join(", ")}]\n`;
    const [wider, narrower, fresh] = ["a", "b", "c"].map((name) => `.github/pinion/quarantine/${name}.yaml`) as [string, string, string];
    const { read } = proposed({ [wider]: entry("us"), [narrower]: entry("us", "eu"), [FILE]: pinning("1.0.0") }, [
      { number: 1, files: { [wider]: entry("us", "eu"), [narrower]: entry("us"), [fresh]: entry("us") } },
    ]);
    expect((await read()).get(1)).toMatchObject({ known: true, value: { quarantines: [{ file: wider }, { file: fresh }], otherFiles: [narrower] } });
  });

  it.each<[path: string, says: object]>([
    [".github/pinion/quarantine/checkout-aaaaaaaaaaaa.yaml", { broken: [".github/pinion/quarantine/checkout-aaaaaaaaaaaa.yaml is larger than Pinion reads"], otherFiles: [] }],
    [".github/pinion.yaml", { config: { ok: false, problems: [{ message: ".github/pinion.yaml is larger than Pinion reads" }] } }],
  ])("may not make %s larger than is read", async (path, says) => {
    const { read } = proposed({ "README.md": "a" }, [{ number: 1, files: { [path]: LARGE } }]);
    expect((await read()).get(1)).toMatchObject({ known: true, value: says });
  });

  it("may not put another kustomization beside the one that is discovered", async () => {
    const beside = FILE.replace(".yaml", ".yml");
    const { read } = proposed({ [FILE]: pinning("1.0.0") }, [{ number: 1, files: { [FILE]: null, [beside]: pinning("9.9.9") } }]);
    expect((await read()).get(1)).toMatchObject({ known: true, value: { promotions: [{ to: null }], broken: [expect.stringContaining("only one file of a folder")] } });
  });
});

describe("a file that environments share", () => {
  const BASE = "apps/checkout/base/kustomization.yaml";
  const DEPLOYMENT = "apps/checkout/base/deployment.yaml";
  const deployment = (...images: readonly string[]) => `kind: Deployment\nspec: {containers: [${images.map((image) => `{image: '${image}'}`).join(", ")}]}\n`;
  const BEFORE = {
    "apps/checkout/dev/kustomization.yaml": "resources: [../base]\n",
    "apps/checkout/prod/kustomization.yaml": `resources: [../base]\nimages: [{name: redis, newTag: '6'}]\n`,
    [BASE]: `resources: [deployment.yaml]\n${pinning("1.0.0")}`,
    [DEPLOYMENT]: deployment("checkout", "redis:6"),
    "charts/x/templates/deployment.yaml": "image: {{ .Values.image }}\n{{ end }}\n",
    "unused/kustomization.yaml": pinning("1.0.0"),
  };
  const pinned = (tag: string) => ({ app: "checkout", version: tag, images: [{ repository: "ghcr.io/acme/checkout", tag, digest: `sha256:${tag.charAt(2).repeat(64)}` }] });
  const redis = (tag: string) => ({ app: "checkout", version: tag, images: [{ repository: "docker.io/library/redis", tag, digest: null }] });

  /** What one pull request changes by files that environments share, and what stands against telling it. */
  async function shared(files: Change["files"], { before = BEFORE, config = configOf() }: { before?: Change["files"]; config?: Config } = {}) {
    const answer = (await proposed(before, [{ number: 1, files }], undefined, config).read()).get(1);
    if (answer?.known !== true) return answer;
    const { promotions, broken } = answer.value;
    return { shared: answer.value.shared.toSorted((a, b) => (a.environment < b.environment ? -1 : 1)), promotions, broken };
  }

  it("changes the pins of all that take it in, at once", async () => {
    const change = { app: "checkout", from: pinned("1.0.0"), to: pinned("1.1.0"), isPromoted: true, files: [BASE] };
    expect(await shared({ [BASE]: `resources: [deployment.yaml]\n${pinning("1.1.0")}` })).toEqual({
      shared: [{ ...change, environment: "dev" }, { ...change, environment: "prod" }],
      promotions: [],
      broken: [],
    });
  });

  it("changes nothing where the environment, or a base on the way, pins the image itself", async () => {
    expect(await shared({ [DEPLOYMENT]: deployment("checkout:9", "redis:7") })).toMatchObject({
      shared: [{ environment: "dev", from: redis("6"), to: redis("7"), files: [DEPLOYMENT] }],
    });
  });

  it("is told apart from what the app promotes, where the configuration says what that is", async () => {
    const config = configOf("  checkout: { images: [ghcr.io/acme/checkout] }\n");
    expect(await shared({ [DEPLOYMENT]: deployment("checkout", "redis:7") }, { config })).toMatchObject({ shared: [{ environment: "dev", isPromoted: false }] });
    expect(await shared({ [BASE]: `resources: [deployment.yaml]\n${pinning("1.1.0")}` }, { config })).toMatchObject({ shared: [{ isPromoted: true }, { isPromoted: true }] });
  });

  it.each<[string, Change["files"]]>([
    ["nothing in its images changes", { [DEPLOYMENT]: `# a word\n${deployment("checkout", "redis:6")}` }],
    ["nothing takes it in", { "unused/kustomization.yaml": pinning("1.1.0") }],
    ["it is a template that nothing takes in", { "charts/x/templates/deployment.yaml": "image: {{ .Values.other }}\n{{ end }}\n" }],
    ["it is moved as it is", { [BASE]: null, [DEPLOYMENT]: null, "apps/checkout/base/kustomization.yml": BEFORE[BASE], "apps/checkout/base/d.yaml": BEFORE[DEPLOYMENT] }],
  ])("says nothing when %s", async (_, files) => {
    const moved = Object.hasOwn(files, "apps/checkout/base/d.yaml") ? { ...files, "apps/checkout/base/kustomization.yml": BEFORE[BASE].replace("deployment.yaml", "d.yaml") } : files;
    expect(await shared(moved)).toEqual({ shared: [], promotions: [], broken: [] });
  });

  it("is told under the name that an environment gives its image, where that is what the app promotes", async () => {
    const before = {
      "apps/checkout/prod/kustomization.yaml": "resources: [../base]\nimages: [{name: checkout, newName: ghcr.io/acme/checkout}]\n",
      [BASE]: "resources: [deployment.yaml]\n",
      [DEPLOYMENT]: deployment("checkout:1"),
    };
    const config = configOf("  checkout: { images: [ghcr.io/acme/checkout] }\n");
    const running = (tag: string) => ({ images: [{ repository: "ghcr.io/acme/checkout", tag, digest: null }] });
    expect(await shared({ [DEPLOYMENT]: deployment("checkout:2") }, { before, config })).toMatchObject({
      shared: [{ environment: "prod", from: running("1"), to: running("2"), isPromoted: true }],
    });
  });

  it("is too much to follow where a pull request makes it take too many steps", async () => {
    const pins = (letter: string) => `images: [${Array.from({ length: 7_500 }, (_, index) => `{name: ${letter}${index}, newTag: x}`).join(", ")}]\n`;
    const names = Array.from({ length: 350 }, (_, index) => `../many/x${index}.yaml`);
    const many = Object.fromEntries(names.map((name) => [name.slice(3), "kind: X\n"]));
    const taking = (letter: string) => ({ [`${letter}/kustomization.yaml`]: `resources: [${names.join(", ")}]\n${pins(letter)}` });
    const files = { "apps/checkout/dev/kustomization.yaml": "resources: [../base, ../../../a, ../../../b]\n", ...many, ...taking("a"), ...taking("b") };
    expect(await shared(files)).toMatchObject({ known: false, failure: "stalled", reason: expect.stringContaining("more than 5000000 steps") });
  });

  it("can be new, or go away", async () => {
    const component = "components/log/kustomization.yaml";
    const added = { [component]: pinning("1.3.0"), "apps/checkout/dev/kustomization.yaml": "resources: [../base]\ncomponents: [../../../components/log]\n" };
    expect(await shared(added)).toMatchObject({ shared: [{ environment: "dev", from: null, to: pinned("1.3.0") }] });
    // What stands below it, without a tag, would run then.
    const bare = { version: "untagged", images: [{ repository: "docker.io/library/checkout", tag: null, digest: null }] };
    expect(await shared({ [BASE]: "resources: [deployment.yaml]\n" })).toMatchObject({
      shared: [{ environment: "dev", from: pinned("1.0.0"), to: bare, files: [DEPLOYMENT, BASE] }, { environment: "prod", to: bare }],
    });
    expect(await shared({ [BASE]: "resources: []\n" })).toMatchObject({ shared: [{ environment: "dev", from: { images: [{ tag: "6" }, { tag: "1.0.0" }] }, to: null }, { environment: "prod", from: pinned("1.0.0"), to: null }] });
  });

  it("that did not change is told where something begins to take it in, or no longer pins what is in it", async () => {
    const before = { ...BEFORE, "components/log/kustomization.yaml": pinning("1.3.0"), "components/other/kustomization.yaml": pinning("1.4.0") };
    const taking = { "apps/checkout/dev/kustomization.yaml": "resources: [../base]\ncomponents: [../../../components/log]\n" };
    expect(await shared(taking, { before })).toMatchObject({ shared: [{ environment: "dev", from: null, to: pinned("1.3.0"), files: ["components/log/kustomization.yaml"] }] });
    const other = { "apps/checkout/dev/kustomization.yaml": "resources: [../base]\ncomponents: [../../../components/other]\n" };
    expect(await shared(other, { before: { ...before, ...taking } })).toMatchObject({ shared: [{ environment: "dev", from: pinned("1.3.0"), to: pinned("1.4.0") }] });
    const unpinned = { "apps/checkout/prod/kustomization.yaml": "resources: [../base]\n" };
    expect(await shared(unpinned)).toMatchObject({ shared: [{ environment: "prod", from: null, to: redis("6"), files: [DEPLOYMENT] }] });
  });

  it("does not change where an environment only begins to pin itself what is in it", async () => {
    const own = { "apps/checkout/dev/kustomization.yaml": `resources: [../base]\nimages: [{name: ghcr.io/acme/checkout, newTag: 1.0.0}]\n` };
    expect(await shared(own)).toMatchObject({ shared: [], promotions: [{ environment: "dev" }] });
  });

  it("is too much to read where more than 1,000 files are newly taken in", async () => {
    const names = Array.from({ length: 1_001 }, (_, index) => `x${index}.yaml`);
    const before = { ...BEFORE, ...Object.fromEntries(names.map((name) => [`many/${name}`, "kind: X\n"])), "many/kustomization.yaml": `resources: [${names.join(", ")}]\n` };
    const taking = { "apps/checkout/dev/kustomization.yaml": "resources: [../base, ../../../many]\n" };
    expect(await shared(taking, { before })).toMatchObject({ known: false, failure: "stalled", reason: expect.stringContaining("take in 1002 other files") });
  });

  it("that cannot be read any more is a problem where it is taken in", async () => {
    expect(await shared({ [DEPLOYMENT]: "image: [\n" })).toMatchObject({ broken: [expect.stringContaining(`${DEPLOYMENT}:2:1: not valid YAML`)] });
    expect(await shared({ [DEPLOYMENT]: deployment("checkout", "redis:6") }, { before: { ...BEFORE, [DEPLOYMENT]: "image: [\n" } })).toMatchObject({
      shared: [{ environment: "dev", from: null, to: redis("6") }],
      broken: [],
    });
  });

  it("is not known to be nobody's while a kustomization cannot be read", async () => {
    const before = { ...BEFORE, "apps/cart/dev/kustomization.yaml": "resources: [\n" };
    const problem = "apps/cart/dev/kustomization.yaml cannot be read, so whether it takes in what changes is not known";
    expect(await shared({ "unused/kustomization.yaml": pinning("1.1.0") }, { before })).toMatchObject({ broken: [problem] });
    expect(await shared({ "README.md": "x" }, { before })).toMatchObject({ broken: [] });
  });

  it("is nobody's outside of every kustomization's folder, and under .github, whatever cannot be read", async () => {
    const workflow = (image: string) => `jobs: {test: {container: {image: '${image}'}}}\n`;
    const before = { ...BEFORE, "kustomize/x/kustomization.yaml": "", "apps/cart/dev/kustomization.yaml": "{{ template }}: [\n", ".github/workflows/ci.yaml": workflow("node:20"), "compose.yaml": workflow("node:20") };
    expect(await shared({ ".github/workflows/ci.yaml": workflow("node:22"), "compose.yaml": workflow("node:22") }, { before })).toEqual({ shared: [], promotions: [], broken: [] });
    const inside = { ...before, "kustomization.yaml": "" };
    expect(await shared({ ".github/workflows/ci.yaml": workflow("node:22") }, { before: inside })).toMatchObject({ broken: [] });
    expect(await shared({ "compose.yaml": workflow("node:22") }, { before: inside })).toMatchObject({ broken: [expect.stringContaining("apps/cart/dev/kustomization.yaml cannot be read")] });
  });

  it("is too much to judge in more than 500 places", async () => {
    const apps = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`apps/a${index}/dev/kustomization.yaml`, "resources: [../../../unused]\n"]));
    expect(await shared({ "unused/kustomization.yaml": pinning("1.1.0") }, { before: { ...BEFORE, ...apps } })).toMatchObject({
      known: false,
      failure: "stalled",
      reason: expect.stringContaining("in 501 places at once"),
    });
  });

  it("costs nothing while no image changes but in the environments' own files", async () => {
    const asked: string[] = [];
    const own = { "apps/checkout/prod/kustomization.yaml": BEFORE["apps/checkout/prod/kustomization.yaml"].replace("'6'", "'7'") };
    const { read } = proposed(BEFORE, [{ number: 1, files: { ...own, [DEPLOYMENT]: `# a word\n${BEFORE[DEPLOYMENT]}`, "README.md": "x" } }], (manifests) => ({
      ...manifests,
      files: (...given) => {
        asked.push("files");
        return manifests.files(...given);
      },
    }));
    expect((await read()).get(1)).toMatchObject({ known: true, value: { shared: [] } });
    expect(asked).toEqual([]);
  });
});

describe("a change of which it cannot be told what runs then", () => {
  const PROD = "apps/checkout/prod/kustomization.yaml";
  const BASE = "apps/checkout/base/kustomization.yaml";
  const P = "apps/checkout/base/p.yaml";
  const CHECKOUT = `images: [{name: ghcr.io/acme/checkout, newTag: '1', digest: '${DIGEST}'}]\n`;
  const own = (more = "") => `resources: [../base]\n${CHECKOUT}${more}`;
  const BEFORE = { [PROD]: own(), [BASE]: "resources: [deployment.yaml]\n", "apps/checkout/base/deployment.yaml": "kind: Deployment\n" };
  const patch = (path: string, value: string) => `- {op: replace, path: ${path}, value: '${value}'}\n`;
  const IMAGE = "/spec/template/spec/containers/0/image";
  const patched = (text: string) => ({ ...BEFORE, [BASE]: "resources: [deployment.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n", [P]: text });
  const inline = (path: string, value: string) => own(`patches:\n  - patch: |-\n      ${patch(path, value)}    target: {kind: Deployment}\n`);
  const transformer = (tag: string) => `apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: t}\nimageTag: {name: ghcr.io/acme/checkout, newTag: '${tag}'}\n`;
  const chart = (values: string) => own(`helmCharts: [{name: x, ${values}}]\n`);
  const replacing = (field: string) => `source: {kind: ConfigMap, name: c}\ntargets: [{select: {kind: Deployment}, fieldPaths: [${field}]}]\n`;

  async function broken(before: Change["files"], files: Change["files"]): Promise<readonly string[]> {
    const answer = (await proposed(before, [{ number: 1, files }]).read()).get(1);
    if (answer?.known !== true) throw new Error(answer?.reason ?? "no answer");
    expect(answer.value).toMatchObject({ promotions: [], shared: [] });
    return answer.value.broken;
  }

  it.each<[string, Change["files"], Change["files"], string]>([
    ["a patch file sets an image", patched(patch(IMAGE, "ghcr.io/acme/checkout:1")), { [P]: patch(IMAGE, "ghcr.io/evil/checkout:2") }, `${P}: a patch of an image's field`],
    ["a patch file copies a container", patched("- {op: copy, from: /spec/initContainers/0, path: /spec/containers/0}\n"), { [P]: "[]\n" }, `${P}: a patch of an image's field`],
    ["a patch file of images is taken in from now on", { ...BEFORE, [P]: patch(IMAGE, "x:2") }, { [BASE]: patched("")[BASE] ?? null }, `${P}: a patch of an image's field`],
    ["a patch in the environment's own file sets an image", BEFORE, { [PROD]: inline(IMAGE, "ghcr.io/evil/checkout:2") }, `${PROD}: a patch that is written as text`],
    ["such a patch goes away", { ...BEFORE, [PROD]: inline(IMAGE, "x:2") }, { [PROD]: own() }, `${PROD}: a patch that is written as text`],
    ["a word is spelled with escapes", BEFORE, { [PROD]: inline('"/spec/im\\u0061ge"', "x:2") }, `${PROD}: a patch that is written as text`],
    ["values have the tag alone", { ...BEFORE, [PROD]: chart("valuesFile: ../base/p.yaml"), [P]: "image: {tag: '1'}\n" }, { [P]: "image: {tag: '2'}\n" }, `${P}: a tag whose image stands elsewhere`],
    ["values in the environment's own file do", { ...BEFORE, [PROD]: chart("valuesInline: {image: {tag: '1'}}") }, { [PROD]: chart("valuesInline: {image: {tag: '2'}}") }, `${PROD}: a tag whose image stands elsewhere`],
    ["a transformer sets a tag", { ...BEFORE, [PROD]: own("transformers: [../base/p.yaml]\n"), [P]: transformer("1") }, { [P]: transformer("2") }, `${P}: a transformer`],
    ["a transformer is written out", BEFORE, { [PROD]: own(`transformers:\n  - |-\n    ${transformer("2").replaceAll("\n", "\n    ").trim()}\n`) }, `${PROD}: what it does to other fields`],
    ["a replacement sets an image", { ...BEFORE, [PROD]: own("replacements: [{path: ../base/p.yaml}]\n"), [P]: replacing("spec.image") }, { [P]: replacing("spec.other.image") }, `${P}: a replacement`],
    ["a base is a remote one from now on", BEFORE, { [PROD]: own().replace("../base", "https://github.com/evil/base") }, `${PROD}: \`https://github.com/evil/base\` from elsewhere`],
    ["a remote base is another one", { ...BEFORE, [PROD]: own("bases: ['github.com/acme/base?ref=v1']\n") }, { [PROD]: own("bases: ['github.com/acme/base?ref=v2']\n") }, "`github.com/acme/base?ref=v2` from elsewhere"],
    ["a kustomization cannot be read any more", BEFORE, { [BASE]: "resources: [\n" }, `${BASE} cannot be read`],
    ["what is taken in is not there", BEFORE, { [BASE]: "resources: [deployment.yaml, ../other]\n" }, `${BASE} takes in apps/checkout/other, where there is no file`],
  ])("is for people when %s", async (_, before, files, words) => {
    expect(await broken(before, files)).toEqual(expect.arrayContaining([expect.stringContaining(words)]));
  });

  it.each<[string, Change["files"], Change["files"]]>([
    ["a patch file that sets something else", patched(patch("/spec/replicas", "1")), { [P]: patch("/spec/replicas", "2") }],
    ["a patch in place that says when images are pulled", BEFORE, { [PROD]: inline("/spec/template/spec/containers/0/imagePullPolicy", "Always") }],
    ["other lines beside a patch of an image", { ...BEFORE, [PROD]: inline(IMAGE, "x:2") }, { [PROD]: `namespace: x\n${inline(IMAGE, "x:2")}` }],
    ["a list of the repository's own files", { ...BEFORE, "apps/checkout/base/service.yaml": "kind: Service\n" }, { [BASE]: "resources: [deployment.yaml, service.yaml]\n" }],
    ["a patch file that nothing takes in", { ...BEFORE, "unused/p.yaml": patch(IMAGE, "x:1") }, { "unused/p.yaml": patch(IMAGE, "x:2") }],
  ])("is not %s", async (_, before, files) => {
    expect(await broken(before, files)).toEqual([]);
  });

  it("is one behind a symbolic link, by what stands there, and by where the link leads", async () => {
    const before = { "apps/checkout/dev/kustomization.yaml": "", [PROD]: `resources: [base]\n${CHECKOUT}`, "common/kustomization.yaml": "resources: [d.yaml]\n", "common/d.yaml": "image: redis:6\n" };
    const link = (upstream: Upstream, target: string) => upstream.link("apps/checkout/prod/base", target);
    const words = "apps/checkout/prod/kustomization.yaml names apps/checkout/prod/base, where there is no file";
    const inside = proposed(before, [{ number: 1, files: { "common/d.yaml": "image: redis:7\n" } }], undefined, undefined, { before: (upstream) => link(upstream, "../../../common") });
    expect((await inside.read()).get(1)).toMatchObject({ known: true, value: { broken: [expect.stringContaining(words)] } });
    const turned = proposed(before, [{ number: 1, files: {} }], undefined, undefined, {
      before: (upstream) => link(upstream, "../../../common"),
      after: (upstream) => link(upstream, "../../../other"),
    });
    const told = "apps/checkout/prod/base is a symbolic link or a submodule, which Pinion does not follow, and apps/checkout/prod/kustomization.yaml takes it in";
    expect((await turned.read()).get(1)).toMatchObject({ known: true, value: { broken: [told] } });
  });

  it("is none where the environment's own values name the whole image: that is judged", async () => {
    const values = (tag: string) => own(`helmCharts: [{name: x, valuesInline: {image: {repository: ghcr.io/acme/cart, tag: '${tag}'}}}]\n`);
    const answer = (await proposed({ ...BEFORE, [PROD]: values("1") }, [{ number: 1, files: { [PROD]: values("2") } }]).read()).get(1);
    const cart = (tag: string) => ({ images: [{ repository: "ghcr.io/acme/cart", tag, digest: null }] });
    expect(answer).toMatchObject({ known: true, value: { broken: [], promotions: [], shared: [{ environment: "prod", from: cart("1"), to: cart("2"), isPromoted: true, files: [PROD] }] } });
  });
});

describe("what a pull request brings", () => {
  const images = (count: number, digit: string) => Array.from({ length: count }, (_, index) => `{image: 'ghcr.io/acme/x${index}:${digit}'}`).join(", ");
  const before = { [FILE]: "resources: [../base/d.yaml]\n", "apps/checkout/base/d.yaml": `kind: Pod\nspec: {containers: [${images(501, "1")}]}\n` };

  it.each([[500, true], [501, false]])("may be 500 images: %s", async (count, isFew) => {
    const files = { "apps/checkout/base/d.yaml": `kind: Pod\nspec: {containers: [${images(count, "2")}]}\n` };
    const answer = (await proposed(before, [{ number: 1, files }]).read()).get(1);
    expect(answer).toMatchObject(isFew ? { known: true } : { known: false, failure: "stalled", reason: expect.stringContaining("would bring 501 images, more than the 500 that Pinion judges; split it") });
  });

  it("is too much to compare where very many images stand for very many environments", async () => {
    const apps = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`apps/a${index}/dev/kustomization.yaml`, "resources: [../../../base/d.yaml]\n"]));
    const base = (digit: string) => ({ "base/d.yaml": `kind: Pod\nspec: {containers: [${images(5_000, digit)}]}\n` });
    const answer = (await proposed({ ...apps, ...base("1") }, [{ number: 1, files: base("2") }]).read()).get(1);
    expect(answer).toMatchObject({ known: false, failure: "stalled", reason: expect.stringContaining("2010000 images stand for environments, more than the 2000000") });
  });

  it("may be 500 images also in environments' own files", async () => {
    const apps = Array.from({ length: 501 }, (_, index) => index);
    const pins = (tag: string) => Object.fromEntries(apps.map((app) => [`apps/a${app}/dev/kustomization.yaml`, `images: [{name: ghcr.io/acme/x${app}, newTag: '${tag}'}]\n`]));
    const answer = (await proposed(pins("1"), [{ number: 1, files: pins("2") }]).read()).get(1);
    expect(answer).toMatchObject({ known: false, failure: "stalled", reason: expect.stringContaining("would bring 501 images") });
  });
});

describe("what could not be read", () => {
  it("is asked again after a minute, not at every look", async () => {
    let calls = 0;
    const { read, clock, proposals } = proposed({ [FILE]: pinning("1.0.0") }, [{ number: 1, files: { [FILE]: pinning("1.1.0") } }], (manifests) => ({
      ...manifests,
      mergeTree: async (...asked) => {
        calls += 1;
        if (calls === 1) throw new TypeError("a defect");
        return manifests.mergeTree(...asked);
      },
    }));
    await read();
    expect(proposals.again).toBe(clock.now() + 60_000);
    await read();
    expect(calls).toBe(1);
    clock.advance(60_000);
    expect((await read()).get(1)).toMatchObject({ known: true });
    expect(calls).toBe(2);
    expect(proposals.again).toBeNull();
  });
});

describe("the manifests that a pull request changes", () => {
  const DEPLOYMENT = "apps/checkout/dev/deployment.yaml";
  const deployment = (replicas: number, more = "") => `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: checkout\nspec:\n  replicas: ${replicas}\n${more}`;
  const rule = parsePolicy(
    "two-replicas.yaml",
    `name: two-replicas
description: Two replicas at least.
enforce: block
match: { kind: Deployment }
schema: { type: object, properties: { spec: { type: object, properties: { replicas: { type: integer, minimum: 2 } }, required: [replicas] } }, required: [spec] }
messages: { pass: there are enough, fail: there are too few }
`,
  );

  /** What the policy says of the manifests of one pull request. */
  async function judged(before: Change["files"], files: Change["files"]) {
    if (!rule.ok) throw new Error(JSON.stringify(rule.problems));
    const answer = (await proposed(before, [{ number: 1, files }], undefined, configOf(), {}, true).read()).get(1);
    if (answer?.known !== true || answer.value.manifests === undefined) throw new Error(JSON.stringify(answer));
    const [gate] = evaluatePolicies({ policies: [rule.policy] }, soundFacts({ manifests: answer.value.manifests }));
    return { result: gate?.result, reason: gate?.reason };
  }

  const BEFORE = { [FILE]: pinning("1.0.0"), [DEPLOYMENT]: deployment(2), "other.yaml": deployment(1) };

  it.each<[string, Change["files"], boolean, boolean]>([
    ["a policy judges them", { [FILE]: pinning("1.1.0"), [DEPLOYMENT]: deployment(1) }, true, true],
    ["none does", { [FILE]: pinning("1.1.0"), [DEPLOYMENT]: deployment(1) }, false, false],
    ["no pin moves, and so nothing is judged", { [DEPLOYMENT]: deployment(1) }, true, false],
  ])("are read where something judges them, and nowhere else: %s", async (_, files, judgeManifests, isRead) => {
    const answer = (await proposed(BEFORE, [{ number: 1, files }], undefined, configOf(), {}, judgeManifests).read()).get(1);
    expect(answer).toMatchObject({ known: true });
    expect(answer?.known === true && "manifests" in answer.value).toBe(isRead);
  });

  it("are read once, however often the default branch moves, and anew when the pull request changes others", async () => {
    const upstream = new Upstream();
    const first = upstream.commit({ ...BEFORE });
    const { manifests, clock } = mirrorOf(upstream.url);
    const proposals = new Proposals();
    const on = (commit: string, files: Change["files"]): string => {
      upstream.git("checkout", "--quiet", "--detach", commit);
      return upstream.commit(files);
    };
    const read = async (head: string, oid: string) => {
      upstream.git("update-ref", "refs/heads/moved", head);
      upstream.git("update-ref", "refs/pull/1/head", oid);
      await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/moved", oid: head }]);
      const snapshot = snapshotOf({ at: clock.now(), head, open: [pullRequestOf({ number: 1, head: { ref: "change-1", oid, fork: false } })] });
      const rules = { shipped: { policies: [] }, files: null, version: "", judgeManifests: true };
      const config = configOf();
      const discover = compileDiscover(config.discover, config.environments);
      const answer = (await proposals.update({ ports: portsWith({ manifests, clock }), repository: REPOSITORY, config, discover, rules, codeOwners: null }, snapshot)).get(1);
      if (answer?.known !== true) throw new Error(answer?.reason ?? "not read");
      return answer.value;
    };
    const change = on(first, { [FILE]: pinning("1.1.0"), [DEPLOYMENT]: deployment(3) });
    const once = await read(first, change);
    expect(once.manifests).toHaveLength(2);
    const again = await read(on(first, { "README.md": "x" }), change);
    expect(again.base).not.toBe(once.base);
    expect(again.manifests).toBe(once.manifests);
    expect(again.promotions).toBe(once.promotions);
    const { manifests: other } = await read(first, on(change, { [DEPLOYMENT]: deployment(4) }));
    expect(other).toContainEqual(expect.objectContaining({ file: DEPLOYMENT, content: expect.objectContaining({ spec: { replicas: 4 } }) as unknown }));
  });

  it("are those that change beside pins, and not the others", async () => {
    expect(await judged(BEFORE, { [FILE]: pinning("1.1.0"), [DEPLOYMENT]: deployment(3) })).toEqual({ result: "pass", reason: "there are enough" });
    expect(await judged(BEFORE, { [FILE]: pinning("1.1.0"), [DEPLOYMENT]: deployment(1), "README.md": "words" })).toEqual({
      result: "fail",
      reason: `there are too few: ${DEPLOYMENT} document 1 (Deployment checkout): spec.replicas must be >= 2`,
    });
    expect(await judged(BEFORE, { [FILE]: pinning("1.1.0") })).toMatchObject({ result: "not-applicable" });
    expect(await judged(BEFORE, { [FILE]: pinning("1.1.0"), [DEPLOYMENT]: null })).toMatchObject({ result: "not-applicable" });
  });

  it("are judged as they are after the merge, and not as the branch has them", async () => {
    // The branch began when there was one replica and changes the end of the file; the default branch has two by now.
    const upstream = new Upstream();
    const lines = Array.from({ length: 12 }, (_, index) => `  # ${index}\n`).join("");
    const start = upstream.commit({ [FILE]: pinning("1.0.0"), [DEPLOYMENT]: deployment(1, lines) });
    const oid = upstream.commit({ [FILE]: pinning("1.1.0"), [DEPLOYMENT]: deployment(1, `${lines}  paused: false\n`) });
    upstream.git("update-ref", "refs/pull/1/head", oid);
    upstream.git("checkout", "--quiet", "main");
    upstream.git("reset", "--quiet", "--hard", start);
    const head = upstream.commit({ [DEPLOYMENT]: deployment(2, lines) });
    const { manifests, clock } = mirrorOf(upstream.url);
    await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: head }]);
    const snapshot = snapshotOf({ at: clock.now(), head, open: [pullRequestOf({ number: 1, head: { ref: "change-1", oid, fork: false } })] });
    const rules = { shipped: { policies: [] }, files: null, version: "", judgeManifests: true };
    const config = configOf();
    const discover = compileDiscover(config.discover, config.environments);
    const answer = (await new Proposals().update({ ports: portsWith({ manifests, clock }), repository: REPOSITORY, config, discover, rules, codeOwners: null }, snapshot)).get(1);
    const merged = { file: DEPLOYMENT, document: 1, content: { kind: "Deployment", spec: { replicas: 2, paused: false } } };
    expect(answer).toMatchObject({ known: true, value: { manifests: [merged, { file: FILE }] } });
  });

  it.each<[string, Change["files"], string]>([
    ["no YAML", { "broken.yaml": "a: [\n" }, "broken.yaml:"],
    ["no UTF-8", { "latin.yaml": LATIN_1 }, "latin.yaml is not UTF-8 text"],
    ["too large to be read", { "large.yaml": LARGE }, "large.yaml is larger than Pinion reads"],
    ["too many", Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`m/${index}.yaml`, "a: 1\n"])), "it changes 203 manifest files, and at most 200 are judged"],
  ])("are unknown where one is, or they are, %s, and the rest of the pull request is not", async (_, files, reason) => {
    const changes = [{ number: 1, files: { ...files, [FILE]: pinning("1.1.0"), [DEPLOYMENT]: deployment(3) } }];
    const answer = (await proposed(BEFORE, changes, undefined, configOf(), {}, true).read()).get(1);
    expect(answer).toMatchObject({ known: true, value: { manifests: { unknown: expect.stringContaining(reason) } } });
  });
});

describe("the owners of what a pull request changes", () => {
  const owners = parseCodeOwners("CODEOWNERS", "* @all\n/apps/ @acme/sre\n/README.md\nCODEOWNERS @platform\n");
  const change = { [FILE]: pinning("1.0.2"), "README.md": "new\n", "old.md": null, CODEOWNERS: "* @mallory\n" };
  const before = { [FILE]: pinning("1.0.1"), "README.md": "old\n", "old.md": "old\n", CODEOWNERS: "* @all\n" };

  it("are those of the default branch, also of files that go away, and of that file itself", async () => {
    const { read } = proposed(before, [{ number: 1, files: change }], undefined, undefined, {}, false, known(owners, 0));
    expect((await read()).get(1)).toMatchObject({
      known: true,
      value: { owned: [{ owners: ["@platform"], files: ["CODEOWNERS"] }, { owners: ["@acme/sre"], files: [FILE] }, { owners: ["@all"], files: ["old.md"] }] },
    });
  });

  it("are unknown with them, and not asked for where nobody asks", async () => {
    const lost = proposed(before, [{ number: 1, files: change }], undefined, undefined, {}, false, unknown("there is no such file", "stalled", 0));
    expect((await lost.read()).get(1)).toMatchObject({ known: true, value: { owned: { unknown: "there is no such file" } } });
    const unasked = (await proposed(before, [{ number: 1, files: change }]).read()).get(1);
    expect(unasked?.known === true && "owned" in unasked.value).toBe(false);
  });
});
