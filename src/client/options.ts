import type { Codec } from "../codec/codec.js";
import { checkDriver } from "../driver/check-driver.js";
import type { CallOptions, Driver } from "../driver/driver.js";
import type { Duration } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf, quote } from "../internal/describe.js";
import { refuseUnknown } from "../internal/known-options.js";
import { checkMethods, checkObject } from "../internal/shape.js";
import type { Logger } from "./log.js";

/** The options of a client. The object is copied, not kept. */
export interface ClientOptions<TValue> {
  /** Where entries are stored. Default: a `MemoryDriver` of this client's own, which closes with the client. */
  driver?: Driver | undefined;
  /** How values are encoded. Default: `bytes`. */
  codec?: Codec<TValue> | undefined;
  /** The TTL of writes that set none. Default: none. */
  ttl?: Duration | undefined;
  /**
   * Where failures of the backend and of codecs are reported: an ERROR line for each call that fails, and a WARN line
   * where `getOrSet` returns a computed value that it could not store, or replaces a value that does not decode. While a
   * driver knows that the store is down, there is one ERROR line when that begins and one WARN line when it ends. The
   * lines contain the key. Default: nowhere.
   */
  logger?: Logger | undefined;
  /** Written before every message of the logger, with a space between. Default: nothing. */
  logTag?: string | undefined;
}

/** The options of a call that writes. */
export interface WriteOptions extends CallOptions {
  /** How long the entry lives; 0 for indefinitely. Default: the client's `ttl`, else indefinitely. */
  ttl?: Duration | undefined;
}

/** The options of a client without a codec, whose values are exactly `Uint8Array`. */
export type ClientArguments<TValue> =
  Same<TValue, Uint8Array> extends true ? [options?: ClientOptions<TValue> | undefined] : CodecRequired;

/** Nothing is of this type: where a codec is missing, the compiler shows its member, instead of a number of arguments. */
export type CodecRequired = [options?: undefined] & {
  readonly "the option codec is required, unless the values are exactly Uint8Array": never;
};

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Checks the options of a client, except for `ttl`, which is checked where it is read.
 *
 * @throws InvalidArgumentError for a bad option.
 */
export function checkClientOptions<TValue>(options: ClientOptions<TValue>): void {
  checkObject("options", options, "an object such as { driver, codec, ttl }");
  refuseUnknown(options, CLIENT_OPTIONS);
  const { driver, codec, logger, logTag } = options;
  if (driver !== undefined) checkDriver("driver", driver);
  if (codec !== undefined) checkCodec(codec);
  if (logger !== undefined) checkMethods("logger", logger, LOGGER_METHODS);
  if (logTag !== undefined && typeof logTag !== "string") {
    throw new InvalidArgumentError(`logTag is ${kindOf(logTag)}; allowed is a string`);
  }
}

/** @throws InvalidArgumentError when it is not a codec. */
export function checkCodec<T>(codec: Codec<T>): void {
  const given: unknown = codec;
  const allowed = typeof given === "function" ? "a codec, such as json()" : "an object with format, encode, decode";
  checkMethods("codec", given, ["encode", "decode"], allowed);
  const { format, copies }: { format: unknown; copies?: unknown } = codec;
  if (format !== "text" && format !== "bytes") {
    const given = typeof format === "string" ? quote(format) : kindOf(format);
    throw new InvalidArgumentError(`codec.format is ${given}; allowed is "text" or "bytes"`);
  }
  if (copies === undefined || typeof copies === "boolean") return;
  throw new InvalidArgumentError(`codec.copies is ${kindOf(copies)}; allowed is a boolean`);
}

const CLIENT_OPTIONS = Object.keys({
  driver: true,
  codec: true,
  ttl: true,
  logger: true,
  logTag: true,
} satisfies Record<keyof ClientOptions<unknown>, true>);

const LOGGER_METHODS = Object.keys({
  debug: true,
  info: true,
  warn: true,
  error: true,
} satisfies Record<keyof Logger, true>);
