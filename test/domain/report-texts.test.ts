import { describe, expect, it } from "vitest";
import type { Pinned, Release } from "../../src/domain/release.ts";
import {
  commentMarker,
  movedOnComment,
  newerReadyComment,
  obsoleteComment,
  becameHotfixComment,
  requestAcceptedComment,
  requestRefusedComment,
  supersededComment,
  withdrawnComment,
} from "../../src/domain/report/comment.ts";
import { commitMessage } from "../../src/domain/report/commit-message.ts";
import { frozenIssue } from "../../src/domain/report/frozen-issue.ts";
import { mergeMessage } from "../../src/domain/report/merge-message.ts";
import { promotionBody, type PromotionBody } from "../../src/domain/report/promotion-body.ts";
import { promotionTitle } from "../../src/domain/report/promotion-title.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 21, 14);
const HEAD = "c".repeat(40);

function checkout(tag: string, digit: string): Release {
  const digest = `sha256:${digit.repeat(64)}` as const;
  return { app: "checkout", version: tag, images: [{ repository: "ghcr.io/acme/checkout", tag, digest }] };
}

const before = checkout("1.4.1", "a");
const after = checkout("1.4.2", "b");

const PROMOTION: PromotionBody = {
  kind: "promotion",
  app: "checkout",
  environment: "prod",
  version: "1.4.2",
  from: before,
  to: after,
  file: "apps/checkout/overlays/production/kustomization.yaml",
  requesters: ["alice"],
  evidence: [
    {
      environment: "staging",
      deployedAt: NOW - 3 * HOUR,
      soakedFor: 3 * HOUR,
      verified: { how: "slo", evidence: "99.97 % of 12,400 requests were good in 30 min, wanted 99.9 %" },
    },
  ],
  bad: null,
  mergeRule: "It merges once every gate passes; that takes 1 approval from team sre.",
  nextOnRequest: ["prod-eu"],
};

const REVERT: PromotionBody = {
  ...PROMOTION,
  kind: "revert",
  version: "1.4.1",
  from: after,
  to: before,
  requesters: [],
  evidence: [],
  bad: { version: "1.4.2", evidence: "2.3 % of 8,000 requests failed in 5 min, allowed 0.1 %" },
  quarantine: [".github/pinion/quarantine/checkout-bbbbbbbbbbbb.yaml"],
  mergeRule: "It merges by itself once every gate passes.",
};

describe("a title", () => {
  it.each([
    ["promotion", "Promote checkout 1.4.2 to prod"],
    ["hotfix", "Promote checkout 1.4.2 to prod (hotfix)"],
    ["revert", "Revert checkout in prod to 1.4.2"],
  ] as const)("of a %s", (kind, title) => {
    expect(promotionTitle({ kind, app: "checkout", environment: "prod", version: "1.4.2" })).toBe(title);
  });

  it("is one line that GitHub takes", () => {
    const title = promotionTitle({ kind: "promotion", app: "a\nb", environment: "prod", version: "x".repeat(400) });
    expect(title).toMatch(/^Promote a b x+…$/);
    expect(title).toHaveLength(256);
  });
});

describe("the text of a pull request", () => {
  it("of a promotion that was asked for", () => {
    expect(promotionBody(PROMOTION)).toMatchInlineSnapshot(`
      "Moves \`checkout\` from \`1.4.1\` to \`1.4.2\` in \`prod\`, in the file \`apps/checkout/overlays/production/kustomization.yaml\`.

      | Image | Tag | Digest |
      | :-- | :-- | :-- |
      | \`ghcr.io/acme/checkout\` | \`1.4.1\` → \`1.4.2\` | \`aaaaaaaaaaaa\` → \`bbbbbbbbbbbb\` |

      ### Why

      - @alice asked for it.
      - \`staging\`: deployed 2026-11-21 11:00 UTC, soaked for 3 h, verified against its objective: 99.97 % of 12,400 requests were good in 30 min, wanted 99.9 %

      ### What happens next

      - It merges once every gate passes; that takes 1 approval from team sre.
      - The check **Pinion** below shows every gate, and what is still missing.
      - To withdraw the promotion, close this pull request. To have it after all, comment \`/pinion promote checkout prod\` on it then.
      - To ask for the promotion to \`prod-eu\`, put the label \`promote:prod-eu\` on this pull request after the merge.

      <details>
      <summary>Full references</summary>

      \`\`\`text
      before  ghcr.io/acme/checkout:1.4.1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      after   ghcr.io/acme/checkout:1.4.2@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
      \`\`\`

      </details>"
    `);
  });

  it("of a revert", () => {
    expect(promotionBody(REVERT)).toMatchInlineSnapshot(`
      "Takes \`checkout\` back from \`1.4.2\` to \`1.4.1\` in \`prod\`, in the file \`apps/checkout/overlays/production/kustomization.yaml\`.

      | Image | Tag | Digest |
      | :-- | :-- | :-- |
      | \`ghcr.io/acme/checkout\` | \`1.4.2\` → \`1.4.1\` | \`bbbbbbbbbbbb\` → \`aaaaaaaaaaaa\` |

      ### What went bad

      \`1.4.2\` went bad. This is what was seen:

      \`\`\`text
      2.3 % of 8,000 requests failed in 5 min, allowed 0.1 %
      \`\`\`

      So that it does not come back, this pull request also adds \`.github/pinion/quarantine/checkout-bbbbbbbbbbbb.yaml\`.
      If the image turns out not to be to blame, delete that file by a pull request of your own; then the release may be brought here again.

      ### Why

      - It is the last release that was verified in \`prod\` and is not known to be bad.

      ### What happens next

      - It merges by itself once every gate passes.
      - The check **Pinion** below shows every gate, and what is still missing.
      - To keep the release that runs now, close this pull request.

      <details>
      <summary>Full references</summary>

      \`\`\`text
      before  ghcr.io/acme/checkout:1.4.2@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
      after   ghcr.io/acme/checkout:1.4.1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      \`\`\`

      </details>"
    `);
  });

  it("of an automatic promotion into a first environment, where nothing was pinned", () => {
    const text = promotionBody({ ...PROMOTION, environment: "dev", from: null, requesters: [], evidence: [], nextOnRequest: [] });
    expect(text).toContain("Moves `checkout` to `1.4.2` in `dev`");
    expect(text).toContain("| `ghcr.io/acme/checkout` | none → `1.4.2` | none → `bbbbbbbbbbbb` |");
    expect(text).toContain("- `dev` takes new releases without being asked.");
    expect(text).not.toContain("before ");
  });

  it("tells a rollout that was not measured from one that was", () => {
    const verified = { how: "rollout-only", evidence: "no objective is configured" } as const;
    const text = promotionBody({ ...PROMOTION, evidence: [{ environment: "staging", deployedAt: NOW, verified }] });
    expect(text).toContain(
      "`staging`: deployed 2026-11-21 14:00 UTC, verified by its rollout only, without measurements: no objective is configured",
    );
    const not = promotionBody({
      ...PROMOTION,
      evidence: [
        { environment: "staging", deployedAt: NOW, verified: null },
        { environment: "canary", deployedAt: null, verified: null },
      ],
    });
    expect(not).toContain("`staging`: deployed 2026-11-21 14:00 UTC, not verified yet.");
    expect(not).toContain("`canary`: it has not been seen running there.");
  });

  it("stays whole when names and evidence are hostile", () => {
    const hostile = "x`|@everyone\n# y --> <b>";
    const images = [{ repository: hostile, tag: hostile, digest: after.images[0]?.digest ?? "sha256:" }] as const;
    const text = promotionBody({
      ...REVERT,
      app: hostile,
      version: hostile,
      file: hostile,
      to: { app: hostile, version: hostile, images },
      requesters: ["@everyone"],
      bad: { version: hostile, evidence: "```\n</details>\n@everyone" },
      mergeRule: "approval from @everyone fixes #1",
    });
    const rows = text.split("\n").filter((line) => line.startsWith("| "));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row.split("|")).toHaveLength(5);
    expect(text).toContain("````text\n```\n</details>\n@everyone\n````");
    expect(text).toContain("approval from @&#8203;everyone fixes #&#8203;1");
    expect(text.match(/^# y/gm)).toBeNull();
  });

  it("stays within what GitHub takes, and says that something is left out", () => {
    const digest = `sha256:${"b".repeat(64)}` as const;
    const images = Array.from({ length: 900 }, (_, index) => ({ repository: `ghcr.io/acme/${index}`, tag: "1", digest }));
    const text = promotionBody({ ...PROMOTION, to: { app: "checkout", version: "1", images } });
    expect(text.length).toBeLessThanOrEqual(65_000);
    expect(text).toContain("The rest of this text was left out");
    expect(text).not.toContain("<details>");
  });
});

describe("a commit message", () => {
  it("says what moves and ends with its trailers", () => {
    const promotions = [{ app: "checkout", environment: "prod", from: before, to: after }];
    expect(commitMessage({ kind: "promotion", promotions })).toMatchInlineSnapshot(`
      {
        "body": "ghcr.io/acme/checkout: 1.4.1 (aaaaaaaaaaaa) -> 1.4.2 (bbbbbbbbbbbb)

      Pinion-Promotion: checkout prod 1.4.1/aaaaaaaaaaaa -> 1.4.2/bbbbbbbbbbbb",
        "headline": "Promote checkout 1.4.2 to prod",
      }
    `);
  });

  it("of a revert, and of several promotions", () => {
    const one = { app: "checkout", environment: "prod", from: after, to: before };
    expect(commitMessage({ kind: "revert", promotions: [one] }).headline).toBe("Revert checkout in prod to 1.4.1");
    const { headline, body } = commitMessage({ kind: "promotion", promotions: [one, { ...one, app: "cart", from: null }] });
    expect(headline).toBe("Promote 2 releases");
    expect(body.split("\n\n").at(-1)?.split("\n")).toEqual([
      "Pinion-Promotion: checkout prod 1.4.2/bbbbbbbbbbbb -> 1.4.1/aaaaaaaaaaaa",
      "Pinion-Promotion: cart prod none -> 1.4.1/aaaaaaaaaaaa",
    ]);
  });

  it("tells pins without a tag or a digest as they are", () => {
    const repository = "ghcr.io/acme/checkout";
    const from: Pinned = { app: "checkout", version: "latest", images: [{ repository, tag: "latest", digest: null }] };
    const digest = `sha256:${"b".repeat(64)}` as const;
    const to: Pinned = { app: "checkout", version: "b", images: [{ repository, tag: null, digest }] };
    expect(commitMessage({ kind: "promotion", promotions: [{ app: "checkout", environment: "dev", from, to }] }).body).toBe(
      "ghcr.io/acme/checkout: latest -> bbbbbbbbbbbb\n\nPinion-Promotion: checkout dev latest/no-digest -> b/bbbbbbbbbbbb",
    );
  });

  it("cannot be made to hold another trailer, or to close an issue", () => {
    const app = "x\r\nPinion-Promotion: cart prod\nfixes #1 @all %";
    const hostile = { app, environment: "prod\u0000", from: null, to: { ...after, version: "1\n2" } };
    const { headline, body } = commitMessage({ kind: "promotion", promotions: [hostile] });
    expect(body.split("\n").filter((line) => line.startsWith("Pinion-Promotion:"))).toEqual([
      "Pinion-Promotion: xPinion-Promotion:%20cart%20prodfixes%20%231%20%40all%20%25 prod none -> 12/bbbbbbbbbbbb",
    ]);
    expect(headline).toBe("Promote x Pinion-Promotion: cart prod fixes #\u200b1 @\u200ball % 1 2 to prod");
  });

  it("names the first of very many promotions, and counts the rest", () => {
    const promotions = Array.from({ length: 150 }, (_, index) => ({ app: `app-${index}`, environment: "prod", from: before, to: after }));
    const trailers = commitMessage({ kind: "promotion", promotions }).body.split("\n\n").at(-1)?.split("\n") ?? [];
    expect(trailers).toHaveLength(101);
    expect(trailers.at(-1)).toBe("Pinion-Promotions-Left-Out: 50");
  });
});

describe("a merge message", () => {
  it("says who asked, who approved which commit, and what the gates said", () => {
    const message = mergeMessage({
      pullRequest: { number: 45, head: HEAD },
      promotions: [{ app: "checkout", environment: "prod", from: before, to: after, kind: "promotion" }],
      requesters: ["alice"],
      approvals: [{ by: "bob", review: "1", commit: HEAD, at: NOW }],
      gatesFingerprint: "f".repeat(64),
      hotfix: null,
    });
    expect(message).toMatchInlineSnapshot(`
      {
        "message": "Every gate passed at cccccccccccccccccccccccccccccccccccccccc.

      Pinion-Requested-By: alice
      Pinion-Approved-By: bob at cccccccccccccccccccccccccccccccccccccccc
      Pinion-Gates: ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
      Pinion-Promotion: checkout prod 1.4.1/aaaaaaaaaaaa -> 1.4.2/bbbbbbbbbbbb",
        "title": "Promote checkout 1.4.2 to prod (#45)",
      }
    `);
  });

  it("says of a hotfix by whose word it is one, and what it passed by", () => {
    const { title, message } = mergeMessage({
      pullRequest: { number: 45, head: HEAD },
      promotions: [{ app: "checkout", environment: "prod", from: before, to: after, kind: "hotfix" }],
      requesters: ["alice"],
      approvals: [],
      gatesFingerprint: "f",
      hotfix: { by: "alice", at: Date.UTC(2026, 10, 22, 9), passedBy: ["freeze", "soak"] },
    });
    expect(title).toBe("Promote checkout 1.4.2 to prod (hotfix) (#45)");
    expect(message).toContain("Pinion-Requested-By: alice\nPinion-Hotfix: alice since 2026-11-22T09:00:00.000Z\nPinion-Passed-By: freeze, soak\nPinion-Gates: f\n");
  });

  it("keeps the number of the pull request when the title is cut", () => {
    const to = { ...after, version: "9".repeat(300) };
    const { title } = mergeMessage({
      pullRequest: { number: 45, head: HEAD },
      promotions: [{ app: "checkout", environment: "prod", from: before, to, kind: "promotion" }],
      requesters: [],
      approvals: [],
      gatesFingerprint: "f",
      hotfix: null,
    });
    expect(title).toHaveLength(256);
    expect(title.endsWith("… (#45)")).toBe(true);
  });
});

describe("a comment", () => {
  it.each([
    [
      supersededComment({ marker: "superseded:abc", version: "1.4.3" }),
      "<!-- pinion:superseded:abc -->\nClosed, because `1.4.3` takes its place.",
    ],
    [
      newerReadyComment({ marker: "newer:abc", version: "1.4.3" }),
      "<!-- pinion:newer:abc -->\nA newer release, `1.4.3`, is ready. This pull request stays open, because somebody asked for it, approved " +
        "it or changed it, or the merge queue has it. Merge it, or close it to let the newer one come.",
    ],
    [
      obsoleteComment({ marker: "obsolete", reason: "What it would change is on the default branch already." }),
      "<!-- pinion:obsolete -->\nClosed, because there is nothing left to do: What it would change is on the default branch already.",
    ],
    [
      movedOnComment({ marker: "moved-on", reason: "there is no environment dev any more" }),
      "<!-- pinion:moved-on -->\nClosed, because it is not the promotion any more that is due: there is no environment dev " +
        "any more. What is due now comes in a pull request of its own.",
    ],
    [
      withdrawnComment({ marker: "withdrawn", who: "alice", app: "checkout", environment: "prod", version: "1.4.1", kind: "revert" }),
      "<!-- pinion:withdrawn -->\n@alice closed this way back, so what runs in `prod` stays. Pinion does not open it again; to go back to " +
        "`1.4.1` after all, open a pull request of your own.",
    ],
    [
      withdrawnComment({ marker: "withdrawn", who: "alice", app: "checkout", environment: "prod", version: "1.4.2", kind: "promotion" }),
      "<!-- pinion:withdrawn -->\n@alice withdrew this promotion. Pinion does not offer `checkout 1.4.2` to `prod` again " +
        "unless somebody asks for it: comment `/pinion promote checkout prod` here.",
    ],
    [
      requestRefusedComment({ marker: "label:LE_1", who: "alice", words: "the label `promote:prod`", why: "that takes write permission." }),
      "<!-- pinion:label:LE_1 -->\n@alice, the label `promote:prod` was not acted on: that takes write permission.",
    ],
    [
      requestAcceptedComment({ marker: "comment:IC_1", pullRequest: 46, app: "checkout", environment: "prod", version: "1.4.2", hotfix: false, note: null }),
      "<!-- pinion:comment:IC_1 -->\nThe promotion of `checkout 1.4.2` to `prod` is in #46.",
    ],
    [
      requestAcceptedComment({ marker: "comment:IC_1", pullRequest: 46, app: "checkout", environment: "prod", version: "1.4.2", hotfix: true, note: "One more thing." }),
      "<!-- pinion:comment:IC_1 -->\nThe promotion of `checkout 1.4.2` to `prod` is in #46, as a hotfix. One more thing.",
    ],
    [
      becameHotfixComment({ marker: "hotfix:label:LE_1", hotfix: { by: "alice", at: Date.UTC(2026, 10, 22, 9), passedBy: [] }, labelled: true }),
      "<!-- pinion:hotfix:label:LE_1 -->\n@alice marked this as a hotfix at 2026-11-22 09:00 UTC. It takes an approval from after that, by somebody who did not ask for it.\n\n" +
        "As this is written, no gate that a hotfix passes by would hold it back.\n\n" +
        "To have it judged like any other promotion, take the label `hotfix` off.",
    ],
  ])("%#", (comment, text) => {
    expect(comment).toBe(text);
  });

  it("cannot be made to address people by what somebody else wrote", () => {
    const words = "`/pinion promote a`@everyone` prod`";
    const comment = requestRefusedComment({ marker: "m", who: "alice", words, why: "there is no environment @acme/all, see #1" });
    expect(comment).toBe(
      "<!-- pinion:m -->\n@alice, `/pinion promote a`@&#8203;everyone`prod` was not acted on: " +
        "there is no environment @&#8203;acme/all, see #&#8203;1.",
    );
  });

  it.each(["label:LE_lADOA--Bc-", "comment:IC_1=", "newer:abc", "a b --> c", "ü%"])("carries its marker: %s", (marker) => {
    expect(commentMarker(supersededComment({ marker, version: "1" }))).toBe(marker);
  });

  it("has the marker of ids as it was given, so that it can be searched for", () => {
    expect(supersededComment({ marker: "label:LE_lADOA--Bc-_=", version: "1" })).toContain("<!-- pinion:label:LE_lADOA--Bc-_= -->");
  });

  const unmarked = ["", "hello", " <!-- pinion:a -->", "> <!-- pinion:a -->", "<!-- pinion:%zz -->", "<!-- other:a -->"];
  it.each(unmarked)("has no marker: %j", (body) => {
    expect(commentMarker(body)).toBeNull();
  });
});

describe("the issue of an app that is stopped", () => {
  it("says what happened and what to do", () => {
    expect(
      frozenIssue({
        app: "checkout",
        environment: "prod",
        version: "1.4.2",
        commit: "0123456789abcdef0123456789abcdef01234567",
        reason: "no other release was ever verified here",
        evidence: "Degraded since 2026-11-21 13:50 UTC\n```",
      }),
    ).toMatchInlineSnapshot(`
      {
        "body": "\`checkout 1.4.2\` went bad in \`prod\`, and Pinion cannot take it back: no other release was ever verified here.

      This is what was seen:

      \`\`\`\`text
      Degraded since 2026-11-21 13:50 UTC
      \`\`\`
      \`\`\`\`

      ### What to do

      - See to \`prod\` first. Pinion changes nothing there for this app while this issue is open.
      - A pull request of your own can set the pins to any release.
      - Close this issue when the app may move again. That takes write permission on this repository.",
        "title": "checkout is stopped in prod: 1.4.2 went bad (0123456789)",
      }
    `);
  });
});
