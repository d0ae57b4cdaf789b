/**
 * Converts values to the form that is stored, and back. `format` names that form, so that neither a codec nor a driver
 * pays for a conversion it does not need.
 *
 * Throw a `CodecError` to say why a value is refused. Of anything else that a codec throws, only the name is kept, since
 * the rest could hold the value.
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

/** A codec that stores strings. They remain strings all the way to the backend. */
export interface TextCodec<T> {
  readonly format: "text";
  /** Returns a well-formed string (the client checks that). Throws when the value cannot be encoded. */
  encode(value: T): string;
  /** Never returns `undefined`, which means a miss. Throws when the string cannot be decoded. */
  decode(text: string): T;
}

/**
 * A codec that stores bytes. The client copies what `encode` returns and what `decode` receives, so that a value never
 * shares memory with the store: a codec may well return views.
 */
export interface BytesCodec<T> {
  readonly format: "bytes";
  /**
   * Whether the codec itself makes every copy that is needed, so that the client makes none: what `encode` returns is
   * never changed afterwards, and what `decode` returns shares no memory with the bytes. Default: `false`.
   */
  readonly copies?: boolean | undefined;
  /** Returns bytes. Throws when the value cannot be encoded. */
  encode(value: T): Uint8Array;
  /** Neither keeps nor changes the bytes, and never returns `undefined`. Throws when they cannot be decoded. */
  decode(bytes: Uint8Array): T;
}
