import type { Oid, Repository } from "../model.ts";
import { SandboxRefusal, notFound, unprocessable } from "../refusal.ts";
import { contentEntry, gitCommit, ref, repositoryCommit } from "../render/commits.ts";
import { repositoryUrl } from "../render/repositories.ts";
import { requireAccess } from "../state/access.ts";
import type { TreeItem } from "../state/commits.ts";
import { createBlob, createCommit, createTree, resolveCommit } from "../state/commits.ts";
import { createRef, deleteRef, updateRef } from "../state/refs.ts";
import type { Fields } from "./fields.ts";
import type { RestCall, Route } from "./route.ts";
import { NO_CONTENT, created, ok, page, parameter, repositoryIn, route } from "./route.ts";

const READ_CONTENTS = { app: [["contents", "read"]], role: "read" } as const;

function readable(call: RestCall): Repository {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, READ_CONTENTS);
  return where;
}

async function showRef(call: RestCall, where: Repository, name: string, oid: Oid) {
  return ref(call.state, where, name, oid, (await where.git.objectType(oid)) ?? "commit");
}

async function oneRef(call: RestCall) {
  const where = readable(call);
  const name = `refs/${parameter(call, "ref")}`;
  const oid = where.refs.get(name);
  if (oid === undefined) throw notFound();
  return ok(await showRef(call, where, name, oid));
}

function matchingRefs(call: RestCall) {
  const where = readable(call);
  const prefix = `refs/${parameter(call, "ref")}`;
  const found = [...where.refs].filter(([name]) => name.startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return page(call, found, ([name, oid]) => showRef(call, where, name, oid));
}

async function newRef(call: RestCall) {
  const where = repositoryIn(call);
  const name = call.body.requiredText("ref");
  const oid = await createRef(call.state, call.actor, where, name, call.body.requiredText("sha"));
  return created(await showRef(call, where, name, oid));
}

async function moveRef(call: RestCall) {
  const where = repositoryIn(call);
  const name = `refs/${parameter(call, "ref")}`;
  const force = call.body.flag("force") ?? false;
  const oid = await updateRef(call.state, call.actor, where, name, call.body.requiredText("sha"), force);
  return ok(await showRef(call, where, name, oid));
}

function treeItem(item: Fields): TreeItem {
  const sha = item.text("sha") ?? null;
  const content = item.text("content") ?? null;
  if (sha === null && content === null && !item.has("sha")) {
    throw unprocessable("Must supply either tree.sha or tree.content");
  }
  if (sha !== null && content !== null) throw unprocessable("Must supply either tree.sha or tree.content");
  return { path: item.requiredText("path"), mode: item.text("mode") ?? "100644", sha, content };
}

async function treeEntries(where: Repository, tree: string, recursive: boolean) {
  const listed = await where.git.run(["ls-tree", "-z", "-l", ...(recursive ? ["-r", "-t"] : []), tree]);
  if (listed.code !== 0) return null;
  const lines = listed.stdout
    .toString("utf8")
    .split("\0")
    .filter((line) => line !== "");
  return lines.map((line) => {
    const [head = "", path = ""] = line.split("\t");
    const [mode = "", type = "", sha = "", size = "-"] = head.split(/ +/);
    return { path, mode, type, sha, size: size === "-" ? null : Number(size) };
  });
}

async function showTree(call: RestCall, where: Repository, tree: Oid, recursive: boolean) {
  const entries = await treeEntries(where, tree, recursive);
  if (entries === null) throw notFound();
  const url = `${repositoryUrl(call.state, where)}/git`;
  return {
    sha: tree,
    url: `${url}/trees/${tree}`,
    tree: entries.map(({ size, ...entry }) => ({
      ...entry,
      ...(size === null ? {} : { size }),
      url: `${url}/${entry.type === "tree" ? "trees" : "blobs"}/${entry.sha}`,
    })),
    truncated: false,
  };
}

async function newTree(call: RestCall) {
  const where = repositoryIn(call);
  const items = call.body.objects("tree");
  if (items === undefined) throw unprocessable('Invalid request.\n\n"tree" wasn\'t supplied.');
  const oid = await createTree(call.state, call.actor, where, items.map(treeItem), call.body.text("base_tree") ?? null);
  return created(await showTree(call, where, oid, false));
}

async function newBlob(call: RestCall) {
  const where = repositoryIn(call);
  const encoding = call.body.choice("encoding", ["utf-8", "base64"]) ?? "utf-8";
  const bytes = Buffer.from(call.body.requiredText("content"), encoding === "base64" ? "base64" : "utf8");
  const sha = await createBlob(call.state, call.actor, where, bytes);
  return created({ sha, url: `${repositoryUrl(call.state, where)}/git/blobs/${sha}` });
}

function stamp(call: RestCall, who: Fields | undefined) {
  if (who === undefined) return null;
  return { name: who.requiredText("name"), email: who.requiredText("email"), at: who.time("date") ?? call.state.now() };
}

async function newCommit(call: RestCall) {
  const where = repositoryIn(call);
  const made = await createCommit(call.state, call.actor, where, {
    message: call.body.requiredText("message"),
    tree: call.body.requiredText("tree"),
    parents: call.body.texts("parents") ?? [],
    author: stamp(call, call.body.object("author")),
    committer: stamp(call, call.body.object("committer")),
  });
  return created(gitCommit(call.state, where, made));
}

async function contents(call: RestCall) {
  const where = readable(call);
  const path = parameter(call, "path").replace(/\/$/, "");
  const revision = call.query.get("ref") ?? where.defaultBranch;
  const commit = await resolveCommit(where, revision);
  if (commit === null) throw new SandboxRefusal(404, "not-found", `No commit found for the ref ${revision}`);
  const object = await where.git.objectAt(commit, path);
  if (object === null) throw notFound();
  if (object.type === "tree") {
    const entries = (await treeEntries(where, `${commit}:${path}`, false)) ?? [];
    const base = path === "" ? "" : `${path}/`;
    return ok(
      entries.map((entry) =>
        contentEntry(call.state, where, revision, {
          path: `${base}${entry.path}`,
          sha: entry.sha,
          size: entry.size ?? 0,
          type: entry.type === "tree" ? "dir" : "file",
        }),
      ),
    );
  }
  const sha = await where.git.text(["rev-parse", `${commit}:${path}`]);
  const entry = contentEntry(call.state, where, revision, { path, sha, size: object.bytes.length, type: "file" });
  return ok({ ...entry, content: object.bytes.toString("base64").replace(/.{60}/g, "$&\n"), encoding: "base64" });
}

export const gitRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/git/ref/{+ref}", oneRef),
  route("GET", "/repos/{owner}/{repo}/git/matching-refs/{+ref}", matchingRefs),
  route("POST", "/repos/{owner}/{repo}/git/refs", newRef),
  route("PATCH", "/repos/{owner}/{repo}/git/refs/{+ref}", moveRef),
  route("DELETE", "/repos/{owner}/{repo}/git/refs/{+ref}", async (call) => {
    await deleteRef(call.state, call.actor, repositoryIn(call), `refs/${parameter(call, "ref")}`);
    return NO_CONTENT;
  }),
  route("POST", "/repos/{owner}/{repo}/git/trees", newTree),
  route("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", async (call) => {
    const where = readable(call);
    const tree = await where.git.run(["rev-parse", "--verify", "--quiet", `${parameter(call, "tree_sha")}^{tree}`]);
    if (tree.code !== 0) throw notFound();
    return ok(await showTree(call, where, tree.stdout.toString("utf8").trim(), call.query.has("recursive")));
  }),
  route("POST", "/repos/{owner}/{repo}/git/blobs", newBlob),
  route("POST", "/repos/{owner}/{repo}/git/commits", newCommit),
  route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", async (call) => {
    const where = readable(call);
    const commit = await where.git.commit(parameter(call, "commit_sha"));
    if (commit === null) throw notFound();
    return ok(gitCommit(call.state, where, commit));
  }),
  route("GET", "/repos/{owner}/{repo}/contents/{+path}", contents),
  route("GET", "/repos/{owner}/{repo}/commits/{+ref}", async (call) => {
    const where = readable(call);
    const oid = await resolveCommit(where, parameter(call, "ref"));
    const commit = oid === null ? null : await where.git.commit(oid);
    if (commit === null) throw unprocessable(`No commit found for SHA: ${parameter(call, "ref")}`);
    return ok(repositoryCommit(call.state, where, commit));
  }),
];
