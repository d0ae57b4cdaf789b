/**
 * A plain model of a store and its clients, written from the documented rules and not from the sources: one Map by
 * storage key, of bytes and the time at which they expire.
 */
export class Model {
  now: number;
  readonly #entries = new Map<string, Entry>();

  constructor(now: number) {
    this.now = now;
  }

  /** Returns the entry, unless it is missing or expired. */
  #live(client: ModelClient, key: string): Entry | undefined {
    const entry = this.#entries.get(client.prefix + key);
    return entry === undefined || (entry.expires !== undefined && entry.expires <= this.now) ? undefined : entry;
  }

  #put(client: ModelClient, key: string, bytes: Buffer, ttl: number): void {
    this.#entries.set(client.prefix + key, { bytes, expires: ttl === 0 ? undefined : this.now + ttl });
  }

  #read(client: ModelClient, entry: Entry): Outcome {
    return decode(client.kind, entry.bytes) ?? fail("ERR_CODEC");
  }

  /** Returns the bytes under a live key. */
  bytes(client: ModelClient, key: string): Buffer | undefined {
    return this.#live(client, key)?.bytes;
  }

  set(client: ModelClient, key: string, value: unknown, ttl = client.ttl): Outcome {
    this.#put(client, key, encode(client.kind, value), ttl);
    return ok();
  }

  setNX(client: ModelClient, key: string, value: unknown, ttl = client.ttl): Outcome {
    if (this.#live(client, key) !== undefined) return ok(false);
    this.#put(client, key, encode(client.kind, value), ttl);
    return ok(true);
  }

  get(client: ModelClient, key: string): Outcome {
    const entry = this.#live(client, key);
    return entry === undefined ? MISSING : this.#read(client, entry);
  }

  find(client: ModelClient, key: string): Outcome {
    const entry = this.#live(client, key);
    return entry === undefined ? ok() : this.#read(client, entry);
  }

  delete(client: ModelClient, key: string): Outcome {
    const live = this.#live(client, key) !== undefined;
    this.#entries.delete(client.prefix + key);
    return ok(live);
  }

  exists(client: ModelClient, key: string): Outcome {
    return ok(this.#live(client, key) !== undefined);
  }

  mGet(client: ModelClient, keys: readonly string[]): Outcome {
    const found = new Map<string, unknown>();
    for (const key of new Set(keys)) {
      const entry = this.#live(client, key);
      if (entry === undefined) continue;
      const value = decode(client.kind, entry.bytes);
      if (value === undefined) return fail("ERR_CODEC");
      found.set(key, value.value);
    }
    return ok(found);
  }

  mSet(client: ModelClient, entries: readonly (readonly [string, unknown])[], ttl = client.ttl): Outcome {
    for (const [key, value] of entries) this.#put(client, key, encode(client.kind, value), ttl);
    return ok();
  }

  mDel(client: ModelClient, keys: readonly string[]): Outcome {
    let removed = 0;
    for (const key of new Set(keys)) {
      if (this.#live(client, key) !== undefined) removed++;
      this.#entries.delete(client.prefix + key);
    }
    return ok(removed);
  }

  ttl(client: ModelClient, key: string): Outcome {
    const entry = this.#live(client, key);
    if (entry === undefined) return MISSING;
    return ok(entry.expires === undefined ? -1 : entry.expires - this.now);
  }

  expire(client: ModelClient, key: string, ttl: number): Outcome {
    const entry = this.#live(client, key);
    if (entry === undefined) return MISSING;
    entry.expires = this.now + ttl;
    return ok();
  }

  persist(client: ModelClient, key: string): Outcome {
    const entry = this.#live(client, key);
    if (entry === undefined) return MISSING;
    entry.expires = undefined;
    return ok();
  }

  incr(client: ModelClient, key: string, delta: number, ttl = client.ttl): Outcome {
    const entry = this.#live(client, key);
    const text = entry === undefined ? "0" : entry.bytes.toString("latin1");
    if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return fail("ERR_TYPE_MISMATCH");
    const sum = BigInt(text) + BigInt(delta);
    for (const number of [BigInt(text), sum]) if (number > MAX || number < -MAX) return fail("ERR_OVERFLOW");
    if (entry === undefined) this.#put(client, key, Buffer.from(`${sum}`), ttl);
    else entry.bytes = Buffer.from(`${sum}`);
    return ok(Number(sum));
  }

  getSet(client: ModelClient, key: string, value: unknown, ttl?: number): Outcome {
    const entry = this.#live(client, key);
    const before = entry === undefined ? ok() : this.#read(client, entry);
    this.#replace(client, key, entry, value, ttl);
    return before;
  }

  compareAndSwap(client: ModelClient, key: string, oldValue: unknown, newValue: unknown, ttl?: number): Outcome {
    const entry = this.#live(client, key);
    if (entry === undefined || !entry.bytes.equals(encode(client.kind, oldValue))) return ok(false);
    this.#replace(client, key, entry, newValue, ttl);
    return ok(true);
  }

  #replace(client: ModelClient, key: string, entry: Entry | undefined, value: unknown, ttl: number | undefined): void {
    const bytes = encode(client.kind, value);
    if (entry === undefined) this.#put(client, key, bytes, ttl ?? client.ttl);
    else if (ttl !== undefined) this.#put(client, key, bytes, ttl);
    else entry.bytes = bytes;
  }

  compareAndDelete(client: ModelClient, key: string, oldValue: unknown): Outcome {
    const entry = this.#live(client, key);
    if (entry === undefined || !entry.bytes.equals(encode(client.kind, oldValue))) return ok(false);
    this.#entries.delete(client.prefix + key);
    return ok(true);
  }

  getOrSet(client: ModelClient, key: string, computed: unknown, ttl = client.ttl): Outcome {
    const entry = this.#live(client, key);
    // A value that does not decode counts as a miss.
    const read = entry && decode(client.kind, entry.bytes);
    if (read !== undefined) return read;
    if (computed instanceof Error) return { thrown: computed };
    if (computed !== undefined) this.#put(client, key, encode(client.kind, computed), ttl);
    return ok(computed);
  }

  /** Returns the live keys, sorted. */
  keys(client: ModelClient, matches: (key: string) => boolean): Outcome {
    const keys: string[] = [];
    for (const storageKey of this.#entries.keys()) {
      if (!storageKey.startsWith(client.prefix)) continue;
      const key = storageKey.slice(client.prefix.length);
      if (this.#live(client, key) !== undefined && matches(key)) keys.push(key);
    }
    return ok(keys.sort());
  }

  clear(client: ModelClient): Outcome {
    for (const storageKey of [...this.#entries.keys()]) {
      if (storageKey.startsWith(client.prefix)) this.#entries.delete(storageKey);
    }
    return ok();
  }
}

export type Kind = "text" | "bytes" | "json";

/** What the model needs to know of a client. */
export interface ModelClient {
  readonly prefix: string;
  readonly kind: Kind;
  /** The client's default TTL in milliseconds, 0 for none. */
  readonly ttl: number;
}

/** How a call ends: with a value, with an error of that code, or with what the user's own function threw. */
export type Outcome = { readonly value: unknown } | { readonly code: string } | { readonly thrown: unknown };

interface Entry {
  bytes: Buffer;
  expires: number | undefined;
}

const MAX = 2n ** 53n - 1n;

export function encode(kind: Kind, value: unknown): Buffer {
  if (kind === "bytes") return Buffer.from(value as Uint8Array);
  return Buffer.from(kind === "text" ? (value as string) : JSON.stringify(value));
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns the value, or `undefined` where the bytes are no value of this kind. */
export function decode(kind: Kind, bytes: Buffer): { value: unknown } | undefined {
  if (kind === "bytes") return { value: Uint8Array.from(bytes) };
  try {
    const text = strict.decode(bytes);
    return { value: kind === "text" ? text : JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const ok = (value?: unknown): Outcome => ({ value });
const fail = (code: string): Outcome => ({ code });
const MISSING = fail("ERR_NOT_FOUND");
