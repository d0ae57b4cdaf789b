import * as errors from "../errors.js";
import { type ErrorCode, NamestoreError, type OutcomeDetails } from "../errors.js";
import { quote } from "../internal/describe.js";

const CLASSES: Readonly<Record<ErrorCode, new (message: string, details: OutcomeDetails) => NamestoreError>> = {
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
};

/**
 * The error that a caller gets: always a new one, with the operation and the key, since a driver may throw one
 * object at many callers. What is no error of ours becomes a `DriverError` with it as cause.
 */
export function complete(thrown: unknown, operation: string, key: string | undefined, driver: string): NamestoreError {
  const subject = key === undefined ? operation : `${operation} ${quote(key)}`;
  if (thrown instanceof NamestoreError) {
    const { code, message, cause, outcome } = thrown as NamestoreError & OutcomeDetails;
    return new CLASSES[code](`${subject}: ${withoutArguments(message)}`, {
      operation,
      key,
      outcome,
      cause: safeCause(cause),
    });
  }
  const said = thrown instanceof Error ? thrown.message : typeof thrown === "string" ? thrown : "it threw no error";
  return new errors.DriverError(`${subject}: the ${driver} driver failed: ${withoutArguments(said)}`, {
    operation,
    key,
    cause: safeCause(thrown),
  });
}

/** Redis repeats the arguments of a command it does not know: `ERR unknown command 'X', with args beginning with: …`. */
const ARGUMENTS = "with args";

function withoutArguments(text: string): string {
  const at = text.indexOf(ARGUMENTS);
  return at < 0 ? text : text.slice(0, at + ARGUMENTS.length);
}

/** The cause itself, or a copy cut where the arguments would follow: they hold values. */
function safeCause(cause: unknown): unknown {
  if (typeof cause === "string") return withoutArguments(cause);
  if (!(cause instanceof Error) || !cause.message.includes(ARGUMENTS)) return cause;
  const copy = new Error(withoutArguments(cause.message));
  copy.name = cause.name;
  return copy;
}
