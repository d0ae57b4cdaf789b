import { DriverError, NotSupportedError, type OutcomeError, UnavailableError } from "../errors.js";
import { withOutcome } from "../internal/outcomes.js";

/** What the server says that is safe to repeat. Anything else it says could hold a key or a value. */
const KNOWN: readonly string[] = [
  "SERVER_ERROR out of memory storing object",
  "SERVER_ERROR out of memory reading request",
  "SERVER_ERROR out of memory writing get response",
  "SERVER_ERROR object too large for cache",
  "SERVER_ERROR out of memory",
];

/** Whether a line is an error of the server's, as against one of `stats`, or one that is no line of the protocol. */
export function isError(line: string): boolean {
  return line === "ERROR" || /^(ERROR|CLIENT_ERROR|SERVER_ERROR) /.test(line);
}

/** The coded error for an error of the server's. After a store that fails, the old item is gone: so it is open what took effect. */
export function errorOf(line: string): Error {
  const known = KNOWN.find((each) => line === each) ?? (/^[A-Z_]+/.exec(line) as RegExpExecArray)[0];
  return new DriverError(`Memcached answered with an error (${known})`, { outcome: "unknown" });
}

/** The coded error for what a server said to the first commands on a connection. */
export function greetingError(line: string): Error {
  if (line.startsWith("CLIENT_ERROR unauthenticated")) {
    return new NotSupportedError("the server wants a password (-Y or -S), and this driver cannot give one");
  }
  if (isFull(line)) return full();
  if (!line.startsWith("ERROR")) return errorOf(line);
  return new NotSupportedError("the server does not know the meta commands: Memcached 1.6 or later is needed");
}

/** Whether a server says that it takes no connection more. */
export function isFull(line: string): boolean {
  return line.startsWith("ERROR Too many open connections");
}

export function full(): UnavailableError {
  return new UnavailableError("the server has no connection left (-c)", { outcome: "not-applied" });
}

/** The same error, with the server that it is about. */
export function named(error: unknown, server: string): unknown {
  if (error instanceof NotSupportedError) return new NotSupportedError(`${server}: ${error.message}`);
  return withOutcome(error, (error as OutcomeError).outcome, `${server}: `);
}

/** What to put behind what is told of a loss: Node's own code, such as `ECONNRESET`. */
export function codeOf(code: string | undefined): string {
  return code === undefined ? "" : ` (${code})`;
}
