import { CodecError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { isUint8Array } from "../internal/uint8-array.js";
import type { BytesCodec } from "./codec.js";

/**
 * The default codec: stores a `Uint8Array` (a `Buffer` is one) as it is. It copies on the way in and on the way out, so
 * that the arrays that you passed in or got back may be changed.
 *
 * @example
 * ```ts
 * const blobs = new Client("app", "blobs"); // the same as { codec: bytes }
 * await blobs.set("a", Uint8Array.of(1, 2, 3));
 * ```
 */
export const bytes: BytesCodec<Uint8Array> = {
  format: "bytes",
  copies: true,
  encode(value) {
    if (!isUint8Array(value)) throw new CodecError(`the bytes codec takes a Uint8Array, not ${binaryKindOf(value)}`);
    // Not slice(): that of a Buffer returns a view of the same memory.
    return new Uint8Array(value);
  },
  decode: (stored) => new Uint8Array(stored),
};

/** Names the kind of a value, and the type of binary data that is easily mistaken for a `Uint8Array`. */
function binaryKindOf(value: unknown): string {
  // A list, since an object can have any text as its tag.
  const type = BINARY.find((name) => Object.prototype.toString.call(value) === `[object ${name}]`);
  if (type === undefined) return kindOf(value);
  return `${/^[AI]/.test(type) ? "an" : "a"} ${type}`;
}

const BINARY = [
  "ArrayBuffer",
  "SharedArrayBuffer",
  "DataView",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
];
