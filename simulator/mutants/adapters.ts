/** Mistakes in how Pinion asks others, and in how it understands what they answer. */
import { adapterMutant, type Mutant } from "./mutant.ts";

const PULL = "github/pull-request.ts";
const QUERIES = "github/queries.ts";
const IDENTITY = "github/identity.ts";
const PUBLISH = "github/publish.ts";
const FORGE = "github.ts";

/** Whose doing something is. */
const WHO: readonly Mutant[] = [
  adapterMutant("a commit is the App's by its address alone", ["S27", "S31", "S10", "S16", "S22", "S24"], IDENTITY, "return signedByGitHub(commit) && isOneOf(app.commitEmails,", "return isOneOf(app.commitEmails,"),
  adapterMutant("a commit is the App's by GitHub's signature alone", ["S27", "S31", "S10", "S16", "S22", "S24"], IDENTITY, `return signedByGitHub(commit) && isOneOf(app.commitEmails, commit.optional("author"));`, "return signedByGitHub(commit) && app.commitEmails.length > 0;"),
  adapterMutant("every branch under pinion/ is the App's", ["S27"], "github/snapshot.ts", `target.text("__typename") === "Commit" && isProvenOwnCommit(target, app, "tell whose the branches are")`, `target.text("__typename") === "Commit" && app.id > 0`),
  adapterMutant("a label is the doing of whoever set the last one", ["S22"], PULL, `      actor: actorOf(event.optional("actor"), app),\n      at: event.instant("createdAt"),`, `      actor: actorOf(events.findLast((other) => other.optional("actor") !== null)?.optional("actor") ?? null, app),\n      at: event.instant("createdAt"),`),
  adapterMutant("a comment is the doing of whoever wrote the first one", ["S22"], PULL, `.map((comment) => commentOf(comment, app)),`, `.map((comment, _, all) => ({ ...commentOf(comment, app), author: commentOf(all[0] ?? comment, app).author })),`),
  adapterMutant("whoever opened a pull request is taken for who closed it", ["S26"], PULL, `by: actorOf(lastClosing(events)?.optional("actor") ?? null, app) };`, `by: actorOf(node.optional("author") ?? lastClosing(events), app) };`),
  adapterMutant("a permission that cannot be learnt is taken for write", ["S6", "S11", "S22"], FORGE, "permission(api, repository, login),", `permission(api, repository, login).catch(() => "write" as const),`),
];

/** What reviews and checks say. */
const WORDS: readonly Mutant[] = [
  adapterMutant("a dismissed review is read as an approval", ["S6"], PULL, `["DISMISSED", "dismissed"],`, `["DISMISSED", "approved"],`),
  adapterMutant("a review is read as one of the head", ["S6"], PULL, "reviews: reviewsIn(reviews, app), truncated", "reviews: reviewsIn(reviews, app).map((review) => ({ ...review, commit: ended.pullRequest.head.oid })), truncated"),
  adapterMutant("reviews that ask for changes are not asked for", ["S6"], QUERIES, `states: [APPROVED, CHANGES_REQUESTED, DISMISSED]";`, `states: [APPROVED, DISMISSED]";`),
  {
    name: "reviews before those of the first page are not read",
    edits: [
      { file: `src/adapters/${PULL}`, text: "USUAL_OPEN_SIZES: OpenSizes = { ...USUAL_SIZES, reviews: 50,", replacement: "USUAL_OPEN_SIZES: OpenSizes = { ...USUAL_SIZES, reviews: 1," },
      { file: `src/adapters/${PULL}`, text: "truncated: reviewsBefore !== null, commits: facts }", replacement: "truncated: false, commits: facts }" },
      { file: `src/adapters/${PULL}`, text: "cut: ended.cut || reviewsBefore !== null ||", replacement: "cut: ended.cut ||" },
    ],
    invariants: ["S6", "S22", "L4"],
    inAdapter: true,
  },
  adapterMutant("a check that waits is written as passed", ["S6", "S16"], PUBLISH, "...(check.conclusion === null ? {} : { conclusion: check.conclusion.toUpperCase() }),", `conclusion: (check.conclusion ?? "success").toUpperCase(),`),
];

/** What is there, and where it stands. */
const STATES: readonly Mutant[] = [
  adapterMutant("what a merge made is taken to be the head that was merged", ["L7", "S24"], PULL, `{ commit: commit.text("oid"), at:`, `{ commit: node.text("headRefOid"), at:`),
  adapterMutant("who the App is is not asked again once that failed", ["L2", "L3", "L4", "L5", "L6", "L7"], IDENTITY, "if (known === asked) known = null;", ""),
  adapterMutant("what was changed and changed back is not looked for", ["L7"], "git.ts", "(await follows(repository, since, until)) ? []", "(await follows(repository, since, until)) || count > 0 ? []"),
];

/** Writes that go by what was seen. */
const WRITES: readonly Mutant[] = [
  adapterMutant("a merge does not say of which head", ["S7"], "github/merge.ts", "      sha: wanted.head,\n", ""),
  adapterMutant("a branch is moved wherever it stands", ["S27"], "github/refs.ts", "beforeOid: from, afterOid: to", "afterOid: to"),
  {
    name: "records are written on whatever the log is at by then",
    edits: [
      { file: "src/adapters/github/refs.ts", text: "async function branchHead(", replacement: "export async function branchHead(" },
      { file: `src/adapters/${PUBLISH}`, text: `import { fitting } from "./text.ts";`, replacement: `import { fitting } from "./text.ts";\nimport { branchHead } from "./refs.ts";` },
      { file: `src/adapters/${PUBLISH}`, text: "const { expectedHead, files, headline } = records;", replacement: "const { files, headline } = records;\n    const expectedHead = (await branchHead(api, repository, LOG_BRANCH)) ?? records.expectedHead;" },
    ],
    invariants: ["S24"],
    inAdapter: true,
  },
];

/** What the cluster and its users say. */
const CLUSTER: readonly Mutant[] = [
  adapterMutant("what makes progress is taken for healthy", ["S15", "S16"], "argocd/application.ts", `health: oneOf(HEALTH, health["status"]) ?? "Unknown",`, `health: health["status"] === "Progressing" ? "Healthy" : (oneOf(HEALTH, health["status"]) ?? "Unknown"),`),
  adapterMutant("the last operation is taken to be of what is compared now", ["S16", "S17"], "argocd/application.ts", "      operation,\n      syncedFrom", "      operation: operation === null ? null : { ...operation, revisions: revisionsOf(sync) },\n      syncedFrom"),
  adapterMutant("what Prometheus does not answer is nought", ["S16", "S17"], "prometheus.ts", "      });\n      return answerOf(", `      }).catch(() => null);\n      if (response === null) return { kind: "number", value: 0 };\n      return answerOf(`),
];

export const ADAPTERS: readonly Mutant[] = [...WHO, ...WORDS, ...STATES, ...WRITES, ...CLUSTER];
