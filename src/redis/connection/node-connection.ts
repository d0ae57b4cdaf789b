import { UnavailableError } from "../../errors.js";
import { afterReads, now } from "../../net/clock.js";
import { lost } from "../../net/outcomes.js";
import { ReconnectingConnection } from "../../net/reconnecting-connection.js";
import { type AnyBatch, ask } from "../commands/batch.js";
import { PING } from "../commands/commands.js";
import type { Refusal } from "../commands/errors.js";
import { ClientConnection, NodeRequest } from "./client-connection.js";
import { toConnectError } from "./connect-error.js";
import { destroy, type NodeClient, openWithin } from "./node-client.js";

/** The way to one node, which reconnects indefinitely, each time with a new client. */
export class NodeConnection {
  /** The node, as errors name it. */
  name: string;
  readonly #options: NodeConnectionOptions;
  readonly #connection: ReconnectingConnection<NodeRequest, ClientConnection>;

  constructor(options: NodeConnectionOptions) {
    const { timeout, failFastAfter, onLost } = options;
    this.name = options.name;
    this.#options = options;
    this.#connection = new ReconnectingConnection({
      timeout,
      failFastAfter,
      name: () => this.name,
      open: (signal, onFailure) => this.#open(signal, onFailure),
      probe: () => void ask((batch) => this.send(batch), PING, undefined, timeout).catch(() => {}),
      onLost: () => onLost?.(),
    });
  }

  /** Counts the connections there have been: a SCAN that spans two of them starts again. */
  get epoch(): number {
    return this.#connection.epoch;
  }

  get connected(): boolean {
    return this.#connection.connection !== undefined;
  }

  /** Whether something is pending. */
  get busy(): boolean {
    return this.#connection.oldest !== undefined;
  }

  /** For how many milliseconds a reply has been missing; infinite without a connection. */
  get silence(): number {
    if (!this.connected) return Number.POSITIVE_INFINITY;
    const { oldest } = this.#connection;
    return oldest === undefined ? 0 : now() - (oldest.deadline - this.#options.timeout);
  }

  /** Connects. Rejects as the first attempt does. */
  connect(): Promise<void> {
    return this.#connection.connect();
  }

  /** Connects in the background. */
  start(): this {
    this.#connection.start();
    return this;
  }

  /**
   * @param redirect - `asking`: the slot is being moved to this node; `by`: the node that serves the slot no longer.
   */
  send(batch: AnyBatch, redirect: { readonly asking?: boolean; readonly by?: NodeConnection } = NO_REDIRECT): void {
    this.#connection.send(new NodeRequest(batch, redirect.asking === true, redirect.by));
  }

  /** The slots about which a reply is still to come. */
  slotsInFlight(): Set<number> {
    return new Set(this.#inFlight.map(({ batch }) => batch.slot));
  }

  /** Calls back once all that is now in flight about a slot has settled. Returns `false` where nothing is. */
  whenSettled(slot: number, callback: () => void): boolean {
    const awaited = this.#inFlight.filter(({ batch }) => batch.slot === slot);
    let left = awaited.length;
    const settled = (): void => {
      if (--left === 0) callback();
    };
    for (const request of awaited) request.onSettled = settled;
    return left > 0;
  }

  /** Takes back requests that were not sent yet. */
  takeUnsent(which: (request: NodeRequest) => boolean): AnyBatch[] {
    const taken = this.#connection.pending.filter((request) => !request.sent && which(request));
    for (const request of taken) request.settle();
    return taken.map(({ batch }) => batch);
  }

  /** Drops the connection and opens another. */
  renew(): void {
    this.#connection.renew();
  }

  close(): void {
    this.#connection.close();
  }

  get #inFlight(): NodeRequest[] {
    return this.#connection.pending.filter(({ sent }) => sent);
  }

  /** Tries one client after the other: Sentinels may name servers that are gone. */
  async #open(signal: AbortSignal, onFailure: (reason: Error) => void): Promise<ClientConnection> {
    let reason: unknown = new UnavailableError("no server to connect to", { outcome: "not-applied" });
    try {
      for await (const client of this.#options.candidates(signal)) {
        try {
          return await this.#connect(client, signal, onFailure);
        } catch (error) {
          reason = error;
        }
      }
    } catch (error) {
      reason = error;
    }
    throw toConnectError(reason);
  }

  async #connect(
    client: NodeClient,
    signal: AbortSignal,
    onFailure: (reason: Error) => void,
  ): Promise<ClientConnection> {
    const fail = (): void => onFailure(lost(this.name));
    let open = false;
    let failed = false;
    const broken = new Promise<never>((_, reject) => {
      client.on("error", (error) => {
        failed = true;
        if (open) fail();
        // What connect itself rejects with says more, and comes first; it may also wait for a reply in vain.
        else afterReads(() => reject(error));
      });
    });
    broken.catch(() => {});
    const { timeout, candidateTimeout = timeout, accept, onRefused } = this.#options;
    const connecting = async (): Promise<void> => {
      await client.connect();
      await accept?.(client);
    };
    await openWithin(client, candidateTimeout, signal, () => Promise.race([connecting(), broken]));
    if (failed) {
      destroy(client);
      throw new UnavailableError("the connection was lost at once", { outcome: "not-applied" });
    }
    open = true;
    return new ClientConnection(client, {
      name: () => this.name,
      onRefused: (batch, refusal) => onRefused(batch, refusal, this),
      onDesynchronised: fail,
    });
  }
}

export interface NodeConnectionOptions {
  /** The node, as errors name it. */
  readonly name: string;
  /** How long a call may take, its wait for a connection included, in milliseconds. */
  readonly timeout: number;
  /** How long connecting may fail, in milliseconds, until calls fail at once. */
  readonly failFastAfter: number;
  /**
   * Makes clients for the node, not connected yet: the first that connects is used. Most nodes have one candidate. What
   * else it opens has to end when the signal fires.
   */
  candidates(signal: AbortSignal): AsyncIterable<NodeClient> | Iterable<NodeClient>;
  /** How long one candidate may take, in milliseconds. Default: `timeout`. */
  readonly candidateTimeout?: number;
  /** Throws where a client that has connected is not to be used. */
  accept?(client: NodeClient): Promise<void>;
  /** Takes over a batch that the node refused. Returns `false` where its callers should get the error. */
  onRefused(batch: AnyBatch, refusal: Refusal, from: NodeConnection): boolean;
  /** Called whenever the connection is lost. */
  onLost?(): void;
}

const NO_REDIRECT = {};
