import type { AnyBatch } from "../commands/batch.js";
import type { Refusal } from "../commands/errors.js";
import { NodeConnection, type NodeConnectionOptions } from "../connection/node-connection.js";
import { type Primary, type Router, resend } from "./router.js";

/** Routes everything to one server: a standalone one, or the primary that Sentinels name. */
export class SingleNode implements Router {
  readonly version = 0;
  closed = false;
  readonly #connection: NodeConnection;
  readonly #findsPrimary: boolean;

  /** @param findsPrimary - whether a new connection finds the primary when the server turns out to be a replica. */
  constructor(options: Omit<NodeConnectionOptions, "onRefused">, findsPrimary: boolean) {
    this.#connection = new NodeConnection({ ...options, onRefused: (batch, refusal) => this.#resend(batch, refusal) });
    this.#findsPrimary = findsPrimary;
  }

  connect(): Promise<void> {
    return this.#connection.connect();
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

  #resend(batch: AnyBatch, refusal: Refusal): boolean {
    if (refusal.prefix === "READONLY" && this.#findsPrimary) this.#connection.renew();
    return resend(batch, refusal, (again) => this.#connection.send(again));
  }
}
