import { UnavailableError } from "../../errors.js";
import type { Address } from "../../net/address.js";
import { sleep, startInterval, stopInterval, type Timer } from "../../net/clock.js";
import { within } from "../../net/within.js";
import { ask } from "../commands/batch.js";
import { CLUSTER_SLOTS } from "../commands/commands.js";
import type { ClusterNode, ClusterNodes } from "./cluster-nodes.js";

/**
 * Which node serves each slot of a Cluster. It is read again when a slot has moved, when a connection is lost, and while
 * a reply is missing: a frozen primary says nothing of its own failover.
 */
export class SlotMap {
  readonly #options: SlotMapOptions;
  #owners: (ClusterNode | undefined)[] = [];
  #known = false;
  #version = 0;
  #refreshing: Promise<void> | undefined;
  #outdated = false;
  #check: Timer | undefined;
  #closed = false;

  constructor(options: SlotMapOptions) {
    this.#options = options;
  }

  /** Changes whenever a slot has another owner. */
  get version(): number {
    return this.#version;
  }

  /** Whether a map has been read. */
  get known(): boolean {
    return this.#known;
  }

  /** The nodes that serve slots. */
  get primaries(): Set<ClusterNode> {
    return new Set(this.#owners.filter((node) => node !== undefined));
  }

  ownerOf(slot: number): ClusterNode | undefined {
    return this.#owners[slot];
  }

  /** Notes what a node said: that the slot is served by another now. Without a map it is of no use. */
  move(slot: number, to: ClusterNode): void {
    if (!this.#known) return;
    this.#owners[slot] = to;
    this.#version++;
  }

  /** Reads the map from one node. */
  async readFrom(address: Address, milliseconds: number): Promise<void> {
    const { nodes, timeout, onChange } = this.#options;
    const asked = nodes.at(address);
    const ranges = await within(
      ask((batch) => asked.send(batch), CLUSTER_SLOTS, undefined, timeout),
      milliseconds,
    );
    const owners: (ClusterNode | undefined)[] = [];
    for (const { from, to, host, port } of ranges) {
      // An empty host stands for the host of the node that was asked.
      const primary = nodes.at({ host: host || address.host, port });
      for (let slot = from; slot <= to; slot++) owners[slot] = primary;
    }
    // The node is no longer, or not yet, in the Cluster.
    if (owners.length === 0) throw new UnavailableError("the node knows no slots", { outcome: "not-applied" });
    const before = this.#owners;
    this.#owners = owners;
    this.#known = true;
    if (owners.length !== before.length || owners.some((owner, slot) => owner !== before[slot])) this.#version++;
    onChange((slot) => owners[slot] !== before[slot]);
  }

  /** Checks from now on, time and again, whether there is a map and no node is stalled. */
  watch(): void {
    this.#check = startInterval(() => {
      if (!this.#known || this.#options.nodes.all.some(({ stalled }) => stalled)) void this.refresh();
    }, CHECK_INTERVAL);
  }

  /**
   * Reads the map again, soon: one reading at a time, and another where it was asked for meanwhile. Resolves when the
   * map is as new as it gets.
   */
  refresh(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#outdated = true;
    this.#refreshing ??= this.#readAnywhere().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  close(): void {
    this.#closed = true;
    stopInterval(this.#check);
  }

  async #readAnywhere(): Promise<void> {
    while (this.#outdated && !this.#closed) {
      this.#outdated = false;
      await (this.#known ? this.#readFromOne() : this.#readFromAnySeed());
      if (this.#outdated) await sleep(REFRESH_DELAY);
    }
  }

  /** The first map that a seed sends. */
  async #readFromAnySeed(): Promise<void> {
    const readings = this.#options.seeds.map((seed) => this.readFrom(seed, SLOT_MAP_TIMEOUT));
    // Nobody may answer for now: it is asked for again.
    await Promise.any(readings).catch(() => {});
  }

  /** Asks one node after the other. */
  async #readFromOne(): Promise<void> {
    const { nodes, seeds } = this.#options;
    // A node that has refused to serve may be cut off from the others, with a map that is of no use: it comes last.
    const responsive = nodes.all
      .filter(({ stalled }) => !stalled)
      .sort((one, other) => one.refusedAt - other.refusedAt);
    for (const address of [...responsive.map((node) => node.address), ...seeds]) {
      try {
        return await this.readFrom(address, SLOT_MAP_TIMEOUT);
      } catch {
        // The next one may know.
      }
    }
  }
}

export interface SlotMapOptions {
  readonly nodes: ClusterNodes;
  /** Nodes that the user named: one that answers is enough. */
  readonly seeds: readonly Address[];
  /** Milliseconds. */
  readonly timeout: number;
  /** Called after each reading, with a test for the slots that have moved. */
  onChange(hasMoved: (slot: number) => boolean): void;
}

/** How often the nodes are checked, in milliseconds. */
const CHECK_INTERVAL = 250;

/** How long a node may take to send the map until another is asked, in milliseconds. */
const SLOT_MAP_TIMEOUT = 1_000;

/** The least time between two readings while slots move one by one, in milliseconds: each move is noted by itself. */
const REFRESH_DELAY = 50;
