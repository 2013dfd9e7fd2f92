/** A user of a registry. No part may reach a log or a message. */
export interface UserCredentials {
  readonly username: string;
  readonly password: string;
}

/** What a token server gave for signing in again: an OAuth 2.0 refresh token (RFC 6749 §1.5), which knows its user. */
export interface IdentityToken {
  readonly identityToken: string;
}

export type Credentials = UserCredentials | IdentityToken;

export function isIdentityToken(credentials: Credentials): credentials is IdentityToken {
  return "identityToken" in credentials;
}

/** `Authorization` by RFC 7617, in UTF-8. */
export function basicAuthorization({ username, password }: UserCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

const DOCKER_HUB_HOSTS: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** The host that credentials are kept under: in lower case, and `docker.io` for every name of Docker Hub. */
export function credentialHost(host: string): string {
  const lower = host.toLowerCase();
  return DOCKER_HUB_HOSTS.has(lower) ? "docker.io" : lower;
}
