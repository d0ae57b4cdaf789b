import { isUint8Array } from "node:util/types";
import type { Codec } from "../codec/codec.js";
import { type Encoded, toBytes, toText } from "../driver/encoded.js";
import { CodecError } from "../errors.js";
import { kindOf } from "../internal/describe.js";

/** @throws CodecError when the codec throws, or gives another form than it declares. */
export function encodeWith<T>(codec: Codec<T>, value: T): Encoded {
  let encoded: unknown;
  try {
    encoded = codec.encode(value);
  } catch (error) {
    throw asCodecError(error);
  }
  if (codec.format === "text") {
    if (typeof encoded === "string" && encoded.isWellFormed()) return encoded;
    if (typeof encoded === "string") throw new CodecError("the text holds a lone surrogate, which UTF-8 would lose");
    throw new CodecError(`a text codec gives a string; it gave ${kindOf(encoded)}`);
  }
  if (isUint8Array(encoded)) return encoded;
  throw new CodecError(`a bytes codec gives a Uint8Array; it gave ${kindOf(encoded)}`);
}

/** @throws CodecError when the codec throws, or when a text codec meets bytes that are not UTF-8. */
export function decodeWith<T>(codec: Codec<T>, stored: Encoded): T {
  try {
    return codec.format === "text" ? codec.decode(toText(stored)) : codec.decode(toBytes(stored));
  } catch (error) {
    throw asCodecError(error);
  }
}

/** A codec's own `CodecError`, else one that keeps nothing of what was thrown but its name: it may hold the value. */
function asCodecError(thrown: unknown): CodecError {
  if (thrown instanceof CodecError) return thrown;
  return new CodecError(`the codec threw ${thrown instanceof Error ? thrown.name : kindOf(thrown)}`);
}
