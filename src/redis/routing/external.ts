import { InvalidArgumentError, TimeoutError, UnavailableError } from "../../errors.js";
import { kindOf } from "../../internal/describe.js";
import { attempt } from "../../internal/promise.js";
import { Deadlines, type Due } from "../../net/deadlines.js";
import { closed } from "../../net/outcomes.js";
import { type ExternalClient, type Sender, wasRefusedUnsent } from "../clients/external-client.js";
import { adaptIoRedis, type IoRedisClient } from "../clients/ioredis.js";
import {
  adaptNodeRedis,
  adaptNodeRedisCluster,
  type NodeRedisClient,
  type NodeRedisCluster,
} from "../clients/node-redis.js";
import type { AnyBatch } from "../commands/batch.js";
import { errorPrefix, toDriverError } from "../commands/errors.js";
import type { Reply } from "../commands/replies.js";
import { KnownScripts, type Script } from "../commands/scripts.js";
import { slotOf } from "../commands/slot.js";
import { type Primary, type Router, resend } from "./router.js";

/**
 * Sends everything over a client that was passed in. It is never closed and its connection never dropped, so its library
 * may still send what it holds after a timeout: the weaker guarantees are in docs/redis.md.
 */
export class External implements Router {
  readonly version = 0;
  closed = false;
  readonly #client: ExternalClient;
  readonly #pending: Deadlines<Pending>;
  /** By slot: which node serves one is the library's to know. */
  readonly #scripts = new Map<number, KnownScripts>();

  /** @throws InvalidArgumentError for anything but a client of a known library, and for an option that breaks a guarantee. */
  constructor(connection: RedisConnection, timeout: number) {
    this.#client = adapt(connection);
    this.#pending = new Deadlines(({ batch }) => {
      batch.fail(new TimeoutError(`no reply within ${timeout} ms`, { outcome: "unknown" }));
    });
  }

  get clustered(): boolean {
    return this.#client.clustered;
  }

  slotOf(key: string | Buffer): number {
    return this.clustered ? slotOf(key) : 0;
  }

  send(batch: AnyBatch): void {
    this.#sendBy(this.#client.sender, batch);
  }

  async primaries(): Promise<readonly Primary[]> {
    return (await this.#client.primaries()).map((sender) => ({
      send: (batch) => this.#sendBy(sender, batch),
      get epoch() {
        return sender.epoch;
      },
    }));
  }

  close(): void {
    this.closed = true;
    for (const pending of this.#pending.all) {
      pending.settled = true;
      pending.batch.fail(closed("unknown"));
    }
    this.#pending.clear();
  }

  #sendBy(sender: Sender, batch: AnyBatch): void {
    if (this.closed) {
      batch.fail(closed("not-applied"));
      return;
    }
    if (!sender.open) {
      const message = "the connection that was passed in is not open: connect it first, and close it last";
      batch.fail(new UnavailableError(message, { outcome: "not-applied" }));
      return;
    }
    const command = batch.encode();
    if (command === undefined) return;
    const scripts = this.#scriptsAt(batch.slot);
    const script = scripts.prepare(command, batch.command.script);
    const pending: Pending = { batch, deadline: batch.deadline, settled: false };
    this.#pending.add(pending);
    // A library that throws fails like one that rejects.
    Promise.resolve(attempt(() => sender.send(command, batch.slot))).then(
      (reply) => {
        if (pending.settled) return;
        pending.settled = true;
        if (script !== undefined) scripts.add(script);
        batch.settle(reply as Reply);
      },
      (error: unknown) => {
        if (pending.settled) return;
        pending.settled = true;
        this.#onRefused(batch, error, scripts, script);
      },
    );
  }

  #onRefused(batch: AnyBatch, error: unknown, scripts: KnownScripts, script: Script | undefined): void {
    const prefix = errorPrefix(error);
    if (prefix === "NOSCRIPT" && script !== undefined) scripts.forget(script);
    if (prefix !== undefined) {
      const refusal = { prefix, message: (error as Error).message };
      if (resend(batch, refusal, (again) => this.send(again))) return;
    }
    batch.fail(wasRefusedUnsent(error) ? refusedUnsent(error) : toDriverError(error));
  }

  #scriptsAt(slot: number): KnownScripts {
    let scripts = this.#scripts.get(slot);
    if (scripts === undefined) {
      scripts = new KnownScripts();
      this.#scripts.set(slot, scripts);
    }
    return scripts;
  }
}

/**
 * A client that you bring: one of node-redis (`createClient`, `createCluster`) or of ioredis (`Redis`, `Cluster`). It
 * stays yours to close.
 *
 * An option that would break a guarantee is refused, by name: `keyPrefix`; what reads from replicas (`readonly`,
 * `useReplicas`, `readOnly`, `role: "slave"`, `scaleReads`); of ioredis also `stringNumbers` and `enableAutoPipelining`.
 * ioredis sends unanswered commands again, so a client of it needs `autoResendUnfulfilledCommands: false`, a Cluster
 * `retryDelayOnFailover: 0`. Pools, and Sentinel clients of node-redis, are refused.
 */
export type RedisConnection = NodeRedisClient | NodeRedisCluster | IoRedisClient;

interface Pending extends Due {
  readonly batch: AnyBatch;
}

function adapt(connection: RedisConnection): ExternalClient {
  const given: object | null = connection;
  if (typeof given !== "object" || given === null) throw notAConnection(kindOf(given));
  if ("callBuffer" in connection) return adaptIoRedis(connection);
  if ("execute" in connection) throw notAConnection("a pool, which keeps no order between calls");
  if ("masters" in connection && "nodeClient" in connection) return adaptNodeRedisCluster(connection);
  if ("sendCommand" in connection && "isReady" in connection && "socketEpoch" in connection) {
    // Narrowed by what only a client has: a cluster has no socket of its own.
    return adaptNodeRedis(connection as NodeRedisClient);
  }
  throw notAConnection("an object of another kind");
}

function refusedUnsent({ message }: Error): UnavailableError {
  return new UnavailableError(`the connection that was passed in refuses commands: ${message}`, {
    outcome: "not-applied",
  });
}

function notAConnection(given: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `the connection is ${given}; allowed is a client or a cluster of node-redis (redis) or of ioredis`,
  );
}
