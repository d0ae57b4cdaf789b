// For users.
export { Client } from "./client/client.js";
export type { Computation } from "./client/computation.js";
export type { Key } from "./client/key.js";
export type { Logger } from "./client/log.js";
export type { ClientOptions, WriteOptions } from "./client/options.js";
export { bytes } from "./codec/bytes.js";
export type { BytesCodec, Codec, TextCodec } from "./codec/codec.js";
export { type JsonOptions, json } from "./codec/json.js";
export { text } from "./codec/text.js";
// For driver authors.
export type { Awaitable, Driver } from "./driver/driver.js";
export { type CallOptions, NO_EXPIRY } from "./driver/driver.js";
export { addCounter, type Encoded, parseCounter, sameBytes, toBytes, toText } from "./driver/encoded.js";
export { ForwardingDriver } from "./driver/forwarding-driver.js";
export type { Supports } from "./driver/supports.js";
export type { Duration } from "./duration.js";
export {
  type AnyNamestoreError,
  CodecError,
  ConflictError,
  DriverError,
  type ErrorCode,
  type ErrorDetails,
  InvalidArgumentError,
  InvalidKeyError,
  InvalidNamespaceError,
  InvalidPatternError,
  NamestoreError,
  NotFoundError,
  NotSupportedError,
  type Outcome,
  type OutcomeDetails,
  OutcomeError,
  OverflowError,
  TimeoutError,
  TypeMismatchError,
  type UnavailableDetails,
  UnavailableError,
} from "./errors.js";
export type { Pattern } from "./glob.js";
export { MemoryDriver } from "./memory/memory-driver.js";
export type { MemoryOptions } from "./memory/options.js";
export type { MemoryStats } from "./memory/stats.js";
