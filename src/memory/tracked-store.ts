import type { Encoded } from "../driver/encoded.js";
import { InvalidArgumentError, InvalidKeyError } from "../errors.js";
import { Leftovers } from "./leftovers.js";
import { Namespace, Node } from "./node.js";
import type { Bounds } from "./options.js";
import { Recency } from "./recency.js";
import { owned, sizeOf } from "./size.js";
import { type MemoryStats, Past, statsOf } from "./stats.js";
import { isOver, type Slot, type Store } from "./store.js";
import { Sweeper } from "./sweeper.js";

/** So many entries are unlinked at once, in a fraction of a millisecond. */
const FEW = 1_000;

/** A store with bounds, a sweep, or both: every entry is a {@link Node}, which stands in the order of use. */
export class TrackedStore implements Store {
  readonly #bounds: Bounds;
  readonly #namespaces = new Map<string, Namespace>();
  #recency = new Recency();
  readonly #sweeper: Sweeper | undefined;
  readonly #leftovers = new Leftovers((node) => this.#unlink(node));
  readonly #past = new Past();
  #entries = 0;
  #bytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    if (bounds.sweepInterval !== undefined) {
      this.#sweeper = new Sweeper(bounds.sweepInterval, (node) => this.#expire(node));
    }
  }

  read(prefix: string, key: string): Encoded | undefined {
    const home = this.#namespaces.get(prefix);
    const node = home?.get(key);
    if (home === undefined || node === undefined) {
      (home ?? this.#past).misses++;
    } else if (isOver(node)) {
      home.misses++;
      this.#expire(node);
    } else {
      home.hits++;
      this.#recency.use(node);
      return node.value;
    }
    return undefined;
  }

  peek(prefix: string, key: string): Node | undefined {
    const node = this.#namespaces.get(prefix)?.get(key);
    if (node === undefined || !isOver(node)) return node;
    this.#expire(node);
    return undefined;
  }

  write(prefix: string, key: string, value: Encoded, expires: number | undefined): void {
    this.#put(prefix, key, value, this.#fitting(key, value), expires);
    this.#makeRoom();
  }

  writeAll(prefix: string, entries: readonly (readonly [string, Encoded])[], expires: number | undefined): void {
    const { maxEntries, maxBytes } = this.#bounds;
    const sizes = entries.map(([key, value]) => this.#fitting(key, value));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (entries.length > maxEntries) {
      throw new InvalidArgumentError(`the entries are ${entries.length}; maxEntries is ${maxEntries}`);
    }
    if (bytes > maxBytes) {
      throw new InvalidArgumentError(`the entries are ${bytes} bytes together; maxBytes is ${maxBytes}`);
    }
    for (const [at, [key, value]] of entries.entries()) this.#put(prefix, key, value, sizes[at] as number, expires);
    // Only now, so that none goes for another that makes room itself.
    this.#makeRoom();
  }

  rewrite(_prefix: string, key: string, slot: Slot, value: Encoded): void {
    const node = slot as Node;
    this.#replace(node, value, this.#fitting(key, value));
    this.#makeRoom();
  }

  remove(prefix: string, key: string): boolean {
    const node = this.peek(prefix, key);
    if (node === undefined) return false;
    this.#remove(node);
    return true;
  }

  keys(prefix: string): string[] {
    return this.#namespaces.get(prefix)?.keys() ?? [];
  }

  clear(prefix: string): void {
    const home = this.#namespaces.get(prefix);
    if (home === undefined) return;
    home.gone = true;
    this.#entries -= home.size;
    this.#bytes -= home.bytes;
    this.#drop(home);
    if (this.#entries === 0) this.#dropAll();
    else if (home.size > FEW) this.#leftovers.add(home);
    else for (const node of home.values()) this.#unlink(node);
  }

  stats(): MemoryStats {
    return statsOf(this.#past, this.#namespaces);
  }

  close(): void {
    this.#dropAll();
  }

  /** The bytes of an entry, which has to fit by itself. */
  #fitting(key: string, value: Encoded): number {
    const { maxBytes } = this.#bounds;
    const ofKey = sizeOf(key);
    const size = ofKey + sizeOf(value);
    if (size <= maxBytes) return size;
    if (ofKey > maxBytes) throw new InvalidKeyError(`the key is ${ofKey} bytes; maxBytes is ${maxBytes}`);
    throw new InvalidArgumentError(`the entry is ${size} bytes, those of the key counted; maxBytes is ${maxBytes}`);
  }

  #put(prefix: string, key: string, value: Encoded, size: number, expires: number | undefined): void {
    let home = this.#namespaces.get(prefix);
    if (home === undefined) {
      home = new Namespace(prefix);
      this.#namespaces.set(prefix, home);
    }
    const node = home.get(key);
    if (node === undefined) {
      this.#add(new Node(home, key, owned(value), size, expires));
    } else {
      this.#retime(node, expires);
      this.#replace(node, value, size);
    }
  }

  #add(node: Node): void {
    this.#leftovers.some();
    const { home, key, size, expires } = node;
    home.add(key, node);
    home.bytes += size;
    this.#entries++;
    this.#bytes += size;
    this.#recency.add(node);
    if (expires !== undefined) this.#sweeper?.move(node, undefined, expires);
  }

  #replace(node: Node, value: Encoded, size: number): void {
    const more = size - node.size;
    node.value = owned(value);
    node.size = size;
    node.home.bytes += more;
    this.#bytes += more;
    this.#recency.use(node);
  }

  #retime(node: Node, expires: number | undefined): void {
    if (node.expires === expires) return;
    this.#sweeper?.move(node, node.expires, expires);
    node.expires = expires;
  }

  /** What was written last never goes, since it fits alone. */
  #makeRoom(): void {
    const { maxEntries, maxBytes } = this.#bounds;
    while (this.#entries > maxEntries || this.#bytes > maxBytes) {
      const { oldest } = this.#recency;
      if (isOver(oldest)) {
        this.#expire(oldest);
      } else {
        oldest.home.evictions++;
        this.#remove(oldest);
      }
    }
  }

  #expire(node: Node): void {
    node.home.expirations++;
    this.#remove(node);
  }

  #remove(node: Node): void {
    const { home, key, size } = node;
    this.#unlink(node);
    if (home.gone) return;
    home.delete(key);
    home.bytes -= size;
    this.#entries--;
    this.#bytes -= size;
    if (home.size === 0) this.#drop(home);
  }

  /** Takes it out of the lists, if it is in them. */
  #unlink(node: Node): void {
    this.#recency.delete(node);
    this.#retime(node, undefined);
  }

  /** Lets go of every entry at once. */
  #dropAll(): void {
    this.#recency = new Recency();
    this.#sweeper?.drop();
    this.#leftovers.drop();
  }

  /** A namespace goes with its last entry. */
  #drop(home: Namespace): void {
    this.#namespaces.delete(home.prefix);
    this.#past.add(home);
  }
}
