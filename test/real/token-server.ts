import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { selfSignedCertificate } from "./certificate.ts";
import type { RegistryAccess } from "./docker-registry.ts";

export interface TokenServerAccounts {
  readonly username: string;
  readonly password: string;
  /** An OAuth 2.0 refresh token of the same user. */
  readonly identityToken: string;
}

export interface TokenServer {
  /** For a registry that believes this server. */
  readonly access: RegistryAccess;
  /** Every token request so far, as `GET repository:acme/app:pull`. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

const SERVICE = "registry under test";
const ISSUER = "token server under test";

/**
 * A token server by distribution's "Token Authentication Specification" and "OAuth2 Token Authentication", whose tokens the real registry checks. It gives
 * everybody a token: to those it does not know, for nothing. A wrong password or identity token is refused.
 */
export async function startTokenServer(accounts: TokenServerAccounts): Promise<TokenServer> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keyId = keyIdOf(publicKey.export({ type: "spki", format: "der" }));
  const issue = (scopes: readonly string[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const access = scopes.map((scope) => {
      const [type = "", name = "", actions = ""] = scope.split(":");
      return { type, name, actions: actions.split(",") };
    });
    const times = { iat: now, nbf: now - 30, exp: now + 300 };
    const claims = { iss: ISSUER, sub: accounts.username, aud: SERVICE, jti: randomUUID(), ...times, access };
    const signed = [{ typ: "JWT", alg: "ES256", kid: keyId }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  };
  const requests: string[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const scopes = await scopesFor(request, accounts, requests);
    if (scopes === null) response.writeHead(401).end();
    else response.end(JSON.stringify({ [request.method === "POST" ? "access_token" : "token"]: issue(scopes), expires_in: 300 }));
  };
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the token server does not listen on a port");
  const realm = `http://127.0.0.1:${address.port}/token`;
  return {
    requests,
    access: {
      auth: (pathOf) => ({ token: { realm, service: SERVICE, issuer: ISSUER, rootcertbundle: pathOf("issuer.pem") } }),
      files: { "issuer.pem": selfSignedCertificate(ISSUER, privateKey, publicKey) },
      pushAuthorization: (repository) => `Bearer ${issue([`repository:${repository}:pull,push`])}`,
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The scopes of the token to give, or null to refuse. */
async function scopesFor(request: IncomingMessage, accounts: TokenServerAccounts, requests: string[]): Promise<readonly string[] | null> {
  const { authorization } = request.headers;
  const query = new URL(request.url ?? "/", "http://token.test").searchParams;
  const asked = request.method === "POST" ? new URLSearchParams(await text(request)) : query;
  const scopes = asked.getAll("scope").flatMap((scope) => scope.split(" "));
  requests.push(`${request.method} ${scopes.join(" ")}`);
  if (asked.get("service") !== SERVICE) return null;
  if (request.method === "POST") {
    const known = asked.get("grant_type") === "refresh_token" && asked.get("refresh_token") === accounts.identityToken;
    return known && asked.get("client_id") !== null ? scopes : null;
  }
  if (authorization === undefined) return [];
  const known = Buffer.from(`${accounts.username}:${accounts.password}`).toString("base64");
  return authorization === `Basic ${known}` ? scopes : null;
}

/** How Distribution 2.8 names a key: the first 240 bits of its SHA-256 in base 32, in twelve groups of four. */
function keyIdOf(publicKey: Uint8Array): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bytes = createHash("sha256").update(publicKey).digest().subarray(0, 30);
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = [...bits.matchAll(/.{5}/g)].map(([five]) => alphabet[Number.parseInt(five, 2)]).join("");
  return [...letters.matchAll(/.{4}/g)].join(":");
}
