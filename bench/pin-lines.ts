/**
 * What a pin is, by the words of docs/pins.md and regular expressions alone: a second opinion on what the engine takes for one. It reads no
 * YAML, only lines, how far they are indented and the keys above and beside them, and shares no code with src.
 */

/** A line that a commit replaced by another one. */
export interface ReplacedLine {
  /** From 1, in the file after the commit. */
  readonly number: number;
  readonly before: string;
  readonly after: string;
}

/** What is above and beside a line, told from its indentation. */
interface Around {
  /** Keys that the line is under, the nearest first. */
  readonly above: readonly string[];
  /** Keys and values of the mapping that the line belongs to. */
  readonly beside: ReadonlyMap<string, string>;
  /** Inside a block of text, where nothing is a pin. */
  readonly inText: boolean;
  /** The document's lines, between `---` and `---`. */
  readonly document: string;
  readonly file: string;
}

const FILE = /\.(?:ya?ml|json)$|(?:^|\/)Kustomization$/;

/** Whether a file of this name can hold pins. */
export function canHoldPins(path: string): boolean {
  return FILE.test(path);
}

/**
 * Whether these lines are all that changed in a file, and differ in nothing but values of pins, with the quotes around them. At least one
 * value must be another one.
 */
export function onlyPinsChanged(file: string, text: string, replaced: readonly ReplacedLine[]): boolean {
  const around = outline(file, text);
  let values = 0;
  for (const { number, before, after } of replaced) {
    const place = around(number);
    const [left, right] = [masked(before, place), masked(after, place)];
    if (left.rest !== right.rest) return false;
    if (left.values !== right.values) values += 1;
  }
  return values > 0;
}

const VALUE = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#&*!|>{}[\],%@][^\s"'{}[\],]*`;
const PAIR = new RegExp(String.raw`((?:^|[\s{,])(?:"([^"\s]+)"|'([^'\s]+)'|([\w./-]+)):(?:\s+(?:&\S+\s+)?|(?<=":)))(${VALUE})(?=[\s,}\]]|$)`, "g");
const ITEM = new RegExp(String.raw`^(\s*(?:-\s+)+|\s+(?="))(${VALUE})(?=,?\s*$)`);

/** The line with a mark instead of each pin's value, and these values without their quotes. */
function masked(line: string, around: Around): { readonly rest: string; readonly values: string } {
  if (around.inText || /^\s*#/.test(line)) return { rest: line, values: "" };
  const comment = /\s+#.*$|\s+$/.exec(line)?.[0] ?? "";
  const code = line.slice(0, line.length - comment.length);
  const values: string[] = [];
  const mark = (whole: string, lead: string, value: string, pinned: boolean): string => {
    if (!pinned) return whole;
    values.push(bare(value));
    return `${lead}\0`;
  };
  const rest = code
    .replace(ITEM, (whole: string, lead: string, value: string) => mark(whole, lead, value, isPinnedItem(bare(value), around)))
    .replaceAll(PAIR, (whole: string, lead: string, a: string | undefined, b: string | undefined, c: string | undefined, value: string, at: number) =>
      mark(whole, lead, value, isPin(a ?? b ?? c ?? "", bare(value), inFlow(code.slice(0, at + 1), code, around))),
    );
  return { rest: rest + comment, values: values.join("\n") };
}

function bare(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, "$2");
}

/** Inside braces, the key before them is what the value is under, and what stands between them is beside it. */
function inFlow(before: string, line: string, around: Around): Around {
  const open = before.lastIndexOf("{");
  if (open < 0 || before.indexOf("}", open) >= 0) return around;
  const inside = /^[^{}]*/.exec(line.slice(open + 1))?.[0] ?? "";
  const beside = new Map([...inside.matchAll(/"?([\w.-]+)"?:\s*([^,]*)/g)].map(([, key = "", value = ""]) => [key, bare(value.trim())]));
  const key = /"?([\w.-]+)"?:\s*\[?\s*$/.exec(line.slice(0, open))?.[1];
  return { ...around, beside, above: key === undefined ? around.above : [key, ...around.above] };
}

const NAME = /^[\w$][\w.${}-]*(?::\d+)?(?:\/[\w.${}-]+)*$/;
const REFERENCE = /^[\w$][\w.${}-]*(?::\d+)?(?:\/[\w.${}-]+)*(?::[\w.${}-]+)?(?:@sha256:[0-9a-f]+)?$/;

function isReference(value: string): boolean {
  return REFERENCE.test(value) && /[:@]/.test(value);
}

/** A text in a list: a remote resource, or what Argo CD's `kustomize.images` holds. */
function isPinnedItem(value: string, { above }: Around): boolean {
  if (/^(?:resources|bases|components|crds)$/.test(above[0] ?? "")) return /[?&](?:ref|version)=/.test(value);
  return above[0] === "images" && above[1] === "kustomize" && isReference(value.slice(value.indexOf("=") + 1));
}

const IMAGE = /image$/i;
const CONTAINERS = /^(?:containers|initContainers|ephemeralContainers)$/;

function isPin(key: string, value: string, around: Around): boolean {
  const { above, beside, file } = around;
  if (value === "" || value.includes("{{")) return false;
  const [parent = ""] = above;
  switch (key) {
    case "newName":
    case "newTag":
    case "tagSuffix":
    case "targetRevision":
      return true;
    case "image":
      return isReference(value) || ((CONTAINERS.test(parent) || beside.has("tag")) && NAME.test(value));
    case "tag":
    case "imageTag":
    case "digest":
    case "sha":
      return true;
    case "repository":
    case "registry":
      return REFERENCE.test(value) && !isChartList(file, above);
    case "name":
      return (IMAGE.test(parent) && NAME.test(value)) || isGitReference(around);
    case "version":
      return IMAGE.test(parent) || isChartVersion(around);
    case "semver":
      return parent === "ref" && isOfKind(around, "OCIRepository|GitRepository");
    case "ref":
      return parent === "chart" && isOfKind(around, "HelmRelease");
    case "branch":
    case "commit":
      return isGitReference(around);
    case "value":
      return isImageParameter(value, around);
    default:
      return /Image$|^imageName$/.test(key) && isReference(value);
  }
}

function isOfKind({ document }: Around, kinds: string): boolean {
  return new RegExp(String.raw`^\s*(?:-\s+)?["']?kind["']?:\s*["']?(?:${kinds})["']?,?\s*(?:#.*)?$`, "m").test(document);
}

function isGitReference(around: Around): boolean {
  return around.above[0] === "ref" && isOfKind(around, "GitRepository");
}

function isChartList(file: string, above: readonly string[]): boolean {
  return /(?:^|\/)(?:Chart|requirements)\.yaml$/.test(file) && above[0] === "dependencies";
}

/** `version` in `Chart.yaml` dependencies, HelmRelease, HelmChart, `helmCharts`, helmfiles. */
function isChartVersion(around: Around): boolean {
  const { file, above, beside } = around;
  if (isChartList(file, above) || above[0] === "helmCharts") return true;
  if (above[0] === "releases") return beside.has("chart");
  if (above.some((key) => key.startsWith("values"))) return false;
  if (above.length === 0) return isOfKind(around, "HelmChartInflationGenerator");
  return isOfKind(around, "HelmRelease|HelmChart") && /^(?:spec|chart)$/.test(above[0] ?? "");
}

/** `helm.parameters` of Argo CD that name an image. */
function isImageParameter(value: string, { above, beside }: Around): boolean {
  if (above[0] !== "parameters" || above[1] !== "helm") return false;
  const name = beside.get("name") ?? "";
  return /(?:^|\.|image)(?:repository|registry|tag|digest)$/i.test(name) || (IMAGE.test(name) && isReference(value));
}

interface Level {
  readonly column: number;
  readonly key: string;
  /** Holds the lines below it, as a mapping, a list or a text. */
  readonly opens: "nothing" | "lines" | "text";
  readonly mapping: Map<string, string>;
}

/** Indentation, dashes, a key, and what stands behind its colon. Other lines go on with brackets or items that are no mappings. */
const LINE = /^(\s*)((?:-\s+)*)(?:"([^"]+)"|'([^']+)'|([^\s"'#{[][^:#]*?))?(?::(?:\s+(.*?))?)?\s*$/;

/** Goes through a file once and tells, for the number of a line, what is around it. */
function outline(file: string, text: string): (number: number) => Around {
  const lines = text.split("\n");
  const documents = lines.map(() => "");
  const places: Pick<Around, "above" | "beside" | "inText">[] = [];
  let stack: Level[] = [];
  let from = 0;
  const endDocument = (end: number): void => {
    documents.fill(lines.slice(from, end).join("\n"), from, end);
    [stack, from] = [[], end];
  };
  for (const [index, line] of lines.entries()) {
    if (/^---(?:\s|$)/.test(line)) endDocument(index);
    places.push(placeOf(line, stack));
  }
  endDocument(lines.length);
  return (number) => ({ file, document: documents[number - 1] ?? "", ...(places[number - 1] ?? { above: [], beside: new Map(), inText: false }) });
}

/** What is around the next line; it is put on the stack of those that others may be under. */
function placeOf(line: string, stack: Level[]): Pick<Around, "above" | "beside" | "inText"> {
  const match = LINE.exec(line);
  const [, , dashes = "", a, b, c, rest = ""] = match ?? [];
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  const above = (): string[] => stack.filter(({ opens }) => opens === "lines").map(({ key }) => key).toReversed();
  const top = stack.at(-1);
  const blank = /^\s*(?:#.*)?$/.test(line);
  if (top?.opens === "text" && (blank || indent.length > top.column)) return { above: above(), beside: new Map(), inText: true };
  if (blank) return { above: above(), beside: new Map(), inText: false };
  const column = indent.length;
  if (match === null) {
    // Brackets, or an item that is no mapping: what was deeper has ended.
    while ((stack.at(-1)?.column ?? -1) > column) stack.pop();
    return { above: above(), beside: new Map(), inText: false };
  }
  let sibling: Level | undefined;
  for (let last = stack.at(-1); last !== undefined; last = stack.at(-1)) {
    const isParent = last.column < column || (last.column === column && dashes !== "" && last.opens === "lines");
    if (isParent) break;
    sibling = last.column === column + dashes.length ? last : undefined;
    stack.pop();
  }
  const mapping = dashes === "" && sibling !== undefined ? sibling.mapping : new Map<string, string>();
  const place = { above: above(), beside: mapping, inText: false };
  const key = a ?? b ?? c ?? "";
  const value = rest.replace(/\s+#.*$/, "").replace(/,$/, "");
  mapping.set(key, bare(value));
  const opens = /^(?:&\S+\s*|!\S+\s*)*[|>][-+\d]*$/.test(value) || /^[|>][-+\d]*$/.test(key) ? "text" : /^(?:&\S+|[{[])?$/.test(value) ? "lines" : "nothing";
  const isBareText = opens === "text" && /^[|>]/.test(key);
  stack.push({ column: isBareText ? column : column + dashes.length, key, opens, mapping });
  return place;
}
