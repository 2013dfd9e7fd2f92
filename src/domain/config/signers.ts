import type { Signer } from "../supply-chain/signer.ts";
import { member, members } from "../yaml-document.ts";
import type { YamlValue } from "../yaml-document.ts";
import { textOf } from "./reading.ts";
import type { Report } from "./reading.ts";
import { MOST_SIGNERS, TRUSTED_ROOT_PATH } from "./signers-schema.ts";

/** Reads the signers, in the order of their names. Each is a key, or an identity with its issuer, and never both. */
export function readSigners(value: YamlValue | undefined, report: Report): readonly Signer[] {
  const entries = members(value).slice(0, MOST_SIGNERS);
  return entries.map(([name, signer]) => readSigner(name, signer, report)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
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
