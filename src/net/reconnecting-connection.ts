import { NamestoreError, TimeoutError, UnavailableError } from "../errors.js";
import { abortable } from "../internal/abort.js";
import { Backoff } from "./backoff.js";
import { now, startInterval, stopInterval, type Timer } from "./clock.js";
import { Deadlines, type Due } from "./deadlines.js";
import { closed, lost } from "./outcomes.js";
import { within } from "./within.js";

/**
 * The way to one server: a connection that is replaced whenever it is lost, for as long as the driver is open. What was
 * sent on one connection never meets a reply of the next, and nothing is sent twice.
 */
export class ReconnectingConnection<R extends PendingRequest, C extends Connection<R>> {
  readonly #source: ConnectionSource<R, C>;
  readonly #pending = new Deadlines<R>((request) => this.#expire(request));
  readonly #backoff = new Backoff();
  #connection: C | undefined;
  /** Ends the attempt to connect that is in progress. */
  #attempt: AbortController | undefined;
  #reconnecting = false;
  #closed = false;
  #epoch = 0;
  #roundTrip = 1;
  /** Why there is no connection. */
  #failure = NO_CONNECTION;
  /** Since when there has been no connection, and whether an attempt has failed since. */
  #lostAt: number | undefined;
  #attempted = false;
  #probe: Timer | undefined;
  #idle = true;

  constructor(source: ConnectionSource<R, C>) {
    this.#source = source;
  }

  /** The connection there is now. */
  get connection(): C | undefined {
    return this.#connection;
  }

  /** Counts the connections there have been. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * How long a round trip is taken to last, in milliseconds: as long as connecting took, but never so long that one slow
   * attempt leaves calls too little time.
   */
  get roundTrip(): number {
    return this.#roundTrip;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether connecting has failed for so long that calls no longer wait for it. */
  get down(): boolean {
    return this.#lostAt !== undefined && this.#attempted && now() - this.#lostAt > this.#source.failFastAfter;
  }

  /** What is pending and due first. */
  get oldest(): R | undefined {
    return this.#pending.first;
  }

  /** What is pending, sorted by deadline. */
  get pending(): R[] {
    return this.#pending.all;
  }

  /** Connects. Rejects as the first attempt does; after it, the connection reconnects by itself. */
  async connect(): Promise<void> {
    await this.#open();
    this.#startProbe();
  }

  /** Connects in the background, for as long as it takes. */
  start(): void {
    this.#lostAt = now();
    this.#startProbe();
    void this.#reconnect(true);
  }

  /** Sends a request now, or as soon as there is a connection. */
  send(request: R): void {
    if (this.#closed) {
      request.fail(closed("not-applied"));
      return;
    }
    if (this.down) {
      request.fail(this.#unavailable());
      return;
    }
    this.#idle = false;
    this.#pending.add(request);
    this.#connection?.send(request);
  }

  /** Drops the connection and opens another after a pause: this one leads to a server that refuses to serve. */
  renew(): void {
    this.#drop(lost(this.#source.name()), true);
  }

  /** Fails what is pending, and ends whatever keeps the process alive. */
  close(): void {
    this.#closed = true;
    stopInterval(this.#probe);
    this.#drop(closed("unknown"));
    this.#attempt?.abort(closed("not-applied"));
    for (const request of this.#pending.all) request.fail(closed("not-applied"));
    this.#pending.clear();
    this.#backoff.end();
  }

  async #open(): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const { timeout } = this.#source;
    const start = now();
    let connection: C | undefined;
    const opening = this.#source.open(attempt.signal, (reason) => {
      if (connection !== undefined && this.#connection === connection) this.#drop(reason);
      else attempt.abort(reason);
    });
    try {
      connection = await abortable(within(opening, timeout), attempt.signal);
      // It may have been lost, or the driver closed, just before.
      attempt.signal.throwIfAborted();
      if (this.#closed) throw closed("not-applied");
    } catch (error) {
      attempt.abort(error);
      opening.then(
        (late) => late.close(),
        () => {},
      );
      if (error instanceof NamestoreError) this.#failure = error.message;
      this.#attempted = true;
      // By default they time out at that very time, and say so.
      if (this.down && this.#source.failFastAfter < timeout) {
        for (const request of this.#pending.all) request.fail(this.#unavailable());
      }
      throw error;
    } finally {
      this.#attempt = undefined;
    }
    this.#connection = connection;
    this.#lostAt = undefined;
    this.#attempted = false;
    this.#epoch++;
    const time = now();
    this.#roundTrip = Math.min(Math.max(1, time - start), timeout / 4);
    for (const request of this.#pending.all) {
      // One that was sent before it may have ended the connection.
      if (this.#connection !== connection) break;
      // A request without enough time for a reply would take the connection with it when it expires.
      if (request.deadline - time >= this.#roundTrip) connection.send(request);
      else this.#failUnsent(request);
    }
    this.#failure = NO_CONNECTION;
  }

  /**
   * @param answered - whether the connection before ever brought a reply: if not, the pauses go on growing.
   * @param wait - whether to pause before the first attempt.
   */
  async #reconnect(answered: boolean, wait = !answered): Promise<void> {
    if (this.#reconnecting) return;
    this.#reconnecting = true;
    if (answered) this.#backoff.reset();
    while (!this.#closed && this.#connection === undefined) {
      if (wait) await this.#backoff.pause();
      if (this.#closed) break;
      // Calls that wait fail at their deadline; the server is tried indefinitely.
      await this.#open().catch(() => {});
      wait = true;
    }
    this.#reconnecting = false;
  }

  /** Ends the connection. What was sent on it may have taken effect. */
  #drop(reason: Error, pause = false): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    this.#lostAt = now();
    connection.close();
    for (const request of this.#pending.all) if (request.sent) request.fail(reason);
    if (this.#closed) return;
    this.#source.onLost?.();
    void this.#reconnect(connection.answered, pause || !connection.answered);
  }

  #expire(request: R): void {
    if (!request.sent) {
      this.#failUnsent(request);
      return;
    }
    const { timeout } = this.#source;
    const name = this.#source.name();
    request.fail(new TimeoutError(`${name}: no reply within ${timeout} ms`, { outcome: "unknown" }));
    // The reply may still come, and must not meet another call.
    this.#drop(lost(name));
  }

  #failUnsent(request: R): void {
    const { timeout } = this.#source;
    const message = `${this.#source.name()}: not sent within ${timeout} ms: ${this.#failure}`;
    request.fail(new TimeoutError(message, { outcome: "not-applied" }));
  }

  #unavailable(): UnavailableError {
    const seconds = Math.round((now() - (this.#lostAt as number)) / 1_000);
    const message = `${this.#source.name()}: unreachable for ${seconds} s: ${this.#failure}`;
    return new UnavailableError(message, { outcome: "not-applied", down: true });
  }

  /** A connection on which nothing happens may be dead without a sign: a probe finds out. */
  #startProbe(): void {
    if (this.#closed) return;
    this.#probe = startInterval(() => {
      if (this.#idle && this.#connection !== undefined && this.oldest === undefined) this.#source.probe();
      this.#idle = true;
    }, this.#source.timeout);
  }
}

const NO_CONNECTION = "no connection";

/** One connection, as the reconnecting one sees it. */
export interface Connection<R> {
  /** Whether a reply has come. A connection that never brought one is not replaced at once. */
  readonly answered: boolean;
  /** Hands a request to the socket, at once or at the end of this tick, and then sets its `sent`. */
  send(request: R): void;
  /** Closes the socket. What arrives afterwards is dropped. */
  close(): void;
}

/** A request that waits for its reply. */
export interface PendingRequest extends Due {
  /** Whether it was handed to a socket. */
  sent: boolean;
  /** Rejects its callers, and marks it as settled. */
  fail(error: unknown): void;
}

/** What opens connections to one server, and knows its protocol. */
export interface ConnectionSource<R, C extends Connection<R>> {
  /** The server, as errors name it. */
  name(): string;
  /** How long a call, or an attempt to connect, may take, in milliseconds. */
  readonly timeout: number;
  /** How long connecting may fail, in milliseconds, until calls fail at once. */
  readonly failFastAfter: number;
  /**
   * Opens one connection, its handshake included. Rejects with a coded error.
   *
   * @param signal - fires when the attempt has failed: whatever it opened has to be closed then.
   * @param lost - to be called when the connection fails, now or later, unless it was closed.
   */
  open(signal: AbortSignal, lost: (reason: Error) => void): Promise<C>;
  /** Sends something that any healthy server answers. */
  probe(): void;
  /** Called whenever a connection is lost. */
  onLost?(): void;
}
