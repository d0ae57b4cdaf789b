/** A codec that writes text, which then stays text all the way to the backend. */
export interface TextCodec<T> {
  readonly format: "text";
  /** Gives a well-formed string (the client checks); throws where the value does not encode. */
  encode(value: T): string;
  /** Never gives `undefined`, which is a miss. Throws where the text does not decode. */
  decode(text: string): T;
}

/** A codec that writes bytes. */
export interface BytesCodec<T> {
  readonly format: "bytes";
  /** Gives bytes that nobody writes again: fresh ones, or a copy. Throws where the value does not encode. */
  encode(value: T): Uint8Array;
  /** Neither keeps nor writes the bytes it is given, and never gives `undefined`. Throws where they do not decode. */
  decode(bytes: Uint8Array): T;
}

/**
 * Turns values into what is stored and back. `format` says which form it writes, so that neither a codec nor
 * a driver pays for one it does not use.
 *
 * Throw a `CodecError` to say why a value was refused; of anything else that a codec throws only the name is kept,
 * since it could hold the value.
 *
 * @example
 * ```ts
 * const date: Codec<Date> = {
 *   format: "text",
 *   encode: (value) => value.toISOString(),
 *   decode: (text) => new Date(text),
 * };
 * const logins = new Client<UserID, Date>("app", "logins", { codec: date });
 * ```
 */
export type Codec<T> = TextCodec<T> | BytesCodec<T>;
