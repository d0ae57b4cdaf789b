import { TimeoutError, UnavailableError } from "../errors.js";
import { Backoff } from "../internal/backoff.js";
import { Deadlines, type Due } from "../internal/deadlines.js";
import { closed, lost } from "../internal/outcomes.js";
import { within } from "../internal/within.js";
import { reasonOf } from "./connect-error.js";
import { ask, PING } from "./kinds.js";
import type { Argument, Reply } from "./protocol.js";
import type { AnyRun } from "./run.js";

/** What we use of a node-redis client of one node. */
export interface NodeClient {
  sendCommand(command: Argument[]): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

export interface LinkOptions {
  /**
   * Finds the node and makes a client for it that does not reconnect by itself; not yet connected.
   *
   * @param asked - is told of every client that is connected to find it, so that a close can end it; throws after a close.
   */
  open(asked: (client: NodeClient) => void): NodeClient | Promise<NodeClient>;
  /** Milliseconds that a call may take, its time in the queue counted in. */
  readonly timeout: number;
  /** Throws where a client that has connected is not to be used. */
  accept?(client: NodeClient): Promise<void>;
  /** Called whenever the connection is lost. */
  onLost?(): void;
}

interface Pending extends Due {
  readonly run: AnyRun;
  /** Whether it was handed to the socket. */
  sent: boolean;
  /** Behind an ASKING. */
  readonly asking: boolean;
}

/**
 * A connection to one node that is opened again for ever, each time with a new client: what was sent on one never
 * meets what comes back on another, and nothing is sent twice.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #pending = new Deadlines<Pending>((pending) => this.#expire(pending));
  #client: NodeClient | undefined;
  #probe: NodeJS.Timeout | undefined;
  #idle = true;
  #closed = false;
  #connecting = false;
  /** The client that is being connected. */
  #opening: NodeClient | undefined;
  /** The scripts that this connection has had a reply to. */
  #known = new Set<string>();
  /** A reply on a connection sets it back. */
  readonly #backoff = new Backoff();
  /** Whether the last connection brought a reply: one that does not is not made again at once. */
  #answered = true;
  #epoch = 0;
  /** Why the last attempt failed. */
  #why = "";

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** How often a connection was made: a SCAN that spans two of them starts again. */
  get epoch(): number {
    return this.#epoch;
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** Connects, and tells how the first attempt went. */
  async connect(): Promise<void> {
    await this.#connectOnce();
    this.#startProbe();
  }

  /** Connects in the background, for as long as it takes. */
  start(): this {
    this.#startProbe();
    void this.#reconnect();
    return this;
  }

  send(run: AnyRun, asking = false): void {
    if (this.#closed) {
      run.fail(closed("not-applied"));
      return;
    }
    const pending: Pending = { run, asking, deadline: run.deadline, over: false, sent: false };
    this.#pending.add(pending);
    if (this.#client !== undefined) this.#hand(this.#client, pending);
  }

  /** Whether a reply has been missing for this many milliseconds, or there is no connection. */
  stalled(milliseconds: number): boolean {
    const { first } = this.#pending;
    const since = (first?.deadline ?? Number.POSITIVE_INFINITY) - this.#options.timeout;
    return !this.connected || since + milliseconds < performance.now();
  }

  /** Whether something is pending. */
  get busy(): boolean {
    return this.#pending.first !== undefined;
  }

  /** The slots about which a reply is still to come. */
  slotsInFlight(): Set<number> {
    return new Set(this.#pending.all.filter(({ sent }) => sent).map(({ run }) => run.slot));
  }

  /** Gives back such runs as were not yet sent. */
  *release(which: (run: AnyRun) => boolean = () => true): Generator<AnyRun> {
    for (const pending of this.#pending.all) {
      if (pending.sent || !which(pending.run)) continue;
      pending.over = true;
      yield pending.run;
    }
  }

  /** Drops the connection and makes another. */
  renew(): void {
    this.#drop(lost());
  }

  /** Ends what is pending, and whatever keeps the process alive. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#probe);
    this.#drop(closed("unknown"));
    if (this.#opening !== undefined) end(this.#opening);
    for (const run of this.release()) run.fail(closed("not-applied"));
    this.#pending.clear();
    this.#backoff.end();
  }

  #hand(client: NodeClient, pending: Pending): void {
    const command = pending.run.command(this.#known);
    if (command === undefined) {
      pending.over = true;
      return;
    }
    this.#idle = false;
    pending.sent = true;
    if (pending.asking) client.sendCommand(["ASKING"]).catch(() => {});
    client.sendCommand(command).then(
      (reply) => {
        if (!this.#finish(pending)) return;
        this.#answered = true;
        this.#backoff.reset();
        // Whatever comes next on a connection that is out of step is another call's.
        if (!pending.run.settle(reply as Reply) && this.#client === client) this.#drop(lost());
      },
      (error: unknown) => {
        if (this.#finish(pending)) pending.run.refused(error);
      },
    );
  }

  /** `false`: its callers were told before; the reply is nobody's. */
  #finish(pending: Pending): boolean {
    if (pending.over) return false;
    pending.over = true;
    return true;
  }

  #expire(pending: Pending): void {
    const { timeout } = this.#options;
    if (!pending.sent) {
      this.#tellUnsent(pending);
      return;
    }
    pending.run.fail(new TimeoutError(`no reply within ${timeout} ms`, { outcome: "unknown" }));
    // The reply may still come, and must not meet another call.
    this.#drop(lost());
  }

  #tellUnsent(pending: Pending): void {
    pending.over = true;
    const message = `not sent within ${this.#options.timeout} ms, for want of a connection${this.#why}`;
    pending.run.fail(new TimeoutError(message, { outcome: "not-applied" }));
  }

  /** Ends the connection. What is in flight on it may have taken effect. */
  #drop(reason: Error): void {
    const client = this.#client;
    this.#client = undefined;
    for (const pending of this.#pending.all) {
      if (!pending.sent) continue;
      pending.over = true;
      pending.run.fail(reason);
    }
    if (client === undefined) return;
    end(client);
    if (this.#closed) return;
    this.#options.onLost?.();
    void this.#reconnect();
  }

  async #connectOnce(): Promise<void> {
    const client = await this.#options.open((asked) => {
      if (this.#closed) throw closed("not-applied");
      this.#opening = asked;
    });
    if (this.#closed) {
      end(client);
      throw closed("not-applied");
    }
    const start = performance.now();
    let broken = false;
    client.on("error", () => {
      broken = true;
      if (this.#client === client) this.#drop(lost());
    });
    this.#opening = client;
    const connecting = client.connect().then(() => this.#options.accept?.(client));
    try {
      await within(connecting, this.#options.timeout);
      if (this.#closed) throw closed("not-applied");
      if (broken) throw new UnavailableError("the connection was lost at once", { outcome: "not-applied" });
    } catch (error) {
      // Also once it is connected: a socket that is still being opened knows nothing of a destroy.
      connecting.then(
        () => end(client),
        () => {},
      );
      end(client);
      throw error;
    } finally {
      this.#opening = undefined;
    }
    this.#client = client;
    this.#known = new Set();
    this.#answered = false;
    this.#epoch++;
    const now = performance.now();
    for (const pending of this.#pending.all) {
      // The one before may have ended it.
      if (!this.connected || pending.sent) continue;
      // One without the time for a reply would take the others with it when it is dropped.
      if (pending.deadline - now > now - start) this.#hand(client, pending);
      else this.#tellUnsent(pending);
    }
  }

  async #reconnect(): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    let failed = !this.#answered;
    while (!this.#closed && this.#client === undefined) {
      if (failed) await this.#backoff.pause();
      if (this.#closed) break;
      // The callers that wait are told by their deadline; the node is tried for ever.
      failed = await this.#connectOnce().then(
        () => false,
        (error: unknown) => {
          this.#why = `: ${reasonOf(error)}`;
          return true;
        },
      );
    }
    this.#connecting = false;
  }

  /** A connection on which nothing happens may be dead without a sign: a PING finds out. */
  #startProbe(): void {
    this.#probe = setInterval(() => {
      if (this.#idle && this.#client !== undefined && this.#pending.first === undefined) {
        ask((run) => this.send(run), PING, undefined, this.#options.timeout).catch(() => {});
      }
      this.#idle = true;
    }, this.#options.timeout).unref();
  }
}

/** Some versions of node-redis throw where there is nothing left to end. */
export function end(client: NodeClient): void {
  try {
    client.destroy();
  } catch {}
}
