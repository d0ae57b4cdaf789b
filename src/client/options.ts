import type { Codec } from "../codec/codec.js";
import type { CallOptions, Driver } from "../driver/driver.js";
import type { Duration } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf, quote } from "../internal/describe.js";
import { refuseUnknown } from "../internal/known-options.js";
import type { Logger } from "./log.js";

/** What a call that writes may be given. */
export interface WriteOptions extends CallOptions {
  /** How long the entry lives; 0: for ever. Default: the client's `ttl`, else for ever. */
  ttl?: Duration | undefined;
}

/** What a client may be given. The object is copied, not kept. */
export interface ClientOptions<TValue> {
  /** Where it is stored. Default: a `MemoryDriver` of this client's own, closed with it. */
  driver?: Driver | undefined;
  /** How values are written. Default: `bytes`. */
  codec?: Codec<TValue> | undefined;
  /** The TTL of what is written without one. Default: none. */
  ttl?: Duration | undefined;
  /**
   * Where failures of the backend and of codecs are reported: an ERROR line for each call that fails, and a WARN line
   * where `getOrSet` gives what it computed, and storing it failed. The lines name the key. Default: nowhere.
   */
  logger?: Logger | undefined;
  /** Put before every message of the logger, with a space between. Default: nothing. */
  logTag?: string | undefined;
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** A client's options: a codec must be among them, unless its values are exactly `Uint8Array`. */
export type ClientArguments<TValue> =
  Same<TValue, Uint8Array> extends true
    ? [options?: ClientOptions<TValue> | undefined]
    : [options: ClientOptions<TValue> & { codec: Codec<TValue> }];

/** The part of a call's options that a driver gets, checked: `undefined` unless there is a signal. */
export function callOptions(options: CallOptions | undefined): CallOptions | undefined {
  if (options === undefined) return undefined;
  checkObject("options", options, 'an object such as { ttl: "1h", signal }');
  const { signal } = options;
  if (signal === undefined) return undefined;
  if (!isAbortSignal(signal)) {
    throw new InvalidArgumentError(`signal is ${kindOf(signal)}; allowed is an AbortSignal`);
  }
  return { signal };
}

const DRIVER_METHODS = [
  "get",
  "set",
  "setNX",
  "delete",
  "exists",
  "mGet",
  "mSet",
  "mDel",
  "ttl",
  "expire",
  "persist",
  "incr",
  "getSet",
  "compareAndSwap",
  "compareAndDelete",
  "scan",
  "clear",
] as const satisfies readonly (keyof Driver)[];

const CLIENT_OPTIONS = ["driver", "codec", "ttl", "logger", "logTag"];

const LOGGER_METHODS = ["debug", "info", "warn", "error"] as const satisfies readonly (keyof Logger)[];

/** @throws InvalidArgumentError when an option is not what it should be; `ttl` is checked where it is read. */
export function checkClientOptions<TValue>(options: ClientOptions<TValue>): void {
  checkObject("options", options, "an object such as { driver, codec, ttl }");
  refuseUnknown(options, CLIENT_OPTIONS);
  const { driver, codec, logger, logTag } = options;
  if (driver !== undefined) checkDriver(driver);
  if (codec !== undefined) checkCodec(codec);
  if (logger !== undefined) checkMethods("logger", logger, LOGGER_METHODS);
  if (logTag !== undefined && typeof logTag !== "string") {
    throw new InvalidArgumentError(`logTag is ${kindOf(logTag)}; allowed is a string`);
  }
}

/** @throws InvalidArgumentError when it is no codec. */
export function checkCodec<T>(codec: Codec<T>): void {
  checkMethods("codec", codec, ["encode", "decode"]);
  const format: unknown = codec.format;
  if (format === "text" || format === "bytes") return;
  const given = typeof format === "string" ? quote(format) : kindOf(format);
  throw new InvalidArgumentError(`codec.format is ${given}; allowed is "text" or "bytes"`);
}

function checkDriver(driver: Driver): void {
  checkMethods("driver", driver, DRIVER_METHODS);
  const name: unknown = driver.name;
  if (typeof name === "string" && name !== "") return;
  throw new InvalidArgumentError(`driver.name is ${name === "" ? '""' : kindOf(name)}; allowed is a non-empty string`);
}

/** By its shape: it may be of another realm. */
function isAbortSignal(signal: unknown): signal is AbortSignal {
  if (typeof signal !== "object" || signal === null) return false;
  const { aborted, addEventListener, removeEventListener } = signal as Partial<AbortSignal>;
  return (
    typeof aborted === "boolean" && typeof addEventListener === "function" && typeof removeEventListener === "function"
  );
}

function checkObject(what: string, given: unknown, allowed: string): void {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return;
  throw new InvalidArgumentError(`${what} is ${kindOf(given)}; allowed is ${allowed}`);
}

function checkMethods(what: string, given: object, methods: readonly string[]): void {
  const missing = methods.find((method) => typeof (given as Record<string, unknown> | null)?.[method] !== "function");
  if (missing === undefined) return;
  if (typeof given !== "object" || given === null) {
    throw new InvalidArgumentError(`${what} is ${kindOf(given)}; allowed is an object with ${methods.join(", ")}`);
  }
  throw new InvalidArgumentError(
    `${what} is ${kindOf(given)} without the method ${missing}; allowed is an object with ${methods.join(", ")}`,
  );
}
