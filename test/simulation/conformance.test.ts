/** The world in memory and the world of servers (Pinion's adapters against the sandbox) answer alike, whatever happens in them. */
import { describe, expect, it } from "vitest";
import { Chance } from "../../simulator/chance.ts";
import { LOG, MAIN, MINUTE } from "../../simulator/facts.ts";
import { setupOf } from "../../simulator/setup.ts";
import type { Distortion } from "../../simulator/simulated-world.ts";
import { told } from "./conformance-differences.ts";
import { drawDeed } from "./conformance-life.ts";
import { bothAsTheyAre, Pair, type InWords } from "./conformance-pair.ts";

const SEEDS = [1, 2, 34];
const DEEDS = 60;

/** What each world has told since the last time. */
function listener(pair: Pair): () => InWords {
  const heard = new Map([pair.memory, pair.servers].map((side) => [side, side.world.events.length]));
  const news = (side: Pair["memory"]) => {
    const { events } = side.world;
    const fresh = told(events.slice(heard.get(side)));
    heard.set(side, events.length);
    return fresh.map((event) => side.names.plain(event));
  };
  return () => ({ memory: news(pair.memory), servers: news(pair.servers) });
}

function lagFrom(chance: Chance): Partial<Distortion> {
  if (chance.percent(60)) return {};
  return { lag: 1_000 + chance.below(29_000), lagging: chance.oneOf(["all", "pulls", "branches"] as const) ?? "all" };
}

describe("whatever people and the App do", () => {
  it.each(SEEDS)("both worlds are alike after each of it (seed %i)", async (seed) => {
    const pair = await Pair.of(setupOf(seed));
    const chance = new Chance(seed);
    const listen = listener(pair);
    const story: string[] = [];
    const alike = ({ memory, servers }: InWords) => expect(servers, story.slice(-10).join("\n")).toEqual(memory);
    try {
      for (let count = 0; count < DEEDS; count += 1) {
        const deed = drawDeed({ chance, side: pair.memory });
        story.push(deed.about);
        const { memory, servers } = await pair.both((side) => deed.act(side));
        story.push(`    ${JSON.stringify(memory.plain)}`);
        alike({ memory: memory.plain, servers: servers.plain });
        alike(listen());
        const lag = lagFrom(chance);
        story.push(`    ${JSON.stringify(lag)}`);
        alike(await bothAsTheyAre(pair, lag));
        pair.pass(chance.percent(40) ? chance.below(2_000) : chance.below(40_000));
      }
    } finally {
      await pair.close();
    }
  });
});

describe("pull requests that ended", () => {
  it("are told of as far back as is asked for, at least", async () => {
    const pair = await Pair.of({ ...setupOf(1), checkRequired: false });
    const since = (minutes: number) =>
      pair.both(async (side) => {
        const { ended } = await side.ask(({ forge }) => forge.snapshot(side.world.repository, side.world.now() - minutes * MINUTE));
        return ended.map(({ head }) => head.ref);
      });
    try {
      for (const branch of ["old", "new"]) {
        await pair.both((side) => side.people.openPull("alice", branch, false, { [`${branch}.txt`]: branch }));
        await pair.both((side) => side.people.close("alice", side.pull(-1).number));
        pair.pass(5 * MINUTE);
      }
      const [all, few] = [await since(60), await since(7)];
      expect(all.memory.plain).toEqual(["new", "old"]);
      expect(all.servers.plain).toEqual(all.memory.plain);
      expect(few.memory.plain).toEqual(["new"]);
      expect(few.servers.plain).toEqual(expect.arrayContaining(["new"]));
    } finally {
      await pair.close();
    }
  });
});

describe("a read that lags behind", () => {
  const BRANCH = "pinion/dev/checkout/1.1.0-a";

  it.each(["all", "pulls", "branches"] as const)("shows what was so then (%s)", async (lagging) => {
    const pair = await Pair.of({ ...setupOf(1), checkRequired: false, deletesMergedBranches: true });
    try {
      await pair.both((side) => side.people.openPull("alice", BRANCH, false, { "a.txt": "a\n" }));
      await pair.both((side) => side.people.openPull("bob", "other", false, { "b.txt": "b\n" }));
      pair.pass(5_000);
      const before = await snapshots(pair, {});
      await pair.both((side) => side.people.push("alice", BRANCH, { "a.txt": "more\n" }, "More"));
      await pair.both((side) => side.people.label("alice", side.pull(1).number, "freeze:dev"));
      await pair.both((side) => side.people.merge("olive", side.pull(1).number));
      await pair.both((side) => side.people.openIssue("alice", "Stop", ["freeze:dev"]));
      pair.pass(5_000);
      const now = await snapshots(pair, {});
      const lagged = await snapshots(pair, { lag: 7_000, lagging });
      expect(lagged.servers).toEqual(lagged.memory);
      const branches = { all: before, pulls: now, branches: before }[lagging];
      const others = { all: before, pulls: before, branches: now }[lagging];
      expect(only(lagged, "head", "branches")).toEqual(only(branches, "head", "branches"));
      expect(only(lagged, "labels", "issues", "ended")).toEqual(only(others, "labels", "issues", "ended"));
      for (const name of ["head", "branches", "labels", "issues", "ended"]) expect(only(now, name)).not.toEqual(only(before, name));
    } finally {
      await pair.close();
    }
  });

  it("shows a commit that has come since with GitHub's signature on it", async () => {
    const pair = await Pair.of(setupOf(1));
    try {
      pair.pass(5_000);
      await pair.both((side) => side.ask(({ forge }) => forge.startLog(side.world.repository, [{ path: "records/a.json", bytes: Buffer.from("{}") }], "log: begin")));
      const own = await pair.both((side) => side.ask(({ forge }) => forge.ownCommits(side.world.repository, [side.branch(LOG)]), { lag: 3_000, lagging: "all" }));
      expect(own.memory.plain).toHaveLength(1);
      expect(own.servers.plain).toEqual(own.memory.plain);
    } finally {
      await pair.close();
    }
  });

  it("is undone by the next", async () => {
    const pair = await Pair.of(setupOf(1));
    try {
      pair.pass(5_000);
      await pair.both((side) => side.people.push("olive", MAIN, { "a.txt": "a\n" }, "A"));
      pair.pass(1_000);
      const lagged = await snapshots(pair, { lag: 3_000 });
      const now = await snapshots(pair, {});
      expect(lagged.servers).toEqual(lagged.memory);
      expect(now.servers).toEqual(now.memory);
      expect(only(lagged, "head")).not.toEqual(only(now, "head"));
    } finally {
      await pair.close();
    }
  });
});

async function snapshots(pair: Pair, distortion: Partial<Distortion>): Promise<InWords> {
  const { memory, servers } = await pair.both((side) => side.ask(({ forge }) => forge.snapshot(side.world.repository, 0), distortion));
  return { memory: memory.plain, servers: servers.plain };
}

/** Some fields of a snapshot in plain words. */
function only(snapshot: InWords, ...names: readonly string[]): unknown {
  const { memory } = snapshot;
  if (typeof memory !== "object" || memory === null) throw new Error("this is no snapshot");
  return Object.fromEntries(Object.entries(memory).filter(([name]) => names.includes(name)));
}
