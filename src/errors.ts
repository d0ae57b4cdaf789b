const BRAND = Symbol.for("namestore.error");

/**
 * The base class of every error that namestore throws.
 *
 * `instanceof` works across copies of the package, such as ESM beside CJS or two versions in one `node_modules`: it
 * compares a brand and `code`, not the class. Checking `error.code` returns the same result without importing a class.
 *
 * @example
 * ```ts
 * try {
 *   await users.get("42");
 * } catch (error) {
 *   if (error instanceof NotFoundError) return undefined;
 *   if (error instanceof NamestoreError) console.error(error.code, error.operation, error.key);
 *   throw error;
 * }
 * ```
 */
export abstract class NamestoreError extends Error {
  /** The stable name of this kind of error. */
  abstract readonly code: ErrorCode;
  /** The client's method that failed, such as `"get"`; absent where no method was called. */
  declare readonly operation?: string;
  /** The business key; absent where the call was not about one key. */
  declare readonly key?: string;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    if (details.operation !== undefined) this.operation = details.operation;
    if (details.key !== undefined) this.key = details.key;
  }

  /** @internal Marks the errors of every copy of this package. */
  get [BRAND](): true {
    return true;
  }

  static override [Symbol.hasInstance](this: abstract new (...args: never) => unknown, value: unknown): boolean {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    // `this` may be any subclass, which TypeScript takes for unrelated to these two.
    if (this === (NamestoreError as unknown)) return true;
    if (this === (OutcomeError as unknown)) return "outcome" in value;
    // A user's subclass inherits `code` and has none of its own: it has only its own instances.
    if (!Object.hasOwn(this, "code")) return Function.prototype[Symbol.hasInstance].call(this, value);
    // Every class below has a static `code`, and its instances have the same one.
    return (value as { code?: unknown }).code === (this as { code?: unknown }).code;
  }
}

/** The machine-readable name of an error. It never changes. */
export type ErrorCode =
  | "ERR_NOT_FOUND"
  | "ERR_TYPE_MISMATCH"
  | "ERR_OVERFLOW"
  | "ERR_INVALID_PATTERN"
  | "ERR_INVALID_KEY"
  | "ERR_INVALID_NAMESPACE"
  | "ERR_INVALID_ARGUMENT"
  | "ERR_CODEC"
  | "ERR_CONFLICT"
  | "ERR_NOT_SUPPORTED"
  | "ERR_TIMEOUT"
  | "ERR_UNAVAILABLE"
  | "ERR_DRIVER";

/** What an error may carry besides its message. A driver sets `cause` at most; the client adds the rest. */
export interface ErrorDetails {
  /** The client's method, such as `"get"`. */
  operation?: string | undefined;
  /** The business key, where the call is about one key. */
  key?: string | undefined;
  /** The error behind this one. It must hold no value and no password. */
  cause?: unknown;
}

/**
 * The base class of the errors after which a call may have taken effect: `TimeoutError`, `UnavailableError` and
 * `DriverError`.
 *
 * @example
 * ```ts
 * const canRetry = error instanceof OutcomeError && error.outcome === "not-applied";
 * ```
 */
export abstract class OutcomeError extends NamestoreError {
  /** Whether the call may have taken effect. Errors of reads have it too. */
  readonly outcome: Outcome;

  constructor(message: string, details: OutcomeDetails = {}) {
    super(message, details);
    this.outcome = details.outcome ?? "unknown";
  }
}

/**
 * What is known about a call that failed on its way to or from the backend.
 *
 * - `"not-applied"`: no byte of the call was written to a socket, or the backend refused the whole call.
 * - `"unknown"`: all or part of it may have taken effect, or may still do so, even after later calls.
 */
export type Outcome = "not-applied" | "unknown";

/** The {@link ErrorDetails} of an {@link OutcomeError}. */
export interface OutcomeDetails extends ErrorDetails {
  /** Default: `"unknown"`, which is never wrong. */
  outcome?: Outcome | undefined;
}

/** Thrown by `get`, `ttl`, `expire` and `persist` when the key is missing or expired. */
export class NotFoundError extends NamestoreError {
  static readonly code = "ERR_NOT_FOUND";
  readonly code = NotFoundError.code;
  override readonly name = "NotFoundError";
}

/** Thrown when a counter is not a canonical decimal integer, or the backend stores another type under the key. */
export class TypeMismatchError extends NamestoreError {
  static readonly code = "ERR_TYPE_MISMATCH";
  readonly code = TypeMismatchError.code;
  override readonly name = "TypeMismatchError";
}

/** Thrown when a counter, before or after the call, is outside ±(2^53−1). The stored value and its TTL do not change. */
export class OverflowError extends NamestoreError {
  static readonly code = "ERR_OVERFLOW";
  readonly code = OverflowError.code;
  override readonly name = "OverflowError";
}

/** Thrown when a pattern is malformed; nothing was sent. */
export class InvalidPatternError extends NamestoreError {
  static readonly code = "ERR_INVALID_PATTERN";
  readonly code = InvalidPatternError.code;
  override readonly name = "InvalidPatternError";
}

/** Thrown when a key is empty, not a well-formed string, or not possible on this backend; nothing was sent. */
export class InvalidKeyError extends NamestoreError {
  static readonly code = "ERR_INVALID_KEY";
  readonly code = InvalidKeyError.code;
  override readonly name = "InvalidKeyError";
}

/** Thrown when a root namespace or domain is empty, not a well-formed string, or contains `:`. */
export class InvalidNamespaceError extends NamestoreError {
  static readonly code = "ERR_INVALID_NAMESPACE";
  readonly code = InvalidNamespaceError.code;
  override readonly name = "InvalidNamespaceError";
}

/** Thrown when any other argument is invalid, such as a TTL, a delta, a list of keys or an option; nothing was sent. */
export class InvalidArgumentError extends NamestoreError {
  static readonly code = "ERR_INVALID_ARGUMENT";
  readonly code = InvalidArgumentError.code;
  override readonly name = "InvalidArgumentError";
}

/**
 * Thrown when a value cannot be encoded, or what is stored cannot be decoded or is invalid.
 *
 * Your own codec may throw one to say why. Anything else that it throws is replaced by a `CodecError` without a cause,
 * since it could hold the value.
 */
export class CodecError extends NamestoreError {
  static readonly code = "ERR_CODEC";
  readonly code = CodecError.code;
  override readonly name = "CodecError";
}

/** Thrown when a transaction has used up its retries. */
export class ConflictError extends NamestoreError {
  static readonly code = "ERR_CONFLICT";
  readonly code = ConflictError.code;
  override readonly name = "ConflictError";
}

/** Thrown when the backend does not support a call. The message names the reason and, if there is one, the setting. */
export class NotSupportedError extends NamestoreError {
  static readonly code = "ERR_NOT_SUPPORTED";
  readonly code = NotSupportedError.code;
  override readonly name = "NotSupportedError";
}

/** Thrown when a call took longer than the driver's `timeout`, including its time in a queue. */
export class TimeoutError extends OutcomeError {
  static readonly code = "ERR_TIMEOUT";
  readonly code = TimeoutError.code;
  override readonly name = "TimeoutError";
}

/** Thrown when the backend cannot be reached or temporarily refuses calls, or the client or driver is closed. */
export class UnavailableError extends OutcomeError {
  static readonly code = "ERR_UNAVAILABLE";
  readonly code = UnavailableError.code;
  override readonly name = "UnavailableError";
  /** `true` when the driver has known for a while that the backend is down, and did not wait for it. */
  declare readonly down?: true;

  constructor(message: string, details: UnavailableDetails = {}) {
    super(message, details);
    if (details.down) this.down = true;
  }
}

/** The details of an {@link UnavailableError}. */
export interface UnavailableDetails extends OutcomeDetails {
  /** Whether the driver has known for a while that the backend is down. Default: `false`. */
  down?: boolean | undefined;
}

/** Thrown for any other error of the backend or the driver. */
export class DriverError extends OutcomeError {
  static readonly code = "ERR_DRIVER";
  readonly code = DriverError.code;
  override readonly name = "DriverError";
}

/**
 * Any error of namestore, as a union that `code` discriminates.
 *
 * @example
 * ```ts
 * if (error instanceof NamestoreError) {
 *   const failure = error as AnyNamestoreError;
 *   if (failure.code === "ERR_TIMEOUT" && failure.outcome === "not-applied") return retry();
 * }
 * ```
 */
export type AnyNamestoreError =
  | NotFoundError
  | TypeMismatchError
  | OverflowError
  | InvalidPatternError
  | InvalidKeyError
  | InvalidNamespaceError
  | InvalidArgumentError
  | CodecError
  | ConflictError
  | NotSupportedError
  | TimeoutError
  | UnavailableError
  | DriverError;
