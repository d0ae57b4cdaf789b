import { NamestoreError, TimeoutError, UnavailableError } from "../errors.js";
import { abortable, onAbort } from "../internal/abort.js";
import { LONGEST_TIMER } from "../internal/timer.js";
import { Backoff } from "./backoff.js";
import { afterReads, now, startInterval, startTimer, stopInterval, stopTimer, type Timer } from "./clock.js";
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
  /** When there was a connection last. */
  #lostAt = 0;
  #down = false;
  /** Ends the patience of calls that wait for a connection. */
  #patience: Timer | undefined;
  /** When the connection was opened. */
  #openedAt = 0;
  /** A connection that is about to be replaced. */
  #leaving: C | undefined;
  /** Requests with signals that wait for a connection, and what removes their listeners. */
  readonly #held = new Map<R, () => void>();
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
    return this.#down;
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
    // What waited for the connection may have closed it.
    if (this.#closed) throw closed("not-applied");
    this.#startProbe();
  }

  /** Connects in the background, for as long as it takes. */
  start(): void {
    this.#startPatience();
    this.#startProbe();
    void this.#reconnect(true);
  }

  /** Sends a request now, or as soon as there is a connection. */
  send(request: R): void {
    if (this.#closed) {
      request.fail(closed("not-applied"));
      return;
    }
    if (this.#down) {
      request.fail(this.#unavailable());
      return;
    }
    this.#idle = false;
    this.#pending.add(request);
    if (this.#connection !== undefined && this.#leaving === undefined) this.#connection.send(request);
    else this.#hold(request);
  }

  /**
   * Replaces the connection after a pause: it leads to a server that refuses to serve. Nothing is sent on it any more, and
   * it is dropped as soon as what was sent has settled: most of that was refused as well, and not applied.
   */
  renew(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#leaving === connection) return;
    this.#leaving = connection;
    const end = now() + LONGEST_LEAVE;
    const check = (): void => {
      if (this.#connection !== connection) return;
      if (now() < end && this.#pending.all.some(({ sent }) => sent)) startTimer(check, LEAVE_CHECK);
      else this.#drop(lost(this.#source.name()), true);
    };
    afterReads(check);
  }

  /** Fails what is pending, and ends whatever keeps the process alive. */
  close(): void {
    this.#closed = true;
    stopInterval(this.#probe);
    stopTimer(this.#patience);
    this.#drop(closed("unknown"));
    this.#attempt?.abort(closed("not-applied"));
    for (const request of this.#pending.all) request.fail(closed("not-applied"));
    this.#releaseAll();
    this.#pending.clear();
    this.#backoff.end();
  }

  /** While a request waits for a connection, calls that are aborted leave it: they would hold memory and a place. */
  #hold(request: R): void {
    const { signals } = request;
    if (signals.length === 0) return;
    const withdraw = (): void => {
      request.withdraw();
      if (request.settled) this.#release(request);
    };
    const removers = signals.map((signal) => onAbort(signal, withdraw));
    this.#held.set(request, () => {
      for (const remove of removers) remove();
    });
    // A signal may have fired before.
    withdraw();
  }

  #release(request: R): void {
    this.#held.get(request)?.();
    this.#held.delete(request);
  }

  #releaseAll(): void {
    for (const remove of this.#held.values()) remove();
    this.#held.clear();
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
      throw error;
    } finally {
      this.#attempt = undefined;
    }
    this.#connection = connection;
    stopTimer(this.#patience);
    this.#releaseAll();
    this.#down = false;
    this.#epoch++;
    const time = now();
    this.#openedAt = time;
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
   * @param answered - whether the connection before was of use: if not, the pauses go on growing.
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
    this.#leaving = undefined;
    connection.close();
    for (const request of this.#pending.all) if (request.sent) request.fail(reason);
    if (this.#closed) return;
    this.#startPatience();
    this.#source.onLost?.();
    // A server that refuses to serve may answer reads: only a connection that held for a while ends its backoff.
    const held = connection.answered && (!pause || now() - this.#openedAt > STEADY);
    void this.#reconnect(held, pause || !held);
  }

  /** From now on calls wait for a connection, but not for longer than `failFastAfter`. */
  #startPatience(): void {
    this.#lostAt = now();
    const { failFastAfter } = this.#source;
    if (failFastAfter > LONGEST_TIMER) return;
    this.#patience = startTimer(() => afterReads(() => this.#giveUpWaiting()), failFastAfter);
  }

  #giveUpWaiting(): void {
    if (this.#connection !== undefined || this.#closed) return;
    this.#down = true;
    this.#releaseAll();
    for (const request of this.#pending.all) request.fail(this.#unavailable());
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
    this.#release(request);
    request.fail(new TimeoutError(message, { outcome: "not-applied" }));
  }

  #unavailable(): UnavailableError {
    const time = now() - this.#lostAt;
    const shown = time < 1_000 ? `${Math.round(time)} ms` : `${Math.round(time / 1_000)} s`;
    const message = `${this.#source.name()}: unreachable for ${shown}: ${this.#failure}`;
    return new UnavailableError(message, { outcome: "not-applied", down: true });
  }

  /** A connection on which nothing happens may be dead without a sign: a probe finds out. */
  #startProbe(): void {
    this.#probe = startInterval(() => {
      if (this.#idle && this.#connection !== undefined && this.oldest === undefined) this.#source.probe();
      this.#idle = true;
    }, this.#source.timeout);
  }
}

const NO_CONNECTION = "no connection";

/** How long a connection that is about to be replaced may take to settle, and how often it is checked, in milliseconds. */
const LONGEST_LEAVE = 250;
const LEAVE_CHECK = 5;

/** A connection that held for so long, in milliseconds, led to a server that served. */
const STEADY = 10_000;

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
  /** The signals of its calls. */
  readonly signals: readonly AbortSignal[];
  /** Rejects the calls that were aborted, and marks it as settled when none is left. It was not sent. */
  withdraw(): void;
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
