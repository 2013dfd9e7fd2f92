import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { ParsedNode, Scalar, YAMLMap } from "yaml";
import { didYouMean } from "../suggest.ts";
import { itemsOf, keyText, resolveAlias, TEXT_TAG } from "../yaml-document.ts";
import type { YamlDocument, YamlPath, YamlProblem } from "../yaml-document.ts";
import { formatYamlAddress } from "../yaml-path.ts";

/** A scalar whose characters can be replaced by those of another one. */
export type Located =
  | { readonly ok: true; readonly scalar: Scalar.Parsed; readonly flow: boolean; readonly shared: YamlProblem | null }
  | { readonly ok: false; readonly problem: YamlProblem };


/**
 * Finds the scalar at a path. `shared` says that it is shown through an alias, so that a change shows elsewhere too.
 * A path that leads nowhere or to several places, and a scalar that cannot be replaced character by character (block scalars, values
 * over lines, templates, other YAML tags than `!!str`), are problems.
 */
export function locate(document: YamlDocument, path: YamlPath): Located {
  let given = document.root;
  let flow = false;
  let shared: YamlProblem | null = null;
  for (const [index, step] of path.entries()) {
    const here = formatYamlAddress({ document: 0, path: path.slice(0, index + 1) });
    shared ??= aliasProblem(given, formatYamlAddress({ document: 0, path: path.slice(0, index) }));
    const node = resolveAlias(document, given);
    if (isMap(node) || isSeq(node)) flow ||= node.flow === true;
    if (isTemplate(document, node)) return failed(node, `${here} is within a template ({{ … }}): Pinion edits no templates`);
    const found = typeof step === "number" ? itemAt(node, step, here) : valueAt(node, step, here);
    if (!found.ok) return found;
    given = found.node;
  }
  const here = formatYamlAddress({ document: 0, path });
  shared ??= aliasProblem(given, here);
  const node = resolveAlias(document, given);
  const problem = whyNotReplaceable(document, node);
  if (problem !== null || !isScalar(node)) return failed(node, `${here} ${problem ?? "is no single value"}`);
  return { ok: true, scalar: node, flow, shared };
}

type Step = { readonly ok: true; readonly node: ParsedNode | null } | { readonly ok: false; readonly problem: YamlProblem };

function itemAt(node: ParsedNode | null, index: number, here: string): Step {
  if (!isSeq(node)) return failed(node, `${here} is not there: what is before [${index}] is no list`);
  const item = itemsOf(node)[index];
  if (item === undefined) return failed(node, `${here} is not there: the list has ${node.items.length} ${node.items.length === 1 ? "entry" : "entries"}, counted from 0`);
  return { ok: true, node: item };
}

function valueAt(node: ParsedNode | null, key: string, here: string): Step {
  if (!isMap(node)) return failed(node, `${here} is not there: what is before "${key}" is no mapping`);
  const odd = node.items.find((pair) => keyText(pair.key) === null);
  if (odd !== undefined) return failed(odd.key, `${here}: a key beside it is an alias or no text: write it out`);
  const [pair, second] = node.items.filter((item) => keyText(item.key) === key);
  if (second !== undefined) return failed(second.key, `${here}: the key "${key}" is there twice: keep one`);
  if (pair !== undefined) return { ok: true, node: pair.value };
  return failed(node, `${here} is not there${hint(node, key)}`);
}

function hint(node: YAMLMap.Parsed, key: string): string {
  if (node.items.some((item) => keyText(item.key) === "<<")) return ": a merge key (<<) may bring it from elsewhere. Write it here";
  const dotted = node.items.map((item) => keyText(item.key)).find((name) => name?.startsWith(`${key}.`) === true);
  if (dotted != null) return `: a key with dots is written as [${JSON.stringify(dotted)}]`;
  const meant = didYouMean(key, node.items.flatMap((item) => keyText(item.key) ?? []));
  return meant === "" ? "" : `.${meant}`;
}

function aliasProblem(node: ParsedNode | null, here: string): YamlProblem | null {
  if (node === null || !isAlias(node)) return null;
  return { offset: node.range[0], message: `${here} is the alias *${node.source}: its anchor would change. Write the value here` };
}

/** The first template in a document, or null. */
export function findTemplate(document: YamlDocument, node: ParsedNode | null): ParsedNode | null {
  if (isTemplate(document, node)) return node;
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const found = findTemplate(document, key) ?? findTemplate(document, value);
      if (found !== null) return found;
    }
  } else if (isSeq(node)) {
    for (const item of itemsOf(node)) {
      const found = findTemplate(document, item);
      if (found !== null) return found;
    }
  }
  return null;
}

/** Unquoted `{{ … }}` is valid YAML, a mapping in a mapping, but nobody means that. */
function isTemplate(document: YamlDocument, node: ParsedNode | null): boolean {
  return isMap(node) && node.flow === true && document.text.startsWith("{{", node.range[0]);
}

/** Says why the value cannot be replaced character by character, or null. */
function whyNotReplaceable(document: YamlDocument, node: ParsedNode | null): string | null {
  if (isTemplate(document, node)) return "is a template ({{ … }}): Pinion edits no templates";
  if (!isScalar(node)) return node === null ? "has no value yet: write one" : "is no single value";
  if (node.tag !== undefined && node.tag !== TEXT_TAG) return `has the YAML tag ${node.tag}: remove it`;
  if (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED") return "is a block scalar (| or >): write it on one line";
  if (node.range[1] <= node.range[0]) return "has no value yet: write one";
  return /[\n\r]/.test(document.text.slice(node.range[0], node.range[1])) ? "spans lines: write it on one line" : null;
}

function failed(node: ParsedNode | null, message: string): { readonly ok: false; readonly problem: YamlProblem } {
  return { ok: false, problem: { offset: node?.range[0] ?? 0, message } };
}
