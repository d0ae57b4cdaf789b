import type { Encoded } from "../driver/encoded.js";
import type { MemoryStats } from "./stats.js";

/** A value with what is known of it. */
export class Entry {
  value: Encoded;
  /** The deadline, in milliseconds since the epoch: it is gone at that very millisecond. `undefined`: never. */
  expires: number | undefined;

  constructor(value: Encoded, expires: number | undefined) {
    this.value = value;
    this.expires = expires;
  }
}

/** What a store keeps under a key: an {@link Entry}, or the bare value where nothing more is to be known. */
export type Slot = Encoded | Entry;

/**
 * Where a driver keeps its entries; the operations are written once, over this. An expired entry is a missing one
 * to every method, and leaves when one meets it.
 */
export interface Store {
  /** The value of a live key, for a caller: it counts as a hit or a miss, and as a use. */
  read(prefix: string, key: string): Encoded | undefined;

  /** What is kept under a live key, looked at without using it. */
  peek(prefix: string, key: string): Slot | undefined;

  /** @throws InvalidKeyError or InvalidArgumentError when the entry cannot fit; nothing changes. */
  write(prefix: string, key: string, value: Encoded, expires: number | undefined): void;

  /** Writes all of them, or throws as `write` does. No key comes twice. */
  writeAll(
    prefix: string,
    entries: readonly (readonly [key: string, value: Encoded])[],
    expires: number | undefined,
  ): void;

  /**
   * Puts another value into what `peek` has just found; the deadline stays.
   *
   * @throws InvalidArgumentError when it cannot fit; nothing changes.
   */
  rewrite(prefix: string, key: string, slot: Slot, value: Encoded): void;

  /** `true`: a live key was removed. */
  remove(prefix: string, key: string): boolean;

  /** The namespace's keys of this moment, expired ones included. */
  keys(prefix: string): string[];

  clear(prefix: string): void;

  stats(): MemoryStats;

  /** Ends its timers. Nothing is called any more. */
  close(): void;
}

export function valueIn(slot: Slot): Encoded;
export function valueIn(slot: Slot | undefined): Encoded | undefined;
export function valueIn(slot: Slot | undefined): Encoded | undefined {
  return slot instanceof Entry ? slot.value : slot;
}

/** Whether it is over by now. */
export function isOver({ expires }: Entry): boolean {
  return expires !== undefined && Date.now() >= expires;
}
