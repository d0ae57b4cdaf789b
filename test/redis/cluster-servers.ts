import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { slotOf } from "../../src/redis/routing/slot.js";
import { freePort } from "../support/free-port.js";
import { eventually } from "../support/waiting.js";
import type { Answer } from "./resp.js";
import { type Config, RedisServer } from "./servers.js";

/** How long a node may be silent until the others elect its replica, in milliseconds. */
export const NODE_TIMEOUT = 1_500;

/** A real Redis Cluster: three primaries, and a replica of each. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(config: Config = {}): Promise<RedisCluster> {
    const nodes = await Promise.all(
      Array.from({ length: 6 }, async () =>
        RedisServer.start({
          "cluster-enabled": "yes",
          "cluster-port": await freePort(),
          "cluster-node-timeout": NODE_TIMEOUT,
          // Else a replica waits five seconds for others that might want the same data.
          "repl-diskless-sync-delay": 0,
          "repl-ping-replica-period": 1,
          ...config,
        }),
      ),
    );
    const addresses = nodes.map((node) => node.address);
    await promisify(execFile)("redis-cli", [
      "--cluster",
      "create",
      ...addresses,
      "--cluster-replicas",
      "1",
      "--cluster-yes",
    ]);
    const cluster = new RedisCluster(nodes);
    await cluster.whole();
    return cluster;
  }

  get addresses(): string[] {
    return this.nodes.map((node) => node.address);
  }

  /** Waits until every node finds the Cluster in order, and every replica follows its primary. */
  async whole(): Promise<void> {
    await eventually("a whole Cluster", async () => {
      for (const node of this.nodes) {
        const info = String(await node.command("CLUSTER", "INFO"));
        if (!info.includes("cluster_state:ok") || !info.includes("cluster_known_nodes:6")) return false;
        if ((await node.info("role")) === "slave" && (await node.info("master_link_status")) !== "up") return false;
      }
      const views = await Promise.all(this.nodes.map((node) => this.slots(node)));
      return views.every((ranges) => ranges.every(({ nodes }) => nodes.length === 2));
    });
  }

  /** The node that serves this key's slot by what a node says; default: the first that answers. */
  async primaryOf(key: string, asked?: RedisServer): Promise<RedisServer> {
    for (const node of asked === undefined ? this.nodes : [asked]) {
      try {
        return await this.#primaryOf(slotOf(key), node);
      } catch {}
    }
    throw new Error(`no node knows who serves ${key}`);
  }

  /** The nodes that are primaries by what one of them says. */
  async primaries(asked = this.nodes[0] as RedisServer): Promise<RedisServer[]> {
    const ports = new Set((await this.slots(asked)).map(({ nodes }) => nodes[0]));
    return [...ports].map((port) => this.#nodeAt(port));
  }

  /** CLUSTER SLOTS: each range, and the ports of those that serve it, the primary first. */
  async slots(asked: RedisServer): Promise<{ from: number; to: number; nodes: number[] }[]> {
    const ranges = (await asked.command("CLUSTER", "SLOTS")) as [number, number, ...Answer[]][];
    return ranges.map(([from, to, ...nodes]) => ({
      from,
      to,
      nodes: nodes.map((node) => (node as number[])[1] as number),
    }));
  }

  /**
   * Moves a slot as redis-cli does, with a pause between the keys: meanwhile keys of one slot lie on two nodes.
   *
   * @param during - runs when half of the keys have moved.
   */
  async move(slot: number, from: RedisServer, to: RedisServer, during: () => Promise<unknown>): Promise<void> {
    const [source, target] = [
      String(await from.command("CLUSTER", "MYID")),
      String(await to.command("CLUSTER", "MYID")),
    ];
    await to.command("CLUSTER", "SETSLOT", String(slot), "IMPORTING", source);
    await from.command("CLUSTER", "SETSLOT", String(slot), "MIGRATING", target);
    const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", String(slot), "100000")) as string[];
    for (const [at, key] of keys.entries()) {
      await from.command("MIGRATE", "127.0.0.1", String(to.port), key, "0", "5000");
      if (at === keys.length >> 1) await during();
    }
    // Keys that were made meanwhile were made on the other side.
    for (const node of [to, from]) await node.command("CLUSTER", "SETSLOT", String(slot), "NODE", target);
  }

  /** How often the nodes answered with this error so far. */
  async errors(word: string): Promise<number> {
    let sum = 0;
    for (const node of this.nodes)
      sum += Number(/count=(\d+)/.exec((await node.info(`errorstat_${word}`)) ?? "")?.[1] ?? 0);
    return sum;
  }

  async #primaryOf(slot: number, asked: RedisServer): Promise<RedisServer> {
    const range = (await this.slots(asked)).find(({ from, to }) => from <= slot && slot <= to);
    if (range === undefined) throw new Error(`nobody serves slot ${slot}`);
    return this.#nodeAt(range.nodes[0]);
  }

  #nodeAt(port: number | undefined): RedisServer {
    const found = this.nodes.find((node) => node.port === port);
    if (found === undefined) throw new Error(`no node on port ${port}`);
    return found;
  }
}
