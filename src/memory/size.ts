import type { Encoded } from "../driver/encoded.js";
import { nodeBuffer } from "../internal/node-buffer.js";

/** Node counts longer strings: calling it costs as much as a loop over this many characters. */
const SHORT_LENGTH = 32;

/** Returns the size of a key or value in bytes: a string counts as UTF-8. */
export function sizeOf(value: Encoded): number {
  if (typeof value !== "string") return value.byteLength;
  if (value.length > SHORT_LENGTH) return utf8Length(value);
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) > 0x7f) return utf8Length(value);
  }
  return value.length;
}

const utf8Length: (text: string) => number = nodeBuffer ? nodeBuffer.byteLength : portableLength;

function portableLength(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Either half of a surrogate pair counts as two bytes, and a text is well formed.
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit > 0x7f) bytes++;
  }
  return bytes;
}
