import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { slotOf } from "../../src/redis/slot.js";
import type { Answer } from "./resp.js";
import { type Config, freePort, RedisServer } from "./servers.js";
import { eventually } from "./waiting.js";

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
      const ranges = await this.slots(this.nodes[0] as RedisServer);
      return ranges.every(({ nodes }) => nodes.length === 2);
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
