/**
 * What is known of a call that failed on its way to or from the backend.
 *
 * - `"not-applied"`: no byte of the call was handed to a socket, or the backend refused the whole call.
 * - `"unknown"`: all or part of it may have taken effect, or still will, even after newer calls.
 */
export type Outcome = "not-applied" | "unknown";

/** The machine-readable name of each error; it never changes. */
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

/** What an error may carry beside its message. A driver gives `cause` at most; the client adds the rest. */
export interface ErrorDetails {
  /** The client's method, such as `"get"`. */
  operation?: string | undefined;
  /** The business key, where the call is about one. */
  key?: string | undefined;
  /** What lies behind it. It must hold no value and no password. */
  cause?: unknown;
}

/** {@link ErrorDetails} of an error that leaves it open whether the call took effect. */
export interface OutcomeDetails extends ErrorDetails {
  /** Default: `"unknown"`, the one that is never wrong. */
  outcome?: Outcome | undefined;
}

const BRAND = Symbol.for("namestore.error");

/**
 * The base class of every error that namestore makes.
 *
 * `instanceof` works across copies of the package (ESM beside CJS, or two versions in one
 * `node_modules`): it goes by a brand and by `code`. The same answer without a class: `error.code`.
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
  /** The business key, where the call was about one. */
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
    if (this === (NamestoreError as unknown)) return true;
    if (this === (OutcomeError as unknown)) return "outcome" in value;
    // A subclass that a user made inherits `code` and owns none: only its own instances are of it.
    if (!Object.hasOwn(this, "code")) return Function.prototype[Symbol.hasInstance].call(this, value);
    return (value as { code?: unknown }).code === (this as { code?: unknown }).code;
  }
}

/**
 * An error after which it may be open whether the call took effect: `TimeoutError`, `UnavailableError` or `DriverError`.
 *
 * @example
 * ```ts
 * const undone = error instanceof OutcomeError && error.outcome === "not-applied"; // it can be called again
 * ```
 */
export abstract class OutcomeError extends NamestoreError {
  /** Whether the call may have taken effect. Reads carry it too. */
  readonly outcome: Outcome;

  constructor(message: string, details: OutcomeDetails = {}) {
    super(message, details);
    this.outcome = details.outcome ?? "unknown";
  }
}

/** The key of a `get`, `ttl`, `expire` or `persist` is missing or expired. */
export class NotFoundError extends NamestoreError {
  static readonly code = "ERR_NOT_FOUND";
  readonly code = NotFoundError.code;
  override readonly name = "NotFoundError";
}

/** A counter call met a value that is no canonical decimal integer, or the backend holds another type under the key. */
export class TypeMismatchError extends NamestoreError {
  static readonly code = "ERR_TYPE_MISMATCH";
  readonly code = TypeMismatchError.code;
  override readonly name = "TypeMismatchError";
}

/** A counter, stored or resulting, lies past ±(2^53−1). The stored value and its TTL stay as they were. */
export class OverflowError extends NamestoreError {
  static readonly code = "ERR_OVERFLOW";
  readonly code = OverflowError.code;
  override readonly name = "OverflowError";
}

/** A malformed pattern; nothing was sent. */
export class InvalidPatternError extends NamestoreError {
  static readonly code = "ERR_INVALID_PATTERN";
  readonly code = InvalidPatternError.code;
  override readonly name = "InvalidPatternError";
}

/** A key that is empty, no string, not well formed, or that this backend cannot hold; nothing was sent. */
export class InvalidKeyError extends NamestoreError {
  static readonly code = "ERR_INVALID_KEY";
  readonly code = InvalidKeyError.code;
  override readonly name = "InvalidKeyError";
}

/** A root namespace or domain that is empty, no string, not well formed, or holds `:`. */
export class InvalidNamespaceError extends NamestoreError {
  static readonly code = "ERR_INVALID_NAMESPACE";
  readonly code = InvalidNamespaceError.code;
  override readonly name = "InvalidNamespaceError";
}

/** Any other argument that is refused: a TTL, a delta, a list of keys, an option; nothing was sent. */
export class InvalidArgumentError extends NamestoreError {
  static readonly code = "ERR_INVALID_ARGUMENT";
  readonly code = InvalidArgumentError.code;
  override readonly name = "InvalidArgumentError";
}

/**
 * A value that does not encode, or stored bytes that do not decode or validate.
 *
 * A codec of your own may throw one to say why. Anything else that it throws is replaced by one without a
 * cause, since it could hold the value.
 */
export class CodecError extends NamestoreError {
  static readonly code = "ERR_CODEC";
  readonly code = CodecError.code;
  override readonly name = "CodecError";
}

/** A transaction that ran out of retries. */
export class ConflictError extends NamestoreError {
  static readonly code = "ERR_CONFLICT";
  readonly code = ConflictError.code;
  override readonly name = "ConflictError";
}

/** This backend cannot do it; the message names the reason and, where there is one, the setting. */
export class NotSupportedError extends NamestoreError {
  static readonly code = "ERR_NOT_SUPPORTED";
  readonly code = NotSupportedError.code;
  override readonly name = "NotSupportedError";
}

/** The driver's `timeout` passed, the time in its queue counted in. */
export class TimeoutError extends OutcomeError {
  static readonly code = "ERR_TIMEOUT";
  readonly code = TimeoutError.code;
  override readonly name = "TimeoutError";
}

/** The backend cannot be reached or refuses to serve for now, or the client or driver is closed. */
export class UnavailableError extends OutcomeError {
  static readonly code = "ERR_UNAVAILABLE";
  readonly code = UnavailableError.code;
  override readonly name = "UnavailableError";
}

/** Anything else that the backend or the driver said. */
export class DriverError extends OutcomeError {
  static readonly code = "ERR_DRIVER";
  readonly code = DriverError.code;
  override readonly name = "DriverError";
}
