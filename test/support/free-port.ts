import { once } from "node:events";
import { createServer } from "node:net";

/** Returns a free port below those of outgoing connections, so that none of them takes it while a server is down. */
export async function freePort(): Promise<number> {
  while (true) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
      return port;
    } catch {
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }
}
