import type { Actor } from "./actor.ts";
import { curator, tagger } from "./curators.ts";
import { crowd } from "./crowd.ts";
import { contender, contrarian, fickle, petitioner, waverer } from "./fickle.ts";
import { forger, pouncer } from "./forgers.ts";
import { hands } from "./hands.ts";
import { lawmaker } from "./lawmakers.ts";
import { builder, cluster, metrics, owner, releaser, shipper } from "./machines.ts";
import { neglect } from "./neglect.ts";
import { tidier, unlucky, weather } from "./mishaps.ts";
import { approver, meddler, operator, reviewer } from "./people.ts";
import { protagonist } from "./protagonist.ts";
import { ci, hopelessCi, queuer } from "./queuers.ts";
import { timekeeper } from "./timekeeper.ts";
import { intruder, outsider } from "./strangers.ts";
import { urgent } from "./urgent.ts";

/** Everybody who can have a turn, by name. */
export const CAST: ReadonlyMap<string, Actor> = new Map<string, Actor>([
  ["reviewer", reviewer],
  ["operator", operator],
  ["meddler", meddler],
  ["outsider", outsider],
  ["intruder", intruder],
  ["builder", builder],
  ["cluster", cluster],
  ["metrics", metrics],
  ["owner", owner],
  ["releaser", releaser],
  ["shipper", shipper],
  ["approver", approver],
  ["protagonist", protagonist],
  ["unlucky", unlucky],
  ["weather", weather],
  ["tidier", tidier],
  ["hands", hands],
  ["crowd", crowd],
  ["forger", forger],
  ["pouncer", pouncer],
  ["neglect", neglect],
  ["fickle", fickle],
  ["petitioner", petitioner],
  ["contender", contender],
  ["contrarian", contrarian],
  ["waverer", waverer],
  ["urgent", urgent],
  ["queuer", queuer],
  ["ci", ci],
  ["hopelessCi", hopelessCi],
  ["timekeeper", timekeeper],
  ["lawmaker", lawmaker],
  ["curator", curator],
  ["tagger", tagger],
]);
