import { Buffer, isUtf8 } from "node:buffer";
import { CodecError, OverflowError, TypeMismatchError } from "../errors.js";

/**
 * An encoded value: the form in which client and driver exchange values. A string and its UTF-8 bytes are the same
 * value: a driver stores either form and may return either. Neither side ever writes into the bytes.
 */
export type Encoded = string | Uint8Array;

const encoder = new TextEncoder();

/** Returns the value as bytes: a `Uint8Array` itself, or a string's UTF-8 in a buffer of its own. */
export function toBytes(value: Encoded): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

/**
 * Returns the value as a string: a string itself, or bytes decoded as strict UTF-8 (a leading U+FEFF is kept).
 *
 * @throws CodecError when the bytes are not UTF-8.
 */
export function toText(value: Encoded): string {
  if (typeof value === "string") return value;
  if (!isUtf8(value)) throw new CodecError("the stored bytes are not UTF-8 text");
  return asBuffer(value).toString("utf8");
}

/** Returns whether two values have the same bytes, whichever form each is in. */
export function sameBytes(a: Encoded, b: Encoded): boolean {
  if (typeof a === "string" && typeof b === "string") return a === b;
  return asBuffer(toBytes(a)).equals(toBytes(b));
}

/**
 * Parses a stored counter: a canonical decimal integer, as `String(n)` writes it.
 *
 * @throws TypeMismatchError when the value is anything else, such as `""`, `" 1"`, `"1.0"`, `"+1"`, `"01"` or `"-0"`.
 * @throws OverflowError when it is an integer beyond ±(2^53−1).
 */
export function parseCounter(value: Encoded): number {
  // Decoding Latin-1 never fails, and a byte beyond ASCII is never part of an integer.
  const text = typeof value === "string" ? value : asBuffer(value).toString("latin1");
  const count = Number(text);
  if (Number.isSafeInteger(count) && String(count) === text) return count;
  if (/^-?[1-9]\d*$/.test(text)) throw new OverflowError("the stored counter is past ±(2^53−1)");
  throw new TypeMismatchError("the stored value is no counter: a counter is a decimal integer such as 42");
}

/**
 * Returns the sum of a counter and a delta.
 *
 * @throws OverflowError when the sum is beyond ±(2^53−1).
 */
export function addCounter(count: number, delta: number): number {
  const sum = count + delta;
  // Both are safe integers, so the sum is within ±2^54, and a rounded sum is never mistaken for a safe integer.
  if (!Number.isSafeInteger(sum)) throw new OverflowError("the counter would pass ±(2^53−1)");
  return sum;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
