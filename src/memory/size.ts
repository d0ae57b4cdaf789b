import { Buffer } from "node:buffer";
import type { Encoded } from "../driver/encoded.js";

/** Node counts longer strings: calling it costs as much as a loop over this many characters. */
const SHORT_LENGTH = 32;

/** Returns the size of a key or value in bytes: a string counts as UTF-8. */
export function sizeOf(value: Encoded): number {
  if (typeof value !== "string") return value.byteLength;
  if (value.length > SHORT_LENGTH) return Buffer.byteLength(value);
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) > 0x7f) return Buffer.byteLength(value);
  }
  return value.length;
}
