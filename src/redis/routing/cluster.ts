import { UnavailableError } from "../../errors.js";
import { type Address, parseAddress } from "../../net/address.js";
import { now } from "../../net/clock.js";
import { within } from "../../net/within.js";
import type { AnyBatch } from "../commands/batch.js";
import type { Refusal } from "../commands/errors.js";
import { NO_SLOT, slotOf } from "../commands/slot.js";
import type { NodeRequest } from "../connection/client-connection.js";
import type { NodeClient } from "../connection/node-client.js";
import { type ClusterNode, ClusterNodes } from "./cluster-nodes.js";
import { MigratingSlots } from "./migrating-slots.js";
import { mayRedirect, type Primary, type Router, resend } from "./router.js";
import { SlotMap } from "./slot-map.js";

/**
 * Routes each batch to the primary of its slot in a Redis Cluster, and follows redirects.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
 */
export class Cluster implements Router {
  readonly clustered = true;
  readonly #seeds: readonly Address[];
  readonly #timeout: number;
  readonly #nodes: ClusterNodes;
  readonly #map: SlotMap;
  readonly #migrating = new MigratingSlots((batch) => this.send(batch));
  closed = false;

  constructor({ nodes: seeds, timeout, failFastAfter, create }: ClusterOptions) {
    this.#seeds = seeds;
    this.#timeout = timeout;
    this.#nodes = new ClusterNodes({
      timeout,
      failFastAfter,
      create,
      onRefused: (batch, refusal, from) => this.#onRefused(batch, refusal, from),
      onLost: () => void this.#map.refresh(),
    });
    this.#map = new SlotMap({ nodes: this.#nodes, seeds, timeout, onChange: (moved) => this.#onChange(moved) });
  }

  get version(): number {
    return this.#map.version;
  }

  async connect(): Promise<void> {
    const end = now() + this.#timeout;
    let reason: unknown;
    for (const [at, address] of this.#seeds.entries()) {
      try {
        // Each seed gets its share of the time that is left: one that answers is enough.
        const share = (end - now()) / (this.#seeds.length - at);
        await this.#nodes.connect(address, share);
        await this.#map.readFrom(address, share);
        this.#map.watch();
        return;
      } catch (error) {
        reason = error;
      }
    }
    throw reason;
  }

  /** Connects in the background. Until a map has been read, calls wait for the first seed. */
  start(): void {
    for (const seed of this.#seeds) this.#nodes.at(seed);
    this.#map.watch();
    void this.#map.refresh();
  }

  slotOf(key: string | Buffer): number {
    return slotOf(key);
  }

  send(batch: AnyBatch): void {
    if (this.#migrating.hold(batch)) return;
    const node = this.#map.known ? this.#map.ownerOf(batch.slot) : this.#nodes.at(this.#seeds[0] as Address);
    if (node === undefined) {
      void this.#map.refresh();
      batch.fail(new UnavailableError(`no node serves slot ${batch.slot}`, { outcome: "not-applied" }));
    } else {
      node.send(batch);
    }
  }

  /** By a map that is read for the purpose: a SCAN gets no redirect when a slot has moved. */
  async primaries(): Promise<readonly Primary[]> {
    // Where no node sends a map, the present one has to do.
    await within(this.#map.refresh(), this.#timeout).catch(() => {});
    if (!this.#map.known) {
      throw new UnavailableError("no node of the Cluster has sent its slot map", { outcome: "not-applied" });
    }
    return [...this.#map.primaries];
  }

  close(): void {
    this.closed = true;
    this.#map.close();
    this.#migrating.close();
    this.#nodes.close();
  }

  #onRefused(batch: AnyBatch, refusal: Refusal, from: ClusterNode): boolean {
    // A question of the driver's own is about this very node.
    if (batch.slot === NO_SLOT) return false;
    const { prefix } = refusal;
    if (prefix === "MOVED" || prefix === "ASK") return this.#redirect(batch, refusal, from);
    if (prefix === "CLUSTERDOWN" || prefix === "READONLY" || prefix === "MASTERDOWN") {
      from.refusedAt = now();
      void this.#map.refresh();
    }
    return resend(batch, refusal, (again) => this.send(again));
  }

  #redirect(batch: AnyBatch, { prefix, message }: Refusal, from: ClusterNode): boolean {
    const target = parseAddress(message.slice(message.lastIndexOf(" ") + 1));
    if (prefix === "MOVED" || target === undefined) void this.#map.refresh();
    if (target === undefined) return false;
    if (!mayRedirect(batch)) {
      batch.fail(new UnavailableError("the nodes of the Cluster redirect in a circle", { outcome: "not-applied" }));
      return true;
    }
    // A node that does not know its own name stands for itself, as the specification has it.
    const host = target.host === "" || target.host === "?" ? from.address.host : target.host;
    const node = this.#nodes.redirected({ host, port: target.port });
    if (prefix === "ASK") {
      node.send(batch, { asking: true });
      return true;
    }
    // Another machine has the name of this node by now: a new connection leads there.
    if (node === from) node.renew();
    if (this.#map.ownerOf(batch.slot) !== node) {
      this.#migrating.leave(batch.slot, from);
      this.#map.move(batch.slot, node);
    }
    node.send(batch, { by: from });
    return true;
  }

  /** After a reading of the map: what was not sent yet goes where it belongs now, and nodes without slots are retired. */
  #onChange(hasMoved: (slot: number) => boolean): void {
    for (const node of this.#nodes.all) {
      for (const slot of node.slotsInFlight()) if (hasMoved(slot)) this.#migrating.leave(slot, node);
    }
    const { primaries } = this.#map;
    for (const node of this.#nodes.all) {
      for (const batch of node.takeUnsent((request) => this.#belongsElsewhere(request, node))) this.send(batch);
      if (primaries.has(node)) continue;
      // A SCAN would wait in vain for a node that serves nothing.
      for (const batch of node.takeUnsent(({ batch }) => batch.slot === NO_SLOT)) batch.fail(servesNoSlot());
      // A node that is importing its first slot serves none yet.
      if (!node.busy) this.#nodes.retire(node);
    }
  }

  /** Not by a map that is older than the redirect which sent the request here. */
  #belongsElsewhere({ batch, redirectedBy }: NodeRequest, node: ClusterNode): boolean {
    const owner = this.#map.ownerOf(batch.slot);
    return batch.slot !== NO_SLOT && owner !== node && (owner === undefined || owner !== redirectedBy);
  }
}

export interface ClusterOptions {
  /** Nodes to ask first; one that answers is enough. */
  readonly nodes: readonly Address[];
  /** Milliseconds. */
  readonly timeout: number;
  /** How long connecting to a node may fail, in milliseconds, until calls fail at once. */
  readonly failFastAfter: number;
  /** Makes a client for the node at an address. */
  create(address: Address): NodeClient;
}

function servesNoSlot(): UnavailableError {
  return new UnavailableError("the node no longer serves any slot", { outcome: "not-applied" });
}
