import { TimeoutError, UnavailableError } from "../errors.js";
import { onAbort } from "../internal/abort.js";
import * as clock from "../net/clock.js";
import { closed } from "../net/outcomes.js";
import { codeSuffix, withServerName } from "./errors.js";
import { MetadumpReader } from "./metadump-reader.js";
import type { Server } from "./server.js";

/**
 * Lists the keys of one server over a connection of its own, and resolves to what follows `start` in each key that starts
 * with it. Times out when the server is silent for too long.
 *
 * @param now - the server's time, in seconds since the epoch.
 */
export function metadump(
  server: Server,
  start: string,
  now: number,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  return new Promise((resolve, reject) => {
    if (server.closed) return reject(closed("not-applied"));
    if (signal?.aborted) return reject(signal.reason);
    const { name, timeout } = server;
    const reader = new MetadumpReader(start, now);
    const socket = server.openSocket((piece) => {
      heard = clock.now();
      try {
        if (reader.read(piece)) settle(() => resolve(reader.names));
      } catch (error) {
        fail(withServerName(error, name));
      }
    });
    const settle = (settling: () => void): void => {
      clock.stopTimer(silence);
      removeListener?.();
      socket.destroy();
      settling();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    let heard = clock.now();
    let silence: clock.Timer | undefined;
    const listen = (): void => {
      const left = heard + timeout - clock.now();
      // What arrived while the event loop was blocked is read first.
      silence = clock.startTimer(
        () => clock.afterReads(() => (heard + timeout > clock.now() ? listen() : timeOut())),
        left,
      );
    };
    const timeOut = (): void => {
      const message = `${name}: the listing was silent for ${timeout} ms`;
      fail(new TimeoutError(message, { outcome: "unknown" }));
    };
    listen();
    const removeListener = signal && onAbort(signal, () => fail(signal.reason));
    let code: string | undefined;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      ({ code } = error);
    });
    socket.on("close", () => {
      const message = `${name}: the connection was lost during the listing${codeSuffix(code)}`;
      fail(server.closed ? closed("unknown") : new UnavailableError(message, { outcome: "unknown" }));
    });
    socket.write("lru_crawler metadump hash\r\n");
  });
}
