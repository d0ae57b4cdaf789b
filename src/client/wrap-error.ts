import * as errors from "../errors.js";
import { NamestoreError, type OutcomeDetails } from "../errors.js";
import { quote } from "../internal/describe.js";
import { isErrorLike, withoutArguments, withoutArgumentsIn } from "./redact.js";

type Made = new (message: string, details: OutcomeDetails) => NamestoreError;

const CLASSES: ReadonlyMap<unknown, Made> = new Map<unknown, Made>(
  [
    errors.NotFoundError,
    errors.TypeMismatchError,
    errors.OverflowError,
    errors.InvalidPatternError,
    errors.InvalidKeyError,
    errors.InvalidNamespaceError,
    errors.InvalidArgumentError,
    errors.CodecError,
    errors.ConflictError,
    errors.NotSupportedError,
    errors.TimeoutError,
    errors.UnavailableError,
    errors.DriverError,
  ].map((made) => [made.code, made]),
);

/**
 * The error that a caller gets: always a new one, with the operation and the key, since a driver may throw one
 * object at many callers. What is no error of ours becomes a `DriverError` with it as cause.
 */
export function complete(thrown: unknown, operation: string, key: string | undefined, driver: string): NamestoreError {
  const subject = key === undefined ? operation : `${operation} ${quote(key)}`;
  // Another version of this package may throw an error of ours with a code that this one does not know.
  const Known = thrown instanceof NamestoreError ? CLASSES.get(thrown.code) : undefined;
  if (Known !== undefined) {
    const { message, cause, outcome } = thrown as NamestoreError & OutcomeDetails;
    const details = { operation, key, outcome, cause: withoutArgumentsIn(cause) };
    return new Known(`${subject}: ${withoutArguments(message)}`, details);
  }
  const said = isErrorLike(thrown) ? thrown.message : thrown;
  const told = typeof said === "string" ? withoutArguments(said) : "it threw no message";
  return new errors.DriverError(`${subject}: the ${driver} driver failed: ${told}`, {
    operation,
    key,
    cause: withoutArgumentsIn(thrown),
  });
}
