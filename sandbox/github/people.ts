import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { GitResult, Identity } from "./git.ts";
import { runGit } from "./git.ts";
import type { Account, MergeMethod, Oid, Repository } from "./model.ts";
import { SandboxRefusal } from "./refusal.ts";
import type { GitHubState } from "./state.ts";
import { commitInBrowser } from "./state/commits.ts";
import { pullNumbered } from "./state/pulls.ts";
import { Fields } from "./rest/fields.ts";

/** Text by path; null removes the file. */
export type FileTexts = Readonly<Record<string, string | null>>;

/** GitHub did not let a person do something. */
export class PersonRefused extends Error {
  override readonly name = "PersonRefused";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface PushOptions {
  /** Where the new commit starts: a commit id or branch name. The branch itself unless said, or the default branch for a new one. */
  readonly from?: string;
  readonly force?: boolean;
  /** Whom Git is told that they are: anybody can say anything. Themselves unless said. */
  readonly as?: Identity;
}

/** Someone with a browser, a token and Git, working on one repository: what they do goes through the front door. */
export class Person {
  readonly account: Account;
  readonly token: string;
  readonly repository: Repository;
  readonly #state: GitHubState;

  constructor(state: GitHubState, account: Account, token: string, repository: Repository) {
    this.#state = state;
    this.account = account;
    this.token = token;
    this.repository = repository;
  }

  /** The same person on another repository, as a fork of theirs. */
  on(repository: Repository): Person {
    return new Person(this.#state, this.account, this.token, repository);
  }

  async #call(method: string, path: string, body?: unknown): Promise<Fields> {
    const { owner, name } = this.repository;
    const answer = await fetch(`${this.#state.addresses.api}/repos/${owner.login}/${name}${path}`, {
      method,
      headers: { authorization: `token ${this.token}`, "content-type": "application/json", accept: "application/vnd.github+json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const fields = Fields.parse(text);
    if (answer.status >= 400) throw new PersonRefused(answer.status, `${this.account.login}: ${method} ${path}: ${answer.status} ${text}`);
    return fields;
  }

  async #mutate(name: string, type: string, input: object): Promise<void> {
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { clientMutationId } }`;
    const answer = await fetch(`${this.#state.addresses.api}/graphql`, {
      method: "POST",
      headers: { authorization: `token ${this.token}`, "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { input } }),
    });
    const text = await answer.text();
    const [error] = Fields.parse(text).objects("errors") ?? [];
    if (answer.ok && error === undefined) return;
    throw new PersonRefused(answer.ok ? 422 : answer.status, `${this.account.login}: ${name}: ${error?.text("message") ?? text}`);
  }

  async #numbered(method: string, path: string, body: unknown): Promise<number> {
    return Number((await this.#call(method, path, body)).raw("number"));
  }

  /** Approves what the pull request shows now, and answers the review's id. */
  async approve(number: number, body = ""): Promise<number> {
    return Number((await this.#call("POST", `/pulls/${number}/reviews`, { event: "APPROVE", body })).raw("id"));
  }

  async requestChanges(number: number, body: string): Promise<void> {
    await this.#call("POST", `/pulls/${number}/reviews`, { event: "REQUEST_CHANGES", body });
  }

  async dismissReview(number: number, review: number, message: string): Promise<void> {
    await this.#call("PUT", `/pulls/${number}/reviews/${review}/dismissals`, { message });
  }

  async comment(number: number, body: string): Promise<void> {
    await this.#call("POST", `/issues/${number}/comments`, { body });
  }

  async label(number: number, name: string): Promise<void> {
    await this.#call("POST", `/issues/${number}/labels`, { labels: [name] });
  }

  async unlabel(number: number, name: string): Promise<void> {
    await this.#call("DELETE", `/issues/${number}/labels/${encodeURIComponent(name)}`);
  }

  async openPullRequest(pull: {
    readonly head: string;
    readonly title: string;
    readonly base?: string;
    readonly body?: string;
    readonly draft?: boolean;
  }): Promise<number> {
    return this.#numbered("POST", "/pulls", { base: this.repository.defaultBranch, ...pull });
  }

  async closePullRequest(number: number): Promise<void> {
    await this.#call("PATCH", `/pulls/${number}`, { state: "closed" });
  }

  async reopenPullRequest(number: number): Promise<void> {
    await this.#call("PATCH", `/pulls/${number}`, { state: "open" });
  }

  /** Lets the pull request go to another branch. */
  async retarget(number: number, base: string): Promise<void> {
    await this.#call("PATCH", `/pulls/${number}`, { base });
  }

  /** Presses the merge button as it stands there now, and answers the merge commit. */
  async mergeWithButton(number: number, method: MergeMethod = "squash"): Promise<Oid> {
    return String((await this.#call("PUT", `/pulls/${number}/merge`, { merge_method: method })).raw("sha"));
  }

  /** Puts the pull request into the merge queue with the button, as it stands there now; in front of all others with `jump`. */
  async enqueue(number: number, options: { readonly jump?: boolean } = {}): Promise<void> {
    const { nodeId, head } = pullNumbered(this.repository, number);
    const input = { pullRequestId: nodeId, expectedHeadOid: head.oid, jump: options.jump ?? false };
    await this.#mutate("enqueuePullRequest", "EnqueuePullRequestInput", input);
  }

  /** Takes the pull request out of the merge queue again. */
  async dequeue(number: number): Promise<void> {
    const { nodeId } = pullNumbered(this.repository, number);
    await this.#mutate("dequeuePullRequest", "DequeuePullRequestInput", { id: nodeId });
  }

  async openIssue(title: string, labels: readonly string[] = [], body = ""): Promise<number> {
    return this.#numbered("POST", "/issues", { title, labels, body });
  }

  async closeIssue(number: number): Promise<void> {
    await this.#call("PATCH", `/issues/${number}`, { state: "closed" });
  }

  async reopenIssue(number: number): Promise<void> {
    await this.#call("PATCH", `/issues/${number}`, { state: "open" });
  }

  async createBranch(branch: string, at: Oid): Promise<void> {
    await this.#call("POST", "/git/refs", { ref: `refs/heads/${branch}`, sha: at });
  }

  /** Wherever it stands. */
  async moveBranch(branch: string, to: Oid): Promise<void> {
    await this.#call("PATCH", `/git/refs/heads/${branch}`, { sha: to, force: true });
  }

  async deleteBranch(branch: string): Promise<void> {
    await this.#call("DELETE", `/git/refs/heads/${branch}`);
  }

  /** Edits files in GitHub's web editor: one commit, signed by GitHub. */
  async editInBrowser(branch: string, files: FileTexts, message: string): Promise<Oid> {
    const { additions, deletions } = splitFiles(files);
    const actor = { kind: "user", account: this.account } as const;
    try {
      return await commitInBrowser(this.#state, actor, this.repository, { branch, message, additions, deletions });
    } catch (problem) {
      if (!(problem instanceof SandboxRefusal)) throw problem;
      throw new PersonRefused(problem.status, `${this.account.login}: an edit of ${branch}: ${problem.message}`);
    }
  }

  /** Commits with Git on their own machine, and pushes: a commit that nobody signed. Answers its id. */
  async push(branch: string, files: FileTexts, message: string, options: PushOptions = {}): Promise<Oid> {
    const directory = await mkdtemp(join(tmpdir(), "sandbox-person-"));
    try {
      return await this.#pushFrom(directory, branch, files, message, options);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** The address with the token in it, as a person's credential helper would supply it. */
  get remote(): string {
    const { owner, name } = this.repository;
    const page = new URL(`${this.#state.addresses.html}/${owner.login}/${name}.git`);
    page.username = this.account.login;
    page.password = this.token;
    return page.toString();
  }

  async #pushFrom(directory: string, branch: string, files: FileTexts, message: string, options: PushOptions): Promise<Oid> {
    const git = async (...args: readonly string[]) => this.#must(await runGit(directory, args, { env: this.#identity(options.as) }));
    const known = this.repository.refs.has(`refs/heads/${branch}`);
    const from = options.from ?? (known ? branch : this.repository.defaultBranch);
    await git("init", "--quiet", "--template=");
    await git("fetch", "--quiet", this.remote, from);
    await git("checkout", "--quiet", "-b", "work", "FETCH_HEAD");
    const { additions, deletions } = splitFiles(files);
    for (const { path, contents } of additions) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), contents);
    }
    for (const path of deletions) await rm(join(directory, path));
    await git("add", "--all");
    await git("commit", "--quiet", "--allow-empty", "-m", message);
    await git("push", "--quiet", ...(options.force === true ? ["--force"] : []), this.remote, `work:refs/heads/${branch}`);
    return (await git("rev-parse", "HEAD")).stdout.toString("utf8").trim();
  }

  #must(result: GitResult): GitResult {
    if (result.code !== 0) throw new PersonRefused(result.code, `${this.account.login}: ${result.stderr.trim()}`);
    return result;
  }

  #identity(as: Identity | undefined): Record<string, string> {
    const { account } = this;
    const { name, email } = as ?? { name: account.name ?? account.login, email: account.email };
    const date = `${Math.floor(this.#state.now() / 1000)} +0000`;
    return {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
      GIT_COMMITTER_DATE: date,
    };
  }
}

/** Additions and deletions, as commits take them. */
export function splitFiles(files: FileTexts) {
  const entries = Object.entries(files);
  return {
    additions: entries.flatMap(([path, text]) => (text === null ? [] : [{ path, contents: Buffer.from(text, "utf8") }])),
    deletions: entries.flatMap(([path, text]) => (text === null ? [path] : [])),
  };
}
