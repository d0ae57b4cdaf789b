/**
 * A Map whose calls are all short. V8 copies a Map that grows or shrinks, which blocks the event loop for 15 to 50 ms at
 * 1,000,000 entries. A large one is therefore several Maps behind a directory (extendible hashing), and only one of them
 * at a time is split in two. A map that fits in one shard needs no hashing.
 */
export class ShardedMap<T> {
  readonly #limit: number;
  /** By the low bits of a key's hash. A shard may be in several places. */
  #directory: Shard<T>[] = [{ map: new Map(), depth: 0 }];
  #size = 0;

  /** @param limit - the number of entries above which a shard is split. */
  constructor(limit = SHARD_LIMIT) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    return this.#shard(key).map.get(key);
  }

  /** Adds an entry. Its key must be missing. */
  add(key: string, value: T): void {
    const shard = this.#shard(key);
    shard.map.set(key, value);
    this.#size++;
    if (shard.map.size > this.#limit && shard.depth < MAX_DEPTH) this.#split(shard);
  }

  /** Removes an entry. Its key must be there. */
  delete(key: string): void {
    this.#shard(key).map.delete(key);
    this.#size--;
  }

  keys(): string[] {
    const keys: string[] = [];
    for (const { map } of new Set(this.#directory)) for (const key of map.keys()) keys.push(key);
    return keys;
  }

  *values(): Generator<T, void, void> {
    for (const { map } of new Set(this.#directory)) yield* map.values();
  }

  #shard(key: string): Shard<T> {
    const directory = this.#directory;
    const at = directory.length === 1 ? 0 : hash(key) & (directory.length - 1);
    // Within the directory, since its length is a power of 2.
    return directory[at] as Shard<T>;
  }

  /** Moves the keys whose next bit is 1 into a shard of their own. */
  #split(shard: Shard<T>): void {
    const bit = 1 << shard.depth;
    if (bit === this.#directory.length) this.#directory = [...this.#directory, ...this.#directory];
    shard.depth++;
    const other: Shard<T> = { map: new Map(), depth: shard.depth };
    for (const [key, value] of shard.map) {
      if ((hash(key) & bit) === 0) continue;
      other.map.set(key, value);
      shard.map.delete(key);
    }
    this.#directory = this.#directory.map((each, at) => (each === shard && (at & bit) !== 0 ? other : each));
  }
}

interface Shard<T> {
  readonly map: Map<string, T>;
  /** The number of low bits that the hashes of its keys share. */
  depth: number;
}

/** Splitting a shard of this size takes some 4 ms. Growing or shrinking it takes less. */
const SHARD_LIMIT = 2 ** 14;

/** Up to 65,536 shards. More would not help: the keys of a shard that is still too large have similar hashes. */
const MAX_DEPTH = 16;

/**
 * FNV-1a over the length and up to 16 UTF-16 units, so that a long key takes no longer than a short one. The high bits
 * are mixed into the low ones, which the directory uses. Keys with equal hashes share a shard, and nothing worse.
 */
function hash(key: string): number {
  const { length } = key;
  const end = Math.max(0, length - HASHED_UNITS);
  const step = Math.ceil(end / HASHED_UNITS);
  let hash = 0x811c9dc5 ^ length;
  for (let at = 0; at < end; at += step) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  for (let at = end; at < length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** The units hashed at the end of a key, where most keys differ, and at most as many, spread evenly, before them. */
const HASHED_UNITS = 8;
