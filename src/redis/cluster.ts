import { setTimeout as sleep } from "node:timers/promises";
import { UnavailableError } from "../errors.js";
import { closed } from "../internal/outcomes.js";
import { within } from "../internal/within.js";
import { ask, CLUSTER_SLOTS, NO_SLOT } from "./kinds.js";
import { Link, type NodeClient } from "./link.js";
import { MovingSlots } from "./moving-slots.js";
import type { AnyRun } from "./run.js";
import { slotOf } from "./slot.js";
import { mayHop, type Primary, retakeAnywhere, type Topology } from "./topology.js";

/** Where a node listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ClusterOptions {
  /** Nodes to ask first; one that answers is enough. */
  readonly nodes: readonly Address[];
  readonly timeout: number;
  open(address: Address): NodeClient;
}

/** How often the links are looked at, and how long a reply may be missing until another node is asked, in milliseconds. */
const LOOK = 250;
const STALLED = 500;

/** How long a node may take to give the map of slots until another is asked, in milliseconds. */
const ANSWER = 1_000;

/** How long a map is good for while slots move one by one, in milliseconds: each of them is told to whom it concerns. */
const PAUSE = 50;

/**
 * A Redis Cluster: a link to each primary, and the map of slots. The map is read again when a slot has moved, when a
 * connection is lost, and while a reply is missing: a frozen primary says nothing of its own failover.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
 */
export class ClusterTopology implements Topology {
  readonly #options: ClusterOptions;
  readonly #links = new Map<string, Link>();
  readonly #retired = new Set<Link>();
  readonly #moving = new MovingSlots((run) => this.send(run));
  #slots: (Link | undefined)[] = [];
  /** Which node a run was sent to last, and which one said that it serves its slot no longer. */
  readonly #sentTo = new WeakMap<AnyRun, Link>();
  readonly #disownedBy = new WeakMap<AnyRun, Link>();
  #version = 0;
  #refreshing: Promise<void> | undefined;
  #again = false;
  #look: NodeJS.Timeout | undefined;
  closed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  get version(): number {
    return this.#version;
  }

  async connect(): Promise<void> {
    const { nodes, timeout } = this.#options;
    const end = performance.now() + timeout;
    let reason: unknown;
    for (const [at, address] of nodes.entries()) {
      try {
        // Each gets its share of what time is left: one that answers is enough.
        const share = (end - performance.now()) / (nodes.length - at);
        await this.#connectTo(address, share);
        await this.#readFrom(address, share);
        this.#look = setInterval(() => this.#lookAtLinks(), LOOK).unref();
        return;
      } catch (error) {
        reason = error;
      }
    }
    throw reason;
  }

  slotOf(key: string | Buffer): number {
    return slotOf(key);
  }

  send(run: AnyRun): void {
    if (this.#moving.hold(run)) return;
    const link = this.#slots[run.slot];
    if (link === undefined) {
      this.#refresh();
      run.fail(new UnavailableError(`no node serves slot ${run.slot}`, { outcome: "not-applied" }));
    } else {
      this.#sendTo(link, run);
    }
  }

  retake(run: AnyRun, word: string, message: string): boolean {
    if (word !== "MOVED" && word !== "ASK") {
      if (word === "CLUSTERDOWN" || word === "READONLY") this.#refresh();
      return retakeAnywhere(run, word, (again) => this.send(again));
    }
    const address = parseAddress(message.slice(message.lastIndexOf(" ") + 1));
    // An empty host stands for that of the node which says so, and the map will tell.
    if (address === undefined || address.host === "" || !mayHop(run)) {
      this.#refresh();
      return false;
    }
    const link = this.#linkTo(address);
    if (word === "MOVED") {
      const from = this.#sentTo.get(run) as Link;
      this.#disownedBy.set(run, from);
      if (this.#slots[run.slot] !== link) {
        this.#moving.leave(run.slot, from);
        this.#slots[run.slot] = link;
        this.#version++;
      }
      this.#refresh();
    }
    this.#sendTo(link, run, word === "ASK");
    return true;
  }

  /** The primaries by a map that is read for the purpose: a SCAN is never told that a slot has moved. */
  async primaries(): Promise<readonly Primary[]> {
    this.#refresh();
    // Where nobody gives a map, the one that there is has to do.
    await within(this.#refreshing as Promise<void>, this.#options.timeout).catch(() => {});
    return [...new Set(this.#slots.filter((link) => link !== undefined))];
  }

  close(): void {
    this.closed = true;
    clearInterval(this.#look);
    this.#moving.close();
    for (const link of [...this.#links.values(), ...this.#retired]) link.close();
  }

  /** Unlike {@link #linkTo} it tells why there is no connection. */
  async #connectTo(address: Address, milliseconds: number): Promise<void> {
    const link = this.#newLink(address);
    this.#links.set(nameOf(address), link);
    try {
      await within(link.connect(), milliseconds);
    } catch (error) {
      this.#links.delete(nameOf(address));
      link.close();
      throw error;
    }
  }

  #sendTo(link: Link, run: AnyRun, asking = false): void {
    this.#sentTo.set(run, link);
    link.send(run, asking);
  }

  #newLink(address: Address): Link {
    if (this.closed) throw closed("not-applied");
    const { open, timeout } = this.#options;
    return new Link({ open: () => open(address), timeout, onLost: () => this.#refresh() });
  }

  #linkTo(address: Address): Link {
    const name = nameOf(address);
    let link = this.#links.get(name);
    if (link === undefined) {
      link = this.#newLink(address).start();
      this.#links.set(name, link);
    }
    return link;
  }

  #lookAtLinks(): void {
    if ([...this.#links.values()].some((link) => link.stalled(STALLED))) this.#refresh();
  }

  /** Reads the map of slots again, soon; one at a time, and once more if it was asked for meanwhile. */
  #refresh(): void {
    if (this.closed) return;
    this.#again = true;
    this.#refreshing ??= this.#readAnywhere().finally(() => {
      this.#refreshing = undefined;
    });
  }

  async #readAnywhere(): Promise<void> {
    while (this.#again && !this.closed) {
      this.#again = false;
      const lively = [...this.#links].filter(([, link]) => !link.stalled(STALLED));
      for (const address of [...lively.map(([name]) => parseAddress(name) as Address), ...this.#options.nodes]) {
        try {
          await this.#readFrom(address, ANSWER);
          break;
        } catch {
          // The next one may know.
        }
      }
      if (this.#again) await sleep(PAUSE, undefined, { ref: false });
    }
  }

  /** Asks one node for the map of slots. */
  async #readFrom(asked: Address, milliseconds: number): Promise<void> {
    const link = this.#linkTo(asked);
    const { timeout } = this.#options;
    const ranges = await within(
      ask((run) => link.send(run), CLUSTER_SLOTS, undefined, timeout),
      milliseconds,
    );
    const slots: (Link | undefined)[] = [];
    // An empty host stands for that of the node which was asked.
    for (const { from, to, host, port } of ranges) {
      const primary = this.#linkTo({ host: host || asked.host, port });
      for (let slot = from; slot <= to; slot++) slots[slot] = primary;
    }
    // A node that is no longer, or not yet, in the Cluster.
    if (slots.length === 0) throw new UnavailableError("the node knows no slots", { outcome: "not-applied" });
    const before = this.#slots;
    for (const link of this.#links.values()) {
      for (const slot of link.slotsInFlight()) if (slots[slot] !== before[slot]) this.#moving.leave(slot, link);
    }
    this.#slots = slots;
    if (slots.length !== before.length || slots.some((now, slot) => now !== before[slot])) this.#version++;
    this.#settleLinks();
  }

  /** Not by a map that is older than the refusal which sent the run here. */
  #belongsElsewhere(run: AnyRun, link: Link): boolean {
    const owner = this.#slots[run.slot];
    return run.slot !== NO_SLOT && owner !== link && (owner === undefined || owner !== this.#disownedBy.get(run));
  }

  /** What was not yet sent goes where it belongs now, and links that serve no slot go. */
  #settleLinks(): void {
    const used = new Set(this.#slots);
    for (const [name, link] of this.#links) {
      for (const run of [...link.release((each) => this.#belongsElsewhere(each, link))]) this.send(run);
      if (used.has(link)) continue;
      // A SCAN of a node that serves nothing would wait in vain.
      for (const run of [...link.release(({ slot }) => slot === NO_SLOT)]) run.fail(noLongerServes());
      // A node that imports a slot serves none yet.
      if (link.busy) continue;
      // What it has in flight may still be answered.
      this.#links.delete(name);
      this.#retired.add(link);
      setTimeout(() => {
        link.close();
        this.#retired.delete(link);
      }, this.#options.timeout).unref();
    }
  }
}

function noLongerServes(): UnavailableError {
  return new UnavailableError("the node serves no slot any more", { outcome: "not-applied" });
}

/** As `host:port`. */
export function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

/** Of an IPv6 address the last colon parts host and port; `undefined`: it is no address. */
function parseAddress(name: string): Address | undefined {
  const [, host, digits] = /^(.*):(\d+)$/.exec(name) ?? [];
  const port = Number(digits);
  return host !== undefined && port > 0 && port < 65_536 ? { host, port } : undefined;
}
