import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Paths of our own files, from the root; and names of packages. */
  readonly imports: readonly string[];
}

function sourcesIn(folder: string): readonly Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(ROOT, path), "utf8");
      const imports = [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"/gms)].map(([, target]) => {
        const name = target ?? "";
        return name.startsWith(".") ? relative(ROOT, normalize(join(ROOT, dirname(path), name))) : name;
      });
      return { path, text, lines: text.split("\n"), imports };
    });
}

const src = sourcesIn("src");
const everything = [...src, ...sourcesIn("sandbox"), ...sourcesIn("simulator"), ...sourcesIn("test"), ...sourcesIn("bench")];

function offences(sources: readonly Source[], wrong: (source: Source) => readonly string[]): readonly string[] {
  return sources.flatMap((source) => wrong(source).map((what) => `${source.path}: ${what}`));
}

function inLayer(layer: string) {
  return src.filter(({ path }) => path.startsWith(layer));
}

/** The libraries that are pure functions over values, which the domain may use. */
const PURE_LIBRARIES = new Set(["yaml", "semver", "ajv", "ajv/dist/2020.js", "@marcbachmann/cel-js", "fastest-levenshtein", "re2js", "croner", "temporal-polyfill", "@sigstore/bundle", "@sigstore/protobuf-specs", "@sigstore/verify"]);

describe("the arrows point one way", () => {
  it("domain imports itself and pure libraries only", () => {
    const wrong = ({ path, imports }: Source) =>
      imports.filter((name) => {
        if (name.startsWith("src/domain/")) return false;
        // Hashing and checking signatures are functions of their arguments; making keys or signatures is not, and is not done.
        if (name === "node:crypto" && (path === "src/domain/fingerprint.ts" || path.startsWith("src/domain/supply-chain/"))) return false;
        return !PURE_LIBRARIES.has(name);
      });
    expect(offences(inLayer("src/domain/"), wrong)).toEqual([]);
  });

  it("ports import the domain only", () => {
    const wrong = ({ imports }: Source) => imports.filter((name) => !name.startsWith("src/domain/"));
    expect(offences(src.filter(({ path }) => path === "src/ports.ts"), wrong)).toEqual([]);
  });

  it("the reconciler knows no vendor", () => {
    const wrong = ({ imports }: Source) =>
      imports.filter((name) => !name.startsWith("src/domain/") && !name.startsWith("src/reconciler/") && name !== "src/ports.ts");
    expect(offences(inLayer("src/reconciler/"), wrong)).toEqual([]);
  });

  it("adapters do not know each other", () => {
    const vendorOf = (path: string) => path.replace(/^src\/adapters\//, "").replace(/\.ts$/, "").split("/")[0] ?? "";
    const wrong = ({ path, imports }: Source) =>
      imports.filter((name) => {
        if (name.startsWith("src/adapters/")) return vendorOf(name) !== vendorOf(path) && name !== "src/adapters/http.ts";
        return name.startsWith("src/") && !name.startsWith("src/domain/") && name !== "src/ports.ts";
      });
    expect(offences(inLayer("src/adapters/"), wrong)).toEqual([]);
  });

  it("only compose names concrete adapters", () => {
    const allowed = new Set(["src/compose.ts", "src/compose-clone.ts", "src/compose-endpoints.ts", "src/cli.ts"]);
    const wrong = ({ path, imports }: Source) =>
      path.startsWith("src/adapters/") || allowed.has(path) ? [] : imports.filter((name) => name.startsWith("src/adapters/"));
    expect(offences(src, wrong)).toEqual([]);
  });

  it("src never imports the sandbox, the simulator or the tests", () => {
    const wrong = ({ imports }: Source) => imports.filter((name) => /^(?:sandbox|simulator|test)\//.test(name));
    expect(offences(src, wrong)).toEqual([]);
  });
});

/** The code without comments and strings, so that prose about a clock is no use of one. */
function codeOf({ text }: Source): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\/\/.*$/gm, "")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

describe("what each layer may touch", () => {
  it("the domain has no clock, chance, environment, network or logger", () => {
    const banned = [/\bDate\.now\(/, /new Date\(\)/, /\bMath\.random\(/, /\bprocess\./, /\bfetch\(/, /\bconsole\./, /\bsetTimeout\(/];
    const wrong = (source: Source) => banned.filter((pattern) => pattern.test(codeOf(source))).map(String);
    expect(offences([...inLayer("src/domain/"), ...src.filter(({ path }) => path === "src/ports.ts")], wrong)).toEqual([]);
  });

  it("the reconciler has no clock of its own", () => {
    const banned = [/\bDate\.now\(/, /new Date\(\)/, /\bMath\.random\(/, /\bsetTimeout\(/, /\bprocess\./];
    const wrong = (source: Source) => banned.filter((pattern) => pattern.test(codeOf(source))).map(String);
    expect(offences(inLayer("src/reconciler/"), wrong)).toEqual([]);
  });

  it("the process environment is read in config.ts and handed over in the command line", () => {
    const wrong = (source: Source) => (/\bprocess\.env\b/.test(codeOf(source)) ? ["process.env"] : []);
    const allowed = new Set(["src/config.ts", "src/cli.ts"]);
    expect(offences(src.filter(({ path }) => !allowed.has(path)), wrong)).toEqual([]);
  });

  it("only the command line prints", () => {
    const wrong = (source: Source) => (/\bconsole\./.test(codeOf(source)) ? ["console"] : []);
    expect(offences(src.filter(({ path }) => path !== "src/cli.ts"), wrong)).toEqual([]);
  });
});

/** Files of at most this many lines can be read in one sitting. */
const FILE_LINES = 500;
const FUNCTION_LINES = 70;
const LINE_CHARACTERS = 180;

describe("sizes", () => {
  it(`no file is longer than ${FILE_LINES} lines`, () => {
    const wrong = ({ lines }: Source) => (lines.length > FILE_LINES + 1 ? [`${lines.length} lines`] : []);
    expect(offences(everything, wrong)).toEqual([]);
  });

  it(`no function of the product is longer than ${FUNCTION_LINES} lines`, () => {
    expect(offences(src, longFunctions)).toEqual([]);
  });

  it(`no line of the product is longer than ${LINE_CHARACTERS} characters`, () => {
    const wrong = ({ lines }: Source) => lines.flatMap((line, index) => (line.length > LINE_CHARACTERS ? [`line ${index + 1}`] : []));
    expect(offences(src, wrong)).toEqual([]);
  });
});

/** Functions and methods by their indentation: from the line that opens one to the brace that closes it. */
function longFunctions({ lines }: Source): readonly string[] {
  const found: string[] = [];
  const opening = /^(\s*)(?:export )?(?:async )?(?:function\s+(\w+)|(?:static |readonly |private )*(?:async )?(#?\w+)\([^)]*\)(?::[^={]+)?\s*\{$)/;
  for (const [index, line] of lines.entries()) {
    const match = opening.exec(line);
    const name = match?.[2] ?? match?.[3];
    if (match === null || name === undefined || ["if", "for", "while", "switch", "catch"].includes(name)) continue;
    const close = lines.findIndex((other, at) => at > index && other.startsWith(`${match[1] ?? ""}}`));
    if (close - index + 1 > FUNCTION_LINES) found.push(`${name} has ${close - index + 1} lines`);
  }
  return found;
}

describe("names", () => {
  it("no file or folder is a drawer for everything", () => {
    const banned = /(^|\/)(utils?|helpers?|common|misc|lib|shared)(\.ts|\/|$)/;
    expect(everything.filter(({ path }) => banned.test(path)).map(({ path }) => path)).toEqual([]);
  });

  it("nothing is exported by default, but the Probot app", () => {
    const wrong = ({ path, text }: Source) => (/^export default\b/m.test(text) && path !== "src/app.ts" ? ["export default"] : []);
    expect(offences(src, wrong)).toEqual([]);
  });

  it("nothing is typed any", () => {
    const wrong = (source: Source) => (/(?::|<|\bas)\s*any\b(?!\s*\()/.test(codeOf(source)) ? ["any"] : []);
    expect(offences(everything, wrong)).toEqual([]);
  });
});
