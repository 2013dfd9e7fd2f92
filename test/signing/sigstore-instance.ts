import { createHash, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { bundleToJSON } from "@sigstore/bundle";
import { fulcioHandler, initializeCA, initializeCTLog, initializeTLog, initializeTSA, rekorHandler, tsaHandler } from "@sigstore/mock";
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from "@sigstore/protobuf-specs";
import { DSSEBundleBuilder, FulcioSigner, MessageSignatureBundleBuilder, RekorWitness, TSAWitness } from "@sigstore/sign";

/** Who signs: what an OIDC issuer says in its token. */
export interface Identity {
  readonly name: string;
  readonly issuer: string;
}

/** A Sigstore of our own on the loopback interface: a certificate authority with its log, a transparency log and a timestamp authority. */
export interface SigstoreInstance {
  /** The trusted root as JSON text, with everything that the instance has or without some of it. */
  trustedRoot(without?: { readonly tlogs?: boolean; readonly ctlogs?: boolean; readonly timestamps?: boolean }): string;
  /** A Sigstore bundle over a DSSE envelope with this in-toto statement, as JSON text. */
  attest(statement: object, identity: Identity, witness?: "log" | "timestamp"): Promise<string>;
  /** The same over these bytes themselves. */
  sign(payload: Uint8Array, identity: Identity): Promise<string>;
  close(): Promise<void>;
}

/** With `secretly`, certificates are not put into the certificate log that the root names. */
export async function startSigstore({ secretly = false } = {}): Promise<SigstoreInstance> {
  const keys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  const ctlog = await initializeCTLog(keys());
  const ca = await initializeCA(keys(), secretly ? undefined : ctlog);
  const tlog = await initializeTLog(url, keys());
  // On a whole second, while certificates of the next minutes are valid: of fractions, the library reads only those with three digits.
  const tsa = await initializeTSA(keys(), new Date(Math.ceil(Date.now() / 1000 + 5 * 60) * 1000));
  const handlers = [fulcioHandler(ca), rekorHandler(tlog), tsaHandler(tsa)];
  const answer = async (path: string | undefined, body: string, response: ServerResponse): Promise<void> => {
    const handler = handlers.find((one) => one.path === path);
    if (handler === undefined) return void response.writeHead(404).end();
    const { statusCode, response: answered, contentType = "text/plain" } = await handler.fn(body);
    response.writeHead(statusCode, { "content-type": contentType });
    response.end(typeof answered === "string" ? answered : Buffer.from(answered.buffer, answered.byteOffset, answered.byteLength));
  };
  server.on("request", (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => void answer(request.url, Buffer.concat(chunks).toString("utf8"), response));
  });
  const signer = ({ name, issuer }: Identity) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = `${part({ alg: "none" })}.${part({ sub: name, iss: issuer, aud: "sigstore" })}.x`;
    return new FulcioSigner({ fulcioBaseURL: url, identityProvider: { getToken: async () => token } });
  };
  const log = () => new RekorWitness({ rekorBaseURL: url, entryType: "intoto" });
  return {
    trustedRoot: (without = {}) => {
      const validFor = { start: new Date(0) };
      const bytes = (view: ArrayBufferView<ArrayBuffer>) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
      const authority = (...chain: readonly ArrayBufferView<ArrayBuffer>[]) => ({
        subject: { commonName: "test", organization: "test" },
        uri: url,
        certChain: { certificates: chain.map((certificate) => ({ rawBytes: bytes(certificate) })) },
        validFor,
        operator: "test",
      });
      const transparency = (publicKey: Buffer, keyId: Buffer) => ({
        baseUrl: url,
        hashAlgorithm: HashAlgorithm.SHA2_256,
        publicKey: { rawBytes: publicKey, keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256, validFor },
        logId: { keyId },
        checkpointKeyId: undefined,
        operator: "test",
      });
      const root: TrustedRoot = {
        mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        tlogs: without.tlogs === true ? [] : [transparency(tlog.publicKey, createHash("sha256").update(tlog.publicKey).digest())],
        ctlogs: without.ctlogs === true ? [] : [transparency(ctlog.publicKey, bytes(ctlog.logID))],
        certificateAuthorities: [authority(ca.rootCertificate)],
        timestampAuthorities: without.timestamps === true ? [] : [authority(tsa.intCertificate, tsa.rootCertificate)],
      };
      return JSON.stringify(TrustedRoot.toJSON(root));
    },
    attest: async (statement, identity, witness = "log") => {
      const witnesses = witness === "log" ? [log()] : [new TSAWitness({ tsaBaseURL: url })];
      const builder = new DSSEBundleBuilder({ signer: signer(identity), witnesses });
      const bundle = await builder.create({ data: Buffer.from(JSON.stringify(statement)), type: "application/vnd.in-toto+json" });
      return JSON.stringify(bundleToJSON(bundle));
    },
    sign: async (payload, identity) => {
      const builder = new MessageSignatureBundleBuilder({ signer: signer(identity), witnesses: [log()] });
      return JSON.stringify(bundleToJSON(await builder.create({ data: Buffer.from(payload) })));
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
