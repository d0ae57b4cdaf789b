import {
  DriverError,
  NamestoreError,
  NotSupportedError,
  type Outcome,
  OutcomeError,
  TimeoutError,
  type UnavailableDetails,
  UnavailableError,
} from "../errors.js";

/** The error of calls to a closed driver, and of those that were pending when it closed. */
export function closed(outcome: Outcome): UnavailableError {
  return new UnavailableError("the driver is closed", { outcome });
}

/**
 * The error of a call that was in flight on a connection that was lost: it may have taken effect.
 *
 * @param server - the address, where it is known.
 * @param code - Node's own error code, such as `ECONNRESET`.
 */
export function lost(server?: string, code?: string): UnavailableError {
  const where = server === undefined ? "" : `${server}: `;
  const why = code === undefined ? "" : ` (${code})`;
  return new UnavailableError(`${where}the connection was lost before the reply came${why}`, { outcome: "unknown" });
}

/** The error of a reply that no command of its kind can have: the connection is out of step with its replies. */
export const DESYNCHRONISED = new UnavailableError("the reply does not belong to the command", { outcome: "unknown" });

/**
 * The results of all parts of a call, once every part has settled.
 *
 * @throws the error of one part; its outcome is `"unknown"` unless no part was applied.
 */
export async function allParts<R>(parts: readonly Promise<R>[]): Promise<R[]> {
  if (parts.length < 2) return Promise.all(parts);
  const settled = await Promise.allSettled(parts);
  const results = settled.flatMap((part) => (part.status === "fulfilled" ? [part.value] : []));
  if (results.length === parts.length) return results;
  const reasons = settled.flatMap((part): unknown[] => (part.status === "rejected" ? [part.reason] : []));
  const unknown = reasons.find((reason) => reason instanceof OutcomeError && reason.outcome === "unknown");
  throw unknown === undefined && results.length === 0 ? reasons[0] : partialFailure(unknown ?? reasons[0]);
}

/**
 * The error of a call of several parts of which one failed: another part may have been applied. An error without an
 * outcome promises that nothing was, so it becomes the cause; the reason of an abort promises nothing, and stays.
 */
export function partialFailure(reason: unknown): unknown {
  const before = "one of several parts failed: ";
  if (reason instanceof NamestoreError && !(reason instanceof OutcomeError)) {
    return new DriverError(before + reason.message, { outcome: "unknown", cause: reason });
  }
  return withOutcome(reason, "unknown", before);
}

/**
 * The same error with this outcome, where it is one that has an outcome.
 *
 * @param before - put in front of its message, and of that of a `NotSupportedError`.
 */
export function withOutcome<E>(reason: E, outcome: Outcome, before = ""): E {
  if (reason instanceof NotSupportedError && before !== "") {
    // As below: the class is the reason's own.
    return new NotSupportedError(before + reason.message, { cause: reason.cause }) as E;
  }
  for (const ErrorClass of [TimeoutError, UnavailableError, DriverError]) {
    if (reason instanceof ErrorClass) {
      // The class is the reason's own, so the copy is an E as well.
      const down = outcome === "not-applied" && (reason as UnavailableDetails).down;
      return new ErrorClass(before + reason.message, { outcome, cause: reason.cause, down }) as E;
    }
  }
  return reason;
}
