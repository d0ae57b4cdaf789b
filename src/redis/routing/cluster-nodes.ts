import { type Address, addressName } from "../../net/address.js";
import { startTimer } from "../../net/clock.js";
import { closed } from "../../net/outcomes.js";
import { within } from "../../net/within.js";
import type { AnyBatch } from "../commands/batch.js";
import type { Refusal } from "../commands/errors.js";
import type { NodeClient } from "../connection/node-client.js";
import { NodeConnection, type NodeConnectionOptions } from "../connection/node-connection.js";

/** The connections to the nodes of a Cluster, one for each address. */
export class ClusterNodes {
  readonly #options: ClusterNodesOptions;
  readonly #nodes = new Map<string, ClusterNode>();
  /** Nodes that serve no slot any more: what they have in flight may still be answered. */
  readonly #retired = new Set<ClusterNode>();
  #closed = false;

  constructor(options: ClusterNodesOptions) {
    this.#options = options;
  }

  /** Every node there is now. */
  get all(): ClusterNode[] {
    return [...this.#nodes.values()];
  }

  /** The node at an address that the user or a slot map named. Where it is new, it connects in the background. */
  at(address: Address): ClusterNode {
    const node = this.redirected(address);
    node.name = addressName(address);
    return node;
  }

  /**
   * The node at an address that only a redirect named so far. Errors do not show the address: what a broken server sends
   * in place of one could be part of a value.
   */
  redirected(address: Address): ClusterNode {
    return this.#nodes.get(addressName(address)) ?? this.#add(address, "a node of the Cluster").start();
  }

  /** Connects to a node. Unlike {@link at} it rejects where that fails, and then forgets the node. */
  async connect(address: Address, milliseconds: number): Promise<void> {
    const node = this.#add(address, addressName(address));
    try {
      await within(node.connect(), milliseconds);
    } catch (error) {
      this.#nodes.delete(addressName(address));
      node.close();
      throw error;
    }
  }

  /** Forgets a node, and closes its connection once nothing can be in flight any more. */
  retire(node: ClusterNode): void {
    this.#nodes.delete(addressName(node.address));
    this.#retired.add(node);
    startTimer(() => {
      node.close();
      this.#retired.delete(node);
    }, this.#options.timeout);
  }

  close(): void {
    this.#closed = true;
    for (const node of [...this.#nodes.values(), ...this.#retired]) node.close();
  }

  #add(address: Address, name: string): ClusterNode {
    if (this.#closed) throw closed("not-applied");
    const { create, onRefused, ...options } = this.#options;
    const node: ClusterNode = new ClusterNode(address, {
      ...options,
      name,
      candidates: () => [create(address)],
      onRefused: (batch, refusal) => onRefused(batch, refusal, node),
    });
    this.#nodes.set(addressName(address), node);
    return node;
  }
}

/** The connection to one node of a Cluster. */
export class ClusterNode extends NodeConnection {
  readonly address: Address;
  /** When the node last refused to serve, by `now()` of `clock.ts`: its slot map may be of no use either. */
  refusedAt = Number.NEGATIVE_INFINITY;

  constructor(address: Address, options: NodeConnectionOptions) {
    super(options);
    this.address = address;
  }

  /** Whether the node is not to be relied on now: a reply has been missing for long, or there is no connection. */
  get stalled(): boolean {
    return this.silence > STALLED;
  }
}

export interface ClusterNodesOptions extends Pick<NodeConnectionOptions, "timeout" | "failFastAfter" | "onLost"> {
  /** Takes over a batch that the node refused. Returns `false` where its callers should get the error. */
  onRefused(batch: AnyBatch, refusal: Refusal, from: ClusterNode): boolean;
  /** Makes a client for the node at an address. */
  create(address: Address): NodeClient;
}

/** How long a reply may be missing until a node counts as stalled, in milliseconds. */
const STALLED = 500;
