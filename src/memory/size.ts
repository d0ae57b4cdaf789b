import { Buffer } from "node:buffer";
import type { Encoded } from "../driver/encoded.js";

/** Longer texts are counted by Node, whose call alone costs as much as a loop over this many characters. */
const SHORT = 32;

/** The bytes of a value, those of a text in UTF-8. */
export function sizeOf(value: Encoded): number {
  if (typeof value !== "string") return value.byteLength;
  if (value.length > SHORT) return Buffer.byteLength(value);
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) > 0x7f) return Buffer.byteLength(value);
  }
  return value.length;
}

/**
 * The value, in memory of its own: bytes that are a part of a larger buffer, as those of `Buffer.from("…")` are, would
 * keep all of it alive.
 */
export function owned(value: Encoded): Encoded {
  return typeof value === "string" || value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value);
}
