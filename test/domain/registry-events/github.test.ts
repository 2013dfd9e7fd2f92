import { describe, expect, it } from "vitest";
import { parseGitHub } from "../../../src/domain/registry-events/github.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

interface PackageChanges {
  readonly action?: string;
  readonly content?: object;
  readonly version?: object;
}

function packageEvent(key: string, { action = "published", content = {}, version = {} }: PackageChanges = {}): object {
  return {
    action,
    [key]: {
      id: 1,
      name: "app",
      namespace: "Acme",
      owner: { login: "Acme" },
      package_type: "CONTAINER",
      package_version: {
        version: DIGEST,
        package_url: "ghcr.io/Acme/app:1.2.3",
        container_metadata: { tag: { name: "1.2.3", digest: DIGEST }, manifest: { digest: DIGEST } },
        ...version,
      },
      ...content,
    },
    sender: { login: "someone" },
  };
}

describe.each(["registry_package", "package"])("GitHub's %s", (key) => {
  const PUSHED = { repositories: ["ghcr.io/acme/app"] };
  const UNTAGGED = { ignored: "the package version has no tag" };

  it.each<readonly [name: string, changes: PackageChanges, result: object]>([
    ["published, with the owner in lower case", {}, PUSHED],
    ["updated", { action: "updated" }, PUSHED],
    ["type docker", { content: { package_type: "docker" } }, PUSHED],
    ["type container", { content: { package_type: "container" } }, PUSHED],
    [
      "a tag with upper-case letters",
      { version: { container_metadata: { tag: { name: "RC1" } } } },
      { repositories: ["ghcr.io/acme/app"] },
    ],
    ["an address that ends in a colon", { version: { package_url: "ghcr.io/Acme/app:" } }, PUSHED],
    ["no address", { version: { package_url: undefined } }, PUSHED],
    ["an address without a host", { version: { package_url: "Acme/app:1.2.3" } }, PUSHED],
    ["no owner", { version: { package_url: "" }, content: { owner: null } }, PUSHED],
    [
      "an Enterprise Server's registry",
      { version: { package_url: "containers.github.acme.test/Team/app:1.2.3" } },
      { repositories: ["containers.github.acme.test/team/app"] },
    ],
    [
      "a package with slashes in its name",
      { content: { name: "charts/app" }, version: { package_url: "" } },
      { repositories: ["ghcr.io/acme/charts/app"] },
    ],
    ["one platform's manifest", { version: { package_url: "ghcr.io/acme/app:", container_metadata: { tag: { name: "" } } } }, UNTAGGED],
    ["a digest and nothing else", { version: { container_metadata: null, package_url: `ghcr.io/acme/app@${DIGEST}` } }, UNTAGGED],
    [
      "a signature",
      { version: { container_metadata: { tag: { name: DIGEST.replace(":", "-") } } } },
      { ignored: "the package version is a signature" },
    ],
    [
      "a version that does not say its tag",
      { version: { version: "1.2.3", container_metadata: null } },
      { repositories: ["ghcr.io/acme/app"] },
    ],
    ["deleted", { action: "deleted" }, { ignored: "the package was deleted" }],
    ["an npm package", { content: { package_type: "npm" } }, { ignored: "the package is not a container image" }],
    [
      "a package without a name",
      { content: { name: null }, version: { package_url: "" } },
      { invalid: "the package event does not say which image it is about" },
    ],
    [
      "a name that is none",
      { content: { name: "a b" }, version: { package_url: "" } },
      { invalid: "the package event does not say which image it is about" },
    ],
  ])("%s", (_name, changes, result) => {
    expect(parseGitHub(packageEvent(key, changes))).toEqual(result);
  });
});

it.each([null, "published", { action: "published" }, { action: "published", package: 3 }, { package: { package_type: "CONTAINER" } }])(
  "is no package event: %j",
  (body) => {
    expect(parseGitHub(body)).toEqual({ invalid: "the body is no package event of GitHub" });
  },
);

it.each([
  ["a ping", { zen: "Keep it logically awesome.", hook_id: 1, hook: { type: "Organization" }, sender: { login: "someone" } }],
  ["another event", { action: "opened", issue: { number: 1 }, sender: { login: "someone" } }],
])("has nothing to say in %s", (_name, body) => {
  expect(parseGitHub(body)).toEqual({ ignored: "the event is not about a package" });
});
