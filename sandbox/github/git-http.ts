import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { gitEnvironment } from "./git.ts";
import type { Actor, Oid, Repository } from "./model.ts";
import { NO_OID } from "./model.ts";
import { SandboxRefusal } from "./refusal.ts";
import type { GitHubState } from "./state.ts";
import { actingAccount, requireAccess, requireVisible } from "./state/access.ts";
import { violationsOf } from "./state/protection.ts";
import type { RefMove } from "./state/ref-moves.ts";
import { describe, settle } from "./state/ref-moves.ts";
import { WRITE_CONTENTS } from "./state/refs.ts";
import { rereadRefs } from "./state/repositories.ts";

const SERVICE = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** A request of Git's smart HTTP protocol (git docs, gitprotocol-http). */
export interface GitRequest {
  readonly owner: string;
  readonly name: string;
  readonly endpoint: "info/refs" | "git-upload-pack" | "git-receive-pack";
  readonly service: "git-upload-pack" | "git-receive-pack";
  readonly query: string;
}

/** Reads a path as one of Git's, or null. */
export function parseGitRequest(path: string, query: URLSearchParams): GitRequest | null {
  const found = SERVICE.exec(path);
  if (found === null) return null;
  const endpoint = found[3] as GitRequest["endpoint"];
  const asked = endpoint === "info/refs" ? query.get("service") : endpoint;
  if (asked !== "git-upload-pack" && asked !== "git-receive-pack") return null;
  return { owner: found[1] ?? "", name: found[2] ?? "", endpoint, service: asked, query: query.toString() };
}

/** The repository, if the caller may do this to it. Throws 401 where Git should ask for a password. */
export function authorizeGit(state: GitHubState, actor: Actor, request: GitRequest): Repository {
  const where = state.repository(request.owner, request.name);
  const unauthenticated = new SandboxRefusal(401, "unauthenticated", "Authentication required");
  if (actor.kind === "app") throw new SandboxRefusal(401, "unauthenticated", "Bad credentials");
  if (where === null) throw actor.kind === "anonymous" ? unauthenticated : new SandboxRefusal(404, "not-found", "Repository not found.");
  if (actor.kind === "anonymous" && (where.private || request.service === "git-receive-pack")) throw unauthenticated;
  requireVisible(state, actor, where);
  if (request.service === "git-receive-pack") {
    try {
      requireAccess(state, actor, where, WRITE_CONTENTS);
    } catch {
      const login = actingAccount(actor).login;
      throw new SandboxRefusal(403, "forbidden", `Permission to ${request.owner}/${request.name}.git denied to ${login}.`);
    }
  } else if (actor.kind !== "anonymous") requireAccess(state, actor, where, { app: [["contents", "read"]], role: "read" });
  return where;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Runs Git's own server for one request (git docs, git-http-backend). */
function backend(
  state: GitHubState,
  where: Repository,
  actor: Actor,
  request: GitRequest,
  incoming: { readonly method: string; readonly headers: IncomingMessage["headers"]; readonly body: Buffer },
  refusals: string,
): Promise<Answer> {
  const env: Record<string, string> = {
    ...gitEnvironment(),
    GIT_PROJECT_ROOT: state.directory,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: `${where.git.directory.slice(state.directory.length)}/${request.endpoint}`,
    QUERY_STRING: request.query,
    REQUEST_METHOD: incoming.method,
    CONTENT_TYPE: incoming.headers["content-type"] ?? "",
    CONTENT_LENGTH: String(incoming.body.length),
    HTTP_CONTENT_ENCODING: incoming.headers["content-encoding"] ?? "",
    REMOTE_USER: actor.kind === "anonymous" ? "" : actingAccount(actor).login,
    REMOTE_ADDR: "127.0.0.1",
    SANDBOX_REFUSALS: refusals,
  };
  const protocol = incoming.headers["git-protocol"];
  if (typeof protocol === "string") env["GIT_PROTOCOL"] = protocol;
  return new Promise((resolve, reject) => {
    const child = spawn("git", ["http-backend"], { env, stdio: ["pipe", "pipe", "ignore"] });
    const out: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.on("error", reject);
    child.on("close", () => resolve(parseCgi(Buffer.concat(out))));
    // The backend may refuse before it has read everything; its answer says so.
    child.stdin.on("error", () => undefined);
    child.stdin.end(incoming.body);
  });
}

function parseCgi(bytes: Buffer): Answer {
  const end = bytes.indexOf("\r\n\r\n");
  const lines = bytes.subarray(0, Math.max(end, 0)).toString("utf8").split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(":");
    if (at > 0) headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
  }
  const status = end === -1 ? 500 : Number(headers["status"]?.slice(0, 3) ?? 200);
  delete headers["status"];
  return { status, headers, body: end === -1 ? Buffer.from("the Git server answered nothing") : bytes.subarray(end + 4) };
}

/** The ref commands at the head of a push, and the pack behind them (git docs, gitprotocol-pack, "Reference Update Request"). */
function parsePush(body: Buffer): { readonly moves: readonly RefMove[]; readonly pack: Buffer } {
  const moves: RefMove[] = [];
  let at = 0;
  for (;;) {
    const length = Number.parseInt(body.subarray(at, at + 4).toString("latin1"), 16);
    if (!Number.isInteger(length) || length < 4) break;
    const line = body.subarray(at + 4, at + length).toString("utf8");
    const [before = "", after = "", name = ""] = (line.split("\0")[0] ?? "").trimEnd().split(" ");
    if (name !== "") moves.push({ name, before: before === NO_OID ? null : before, after: after === NO_OID ? null : after });
    at += length;
  }
  const start = body.indexOf("PACK", at);
  return { moves, pack: start === -1 ? Buffer.alloc(0) : body.subarray(start) };
}

/** What GitHub's rules say of a push, one line for each refused ref, for the `update` hook. */
async function refusalsOf(state: GitHubState, actor: Actor, where: Repository, body: Buffer): Promise<string> {
  const { moves, pack } = parsePush(body);
  // The objects are taken in first, so that the rules can be asked whether history is kept. Without a ref they harm nobody.
  if (pack.length > 0) await where.git.run(["unpack-objects", "-q"], { input: pack });
  const lines: string[] = [];
  for (const move of moves) {
    const violations = await violationsOf(state, actor, where, await describe(where, move));
    if (violations === null) continue;
    const head =
      violations.source === "classic"
        ? `GH006: Protected branch update failed for ${move.name}.`
        : `GH013: Repository rule violations found for ${move.name}.`;
    lines.push(`${move.name}\t${head} ${violations.messages.join(" ")}`);
  }
  return lines.join("\n");
}

function movesBetween(before: ReadonlyMap<string, Oid>, after: ReadonlyMap<string, Oid>): readonly RefMove[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .map((name) => ({ name, before: before.get(name) ?? null, after: after.get(name) ?? null }))
    .filter((move) => move.before !== move.after);
}

/** What the server behind Git's own would do for a fetch, without the process between (git docs, git-upload-pack, `--stateless-rpc`). */
async function uploadPack(where: Repository, { headers, body }: { readonly headers: IncomingMessage["headers"]; readonly body: Buffer }): Promise<Answer> {
  const input = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  const protocol = headers["git-protocol"];
  const env = typeof protocol === "string" ? { GIT_PROTOCOL: protocol } : {};
  const { stdout } = await where.git.run(["upload-pack", "--stateless-rpc", "."], { input, env });
  return { status: 200, headers: { "content-type": "application/x-git-upload-pack-result", "cache-control": "no-cache" }, body: stdout };
}

/** With version 2 of the protocol, the first answer holds capabilities and no refs (git docs, gitprotocol-v2, "Capability Advertisement"). */
function saysOnlyWhatItCan({ endpoint, service }: GitRequest, headers: IncomingMessage["headers"]): boolean {
  return endpoint === "info/refs" && service === "git-upload-pack" && headers["git-protocol"] === "version=2";
}

const capabilities = new WeakMap<Repository, Promise<Answer>>();

/** The same for as long as the repository is there, so that one process is enough for it. */
function capabilitiesOf(where: Repository, ask: () => Promise<Answer>): Promise<Answer> {
  const known = capabilities.get(where);
  if (known !== undefined) return known;
  const asked = ask();
  capabilities.set(where, asked);
  asked.catch(() => capabilities.delete(where));
  return asked;
}

/** Serves one Git request. A push is seen through, with everything that follows from it, before it is answered. */
export async function serveGit(
  state: GitHubState,
  actor: Actor,
  where: Repository,
  request: GitRequest,
  incoming: { readonly method: string; readonly headers: IncomingMessage["headers"]; readonly body: Buffer },
): Promise<Answer> {
  const read = () => backend(state, where, actor, request, incoming, "");
  if (saysOnlyWhatItCan(request, incoming.headers)) return capabilitiesOf(where, read);
  if (request.endpoint === "git-upload-pack") return uploadPack(where, incoming);
  if (request.endpoint !== "git-receive-pack") return read();
  const gzipped = incoming.headers["content-encoding"] === "gzip";
  return where.writes.run(async () => {
    const refusals = await refusalsOf(state, actor, where, gzipped ? gunzipSync(incoming.body) : incoming.body);
    const before = new Map(where.refs);
    const answer = await backend(state, where, actor, request, incoming, refusals);
    await rereadRefs(where);
    const moves = movesBetween(before, where.refs);
    if (moves.length > 0) await settle(state, actingAccount(actor), where, moves);
    return answer;
  });
}

export function sendGit(outgoing: ServerResponse, answer: Answer): void {
  outgoing.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length });
  outgoing.end(answer.body);
}
