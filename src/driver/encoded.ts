import { CodecError, OverflowError, TypeMismatchError } from "../errors.js";
import { nodeBuffer } from "../internal/node-buffer.js";

/**
 * An encoded value: the form in which client and driver exchange values. A string and its UTF-8 bytes are the same
 * value: a driver stores either form and may return either. Neither side ever writes into the bytes.
 */
export type Encoded = string | Uint8Array;

/** Returns the value as bytes: a `Uint8Array` itself, or a string's UTF-8 in a buffer of its own. */
export function toBytes(value: Encoded): Uint8Array {
  return typeof value === "string" ? encode(value) : value;
}

/**
 * Returns the value as a string: a string itself, or bytes decoded as strict UTF-8 (a leading U+FEFF is kept).
 *
 * @throws CodecError when the bytes are not UTF-8.
 */
export function toText(value: Encoded): string {
  if (typeof value === "string") return value;
  const text = decode(value);
  if (text === undefined) throw new CodecError("the stored bytes are not UTF-8 text");
  return text;
}

/** Returns whether two values have the same bytes, whichever form each is in. */
export function sameBytes(a: Encoded, b: Encoded): boolean {
  if (typeof a === "string" && typeof b === "string") return a === b;
  return equal(toBytes(a), toBytes(b));
}

/**
 * Parses a stored counter: a canonical decimal integer, as `String(n)` writes it.
 *
 * @throws TypeMismatchError when the value is anything else, such as `""`, `" 1"`, `"1.0"`, `"+1"`, `"01"` or `"-0"`.
 * @throws OverflowError when it is an integer beyond ±(2^53−1).
 */
export function parseCounter(value: Encoded): number {
  const text = typeof value === "string" ? value : latin1(value);
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

/** Decoding Latin-1 never fails, and a byte beyond ASCII is never part of an integer. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** jsdom hides TextEncoder, but not Buffer. */
const encode: (text: string) => Uint8Array = globalThis.TextEncoder === undefined ? encodeByBuffer : portableEncode();

function encodeByBuffer(text: string): Uint8Array {
  // A copy, since a small Buffer is a view of a pool that many share. Node has a Buffer.
  return new Uint8Array((nodeBuffer as typeof Buffer).from(text, "utf8"));
}

function portableEncode(): (text: string) => Uint8Array {
  const encoder = new TextEncoder();
  return (text) => encoder.encode(text);
}

/** Returns `undefined` for bytes that are not UTF-8. */
const decode: (bytes: Uint8Array) => string | undefined = nodeBuffer ? decodeByBuffer : portableDecode();

function decodeByBuffer(bytes: Uint8Array): string | undefined {
  const buffer = asBuffer(bytes);
  const text = buffer.toString("utf8");
  // U+FFFD replaces what is malformed, unless it was there before.
  return text.includes("\ufffd") && !buffer.equals(encode(text)) ? undefined : text;
}

function portableDecode(): (bytes: Uint8Array) => string | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      // A copy, since browsers decode no shared memory.
      return decoder.decode(new Uint8Array(bytes));
    } catch {
      return undefined;
    }
  };
}

const equal: (a: Uint8Array, b: Uint8Array) => boolean = nodeBuffer ? equalByBuffer : portableEqual;

function equalByBuffer(a: Uint8Array, b: Uint8Array): boolean {
  return asBuffer(a).equals(b);
}

function portableEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Only where there is a Buffer. */
function asBuffer(bytes: Uint8Array): Buffer {
  const NodeBuffer = nodeBuffer as typeof Buffer;
  return NodeBuffer.isBuffer(bytes) ? bytes : NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
