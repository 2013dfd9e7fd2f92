/** What policies that are named in the configuration ask of images. */
import { RULED_FROM } from "../setup.ts";
import { mutant, type Mutant } from "./mutant.ts";

export const IMAGES_MUTANTS: readonly Mutant[] = [
  mutant("a signature of another image counts", ["H10"], "src/domain/supply-chain/statement.ts", "return signed === digest ? null :", `return signed !== "" ? null :`),
  mutant(
    "a signature with any key counts",
    ["H10"],
    "src/domain/supply-chain/evidence.ts",
    `return verifySignature(key.asymmetricKeyType === "ed25519" ? null : "sha256", signedBytes, key, signature);`,
    `return verifySignature(key.asymmetricKeyType === "ed25519" ? null : "sha256", signedBytes, key, signature) || signature.length > 0;`,
  ),
  mutant("keys are read once, and never again", ["H10"], "src/reconciler/trust-files.ts", "if (this.#seen?.commit === commit && this.#seen.signers === signers)", "if (this.#seen?.signers === signers)"),
  mutant("a tag that was pushed again passes", ["H9"], "policies/moved-tag.yaml", "pass: tags.moved.size() == 0", "pass: tags.moved.size() >= 0"),
  mutant("images may come from anywhere", ["H9"], "policies/allowed-registries.yaml", "pass: images.size() > 0 && images.all(image, under(image.repository, params.allowed))", "pass: images.size() > 0"),
  mutant("images may be young", ["H9"], "policies/image-age.yaml", "wait: now - built.last_at < params.at_least && (", "wait: false && ("),
  mutant("images may be old", ["H9"], "policies/image-age.yaml", "pass: params.at_most == 0 || now - built.first_at <= params.at_most", "pass: built.first_at <= now"),
].map((one) => ({ ...one, from: RULED_FROM }));
