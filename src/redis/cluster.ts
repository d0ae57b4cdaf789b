import { UnavailableError } from "../errors.js";
import { RAW } from "./kinds.js";
import { Link, type NodeClient, within } from "./link.js";
import type { Reply } from "./protocol.js";
import { type AnyRun, type Route, Run } from "./run.js";
import { slotOf } from "./slot.js";
import { type Primary, retakeAnywhere, type Topology } from "./topology.js";

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

const NOWHERE: Route = { send() {}, retake: () => false };

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
  #slots: (Link | undefined)[] = [];
  #version = 0;
  #refreshing: Promise<void> | undefined;
  #again = false;
  #look: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  get version(): number {
    return this.#version;
  }

  async connect(): Promise<void> {
    let reason: unknown;
    for (const address of this.#options.nodes) {
      const link = this.#newLink(address);
      try {
        await link.connect();
        this.#links.set(nameOf(address), link);
        await this.#readFrom(address);
        this.#look = setInterval(() => this.#lookAtLinks(), LOOK).unref();
        return;
      } catch (error) {
        reason = error;
        this.#links.delete(nameOf(address));
        link.close();
      }
    }
    throw reason;
  }

  slotOf(key: string | Buffer): number {
    return slotOf(key);
  }

  send(run: AnyRun): void {
    const link = this.#slots[run.slot];
    if (link === undefined) {
      this.#refresh();
      run.fail(new UnavailableError(`no node serves slot ${run.slot}`, { outcome: "not-applied" }));
    } else {
      link.send(run);
    }
  }

  retake(run: AnyRun, word: string, message: string): boolean {
    if (word === "MOVED" || word === "ASK") {
      if (++run.hops > 16) return false;
      const address = parseAddress(message.slice(message.lastIndexOf(" ") + 1));
      const link = this.#linkTo(address);
      if (word === "MOVED") {
        this.#slots[run.slot] = link;
        this.#version++;
        this.#refresh();
      }
      link.send(run, word === "ASK");
      return true;
    }
    if (word === "CLUSTERDOWN" || word === "READONLY") this.#refresh();
    return retakeAnywhere(run, word, (again) => this.send(again));
  }

  async primaries(): Promise<readonly Primary[]> {
    return [...new Set(this.#slots.filter((link) => link !== undefined))];
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#look);
    for (const link of [...this.#links.values(), ...this.#retired]) link.close();
  }

  #newLink(address: Address): Link {
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
    for (const link of this.#links.values()) if (link.stalled(STALLED)) return this.#refresh();
  }

  /** Reads the map of slots again, soon; one at a time, and once more if it was asked for meanwhile. */
  #refresh(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#refreshing ??= this.#readAnywhere().finally(() => {
      this.#refreshing = undefined;
    });
  }

  async #readAnywhere(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      const lively = [...this.#links].filter(([, link]) => !link.stalled(STALLED)).map(([name]) => parseAddress(name));
      for (const address of [...lively, ...this.#options.nodes]) {
        try {
          await this.#readFrom(address);
          break;
        } catch {
          // The next one may know.
        }
      }
    }
  }

  /** Asks one node for the map of slots. */
  async #readFrom(asked: Address): Promise<void> {
    const link = this.#linkTo(asked);
    const reply = await within(
      new Promise<Reply>((resolve, reject) => {
        const call = { key: "", payload: ["CLUSTER", "SLOTS"], signal: undefined, resolve, reject };
        link.send(new Run(RAW, 0, performance.now() + this.#options.timeout, NOWHERE, [call]));
      }),
      ANSWER,
    );
    const before = this.#slots;
    this.#slots = [];
    for (const [from, to, [host, port]] of reply as [number, number, [Buffer | null, number]][]) {
      const primary = this.#linkTo({ host: String(host ?? "") || asked.host, port });
      for (let slot = from; slot <= to; slot++) this.#slots[slot] = primary;
    }
    if (this.#slots.length !== before.length || this.#slots.some((link, slot) => link !== before[slot])) {
      this.#version++;
      this.#settleLinks();
    }
  }

  /** After a change: what was not yet sent goes where it belongs now, and links that serve no slot go. */
  #settleLinks(): void {
    const used = new Set(this.#slots);
    for (const [name, link] of this.#links) {
      for (const run of [...link.release()]) this.send(run);
      if (used.has(link)) continue;
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

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

/** Of an IPv6 address the last colon parts host and port. */
function parseAddress(name: string): Address {
  const colon = name.lastIndexOf(":");
  return { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) };
}
