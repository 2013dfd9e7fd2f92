import { destination, pino, stdTimeFunctions, type Logger } from "pino";
import type { LogLevel } from "./config.ts";
import { PortFailure, type Journal } from "./ports.ts";
import type { Secret } from "./secret.ts";

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Known secrets: they are taken out of every line, also in base64. */
  readonly secrets?: readonly Secret[];
  /** Takes whole lines of JSON. Standard output unless given. */
  readonly output?: { write(line: string): unknown };
}

const HIDDEN = "[secret]";
const LONGEST_MESSAGE = 2_000;

/**
 * Shapes of secrets, whoever they belong to. They are applied to whole lines of JSON, so none may match a quote or
 * a backslash that it does not put back; and to texts of others, so none may look at one place again and again.
 */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  // Installation, OAuth and personal tokens (github.blog, "Behind GitHub's new authentication token formats").
  [/(?:gh[a-z]_|github_pat_)[A-Za-z0-9_.-]{8,}/g, HIDDEN],
  [/(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g, HIDDEN],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[A-Za-z0-9+/=\s:,-]|\\+[nr])*/g, HIDDEN],
  [/(authorization(?:\\*")?\s*[:=]\s*\[?(?:\\*")?)(?:(?:bearer|basic|token)\s+)?[^"\\,\s\]}]+/gi, `$1${HIDDEN}`],
  [/\b(bearer|basic|token)\s+(?=[A-Za-z._~+/=-]*\d)[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/("(?:[a-z_-]*(?:password|passwd|secret|token)|private_?key)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi, `$1"${HIDDEN}"`],
  [/([a-z][a-z0-9+.-]{0,15}:\/\/)[^/\s"'@\\]{1,1000}@/gi, `$1${HIDDEN}@`],
  // In base64: `x-access-token:`, the prefixes of GitHub's tokens, `{"alg":"` in base64 again, and `-----BEGIN`.
  [/(?:eC1hY2Nlc3MtdG9rZW46|Z2h(?:vX|wX|yX|zX|1X)|ZXlKaGJHY2lPaUp|LS0tLS1CRUdJTi)[A-Za-z0-9+/=_-]{8,}/g, HIDDEN],
];

/** A text without anything that looks like a secret, or is one of those given in any form. JSON stays JSON. */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  let clean = text;
  for (const form of known) clean = clean.replaceAll(form, HIDDEN);
  for (const [shape, replacement] of SHAPES) clean = clean.replaceAll(shape, replacement);
  return clean;
}

function formsOf(secret: string): readonly string[] {
  // A short text could be part of any word; secrets that Pinion knows are longer (config.ts).
  if (secret.length < 8) return [];
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
  ];
}

/**
 * The one logger: a line of JSON for each event. Errors are their type, kind and message, never what they carry along,
 * because a forged webhook's error carries its body and a client's error the request with its headers.
 */
export function createLogger(options: LoggerOptions): Logger {
  const output = options.output ?? destination({ fd: 1, sync: true });
  const known = (options.secrets ?? []).flatMap((secret) => formsOf(secret.reveal()));
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
    },
    { write: (line: string) => output.write(withoutSecrets(line, known)) },
  );
}

/** The same logger for the code of others, which writes whole bodies at the levels below `info`. */
export function withoutBodies(logger: Logger): Logger {
  return logger.child({}, logger.isLevelEnabled("debug") ? { level: "info" } : {});
}

function describeError(cause: unknown): { readonly type: string; readonly message: string; readonly kind?: string } {
  if (!(cause instanceof Error)) return { type: typeof cause, message: "something that is no error was thrown" };
  const message = cause.message.slice(0, LONGEST_MESSAGE);
  return cause instanceof PortFailure ? { type: cause.name, kind: cause.kind, message } : { type: cause.name, message };
}

export function createJournal(logger: Logger): Journal {
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}
