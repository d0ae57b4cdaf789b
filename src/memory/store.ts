import type { Encoded } from "../driver/encoded.js";
import type { StoredValue } from "./entry.js";
import type { MemoryStats } from "./stats.js";

/**
 * Where a memory driver keeps its entries; the driver's operations are written once, against this interface. Every
 * method treats an expired entry as missing, and removes it.
 */
export interface Store {
  /** Returns the value of a live key. Counts a hit or a miss, and counts as a use of the entry. */
  read(prefix: string, key: string): Encoded | undefined;

  /** Returns what is stored under a live key. Counts nothing, and is not a use of the entry. */
  peek(prefix: string, key: string): StoredValue | undefined;

  /** @throws InvalidKeyError or InvalidArgumentError when the entry cannot fit; nothing changes. */
  write(prefix: string, key: string, value: Encoded, expires: number | undefined): void;

  /** Writes all entries, or throws as `write` does. Their keys are distinct. */
  writeAll(
    prefix: string,
    entries: readonly (readonly [key: string, value: Encoded])[],
    expires: number | undefined,
  ): void;

  /**
   * Replaces the value of the entry that `peek` has just returned; the deadline stays.
   *
   * @throws InvalidArgumentError when the value cannot fit; nothing changes.
   */
  rewrite(prefix: string, key: string, stored: StoredValue, value: Encoded): void;

  /** Returns `true` when it removed a live key. */
  remove(prefix: string, key: string): boolean;

  /** Returns the namespace's current keys, those of expired entries included. */
  keys(prefix: string): string[];

  clear(prefix: string): void;

  stats(): MemoryStats;

  /** Stops its timers. No method is called afterwards. */
  close(): void;
}
