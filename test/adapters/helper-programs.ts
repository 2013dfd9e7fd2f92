import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Credential helpers that a test writes: real programs in a folder of their own, which is all of PATH beside the system's. */
export class HelperPrograms {
  readonly directory = mkdtempSync(join(tmpdir(), "pinion-helpers-"));
  readonly environment: Readonly<Record<string, string>> = { PATH: `${this.directory}:/usr/bin:/bin` };

  /** `script` is for /bin/sh; what comes on standard input is in `$server`. */
  write(name: string, script: string, mode = 0o755): void {
    const path = this.#path(name);
    writeFileSync(path, `#!/bin/sh\nserver=$(cat)\nprintf '%s %s\\n' "$*" "$server" >> "$0.calls"\n${script}\n`);
    chmodSync(path, mode);
  }

  /** Answers with this, as a helper does that knows somebody. */
  answer(name: string, username: string, secret: string): void {
    this.write(name, `printf '%s' '${JSON.stringify({ ServerURL: "x", Username: username, Secret: secret })}'`);
  }

  /** How it was called so far, as `get ghcr.io`. */
  calls(name: string): readonly string[] {
    try {
      return readFileSync(`${this.#path(name)}.calls`, "utf8").split("\n").slice(0, -1);
    } catch {
      return [];
    }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.directory, `docker-credential-${name}`);
  }
}
