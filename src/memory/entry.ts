import type { Encoded } from "../driver/encoded.js";

/** A value and its deadline, as the memory driver stores them. */
export class Entry {
  value: Encoded;
  /** The deadline, in milliseconds since the epoch: from that millisecond on, it is expired. `undefined`: never. */
  expires: number | undefined;

  constructor(value: Encoded, expires: number | undefined) {
    this.value = value;
    this.expires = expires;
  }
}

/** What a store keeps under a key: an {@link Entry}, or, in a plain store, the bare value of a key without a TTL. */
export type StoredValue = Encoded | Entry;

export function valueIn(stored: StoredValue): Encoded;
export function valueIn(stored: StoredValue | undefined): Encoded | undefined;
export function valueIn(stored: StoredValue | undefined): Encoded | undefined {
  return stored instanceof Entry ? stored.value : stored;
}

export function isExpired({ expires }: Entry): boolean {
  return expires !== undefined && Date.now() >= expires;
}
