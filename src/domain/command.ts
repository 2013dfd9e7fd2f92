const COMMAND = /^\/pinion[ \t]+(promote|hotfix)[ \t]+(\S+)[ \t]+(\S+)[ \t]*(?:\r?\n|$)/;

/** Reads `/pinion promote APP ENV` or `/pinion hotfix APP ENV` at the very start of a comment. */
export function parseCommand(body: string): { readonly app: string; readonly environment: string; readonly hotfix: boolean } | null {
  const match = COMMAND.exec(body);
  if (match?.[2] === undefined || match[3] === undefined) return null;
  return { app: match[2], environment: match[3], hotfix: match[1] === "hotfix" };
}
