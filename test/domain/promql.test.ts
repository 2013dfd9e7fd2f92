import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { promql } from "../../src/domain/promql.ts";

const values = { app: "check.out", env: "prod", window: "300s" };

describe("names and window in a query", () => {
  it.each<[string, string, string]>([
    ["in quotes", 'm{a="{app}",e=\'{env}\'}[{window}]', 'm{a="check.out",e=\'prod\'}[300s]'],
    ["in backticks", "m{a=`{app}`}[{window}]", "m{a=`check.out`}[300s]"],
    ["in a regular expression", 'm{a=~"{app}-.*", b !~ "{app}"}[{window}]', 'm{a=~"check[.]out-.*", b !~ "check[.]out"}[300s]'],
    ["in a metric's name", "m_{env}_total[{window}]", "m_prod_total[300s]"],
    ["after an escaped quote", 'm{a="\\"{app}", b=~"x"}[{window}]', 'm{a="\\"check.out", b=~"x"}[300s]'],
    ["after a backslash in backticks", "m{a=`\\`, b=~`{app}`}[{window}]", "m{a=`\\`, b=~`check[.]out`}[300s]"],
    ["after a comment with a quote", "# it's\nm{a=\"{app}\"}[{window}]", "# it's\nm{a=\"check.out\"}[300s]"],
    ["several windows", "m[{window}] / n[{window}]", "m[300s] / n[300s]"],
    ["other braces", "m{app=\"x\"}[{window}]", "m{app=\"x\"}[300s]"],
  ])("%s", (_, template, text) => {
    expect(promql(template, values)).toEqual({ ok: true, text });
  });

  it.each<[string, string, RegExp]>([
    ["no window", 'm{a="{app}"}[5m]', /no \{window\}/],
    ["a window in quotes or a comment only", 'm{a="{window}"} # {window}', /no \{window\}/],
    ["a name outside of quotes that would be a subtraction or worse", "m_{app}[{window}]", /outside of quotes/],
    ["a string without an end", 'm{a="{app}}[{window}]', /does not end/],
  ])("refuses %s", (_, template, problem) => {
    const result = promql(template, values);
    expect(result.ok ? result.text : result.problem).toMatch(problem);
    expect(result.ok).toBe(false);
  });

  it.each(["", 'a"b', "a b", "a\\", "a}", ".", "a\n", "é", "a".repeat(254)])("refuses the name %j", (app) => {
    expect(promql('m{a="{app}"}[{window}]', { ...values, app }).ok).toBe(false);
  });

  it("puts a name nowhere but into the label's value", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (app) => {
        const result = promql('sum(m{a="{app}"}[{window}])', { ...values, app });
        if (result.ok) expect(result.text).toBe(`sum(m{a="${app}"}[300s])`);
        if (result.ok) expect(app).not.toMatch(/["\\{}\n]/);
      }),
    );
  });
});
