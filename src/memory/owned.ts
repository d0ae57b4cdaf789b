import type { Encoded } from "../driver/encoded.js";

/**
 * Returns a value that keeps no other memory alive. Bytes that are a view into a larger buffer, as `Buffer.from("…")` returns,
 * are copied: storing the view would keep the whole buffer in memory.
 */
export function owned(value: Encoded): Encoded {
  return typeof value === "string" || value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value);
}
