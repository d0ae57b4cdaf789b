import { DriverError, NamestoreError, UnavailableError } from "../errors.js";
import { knownWord } from "./protocol.js";

/** What is told of a failed connect. Nothing of it is repeated but its kind: it may quote what was sent. */
export function connectError(error: unknown): NamestoreError {
  if (error instanceof NamestoreError) return error;
  const why = reasonOf(error);
  return why === "WRONGPASS" || why === "NOAUTH" || why === "NOPERM"
    ? new DriverError(`Redis refused the user or the password (${why})`, { outcome: "not-applied" })
    : new UnavailableError(`no connection to Redis (${why})`, { outcome: "not-applied" });
}

/** Why there is no connection, in a word or a few. */
export function reasonOf(error: unknown): string {
  if (error instanceof NamestoreError) return error.message;
  const code = (error as { code?: unknown } | null)?.code;
  return knownWord(error) ?? (typeof code === "string" && /^[A-Z_0-9]+$/.test(code) ? code : "no Redis answered");
}
