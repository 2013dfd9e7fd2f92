import type { Signer } from "../supply-chain/signer.ts";
import { MOST_ENVIRONMENTS } from "../config-schema.ts";
import { formatPath } from "../schema-check.ts";
import { didYouMean } from "../suggest.ts";
import { isYamlList, member, members } from "../yaml-document.ts";
import type { YamlPath, YamlValue } from "../yaml-document.ts";
import { MOST_POLICIES } from "./policies.ts";
import { textOf } from "./reading.ts";
import type { Report } from "./reading.ts";
import { MOST_SIGNERS, TRUSTED_ROOT_PATH } from "./signers-schema.ts";

/** Reads the signers, in the order of their names. Each is a key, or an identity with its issuer, and never both. */
export function readSigners(value: YamlValue | undefined, report: Report): readonly Signer[] {
  const entries = members(value).slice(0, MOST_SIGNERS);
  return entries.map(([name, signer]) => readSigner(name, signer, report)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Signers that policies are given and that are nobody: a signature by nobody would be waited for. `value` is the whole file. */
export function reportUnknownSigners(value: YamlValue, signers: readonly Signer[], report: Report): void {
  const names = signers.map(({ name }) => name);
  const environments = members(member(value, "environments")).slice(0, MOST_ENVIRONMENTS);
  const blocks: readonly (readonly [YamlPath, YamlValue | undefined])[] = [
    [["policies"], member(value, "policies")],
    ...environments.map(([name, environment]) => [["environments", name, "policies"], member(environment, "policies")] as const),
  ];
  for (const [path, policies] of blocks) {
    for (const [policy, given] of members(policies).slice(0, MOST_POLICIES)) {
      const wanted = member(given, "signers");
      for (const [index, name] of (isYamlList(wanted) ? wanted : []).entries()) {
        if (typeof name !== "string" || names.includes(name)) continue;
        const place = [...path, policy, "signers", index];
        report(place, `${formatPath(place)} names "${name.slice(0, 60)}", which is no signer under \`signers\`.${didYouMean(name, names)}`);
      }
    }
  }
}

function readSigner(name: string, value: YamlValue, report: Report): Signer {
  const key = textOf(member(value, "key"));
  const identity = textOf(member(value, "identity"));
  const issuer = textOf(member(value, "issuer"));
  const root = textOf(member(value, "root"));
  const path = ["signers", name];
  if (key !== null) {
    if (identity !== null || issuer !== null || root !== null) {
      report(path, `signers.${name} has a key, so identity, issuer and root have no meaning: make two signers of it, or remove them`, "key");
    }
    return { name, by: "key", file: key };
  }
  if (identity === null || issuer === null) {
    report(path, `signers.${name} needs a key, or an identity and its issuer`, "key");
  }
  const unknown = [...(identity ?? "").matchAll(/\{([^{}]*)\}/g)].map(([whole]) => whole).find((whole) => whole !== "{app}" && whole !== "{tag}");
  if (unknown !== undefined) {
    report([...path, "identity"], `signers.${name}.identity has ${unknown}, and only {app} and {tag} stand for something`);
  }
  return { name, by: "identity", identity: identity ?? "", issuer: issuer ?? "", file: root ?? TRUSTED_ROOT_PATH };
}
