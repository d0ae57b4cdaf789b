import type { Encoded } from "../driver/encoded.js";
import { Shards } from "./shards.js";
import type { Counted, Counters } from "./stats.js";
import { Entry } from "./store.js";

/** A namespace of a tracked store: its entries, and what is counted of them. */
export class Namespace extends Shards<Node> implements Counted, Counters {
  readonly prefix: string;
  /** It was cleared: its entries count no more, though they may still be linked with others. */
  gone = false;
  bytes = 0;
  hits = 0;
  misses = 0;
  evictions = 0;
  expirations = 0;

  constructor(prefix: string) {
    super();
    this.prefix = prefix;
  }
}

/** An entry of a tracked store, with its neighbours in the order of use, and in that of deadlines. */
export class Node extends Entry {
  readonly home: Namespace;
  readonly key: string;
  size: number;
  /** The next more and the next less recently used, in a ring: of one that is nowhere, itself. */
  newer: Node = this;
  older: Node = this;
  /** Others that expire at about the same time. */
  next: Node | undefined = undefined;
  previous: Node | undefined = undefined;

  constructor(home: Namespace, key: string, value: Encoded, size: number, expires: number | undefined) {
    super(value, expires);
    this.home = home;
    this.key = key;
    this.size = size;
  }
}
