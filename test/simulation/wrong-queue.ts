/** Histories made by hand in which something is wrong with what goes through the merge queue. */
import { APP } from "../../simulator/facts.ts";
import { PROD, type HandMade, type Opened } from "./hand-made.ts";
import type { Wrong } from "./wrong-histories.ts";

const QUEUE = { queue: true } as const;

/** Opened, judged by itself, and put into the queue; answers the commit that is tried. */
function queued(world: HandMade): { readonly opened: Opened; readonly group: string } {
  const opened = world.open();
  world.judge(opened);
  return { opened, group: world.enqueue(opened) };
}

/** Looks, lets through what the queue tries, and the queue merges it. */
function letThrough(world: HandMade, opened: Opened, group: string): void {
  world.look();
  world.judge({ ...opened, head: group });
  world.check(group, "success");
  world.runQueue(opened.number);
}

function mergedRecord(world: HandMade, { number, head, environment, tag, digest }: Opened, commit: string, enqueuedBy: string): void {
  world.record({ event: "merged", environment, kind: "promotion", pullRequest: number, head, commit, release: world.release(tag, digest), judgement: "judged", enqueuedBy });
}

/** As it should be, from its opening to the record of its merge. */
export const THROUGH_QUEUE: Wrong = (world) => {
  const { opened, group } = queued(world);
  letThrough(world, opened, group);
  mergedRecord(world, opened, group, APP.login);
};

function failed(world: HandMade, opened: Opened): void {
  world.check(world.enqueue(opened), "failure");
  world.runQueue(opened.number);
}

export const WRONG_QUEUE: Readonly<Record<string, readonly (readonly [string, Wrong, typeof QUEUE])[]>> = {
  H12: [
    [
      "the queue merges what was judged by itself alone",
      (world) => {
        const { opened, group } = queued(world);
        world.check(group, "success");
        world.runQueue(opened.number);
      },
      QUEUE,
    ],
    [
      "the queue merges what somebody else let through in the name of the App",
      (world) => {
        const { opened, group } = queued(world);
        world.world.github.change({ checks: new Map(world.world.facts().checks).set(group, world.world.facts().checks.get(opened.head) ?? []) });
        world.runQueue(opened.number);
      },
      QUEUE,
    ],
  ],
  H13: [
    ["what was never judged is put in", (world) => void world.enqueue(world.open()), QUEUE],
    [
      "it is put in whatever its head is",
      (world) => {
        const opened = world.open();
        world.judge(opened);
        world.check(opened.head, "success");
        world.happen({ kind: "asking", what: "enqueue", head: opened.head, bot: 1 });
        world.world.queue.enqueue(APP, opened.number, { expectedHead: null, jump: false, bot: 1 });
      },
      QUEUE,
    ],
    [
      "it is put in a sixth time",
      (world) => {
        const opened = world.open();
        world.judge(opened);
        for (let time = 1; time <= 6; time += 1) failed(world, opened);
      },
      QUEUE,
    ],
    [
      "what somebody took out is put in again",
      (world) => {
        const { opened } = queued(world);
        world.pass(5);
        world.people.dequeue("bob", opened.number);
        world.pass(5);
        world.enqueue(opened);
      },
      QUEUE,
    ],
  ],
  S6: [
    [
      "what nobody has approved is put in",
      (world) => {
        const opened = world.open({ environment: PROD.name });
        world.judge(opened);
        world.enqueue(opened);
      },
      QUEUE,
    ],
  ],
  S11: [
    [
      "what a freeze holds back is let through in the queue",
      (world) => {
        const { opened, group } = queued(world);
        world.people.openIssue("alice", "Stop", ["freeze:dev"]);
        letThrough(world, opened, group);
      },
      QUEUE,
    ],
    [
      "a freeze that was seen long ago does not turn the check back",
      (world) => {
        const { opened, group } = queued(world);
        world.judge({ ...opened, head: group });
        world.check(group, "success");
        world.pass(5);
        world.people.openIssue("alice", "Stop", ["freeze:dev"]);
        world.look();
        world.pass(6 * 60);
        world.runQueue(opened.number);
      },
      QUEUE,
    ],
  ],
  S24: [
    [
      "who put it into the queue is told wrongly",
      (world) => {
        const { opened, group } = queued(world);
        letThrough(world, opened, group);
        mergedRecord(world, opened, group, "bob");
      },
      QUEUE,
    ],
    [
      "what the queue merged is called judged, and only the pull request was",
      (world) => {
        const { opened, group } = queued(world);
        world.check(group, "success");
        world.runQueue(opened.number);
        mergedRecord(world, opened, group, APP.login);
      },
      QUEUE,
    ],
  ],
};
