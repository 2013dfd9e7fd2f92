/** Who puts pull requests into the merge queue, before others and out of it again, what people do to them meanwhile, and another CI, which judges what the queue tries. */
import { manifest, placePath, type PullFacts } from "../facts.ts";
import { botPulls, knownPin, oneThing, openPulls, said, somePlace, type Turn } from "./actor.ts";

export function queuer(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [4, enqueue],
    [2, jump],
    [2, dequeue],
    [2, openOwn],
    [1, openSame],
    [1, pushToQueued],
    [1, closeQueued],
    [1, refuseQueued],
    [1, approveAgain],
    [2, dismiss],
    [1, stopTheLine],
    [3, letGo],
    [1, pushToMain],
    [1, pinByHand],
  ]);
}

function queued(turn: Turn): readonly PullFacts[] {
  const { queue, pulls } = turn.view.facts();
  return (queue?.entries ?? []).flatMap(({ pull }) => pulls.get(pull) ?? []);
}

function unqueued(turn: Turn): PullFacts | undefined {
  const there = queued(turn);
  return turn.chance.oneOf(openPulls(turn).filter((pull) => !there.includes(pull)));
}

async function enqueue(turn: Turn): Promise<string> {
  const pull = unqueued(turn);
  if (pull === undefined) return "there is nothing to put into the queue";
  const login = turn.chance.oneOf(["alice", "bob", "carol", "tom"]) ?? "alice";
  return said(await turn.world.enqueue(login, pull.number, false), `${login} puts #${pull.number} into the queue`);
}

async function jump(turn: Turn): Promise<string> {
  const pull = unqueued(turn);
  if (pull === undefined) return "there is nothing to put in front";
  return said(await turn.world.enqueue("olive", pull.number, true), `olive puts #${pull.number} in front of the queue`);
}

async function dequeue(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(queued(turn));
  if (pull === undefined) return "there is nothing to take out of the queue";
  return said(await turn.world.dequeue("bob", pull.number), `bob takes #${pull.number} out of the queue`);
}

/** Pins, or only words; mostly put into the queue once its check lets it. */
async function openOwn(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const pin = knownPin(turn, app);
  const edits = turn.chance.percent(60) || pin === undefined ? { "README.md": `# Manifests\n${turn.chance.below(1_000)}\n` } : { [placePath(app, environment)]: manifest(pin) };
  const number = await turn.world.openPull("carol", `queued-${turn.chance.below(10_000)}`, false, edits);
  return said(number, `carol opens #${number ?? 0} that changes ${Object.keys(edits).join()}`);
}

/** The same change as one that is queued: what is behind brings nothing then. */
async function openSame(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  const [, environment = "", app = ""] = pull?.headRef.split("/") ?? [];
  const pin = pull === undefined ? null : turn.view.pinAt(pull.head, app, environment);
  if (pull === undefined || pin === null) return "there is nothing to do alike";
  const number = await turn.world.openPull("carol", `alike-${turn.chance.below(10_000)}`, false, { [placePath(app, environment)]: manifest(pin) });
  return said(number, `carol opens #${number ?? 0}, which does the same as #${pull.number}`);
}

async function pushToQueued(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(queued(turn));
  if (pull === undefined) return "there is nothing in the queue to push to";
  return said(await turn.world.push("alice", pull.headRef, { "notes.txt": `${turn.chance.below(1_000)}` }, "One more thing"), `alice pushes to #${pull.number}, which is queued`);
}

async function closeQueued(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(queued(turn));
  if (pull === undefined) return "there is nothing in the queue to close";
  return said(await turn.world.close("alice", pull.number), `alice closes #${pull.number}, which is queued`);
}

async function refuseQueued(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(queued(turn));
  if (pull === undefined) return "there is nothing in the queue to refuse";
  return said(await turn.world.review("bob", pull.number, "changes-requested"), `bob asks for changes of #${pull.number}, which is queued`);
}

async function approveAgain(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(botPulls(turn));
  if (pull === undefined) return "there is nothing to approve";
  const login = turn.chance.oneOf(["alice", "bob"]) ?? "alice";
  return said(await turn.world.review(login, pull.number, "approved"), `${login} approves #${pull.number}`);
}

async function dismiss(turn: Turn): Promise<string> {
  const pull = turn.chance.oneOf(openPulls(turn).filter(({ reviews }) => reviews.some(({ state }) => state === "approved" || state === "changes-requested")));
  if (pull === undefined) return "there is nothing to dismiss";
  return said(await turn.world.dismiss("olive", pull.number), `olive dismisses a review of #${pull.number}`);
}

async function stopTheLine(turn: Turn): Promise<string> {
  const { environment } = somePlace(turn);
  const issue = await turn.world.openIssue("alice", "Stop the line", [`freeze:${environment}`]);
  return said(issue, `alice freezes ${environment} by #${issue ?? 0}`);
}

async function letGo(turn: Turn): Promise<string> {
  const issue = turn.chance.oneOf([...turn.view.facts().issues.values()].filter(({ state }) => state === "open"));
  if (issue === undefined) return "the line runs";
  return said(await turn.world.closeIssue("alice", issue.number), `alice closes the issue #${issue.number}`);
}

/** Past the queue, as an administrator may: all that is tried begins anew. */
async function pushToMain(turn: Turn): Promise<string> {
  return said(await turn.world.push("olive", "main", { "NOTES.md": `${turn.chance.below(1_000)}\n` }, "Note"), "olive pushes to main, past the queue");
}

async function pinByHand(turn: Turn): Promise<string> {
  const { app, environment } = somePlace(turn);
  const pin = knownPin(turn, app);
  if (pin === undefined) return "there is no pin to put by hand";
  return said(await turn.world.push("olive", "main", { [placePath(app, environment)]: manifest(pin) }, `Pin ${app} by hand`), `olive pins ${app} in ${environment} to ${pin.tag}, past the queue`);
}

/** Answers about what is tried now, mostly well; now and then it is late. */
export function ci(turn: Turn): Promise<string> {
  return oneThing(turn, [
    [12, (one) => report(one, "success")],
    [2, (one) => report(one, "failure")],
    [3, () => "another CI takes its time"],
  ]);
}

/** Fails whatever is tried, time and again. */
export function hopelessCi(turn: Turn): Promise<string> {
  return report(turn, "failure");
}

async function report(turn: Turn, conclusion: "success" | "failure"): Promise<string> {
  const groups = (turn.view.facts().queue?.entries ?? []).flatMap(({ group }) => group ?? []);
  const group = turn.chance.percent(60) ? groups[0] : turn.chance.oneOf(groups);
  if (group === undefined) return "another CI has nothing to try";
  return said(await turn.world.reportGroup(group.head, conclusion), `another CI says ${conclusion} of ${group.head.slice(0, 8)}`);
}
