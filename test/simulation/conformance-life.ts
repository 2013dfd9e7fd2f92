/** What people and Pinion may do, drawn by chance and said in words that mean the same in both worlds. */
import { LOG, MAIN } from "../../simulator/facts.ts";
import type { Chance } from "../../simulator/chance.ts";
import type { Edits } from "../../simulator/world-view.ts";
import type { Awaitable } from "../../simulator/world-view.ts";
import type { FileContent } from "../../src/ports.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { Side } from "./conformance-pair.ts";

/** One thing to do, and what it is. */
export interface Deed {
  readonly about: string;
  act(side: Side): Awaitable<unknown>;
}

interface Draw {
  readonly chance: Chance;
  /** What is so in one of the worlds, and so in both. */
  readonly side: Side;
}

const PEOPLE = ["olive", "alice", "bob", "carol", "tom", "ivan", "mallory"] as const;
const BRANCHES = ["pinion/dev/checkout/1.1.0-aaaaaaaaaa", "pinion/dev/checkout/1.2.0-bbbbbbbbbb", "pinion/prod/search/1.1.0-cccccccccc", "topic", "fix"] as const;
const LABELS = ["promote:prod", "promote:staging", "freeze:dev", "bug", "odd"] as const;
const PATHS = ["notes.txt", "docs/a.txt", "docs/b/c.txt", "apps/x.yaml", "zeta.txt"] as const;
const CHECKS = [
  { status: "in_progress", conclusion: null },
  { status: "completed", conclusion: "success" },
  { status: "completed", conclusion: "success" },
  { status: "completed", conclusion: "failure" },
  { status: "completed", conclusion: "action_required" },
] as const;
const NOWHERE: Oid = "f".repeat(40);

export function drawDeed(draw: Draw): Deed {
  return draw.chance.weighted(DEEDS)?.(draw) ?? lookAround;
}

const DEEDS: readonly (readonly [number, (draw: Draw) => Deed])[] = [
  [5, review],
  [1, dismiss],
  [2, comment],
  [3, label],
  [2, unlabel],
  [2, close],
  [2, reopen],
  [3, pressButton],
  [5, push],
  [2, force],
  [5, openPull],
  [2, openIssue],
  [2, closeIssue],
  [1, grant],
  [1, setTeam],
  [3, startLog],
  [8, publish],
  [9, openAsApp],
  [3, replaceHead],
  [6, mergeAsApp],
  [2, closeAsApp],
  [2, deleteBranch],
  [1, commentAsApp],
  [1, retitle],
  [2, removeLabel],
  [1, createLabel],
  [2, askReviewers],
  [1, openIssueAsApp],
  [2, showDeployment],
  [4, ask],
];

const lookAround: Deed = { about: "nothing", act: () => null };

function person({ chance }: Draw): string {
  return chance.oneOf(PEOPLE) ?? "alice";
}

/** Mostly one that is open. */
function pullIndex({ chance, side }: Draw): number {
  const pulls = [...side.world.facts().pulls.values()];
  const open = pulls.flatMap(({ state }, index) => (state === "open" ? [index] : []));
  return (chance.percent(75) ? chance.oneOf(open) : undefined) ?? chance.below(Math.max(1, pulls.length));
}

function ofPull(draw: Draw, about: string, act: (side: Side, number: number, index: number) => Awaitable<unknown>): Deed {
  if (draw.side.world.facts().pulls.size === 0) return lookAround;
  const index = pullIndex(draw);
  return { about: `${about} [pull request ${index}]`, act: (side) => act(side, side.pull(index).number, index) };
}

function review(draw: Draw): Deed {
  const login = person(draw);
  const state = draw.chance.percent(70) ? "approved" : "changes-requested";
  return ofPull(draw, `${login} reviews: ${state}`, (side, pull) => side.people.review(login, pull, state));
}

function dismiss(draw: Draw): Deed {
  const login = person(draw);
  return ofPull(draw, `${login} dismisses`, (side, pull) => side.people.dismiss(login, pull));
}

function comment(draw: Draw): Deed {
  const login = person(draw);
  return ofPull(draw, `${login} comments`, (side, pull) => side.people.comment(login, pull, "/pinion promote checkout prod"));
}

function label(draw: Draw): Deed {
  const login = person(draw);
  const name = draw.chance.oneOf(LABELS) ?? "bug";
  return ofPull(draw, `${login} labels ${name}`, (side, pull) => side.people.label(login, pull, name));
}

function unlabel(draw: Draw): Deed {
  const login = person(draw);
  const name = draw.chance.oneOf(LABELS) ?? "bug";
  return ofPull(draw, `${login} takes ${name} off`, (side, pull) => side.people.unlabel(login, pull, name));
}

function close(draw: Draw): Deed {
  const login = person(draw);
  return ofPull(draw, `${login} closes`, (side, pull) => side.people.close(login, pull));
}

function reopen(draw: Draw): Deed {
  const login = person(draw);
  return ofPull(draw, `${login} reopens`, (side, pull) => side.people.reopen(login, pull));
}

function pressButton(draw: Draw): Deed {
  const login = person(draw);
  return ofPull(draw, `${login} presses the button`, (side, pull) => side.people.merge(login, pull));
}

function edits({ chance, side }: Draw, branch: string): Edits {
  const there = [...side.world.tree(side.world.facts().branches.get(branch) ?? side.branch(MAIN)).keys()].filter((path) => PATHS.some((one) => one === path));
  const gone = chance.oneOf(there);
  if (gone !== undefined && chance.percent(15)) return { [gone]: null };
  return { [chance.oneOf(PATHS) ?? "notes.txt"]: `line ${chance.below(1_000)}\n` };
}

function someBranch({ chance, side }: Draw, without: readonly string[] = []): string {
  const there = [...side.world.facts().branches.keys()].filter((name) => !without.includes(name));
  return (chance.percent(60) ? chance.oneOf(there) : undefined) ?? chance.oneOf(BRANCHES) ?? "topic";
}

function push(draw: Draw): Deed {
  const login = person(draw);
  const branch = someBranch(draw);
  const made = edits(draw, branch);
  return { about: `${login} pushes ${JSON.stringify(made)} to ${branch}`, act: (side) => side.people.push(login, branch, made, "By hand") };
}

function force(draw: Draw): Deed {
  const login = person(draw);
  const branch = someBranch(draw);
  const to = draw.chance.percent(40) ? null : someCommit(draw);
  return { about: `${login} forces ${branch} to ${to?.about ?? "nothing"}`, act: (side) => side.people.force(login, branch, to?.of(side) ?? null) };
}

function openPull(draw: Draw): Deed {
  const login = person(draw);
  const fork = draw.chance.percent(25);
  const branch = draw.chance.oneOf(BRANCHES) ?? "topic";
  const made = edits(draw, MAIN);
  return { about: `${login} opens ${JSON.stringify(made)} from ${branch}${fork ? " of a fork" : ""}`, act: async (side) => ({ pull: await side.people.openPull(login, branch, fork, made) }) };
}

function openIssue(draw: Draw): Deed {
  const login = person(draw);
  const labels = draw.chance.percent(70) ? ["freeze:dev"] : [];
  return { about: `${login} opens an issue ${labels.join()}`, act: async (side) => ({ issue: await side.people.openIssue(login, "Stop the line", labels) }) };
}

function closeIssue(draw: Draw): Deed {
  const login = person(draw);
  const count = draw.side.world.facts().issues.size;
  if (count === 0) return lookAround;
  const index = draw.chance.below(count);
  return { about: `${login} closes issue ${index}`, act: (side) => side.people.closeIssue(login, [...side.world.facts().issues.keys()][index] ?? 0) };
}

function grant({ chance }: Draw): Deed {
  const permission = chance.oneOf(["read", "triage", "write"] as const) ?? "read";
  return { about: `carol may ${permission}`, act: (side) => side.people.grant("carol", permission) };
}

function setTeam({ chance }: Draw): Deed {
  const members = chance.percent(50) ? ["alice", "bob"] : ["carol"];
  return { about: `sre is ${members.join()}`, act: (side) => side.people.setTeam("sre", members) };
}

function someCommit({ chance, side }: Draw): { readonly about: string; of(side: Side): Oid } {
  const facts = side.world.facts();
  const branch = chance.oneOf([...facts.branches.keys()]) ?? MAIN;
  const depth = chance.below(Math.min(4, side.world.mainline().length));
  const pull = chance.below(Math.max(1, facts.pulls.size));
  const of = chance.weighted<readonly [string, (side: Side) => Oid]>([
    [5, [`the head of ${branch}`, (one) => one.branch(branch)]],
    [facts.pulls.size > 0 ? 3 : 0, [`the head of pull request ${pull}`, (one) => one.pull(pull).head]],
    [3, [`main~${depth}`, (one) => one.world.mainline().at(-1 - depth) ?? ""]],
    [0.5, ["a commit that is not there", () => NOWHERE]],
  ]) ?? ["a commit that is not there", () => NOWHERE];
  return { about: of[0], of: of[1] };
}

const encoder = new TextEncoder();

function files(chance: Chance): readonly FileContent[] {
  return [{ path: chance.oneOf(PATHS) ?? "notes.txt", bytes: encoder.encode(`made ${chance.below(1_000)}\n`) }];
}

function startLog({ chance }: Draw): Deed {
  const first = [{ path: `records/${chance.below(100)}.json`, bytes: encoder.encode("{}\n") }];
  return { about: "the App starts the log", act: (side) => side.ask(({ forge }) => forge.startLog(side.world.repository, first, "log: begin")) };
}

function publish(draw: Draw): Deed {
  const { chance } = draw;
  const writes = Array.from({ length: chance.below(3) }, () => ({ commit: someCommit(draw), said: chance.oneOf(CHECKS) ?? CHECKS[0], fingerprint: `f${chance.below(1_000)}`, anew: chance.percent(30) }));
  const at = chance.percent(80) ? null : someCommit(draw);
  const path = `records/${chance.below(10_000)}.json`;
  const records = chance.percent(60) && draw.side.world.facts().branches.has(LOG);
  return {
    about: `the App says ${writes.map(({ commit, said }) => `${said.conclusion ?? said.status} of ${commit.about}`).join()} and ${records ? `records ${path} at ${at?.about ?? "the log"}` : "nothing"}`,
    act: (side) => {
      const checks = writes.map(({ commit, said, fingerprint, anew }) => {
        const head = commit.of(side);
        const existing = anew ? null : (side.world.facts().checks.get(head)?.at(-1)?.id ?? null);
        return { head, check: { ...said, title: "Waits", summary: "It waits", fingerprint }, existing };
      });
      const record = records ? { expectedHead: at?.of(side) ?? side.branch(LOG), files: [{ path, bytes: encoder.encode("{}\n") }], headline: "log: more" } : null;
      return side.ask(({ forge }) => forge.publish(side.world.repository, checks, record));
    },
  };
}

function openAsApp(draw: Draw): Deed {
  const { chance } = draw;
  const branch = chance.percent(85) ? (chance.oneOf(BRANCHES.slice(0, 3)) ?? "topic") : someBranch(draw, [MAIN, LOG]);
  const adopt = chance.percent(30);
  const depth = chance.percent(80) ? 0 : chance.below(Math.min(3, draw.side.world.mainline().length));
  const commit = chance.percent(85) ? { headline: "Promote", body: "Pinion-Promotion: x", files: files(chance) } : null;
  return {
    about: `the App opens ${branch} at main~${depth}${adopt ? ", as it stands" : ""}${commit === null ? ", without a commit" : ""}`,
    act: (side) => {
      const baseOid = side.world.mainline().at(-1 - depth) ?? "";
      const proposal = { branch, base: MAIN, baseOid, branchAt: adopt ? side.branch(branch) : null, commit, title: `Promote ${branch}`, body: "By Pinion" };
      return side.ask(({ forge }) => forge.openPullRequest(side.world.repository, proposal));
    },
  };
}

function replaceHead(draw: Draw): Deed {
  const branch = someBranch(draw, [MAIN]);
  const from = draw.chance.percent(80) ? null : someCommit(draw);
  const commit = { headline: "Promote anew", body: "", files: files(draw.chance) };
  return {
    about: `the App rebuilds ${branch} from ${from?.about ?? "its head"}`,
    act: (side) => side.ask(({ forge }) => forge.replaceHead(side.world.repository, branch, from?.of(side) ?? side.branch(branch), side.branch(MAIN), commit)),
  };
}

function mergeAsApp(draw: Draw): Deed {
  const at = draw.chance.percent(85) ? null : someCommit(draw);
  const method = draw.chance.percent(70) ? "squash" : "merge";
  return ofPull(draw, `the App merges (${method}) ${at?.about ?? ""}`, (side, number, index) => {
    const merge = { head: at?.of(side) ?? side.pull(index).head, method, title: "Promote", message: "Because" } as const;
    return side.ask(({ forge }) => forge.merge(side.world.repository, number, merge));
  });
}

function closeAsApp(draw: Draw): Deed {
  return ofPull(draw, "the App closes", async (side, number) => {
    const { open, ended } = await side.ask(({ forge }) => forge.snapshot(side.world.repository, 0));
    const id = [...open, ...ended].find((one) => one.number === number)?.id ?? "";
    return side.ask(({ forge }) => forge.close(side.world.repository, id));
  });
}

function deleteBranch(draw: Draw): Deed {
  const branch = someBranch(draw, [MAIN]);
  const at = draw.chance.percent(70) ? null : someCommit(draw);
  return {
    about: `the App deletes ${branch} at ${at?.about ?? "its head"}`,
    act: (side) => side.ask(({ forge }) => forge.deleteBranch(side.world.repository, branch, at?.of(side) ?? side.branch(branch))),
  };
}

function commentAsApp(draw: Draw): Deed {
  return ofPull(draw, "the App comments", (side, number) => side.ask(({ forge }) => forge.comment(side.world.repository, number, "<!-- pinion -->")));
}

function retitle(draw: Draw): Deed {
  return ofPull(draw, "the App calls it otherwise", (side, number) => side.ask(({ forge }) => forge.retitle(side.world.repository, number, "Another title")));
}

function removeLabel(draw: Draw): Deed {
  const name = draw.chance.oneOf(LABELS) ?? "bug";
  return ofPull(draw, `the App takes ${name} off`, (side, number) => side.ask(({ forge }) => forge.removeLabel(side.world.repository, number, name)));
}

function createLabel({ chance }: Draw): Deed {
  const name = chance.oneOf(LABELS) ?? "bug";
  return { about: `the App makes the label ${name}`, act: (side) => side.ask(({ forge }) => forge.createLabel(side.world.repository, { name, color: "0e8a16", description: "" })) };
}

function askReviewers(draw: Draw): Deed {
  const teams = draw.chance.percent(60) ? ["sre"] : draw.chance.percent(30) ? ["nobody"] : [];
  const users = draw.chance.percent(40) ? [person(draw)] : [];
  return ofPull(draw, `the App asks ${[...teams, ...users].join()}`, (side, number) => side.ask(({ forge }) => forge.askReviewers(side.world.repository, number, teams, users)));
}

function openIssueAsApp({ chance }: Draw): Deed {
  const labels = chance.percent(50) ? ["pinion"] : [];
  return { about: "the App opens an issue", act: async (side) => ({ issue: await side.ask(({ forge }) => forge.openIssue(side.world.repository, { title: "Stopped", body: "Why", labels })) }) };
}

function showDeployment(draw: Draw): Deed {
  const { chance } = draw;
  const commit = someCommit(draw);
  const environment = chance.oneOf(["dev", "prod"]) ?? "dev";
  const state = chance.oneOf(["queued", "in_progress", "success", "failure", "error", "inactive"] as const) ?? "success";
  const known = chance.percent(50);
  return {
    about: `the App shows ${state} in ${environment} of ${commit.about}`,
    act: async (side) => {
      const at = commit.of(side);
      const existing = known ? (side.world.facts().deployments.find((one) => one.environment === environment && one.commit === at)?.id ?? null) : null;
      const shown = { existing, app: "checkout", environment, commit: at, state, description: "" };
      return { deployment: await side.ask(({ forge }) => forge.showDeployment(side.world.repository, shown)) };
    },
  };
}

function ask(draw: Draw): Deed {
  const login = person(draw);
  const commits = [someCommit(draw), someCommit(draw)] as const;
  return (
    draw.chance.oneOf<Deed>([
      { about: `what ${login} may`, act: (side) => side.ask(({ forge }) => forge.permission(side.world.repository, login)) },
      { about: "who is in sre", act: (side) => side.ask(({ forge }) => forge.teamMembers(side.world.repository, "sre")) },
      { about: `which pull request brought ${commits[0].about}`, act: (side) => side.ask(({ forge }) => forge.pullRequestOf(side.world.repository, commits[0].of(side))) },
      { about: `whose are ${commits[0].about} and ${commits[1].about}`, act: (side) => side.ask(({ forge }) => forge.ownCommits(side.world.repository, commits.map((one) => one.of(side)))) },
    ]) ?? lookAround
  );
}
