import type { AnyBatch } from "../commands/batch.js";
import type { Refusal } from "../commands/errors.js";
import { NodeConnection, type NodeConnectionOptions } from "../connection/node-connection.js";
import { type Primary, type Router, resend } from "./router.js";

/** Routes everything to one server: a standalone one, or the primary that Sentinels name. */
export class SingleNode implements Router {
  readonly clustered = false;
  readonly version = 0;
  closed = false;
  readonly #connection: NodeConnection;

  constructor(options: Omit<NodeConnectionOptions, "onRefused">) {
    this.#connection = new NodeConnection({
      ...options,
      onRefused: (batch, refusal) => this.#onRefused(batch, refusal),
    });
  }

  connect(): Promise<void> {
    return this.#connection.connect();
  }

  /** Connects in the background. */
  start(): void {
    this.#connection.start();
  }

  slotOf(): number {
    return 0;
  }

  send(batch: AnyBatch): void {
    this.#connection.send(batch);
  }

  async primaries(): Promise<readonly Primary[]> {
    return [this.#connection];
  }

  close(): void {
    this.closed = true;
    this.#connection.close();
  }

  #onRefused(batch: AnyBatch, refusal: Refusal): boolean {
    // A replica by now: the name of the server, or the Sentinels, may lead a new connection to the primary.
    if (refusal.prefix === "READONLY" || refusal.prefix === "MASTERDOWN") this.#connection.renew();
    return resend(batch, refusal, (again) => this.#connection.send(again));
  }
}
