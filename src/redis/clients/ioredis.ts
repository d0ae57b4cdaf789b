import { badOption, type ExternalClient, refuseOption, type Sender } from "./external-client.js";

/** Adapts a client or a cluster of ioredis. */
export function adaptIoRedis(client: IoRedisClient): ExternalClient {
  const options: IoRedisOptions = client.options;
  for (const each of [options, options.redisOptions]) {
    // They lead to other keys, to other replies, or to a replica.
    for (const option of ["keyPrefix", "stringNumbers", "readOnly"]) refuseOption(option, each);
    // It throws, where nobody can catch it, once a pipeline of its own is cut off.
    refuseOption("enableAutoPipelining", each);
    if (each?.role === "slave") throw badOption("role", '"master"');
  }
  if (client.isCluster) {
    if (options.scaleReads !== "master") refuseOption("scaleReads", options);
    // It would send again what was in flight on a connection that was lost.
    if (options.retryDelayOnFailover !== 0) throw badOption("retryDelayOnFailover", "0");
  } else if (options.autoResendUnfulfilledCommands !== false) {
    throw badOption("autoResendUnfulfilledCommands", "false");
  }
  return {
    sender: senderOf(client),
    clustered: client.isCluster,
    primaries: async () => (client.nodes?.("master") ?? [client]).map(senderOf),
  };
}

function senderOf(client: IoRedisClient): Sender {
  return {
    // ioredis 5 finds the keys of a command by its name in lower case.
    send: ([name, ...parameters]) => client.callBuffer(String(name).toLowerCase(), parameters),
    get open() {
      // The status of a cluster stays "close" where its nodes close after it.
      return client.status !== "end" && client.status !== "close";
    },
    // There is a new socket for each connection.
    get epoch() {
      return client.stream;
    },
  };
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

/** The options that the driver checks. */
interface IoRedisOptions {
  readonly redisOptions?: IoRedisOptions;
  readonly role?: unknown;
  readonly scaleReads?: unknown;
  readonly retryDelayOnFailover?: unknown;
  readonly autoResendUnfulfilledCommands?: unknown;
}
