/** Builds that push images, the cluster, and what measures it. */
import { MINUTE, type Fate } from "../facts.ts";
import { head, oneThing, said, somePlace, type Turn } from "./actor.ts";

/** Pushes releases, moves tags, and lets the registry fail. */
export function builder(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [5, publish],
    [8, () => "nothing is built"],
    [1, moveTag],
    [1, dropImage],
    [1, registryFails],
    [3, registryComesBack],
  ]);
}

const FATES: readonly (readonly [number, Fate])[] = [
  [6, "good"],
  [1, "degrades"],
  [1, "fails-sync"],
  [1, "hangs"],
  [2, "errors"],
];

/** Only pushes what is good: for runs that must all end alike. */
export async function releaser(turn: Turn): Promise<string> {
  const { app } = somePlace(turn);
  const tag = turn.view.tagOf(turn.view.pushed(app));
  await turn.world.publish(app, tag, "good");
  return `a build pushes ${app} ${tag}`;
}

/** Pushes the next release once the last one is on its way, and mostly a good one: so that something gets to the end of the way. */
export async function shipper(turn: Turn): Promise<string> {
  const { app } = somePlace(turn);
  const newest = turn.view.tagOf(turn.view.pushed(app) - 1);
  const first = turn.view.configAt(head(turn))?.environments[0]?.name ?? "dev";
  if (turn.view.pinAt(head(turn), app, first)?.tag !== newest) return "the last release is not on its way yet";
  return oneThing(turn, [
    [1, publish],
    [2, releaser],
    [4, () => "nothing is built"],
  ]);
}

/** The next version counts up from all that were pushed. */
async function publish(turn: Turn): Promise<string> {
  const { app } = somePlace(turn);
  const tag = turn.view.tagOf(turn.view.pushed(app));
  const fate = turn.chance.weighted(FATES) ?? "good";
  await turn.world.publish(app, tag, fate);
  return `a build pushes ${app} ${tag}, which ${told(fate)}`;
}

function told(fate: Fate): string {
  const words = { good: "is good", degrades: "degrades", "fails-sync": "cannot be synced", hangs: "never gets ready", errors: "fails its users" };
  return words[fate];
}

async function moveTag(turn: Turn): Promise<string> {
  const { app } = somePlace(turn);
  const tag = turn.view.tagOf(turn.chance.below(Math.max(1, turn.view.pushed(app))));
  await turn.world.moveTag(app, tag, turn.chance.percent(50) ? "good" : "errors");
  return `somebody pushes ${app} ${tag} again: the tag moves`;
}

async function dropImage(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const digests = turn.view.cluster(app, environment).flatMap(({ digest }) => digest ?? []);
  const digest = turn.chance.oneOf(digests.slice(0, -1));
  if (digest === undefined) return "no old image to delete";
  await turn.world.dropImage(digest);
  return `the registry deletes an old image of ${app}`;
}

async function registryFails(turn: Turn): Promise<string> {
  await turn.world.registryDown(true);
  return "the registry goes down";
}

async function registryComesBack(turn: Turn): Promise<string> {
  await turn.world.registryDown(false);
  return "the registry is up";
}

/** Argo CD flaps, lags, and cannot be reached. */
export function cluster(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const until = turn.view.now() + turn.chance.below(5) * MINUTE + 20_000;
  return oneThing(turn, [
    [2, flap],
    [2, lag],
    [1, unreachable],
  ]);

  function flap(): string {
    turn.world.flap(app, environment, until);
    return `${app} flaps in ${environment} for a while`;
  }

  function lag(): string {
    turn.world.lag(app, environment, until);
    return `Argo CD does not look at ${app} in ${environment} for a while`;
  }

  function unreachable(): string {
    turn.world.unreachable(until);
    return "Argo CD cannot be reached for a while";
  }
}

/** Prometheus is blind, and users meet errors that are no release's doing. */
export function metrics(turn: Turn): string {
  const until = turn.view.now() + turn.chance.below(5) * MINUTE + 20_000;
  if (turn.chance.percent(60)) {
    const mode = turn.chance.oneOf(["nan", "empty", "error"] as const) ?? "nan";
    turn.world.blind(mode, until);
    return `Prometheus is blind for a while (${mode})`;
  }
  const { app, environment } = somePlace(turn);
  turn.world.outage(app, environment, until);
  return `users of ${app} in ${environment} meet errors for a while`;
}

/** Changes what is asked for: fewer or more approvals. */
export async function owner(turn: Turn): Promise<string> {
  const config = turn.view.configAt(turn.view.facts().branches.get("main") ?? "");
  if (config === null) return "there is no configuration to change";
  const count = turn.chance.below(3);
  const environments = config.environments.map((one) => (one.merge === "on-approval" ? { ...one, approvals: { ...one.approvals, count } } : one));
  return said(await turn.world.setConfig("olive", { ...config, environments }), `olive asks for ${count} approvals from now on`);
}
