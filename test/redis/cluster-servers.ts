import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { slotOf } from "../../src/redis/commands/slot.js";
import { freePort } from "../support/free-port.js";
import { eventually } from "../support/waiting.js";
import type { Answer } from "./resp.js";
import { type Config, RedisServer } from "./servers.js";

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
          // Otherwise a replica waits five seconds for others that might want the same data.
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
    await cluster.settle();
    return cluster;
  }

  get addresses(): string[] {
    return this.nodes.map((node) => node.address);
  }

  /** Waits until every node reports the Cluster as healthy, and every replica follows its primary. */
  async settle(): Promise<void> {
    await eventually(
      "a healthy Cluster",
      async () => {
        for (const node of this.nodes) {
          const info = String(await node.command("CLUSTER", "INFO"));
          if (!info.includes("cluster_state:ok") || !info.includes("cluster_known_nodes:6")) return false;
          if ((await node.info("role")) === "slave" && (await node.info("master_link_status")) !== "up") return false;
        }
        const views = await Promise.all(this.nodes.map((node) => this.slots(node)));
        return views.every((ranges) => ranges.every(({ nodes }) => nodes.length === 2));
      },
      60_000,
    );
  }

  /** The node that serves a key's slot, by the slot map of the node that is asked. Default: of the first that answers. */
  async primaryOf(key: string, asked?: RedisServer): Promise<RedisServer> {
    for (const node of asked === undefined ? this.nodes : [asked]) {
      try {
        return await this.#primaryOf(slotOf(key), node);
      } catch {}
    }
    throw new Error(`no node knows which one serves ${key}`);
  }

  /** The primaries, by the slot map of the node that is asked. */
  async primaries(asked = this.nodes[0] as RedisServer): Promise<RedisServer[]> {
    const ports = new Set((await this.slots(asked)).map(({ nodes }) => nodes[0]));
    return [...ports].map((port) => this.#nodeAt(port));
  }

  /** Keys in slots that a node serves. */
  async keysOn(node: RedisServer, count: number): Promise<string[]> {
    const ranges = (await this.slots(node)).filter(({ nodes }) => nodes[0] === node.port);
    const keys: string[] = [];
    for (let at = 0; keys.length < count; at++) {
      const slot = slotOf(`{${at}}`);
      if (ranges.some(({ from, to }) => from <= slot && slot <= to)) keys.push(`{${at}}`);
    }
    return keys;
  }

  /** Waits until a replica has been promoted in the place of a primary, by what another node says. */
  async failedOver(primary: RedisServer, witness: RedisServer): Promise<void> {
    await eventually(
      "a failover",
      async () => {
        const ranges = await this.slots(witness);
        const info = String(await witness.command("CLUSTER", "INFO"));
        return info.includes("cluster_state:ok") && ranges.every(({ nodes }) => nodes[0] !== primary.port);
      },
      60_000,
    );
  }

  /** CLUSTER SLOTS: each range of slots, and the ports of the nodes that hold it, the primary first. */
  async slots(asked: RedisServer): Promise<{ from: number; to: number; nodes: number[] }[]> {
    const ranges = (await asked.command("CLUSTER", "SLOTS")) as [number, number, ...Answer[]][];
    return ranges.map(([from, to, ...nodes]) => ({
      from,
      to,
      nodes: nodes.map((node) => (node as number[])[1] as number),
    }));
  }

  /**
   * Moves a slot as redis-cli does, its keys in several steps: meanwhile keys of one slot lie on two nodes.
   *
   * @param during - called when half of the keys have moved.
   */
  async move(slot: number, from: RedisServer, to: RedisServer, during: () => Promise<unknown>): Promise<void> {
    const [source, target] = [
      String(await from.command("CLUSTER", "MYID")),
      String(await to.command("CLUSTER", "MYID")),
    ];
    await to.command("CLUSTER", "SETSLOT", String(slot), "IMPORTING", source);
    await from.command("CLUSTER", "SETSLOT", String(slot), "MIGRATING", target);
    const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", String(slot), "100000")) as string[];
    const step = Math.max(1, Math.ceil(keys.length / MIGRATE_STEPS));
    let called = false;
    for (let at = 0; at < keys.length; at += step) {
      const part = keys.slice(at, at + step);
      await from.command("MIGRATE", "127.0.0.1", String(to.port), "", "0", "20000", "KEYS", ...part);
      if (called || at + step < keys.length / 2) continue;
      called = true;
      await during();
    }
    // Keys that were created meanwhile were created on the node that imports the slot.
    for (const node of [to, from]) await node.command("CLUSTER", "SETSLOT", String(slot), "NODE", target);
  }

  /** How often the nodes have replied with an error of this prefix. */
  async errors(prefix: string): Promise<number> {
    let sum = 0;
    for (const node of this.nodes)
      sum += Number(/count=(\d+)/.exec((await node.info(`errorstat_${prefix}`)) ?? "")?.[1] ?? 0);
    return sum;
  }

  async #primaryOf(slot: number, asked: RedisServer): Promise<RedisServer> {
    const range = (await this.slots(asked)).find(({ from, to }) => from <= slot && slot <= to);
    if (range === undefined) throw new Error(`no node serves slot ${slot}`);
    return this.#nodeAt(range.nodes[0]);
  }

  #nodeAt(port: number | undefined): RedisServer {
    const found = this.nodes.find((node) => node.port === port);
    if (found === undefined) throw new Error(`no node on port ${port}`);
    return found;
  }
}

/** How long a node may be silent before the others promote its replica, in milliseconds. */
export const NODE_TIMEOUT = 1_500;

/** In how many steps the keys of a slot move. */
const MIGRATE_STEPS = 20;
