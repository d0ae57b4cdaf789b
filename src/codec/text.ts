import { CodecError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import type { TextCodec } from "./codec.js";

/**
 * The codec for strings, stored as UTF-8. A lone surrogate is a `CodecError`, since UTF-8 cannot hold it.
 *
 * @example
 * ```ts
 * const notes = new Client("app", "notes", { codec: text });
 * await notes.set("a", "remember the milk");
 * ```
 */
export const text: TextCodec<string> = {
  format: "text",
  encode(value) {
    if (typeof value !== "string") throw new CodecError(`the text codec takes a string, not ${kindOf(value)}`);
    return value;
  },
  decode: (stored) => stored,
};
