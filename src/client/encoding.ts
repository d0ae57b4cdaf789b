import type { Codec } from "../codec/codec.js";
import { type Encoded, toBytes, toText } from "../driver/encoded.js";
import { CodecError, DriverError } from "../errors.js";
import { kindOf, quote } from "../internal/describe.js";
import { isUint8Array } from "../internal/uint8-array.js";

/**
 * Encodes a value, and checks what the codec returns.
 *
 * @param key - named in the error, for a call about several keys.
 * @throws CodecError when the codec throws, or returns another form than it declares.
 */
export function encodeWith<T>(codec: Codec<T>, value: T, key?: string): Encoded {
  let encoded: unknown;
  try {
    encoded = codec.encode(value);
  } catch (error) {
    throw asCodecError(error, key);
  }
  if (codec.format === "text") {
    if (typeof encoded === "string" && encoded.isWellFormed()) return encoded;
    if (typeof encoded !== "string") throw codecError(`a text codec gives a string; it gave ${kindOf(encoded)}`, key);
    throw codecError("the text holds a lone surrogate, which UTF-8 would lose", key);
  }
  // A codec may return a view of the value's own memory. The constructor copies; slice() of a Buffer does not.
  if (isUint8Array(encoded)) return codec.copies ? encoded : new Uint8Array(encoded);
  throw codecError(`a bytes codec gives a Uint8Array; it gave ${kindOf(encoded)}`, key);
}

/**
 * Decodes a stored value.
 *
 * @param key - named in the error, for a call about several keys.
 * @throws CodecError when the codec throws, or when the bytes for a text codec are not UTF-8.
 * @throws DriverError when the driver returned neither a string nor bytes.
 */
export function decodeWith<T>(codec: Codec<T>, stored: Encoded, key?: string): T {
  try {
    if (codec.format === "text") return codec.decode(toText(stored));
    // A codec may return views of what it receives. Bytes made from a string are new.
    return codec.decode(codec.copies || !isUint8Array(stored) ? toBytes(stored) : new Uint8Array(stored));
  } catch (error) {
    if (typeof stored === "string" || isUint8Array(stored)) throw asCodecError(error, key);
    throw new DriverError(`the driver answered ${kindOf(stored)}; allowed is a string, a Uint8Array or undefined`);
  }
}

/** Returns a codec's own `CodecError`, else one that keeps only the name of what was thrown: the rest may hold the value. */
function asCodecError(thrown: unknown, key: string | undefined): CodecError {
  if (!(thrown instanceof CodecError)) {
    return codecError(`the codec threw ${thrown instanceof Error ? thrown.name : kindOf(thrown)}`, key);
  }
  return key === undefined ? thrown : codecError(thrown.message, key);
}

function codecError(message: string, key: string | undefined): CodecError {
  return new CodecError(key === undefined ? message : `${quote(key)}: ${message}`);
}
