import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll } from "vitest";

/** One connection through the proxy. */
export interface Connection {
  readonly client: Socket;
  readonly server: Socket;
}

/** Decides what happens to the bytes of one direction: forwards all, some, none or others, or ends the connection. */
export type Tap = (chunk: Buffer, forward: (chunk: Buffer) => void, connection: Connection) => void;

const pass: Tap = (chunk, forward) => forward(chunk);

const proxies = new Set<FaultProxy>();
afterAll(() => {
  for (const proxy of proxies) proxy.close();
});

/** A TCP proxy between a driver and a server that fails as networks do. */
export class FaultProxy {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #requests: Buffer[] = [];
  /** What happens to requests and to replies. */
  request: Tap = pass;
  reply: Tap = pass;
  /** How many connections there have been. */
  accepted = 0;

  /** The port to which new connections lead. */
  target: number;

  private constructor(target: number) {
    this.target = target;
    this.#server = createServer({ noDelay: true }, (client) => {
      this.accepted++;
      const server = connect({ port: this.target, host: "127.0.0.1", noDelay: true });
      const connection = { client, server };
      this.#connections.add(connection);
      client.on("data", (chunk) => {
        const forward = (bytes: Buffer): void => {
          this.#requests.push(bytes);
          server.write(bytes);
        };
        this.request(chunk, forward, connection);
      });
      server.on("data", (chunk) => this.reply(chunk, (bytes) => client.write(bytes), connection));
      for (const [here, there] of [
        [client, server],
        [server, client],
      ] as const) {
        here.on("error", () => {});
        here.on("close", () => {
          this.#connections.delete(connection);
          there.destroy();
        });
      }
    });
    proxies.add(this);
  }

  static async to(target: { readonly port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(target.port);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How often a string was sent to the server. */
  sent(text: string): number {
    return Buffer.concat(this.#requests).toString("latin1").split(text).length - 1;
  }

  /** Drops all further bytes of the open connections without closing them. Later connections work. */
  halfOpen(): void {
    for (const { client, server } of this.#connections) {
      for (const socket of [client, server]) socket.removeAllListeners("data").resume();
    }
  }

  /** Ends every connection with an RST packet. */
  reset(): void {
    for (const { client, server } of this.#connections) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  close(): void {
    this.#server.close();
    this.reset();
    proxies.delete(this);
  }
}

/** Ends the connection after so many bytes. Later connections work. */
export function cutAfter(bytes: number): Tap {
  let left = bytes;
  let over = false;
  return (chunk, forward, { client, server }) => {
    if (over) return forward(chunk);
    forward(chunk.subarray(0, left));
    left -= chunk.length;
    if (left > 0) return;
    over = true;
    // FIN rather than RST, so that the forwarded bytes arrive.
    client.end();
    server.end();
    client.pause();
    server.pause();
    setImmediate(() => {
      client.destroySoon();
      server.destroySoon();
    });
  };
}

/** Delays all bytes by so many milliseconds. */
export function delayed(milliseconds: number): Tap {
  return (chunk, forward) => {
    setTimeout(() => forward(chunk), milliseconds);
  };
}

/** Forwards every byte in a chunk of its own. */
export function byteByByte(): Tap {
  let last: Promise<unknown> = Promise.resolve();
  return (chunk, forward) => {
    last = last.then(async () => {
      for (let at = 0; at < chunk.length; at++) {
        forward(chunk.subarray(at, at + 1));
        await turn();
      }
    });
  };
}

/** Holds all bytes back until `thaw` is called. */
export function frozen(): Tap & { thaw(): void } {
  let kept: (() => void)[] | undefined = [];
  const tap: Tap = (chunk, forward) => {
    if (kept === undefined) forward(chunk);
    else kept.push(() => forward(chunk));
  };
  return Object.assign(tap, {
    thaw() {
      for (const each of kept ?? []) each();
      kept = undefined;
    },
  });
}

/**
 * Inserts bytes into the next chunk, once.
 *
 * @param at - the position in the chunk.
 * @param replace - whether they replace the bytes at that position.
 */
export function injected(garbage: Buffer | string, at = 0, replace = false): Tap {
  let over = false;
  return (chunk, forward) => {
    if (over) return forward(chunk);
    over = true;
    const added = Buffer.from(garbage as string);
    forward(Buffer.concat([chunk.subarray(0, at), added, chunk.subarray(replace ? at + added.length : at)]));
  };
}
