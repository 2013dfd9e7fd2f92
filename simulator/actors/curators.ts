/** Those who see to images: they sign them, push tags again, and say what images must be. */
import { MOVING_TAG } from "../facts.ts";
import { drawNamed } from "../ruled-kinds.ts";
import { keyFile } from "../signing.ts";
import { botPulls, head, knownPin, oneThing, said, somePlace, type Turn } from "./actor.ts";

export function curator(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [6, sign],
    [2, signAsStranger],
    [1, replaySignature],
    [2, pushAgain],
    [1, nameOthers],
    [0.5, changeKey],
    [4, () => "nobody sees to images"],
  ]);
}

/** What is about to be promoted, by its digest and tag. */
function offered(turn: Turn) {
  const pull = turn.chance.oneOf(botPulls(turn));
  const [, environment = "", app = ""] = pull?.headRef.split("/") ?? [];
  const pin = pull === undefined ? null : turn.view.pinAt(pull.head, app, environment);
  return pin === null || pin.digest === null ? null : { app, tag: pin.tag, digest: pin.digest };
}

async function sign(turn: Turn): Promise<string> {
  const image = offered(turn);
  if (image === null) return "no image is to be signed";
  return said(await turn.world.sign(image.digest, image.digest, "ci"), `a build signs ${image.app} ${image.tag}`);
}

async function signAsStranger(turn: Turn): Promise<string> {
  const image = offered(turn);
  if (image === null) return "no image is to be signed";
  return said(await turn.world.sign(image.digest, image.digest, "stranger"), `a stranger signs ${image.app} ${image.tag}`);
}

/** A good signature, of another image. */
async function replaySignature(turn: Turn): Promise<string> {
  const image = offered(turn);
  const { app, environment } = somePlace(turn);
  const other = turn.view.pinAt(head(turn), app, environment)?.digest ?? null;
  if (image === null || other === null || other === image.digest) return "there is no signature to take from elsewhere";
  return said(await turn.world.sign(image.digest, other, "ci"), `somebody puts the signature of another image to ${image.app} ${image.tag}`);
}

async function pushAgain(turn: Turn): Promise<string> {
  const image = offered(turn);
  if (image === null) return "no tag is to be pushed again";
  await turn.world.moveTag(image.app, image.tag, "good");
  return `somebody pushes ${image.app} ${image.tag} again: the tag moves`;
}

/** Moves the one tag that there is: on to new images, and back to one that was pinned before. */
export function tagger(turn: Turn): Promise<string> {
  const { app } = somePlace(turn);
  return oneThing(turn, [
    [2, pushOn],
    [1, moveBack],
    [6, () => "the tag stays where it is"],
  ]);

  async function pushOn(): Promise<string> {
    const fate = turn.chance.percent(75) ? "good" : "degrades";
    await turn.world.publish(app, MOVING_TAG, fate);
    return `a build moves the tag of ${app} on to an image, which ${fate === "good" ? "is good" : "degrades"}`;
  }

  async function moveBack(): Promise<string> {
    const pin = knownPin(turn, app);
    if (pin === undefined || pin.digest === null) return "there is nothing to move the tag back to";
    return said(await turn.world.pointTag(app, MOVING_TAG, pin.digest), `somebody moves the tag of ${app} to ${pin.digest.slice(7, 15)}`);
  }
}

async function nameOthers(turn: Turn): Promise<string> {
  const config = turn.view.configAt(head(turn));
  if (config === null) return "there is no configuration to change";
  const { environment } = somePlace(turn);
  const policies = drawNamed(turn.chance);
  const environments = config.environments.map((one) => (one.name === environment ? { ...one, policies } : one));
  const edits = { ...turn.world.configEdits({ ...config, environments }), ...keyFile("ci") };
  const names = Object.keys(policies).join(" and ");
  return said(await turn.world.push("olive", "main", edits, "Other policies"), `olive names ${names === "" ? "no policy" : names} for ${environment}`);
}

async function changeKey(turn: Turn): Promise<string> {
  const whose = turn.chance.percent(50) ? "stranger" : "ci";
  return said(await turn.world.push("olive", "main", keyFile(whose), "Another key"), `olive says that the key of the ${whose} counts`);
}
