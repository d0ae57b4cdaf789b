import { DriverError, NamestoreError, type Outcome, OutcomeError, TimeoutError, UnavailableError } from "../errors.js";

/** What calls to a closed driver are told, and those that were pending when it closed. */
export function closed(outcome: Outcome): UnavailableError {
  return new UnavailableError("the driver is closed", { outcome });
}

/** The connection is gone, and the call may have taken effect. */
export function lost(): UnavailableError {
  return new UnavailableError("the connection was lost before the reply came", { outcome: "unknown" });
}

/** What a reply is answered with that fits no command: it and its connection are out of step. */
export const GARBLED = new UnavailableError("the reply fits no answer to the command", { outcome: "unknown" });

/**
 * What is told of a call in several parts of which one failed: another may have taken effect. Errors without an outcome
 * promise that nothing did, so they are only its cause; the reason of an abort promises nothing, and stays.
 */
export function partly(reason: unknown): unknown {
  const before = "of several parts, one: ";
  if (reason instanceof NamestoreError && !(reason instanceof OutcomeError)) {
    return new DriverError(before + reason.message, { outcome: "unknown", cause: reason });
  }
  return withOutcome(reason, "unknown", before);
}

/**
 * The answers of all parts of a call, once each of them has ended.
 *
 * @throws what one part failed with; its outcome is `"unknown"` unless each of them was not applied.
 */
export async function allParts<R>(parts: readonly Promise<R>[]): Promise<R[]> {
  if (parts.length < 2) return Promise.all(parts);
  const settled = await Promise.allSettled(parts);
  const answers = settled.flatMap((part) => (part.status === "fulfilled" ? [part.value] : []));
  if (answers.length === parts.length) return answers;
  const reasons = settled.flatMap((part): unknown[] => (part.status === "rejected" ? [part.reason] : []));
  const unknown = reasons.find((reason) => reason instanceof OutcomeError && reason.outcome === "unknown");
  throw unknown === undefined && answers.length === 0 ? reasons[0] : partly(unknown ?? reasons[0]);
}

/** The same error, where it has an outcome, with this one. */
export function withOutcome<E>(reason: E, outcome: Outcome, before = ""): E {
  for (const Kind of [TimeoutError, UnavailableError, DriverError]) {
    if (reason instanceof Kind) return new Kind(before + reason.message, { outcome, cause: reason.cause }) as E;
  }
  return reason;
}
