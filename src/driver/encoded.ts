import { Buffer, isUtf8 } from "node:buffer";
import { CodecError, OverflowError, TypeMismatchError } from "../errors.js";

/**
 * A value as it crosses the seam. A text and its UTF-8 bytes are one and the same value: a driver keeps
 * whichever it is handed and may give back either. Bytes are frozen by agreement: neither side writes into them.
 */
export type Encoded = string | Uint8Array;

const encoder = new TextEncoder();

/** The value as bytes: itself, or a text's UTF-8 in a buffer of its own. */
export function toBytes(value: Encoded): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

/**
 * The value as text: itself, or its bytes read as strict UTF-8 (a leading U+FEFF is kept).
 *
 * @throws CodecError when the bytes are not UTF-8.
 */
export function toText(value: Encoded): string {
  if (typeof value === "string") return value;
  if (!isUtf8(value)) throw new CodecError("the stored bytes are not UTF-8 text");
  return asBuffer(value).toString("utf8");
}

/** Whether two values are the same bytes, whichever form each is in. */
export function sameBytes(a: Encoded, b: Encoded): boolean {
  if (typeof a === "string" && typeof b === "string") return a === b;
  return asBuffer(toBytes(a)).equals(toBytes(b));
}

/**
 * Reads a counter: a canonical decimal integer, as `String(n)` writes it.
 *
 * @throws TypeMismatchError when the value is anything else, such as `""`, `" 1"`, `"1.0"`, `"+1"`, `"01"` or `"-0"`.
 * @throws OverflowError when it is one past ±(2^53−1).
 */
export function parseCounter(value: Encoded): number {
  // Latin-1 never fails, and a byte past ASCII makes the text no integer just as well.
  const text = typeof value === "string" ? value : asBuffer(value).toString("latin1");
  const count = Number(text);
  if (Number.isSafeInteger(count) && String(count) === text) return count;
  if (/^-?[1-9]\d*$/.test(text)) throw new OverflowError("the stored counter is past ±(2^53−1)");
  throw new TypeMismatchError("the stored value is no counter: a counter is a decimal integer such as 42");
}

/**
 * The sum of a counter and a delta.
 *
 * @throws OverflowError when it is past ±(2^53−1).
 */
export function addCounter(count: number, delta: number): number {
  const sum = count + delta;
  // Both are safe integers, so the sum lies within ±2^54, and a rounded one is never taken for a safe one.
  if (!Number.isSafeInteger(sum)) throw new OverflowError("the counter would pass ±(2^53−1)");
  return sum;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
