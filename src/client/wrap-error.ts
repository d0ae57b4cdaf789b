import * as errors from "../errors.js";
import { type ErrorCode, NamestoreError, type UnavailableDetails } from "../errors.js";
import { quote } from "../internal/describe.js";
import { isErrorLike, withoutArguments, withoutArgumentsIn } from "./redact.js";
import { makeRefusal } from "./stack-budget.js";

/**
 * Returns the error that a caller gets for what was thrown: always a new one, with the operation and the key, since a
 * driver may throw the same object at many callers. Anything but an error of this package becomes a `DriverError` with
 * it as the cause.
 */
export function wrapError(thrown: unknown, operation: string, key: string | undefined, driver: string): NamestoreError {
  const subject = key === undefined ? operation : `${operation} ${quote(key)}`;
  if (thrown instanceof NamestoreError && isKnown(thrown.code)) {
    const { message, cause, outcome, down }: NamestoreError & UnavailableDetails = thrown;
    const details = { operation, key, outcome, down, cause: withoutArgumentsIn(cause) };
    const { code } = thrown;
    const make = (): NamestoreError => new CLASSES[code](`${subject}: ${withoutArguments(message)}`, details);
    return code === errors.UnavailableError.code && outcome === "not-applied" ? makeRefusal(make) : make();
  }
  const message = isErrorLike(thrown) ? thrown.message : thrown;
  const shown = typeof message === "string" ? withoutArguments(message) : "it threw no message";
  return new errors.DriverError(`${subject}: the ${driver} driver failed: ${shown}`, {
    operation,
    key,
    cause: withoutArgumentsIn(thrown),
  });
}

/** The class of each code. */
const CLASSES = {
  ERR_NOT_FOUND: errors.NotFoundError,
  ERR_TYPE_MISMATCH: errors.TypeMismatchError,
  ERR_OVERFLOW: errors.OverflowError,
  ERR_INVALID_PATTERN: errors.InvalidPatternError,
  ERR_INVALID_KEY: errors.InvalidKeyError,
  ERR_INVALID_NAMESPACE: errors.InvalidNamespaceError,
  ERR_INVALID_ARGUMENT: errors.InvalidArgumentError,
  ERR_CODEC: errors.CodecError,
  ERR_CONFLICT: errors.ConflictError,
  ERR_NOT_SUPPORTED: errors.NotSupportedError,
  ERR_TIMEOUT: errors.TimeoutError,
  ERR_UNAVAILABLE: errors.UnavailableError,
  ERR_DRIVER: errors.DriverError,
} as const satisfies { readonly [C in ErrorCode]: ErrorClass & { readonly code: C } };

type ErrorClass = new (message: string, details: UnavailableDetails) => NamestoreError;

/** Another version of this package may throw an error with a code that this one does not know. */
function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(CLASSES, code);
}
