import { compileExpression, WORDS, type Expression, type ExpressionProblem, type Language } from "./cel.ts";

/** A text with `{{ expression }}` placeholders, checked. */
export interface Template {
  readonly mentions: ReadonlySet<string>;
  readonly parts: readonly (string | Expression<string>)[];
}

export type CompiledTemplate =
  { readonly ok: true; readonly template: Template } | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

const MAX_TEMPLATE = 2000;

/** Reads a message: plain text in which each `{{ … }}` holds an expression that answers text or a whole number. */
export function compileTemplate(text: string, language: Language): CompiledTemplate {
  if (text.trim() === "" || text.length > MAX_TEMPLATE) {
    const message = text.trim() === "" ? "a message is missing here" : `a message may have at most ${MAX_TEMPLATE} characters`;
    return { ok: false, problems: [{ at: 0, message }] };
  }
  const parts: (string | Expression<string>)[] = [];
  const problems: ExpressionProblem[] = [];
  const mentions = new Set<string>();
  let position = 0;
  while (position < text.length) {
    const open = text.indexOf("{{", position);
    if (open === -1) break;
    const close = text.indexOf("}}", open);
    if (close === -1) {
      problems.push({ at: open, message: "this `{{` has no `}}`" });
      break;
    }
    parts.push(text.slice(position, open));
    const compiled = compileExpression(text.slice(open + 2, close), WORDS, language);
    if (compiled.ok) {
      parts.push(compiled.expression);
      for (const name of compiled.expression.mentions) mentions.add(name);
    } else {
      problems.push(...compiled.problems.map((problem) => ({ at: open + 2 + problem.at, message: problem.message })));
    }
    position = close + 2;
  }
  parts.push(text.slice(position));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, template: { mentions, parts } };
}

/** Fills a message in. Throws when an expression in it cannot be evaluated. */
export function renderTemplate(template: Template, values: Readonly<Record<string, unknown>>): string {
  return template.parts.map((part) => (typeof part === "string" ? part : part.evaluate(values))).join("");
}
