import { verify } from "node:crypto";
import type { Actor, App, Installation, Permissions, Repository } from "../model.ts";
import { SandboxRefusal, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { allows, installationCovers } from "./access.ts";

/** GitHub's lifetimes: tokens of an installation one hour, JWTs ten minutes at most (docs, "Authenticating as a GitHub App"). */
const INSTALLATION_TOKEN_LIFE = 3_600_000;
const JWT_LIFE_SECONDS = 600;
/** How far the App's clock may be from GitHub's. */
const JWT_DRIFT_SECONDS = 60;

/** A personal token that never ends. */
export function issueUserToken(state: GitHubState, login: string): string {
  const token = `ghp_${state.secret("user token").slice(0, 36)}`;
  state.tokens.set(token, { actor: { kind: "user", account: state.account(login) }, expiresAt: null });
  return token;
}

export interface InstallationToken {
  readonly token: string;
  /** Real time: what an App holds must end when the machine's clock says so, whatever the sandbox's says. */
  readonly expiresAt: number;
  readonly permissions: Permissions;
  /** Null when the token reaches all of the installation's repositories. */
  readonly repositories: readonly Repository[] | null;
}

/** A token for an installation, for all of its permissions and repositories or for fewer. */
export function issueInstallationToken(
  state: GitHubState,
  installation: Installation,
  narrowed: { readonly permissions?: Permissions; readonly repositoryIds?: readonly number[]; readonly repositories?: readonly string[] },
  realNow: number,
): InstallationToken {
  if (installation.suspendedAt !== null) throw new SandboxRefusal(403, "forbidden", "This installation has been suspended");
  const permissions = narrowed.permissions ?? installation.permissions;
  for (const [name, access] of Object.entries(permissions)) {
    if (!allows(installation.permissions, name, access)) {
      throw unprocessable("The permissions requested are not granted to this installation.");
    }
  }
  const repositories = narrowedRepositories(state, installation, narrowed);
  const token = `ghs_${state.secret("installation token").slice(0, 36)}`;
  const expiresAt = realNow + INSTALLATION_TOKEN_LIFE;
  const actor: Actor = {
    kind: "installation",
    account: installation.app.bot,
    app: installation.app,
    installation,
    permissions,
    repositories: repositories === null ? null : new Set(repositories.map((repository) => repository.id)),
  };
  state.tokens.set(token, { actor, expiresAt });
  return { token, expiresAt, permissions, repositories };
}

function narrowedRepositories(
  state: GitHubState,
  installation: Installation,
  narrowed: { readonly repositoryIds?: readonly number[]; readonly repositories?: readonly string[] },
): readonly Repository[] | null {
  if (narrowed.repositoryIds === undefined && narrowed.repositories === undefined) return null;
  const found = [
    ...(narrowed.repositoryIds ?? []).map((id) => state.repositoryById(id)),
    ...(narrowed.repositories ?? []).map((name) => state.repository(installation.account.login, name)),
  ];
  const known = found.filter((repository) => repository !== null).filter((repository) => installationCovers(installation, repository));
  if (known.length < found.length) {
    throw unprocessable("There is at least one repository that does not exist or is not accessible to the parent installation.");
  }
  return known;
}

function badCredentials(): SandboxRefusal {
  return new SandboxRefusal(401, "unauthenticated", "Bad credentials");
}

function decode(part: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? "", "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** The App that signed this JWT. Throws 401 in GitHub's words for a bad signature or time. */
function appOfJwt(state: GitHubState, jwt: string, realNow: number): App {
  const [header, payload, signature] = jwt.split(".");
  const claims = decode(payload);
  if (decode(header)["alg"] !== "RS256") throw new SandboxRefusal(401, "unauthenticated", "A JSON web token could not be decoded");
  const issuer = String(claims["iss"]);
  const app = state.apps.find((candidate) => String(candidate.id) === issuer || candidate.clientId === issuer);
  if (app === undefined) throw new SandboxRefusal(401, "unauthenticated", "Integration must generate a public key");
  const signed = verify("RSA-SHA256", Buffer.from(`${header}.${payload}`), app.publicKey, Buffer.from(signature ?? "", "base64url"));
  if (!signed) throw new SandboxRefusal(401, "unauthenticated", "A JSON web token could not be decoded");
  const now = Math.floor(realNow / 1000);
  const [issued, expires] = [Number(claims["iat"]), Number(claims["exp"])];
  if (!Number.isFinite(expires) || expires <= now) {
    throw new SandboxRefusal(
      401,
      "unauthenticated",
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (!Number.isFinite(issued) || issued > now + JWT_DRIFT_SECONDS) {
    throw new SandboxRefusal(
      401,
      "unauthenticated",
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (expires > now + JWT_LIFE_SECONDS + JWT_DRIFT_SECONDS) {
    throw new SandboxRefusal(401, "unauthenticated", "'Expiration time' claim ('exp') is too far in the future");
  }
  return app;
}

function tokenIn(authorization: string): string {
  const [scheme = "", value = ""] = authorization.split(" ");
  if (scheme.toLowerCase() !== "basic") return value;
  const [user = "", ...rest] = Buffer.from(value, "base64").toString("utf8").split(":");
  const password = rest.join(":");
  // Git sends `x-access-token:<token>`; a token as the user name with no password is taken as well.
  return password === "" || password === "x-oauth-basic" ? user : password;
}

/** Who a request's Authorization header stands for. Throws 401 for a token that is unknown or has ended. */
export function authenticate(state: GitHubState, authorization: string | undefined, realNow: number): Actor {
  if (authorization === undefined) return { kind: "anonymous" };
  const text = tokenIn(authorization);
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return { kind: "app", app: appOfJwt(state, text, realNow) };
  const token = state.tokens.get(text);
  if (token === undefined || (token.expiresAt !== null && token.expiresAt <= realNow)) throw badCredentials();
  return token.actor;
}
