import { Buffer } from "node:buffer";
import { InvalidArgumentError, TimeoutError, UnavailableError } from "../errors.js";
import { Deadlines, type Due } from "../internal/deadlines.js";
import { kindOf } from "../internal/describe.js";
import { closed } from "../internal/outcomes.js";
import { attempt } from "../internal/promise.js";
import { type Argument, BLOB_STRING, errorWord, type Reply } from "./protocol.js";
import type { AnyRun } from "./run.js";
import { slotOf } from "./slot.js";
import { type Primary, retakeAnywhere, type Topology } from "./topology.js";

/** What the driver uses of a node-redis client. */
export interface NodeRedisClient {
  sendCommand(command: (string | Buffer)[], options?: object): Promise<unknown>;
  readonly isReady: boolean;
  /** `false` before `connect` and after `close`. */
  readonly isOpen: boolean;
  /** Counts its connections. */
  readonly socketEpoch: number;
  readonly options?: object | undefined;
}

/** What the driver uses of a node-redis cluster. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string | Buffer | undefined,
    isReadonly: boolean | undefined,
    command: (string | Buffer)[],
    options?: object,
  ): Promise<unknown>;
  /** `false` before `connect` and after `close`. */
  readonly isOpen: boolean;
  readonly masters: readonly object[];
  readonly slots: readonly ({ readonly master: object } | undefined)[];
  nodeClient(node: never): Promise<NodeRedisClient> | NodeRedisClient;
}

/** What the driver uses of an ioredis client or cluster. */
export interface IoRedisClient {
  readonly isCluster: boolean;
  callBuffer(command: string, args: (string | Buffer)[]): Promise<unknown>;
  readonly options: object;
  /** `"end"` once it is closed for good. */
  readonly status: string;
  readonly stream?: unknown;
  nodes?(role: "master"): IoRedisClient[];
}

/**
 * A connection that the user has: a client or a cluster of node-redis (`createClient`, `createCluster`) or of ioredis
 * (`Redis`, `Cluster`). It stays the user's to close.
 *
 * An option that would break a promise is refused, by name: `keyPrefix`; what reads from replicas (`readonly`,
 * `useReplicas`, `readOnly`, `role: "slave"`, `scaleReads`); of ioredis also `stringNumbers` and `enableAutoPipelining`.
 * ioredis sends unanswered commands again, so a client of it needs `autoResendUnfulfilledCommands: false`, a Cluster
 * `retryDelayOnFailover: 0`. Pools, and Sentinel clients of node-redis, are refused.
 */
export type RedisConnection = NodeRedisClient | NodeRedisCluster | IoRedisClient;

/** Else node-redis may make a timer a command, strings of bulk replies, and put a command before others. */
const NODE_REDIS_OPTIONS = { timeout: undefined, typeMapping: { [BLOB_STRING]: Buffer }, asap: false };

/** One way to send a command, whatever the library. */
interface Sender {
  /** @param slot - of the keys, where there are some. */
  send(command: Argument[], slot: number): Promise<unknown>;
  /** Whether it connects, or is connected. */
  readonly open: boolean;
  readonly epoch: unknown;
}

interface Pending extends Due {
  readonly run: AnyRun;
}

/**
 * A connection that was handed in. It is never closed and never dropped, so that after a timeout its library may still
 * send what it holds: the weaker guarantee that docs/redis.md tells.
 */
export class HandedInTopology implements Topology {
  readonly version = 0;
  closed = false;
  readonly #sender: Sender;
  readonly #primaries: () => Promise<Sender[]>;
  readonly #clustered: boolean;
  readonly #pending: Deadlines<Pending>;
  /** The scripts that are known by the node of a slot: which one that is, is the library's to know. */
  readonly #known = new Map<number, Set<string>>();

  constructor(connection: RedisConnection, timeout: number) {
    const { sender, primaries, clustered } = adapt(connection);
    this.#sender = sender;
    this.#primaries = primaries;
    this.#clustered = clustered;
    this.#pending = new Deadlines((pending) => {
      pending.run.fail(new TimeoutError(`no reply within ${timeout} ms`, { outcome: "unknown" }));
    });
  }

  slotOf(key: string | Buffer): number {
    return this.#clustered ? slotOf(key) : 0;
  }

  send(run: AnyRun): void {
    this.#sendBy(this.#sender, run);
  }

  retake(run: AnyRun, word: string): boolean {
    return retakeAnywhere(run, word, (again) => this.send(again));
  }

  async primaries(): Promise<readonly Primary[]> {
    return (await this.#primaries()).map((sender) => ({
      send: (run) => this.#sendBy(sender, run),
      get epoch() {
        return sender.epoch;
      },
    }));
  }

  close(): void {
    this.closed = true;
    for (const pending of this.#pending.all) {
      pending.over = true;
      pending.run.fail(closed("unknown"));
    }
    this.#pending.clear();
  }

  #sendBy(sender: Sender, run: AnyRun): void {
    if (this.closed) {
      run.fail(closed("not-applied"));
      return;
    }
    if (!sender.open) {
      const message = "the connection that was handed in is not open: connect it first, and close it last";
      run.fail(new UnavailableError(message, { outcome: "not-applied" }));
      return;
    }
    const command = run.command(this.#knownAt(run.slot));
    if (command === undefined) return;
    const pending: Pending = { run, deadline: run.deadline, over: false };
    this.#pending.add(pending);
    const finish = (): boolean => {
      const first = !pending.over;
      pending.over = true;
      return first;
    };
    // One way to fail, also where the library throws.
    (attempt(() => sender.send(command, run.slot)) as Promise<unknown>).then(
      (reply) => {
        if (finish()) run.settle(reply as Reply);
      },
      (error: unknown) => {
        if (finish()) run.refused(error);
      },
    );
  }

  #knownAt(slot: number): Set<string> {
    let known = this.#known.get(slot);
    if (known === undefined) {
      known = new Set();
      this.#known.set(slot, known);
    }
    return known;
  }
}

interface Adapted {
  readonly sender: Sender;
  readonly clustered: boolean;
  primaries(): Promise<Sender[]>;
}

function adapt(connection: RedisConnection): Adapted {
  const given: object | null = connection;
  if (typeof given !== "object" || given === null) throw noConnection(kindOf(given));
  if ("callBuffer" in connection) return adaptIoRedis(connection);
  if ("execute" in connection) throw noConnection("a pool, which keeps no order between calls");
  if ("masters" in connection && "nodeClient" in connection) return adaptNodeRedisCluster(connection);
  if ("sendCommand" in connection && "isReady" in connection && "socketEpoch" in connection) {
    return adaptNodeRedis(connection as NodeRedisClient);
  }
  throw noConnection("an object of another kind");
}

function noConnection(given: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `the connection is ${given}; allowed is a client or a cluster of node-redis (redis) or of ioredis`,
  );
}

function adaptNodeRedis(client: NodeRedisClient): Adapted {
  for (const option of ["keyPrefix", "readonly"]) refuse(option, client.options);
  const sender: Sender = {
    send: (command) => client.sendCommand(command, NODE_REDIS_OPTIONS),
    get open() {
      return client.isOpen;
    },
    get epoch() {
      return client.socketEpoch;
    },
  };
  return { sender, clustered: false, primaries: async () => [sender] };
}

function adaptNodeRedisCluster(cluster: NodeRedisCluster): Adapted {
  const options = (cluster as { _options?: { defaults?: object } })._options;
  refuse("keyPrefix", options);
  refuse("keyPrefix", options?.defaults);
  refuse("useReplicas", options);
  const anywhere = (command: Argument[]): Promise<unknown> =>
    cluster.sendCommand(firstKey(command), false, command, NODE_REDIS_OPTIONS);
  return {
    clustered: true,
    sender: {
      // Straight to its node: on the cluster's own way a read can overtake a write that was called before it.
      send: async (command, slot) => {
        const node = cluster.slots[slot]?.master;
        if (node === undefined) return anywhere(command);
        const client = await cluster.nodeClient(node as never);
        return client.sendCommand(command, NODE_REDIS_OPTIONS).catch((error: unknown) => {
          const word = errorWord(error);
          // Refused, and the cluster knows how to follow.
          if (word === "MOVED" || word === "ASK") return anywhere(command);
          throw error;
        });
      },
      get open() {
        return cluster.isOpen;
      },
      epoch: 0,
    },
    primaries: async () =>
      Promise.all(cluster.masters.map(async (node) => adaptNodeRedis(await cluster.nodeClient(node as never)).sender)),
  };
}

function adaptIoRedis(client: IoRedisClient): Adapted {
  const { options } = client;
  const redisOptions = (options as { redisOptions?: object }).redisOptions;
  for (const each of [options, redisOptions]) {
    // Other keys, other replies, or a replica's.
    for (const option of ["keyPrefix", "stringNumbers", "readOnly"]) refuse(option, each);
    // It throws, where nobody can catch it, once a pipeline of its own is cut off.
    refuse("enableAutoPipelining", each);
    if ((each as { role?: unknown } | undefined)?.role === "slave") throw refused("role", '"master"');
  }
  if (client.isCluster) {
    const { scaleReads, retryDelayOnFailover } = options as { scaleReads?: unknown; retryDelayOnFailover?: unknown };
    if (scaleReads !== undefined && scaleReads !== "master") refuse("scaleReads", options);
    // It would send again what was in flight on a connection that was lost.
    if (retryDelayOnFailover !== 0) throw refused("retryDelayOnFailover", "0");
  } else if ((options as { autoResendUnfulfilledCommands?: unknown }).autoResendUnfulfilledCommands !== false) {
    throw refused("autoResendUnfulfilledCommands", "false");
  }
  const senderOf = (one: IoRedisClient): Sender => ({
    // ioredis 5 finds the keys of a command by its name in small letters.
    send: ([name, ...parameters]) => one.callBuffer((name as string).toLowerCase(), parameters),
    get open() {
      // A cluster's stays "close" where its nodes close after it.
      return one.status !== "end" && one.status !== "close";
    },
    // A new socket for each connection.
    get epoch() {
      return one.stream;
    },
  });
  return {
    sender: senderOf(client),
    clustered: client.isCluster,
    primaries: async () => (client.nodes?.("master") ?? [client]).map(senderOf),
  };
}

function firstKey(command: readonly Argument[]): Argument | undefined {
  return command[0] === "EVALSHA" || command[0] === "EVAL" ? command[3] : command[1];
}

/** An option that would break a promise, named. */
function refuse(option: string, options: object | undefined): void {
  if (options !== undefined && (options as Record<string, unknown>)[option]) throw refused(option, "not to set it");
}

function refused(option: string, allowed: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `the connection's option ${option} would break the driver's promises; allowed is ${allowed}`,
  );
}
