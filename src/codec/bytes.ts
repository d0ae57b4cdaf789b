import { isUint8Array } from "node:util/types";
import { CodecError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import type { BytesCodec } from "./codec.js";

/**
 * The default codec: a `Uint8Array` (a `Buffer` too), copied on the way in and on the way out, so that it is
 * safe to write into what was handed in or given back.
 */
export const bytes: BytesCodec<Uint8Array> = {
  format: "bytes",
  encode(value) {
    if (!isUint8Array(value)) throw new CodecError(`the bytes codec takes a Uint8Array; given was ${kindOf(value)}`);
    // Not slice(): a Buffer's gives a view of the same memory.
    return new Uint8Array(value);
  },
  decode: (stored) => new Uint8Array(stored),
};
