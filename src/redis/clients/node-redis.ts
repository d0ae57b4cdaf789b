import { errorPrefix } from "../commands/errors.js";
import { type Argument, BLOB_STRING } from "../commands/replies.js";
import { type ExternalClient, refuseOption, type Sender } from "./external-client.js";

/** Adapts a client of node-redis. */
export function adaptNodeRedis(client: NodeRedisClient): ExternalClient {
  for (const option of ["keyPrefix", "readonly"]) refuseOption(option, client.options);
  const sender: Sender = {
    send: (command) => client.sendCommand(command, COMMAND_OPTIONS),
    get open() {
      return client.isOpen;
    },
    get epoch() {
      return client.socketEpoch;
    },
  };
  return { sender, clustered: false, primaries: async () => [sender] };
}

/** Adapts a cluster of node-redis. */
export function adaptNodeRedisCluster(cluster: NodeRedisCluster): ExternalClient {
  // Not public, but the only place where the options are.
  const options = (cluster as { _options?: { defaults?: object } })._options;
  refuseOption("keyPrefix", options);
  refuseOption("keyPrefix", options?.defaults);
  refuseOption("useReplicas", options);
  const sendAnywhere = (command: Argument[]): Promise<unknown> =>
    cluster.sendCommand(firstKey(command), false, command, COMMAND_OPTIONS);
  return {
    clustered: true,
    sender: {
      // Straight to the node: by the cluster's own way a read can overtake a write that was called before it.
      send: async (command, slot) => {
        const node = cluster.slots[slot]?.master;
        if (node === undefined) return sendAnywhere(command);
        const client = await cluster.nodeClient(node as never);
        return client.sendCommand(command, COMMAND_OPTIONS).catch((error: unknown) => {
          const prefix = errorPrefix(error);
          // It was refused, and the cluster knows how to follow.
          if (prefix === "MOVED" || prefix === "ASK") return sendAnywhere(command);
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

/** Without them node-redis may set a timer for each command, make strings of bulk replies, or send a command first. */
const COMMAND_OPTIONS = { timeout: undefined, typeMapping: { [BLOB_STRING]: Buffer }, asap: false };

function firstKey(command: readonly Argument[]): Argument | undefined {
  return command[0] === "EVALSHA" || command[0] === "EVAL" ? command[3] : command[1];
}
