import { Buffer } from "node:buffer";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls";
import { InvalidArgumentError, TimeoutError, UnavailableError } from "../errors.js";
import { Backoff } from "../internal/backoff.js";
import { Deadlines } from "../internal/deadlines.js";
import { closed, GARBLED, withOutcome } from "../internal/outcomes.js";
import { within } from "../internal/within.js";
import { Connection } from "./connection.js";
import { codeOf, greetingError, named } from "./errors.js";
import { NOTHING, stats } from "./kinds.js";
import type { Address } from "./options.js";
import { type AnyRequest, type Call, type Kind, Request } from "./request.js";

/** How many bytes a socket reads at a time. */
const READ = 65_536;

/** What the server keeps with an item beside its key and value, in bytes, and how much more with CAS tokens. */
const OVERHEAD = 51;
const CAS_OVERHEAD = 8;

const NO_CONNECTION = "no connection";

/** What a request is failed with that was meant for a connection that is gone: nothing was sent. */
export const STALE = Symbol("stale");

/** What a server told when it was connected to. */
export interface Limits {
  /** How many bytes a key and its value may have together. */
  readonly room: number;
  /** Whether it has CAS tokens. */
  readonly cas: boolean;
}

/** The server's time, in seconds since the epoch, and the connection on which it was told. */
export interface Moment {
  readonly time: number;
  readonly epoch: number;
}

/**
 * The way to one server: a connection that is opened again for ever. What was sent on one never meets what comes back on
 * another, and nothing is sent twice.
 */
export class Link {
  /** The server, as errors name it. */
  readonly name: string;
  readonly #address: Address;
  readonly #tls: TlsOptions | undefined;
  readonly #timeout: number;
  readonly #pending = new Deadlines<AnyRequest>((request) => this.#expire(request));
  readonly #waiting = new Set<AnyRequest>();
  #connection: Connection | undefined;
  #limits: Limits = { room: 0, cas: false };
  #epoch = 0;
  #roundTrip = 1;
  #closed = false;
  /** Ends an attempt to connect. */
  #endAttempt: (() => void) | undefined;
  /** A reply sets it back. */
  readonly #backoff = new Backoff();
  /** Why there is no connection. */
  #why = NO_CONNECTION;
  #probe: NodeJS.Timeout | undefined;
  #idle = true;
  readonly #sockets = new Set<Socket>();
  /** The calls that wait for the server's time. */
  readonly #asked = new Map<Call, Promise<Moment>>();
  /** The listing that was asked for last. */
  #listing: Promise<unknown> = Promise.resolve();
  /** Why the last listing failed that had waited for as long as it may. */
  #silence: unknown;

  constructor(address: Address, tls: TlsOptions | undefined, timeout: number) {
    this.#address = address;
    const { host, port } = address;
    this.name = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    this.#tls = tls;
    this.#timeout = timeout;
  }

  /** What the server told last. */
  get limits(): Limits {
    return this.#limits;
  }

  /** How often a connection was made. CAS tokens begin anew where the server does. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * How many milliseconds a round trip is taken to last: as many as the last greeting, and never so many that a single slow
   * one would leave calls too little.
   */
  get roundTrip(): number {
    return this.#roundTrip;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Connects, and tells how the first attempt went. */
  async connect(): Promise<void> {
    await this.#connectOnce().catch((error: unknown) => {
      throw named(withOutcome(error, "not-applied"), this.name);
    });
    if (this.#closed) throw closed("not-applied");
    // A connection on which nothing happens may be dead without a sign: a question finds out.
    this.#probe = setInterval(() => {
      const call = { deadline: performance.now() + this.#timeout, signal: undefined };
      if (this.#idle && this.#connection?.idle) this.ask(NOTHING, "mn", call).catch(() => {});
      this.#idle = true;
    }, this.#timeout).unref();
  }

  /** @param late - whether something came before it, since its call was made, that took time. */
  send(request: AnyRequest, late = false): void {
    this.#idle = false;
    if (this.#closed) {
      request.fail(closed("not-applied"));
      return;
    }
    if (late && this.#isTooLate(request, "what came before it at its key took too long")) return;
    this.#pending.add(request);
    if (this.#connection === undefined) this.#waiting.add(request);
    else this.#hand(this.#connection, request);
  }

  /** Sends a command that stores nothing, and that something came before. */
  ask<R>(kind: Kind<R>, command: string, call: Call): Promise<R> {
    return new Promise((resolve, reject) => {
      this.send(new Request(kind, command, undefined, call, undefined, resolve, reject), true);
    });
  }

  /** The server's time. Commands of one call that want it while it is asked for get one answer. */
  now(call: Call): Promise<Moment> {
    let asked = this.#asked.get(call);
    if (asked === undefined) {
      asked = this.ask(stats("time"), "stats", call)
        // The reply came on the connection that there is.
        .then(({ time }) => ({ time: Number(time), epoch: this.#epoch }))
        .finally(() => this.#asked.delete(call));
      this.#asked.set(call, asked);
    }
    return asked;
  }

  /**
   * Runs one listing after the other: a server makes one at a time. Where it falls silent in one, those that wait for their
   * turn fail with that one, so that their callers do not wait for as long again, one after the other.
   */
  alone<R>(run: () => Promise<R>): Promise<R> {
    const before = this.#silence;
    const ran = this.#listing.then(() => {
      if (this.#silence !== before) throw this.#silence;
      return run();
    });
    this.#listing = ran.catch((error: unknown) => {
      if (!this.#closed && (error instanceof TimeoutError || error instanceof UnavailableError)) this.#silence = error;
    });
    return ran;
  }

  /**
   * Opens a socket to the server, which `close` ends where the caller has not.
   *
   * @param read - is handed what the socket reads, in memory that is used again: a new buffer a read, and a stream's
   * events, cost more than a short reply.
   */
  open(read: (piece: Buffer) => void): Socket {
    const { host, port } = this.#address;
    const onread = {
      buffer: Buffer.allocUnsafe(READ),
      callback: (length: number, buffer: Uint8Array): boolean => {
        read((buffer as Buffer).subarray(0, length));
        return true;
      },
    };
    const socket =
      this.#tls === undefined
        ? connectTcp({ host, port, onread })
        : connectTls({ ...(isIP(host) === 0 && { servername: host }), ...this.#tls, host, port, onread } as TlsOptions);
    this.#sockets.add(socket);
    return socket.setNoDelay(true).once("close", () => this.#sockets.delete(socket));
  }

  /** Ends what is pending, and whatever keeps the process alive. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#probe);
    this.#drop(closed("unknown"));
    for (const request of this.#waiting) request.fail(closed("not-applied"));
    this.#waiting.clear();
    this.#pending.clear();
    this.#endAttempt?.();
    this.#backoff.end();
    for (const socket of this.#sockets) socket.destroy();
  }

  #hand(connection: Connection, request: AnyRequest): void {
    const { epoch, stored } = request;
    if (epoch !== undefined && epoch !== this.#epoch) request.fail(STALE);
    else if (stored !== undefined && stored.size > this.#limits.room) request.fail(tooLarge(this.#limits));
    else connection.send(request);
  }

  /** One without the time for a reply is not sent: it would take its connection along, and so all others on it. */
  #isTooLate(request: AnyRequest, why: string): boolean {
    if (request.deadline - performance.now() >= this.#roundTrip) return false;
    request.fail(this.#unsent(why));
    return true;
  }

  #unsent(why: string): TimeoutError {
    return new TimeoutError(`${this.name}: not sent within ${this.#timeout} ms: ${why}`, { outcome: "not-applied" });
  }

  #expire(request: AnyRequest): void {
    if (!request.sent) {
      this.#waiting.delete(request);
      request.fail(this.#unsent(this.#why));
      return;
    }
    request.fail(new TimeoutError(`${this.name}: no reply within ${this.#timeout} ms`, { outcome: "unknown" }));
    // The reply may still come, and must not meet another call.
    this.#drop();
  }

  /** Ends the connection. What was handed to its socket may have taken effect. */
  #drop(reason: Error = this.#lost()): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    for (const request of connection.end()) {
      // Only close comes between a call and the write of its tick.
      request.fail(request.sent ? reason : closed("not-applied"));
    }
    if (!this.#closed) void this.#reconnect(connection.answered);
  }

  /** @param code - Node's own, such as `ECONNRESET`. */
  #lost(code?: string): UnavailableError {
    const message = `${this.name}: the connection was lost before the reply came${codeOf(code)}`;
    return new UnavailableError(message, { outcome: "unknown" });
  }

  async #connectOnce(): Promise<void> {
    let fail!: (reason: unknown) => void;
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const connection = new Connection(
      (read) => this.open(read),
      (code) => {
        if (this.#connection === connection) this.#drop(this.#lost(code));
        // What the server said to it comes first.
        else setImmediate(() => fail(unreachable(code)));
      },
    );
    this.#endAttempt = () => fail(closed("not-applied"));
    const start = performance.now();
    try {
      this.#limits = await within(Promise.race([failed, greet(connection)]), this.#timeout);
      if (this.#closed || !connection.open) throw unreachable();
    } catch (error) {
      connection.end();
      const reason = error === GARBLED ? unreachable() : (error as Error);
      this.#why = reason.message;
      throw reason;
    } finally {
      this.#endAttempt = undefined;
    }
    // The greeting is no sign that it serves: one that is lost right behind it is not made again at once.
    connection.answered = false;
    this.#connection = connection;
    this.#epoch++;
    this.#roundTrip = Math.min(Math.max(1, performance.now() - start), this.#timeout / 4);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const request of waiting) if (!this.#isTooLate(request, this.#why)) this.#hand(connection, request);
    this.#why = NO_CONNECTION;
  }

  async #reconnect(answered: boolean): Promise<void> {
    if (answered) this.#backoff.reset();
    let failed = !answered;
    while (!this.#closed && this.#connection === undefined) {
      if (failed) await this.#backoff.pause();
      if (this.#closed) break;
      // The callers that wait are told by their deadline; the server is tried for ever.
      failed = await this.#connectOnce().then(
        () => false,
        () => true,
      );
    }
  }
}

/** Asks the server whether it speaks the protocol, and what it takes. */
async function greet(connection: Connection): Promise<Limits> {
  const call = { deadline: Number.POSITIVE_INFINITY, signal: undefined };
  const asked = <R>(kind: Kind<R>, command: string): Promise<R> =>
    new Promise((resolve, reject) => {
      const greeting = { ...kind, refusal: greetingError };
      connection.send(new Request(greeting, command, undefined, call, undefined, resolve, reject));
    });
  const [settings] = await Promise.all([
    asked(stats("item_size_max", "cas_enabled"), "stats settings"),
    asked(NOTHING, "mn"),
  ]);
  const cas = settings.cas_enabled === "yes";
  return { room: Number(settings.item_size_max) - OVERHEAD - (cas ? CAS_OVERHEAD : 0), cas };
}

/** @param code - Node's own, such as `ECONNREFUSED`. */
function unreachable(code = "no Memcached answered"): UnavailableError {
  return new UnavailableError(`no connection to Memcached (${code})`, { outcome: "not-applied" });
}

/** What is told of a key and a value for which the server has no room. */
export function tooLarge({ room }: Limits): InvalidArgumentError {
  return new InvalidArgumentError(
    `the key and the value are longer than the server takes: ${room} bytes together (its option -I)`,
  );
}
