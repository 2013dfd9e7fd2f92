import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { Config } from "../../src/domain/config.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

const example = readFileSync(join(import.meta.dirname, "../fixtures/pinion.yaml"), "utf8");

/** A sound file with more in it. */
function file(parts: { readonly environments?: string; readonly apps?: string; readonly rest?: string } = {}): string {
  const { environments = "  dev: {}\n", apps = "", rest = "" } = parts;
  return `version: 1\nenvironments:\n${environments}apps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\n${apps}${rest}`;
}

function configOf(text: string): Config {
  const result = parseConfig(text);
  if (!result.ok) throw new Error(result.problems.map(({ line, column, message }) => `${line}:${column} ${message}`).join("\n"));
  return result.config;
}

function problemsOf(text: string): readonly string[] {
  const result = parseConfig(text);
  return result.ok ? [] : result.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe("the example", () => {
  it("says what it says", () => {
    const config = configOf(example);
    expect(config).toMatchObject({
      mode: "enforce",
      discover: ["apps/{app}/overlays/{env}/kustomization.yaml"],
      defaults: { images: null, select: { by: "semver", range: ">=1.0.0", prereleases: false, filter: null, allow: null, ignore: [] }, argocd: ["{app}-{env}"], slo: null, paused: null },
      limits: { openPullRequests: 50, newPullRequestsPerHour: 60 },
    });
    expect(config.environments.map(({ name, after, path, promote, merge }) => ({ name, after, path, promote, merge }))).toEqual([
      { name: "dev", after: [], path: "dev", promote: "auto", merge: "auto" },
      { name: "staging", after: ["dev"], path: "staging", promote: "auto", merge: "auto" },
      { name: "prod", after: ["staging"], path: "production", promote: "on-request", merge: "on-approval" },
    ]);
    expect(config.environments[2]).toMatchObject({
      soak: HOUR,
      watch: 30 * MINUTE,
      deadline: 20 * MINUTE,
      approvals: { count: 1, teams: ["sre"], users: [] },
      windows: [{ rule: "allow", starts: "0 9 * * 1-4", lasts: { milliseconds: 8 * HOUR }, zone: "Europe/Berlin" }],
      rollback: "propose",
      paused: null,
      argocd: null,
      prometheus: null,
    });
    expect([...config.apps]).toEqual([["checkout", { ...config.defaults, images: ["ghcr.io/acme/checkout"], slo: "availability" }]]);
    expect(config.slos.get("availability")).toMatchObject({ name: "availability", objective: 99.9 });
  });

  it("is read the same with a byte order mark and Windows line ends", () => {
    expect(parseConfig(`\uFEFF${example.replaceAll("\n", "\r\n")}`)).toEqual(parseConfig(example));
  });
});

describe("what may be left out", () => {
  it("needs only environments and discover, and is careful where nothing is said", () => {
    const { environments, defaults, mode } = configOf(file({ environments: "  dev:\n  prod: { after: dev }\n" }));
    expect(mode).toBe("enforce");
    const careful = {
      promote: "auto",
      merge: "on-approval",
      soak: 0,
      watch: 10 * MINUTE,
      deadline: 20 * MINUTE,
      approvals: { count: 1, teams: [], users: [] },
      rollback: "propose",
    };
    expect(environments).toMatchObject([
      { name: "dev", after: [], ...careful },
      { name: "prod", after: ["dev"], ...careful },
    ]);
    expect(defaults).toEqual({ images: null, select: { by: "semver", range: ">=0.0.0", prereleases: false, filter: null, allow: null, ignore: [] }, argocd: ["{app}-{env}"], slo: null, paused: null });
  });

  it.each([
    ["merge: on-approval", 1],
    ["merge: on-approval, approvals: { count: 0 }", 1],
    ["merge: on-approval, approvals: { count: 3 }", 3],
    ["merge: auto", 0],
    ["merge: auto, approvals: { count: 2 }", 2],
    ["merge: manual", 0],
  ])("{ %s } needs %i approvals", (text, count) => {
    expect(configOf(file({ environments: `  dev: { ${text} }\n` })).environments[0]?.approvals.count).toBe(count);
  });

  it("reads windows in UTC, and days as days of the calendar", () => {
    const text = "  dev:\n    windows:\n      - { allow: ' 0  9 * * 1-4', for: 2d }\n      - { deny: 0 0 24 12 *, for: 90m, timezone: America/New_York }\n";
    expect(configOf(file({ environments: text })).environments[0]?.windows).toEqual([
      { rule: "allow", starts: "0 9 * * 1-4", lasts: { days: 2 }, zone: "UTC" },
      { rule: "deny", starts: "0 0 24 12 *", lasts: { milliseconds: 90 * MINUTE }, zone: "America/New_York" },
    ]);
  });

  it("lays an app's settings over the defaults, key by key", () => {
    const apps = [
      "  defaults:",
      "    images: [nginx]",
      '    argocd: ["{app}-{env}-eu", "{app}-{env}-us"]',
      "    select: { semver: ^1, prereleases: true, allow: [1.*], ignore: ['*-debug', 1.0.?] }",
      "    slo: up",
      "    paused: moving",
      "  silent:",
      "  other: { images: [Acme.io/web], argocd: web, select: { semver: ^2 }, slo: fast, paused: broken }",
      "",
    ];
    const slo = "{ objective: 99, errors: '{window}', total: '{window}' }";
    const config = configOf(file({ apps: apps.join("\n"), rest: `slos:\n  up: ${slo}\n  fast: ${slo}\n` }));
    expect(config.defaults).toEqual({
      images: ["docker.io/library/nginx"],
      argocd: ["{app}-{env}-eu", "{app}-{env}-us"],
      select: { by: "semver", range: "^1", prereleases: true, filter: null, allow: ["1.*"], ignore: ["*-debug", "1.0.?"] },
      slo: "up",
      paused: "moving",
    });
    expect(config.apps.get("silent")).toEqual(config.defaults);
    expect(config.apps.get("other")).toEqual({
      images: ["Acme.io/web"],
      argocd: ["web"],
      select: { by: "semver", range: "^2", prereleases: false, filter: null, allow: null, ignore: [] },
      slo: "fast",
      paused: "broken",
    });
  });
});

describe("environments", () => {
  it("come after the ones they follow, else in the order of the file", () => {
    const environments =
      "  prod: { after: [eu, us] }\n  us: { after: '10' }\n  b: {}\n  eu: { after: [a, b] }\n  a: {}\n  '10': {}\n  '2': {}\n";
    expect(configOf(file({ environments })).environments.map(({ name }) => name)).toEqual(["b", "a", "eu", "10", "us", "prod", "2"]);
  });

  it("keep the order and the edges of any graph without circles", () => {
    const graph = fc
      .integer({ min: 1, max: 8 })
      .chain((size) => fc.tuple(fc.shuffledSubarray([...Array(size).keys()], { minLength: size }), fc.array(fc.boolean(), { minLength: size * size })));
    fc.assert(
      fc.property(graph, ([order, edges]) => {
        const size = order.length;
        const afterOf = (name: number) => [...Array(name).keys()].filter((other) => edges[name * size + other] === true);
        const environments = order.map((name) => `  e${name}: { after: [${afterOf(name).map((other) => `e${other}`).join(", ")}] }\n`).join("");
        const result = configOf(file({ environments })).environments;
        const names = result.map(({ name }) => name);
        expect(names.toSorted()).toEqual(order.map((name) => `e${name}`).toSorted());
        for (const [index, { name, after }] of result.entries()) {
          expect(after).toEqual(afterOf(Number(name.slice(1))).map((other) => `e${other}`));
          expect(after.every((other) => names.indexOf(other) < index)).toBe(true);
        }
      }),
    );
  });
});

describe("durations", () => {
  it.each([
    ["0s", 0],
    ["90s", 90_000],
    ["30m", 30 * MINUTE],
    ["1h", HOUR],
    ["2d", 48 * HOUR],
    ["90d", 90 * 24 * HOUR],
  ])("%s", (text, milliseconds) => {
    expect(configOf(file({ environments: `  dev: { soak: ${text} }\n` })).environments[0]?.soak).toBe(milliseconds);
  });

  it.each(["3600", "0", "1.5h", "-1h", "1h30m", '"1 h"', "1w", "1H", '""', "PT1H", "true", "[1h]", "12345678s"])("%s is refused with the cure", (text) => {
    expect(problemsOf(file({ environments: `  dev: { soak: ${text} }\n` }))).toEqual([
      expect.stringMatching(/^3:16 environments\.dev\.soak must be a length of time with its unit, such as 90s, 30m, 1h or 2d, but is /),
    ]);
  });
});

/** Each row: what is wrong, the file, and all that must be said of it. */
const MISTAKES: readonly (readonly [string, string, readonly string[]])[] = [
  ["an empty file", "", ["1:1 the file must be a mapping, but is empty"]],
  ["a list", "- version: 1\n", ["1:1 the file must be a mapping, but is a list"]],
  ["nothing but a version", "version: 1\n", ['1:1 the file lacks the key "environments"', '1:1 the file lacks the key "apps"']],
  ["another version", file().replace("1", "2"), ["1:10 version must be 1, but is the number 2"]],
  ["a version in quotes", file().replace("1", '"1"'), ['1:10 version must be 1, but is "1"']],
  ["a duplicate key", file({ rest: "version: 1\n" }), ['6:1 the key "version" is there twice']],
  ["an unknown key", file({ rest: "enviroments: {}\n" }), ['6:1 unknown key "enviroments" in the file. Did you mean "environments"?']],
  ["an unknown key nothing is like", file({ rest: "zzz: 1\n" }), ['6:1 unknown key "zzz" in the file. Known here: version, mode, environments, apps, policies, slos, signers, pins, limits.']],
  ["an unknown key in an environment", file({ environments: "  dev: { promot: auto }\n" }), ['3:10 unknown key "promot" in environments.dev. Did you mean "promote"?']],
  ["an unknown key in approvals", file({ environments: "  dev:\n    approvals: { team: [sre] }\n" }), ['4:18 unknown key "team" in environments.dev.approvals. Did you mean "teams"?']],
  ["an unknown key in an app", file({ apps: "  web: { image: [nginx] }\n" }), ['6:10 unknown key "image" in apps.web. Did you mean "images"?']],
  ["a pattern that is a regular expression", file({ apps: "  web: { select: { semver: ^1, allow: [1.*, '^v1\\.'] } }\n" }), ['6:45 apps.web.select.allow[1]: "^v1\\." is not a pattern of tags: write letters, digits, "_", "." and "-", "*" for any characters and "?" for one, as in "*-debug"']],
  ["a pattern that is too long", file({ apps: `  web: { select: { semver: ^1, ignore: [${"x".repeat(129)}] } }\n` }), [`6:41 apps.web.select.ignore[0] must be text of 1 to 128 characters, but is "${"x".repeat(60)}…"`]],
  ["a filter that is too long", file({ apps: `  web: { select: { order: numerical, filter: { pattern: ${"x".repeat(257)} } } }\n` }), [`6:57 apps.web.select.filter.pattern must be text of 1 to 256 characters, but is "${"x".repeat(60)}…"`]],
  ["an extract that is too long", file({ apps: `  web: { select: { order: numerical, filter: { pattern: (x), extract: $1${"x".repeat(127)} } } }\n` }), [`6:71 apps.web.select.filter.extract must be text of 1 to 128 characters, but is "$1${"x".repeat(58)}…"`]],
  ["a filter that is too long in UTF-16", file({ apps: `  web: { select: { order: numerical, filter: { pattern: ${"\u{1F600}".repeat(129)} } } }\n` }), ["6:57 apps.web.select.filter.pattern: the pattern is longer than 256 characters"]],
  ["no patterns", file({ apps: "  web: { select: { semver: ^1, allow: [] } }\n" }), ["6:39 apps.web.select.allow must be a list of 1 to 50 different patterns of tags, but is an empty list"]],
  ["prereleases in words", file({ apps: "  web: { select: { semver: ^1, prereleases: some } }\n" }), ["6:45 apps.web.select.prereleases must be true or false, but is \"some\""]],
  ["a select without an order", file({ apps: "  web: { select: { allow: [1.*] } }\n" }), ['6:10 apps.web.select does not say what tags are ordered by: write "semver" with a range, "order", "tag" or "newest"']],
  ["two orders", file({ apps: "  web: { select: { semver: ^1, order: numerical } }\n" }), ['6:32 apps.web.select has both "semver" and "order": keep the one that tags are ordered by']],
  ["an order that is none", file({ apps: "  web: { select: { order: numeric } }\n" }), ['6:27 apps.web.select.order must be numerical or alphabetical (there is none that takes the least, or the first), but is "numeric". Did you mean "numerical"?']],
  ["an order from behind", file({ apps: "  web: { select: { order: desc } }\n" }), ['6:27 apps.web.select.order must be numerical or alphabetical (there is none that takes the least, or the first), but is "desc".']],
  ["a newest that is none", file({ apps: "  web: { select: { newest: push } }\n" }), ['6:28 apps.web.select.newest must be build, but is "push".']],
  ["an extract of what is not ordered by it", file({ apps: "  web: { select: { newest: build, filter: { pattern: '(a)', extract: $1 } } }\n" }), ['6:61 apps.web.select.filter.extract does not go with "newest": builds are ordered by the time that they tell, and not by their tags']],
  ["a tag with patterns", file({ apps: "  web: { select: { tag: main, allow: [main] } }\n" }), ['6:31 apps.web.select.allow does not go with "tag", which names the one tag that is followed']],
  ["a tag that is none", file({ apps: "  web: { select: { tag: 'main*' } }\n" }), ['6:25 apps.web.select.tag must be one tag, as "main", but is "main*"']],
  ["a version for a moving tag", file({ apps: "  web: { select: { tag: 1.2.3 } }\n" }), ['6:25 apps.web.select.tag is a version, which should not move: write "semver: 1.2.3"']],
  ["prereleases of what has none", file({ apps: "  web: { select: { order: numerical, prereleases: true } }\n" }), ['6:38 apps.web.select.prereleases goes with "semver" only: other orders know no prereleases']],
  ["a filter without a pattern", file({ apps: "  web: { select: { order: numerical, filter: { extract: $1 } } }\n" }), ['6:38 apps.web.select.filter lacks the key "pattern"']],
  ["a filter that does not compile", file({ apps: "  web: { select: { order: numerical, filter: { pattern: '^test-(.*' } } }\n" }), ['6:57 apps.web.select.filter.pattern: "^test-(.*" is not a regular expression of RE2 (missing closing ): `^test-(.*`): write it as for Flux or Go, without lookaround and backreferences']],
  ["an extract that names no group", file({ apps: "  web: { select: { order: numerical, filter: { pattern: 'b-(?<build>\\d+)', extract: $bild } } }\n" }), ['6:85 apps.web.select.filter.extract: "$bild" is no group of the pattern, which has $1, $build; what follows a name is parted from it by braces, as in "${1}0"']],
  ["windows at the top", file({ rest: "windows: []\n" }), ["6:1 windows stand under an environment: move the key there"]],
  ["windows of an app", file({ apps: "  web: { windows: [] }\n" }), ["6:10 windows stand under an environment: move the key there"]],
  ["no window", file({ environments: "  dev: { windows: [] }\n" }), ["3:19 environments.dev.windows must be a list of 1 to 20 windows, such as { allow: \"0 9 * * 1-4\", for: 8h, timezone: Europe/Berlin }, but is an empty list"]],
  ["a window that is no list", file({ environments: "  dev: { windows: { allow: 0 9 * * *, for: 1h } }\n" }), [expect.stringMatching(/^3:19 environments\.dev\.windows must be a list of 1 to 20 windows, .*, but is a mapping$/)]],
  ["a window that neither allows nor denies", file({ environments: "  dev: { windows: [{ for: 8h }] }\n" }), ["3:20 environments.dev.windows[0] needs allow or deny, with the times at which the window begins"]],
  ["a window that does both", file({ environments: "  dev: { windows: [{ allow: 0 9 * * *, deny: 0 9 * * *, for: 8h }] }\n" }), ["3:20 environments.dev.windows[0] has both allow and deny: write two windows"]],
  ["a window without a length", file({ environments: "  dev: { windows: [{ allow: 0 9 * * * }] }\n" }), ['3:20 environments.dev.windows[0] lacks the key "for"']],
  ["a window of no length", file({ environments: "  dev: { windows: [{ allow: 0 9 * * *, for: 0h }] }\n" }), ["3:45 environments.dev.windows[0].for must be longer than 0"]],
  ["a window of many days", file({ environments: "  dev: { windows: [{ allow: 0 9 * * *, for: 91d }] }\n" }), ['3:45 environments.dev.windows[0].for is longer than 90 days: "91d"']],
  ["a window of four fields", file({ environments: "  dev: { windows: [{ allow: 0 9 * *, for: 1h }] }\n" }), ['3:29 environments.dev.windows[0].allow must be a cron expression of five fields (minute hour day-of-month month day-of-week) that begins with one minute, such as "0 9 * * 1-4"']],
  ["a window at a time that is none", file({ environments: "  dev: { windows: [{ deny: 0 25 * * *, for: 1h }] }\n" }), ['3:28 environments.dev.windows[0].deny must be a cron expression, such as "0 9 * * 1-4": Invalid value for hour: 25']],
  ["a window that never comes", file({ environments: "  dev: { windows: [{ allow: 0 9 30 2 *, for: 1h }] }\n" }), ['3:29 environments.dev.windows[0].allow never comes: there is no such day in "0 9 30 2 *"']],
  ["a window in a zone that is none", file({ environments: "  dev: { windows: [{ allow: 0 9 * * *, for: 1h, timezone: Europe/Berlim }] }\n" }), ['3:59 environments.dev.windows[0].timezone is "Europe/Berlim", which is no time zone of the IANA database, such as Europe/Berlin. Did you mean "Europe/Berlin"?']],
  ["a window at an offset", file({ environments: '  dev: { windows: [{ allow: 0 9 * * *, for: 1h, timezone: "+02:00" }] }\n' }), [expect.stringMatching(/^3:59 .*is "\+02:00", which is no time zone/)]],
  ["a window with a key too many", file({ environments: "  dev: { windows: [{ allow: 0 9 * * *, for: 1h, zone: UTC }] }\n" }), [expect.stringMatching(/^3:49 unknown key "zone" in environments\.dev\.windows\[0\]/)]],
  ["a merge key", file({ environments: "  dev: &d { soak: 1h }\n  prod: { <<: *d }\n" }), ["4:11 merge keys (<<) are not supported: write the keys out, or use an alias for a whole value"]],
  ["a value near one of the set", file({ environments: "  dev: { promote: automatic }\n" }), ['3:19 environments.dev.promote must be auto or on-request, but is "automatic". Did you mean "auto"?']],
  ["a value in the wrong case", file({ rest: "mode: Observe\n" }), ['6:7 mode must be enforce or observe, but is "Observe". Did you mean "observe"?']],
  ["a value of no set", file({ environments: "  dev: { merge: never }\n" }), ['3:17 environments.dev.merge must be auto or on-approval or manual, but is "never".']],
  ["a truth for a choice", file({ environments: "  dev: { rollback: false }\n" }), ["3:20 environments.dev.rollback must be auto or propose or off, but is false."]],
  ["no environment", file({ environments: "" }).replace("environments:", "environments: {}"), ["2:15 environments must be a mapping with 1 to 100 environments, but is an empty mapping"]],
  ["a name of an environment", file({ environments: "  Dev: {}\n" }), ['3:3 the name "Dev" in environments must be lower-case letters, digits and inner hyphens, 40 at most']],
  ["a name that ends in a hyphen", file({ environments: "  dev-: {}\n" }), ['3:3 the name "dev-" in environments must be lower-case letters, digits and inner hyphens, 40 at most']],
  ["a name that is too long", file({ environments: `  ${"a".repeat(41)}: {}\n` }), [`3:3 the name "${"a".repeat(41)}" in environments must be lower-case letters, digits and inner hyphens, 40 at most`]],
  ["an environment that is no mapping", file({ environments: "  dev: [auto]\n" }), ["3:8 environments.dev must be a mapping or empty, but is a list"]],
  ["after what is not there", file({ environments: "  dev: {}\n  prod: { after: devv }\n" }), ['4:18 environments.prod.after names "devv", which is no environment. Did you mean "dev"?']],
  ["after what is not there, in a list", file({ environments: "  dev: {}\n  prod: { after: [dev, qa] }\n" }), ['4:24 environments.prod.after[1] names "qa", which is no environment.']],
  ["after the same twice", file({ environments: "  dev: {}\n  prod: { after: [dev, dev] }\n" }), ["4:18 environments.prod.after has an entry twice"]],
  ["after itself", file({ environments: "  dev: { after: dev }\n" }), ['3:17 environments.dev.after names the environment itself: "dev" cannot follow "dev"']],
  ["a circle", file({ environments: "  a: { after: c }\n  b: { after: a }\n  c: { after: b }\n  d: { after: c }\n" }), ["3:15 the environments follow each other in a circle: a after c after b after a"]],
  ["two circles", file({ environments: "  a: { after: b }\n  b: { after: a }\n  c: { after: d }\n  d: { after: c }\n" }), ["3:15 the environments follow each other in a circle: a after b after a", "5:15 the environments follow each other in a circle: c after d after c"]],
  ["one path for two", file({ environments: "  dev: { path: prod }\n  prod: {}\n" }), ['4:3 environments.prod has the path "prod" of dev: each needs its own']],
  ["a path of several folders", file({ environments: "  dev: { path: a/b }\n" }), ['3:16 environments.dev.path must be the name of one folder: letters, digits, dots, underscores and hyphens, but is "a/b"']],
  ["a path upwards", file({ environments: "  dev: { path: .. }\n" }), ['3:16 environments.dev.path must be the name of one folder: letters, digits, dots, underscores and hyphens, but is ".."']],
  ["a very long soak", file({ environments: "  dev: { soak: 91d }\n" }), ['3:16 environments.dev.soak is longer than 90 days: "91d"']],
  ["a watch in which its SLO cannot be measured", file({ environments: "  dev: { watch: 59s }\n", apps: "  web: { slo: up }\n", rest: "slos:\n  up: { objective: 99, errors: '{window}', total: '{window}' }\n" }), ["3:17 environments.dev.watch must be 60s or longer, or no slo can be measured in it"]],
  ["a deadline nobody meets", file({ environments: "  dev: { deadline: 0s }\n" }), ["3:20 environments.dev.deadline must be longer than 0: no rollout could meet it"]],
  ["more approvals than people", file({ environments: "  dev: { approvals: { count: 11 } }\n" }), ["3:30 environments.dev.approvals.count must be a whole number from 0 to 10, but is the number 11"]],
  ["a fraction of an approval", file({ environments: "  dev: { approvals: { count: 1.5 } }\n" }), ["3:30 environments.dev.approvals.count must be a whole number from 0 to 10, but is the number 1.5"]],
  ["a team with its organisation", file({ environments: '  dev: { approvals: { teams: ["@acme/sre"] } }\n' }), ['3:31 environments.dev.approvals.teams[0] must be a team\'s slug without the organisation, as "sre", but is "@acme/sre"']],
  ["a team that is no list", file({ environments: "  dev: { approvals: { teams: sre } }\n" }), ['3:30 environments.dev.approvals.teams must be a list, but is "sre"']],
  ["a pause without a reason", file({ environments: "  dev: { paused: true }\n" }), ["3:18 environments.dev.paused must be the reason, in 1 to 500 characters (remove the key to resume), but is true"]],
  ["no discover pattern", "version: 1\nenvironments: { dev: }\napps: { discover: [] }\n", ['3:19 apps.discover must be a list of 1 to 20 paths, such as "apps/{app}/overlays/{env}/kustomization.yaml", but is an empty list']],
  ["apps without discover", "version: 1\nenvironments: { dev: }\napps: {}\n", ['3:1 apps lacks the key "discover"']],
  ["a bad discover pattern", "version: 1\nenvironments: { dev: }\napps: { discover: [a, '{app}/{env}/kustomization.yaml'] }\n", ['3:20 apps.discover[0]: "a" must contain {app} once, but does so 0 times']],
  ["the name of an app", file({ apps: "  Check Out: {}\n" }), ['6:3 the name "Check Out" in apps must be lower-case letters, digits, dots, underscores and hyphens, 100 at most']],
  ["a bad range", file({ apps: '  web: { select: { semver: "^1.x-0" } }\n' }), ['6:28 apps.web.select.semver: "^1.x-0" is not a semver range: prereleases are named by a full version, as in ">=1.3.0-0"']],
  ["no image", file({ apps: "  web: { images: [] }\n" }), ["6:18 apps.web.images must be a list of 1 to 50 images, but is an empty list"]],
  ["an image with a tag", file({ apps: '  web: { images: ["nginx:1.2"] }\n' }), ['6:19 apps.web.images[0] has a tag or digest: write "docker.io/library/nginx"']],
  ["one image twice", file({ apps: "  web: { images: [nginx, docker.io/library/nginx] }\n" }), ["6:26 apps.web.images[1] is there twice: both are docker.io/library/nginx"]],
  ["an image of no repository", file({ apps: "  web: { images: [Acme/Web] }\n" }), [expect.stringMatching(/^6:19 apps\.web\.images\[0\]: "Acme\/Web" has /)]],
  ["a placeholder nobody fills", file({ apps: '  web: { argocd: "{app}-{environment}" }\n' }), ['6:18 apps.web.argocd must be the name of an Argo CD Application, with no placeholders but {app} and {env}, but is "{app}-{environment}"']],
  ["a selector", file({ apps: "  web: { argocd: [web, app=web] }\n" }), ['6:24 apps.web.argocd[1] must be the name of an Argo CD Application, with no placeholders but {app} and {env}, but is "app=web"']],
  ["an SLO that is not there", file({ apps: "  web: { slo: availabilty }\n", rest: "slos:\n  availability: { objective: 99, errors: '{window}', total: '{window}' }\n" }), ['6:15 apps.web.slo names "availabilty", which is not under slos. Did you mean "availability"?']],
  ["an SLO without its parts", file({ rest: "slos: { a: { objective: 99 } }\n" }), ['6:9 slos.a lacks the key "errors"', '6:9 slos.a lacks the key "total"']],
  ["all events good", file({ rest: "slos: { a: { objective: 100, errors: '{window}', total: '{window}' } }\n" }), ["6:25 slos.a.objective must be a percentage above 0 and below 100, such as 99.9, but is the number 100"]],
  ["an objective in words", file({ rest: "slos: { a: { objective: 99.9%, errors: '{window}', total: '{window}' } }\n" }), ['6:25 slos.a.objective must be a percentage above 0 and below 100, such as 99.9, but is "99.9%"']],
  ["a period that is too short", file({ rest: "slos: { a: { objective: 99, errors: '{window}', total: '{window}', period: 23h } }\n" }), ['6:76 slos.a.period must be from 1d to 90d, but is "23h"']],
  ["a period that is too long", file({ rest: "slos: { a: { objective: 99, errors: '{window}', total: '{window}', period: 91d } }\n" }), ['6:76 slos.a.period must be from 1d to 90d, but is "91d"']],
  ["a query without its window", file({ rest: "slos: { a: { objective: 99, errors: 'x[5m]', total: '{window}' } }\n" }), [expect.stringMatching(/^6:37 slos\.a\.errors must be PromQL that contains \{window\}, such as .*, but is "x\[5m\]"$/)]],
  ["a limit of none", file({ rest: "limits: { openPullRequests: 0 }\n" }), ["6:29 limits.openPullRequests must be a whole number from 1 to 1000, but is the number 0"]],
  ["a limit of too many", file({ rest: "limits: { newPullRequestsPerHour: 501 }\n" }), ["6:35 limits.newPullRequestsPerHour must be a whole number from 1 to 500, but is the number 501"]],
  ["no text where an image must be", file({ apps: "  web: { images: [''] }\n" }), ["6:19 apps.web.images[0] must be text of 1 to 500 characters, but is \"\""]],
  ["a list too long with doubles", file().replace(/\[.*\]/, `[${"'{app}/{env}/kustomization.yaml', ".repeat(21)}]`), [expect.stringMatching(/^5:13 apps\.discover must be a list of 1 to 20 paths/), "5:13 apps.discover has an entry twice"]],
  ["an endpoint by URL", file({ environments: '  dev: { argocd: "https://argocd.example" }\n' }), ['3:18 environments.dev.argocd must be lower-case letters, digits and inner hyphens, 40 at most, but is "https://argocd.example"']],
];

describe("mistakes", () => {
  it.each(MISTAKES)("%s", (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it("are all told at once, of every kind, in the order of the file", () => {
    const text = [
      "version: 3",
      "environments:",
      "  dev: { promote: automatic, soak: 5 }",
      "  prod: { after: devv, windows: [], path: dev }",
      "apps:",
      "  discover: ['apps/{app}']",
      "  web: { slo: none, slo: none }",
      "colour: blue",
      "",
    ].join("\n");
    const places = problemsOf(text).map((problem) => problem.replace(/ .*/, ""));
    expect(places).toEqual(["1:10", "3:19", "3:36", "4:18", "4:33", "4:43", "6:14", "7:15", "7:21", "8:1"]);
  });

  it("of a text that is no YAML are told as such", () => {
    expect(problemsOf("version: 1\nenvironments:\n\tdev: {}\n")).toEqual(["3:1 not valid YAML: a tab cannot indent, use spaces"]);
    expect(problemsOf("apps:\n  discover: [apps/{app}]\n")[0]).toMatch(/^2:\d+ not valid YAML: .*; text with \[ \] { } or a comma needs quotes there$/);
    expect(problemsOf("version: 1\n---\nversion: 1\n")).toEqual(["2:1 more than one YAML document (---) in the file: keep one"]);
    expect(problemsOf(`version: 1 #${" ".repeat(256 * 1024)}`)).toEqual(["1:1 the file has 262156 characters: more than 262144 are not read"]);
  });

  it("of a hopeless file are not told without end", () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `key-${index}: 1\n`).join("");
    const problems = problemsOf(keys);
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toMatch(/and more problems from here on/);
  });

  it("never make it throw, and always have a place within the text", () => {
    const token = fc.constantFrom(
      ..."\n|\n  |\n    |: |- |{ |} |[ |] |, |version|1|environments|dev|prod|after|apps|discover|{app}|{env}|defaults|slos|soak|1h|null|\"|'|#|&a |*a |<<|!x |\t".split("|"),
    );
    const text = fc.oneof(
      fc.string({ unit: token, maxLength: 60 }),
      fc.tuple(fc.nat(example.length), fc.nat(40), fc.string({ unit: token, maxLength: 5 })).map(([at, cut, put]) => example.slice(0, at) + put + example.slice(at + cut)),
    );
    fc.assert(
      fc.property(text, (given) => {
        const result = parseConfig(given);
        if (result.ok) return;
        expect(result.problems.length).toBeGreaterThan(0);
        const lines = given.split("\n");
        for (const { line, column, message } of result.problems) {
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
          expect(message).not.toBe("");
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
