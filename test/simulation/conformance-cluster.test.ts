import { expect } from "vitest";
import { MAIN, manifest, MINUTE, placePath, type Fate } from "../../simulator/facts.ts";
import { setupOf, type Setup } from "../../simulator/setup.ts";
import type { Side } from "./conformance-pair.ts";
import { LATER, STALLED, tell, type Step } from "./conformance-story.ts";
import { DEV } from "../../simulator/facts.ts";

const SETUP: Setup = {
  ...setupOf(1),
  apps: ["checkout"],
  config: { environments: [DEV], slo: true, limit: 50 },
  checkRequired: false,
  pinnedByDigest: true,
};

const repositoryOf = (side: Side): string => side.world.pinAt(side.branch(MAIN), "checkout", "dev")?.repository ?? "";
const tags = (side: Side) => side.ask(({ registry }) => registry.tags(repositoryOf(side)));
const digest = (side: Side, reference: string) => side.ask(({ registry }) => registry.digest(repositoryOf(side), reference));
const pinned = (side: Side): string => side.world.pinAt(side.branch(MAIN), "checkout", "dev")?.digest ?? "";
const DIGEST = expect.stringMatching(/^digest \d+$/);

const REGISTRY: readonly Step[] = [
  ["the tags", tags, ["1.0.0"]],
  ["what a tag is", (side) => digest(side, "1.0.0"), DIGEST],
  ["whether a digest is there", (side) => digest(side, pinned(side)), DIGEST],
  ["a tag that is not there", (side) => digest(side, "9.9.9"), null],
  ["a digest that is not there", (side) => digest(side, `sha256:${"e".repeat(64)}`), null],
  ["the tags of a repository that is not there", (side) => side.ask(({ registry }) => registry.tags(`${repositoryOf(side)}-of-nobody`)), STALLED],
  ["what a tag of it is", (side) => side.ask(({ registry }) => registry.digest(`${repositoryOf(side)}-of-nobody`, "1.0.0")), null],
  ["a push", (side) => side.people.publish("checkout", "1.10.0", "good"), undefined],
  ["and another", (side) => side.people.publish("checkout", "1.9.0", "good"), undefined],
  ["the tags then", tags, ["1.0.0", "1.10.0", "1.9.0"]],
  ["how many there were", (side) => side.world.pushed("checkout"), 3],
  ["a tag moves", (side) => side.people.moveTag("checkout", "1.9.0", "errors"), undefined],
  ["what it is now", async (side) => [await digest(side, "1.9.0"), await digest(side, "1.10.0"), await digest(side, "1.0.0")], [DIGEST, DIGEST, DIGEST]],
  ["what its image does", async (side) => side.world.fateOf((await digest(side, "1.9.0")) ?? ""), "errors"],
  ["how many there were after", (side) => side.world.pushed("checkout"), 3],
  ["the registry goes down", (side) => side.people.registryDown(true), undefined],
  ["the tags of what is down", tags, LATER],
  ["a tag of what is down", (side) => digest(side, "1.0.0"), LATER],
  ["it comes back", (side) => side.people.registryDown(false), undefined],
  ["the tags once more", tags, ["1.0.0", "1.10.0", "1.9.0"]],
  ["an image is deleted", async (side) => side.people.dropImage((await digest(side, "1.10.0")) ?? ""), undefined],
  ["its tag", (side) => digest(side, "1.10.0"), null],
  ["the tags without it", tags, ["1.0.0", "1.9.0"]],
];

const application = (side: Side) => side.ask(({ rollouts }) => rollouts.application(null, "checkout-dev"));

/** Pins a new image that will do so. */
const release =
  (tag: string, fate: Fate) =>
  async (side: Side): Promise<boolean> => {
    const repository = repositoryOf(side);
    await side.people.publish("checkout", tag, fate);
    const found = await side.ask(({ registry }) => registry.digest(repository, tag));
    return side.people.push("olive", MAIN, { [placePath("checkout", "dev")]: manifest({ repository, tag, digest: found }) }, `Release ${tag}`);
  };

const until = (side: Side) => side.world.now() + MINUTE;
const told = (fields: object) => expect.objectContaining(fields);
const NOW_AND_AGAIN = (words: string, count: number): readonly Step[] =>
  Array.from({ length: count }, (_, index): Step => [`${words}, ${index + 1}`, application, expect.anything()]);

const ROLLOUTS: readonly Step[] = [
  ["an Application at rest", application, told({ sync: "Synced", health: "Healthy" })],
  ["one that is not there", (side) => side.ask(({ rollouts }) => rollouts.application(null, "checkout-moon")), STALLED],
  ["a good release", release("1.1.0", "good"), true],
  ...NOW_AND_AGAIN("it syncs and rolls out", 12),
  ["it runs", application, told({ sync: "Synced", health: "Healthy" })],
  ["one that cannot be synced", release("1.2.0", "fails-sync"), true],
  ...NOW_AND_AGAIN("it is not synced", 9),
  ["it failed", application, told({ sync: "OutOfSync", syncError: "said" })],
  ["one that degrades", release("1.3.0", "degrades"), true],
  ...NOW_AND_AGAIN("it degrades", 12),
  ["it is degraded", application, told({ sync: "Synced", health: "Degraded" })],
  ["one that hangs", release("1.4.0", "hangs"), true],
  ...NOW_AND_AGAIN("it hangs", 12),
  ["it is not ready", application, told({ sync: "Synced", health: "Progressing" })],
  ["a good one again", release("1.5.0", "good"), true],
  ...NOW_AND_AGAIN("it gets well", 12),
  ["it flaps", (side) => side.people.flap("checkout", "dev", until(side)), undefined],
  ...NOW_AND_AGAIN("it flaps", 13),
  ["Argo CD does not look", (side) => side.people.lag("checkout", "dev", until(side)), undefined],
  ["while there is a new one", release("1.6.0", "good"), true],
  ...NOW_AND_AGAIN("it lags", 16),
  ["Argo CD is out of reach", (side) => side.people.unreachable(until(side)), undefined],
  ["what nobody tells", application, LATER],
  ["what nobody tells of one that is not there", (side) => side.ask(({ rollouts }) => rollouts.application(null, "checkout-moon")), LATER],
  ["trouble ends", (side) => side.people.calm(), undefined],
  ["it is told again", application, told({ health: "Healthy" })],
  ["its manifest is taken away", (side) => side.people.push("olive", MAIN, { [placePath("checkout", "dev")]: null }, "Away"), true],
  ...NOW_AND_AGAIN("nothing to compare with", 6),
  ["it cannot be compared", application, told({ sync: "Unknown", errors: 1 })],
  ["all that ran", (side) => side.world.cluster("checkout", "dev"), expect.anything()],
];

const query = (kind: "errors" | "total", window = 300) => (side: Side) => {
  const code = kind === "errors" ? ',code=~"5.."' : "";
  const expression = `sum(increase(http_requests_total{app="checkout",env="dev"${code}}[${window}s]))`;
  return side.ask(({ metrics }) => metrics.query(null, expression, side.world.now()));
};
const NUMBER = { kind: "number", value: expect.any(Number) };

const METRICS: readonly Step[] = [
  ["all requests", query("total"), { kind: "number", value: 15_000 }],
  ["those that failed", query("errors"), NUMBER],
  ["users meet errors", (side) => side.people.outage("checkout", "dev", until(side)), undefined],
  ["those that failed then", query("errors", 60), NUMBER],
  ["and a little later", query("errors", 3_600), NUMBER],
  ["it is not a number", (side) => side.people.blind("nan", until(side)), undefined],
  ["what is no number", query("total"), { kind: "cannot-tell" }],
  ["there is nothing", (side) => side.people.blind("empty", until(side)), undefined],
  ["what is nothing", query("total"), { kind: "no-series" }],
  ["it fails", (side) => side.people.blind("error", until(side)), undefined],
  ["what fails", query("total"), LATER],
  ["trouble ends", (side) => side.people.calm(), undefined],
  ["all requests again", query("total", 60), { kind: "number", value: 3_000 }],
  ["a release that fails its users", release("1.1.0", "errors"), true],
  ["those that failed by it", query("errors", 60), NUMBER],
  ["and a minute later", query("errors", 60), NUMBER],
  ["and another", query("errors", 60), NUMBER],
];

tell("the registry", SETUP, 1_000, REGISTRY);
tell("the cluster", SETUP, 4_700, ROLLOUTS);
tell("what is measured", SETUP, 31_000, METRICS);
