import type { Connection, PendingRequest } from "../../net/reconnecting-connection.js";
import type { AnyBatch } from "../commands/batch.js";
import { errorPrefix, type Refusal, toDriverError } from "../commands/errors.js";
import type { Reply } from "../commands/replies.js";
import { KnownScripts } from "../commands/scripts.js";
import { destroy, type NodeClient } from "./node-client.js";

/** One connection to one node, by a node-redis client of its own. */
export class ClientConnection implements Connection<NodeRequest> {
  answered = false;
  readonly #client: NodeClient;
  readonly #options: ClientConnectionOptions;
  readonly #scripts = new KnownScripts();

  constructor(client: NodeClient, options: ClientConnectionOptions) {
    this.#client = client;
    this.#options = options;
  }

  send(request: NodeRequest): void {
    const { batch } = request;
    const command = batch.encode();
    if (command === undefined) {
      request.settle();
      return;
    }
    const script = this.#scripts.prepare(command, batch.command.script);
    request.sent = true;
    // Its reply is of no interest: where it is refused, so is the command behind it.
    if (request.asking) this.#client.sendCommand(["ASKING"]).catch(() => {});
    this.#client.sendCommand(command).then(
      (reply) => {
        // Its callers have their error already; the reply is nobody's.
        if (request.settled) return;
        this.answered = true;
        if (script !== undefined) this.#scripts.add(script);
        const fits = batch.settle(reply as Reply);
        request.settle();
        // The next reply of a connection that is out of step would be another call's.
        if (!fits) this.#options.onDesynchronised();
      },
      (error: unknown) => {
        if (request.settled) return;
        // Before anyone learns that it has settled: what waits for it has to come after what is sent again.
        request.settled = true;
        const prefix = errorPrefix(error);
        if (script !== undefined && prefix === "NOSCRIPT") this.#scripts.forget(script);
        const message = (error as Error).message;
        if (prefix === undefined || !this.#options.onRefused(batch, { prefix, message })) {
          batch.fail(toDriverError(error, this.#options.name()));
        }
        request.settle();
      },
    );
  }

  close(): void {
    destroy(this.#client);
  }
}

export interface ClientConnectionOptions {
  /** The node, as errors name it. */
  name(): string;
  /** Takes over a batch that the server refused. Returns `false` where its callers should get the error. */
  onRefused(batch: AnyBatch, refusal: Refusal): boolean;
  /** Called when a reply did not belong to its command. */
  onDesynchronised(): void;
}

/** A batch on its way to one node. */
export class NodeRequest implements PendingRequest {
  readonly batch: AnyBatch;
  readonly deadline: number;
  /** Whether to send ASKING first: its slot is being moved to this node. */
  readonly asking: boolean;
  /** What sent it here says that it serves the slot no longer. */
  readonly redirectedBy: unknown;
  settled = false;
  sent = false;
  /** Called once when it has settled. */
  onSettled: (() => void) | undefined;

  constructor(batch: AnyBatch, asking: boolean, redirectedBy: unknown) {
    this.batch = batch;
    this.deadline = batch.deadline;
    this.asking = asking;
    this.redirectedBy = redirectedBy;
  }

  get signals(): readonly AbortSignal[] {
    return this.batch.signals;
  }

  withdraw(): void {
    this.batch.withdraw();
    if (this.batch.length === 0) this.settle();
  }

  fail(error: unknown): void {
    this.settled = true;
    this.batch.fail(error);
    this.settle();
  }

  settle(): void {
    this.settled = true;
    this.onSettled?.();
    this.onSettled = undefined;
  }
}
