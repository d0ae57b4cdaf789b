/** How many entries a Map holds before it is split, which takes some 4 ms; that one this size grows or shrinks takes less. */
const SHARD_LIMIT = 2 ** 14;

/** 65,536 Maps: more would not help, the keys of one of them being so much alike to the hash. */
const DEEPEST = 16;

interface Shard<T> {
  readonly map: Map<string, T>;
  /** So many low bits of the hash its keys have in common. */
  depth: number;
}

/**
 * A Map that never takes long: V8 copies a Map that grows or shrinks, which at 1,000,000 entries holds the event loop
 * for 15 to 50 ms. A large one is therefore several Maps behind a directory (extendible hashing), and only one of
 * them at a time is split, into two. Up to the limit of one there is no hashing.
 */
export class Shards<T> {
  readonly #limit: number;
  /** By the low bits of a key's hash; one Map may stand in several places. */
  #directory: Shard<T>[] = [{ map: new Map(), depth: 0 }];
  #size = 0;

  constructor(limit = SHARD_LIMIT) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    return this.#shard(key).map.get(key);
  }

  /** Adds what is not there. */
  add(key: string, value: T): void {
    const shard = this.#shard(key);
    shard.map.set(key, value);
    this.#size++;
    if (shard.map.size > this.#limit && shard.depth < DEEPEST) this.#split(shard);
  }

  /** Removes what is there. */
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
    return directory[at] as Shard<T>;
  }

  /** Moves the keys whose next bit is set into a Map of their own. */
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

/** So many characters at the end of a key, where most differ, and so many before are looked at. */
const LOOKED_AT = 8;

/**
 * FNV-1a over the length and some UTF-16 units, so that a long key costs no more than a short one; its high bits are mixed
 * into the low ones, which the directory goes by. Keys that it takes for one merely share a Map.
 */
function hash(text: string): number {
  const { length } = text;
  const end = Math.max(0, length - LOOKED_AT);
  const step = Math.ceil(end / LOOKED_AT);
  let hash = 0x811c9dc5 ^ length;
  for (let at = 0; at < end; at += step) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  for (let at = end; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}
