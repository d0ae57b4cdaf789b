import { Buffer } from "node:buffer";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { TimeoutError } from "../errors.js";
import { addressName } from "../net/address.js";
import { afterReads, now } from "../net/clock.js";
import { DESYNCHRONISED, lost, withOutcome } from "../net/outcomes.js";
import { ReconnectingConnection } from "../net/reconnecting-connection.js";
import { type TlsOptions, tlsOptionsFor } from "../net/tls.js";
import { type DataBlock, type MetaCommand, noop } from "./commands.js";
import { MetaConnection } from "./connection.js";
import { itemTooLarge, unreachable } from "./errors.js";
import { handshake, type ServerLimits } from "./handshake.js";
import { KeyLister } from "./key-lister.js";
import type { MemcachedSettings, ServerAddress } from "./options.js";
import { type AnyRequest, type CallContext, Request } from "./request.js";
import { ServerClock } from "./server-clock.js";

/** One server: what it said about itself, and the way to it, which reconnects by itself. */
export class Server {
  /** `host:port`, as errors name it. */
  readonly name: string;
  /** How long a call, or an attempt to connect, may take, in milliseconds. */
  readonly timeout: number;
  readonly clock = new ServerClock(this);
  readonly lister = new KeyLister(this);
  readonly #address: ServerAddress;
  readonly #tls: TlsOptions | undefined;
  readonly #connection: ReconnectingConnection<AnyRequest, MetaConnection>;
  readonly #sockets = new Set<Socket>();
  /** Nothing is refused before the server has said what it takes. */
  #limits: ServerLimits = { maxItemBytes: Number.POSITIVE_INFINITY, cas: true };

  constructor(address: ServerAddress, { tls, timeout, failFastAfter }: MemcachedSettings) {
    this.#address = address;
    this.#tls = tls && tlsOptionsFor(address.host, tls);
    this.name = addressName(address);
    this.timeout = timeout;
    this.#connection = new ReconnectingConnection({
      name: () => this.name,
      timeout,
      failFastAfter,
      open: (signal, onLost) => this.#open(signal, onLost),
      probe: () => {
        const context = { deadline: now() + timeout, signal: undefined };
        this.ask(noop(), context).catch(() => {});
      },
    });
  }

  /** What the server said at the last handshake. */
  get limits(): ServerLimits {
    return this.#limits;
  }

  /** Counts the connections there have been. A server that restarts may issue the same CAS tokens again. */
  get epoch(): number {
    return this.#connection.epoch;
  }

  /** How long a round trip is taken to last, in milliseconds. */
  get roundTrip(): number {
    return this.#connection.roundTrip;
  }

  get closed(): boolean {
    return this.#connection.closed;
  }

  /** Connects. Rejects as the first attempt does; after it, the connection reconnects by itself. */
  async connect(): Promise<void> {
    try {
      await this.#connection.connect();
    } catch (error) {
      throw withOutcome(error, "not-applied", `${this.name}: `);
    }
  }

  /** Connects in the background, for as long as it takes. */
  start(): void {
    this.#connection.start();
  }

  /** Sends the first request of a call. */
  send(request: AnyRequest): void {
    this.#connection.send(request);
  }

  /** Sends a request that had to wait, unless too little time is left: it would take its connection with it. */
  sendLate(request: AnyRequest): void {
    if (this.closed || request.deadline - now() >= this.roundTrip) {
      this.#connection.send(request);
      return;
    }
    const message = `${this.name}: not sent within ${this.timeout} ms: no time was left after earlier commands`;
    request.fail(new TimeoutError(message, { outcome: "not-applied" }));
  }

  /**
   * Sends a command of a call of several.
   *
   * @param epoch - the only connection on which it may be sent. On another one it rejects with {@link STALE}.
   */
  ask<R>(command: MetaCommand<R>, { deadline, signal }: CallContext, epoch?: number): Promise<R> {
    return new Promise((resolve, reject) => {
      this.sendLate(new Request({ command, deadline, signal, epoch, resolve, reject }));
    });
  }

  /** @throws InvalidArgumentError when the server does not take an item of this size. */
  checkSize({ itemBytes }: DataBlock): void {
    const { maxItemBytes } = this.#limits;
    if (itemBytes > maxItemBytes) throw itemTooLarge(maxItemBytes);
  }

  /**
   * Opens a socket to the server. `close` destroys it where the caller has not.
   *
   * @param read - called with each piece that the socket reads, whose memory is reused after the call: a new buffer for
   * every read, and a stream's events, cost more than a short reply.
   */
  openSocket(read: (piece: Buffer) => void): Socket {
    const { host, port } = this.#address;
    const onread = {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback: (length: number): boolean => {
        read(onread.buffer.subarray(0, length));
        return true;
      },
    };
    const tls = this.#tls;
    // Node reads `onread` for TLS too, although its types leave it out.
    const socket =
      tls === undefined ? connectTcp({ host, port, onread }) : connectTls({ ...tls, host, port, onread } as TlsOptions);
    this.#sockets.add(socket);
    return socket.setNoDelay(true).once("close", () => this.#sockets.delete(socket));
  }

  /** Fails what is pending, and ends whatever keeps the process alive. */
  close(): void {
    this.#connection.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #open(signal: AbortSignal, onLost: (reason: Error) => void): Promise<MetaConnection> {
    let ready = false;
    const connection = new MetaConnection({
      openSocket: (read) => this.openSocket(read),
      whyNotSend: (request) => this.#whyNotSend(request),
      secure: this.#tls !== undefined,
      onLost: (code) => {
        if (ready) onLost(lost(this.name, code));
        // What the server said before it hung up explains more, and comes first.
        else afterReads(() => onLost(unreachable(code)));
      },
    });
    signal.addEventListener("abort", () => connection.close(), { once: true });
    try {
      this.#limits = await handshake(connection);
    } catch (error) {
      throw error === DESYNCHRONISED ? unreachable() : error;
    }
    if (!connection.open) throw unreachable();
    ready = true;
    return connection;
  }

  #whyNotSend({ epoch, command: { value } }: AnyRequest): unknown {
    if (epoch !== undefined && epoch !== this.epoch) return STALE;
    const { maxItemBytes } = this.#limits;
    return value !== undefined && value.itemBytes > maxItemBytes ? itemTooLarge(maxItemBytes) : undefined;
  }
}

/** What a request fails with whose only connection is gone: it was not sent. */
export const STALE = Symbol("stale");

/** How many bytes a socket reads at a time. */
const READ_BYTES = 65_536;
