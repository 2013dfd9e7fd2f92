import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { expect } from "vitest";
import { PortFailure } from "../../src/ports.ts";

const servers = new Set<Server>();

/** A server that answers as the test has it, on a free port of the loopback interface. Answers `host:port`. */
export async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handler);
  servers.add(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  return `127.0.0.1:${address.port}`;
}

/** Stops every server of {@link serve}, and cuts what is still open. */
export async function closeServers(): Promise<void> {
  const closing = [...servers].filter((server) => server.listening);
  servers.clear();
  await Promise.all(
    closing.map(async (server) => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    }),
  );
}

/** The failure that a question ends with. It must be a whole sentence and hold none of the secrets. */
export async function failureOf(question: Promise<unknown>, ...secrets: readonly string[]): Promise<PortFailure> {
  const problem: unknown = await question.catch((error: unknown) => error);
  if (!(problem instanceof PortFailure)) throw new Error(`no failure: ${JSON.stringify(problem)}`);
  expect(problem.message).toMatch(/^(Could|Did) not [^]*[^.]\.$/);
  for (const secret of secrets) expect(problem.message).not.toContain(secret);
  return problem;
}
