import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namesOf } from "../../src/domain/pins/images-above.ts";
import { kustomizeReach } from "../../src/domain/pins/kustomize-reach.ts";
import { readKustomizeReferences } from "../../src/domain/pins/kustomize-references.ts";

/** A small repository: what takes each file in, as `app environment` with what is pinned on the way. */
function reached(files: Readonly<Record<string, string>>, roots: readonly string[], unread: readonly string[] = []) {
  const places = new Map(roots.map((file) => [file, { app: "web", environment: file.split("/").at(-2) ?? "" }] as const));
  const read = (file: string) => (unread.includes(file) ? undefined : readKustomizeReferences(files[file] ?? ""));
  const reach = kustomizeReach(places, (path) => Object.hasOwn(files, path), read);
  const told = [...reach.files].map(([file, by]) => [file, by.map(({ place, pinned }) => [place.environment, ...pinned].join(" "))]);
  return { reach, files: Object.fromEntries(told) as Record<string, string[]>, unread: [...reach.unread], unreadable: [...reach.unreadable] };
}

const PINNED = "images: [{name: nginx, newTag: v1}]\n";

describe("what kustomizations take in", () => {
  it("is followed through bases and components, to files and folders", () => {
    const files = {
      "apps/web/dev/kustomization.yaml": "resources: [../base]\ncomponents: [../../../components/tags/]\n",
      "apps/web/prod/kustomization.yaml": "bases:\n- ./../base\n",
      "apps/web/base/kustomization.yml": "resources: [deployment.yaml, https://example.com/x.yaml, ../missing]\n",
      "apps/web/base/deployment.yaml": "kind: Deployment\n",
      "apps/web/base/other.yaml": "kind: Deployment\n",
      "components/tags/Kustomization": "kind: Component\n",
    };
    const { files: found, unread, unreadable } = reached(files, ["apps/web/dev/kustomization.yaml", "apps/web/prod/kustomization.yaml"]);
    expect(found).toEqual({
      "apps/web/base/kustomization.yml": ["dev", "prod"],
      "apps/web/base/deployment.yaml": ["dev", "prod"],
      "components/tags/Kustomization": ["dev"],
    });
    expect([unread, unreadable]).toEqual([[], []]);
  });

  it.each([
    ["resources: [x.yaml]"],
    ["crds: [x.yaml]"],
    ["generators: [x.yaml]"],
    ["transformers: [x.yaml]"],
    ["patchesStrategicMerge: [x.yaml]"],
    ["patches: [{path: x.yaml}]"],
    ["patches: [{patch: '- op: add'}, {path: x.yaml, target: {kind: Deployment}}]"],
    ["patchesJson6902: [{path: x.yaml}]"],
    ["replacements: [{path: x.yaml}]"],
    ["helmCharts: [{name: c, valuesFile: x.yaml}]"],
    ["helmCharts: [{name: c, additionalValuesFiles: [a.yaml, x.yaml]}]"],
    ["helmChartInflationGenerator: [{values: x.yaml}]"],
    ["resources: [dev/../x.yaml]"],
    ["resources: [../dev/x.yaml]"],
  ])("is read from %s", (text) => {
    expect(reached({ "dev/kustomization.yaml": text, "dev/x.yaml": "" }, ["dev/kustomization.yaml"]).files).toEqual({ "dev/x.yaml": ["dev"] });
  });

  it.each([["resources: [../../x.yaml]"], ["resources: [/x.yaml]"], ["resources: ['git@example.com:x.yaml']"], ["resources: x.yaml"], ["resources: [{x.yaml: }]"]])(
    "is nothing of the repository in %s",
    (text) => {
      expect(reached({ "dev/kustomization.yaml": text, "x.yaml": "", "dev/y.yaml": "" }, ["dev/kustomization.yaml"]).files).toEqual({});
    },
  );

  it("can be the root of the repository", () => {
    const files = { "dev/kustomization.yaml": "resources: [..]\n", "kustomization.yaml": "resources: [x.yaml]\n", "x.yaml": "" };
    expect(reached(files, ["dev/kustomization.yaml"]).files).toEqual({ "kustomization.yaml": ["dev"], "x.yaml": ["dev"] });
  });

  it("tells which images are pinned above a file, but not those that it pins itself", () => {
    const files = {
      "dev/kustomization.yaml": "resources: [../base]\nimages: [{name: redis, digest: x}, {name: named, newName: other}]\n",
      "prod/kustomization.yaml": "resources: [../base]\n",
      "base/kustomization.yaml": `resources: [x.yaml]\n${PINNED}`,
      "base/x.yaml": "",
    };
    expect(reached(files, ["dev/kustomization.yaml", "prod/kustomization.yaml"]).files).toEqual({
      "base/kustomization.yaml": ["dev docker.io/library/redis", "prod"],
      "base/x.yaml": ["dev docker.io/library/redis docker.io/library/nginx", "prod docker.io/library/nginx"],
    });
  });

  it("counts an image as pinned only where every way to the file pins it", () => {
    const files = {
      "dev/kustomization.yaml": "resources: [../pinned, ../bare]\n",
      "pinned/kustomization.yaml": `resources: [../base]\n${PINNED}`,
      "bare/kustomization.yaml": "resources: [../base]\n",
      "base/kustomization.yaml": "resources: [x.yaml]\n",
      "base/x.yaml": "",
    };
    expect(reached(files, ["dev/kustomization.yaml"]).files["base/x.yaml"]).toEqual(["dev"]);
    const turned = { ...files, "dev/kustomization.yaml": "resources: [../bare, ../pinned]\n" };
    expect(reached(turned, ["dev/kustomization.yaml"]).files["base/x.yaml"]).toEqual(["dev"]);
  });

  it("tells under which names images run that get another one on the way, but keep their tags", () => {
    const files = {
      "dev/kustomization.yaml": "resources: [../base]\nimages: [{name: web, newName: ghcr.io/acme/web}, {name: db, newName: pinned}, {name: pinned, newTag: x}]\n",
      "prod/kustomization.yaml": "resources: [../mid, ../base]\nimages: [{name: ghcr.io/acme/web, newName: quay.io/acme/web}, {name: db, newTag: x}]\n",
      "mid/kustomization.yaml": "resources: [../base]\nimages: [{name: web, newName: ghcr.io/acme/web}, {name: log, newName: db}]\n",
      "base/kustomization.yaml": "resources: [x.yaml]\n",
      "base/x.yaml": "",
    };
    const { reach } = reached(files, ["dev/kustomization.yaml", "prod/kustomization.yaml"]);
    const running = (name: string) => (reach.files.get("base/x.yaml") ?? []).map((one) => `${one.place.environment}: ${namesOf(one, `docker.io/library/${name}`).join(" or ")}`);
    expect(running("web")).toEqual(["dev: ghcr.io/acme/web", "prod: docker.io/library/web or quay.io/acme/web"]);
    expect(running("db")).toEqual(["dev: docker.io/library/pinned", "prod: "]);
    expect(running("log")).toEqual(["dev: docker.io/library/log", "prod: docker.io/library/log"]);
    const { reach: straight } = reached({ ...files, "prod/kustomization.yaml": files["prod/kustomization.yaml"].replace(", ../base", "") }, ["prod/kustomization.yaml"]);
    expect((straight.files.get("base/x.yaml") ?? []).map((one) => namesOf(one, "docker.io/library/log"))).toEqual([[]]);
  });

  it("names paths at which there is nothing to take in, as behind a symbolic link, and not those of elsewhere", () => {
    const text = "resources: [../link, x.yaml, 'https://example.com/x.yaml', github.com/acme/base, 'git@example.com:acme/base', ../../outside]\n";
    const { reach } = reached({ "dev/kustomization.yaml": text, "dev/x.yaml": "" }, ["dev/kustomization.yaml"]);
    expect([...reach.missing]).toEqual([["link", "dev/kustomization.yaml"]]);
  });

  it("is the same however often one is named, and costs no more", () => {
    const pins = Array.from({ length: 3_000 }, (_, index) => `{name: i${index}, newTag: x}`).join(", ");
    const files = { "dev/kustomization.yaml": `resources: [${"x.yaml, ".repeat(3_000)}]\nimages: [${pins}]\n`, "dev/x.yaml": "" };
    const { reach } = reached(files, ["dev/kustomization.yaml"]);
    expect(reach.isWhole).toBe(true);
    expect(reach.files.get("dev/x.yaml")).toHaveLength(1);
  });

  it("is given up where it would take too many steps", () => {
    const pinning = (letter: string) => `images: [${Array.from({ length: 3_000 }, (_, index) => `{name: ${letter}${index}, newTag: x}`).join(", ")}]\n`;
    const names = Array.from({ length: 1_000 }, (_, index) => `../many/x${index}.yaml`);
    const files = {
      "dev/kustomization.yaml": "resources: [../a, ../b]\n",
      "a/kustomization.yaml": `resources: [${names.join(", ")}]\n${pinning("a")}`,
      "b/kustomization.yaml": `resources: [${names.join(", ")}]\n${pinning("b")}`,
      ...Object.fromEntries(names.map((name) => [name.slice(3), ""])),
    };
    expect(reached(files, ["dev/kustomization.yaml"]).reach.isWhole).toBe(false);
  });

  it("names what is not read yet and what cannot be, and goes on with the rest", () => {
    const files = { "dev/kustomization.yaml": "resources: [../a, ../b, x.yaml]\n", "a/kustomization.yaml": "", "b/kustomization.yaml": "resources: [\n", "dev/x.yaml": "" };
    const { files: found, unread, unreadable } = reached(files, ["dev/kustomization.yaml"], ["a/kustomization.yaml"]);
    expect(Object.keys(found).toSorted()).toEqual(["a/kustomization.yaml", "b/kustomization.yaml", "dev/x.yaml"]);
    expect([unread, unreadable]).toEqual([["a/kustomization.yaml"], ["b/kustomization.yaml"]]);
  });

  it("is found whole, and ends, whatever takes in whatever", () => {
    const FOLDERS = ["a", "b", "c", "d", "e"];
    const graph = fc.array(fc.record({ to: fc.subarray(FOLDERS), pins: fc.boolean() }), { minLength: FOLDERS.length, maxLength: FOLDERS.length });
    fc.assert(
      fc.property(graph, (nodes) => {
        const files = Object.fromEntries(
          nodes.map(({ to, pins }, index) => [`${FOLDERS[index]}/kustomization.yaml`, `resources: [${to.map((name) => `../${name}`).join(", ")}]\n${pins ? PINNED : ""}`]),
        );
        const { files: found } = reached(files, ["a/kustomization.yaml"]);
        // Every way without a folder twice, one after the other: the long way to the same answer.
        const ways: string[][] = [];
        const follow = (way: readonly string[]): void => {
          for (const name of nodes[FOLDERS.indexOf(way.at(-1) ?? "")]?.to ?? []) {
            if (way.includes(name)) continue;
            ways.push([...way, name]);
            follow([...way, name]);
          }
        };
        follow(["a"]);
        const ends = new Set(ways.map((way) => way.at(-1) ?? ""));
        const wanted = [...ends].map((name) => {
          const isPinned = ways.filter((way) => way.at(-1) === name).every((way) => way.slice(0, -1).some((above) => nodes[FOLDERS.indexOf(above)]?.pins === true));
          return [`${name}/kustomization.yaml`, [isPinned ? "a docker.io/library/nginx" : "a"]] as const;
        });
        expect(found).toEqual(Object.fromEntries(wanted));
      }),
    );
  });
});
