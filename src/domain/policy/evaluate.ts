import type { Instant } from "../answer.ts";
import { isUnknownFact, type Facts } from "../facts.ts";
import type { Gate, GateResult, Judgement } from "../policy.ts";
import { cut, oneLine } from "../report/markdown.ts";
import { CONFIG_PATH } from "../config.ts";
import { evaluationProblem } from "./cel.ts";
import { PARAMETERS } from "./cel-limits.ts";
import { evidenceFor, type Reads } from "./evidence.ts";
import { factValues, type FactValues } from "./fact-types.ts";
import type { ManifestRule } from "./manifest-rule.ts";
import { parameterValues, type ConfiguredPolicies, type GivenParameters, type ParameterValue } from "./parameters.ts";
import type { Policy, PolicySet } from "./policy-set.ts";
import { covers, whyNotCovered, type ScopedPromotion } from "./scope.ts";
import { renderTemplate, type Template } from "./template.ts";

const MAX_REASON = 1000;

const NONE_CONFIGURED: ConfiguredPolicies = new Map();
const NO_PARAMETERS: GivenParameters = new Map();
const ALL_RELIABLE: UnreliableSigners = new Map();

/** By name, why the signatures of some signers cannot be told. */
type UnreliableSigners = ReadonlyMap<string, string>;

/** What a promotion is judged by. */
interface Judged {
  readonly facts: Facts;
  readonly values: FactValues;
  readonly configured: ConfiguredPolicies;
  readonly unreliable: UnreliableSigners;
}

/**
 * Judges one promotion by every policy of the set, in the set's order. `configured` is what the configuration says of policies for its environment.
 * The facts tell nothing of what `unreliable` signers signed: a policy that counts one of them is unknown.
 */
export function evaluatePolicies(
  set: PolicySet,
  facts: Facts,
  configured: ConfiguredPolicies = NONE_CONFIGURED,
  unreliable: UnreliableSigners = ALL_RELIABLE,
): readonly Gate[] {
  const judged: Judged = { facts, values: factValues(facts), configured, unreliable };
  return set.policies.map((policy) => evaluatePolicy(policy, judged));
}

/** Those that judge at all where the configuration says this: of the others nobody wants to read on each pull request that nothing asked for them. */
export function policiesInForce(policies: readonly Policy[], configured: ConfiguredPolicies): readonly Policy[] {
  return policies.filter((policy) => !policy.onlyWhenNamed || configured.has(policy.name));
}

/** Why a policy has nothing to say of a promotion, whatever the facts are: it is not named, or its scope is another. Null: it judges. */
export function whyNotJudging(policy: Policy, promotion: ScopedPromotion, configured: ConfiguredPolicies): string | null {
  if (policy.onlyWhenNamed && !configured.has(policy.name)) {
    return `not named under \`policies:\` of ${CONFIG_PATH}, neither for ${promotion.environment} nor for all environments`;
  }
  return covers(policy.applies, promotion) ? null : whyNotCovered(policy.applies, promotion);
}

/** The groups of facts that policies which judge this promotion mention. Nothing else need be asked of the world. */
export function factsWanted(set: PolicySet, promotion: ScopedPromotion, configured: ConfiguredPolicies): ReadonlySet<string> {
  const judging = set.policies.filter((policy) => whyNotJudging(policy, promotion, configured) === null);
  return new Set(judging.flatMap((policy) => [...factsReadBy(policy)]));
}

/** The groups of facts that a policy reads, wherever it applies. */
export function factsReadBy(policy: Policy): ReadonlySet<string> {
  const parts = [...mentionedBy(policy), ...(policy.when === null ? [] : [policy.when])];
  return new Set(parts.flatMap(({ mentions }) => [...mentions]));
}

/** What can be told of a promotion without the release that it brings, as of a removal, which brings none. */
const TOLD_WITHOUT_RELEASE: ReadonlySet<string> = new Set([
  PARAMETERS,
  "now",
  "promotion",
  "change",
  "manifests",
  "approvals",
  "approvers",
  "freeze",
  "paused",
  "window",
  "rollout",
  "drift",
  "error_budget",
]);
/** And what cannot, all the same. */
const OF_THE_RELEASE: readonly string[] = ["promotion.version", "promotion.every_image_has_digest", "promotion.went_bad"];

/** Whether a policy can judge without a release. */
export function judgesWithoutRelease(policy: Policy): boolean {
  const asks = conditionsOf(policy).some(({ reads }) => OF_THE_RELEASE.some((fact) => reads.facts.has(fact)));
  return !asks && [...factsReadBy(policy)].every((name) => TOLD_WITHOUT_RELEASE.has(name));
}

/** Whether it takes the files that a pull request changes to judge it. */
export function readsManifests(policy: Policy): boolean {
  return factsReadBy(policy).has("manifests");
}

/**
 * All gates of a promotion together. Only gates that block count. The strongest result decides, in this order:
 * `fail` (a person must act), `unknown` (nothing may be concluded yet), `wait`, `pass`. When no blocking gate
 * applies, nothing has judged the promotion, and that is `unknown`: it never passes by falling through every rule.
 */
export function judge(gates: readonly Gate[]): Judgement {
  const applicable = gates.filter((gate) => gate.enforce === "block" && gate.result !== "not-applicable");
  if (applicable.length === 0) return { outcome: "unknown" };
  if (applicable.some((gate) => gate.result === "fail")) return { outcome: "fail" };
  if (applicable.some((gate) => gate.result === "unknown")) return { outcome: "unknown" };
  const waits = applicable.filter((gate) => gate.result === "wait");
  if (waits.length === 0) return { outcome: "pass" };
  return { outcome: "wait", until: lastOf(waits.map((gate) => gate.until)) };
}

type Outcome = GateResult & { readonly reason: string };

function evaluatePolicy(policy: Policy, judged: Judged): Gate {
  const { facts } = judged;
  const outcome = judgeOne(policy, judged);
  const enforce = policy.warn !== null && covers(policy.warn, facts.promotion) ? "warn" : policy.enforce;
  const override = policy.override === null ? {} : { override: `overridden by ${policy.file}: ${policy.override}` };
  const reason = cut(oneLine(outcome.reason), MAX_REASON);
  // The conditions alone: what is only told in words stands in the reason already.
  const evidence = outcome.result === "not-applicable" ? [] : evidenceFor(conditionsOf(policy), facts);
  return { policy: policy.name, description: policy.description, enforce, ...outcome, reason, facts: evidence, ...override };
}

/**
 * First whether the policy applies (named, scope, then `when`), then whether everything it mentions is known, then `wait`, then `pass`.
 * A fact that is unknown makes the gate unknown even where the expressions could do without it: a rule that sometimes
 * decides on less than it asks for would be hard to trust.
 */
function judgeOne(policy: Policy, { facts, values, configured, unreliable }: Judged): Outcome {
  const silent = whyNotJudging(policy, facts.promotion, configured);
  if (silent !== null) return { result: "not-applicable", reason: silent };
  const parameters = parameterValues(policy.parameters, configured.get(policy.name) ?? NO_PARAMETERS);
  if (!parameters.ok) return { result: "unknown", reason: `the policy cannot be used: ${parameters.problem}` };
  const known = { ...values.known, [PARAMETERS]: parameterFacts(parameters.values) };
  const uncounted = unreliableReason(policy, parameters.values, unreliable);
  if (uncounted !== null) return { result: "unknown", reason: uncounted };
  try {
    if (policy.when !== null) {
      const missing = unknownReason([policy.when], values);
      if (missing !== null) return { result: "unknown", reason: missing };
      if (!policy.when.evaluate(known)) return { result: "not-applicable", reason: "does not apply to this promotion" };
    }
    const missing = unknownReason(mentionedBy(policy), values);
    return missing === null ? decide(policy, facts, known) : { result: "unknown", reason: missing };
  } catch (error) {
    return { result: "unknown", reason: `policy could not be evaluated: ${evaluationProblem(error)}` };
  }
}

function decide(policy: Policy, facts: Facts, known: FactValues["known"]): Outcome {
  const say = (template: Template | null): string => (template === null ? "" : renderTemplate(template, known));
  if (policy.schema !== null) return decideBySchema(policy.schema, facts.manifests, policy.messages, say);
  if (policy.wait?.evaluate(known) === true) {
    const until = policy.until?.evaluate(known) ?? 0;
    // A moment that has passed says nothing of when the wait will end.
    return { result: "wait", until: until > facts.now ? until : null, reason: say(policy.messages.wait) };
  }
  const passed = policy.pass === null || policy.pass.evaluate(known);
  return passed ? { result: "pass", reason: say(policy.messages.pass) } : { result: "fail", reason: say(policy.messages.fail) };
}

function decideBySchema(rule: ManifestRule, manifests: Facts["manifests"], messages: Policy["messages"], say: (template: Template | null) => string): Outcome {
  if (isUnknownFact(manifests)) return { result: "unknown", reason: manifests.unknown };
  const judged = rule.judge(manifests);
  switch (judged.outcome) {
    case "none":
      return { result: "not-applicable", reason: `it changes no ${rule.words}` };
    case "too-much":
      return { result: "unknown", reason: judged.problem };
    case "fits":
      return { result: "pass", reason: say(messages.pass) };
    case "differs":
      return { result: "fail", reason: `${say(messages.fail)}: ${judged.problems}` };
  }
}

/** The facts that say whose signatures hold. */
const OF_SIGNERS: readonly string[] = ["signatures", "provenance", "sboms", "scans"];

/**
 * Why it cannot be told whether the signers that a policy counts have signed, or null. Those are the ones in its parameter `signers` and those that
 * its expressions name; where the parameter is not there, or empty, they are all.
 */
function unreliableReason(policy: Policy, parameters: Readonly<Record<string, ParameterValue>>, unreliable: UnreliableSigners): string | null {
  if (unreliable.size === 0 || !OF_SIGNERS.some((name) => factsReadBy(policy).has(name))) return null;
  const { signers } = parameters;
  const named = typeof signers === "object" ? signers : [];
  const sources = [policy.when, policy.wait, policy.until, policy.pass].map((expression) => expression?.source ?? "");
  const counts = (name: string): boolean => named.length === 0 || named.includes(name) || sources.some((source) => source.includes(`"${name}"`) || source.includes(`'${name}'`));
  const reasons = [...unreliable].filter(([name]) => counts(name)).map(([, reason]) => reason);
  return reasons.length === 0 ? null : reasons.join("; ");
}

/** As CEL reads them: whole numbers are BigInt there. */
function parameterFacts(values: Readonly<Record<string, ParameterValue>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? BigInt(value) : value]));
}

function conditionsOf({ when, wait, until, pass, schema }: Policy): readonly { readonly mentions: ReadonlySet<string>; readonly reads: Reads }[] {
  return [when, wait, until, pass, schema].filter((part) => part !== null);
}

function mentionedBy(policy: Policy): readonly { readonly mentions: ReadonlySet<string> }[] {
  const { pass, fail, wait } = policy.messages;
  return [policy.wait, policy.until, policy.pass, policy.schema, pass, fail, wait].filter((part) => part !== null);
}

function unknownReason(parts: readonly { readonly mentions: ReadonlySet<string> }[], values: FactValues): string | null {
  const mentioned = new Set(parts.flatMap((part) => [...part.mentions]));
  const reasons = new Set([...values.unknown].filter(([name]) => mentioned.has(name)).map(([, reason]) => reason));
  return reasons.size === 0 ? null : [...reasons].join("; ");
}

/** The moment when the last wait turns, or null when one of them has none. */
function lastOf(moments: readonly (Instant | null)[]): Instant | null {
  let last: Instant | null = null;
  for (const moment of moments) {
    if (moment === null) return null;
    if (last === null || moment > last) last = moment;
  }
  return last;
}
