import type { JsonSchema } from "../schema-check.ts";

export const TRUSTED_ROOT_PATH = ".github/pinion/trusted_root.json";
export const MOST_SIGNERS = 50;

const NAME: JsonSchema = {
  pattern: "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
  errorMessage: "must be lower-case letters, digits and inner hyphens, 40 at most",
};

const KEY_PATH = ".github/pinion/keys/cosign.pub";

/** Below the folder that code owners guard together with the configuration. */
function fileAs(example: string): JsonSchema {
  return {
    type: "string",
    pattern: "^\\.github/pinion/([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$",
    maxLength: 200,
    errorMessage: `must be the path of a file under .github/pinion/, as "${example}"`,
  };
}

const SIGNER: JsonSchema = {
  type: "object",
  title: "A signer",
  description: "Either a `key`, or an `identity` with its `issuer`.",
  additionalProperties: false,
  properties: {
    key: {
      ...fileAs(KEY_PATH),
      description: "The file with the public key, in PEM, as `cosign public-key` prints it. It is read from the default branch.",
      examples: [KEY_PATH],
    },
    identity: {
      type: "string",
      description:
        "The identity in the certificate (its subject alternative name), exactly; it is no pattern. `{app}` stands for the app's name, and `{tag}` for the image's tag.",
      pattern: "^\\S{1,500}$",
      examples: ["https://github.com/acme/{app}/.github/workflows/release.yml@refs/heads/main"],
      errorMessage: "must be one identity without spaces, as the certificate has it",
    },
    issuer: {
      type: "string",
      description: "The OIDC issuer in the certificate, exactly.",
      pattern: "^\\S{1,500}$",
      examples: ["https://token.actions.githubusercontent.com"],
      errorMessage: "must be one issuer without spaces, as the certificate has it",
    },
    root: {
      ...fileAs(TRUSTED_ROOT_PATH),
      description: "The file with the Sigstore trusted root that certificates are checked by. It is read from the default branch.",
      default: TRUSTED_ROOT_PATH,
    },
  },
};

export const SIGNERS: JsonSchema = {
  type: "object",
  title: "Signers by name",
  description: "Whose signatures count ([supply-chain](supply-chain.md)). Policies name them.",
  maxProperties: MOST_SIGNERS,
  propertyNames: NAME,
  additionalProperties: SIGNER,
  errorMessage: `must be a mapping with ${MOST_SIGNERS} signers at most`,
};
