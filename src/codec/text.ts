import { CodecError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import type { TextCodec } from "./codec.js";

/** Strings, stored as UTF-8. A lone surrogate is a `CodecError`: UTF-8 would lose it. */
export const text: TextCodec<string> = {
  format: "text",
  encode(value) {
    if (typeof value !== "string") throw new CodecError(`the text codec takes a string; given was ${kindOf(value)}`);
    return value;
  },
  decode: (stored) => stored,
};
