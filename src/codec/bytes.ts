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
    if (!isUint8Array(value)) throw new CodecError(`the bytes codec takes a Uint8Array, not ${kindOf(value)}`);
    // Not slice(): that of a Buffer returns a view of the same memory.
    return new Uint8Array(value);
  },
  decode: (stored) => new Uint8Array(stored),
};
